import RESP

/// ```
/// stream     nodeCount node... count lastID [firstID maxDeletedID entriesAdded] groupCount group...
/// node       string(ID, 16 bytes big endian) string(listpack)
/// group      string(name) lastID [entriesRead] pendingCount pending... consumerCount consumer...
/// pending    ID:16 deliveryTime:8 deliveryCount
/// consumer   string(name) seenTime:8 [activeTime:8] pendingCount ID:16...
///
/// counts are lengths, IDs outside nodes and pending lists two of them; times are little endian
/// ```
///
/// Kind 15 lacks what is in brackets; 19 lacks the active time and is what readers before Redis 7.2 get; 21 has
/// everything. A time of -1 is none, and so is an `entriesRead` of 2^64 - 1.
extension StreamValue {
  func write(to writer: inout RDBWriter) {
    writeStart(to: &writer)
    let stream = self.stream
    var position = stream.body.nodes.firstPosition
    while let current = position {
      write(stream.body.nodes[current], to: &writer)
      position = stream.body.nodes.position(after: current)
    }
    writeRest(to: &writer)
  }

  /// What comes before the nodes.
  func writeStart(to writer: inout RDBWriter) {
    writer.writeKind(writer.versionMax < 11 ? .streamListpacks2 : .streamListpacks3)
    writer.writeLength(stream.body.nodes.count)
  }

  func write(_ node: borrowing StreamNode, to writer: inout RDBWriter) {
    writer.writeLength(16)
    writer.writeBigEndian(node.id)
    writer.writeString(node.listpack.bytes)
  }

  /// What comes behind the nodes.
  func writeRest(to writer: inout RDBWriter) {
    let stream = self.stream
    writer.writeLength(stream.body.count)
    writer.writeLengths(stream.body.lastID)
    writer.writeLengths(stream.body.firstID)
    writer.writeLengths(stream.body.maxDeletedID)
    writer.writeLength(stream.body.entriesAdded)
    writer.writeLength(stream.body.groups.count)
    for group in stream.body.groups { write(group, to: &writer) }
  }

  private func write(_ group: Boxed<StreamGroup>, to writer: inout RDBWriter) {
    ByteView.with(group.body.name) { writer.writeString($0) }
    writer.writeLengths(group.body.lastID)
    writer.writeLength(unsigned: UInt64(bitPattern: Int64(group.body.entriesRead ?? -1)))
    writer.writeLength(group.body.pending.count)
    var position = group.body.pending.firstPosition
    while let current = position {
      let entry = group.body.pending[current]
      writer.writeBigEndian(entry.id)
      writer.writeLittleEndian(UInt64(bitPattern: entry.deliveryTime), byteCount: 8)
      writer.writeLength(unsigned: UInt64(bitPattern: Int64(entry.deliveryCount)))
      position = group.body.pending.position(after: current)
    }
    writer.writeLength(group.body.consumers.count)
    for consumer in group.body.consumers {
      ByteView.with(consumer.body.name) { writer.writeString($0) }
      writer.writeLittleEndian(UInt64(bitPattern: consumer.body.seenTime), byteCount: 8)
      if writer.versionMax >= 11 {
        writer.writeLittleEndian(UInt64(bitPattern: consumer.body.activeTime ?? -1), byteCount: 8)
      }
      writer.writeLength(consumer.body.pending.count)
      var position = consumer.body.pending.firstPosition
      while let current = position {
        writer.writeBigEndian(consumer.body.pending[current])
        position = consumer.body.pending.position(after: current)
      }
    }
  }
}

extension RDBWriter {
  fileprivate mutating func writeLengths(_ id: StreamID) {
    writeLength(unsigned: id.milliseconds)
    writeLength(unsigned: id.sequence)
  }

  fileprivate mutating func writeBigEndian(_ id: StreamID) {
    writeLittleEndian(id.milliseconds.byteSwapped, byteCount: 8)
    writeLittleEndian(id.sequence.byteSwapped, byteCount: 8)
  }
}

// MARK: - Reading

extension RDBReader {
  /// What the kinds differ in.
  private struct StreamLayout {
    let hasCounters: Bool
    let hasActiveTimes: Bool
  }

  mutating func readStream(
    _ kind: RDB.ValueKind, key: ByteView, expiry: Int64?
  ) throws(RDBError) -> DetachedEntry {
    let layout = StreamLayout(
      hasCounters: kind != .streamListpacks, hasActiveTimes: kind == .streamListpacks3)
    var stream = Stream()
    let entryCount = try readNodes(into: &stream)
    guard try readLength() == entryCount else { throw error("the number of the nodes' entries") }
    stream.count = entryCount
    stream.firstID = stream.firstEntry?.id ?? .zero
    stream.lastID = try readStreamID()
    if let last = stream.nodes.last, stream.lastID < last.lastEntry.id {
      throw error("a last ID not below the last entry's")
    }
    if layout.hasCounters {
      _ = try readStreamID()
      stream.maxDeletedID = try readStreamID()
      stream.entriesAdded = try readLength()
      guard stream.entriesAdded >= entryCount else { throw error("a count of added entries") }
    } else {
      stream.entriesAdded = entryCount
    }
    for _ in 0..<(try readLength()) { try readGroup(into: &stream, layout) }
    return DetachedEntry(
      key: key, type: .stream, encoding: .structure, word: Boxed(stream).bits, expiry: expiry)
  }

