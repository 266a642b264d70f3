import RESP

extension Stream {
  func group(_ name: ByteView) -> Boxed<StreamGroup>? {
    let place = groups.place(of: name)
    return place.isTaken ? groups[place.index] : nil
  }

  /// A new group; nil if there is one of that name.
  mutating func addGroup(_ group: consuming StreamGroup) -> Boxed<StreamGroup>? {
    let place = ByteView.with(group.name) { groups.place(of: $0) }
    if place.isTaken { return nil }
    let boxed = Boxed(group)
    groups.insert(boxed, at: place.index)
    return boxed
  }

  /// Removes a group with all that is pending in it; false if there is none of that name.
  mutating func removeGroup(_ name: ByteView) -> Bool {
    let place = groups.place(of: name)
    guard place.isTaken else { return false }
    groups.remove(at: place.index).free()
    return true
  }

  // MARK: Progress

  /// Whether an entry from `start` on was deleted by itself, so that IDs do not tell how many there were.
  private func hasHoles(from start: StreamID) -> Bool {
    if count == 0 || maxDeletedID == .zero || firstID > maxDeletedID { return false }
    return start <= maxDeletedID
  }

  /// How many of all entries ever added come up to `id`; nil where that cannot be known.
  func entriesRead(upTo id: StreamID) -> Int? {
    if entriesAdded == 0 { return 0 }
    if count == 0, id <= lastID { return entriesAdded }
    if id != .zero, id < maxDeletedID { return nil }
    if id >= lastID { return id == lastID ? entriesAdded : nil }
    if maxDeletedID == .zero || maxDeletedID < firstID {
      if id < firstID { return entriesAdded - count }
      if id == firstID { return entriesAdded - count + 1 }
    }
    return nil
  }

  /// How many entries a group has still to deliver; nil where that cannot be known.
  func lag(of group: borrowing StreamGroup) -> Int? {
    if entriesAdded == 0 || count == 0 { return 0 }
    if group.lastID < firstID, maxDeletedID < firstID { return count }
    if let read = group.entriesRead, !hasHoles(from: group.lastID) { return entriesAdded - read }
    return entriesRead(upTo: group.lastID).map { entriesAdded - $0 }
  }

  /// Notes that `group` delivers the entry `id`, if none so late was before.
  @inline(__always)
  func advance(_ group: Boxed<StreamGroup>, to id: StreamID) {
    guard id > group.body.lastID else { return }
    if let read = group.body.entriesRead, group.body.lastID >= firstID,
      !hasHoles(from: group.body.lastID)
    {
      group.body.entriesRead = read &+ 1
    } else if entriesAdded > 0 {
      group.body.entriesRead = entriesRead(upTo: id)
    }
    group.body.lastID = id
  }
}
