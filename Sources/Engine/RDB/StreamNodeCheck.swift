import RESP

/// Follows the elements of a listpack that claims to be a stream's node, one by one, and finds out whether it is.
///
/// It is when the counts are right, each entry is complete, and the IDs grow.
struct StreamNodeCheck {
  private enum Expected {
    case validCount, deletedCount, fieldCount, field, terminator
    case flags, milliseconds, sequence, ownFieldCount, data, elementCount
  }

  private(set) var validCount = 0
  private let id: StreamID
  private var expected = Expected.validCount
  private var deletedCount = 0
  private var fieldCount = 0
  /// Fields, or values, still to come before what follows them.
  private var left = 0
  private var seenValid = 0
  private var seenDeleted = 0
  // The entry at hand.
  private var flags = 0
  private var elementCount = 0
  private var milliseconds: UInt64 = 0
  private var previous: StreamID?

  init(id: StreamID) { self.id = id }

  /// Whether all elements that belong to it have come.
  var isComplete: Bool {
    guard expected == .flags, previous != nil else { return false }
    return seenValid == validCount && seenDeleted == deletedCount
  }

  /// Takes the next element; false if it can't stand here.
  mutating func takes(_ value: StringValue) -> Bool {
    switch expected {
    case .field:
      left -= 1
      if left == 0 { expected = .terminator }
      return true
    case .data:
      left -= 1
      elementCount += 1
      if left == 0 { expected = .elementCount }
      return true
    default:
      guard case .integer(let number) = value else { return false }
      return takes(number)
    }
  }

  private mutating func takes(_ number: Int) -> Bool {
    elementCount += 1
    switch expected {
    case .validCount:
      validCount = number
      expected = .deletedCount
      return number >= 0
    case .deletedCount:
      deletedCount = number
      expected = .fieldCount
      return number >= 0
    case .fieldCount:
      fieldCount = number
      left = number
      expected = number == 0 ? .terminator : .field
      return number >= 0
    case .terminator:
      expected = .flags
      return number == 0
    case .flags:
      flags = number
      elementCount = 1
      expected = .milliseconds
      return 0...3 ~= number
    case .milliseconds:
      milliseconds = id.milliseconds &+ UInt64(bitPattern: Int64(number))
      expected = .sequence
      return true
    case .sequence: return takesSequence(number)
    case .ownFieldCount:
      guard number > 0, number < Int(Int32.max) else { return false }
      left = number * 2
      expected = .data
      return true
    case .elementCount:
      expected = .flags
      return number == elementCount - 1
    case .field, .data: preconditionFailure("a string was expected")
    }
  }

  private mutating func takesSequence(_ number: Int) -> Bool {
    let entry = StreamID(milliseconds, id.sequence &+ UInt64(bitPattern: Int64(number)))
    guard entry >= id, previous.map({ $0 < entry }) ?? true else { return false }
    previous = entry
    if flags & StreamNode.deletedFlag != 0 { seenDeleted += 1 } else { seenValid += 1 }
    if flags & StreamNode.sameFieldsFlag == 0 {
      expected = .ownFieldCount
    } else {
      left = fieldCount
      expected = .data
    }
    return left > 0 || expected == .ownFieldCount
  }
}
