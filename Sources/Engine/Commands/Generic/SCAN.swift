package import RESP

extension Command {
  /// `SCAN cursor [MATCH pattern] [COUNT count] [TYPE type]`
  ///
  /// Replies with the next cursor, and an array of names.
  ///
  /// Shards are walked one after the other, so a call runs on the shard that its cursor names, by
  /// `ScanCursor`, `ScanOptions` and `Keyspace.scan`.
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/scan/>
  package static let scan = Command(
    "scan", "Walks through the names of keys, some at a time.", since: "2.8.0", group: .generic,
    complexity: "O(1) a call, O(N) for the whole walk, in the keys of the database.",
    arity: .atLeast(2), flags: [.readOnly], categories: .keyspace,
    tips: ["nondeterministic_output", "request_policy:special", "response_policy:special"],
    arguments: [
      Argument("cursor", .integer),
      Argument("pattern", .pattern, token: "MATCH", [.optional]),
      Argument("count", .integer, token: "COUNT", [.optional]),
      Argument("type", .string, token: "TYPE", [.optional], since: "6.0.0"),
    ],
    history: [("6.0.0", "The option `TYPE`.")], execution: .service)
}

/// Where a SCAN goes on, as the number that clients hand back.
///
/// ```
/// 0:1 shard:15 position:48
/// ```
///
/// 0 starts, and as a reply ends: the first position of the first shard is the only one that looks
/// like it.
package struct ScanCursor: Sendable, Equatable {
  package static let shardsMax = 1 << 15
  private static let positionMask = UInt64(1) << 48 - 1

  package let shard: Int
  package let position: UInt64

  package init(shard: Int, position: UInt64) {
    precondition(shard >= 0 && shard < Self.shardsMax, "a cursor has 15 bits for the shard")
    precondition(position <= Self.positionMask, "a cursor has 48 bits for the position")
    self.shard = shard
    self.position = position
  }

  package var rawValue: UInt64 { UInt64(shard) << 48 | position }

  /// Any 64-bit number is a cursor to Redis. One that names a shard there is not comes out as a
  /// shard beyond the last: there is nothing left to scan.
  package init(rawValue: UInt64) {
    shard = Int(rawValue >> 48 & 0x7FFF)
    position = rawValue & Self.positionMask
  }

  /// The cursor after a slice that ended at `next` (nil: at the shard's end), nil when all shards
  /// are done.
  package func advanced(to next: UInt64?, shardCount: Int) -> ScanCursor? {
    if let next { return ScanCursor(shard: shard, position: next) }
    return shard + 1 < shardCount ? ScanCursor(shard: shard + 1, position: 0) : nil
  }

  /// - Throws: `.invalidCursor` for what is no unsigned 64-bit decimal.
  package init(_ text: ByteView) throws(CommandError) {
    guard text.count > 0, text.count <= 20 else { throw .invalidCursor }
    var value: UInt64 = 0
    for index in 0..<text.count {
      let digit = text[index] &- 0x30
      let (product, overflow) = value.multipliedReportingOverflow(by: 10)
      let (sum, carry) = product.addingReportingOverflow(UInt64(digit))
      guard digit < 10, !overflow, !carry else { throw .invalidCursor }
      value = sum
    }
    self.init(rawValue: value)
  }
}

/// The words of SCAN after its cursor.
package struct ScanOptions: Sendable {
  package private(set) var count = 10
  package private(set) var filter = Keyspace.ScanFilter()

  /// - Parameter arguments: all words of the command.
  /// - Throws: `.syntax`, also for a count below 1; `.notAnInteger`.
  package init(_ arguments: Arguments) throws(CommandError) {
    var index = 2
    while index < arguments.count {
      let word = arguments[index]
      guard index + 1 < arguments.count else { throw .syntax }
      let value = arguments[index + 1]
      if word.matches("count") {
        count = try value.integer()
        if count < 1 { throw .syntax }
      } else if word.matches("match") {
        filter.pattern = value.bytes
      } else if word.matches("type") {
        filter.type = Keyspace.ScanType(value)
      } else {
        throw .syntax
      }
      index += 2
    }
  }
}

extension Keyspace.ScanType {
  /// The type called `name`, in whatever case.
  init(_ name: ByteView) {
    let type = ValueType.allCases.first { name.matches($0.name) }
    self = type.map { .known($0) } ?? .unknown
  }
}