  /// Reads the nodes and returns how many entries they have.
  private mutating func readNodes(into stream: inout Stream) throws(RDBError) -> Int {
    var entryCount = 0
    for _ in 0..<(try readLength()) {
      let id = try readNodeID()
      if let last = stream.nodes.last, id <= last.lastEntry.id {
        throw error("a node above the one before")
      }
      let form = try readString()
      let count = form.withListpack { bytes -> Int? in
        var check = StreamNodeCheck(id: id)
        guard Listpack.isValid(bytes, { check.takes($0) }), check.isComplete else { return nil }
        stream.nodes.insert(StreamNode(id: id, listpack: Listpack(copying: bytes)))
        return check.validCount
      }
      guard let count else { throw error("a stream's listpack before here") }
      entryCount += count
    }
    return entryCount
  }

  private mutating func readNodeID() throws(RDBError) -> StreamID {
    guard try readLength() == 16 else { throw error("an ID of 16 bytes") }
    return try readRawStreamID()
  }

  private mutating func readStreamID() throws(RDBError) -> StreamID {
    StreamID(try readUnsignedLength(), try readUnsignedLength())
  }

  private mutating func readRawStreamID() throws(RDBError) -> StreamID {
    StreamID(
      try readLittleEndian(byteCount: 8).byteSwapped,
      try readLittleEndian(byteCount: 8).byteSwapped)
  }

  private mutating func readTime() throws(RDBError) -> Int64 {
    Int64(bitPattern: try readLittleEndian(byteCount: 8))
  }

  private mutating func readName() throws(RDBError) -> [UInt8] {
    switch try readString() {
    case .bytes(let view): view.bytes
    case .decompressed(let bytes): bytes
    case .integer(let integer): Array(String(integer).utf8)
    }
  }

  private mutating func readGroup(
    into stream: inout Stream, _ layout: StreamLayout
  ) throws(RDBError) {
    let name = try readName()
    let lastID = try readStreamID()
    var entriesRead = stream.entriesRead(upTo: lastID)
    if layout.hasCounters {
      let stored = Int64(bitPattern: try readUnsignedLength())
      guard stored >= -1 else { throw error("a count of read entries") }
      entriesRead = stored < 0 ? nil : Int(stored)
    }
    let empty = StreamGroup(name: name, lastID: lastID, entriesRead: entriesRead)
    guard let group = stream.addGroup(empty) else { throw error("a group's name but once") }
    let unowned = try readPending()
    for _ in 0..<(try readLength()) { try readConsumer(into: group, layout, unowned) }
    guard group.body.pending.count == unowned.count else {
      throw error("an owner of every pending entry")
    }
  }

  /// A pending entry without its consumer, which is read later.
  private struct UnownedEntry: OrderedByID {
    let id: StreamID
    let deliveryTime: Int64
    let deliveryCount: Int
  }

  private mutating func readPending() throws(RDBError) -> SortedRuns<UnownedEntry> {
    var pending = SortedRuns<UnownedEntry>()
    for _ in 0..<(try readLength()) {
      let id = try readRawStreamID()
      if let last = pending.last, id <= last.id { throw error("pending entries in order") }
      let time = try readTime()
      let count = Int(truncatingIfNeeded: try readUnsignedLength())
      pending.insert(UnownedEntry(id: id, deliveryTime: time, deliveryCount: count))
    }
    return pending
  }

  private mutating func readConsumer(
    into group: Boxed<StreamGroup>, _ layout: StreamLayout,
    _ unowned: borrowing SortedRuns<UnownedEntry>
  ) throws(RDBError) {
    let name = try readName()
    let seenTime = try readTime()
    // Where it is missing, the time it was last seen is the best guess.
    let activeTime = layout.hasActiveTimes ? try readTime() : seenTime
    let empty = StreamConsumer(
      name: name, seenTime: seenTime, activeTime: activeTime == -1 ? nil : activeTime)
    guard let consumer = group.body.addConsumer(empty) else {
      throw error("a consumer's name but once")
    }
    for _ in 0..<(try readLength()) {
      let id = try readRawStreamID()
      if let last = consumer.body.pending.last, id <= last { throw error("IDs in order") }
      guard let position = unowned.find(id), group.body.pending.find(id) == nil else {
        throw error("an entry that the group has pending, for one consumer")
      }
      let entry = unowned[position]
      group.body.assign(
        PendingEntry(
          id: id, consumer: consumer, deliveryTime: entry.deliveryTime,
          deliveryCount: entry.deliveryCount))
    }
  }
}

extension RDBReader.StringForm {
  /// Gives `body` the bytes of a string that can't be an integer; `body` gets no bytes for one that is.
  fileprivate func withListpack<Result>(_ body: (ByteView) -> Result) -> Result {
    switch self {
    case .integer: body(.empty)
    case .bytes(let view): body(view)
    case .decompressed(let bytes): ByteView.with(bytes, body)
    }
  }
}
