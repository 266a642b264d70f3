import RESP

/// Some consecutive entries of a stream in one listpack, in Redis' own format.
///
/// ```
/// node    count deleted fieldCount field... 0 entry...         master entry, then the entries
/// entry   flags milliseconds sequence [fieldCount] (field value)... elementCount
///         flags milliseconds sequence value... elementCount    with the master's fields
/// ```
///
/// `milliseconds` and `sequence` are differences to the node's ID, which is that of its first entry ever.
/// `elementCount` is the number of elements before it in its entry, for walking backwards. The fields of the entry
/// that began the node stand in the master entry; entries with the same fields have values only. A deleted
/// entry stays, with a flag, until all of its node are deleted.
struct StreamNode: OrderedByID {
  static let deletedFlag = 1
  static let sameFieldsFlag = 2

  let id: StreamID
  private var bits: Int

  /// - Parameter listpack: belongs to the node from here.
  init(id: StreamID, listpack: Listpack) {
    self.id = id
    bits = listpack.bits
  }

  /// A node with one entry.
  ///
  /// - Parameter words: its fields and values, in turns.
  init(id: StreamID, _ words: Arguments) {
    self.id = id
    bits = Listpack.empty().bits
    withEncoder(for: words) { encoder in
      encoder.append(1)
      encoder.append(0)
      encoder.append(words.count / 2)
      for index in stride(from: 0, to: words.count, by: 2) { encoder.append(words[index]) }
      encoder.append(0)
      encoder.append(Self.sameFieldsFlag)
      encoder.append(0)
      encoder.append(0)
      for index in stride(from: 1, to: words.count, by: 2) { encoder.append(words[index]) }
      encoder.append(words.count / 2 + 3)
    }
  }

  @inline(__always)
  var listpack: Listpack {
    get { Listpack(bits: bits) }
    set { bits = newValue.bits }
  }

  func free() { listpack.free() }

  func copy() -> StreamNode { StreamNode(id: id, listpack: listpack.copy()) }

  // MARK: Master entry

  private static let countPosition = Listpack.headerByteCount

  /// Entries that are not deleted.
  @inline(__always)
  private(set) var count: Int {
    get { integer(at: Self.countPosition) }
    set { listpack.replace(at: Self.countPosition, with: newValue) }
  }

  private(set) var deletedCount: Int {
    get { integer(at: deletedCountPosition) }
    set { listpack.replace(at: deletedCountPosition, with: newValue) }
  }

  private var deletedCountPosition: Int { position(after: Self.countPosition) }
  private var fieldCountPosition: Int { position(after: deletedCountPosition) }

  @inline(__always)
  func integer(at position: Int) -> Int {
    guard case .integer(let value) = listpack.value(at: position) else {
      preconditionFailure("no number in a stream's node at \(position)")
    }
    return value
  }

  /// The element behind one that is not the last.
  @inline(__always)
  func position(after position: Int) -> Int { unsafe listpack.next(position).unsafelyUnwrapped }

  @inline(__always)
  func position(after position: Int, skipping count: Int) -> Int {
    var position = position
    for _ in 0..<count { position = self.position(after: position) }
    return position
  }

  // MARK: Appending

  /// Whether another entry, of fields and values so long, goes into this node.
  func hasRoom(for byteCount: Int, bytesMax: Int, entriesMax: Int) -> Bool {
    if listpack.byteCount + byteCount >= bytesMax { return false }
    return entriesMax == 0 || count + deletedCount < entriesMax
  }

  /// Appends an entry whose ID is above all others.
  mutating func append(_ entry: StreamID, _ words: Arguments) {
    let isSame = hasFields(of: words)
    let base = id
    withEncoder(for: words) { encoder in
      encoder.append(isSame ? Self.sameFieldsFlag : 0)
      encoder.append(Int(truncatingIfNeeded: entry.milliseconds &- base.milliseconds))
      encoder.append(Int(truncatingIfNeeded: entry.sequence &- base.sequence))
      if isSame {
        for index in stride(from: 1, to: words.count, by: 2) { encoder.append(words[index]) }
      } else {
        encoder.append(words.count / 2)
        for index in 0..<words.count { encoder.append(words[index]) }
      }
      encoder.append(encoder.count)
    }
    count += 1
  }

  /// Whether the master entry has the fields of `words`, in that order.
  private func hasFields(of words: Arguments) -> Bool {
    var position = fieldCountPosition
    guard integer(at: position) * 2 == words.count else { return false }
    for index in stride(from: 0, to: words.count, by: 2) {
      position = self.position(after: position)
      switch listpack.value(at: position) {
      case .bytes(let field): if !(field == words[index]) { return false }
      case .integer(let field): if DecimalText.integer(words[index]) != field { return false }
      }
    }
    return true
  }

