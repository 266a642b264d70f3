import RESP

/// Writes a key with its large value, as it stands in files, some hundred elements at a time. The value stands still
/// meanwhile.
///
/// It goes through the value twice: how long it becomes has to be known before, so that others can write behind it in
/// the same file.
struct ValueSlices {
  /// What is written next.
  private enum Position {
    case start
    /// The earliest time of a hash's fields, as far as it is known.
    case times(next: UInt64, earliest: Int64)
    /// Members, or fields with their values.
    case table(next: UInt64, earliest: Int64?)
    /// As many members of a sorted set are left.
    case members(left: Int)
    case nodes(next: Int)
    case streamNodes(next: SortedRuns<StreamNode>.Position?)
    case end
  }

  private let compresses: Bool
  private var position = Position.start
  /// A long string on its way, before what comes next.
  private var string: StringSlices?
  private var compressor = LZFCompressor()
  /// What each long string takes, in their order: found when the value is measured.
  private var stringForms: [StringSlices.Form] = []
  private var stringIndex = 0
  private(set) var isMeasured = false
  /// What the value takes.
  private(set) var byteCount = 0

  /// Elements of this size are worth a slice of their own.
  static let longStringBytesMin = 64 << 10
  private static let nodesPerSlice = 4

  init(compresses: Bool) { self.compresses = compresses }

  /// Whether writing a value at once takes longer than a slice may.
  static func areWorthwhile(for entry: Entry) -> Bool {
    switch entry.encoding {
    case .rawBuffer: return entry.string.count >= 4 * longStringBytesMin
    case .structure:
      switch entry.type {
      case .list:
        let list = Quicklist(bits: entry.block.word)
        return list.nodeCount > nodesAtOnceMax || (0..<list.nodeCount).contains { isLong(list[$0]) }
      case .stream: return StreamValue(block: entry.block).stream.body.nodes.count > nodesAtOnceMax
      case .set, .hash, .sortedSet: return entry.block.collection.count > elementsAtOnceMax
      case .string: return false
      }
    default: return false
    }
  }

  /// Whether a node is an element that is worth slices of its own.
  private static func isLong(_ node: Quicklist.Node) -> Bool {
    node.form == .plain && node.plain.view.count >= longStringBytesMin
  }

  private static let elementsAtOnceMax = 8192
  private static let nodesAtOnceMax = 32

  /// Measures on, or when that is done writes on.
  ///
  /// - Returns: true at the end of the value.
  mutating func advance(_ entry: Entry, into writer: inout RDBWriter) -> Bool {
    let start = writer.count
    let isAtEnd = step(entry, &writer)
    guard !isMeasured else { return isAtEnd }
    byteCount += writer.count - start
    writer.truncate(to: start)
    if isAtEnd {
      isMeasured = true
      position = .start
    }
    return false
  }

  private mutating func step(_ entry: Entry, _ writer: inout RDBWriter) -> Bool {
    if string != nil {
      advanceString(&writer)
    } else {
      writeNext(entry, &writer)
    }
    guard string == nil, case .end = position else { return false }
    return true
  }

  private mutating func writeNext(_ entry: Entry, _ writer: inout RDBWriter) {
    switch position {
    case .start: begin(entry, &writer)
    case .times(let next, let earliest):
      var found = earliest
      let table = HashValue(block: entry.block).table
      let rest = table.visitSegment(from: next) { found = Swift.min(found, $0.expiry ?? .max) }
      if let rest { return position = .times(next: rest, earliest: found) }
      writer.writeKind(.hashWithExpiries)
      writer.writeLittleEndian(UInt64(found), byteCount: 8)
      writer.writeLength(table.count)
      position = .table(next: 0, earliest: found)
    case .table(let next, let earliest):
      let isHash = entry.type == .hash
      let rest = ElementTable(bits: entry.block.word).visitSegment(from: next) { element in
        if let earliest { writer.writeLength(element.expiry.map { Int($0 - earliest) + 1 } ?? 0) }
        writer.writeString(element.name)
        if isHash { writer.writeString(element.value) }
      }
      position = rest.map { .table(next: $0, earliest: earliest) } ?? .end
    case .members(let left):
      var cursor = SortedSetValue(block: entry.block).index.tree.cursor(at: left - 1)
      let count = Swift.min(left, Command.Slices.elementsPerSlice)
      for index in 0..<count {
        writer.writeString(cursor.member)
        writer.writeLittleEndian(cursor.score.bitPattern, byteCount: 8)
        if index < count - 1 { _ = cursor.moveBackward() }
      }
      position = left > count ? .members(left: left - count) : .end
    case .nodes(let next): writeNodes(Quicklist(bits: entry.block.word), from: next, &writer)
    case .streamNodes(let next): writeNodes(StreamValue(block: entry.block), from: next, &writer)
    case .end: preconditionFailure("a value goes on behind its end")
    }
  }

