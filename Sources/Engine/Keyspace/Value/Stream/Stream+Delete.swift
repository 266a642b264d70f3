import RESP

/// What happens to references to a deleted entry in the groups' pending lists.
enum StreamReferences: Equatable {
  /// They stay, and show a deleted entry.
  case keep
  /// They go, in all groups.
  case delete
  /// An entry stays that some group has pending, or has not been delivered.
  case acknowledged
}

/// Up to where a stream is cut at its front.
struct StreamTrim {
  enum Limit {
    /// So many entries stay.
    case count(Int)
    /// Entries from this ID on stay.
    case id(StreamID)
  }

  var limit: Limit
  /// Only whole nodes go; and only where references are kept, since otherwise each entry has to be looked at.
  var isApproximate = false
  /// Entries looked at at most, in whole nodes; 0 for no bound.
  var entriesMax = 0
  var references = StreamReferences.keep
}

extension Stream {
  // MARK: Single entries

  /// Deletes the entry called `id`; false if there is none.
  mutating func delete(_ id: StreamID) -> Bool {
    guard let entry = entry(id), let position = nodes.find(entry.node.id) else { return false }
    remove(entry, inNodeAt: position)
    if id > maxDeletedID { maxDeletedID = id }
    if count == 0 || id == firstID { refreshFirstID() }
    return true
  }

  /// What became of an entry; the numbers are XDELEX's replies.
  enum Deletion: Int {
    case deleted = 1
    case referenced = 2
    case missing = -1
  }

  /// Deletes the entry called `id`, and treats references to it as wanted.
  mutating func delete(_ id: StreamID, _ references: StreamReferences) -> Deletion {
    switch references {
    case .keep: break
    case .delete: removeReferences(to: id)
    case .acknowledged:
      if isReferenced(id) { return .referenced }
    }
    return delete(id) ? .deleted : .missing
  }

  /// Deletes an entry, and its node with the last of it.
  ///
  /// - Returns: the entry as it is then, nil if its node is gone; and where the next node is.
  @discardableResult
  private mutating func remove(
    _ entry: StreamEntry, inNodeAt position: SortedRuns<StreamNode>.Position
  ) -> (entry: StreamEntry?, next: SortedRuns<StreamNode>.Position?) {
    count -= 1
    if nodes[position].count == 1 {
      nodes[position].free()
      return (nil, nodes.remove(at: position))
    }
    return (nodes[position].delete(entry), nodes.position(after: position))
  }

  private mutating func refreshFirstID() { firstID = firstEntry?.id ?? .zero }

  /// Whether a group has `id` pending, or is still to get it.
  func isReferenced(_ id: StreamID) -> Bool {
    groups.contains { $0.body.lastID < id || $0.body.pending.find(id) != nil }
  }

  /// Takes `id` out of all groups' pending lists.
  mutating func removeReferences(to id: StreamID) {
    for group in groups { _ = group.body.acknowledge(id) }
  }

  // MARK: The front

  /// Cuts the stream at its front.
  ///
  /// - Returns: how many entries were deleted.
  mutating func trim(_ trim: StreamTrim) -> Int {
    var deleted = 0
    var position = nodes.firstPosition
    while let current = position, !isShortEnough(trim) {
      let node = nodes[current]
      if trim.entriesMax > 0, deleted + node.count > trim.entriesMax { break }
      let isWhole = goesWhole(node, trim)
      if isWhole, trim.references == .keep {
        count -= node.count
        deleted += node.count
        node.free()
        position = nodes.remove(at: current)
        continue
      }
      if trim.isApproximate { break }
      let (removed, next) = self.trim(nodeAt: current, trim)
      deleted += removed
      guard isWhole || trim.references == .acknowledged else { break }
      position = next
    }
    if deleted > 0 { refreshFirstID() }
    return deleted
  }

  private func isShortEnough(_ trim: StreamTrim) -> Bool {
    guard case .count(let wanted) = trim.limit else { return false }
    return count <= wanted
  }

  /// Whether all of a node are beyond the limit.
  private func goesWhole(_ node: StreamNode, _ trim: StreamTrim) -> Bool {
    switch trim.limit {
    case .count(let wanted): count - node.count >= wanted
    case .id(let id): node.lastEntry.id < id
    }
  }

  /// Deletes entries of one node, as far as the limit and the references allow.
  ///
  /// - Returns: how many, and the node behind it.
  private mutating func trim(
    nodeAt position: SortedRuns<StreamNode>.Position, _ trim: StreamTrim
  ) -> (removed: Int, next: SortedRuns<StreamNode>.Position?) {
    var removed = 0
    var next: StreamEntry? = nodes[position].firstEntry
    while let entry = next {
      if isShortEnough(trim) { break }
      if case .id(let id) = trim.limit, entry.id >= id { break }
      if entry.isDeleted || (trim.references == .acknowledged && isReferenced(entry.id)) {
        next = entry.next
        continue
      }
      if trim.references == .delete { removeReferences(to: entry.id) }
      let after = remove(entry, inNodeAt: position)
      removed += 1
      guard let entry = after.entry else { return (removed, after.next) }
      next = entry.next
    }
    return (removed, nodes.position(after: position))
  }
}
