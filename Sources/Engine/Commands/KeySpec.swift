package import RESP

/// Where a command's keys stand among its words, and what it does to them.
///
/// - SeeAlso: <https://redis.io/docs/latest/develop/reference/key-specs/>
package struct KeySpec: Sendable {
  package let begin: Begin
  package let find: Find
  package let access: Access
  package let notes: String?

  package init(begin: Begin, find: Find, access: Access, notes: String? = nil) {
    self.begin = begin
    self.find = find
    self.access = access
    self.notes = notes
  }

  /// One key at `index` (the command's name is at 0).
  package static func at(_ index: Int, _ access: Access) -> KeySpec {
    KeySpec(begin: .index(index), find: .range(last: 0, step: 1, limit: 0), access: access)
  }

  /// The keys from `index` to `last` (negative: from the end), every `step` words.
  package static func range(_ index: Int, last: Int = -1, step: Int = 1, _ access: Access)
    -> KeySpec
  {
    KeySpec(begin: .index(index), find: .range(last: last, step: step, limit: 0), access: access)
  }

  /// A count at `index`, then as many keys.
  package static func counted(at index: Int, _ access: Access) -> KeySpec {
    KeySpec(
      begin: .index(index), find: .count(countIndex: 0, firstKey: 1, step: 1), access: access)
  }

  package enum Begin: Sendable {
    case index(Int)
    /// After this word, searched from `startFrom` (negative: backwards from the end).
    case keyword(StaticString, startFrom: Int)
    case unknown
  }

  package enum Find: Sendable {
    /// `last` relative to the first key, or negative from the end; `limit` n: only the first 1/n.
    case range(last: Int, step: Int, limit: Int)
    /// The number of keys stands at `countIndex`, the first key at `firstKey`, both relative to begin.
    case count(countIndex: Int, firstKey: Int, step: Int)
    case unknown
  }

  /// What happens to the key and to its value.
  package struct Access: OptionSet, Sendable {
    package let rawValue: UInt16
    package init(rawValue: UInt16) { self.rawValue = rawValue }

    package static let readWrite = Access(rawValue: 1 << 0)
    package static let readOnly = Access(rawValue: 1 << 1)
    package static let overwrite = Access(rawValue: 1 << 2)
    package static let remove = Access(rawValue: 1 << 3)
    package static let access = Access(rawValue: 1 << 4)
    package static let update = Access(rawValue: 1 << 5)
    package static let insert = Access(rawValue: 1 << 6)
    package static let delete = Access(rawValue: 1 << 7)
    package static let notKey = Access(rawValue: 1 << 8)
    package static let incomplete = Access(rawValue: 1 << 9)
    package static let variableFlags = Access(rawValue: 1 << 10)

    private static let wireNames: [(Access, StaticString)] = [
      (.readWrite, "RW"), (.readOnly, "RO"), (.overwrite, "OW"), (.remove, "RM"),
      (.access, "access"), (.update, "update"), (.insert, "insert"), (.delete, "delete"),
      (.notKey, "not_key"), (.incomplete, "incomplete"), (.variableFlags, "variable_flags"),
    ]

    package var names: [StaticString] {
      Self.wireNames.filter { contains($0.0) }.map(\.1)
    }

    /// Whether the key may be changed.
    package var writes: Bool {
      !isDisjoint(with: [.readWrite, .overwrite, .remove, .variableFlags])
    }
  }

  /// Appends the positions of this specification's keys in `arguments`.
  ///
  /// - Parameter toleratesMissingValue: whether the last key's value may be missing.
  /// - Returns: false when the arguments do not fit the specification (a count that is no number or too large).
  package func appendPositions(
    in arguments: Arguments, to positions: inout [Int], toleratesMissingValue: Bool = false
  ) -> Bool {
    let start: Int
    switch begin {
    case .index(let index): start = index
    case .keyword(let word, let startFrom):
      guard let found = Self.position(of: word, startFrom: startFrom, in: arguments) else {
        return true
      }
      start = found + 1
    case .unknown: return true
    }
    switch find {
    case .range(let last, let step, let limit):
      var end = last < 0 ? arguments.count + last : start + last
      if limit > 1, last < 0 { end = start + (end - start + 1) / limit - 1 + (step - 1) }
      guard start < arguments.count, end < arguments.count else { return start >= arguments.count }
      // A key whose value is missing: MSET with an odd number of words.
      let isWhole = (end - start + 1) % step == 0
      if last < 0, limit <= 1, !isWhole, !toleratesMissingValue { return false }
      positions.reserveCapacity(positions.count + (end - start) / step + 1)
      for position in stride(from: start, through: end, by: step) { positions.append(position) }
    case .count(let countIndex, let firstKey, let step):
      guard start + countIndex < arguments.count,
        let count = DecimalText.integer(arguments[start + countIndex]), count >= 0
      else { return false }
      let first = start + firstKey
      guard count <= arguments.count, first + (count - 1) * step < arguments.count else {
        return false
      }
      positions.reserveCapacity(positions.count + count)
      for index in 0..<count { positions.append(first + index * step) }
    case .unknown: break
    }
    return true
  }

  private static func position(of word: StaticString, startFrom: Int, in arguments: Arguments)
    -> Int?
  {
    let lowered = "\(word)".lowercasedASCII
    func matches(_ index: Int) -> Bool { arguments[index].string.lowercasedASCII == lowered }
    if startFrom >= 0 {
      return (startFrom..<Swift.max(arguments.count, startFrom)).first(where: matches)
    }
    return stride(from: arguments.count + startFrom, to: 0, by: -1).first(where: matches)
  }
}

extension Command {
  /// Where the keys stand among `arguments`, in order.
  ///
  /// - Parameter toleratesMissingValue: whether the last key's value may be missing, as COMMAND GETKEYS has it.
  /// - Returns: nil when the arguments do not fit the key specifications.
  package func keyPositions(
    in arguments: Arguments, toleratesMissingValue: Bool = false
  ) -> [Int]? {
    if let findKeys { return findKeys(arguments) }
    var positions: [Int] = []
    for spec in keys where !spec.access.contains(.notKey) {
      guard
        spec.appendPositions(
          in: arguments, to: &positions, toleratesMissingValue: toleratesMissingValue)
      else { return nil }
    }
    return positions
  }
}

extension Command {
  /// Which words name keys whose specification says what `matches` asks for.
  package func positions(
    in arguments: Arguments, _ matches: (KeySpec.Access) -> Bool
  ) -> Set<Int> {
    var positions: [Int] = []
    for spec in keys where matches(spec.access) {
      _ = spec.appendPositions(in: arguments, to: &positions)
    }
    return Set(positions)
  }

  /// Which words, among those of `keyPositions`, name keys that the command may change.
  package func writtenPositions(in arguments: Arguments) -> Set<Int> {
    // XREADGROUP only reads its keys, by the specification; its groups lie there all the same.
    if case .keyByKey = execution, flags.contains(.write) {
      return Set(keyPositions(in: arguments) ?? [])
    }
    var positions: [Int] = []
    for spec in keys where spec.access.writes {
      if case .unknown = spec.begin { return Set(keyPositions(in: arguments) ?? []) }
      _ = spec.appendPositions(in: arguments, to: &positions)
    }
    return Set(positions)
  }
}
