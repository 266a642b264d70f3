package import RESP

extension Command {
  /// How a command does a call on large values in slices: its keys are claimed and stand still meanwhile, and
  /// everybody else has their turns in between.
  package struct Slices: Sendable {
    /// How many elements the call is going to visit; 0 where the usual body does.
    package let elementCount: @Sendable (inout Keyspace, Arguments) -> Int
    /// Begins a call.
    package let begin: Begin

    package typealias Begin = @Sendable (inout Keyspace, Arguments) throws(CommandError) -> any SlicedCall

    /// Elements of a slice, where that is free to choose.
    static let elementsPerSlice = 512

    init(
      elementCount: @escaping @Sendable (inout Keyspace, Arguments) -> Int, begin: @escaping Begin
    ) {
      self.elementCount = elementCount
      self.begin = begin
    }

    /// The body that does all slices at once.
    var body: Body {
      { [begin] keyspace, arguments, reply throws(CommandError) in
        let call = try begin(&keyspace, arguments)
        while !(try call.advance(&keyspace, arguments, &reply)) {}
      }
    }
  }

  /// Whether this call takes so long that it is better done in slices.
  package func isLong(_ keyspace: inout Keyspace, _ arguments: Arguments) -> Bool {
    guard let slices else { return false }
    return slices.elementCount(&keyspace, arguments) > keyspace.options.elementsAtOnceMax
  }
}

/// A call that is done in slices, as far as it has come.
package protocol SlicedCall: AnyObject {
  /// Comes before each slice but the first: what the call knows of the keyspace has to be looked up again.
  ///
  /// - Throws: `.changedBetweenSlices`.
  func resume(_ keyspace: inout Keyspace, _ arguments: Arguments) throws(CommandError)
  /// Does what some hundred elements take. The reply of all slices goes to the same writer.
  ///
  /// - Returns: whether that was the last slice.
  func advance(
    _ keyspace: inout Keyspace, _ arguments: Arguments, _ reply: inout ReplyWriter
  ) throws(CommandError) -> Bool
}

extension CommandError {
  /// Something that heeds no claims took the value away (DEBUG RELOAD).
  static let changedBetweenSlices = CommandError("ERR the value was replaced while it was being read")
}

// MARK: Reading one value

extension Command.Slices {
  /// Of a command that reads one value and knows by a position where to go on.
  ///
  /// - Parameter advance: writes some hundred elements from a position on, at 0 also what stands before them, and
  ///   returns where to go on; nil at the end.
  init(
    elementCount: @escaping @Sendable (inout Keyspace, Arguments) -> Int,
    advance: @escaping PositionedRead.Advance
  ) {
    self.init(
      elementCount: elementCount,
      begin: { _, _ throws(CommandError) in PositionedRead(advance) })
  }
}

/// A read of one value, from position to position.
final class PositionedRead: SlicedCall {
  typealias Advance = @Sendable (
    _ keyspace: inout Keyspace, _ arguments: Arguments, _ position: UInt64,
    _ reply: inout ReplyWriter
  ) throws(CommandError) -> UInt64?

  private let advance: Advance
  private var position: UInt64 = 0

  init(_ advance: @escaping Advance) { self.advance = advance }

  // It looks its value up every time.
  func resume(_ keyspace: inout Keyspace, _ arguments: Arguments) {}

  func advance(
    _ keyspace: inout Keyspace, _ arguments: Arguments, _ reply: inout ReplyWriter
  ) throws(CommandError) -> Bool {
    guard let next = try advance(&keyspace, arguments, position, &reply) else { return true }
    position = next
    return false
  }
}

extension Command.Slices {
  /// All members of a set.
  static let members = Command.Slices(
    elementCount: { keyspace, arguments in
      guard let entry = keyspace.lookup(arguments[1], for: .peek), entry.type == .set,
        entry.block.encoding == .structure
      else { return 0 }
      return SetValue(block: entry.block).count
    },
    advance: { keyspace, arguments, position, reply throws(CommandError) in
      let purpose = position == 0 ? Keyspace.Purpose.read : .peek
      guard let set = try keyspace.collection(SetValue.self, arguments[1], for: purpose) else {
        throw .changedBetweenSlices
      }
      if position == 0 { reply.set(set.count) }
      return set.table.visitSegment(from: position) { reply.bulk($0.name) }
    })

  /// All of a hash.
  static func fields(names: Bool, values: Bool) -> Command.Slices {
    Command.Slices(
      elementCount: { keyspace, arguments in
        guard let entry = keyspace.lookup(arguments[1], for: .peek), entry.type == .hash,
          entry.block.encoding == .structure
        else { return 0 }
        // Fields that expire are for the body to leave out.
        let hash = HashValue(block: entry.block)
        return hash.table.expiringCount > 0 ? 0 : hash.table.count
      },
      advance: { keyspace, arguments, position, reply throws(CommandError) in
        let purpose = position == 0 ? Keyspace.Purpose.read : .peek
        guard let hash = try keyspace.collection(HashValue.self, arguments[1], for: purpose) else {
          throw .changedBetweenSlices
        }
        let table = hash.table
        if position == 0 { if names && values { reply.map(table.count) } else { reply.array(table.count) } }
        return table.visitSegment(from: position) { element in
          if names { reply.bulk(element.name) }
          if values { reply.bulk(element.value) }
        }
      })
  }

  /// A range of a list, by the words 2 and 3.
  static let listRange = Command.Slices(
    elementCount: { keyspace, arguments in
      if arguments.isShortRange(at: 2, keyspace.options.elementsAtOnceMax) { return 0 }
      guard let start = try? arguments[2].integer(), let stop = try? arguments[3].integer(),
        let entry = keyspace.lookup(arguments[1], for: .peek), entry.type == .list
      else { return 0 }
      return ListValue(block: entry.block).range(from: start, to: stop).count
    },
    advance: { keyspace, arguments, position, reply throws(CommandError) in
      let purpose = position == 0 ? Keyspace.Purpose.read : .peek
      let start = try arguments[2].integer()
      let stop = try arguments[3].integer()
      guard let list = try keyspace.collection(ListValue.self, arguments[1], for: purpose) else {
        throw .changedBetweenSlices
      }
      let range = list.range(from: start, to: stop)
      if position == 0 { reply.array(range.count) }
      let first = range.lowerBound + Int(position)
      let count = Swift.min(range.upperBound - first, elementsPerSlice)
      list.forEach(from: first, count: count) { $0.write(to: &reply) }
      return first + count < range.upperBound ? position + UInt64(count) : nil
    })
}

extension Arguments {
  /// Whether two positions, counted from the start, are so close together that whatever lies between is done at once. Tells
  /// without a look-up what most calls are.
  func isShortRange(at index: Int, _ elementsAtOnceMax: Int) -> Bool {
    guard let start = DecimalText.integer(self[index]), let stop = DecimalText.integer(self[index + 1]) else {
      return false
    }
    return start >= 0 && stop >= 0 && stop &- start < elementsAtOnceMax
  }
}
