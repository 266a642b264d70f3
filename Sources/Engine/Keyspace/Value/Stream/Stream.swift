import RESP

/// An append-only log of entries, each a list of fields with values, and the groups that consume it.
///
/// Entries lie in nodes of up to `stream-node-max-bytes` and `stream-node-max-entries`, byte for byte as Redis has
/// them, so that files and payloads take them as they are. `SortedRuns` orders the nodes. A million entries of one
/// short field cost what their bytes take: the nodes' blocks, and 24 bytes a node.
struct Stream: ~Copyable {
  var nodes = SortedRuns<StreamNode>()
  /// Entries that are not deleted.
  var count = 0
  /// The largest ID the stream ever had; new ones are above it.
  var lastID = StreamID.zero
  /// The smallest ID that is not deleted, zero where there are no entries.
  var firstID = StreamID.zero
  /// The largest ID that was deleted by itself, not trimmed.
  var maxDeletedID = StreamID.zero
  /// Entries ever added.
  var entriesAdded = 0
  /// By name.
  var groups: [Boxed<StreamGroup>] = []

  deinit {
    nodes.forEach { $0.free() }
    for group in groups { group.free() }
  }

  // MARK: Appending

  /// The ID that `*` stands for.
  ///
  /// - Returns: nil when there is none left.
  func automaticID(now: Int64) -> StreamID? {
    let now = UInt64(max(now, 0))
    return now > lastID.milliseconds ? StreamID(now, 0) : lastID.next
  }

  /// Appends an entry whose ID is above `lastID`.
  ///
  /// - Parameters:
  ///   - words: fields and values in turns.
  ///   - options: have the nodes' limits.
  mutating func append(_ id: StreamID, _ words: Arguments, _ options: Keyspace.Options) {
    precondition(id > lastID, "a stream's IDs only grow")
    var byteCount = 0
    for index in 0..<words.count { byteCount &+= words[index].count }
    let bytesMax = options.streamNodeBytesMax
    if let tail = nodes.lastPosition,
      nodes[tail].hasRoom(
        for: byteCount, bytesMax: bytesMax == 0 ? Listpack.byteCountMax : bytesMax,
        entriesMax: options.streamNodeEntriesMax)
    {
      nodes[tail].append(id, words)
    } else {
      nodes.insert(StreamNode(id: id, words))
    }
    if count == 0 { firstID = id }
    count &+= 1
    entriesAdded &+= 1
    lastID = id
  }

  // MARK: Reading

  /// Visits the entries from `start` to `end`, both included, until `body` returns false.
  @inline(__always)
  func visit(from start: StreamID, to end: StreamID, _ body: (StreamEntry) -> Bool) {
    guard count > 0, start <= end else { return }
    var position = nodes.floor(start) ?? nodes.firstPosition
    while let current = position {
      let node = nodes[current]
      if node.id > end { return }
      var next: StreamEntry? = node.firstEntry
      while let entry = next {
        if entry.id > end { return }
        if !entry.isDeleted, entry.id >= start, !body(entry) { return }
        next = entry.next
      }
      position = nodes.position(after: current)
    }
  }

  /// As `visit`, from `end` backwards.
  @inline(__always)
  func visitBackwards(from start: StreamID, to end: StreamID, _ body: (StreamEntry) -> Bool) {
    guard count > 0, start <= end else { return }
    var position = nodes.floor(end)
    while let current = position {
      var next: StreamEntry? = nodes[current].lastEntry
      while let entry = next {
        if entry.id < start { return }
        if !entry.isDeleted, entry.id <= end, !body(entry) { return }
        next = entry.previous
      }
      position = nodes.position(before: current)
    }
  }

  /// The entry called `id`, nil if there is none.
  func entry(_ id: StreamID) -> StreamEntry? {
    var found: StreamEntry?
    visit(from: id, to: id) { entry in
      found = entry
      return false
    }
    return found
  }

  var firstEntry: StreamEntry? {
    var found: StreamEntry?
    visit(from: .zero, to: .max) { entry in
      found = entry
      return false
    }
    return found
  }

  var lastEntry: StreamEntry? {
    var found: StreamEntry?
    visitBackwards(from: .zero, to: .max) { entry in
      found = entry
      return false
    }
    return found
  }

  // MARK: Copying

  func copy() -> Stream {
    var copy = Stream()
    copy.nodes = nodes.map { $0.copy() }
    copy.count = count
    copy.lastID = lastID
    copy.firstID = firstID
    copy.maxDeletedID = maxDeletedID
    copy.entriesAdded = entriesAdded
    copy.groups = groups.map { $0.body.copy() }
    return copy
  }
}