  private mutating func begin(_ entry: Entry, _ writer: inout RDBWriter) {
    writer.key = entry.key
    switch entry.type {
    case .string:
      writer.writeKind(.string)
      position = .end
      guard case .bytes(let view) = entry.string else { preconditionFailure("a number is not large") }
      write(long: view, &writer)
    case .set:
      writer.writeKind(.set)
      writer.writeLength(SetValue(block: entry.block).count)
      position = .table(next: 0, earliest: nil)
    case .hash:
      let table = HashValue(block: entry.block).table
      if table.expiringCount > 0 { return position = .times(next: 0, earliest: .max) }
      writer.writeKind(.hash)
      writer.writeLength(table.count)
      position = .table(next: 0, earliest: nil)
    case .sortedSet:
      let count = SortedSetValue(block: entry.block).count
      writer.writeKind(.sortedSet2)
      writer.writeLength(count)
      position = .members(left: count)
    case .list:
      writer.writeKind(.listQuicklist2)
      writer.writeLength(Quicklist(bits: entry.block.word).nodeCount)
      position = .nodes(next: 0)
    case .stream:
      let value = StreamValue(block: entry.block)
      value.writeStart(to: &writer)
      position = .streamNodes(next: value.stream.body.nodes.firstPosition)
    }
  }

  private mutating func writeNodes(_ list: Quicklist, from start: Int, _ writer: inout RDBWriter) {
    var index = start
    let end = Swift.min(list.nodeCount, start + Self.nodesPerSlice)
    while index < end, string == nil {
      let node = list[index]
      index += 1
      guard Self.isLong(node) else {
        list.write(node, to: &writer)
        continue
      }
      writer.writeLength(Quicklist.plainNode)
      write(long: node.plain.view, &writer)
    }
    position = index < list.nodeCount ? .nodes(next: index) : .end
  }

  private mutating func writeNodes(
    _ value: StreamValue, from start: SortedRuns<StreamNode>.Position?, _ writer: inout RDBWriter
  ) {
    var next = start
    for _ in 0..<Self.nodesPerSlice {
      guard let current = next else {
        value.writeRest(to: &writer)
        return position = .end
      }
      value.write(value.stream.body.nodes[current], to: &writer)
      next = value.stream.body.nodes.position(after: current)
    }
    position = .streamNodes(next: next)
  }

  // MARK: Long strings

  private mutating func write(long view: ByteView, _ writer: inout RDBWriter) {
    if isMeasured {
      string = StringSlices(view, form: stringForms[stringIndex])
      stringIndex += 1
      string?.writeLengths(to: &writer)
      if let form = string?.form, form.isCompressed { string?.run = compressor.begin(view, limit: view.count - 4) }
    } else {
      string = StringSlices(view, form: .plain)
      if compresses { string?.run = compressor.begin(view, limit: view.count - 4) }
    }
  }

  private mutating func advanceString(_ writer: inout RDBWriter) {
    guard var slices = string.take() else { return }
    let isAtEnd =
      isMeasured ? slices.write(to: &writer, &compressor) : slices.measure(&compressor)
    guard isAtEnd else { return string = slices }
    guard !isMeasured else { return }
    stringForms.append(slices.form)
    byteCount += slices.byteCount
  }
}

/// A long string in RDB's form, some at a time.
private struct StringSlices {
  enum Form {
    case plain
    /// In so many bytes.
    case compressed(Int)

    var isCompressed: Bool { if case .compressed = self { true } else { false } }
  }

  private static let bytesPerSlice = 32 << 10

  private let view: ByteView
  private(set) var form: Form
  /// What is being compressed.
  var run: LZFCompressor.Run?
  /// How far it is, where it is not.
  private var offset = 0

  init(_ view: ByteView, form: Form) {
    self.view = view
    self.form = form
  }

  /// Finds out the form.
  ///
  /// - Returns: true when it is known.
  mutating func measure(_ compressor: inout LZFCompressor) -> Bool {
    guard var run = self.run.take() else { return true }
    // Pays off only if it saves something.
    guard compressor.advance(&run, view, count: Self.bytesPerSlice) else {
      form = .plain
      return true
    }
    offset += run.takeBytes().count
    guard run.isFinished else {
      self.run = run
      return false
    }
    form = .compressed(offset)
    return true
  }

  /// What the string takes in a file, lengths included.
  var byteCount: Int {
    var writer = RDBWriter()
    writeLengths(to: &writer)
    switch form {
    case .plain: return writer.count + view.count
    case .compressed(let count): return writer.count + count
    }
  }

  func writeLengths(to writer: inout RDBWriter) {
    switch form {
    case .plain: writer.writeLength(view.count)
    case .compressed(let count): writer.writeLengths(compressed: count, of: view.count)
    }
  }

  /// - Returns: true when it is written.
  mutating func write(to writer: inout RDBWriter, _ compressor: inout LZFCompressor) -> Bool {
    guard var run = self.run.take() else {
      let end = Swift.min(view.count, offset + Self.bytesPerSlice)
      writer.writeBytes(view[offset..<end])
      offset = end
      return offset == view.count
    }
    let fits = compressor.advance(&run, view, count: Self.bytesPerSlice)
    precondition(fits, "a string takes more than it did before")
    ByteView.with(run.takeBytes()) { writer.writeBytes($0) }
    if run.isFinished { return true }
    self.run = run
    return false
  }
}