  /// Appends what `body` encodes: `words` and up to `words.count / 2 + 8` numbers.
  private mutating func withEncoder(
    for words: Arguments, _ body: (inout Listpack.Encoder) -> Void
  ) {
    var room = (words.count + words.count / 2 + 8) * Listpack.Encoder.overheadMax
    for index in 0..<words.count { room &+= words[index].count }
    unsafe withUnsafeTemporaryAllocation(byteCount: room, alignment: 8) { buffer in
      var encoder = unsafe Listpack.Encoder(base: buffer.baseAddress.unsafelyUnwrapped)
      body(&encoder)
      listpack.append(encoded: encoder.bytes, count: encoder.count)
    }
  }

  // MARK: Deleting

  /// Flags an entry of this node as deleted, and returns it as it is then.
  mutating func delete(_ entry: StreamEntry) -> StreamEntry {
    listpack.replace(at: entry.flagsPosition, with: entry.flags | Self.deletedFlag)
    let byteCount = listpack.byteCount
    count -= 1
    deletedCount += 1
    // The counts in front of it may have become longer or shorter.
    let moved = listpack.byteCount - byteCount
    return self.entry(at: entry.flagsPosition + moved, masterFieldsPosition)
  }
}

// MARK: - Entries

/// One entry inside its node. Valid until the stream changes.
struct StreamEntry {
  let node: StreamNode
  let id: StreamID
  let flags: Int
  let fieldCount: Int
  let flagsPosition: Int
  /// Where the master entry's first field is.
  fileprivate let masterFieldsPosition: Int
  /// Where the first field is, or the first value if the fields are the master's.
  fileprivate let dataPosition: Int

  var isDeleted: Bool { flags & StreamNode.deletedFlag != 0 }
  var hasMasterFields: Bool { flags & StreamNode.sameFieldsFlag != 0 }

  /// Gives each field with its value.
  @inline(__always)
  func forEachField(_ visit: (_ field: StringValue, _ value: StringValue) -> Void) {
    var position = dataPosition
    guard hasMasterFields else {
      for _ in 0..<fieldCount {
        let value = node.position(after: position)
        visit(node.listpack.value(at: position), node.listpack.value(at: value))
        position = node.position(after: value)
      }
      return
    }
    var field = masterFieldsPosition
    for _ in 0..<fieldCount {
      visit(node.listpack.value(at: field), node.listpack.value(at: position))
      field = node.position(after: field)
      position = node.position(after: position)
    }
  }

  /// The entry behind this one in the node, deleted or not.
  @inline(__always)
  var next: StreamEntry? {
    let dataCount = hasMasterFields ? fieldCount : fieldCount * 2
    let elementCount = node.position(after: dataPosition, skipping: dataCount)
    guard let flags = node.listpack.next(elementCount) else { return nil }
    return node.entry(at: flags, masterFieldsPosition)
  }

  /// The entry before this one in the node, deleted or not.
  var previous: StreamEntry? {
    let before = unsafe node.listpack.previous(flagsPosition).unsafelyUnwrapped
    let elementCount = node.integer(at: before)
    // The end of the master entry.
    if elementCount == 0 { return nil }
    return node.entry(endingAt: before, elementCount, masterFieldsPosition)
  }
}

extension StreamNode {
  private var masterFieldsPosition: Int { position(after: fieldCountPosition) }

  /// The first entry, deleted or not; there always is one.
  var firstEntry: StreamEntry {
    let fields = masterFieldsPosition
    let terminator = position(after: fields, skipping: integer(at: fieldCountPosition))
    return entry(at: position(after: terminator), fields)
  }

  /// The last entry, deleted or not.
  var lastEntry: StreamEntry {
    let last = unsafe listpack.last.unsafelyUnwrapped
    return entry(endingAt: last, integer(at: last), masterFieldsPosition)
  }

  fileprivate func entry(
    endingAt last: Int, _ elementCount: Int, _ masterFieldsPosition: Int
  ) -> StreamEntry {
    var position = last
    for _ in 0..<elementCount { position = unsafe listpack.previous(position).unsafelyUnwrapped }
    return entry(at: position, masterFieldsPosition)
  }

  @inline(__always)
  fileprivate func entry(at flagsPosition: Int, _ masterFieldsPosition: Int) -> StreamEntry {
    let flags = integer(at: flagsPosition)
    let milliseconds = position(after: flagsPosition)
    let sequence = position(after: milliseconds)
    let id = StreamID(
      self.id.milliseconds &+ UInt64(bitPattern: Int64(integer(at: milliseconds))),
      self.id.sequence &+ UInt64(bitPattern: Int64(integer(at: sequence))))
    let third = position(after: sequence)
    let isSame = flags & Self.sameFieldsFlag != 0
    return StreamEntry(
      node: self, id: id, flags: flags,
      fieldCount: integer(at: isSame ? fieldCountPosition : third), flagsPosition: flagsPosition,
      masterFieldsPosition: masterFieldsPosition,
      dataPosition: isSame ? third : position(after: third))
  }
}
