import RESP

extension ByteView {
  /// A stream ID.
  ///
  /// - Throws: `.invalidStreamID`.
  func streamID(missingSequence: UInt64 = 0, edges: Bool = false) throws(CommandError) -> StreamID {
    guard let parsed = StreamID.parse(self, missingSequence: missingSequence, edges: edges) else {
      throw .invalidStreamID
    }
    return parsed.id
  }

  /// Where a range starts: an ID, `-`, or `(` and an ID that does not belong to it.
  ///
  /// - Throws: `.invalidStreamID`, `.invalidRangeStart`.
  func streamRangeStart() throws(CommandError) -> StreamID {
    guard count > 1, self[0] == 0x28 else { return try streamID(edges: true) }
    guard let next = try self[1..<count].streamID().next else { throw .invalidRangeStart }
    return next
  }

  /// Where a range ends: an ID, `+`, or `(` and an ID that does not belong to it.
  ///
  /// - Throws: `.invalidStreamID`, `.invalidRangeEnd`.
  func streamRangeEnd() throws(CommandError) -> StreamID {
    guard count > 1, self[0] == 0x28 else {
      return try streamID(missingSequence: .max, edges: true)
    }
    guard let previous = try self[1..<count].streamID(missingSequence: .max).previous else {
      throw .invalidRangeEnd
    }
    return previous
  }
}

extension Arguments {
  /// The stream IDs from `start` up to `end`.
  ///
  /// - Throws: `.invalidStreamID`.
  func streamIDs(from start: Int, to end: Int) throws(CommandError) -> [StreamID] {
    var ids: [StreamID] = []
    ids.reserveCapacity(end - start)
    for index in start..<end { ids.append(try self[index].streamID()) }
    return ids
  }
}

extension Keyspace {
  /// The stream at `key`.
  ///
  /// - Throws: `.wrongType`.
  @inline(__always)
  mutating func stream(
    _ key: ByteView, for purpose: Purpose
  ) throws(CommandError) -> Boxed<Stream>? {
    try collection(StreamValue.self, key, for: purpose)?.stream
  }

  /// A group of the stream at `key`.
  ///
  /// - Throws: `.wrongType`; `.noGroup` when there is no such stream or no such group.
  @inline(__always)
  mutating func streamGroup(
    _ key: ByteView, _ name: ByteView, for purpose: Purpose
  ) throws(CommandError) -> (stream: Boxed<Stream>, group: Boxed<StreamGroup>) {
    guard let stream = try stream(key, for: purpose), let group = stream.body.group(name) else {
      throw .noGroup(name, orKey: key)
    }
    return (stream, group)
  }

  /// The consumer `name`, which has been seen now; a new one if there was none, which counts as a change.
  mutating func streamConsumer(
    _ key: ByteView, _ group: Boxed<StreamGroup>, _ name: ByteView
  ) -> Boxed<StreamConsumer> {
    if let consumer = group.body.consumer(name) {
      consumer.body.seenTime = now
      return consumer
    }
    let new = StreamConsumer(name: name.bytes, seenTime: now)
    guard let consumer = group.body.addConsumer(new) else {
      preconditionFailure("a consumer that is there and is not")
    }
    changed(key)
    return consumer
  }
}

// MARK: - Replies

extension ReplyWriter {
  /// An entry as ID and array of fields and values in turns.
  @inline(__always)
  mutating func streamEntry(_ entry: StreamEntry) {
    array(2)
    bulk(entry.id)
    array(entry.fieldCount &* 2)
    entry.forEachField { field, value in
      bulk(field)
      bulk(value)
    }
  }

  @inline(__always)
  private mutating func bulk(_ value: StringValue) {
    switch value {
    case .bytes(let bytes): bulk(bytes)
    case .integer(let integer): bulk(integer)
    }
  }

  /// The entries of a range as an array.
  ///
  /// - Parameter count: how many at most; 0 for all.
  mutating func streamEntries(
    _ stream: Boxed<Stream>, from start: StreamID, to end: StreamID, count: Int,
    backwards: Bool = false
  ) {
    let begin = self.count
    var written = 0
    if backwards {
      stream.body.visitBackwards(from: start, to: end) { entry in
        streamEntry(entry)
        written &+= 1
        return written != count
      }
    } else {
      stream.body.visit(from: start, to: end) { entry in
        streamEntry(entry)
        written &+= 1
        return written != count
      }
    }
    insertArrayHeader(written, at: begin)
  }
}

// MARK: - Effects

extension Keyspace {
  /// Records who has an entry pending in a group, and since when; or that nobody has.
  mutating func recordClaim(
    of id: StreamID, at key: ByteView, _ group: Boxed<StreamGroup>
  ) {
    guard effects.isRecorded else { return }
    guard let position = group.body.pending.find(id) else {
      return record(["XACK", .view(key), .bytes(group.body.name), .id(id)])
    }
    let entry = group.body.pending[position]
    record([
      "XCLAIM", .view(key), .bytes(group.body.name), .bytes(entry.consumer.body.name), "0", .id(id),
      "TIME", .integer(Int(entry.deliveryTime)), "RETRYCOUNT", .integer(Int(entry.deliveryCount)), "FORCE",
      "JUSTID", "LASTID", .id(group.body.lastID),
    ])
  }

  /// Records up to where a group has delivered.
  mutating func recordPosition(of group: Boxed<StreamGroup>, at key: ByteView) {
    record([
      "XGROUP", "SETID", .view(key), .bytes(group.body.name), .id(group.body.lastID), "ENTRIESREAD",
      .integer(group.body.entriesRead ?? -1),
    ])
  }
}
