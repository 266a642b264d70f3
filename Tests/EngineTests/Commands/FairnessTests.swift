import RESP
import TestSupport
import Testing

@testable import Engine

/// Commands that draw at random give every element the same chance.
@Suite struct FairnessTests {
  /// Encoding and how many elements.
  static let sizes = [10, 100, 700]

  /// The sum of squared differences over the expectation, less its mean, in standard deviations: beyond 5 once in
  /// three million draws of the seed.
  static func deviation(_ counts: [Int]) -> Double {
    let expected = Double(counts.reduce(0, +)) / Double(counts.count)
    let sum = counts.reduce(0.0) { $0 + (Double($1) - expected) * (Double($1) - expected) / expected }
    let freedom = Double(counts.count - 1)
    return (sum - freedom) / (2 * freedom).squareRoot()
  }

  /// Fills a key with elements named by numbers, draws `draws` times, and counts what comes.
  func counts(
    _ size: Int, _ fill: (String) -> [String], draws: Int, _ draw: [String], refills: Bool = false
  ) -> [Int] {
    let keyspace = TestKeyspace(
      CommandTable.set + CommandTable.hash + CommandTable.sortedSet + CommandTable.generic,
      seed: UInt64(size) &* 77)
    for number in 0..<size { _ = keyspace.run(fill("\(number)")) }
    var counts = [Int](repeating: 0, count: size)
    for _ in 0..<draws {
      let reply = keyspace.run(draw)
      for bytes in reply.drawn {
        let text = String(decoding: bytes, as: UTF8.self)
        guard let number = Int(text.drop { !$0.isNumber }) else { continue }
        counts[number] += 1
        if refills { _ = keyspace.run(fill("\(number)")) }
      }
    }
    return counts
  }

  @Test(arguments: sizes)
  func srandmember(size: Int) {
    let draws = size * 60
    for prefix in ["", "m"] {
      let fill = { (name: String) in ["SADD", "s", prefix + name] }
      #expect(Self.deviation(counts(size, fill, draws: draws, ["SRANDMEMBER", "s"])) < 5)
      #expect(
        Self.deviation(counts(size, fill, draws: draws / 5, ["SRANDMEMBER", "s", "-5"])) < 5)
      #expect(Self.deviation(counts(size, fill, draws: draws / 5, ["SRANDMEMBER", "s", "5"])) < 5)
    }
  }

  @Test(arguments: sizes)
  func spop(size: Int) {
    for prefix in ["", "m"] {
      let fill = { (name: String) in ["SADD", "s", prefix + name] }
      #expect(
        Self.deviation(counts(size, fill, draws: size * 60, ["SPOP", "s"], refills: true)) < 5)
      #expect(
        Self.deviation(counts(size, fill, draws: size * 15, ["SPOP", "s", "4"], refills: true)) < 5)
    }
  }

  @Test(arguments: sizes)
  func hrandfield(size: Int) {
    let fill = { (name: String) in ["HSET", "h", name, "v"] }
    #expect(Self.deviation(counts(size, fill, draws: size * 60, ["HRANDFIELD", "h"])) < 5)
    #expect(Self.deviation(counts(size, fill, draws: size * 15, ["HRANDFIELD", "h", "4"])) < 5)
    #expect(Self.deviation(counts(size, fill, draws: size * 15, ["HRANDFIELD", "h", "-4"])) < 5)
  }

  @Test(arguments: sizes)
  func hrandfieldOfFieldsWithTimes(size: Int) {
    let fill = { (name: String) in ["HSETEX", "h", "EX", "9", "FIELDS", "1", name, "v"] }
    #expect(Self.deviation(counts(size, fill, draws: size * 60, ["HRANDFIELD", "h"])) < 5)
    #expect(Self.deviation(counts(size, fill, draws: size * 15, ["HRANDFIELD", "h", "4"])) < 5)
  }

  @Test(arguments: sizes)
  func zrandmember(size: Int) {
    let fill = { (name: String) in ["ZADD", "z", name, name] }
    #expect(Self.deviation(counts(size, fill, draws: size * 60, ["ZRANDMEMBER", "z"])) < 5)
    #expect(Self.deviation(counts(size, fill, draws: size * 15, ["ZRANDMEMBER", "z", "4"])) < 5)
    #expect(Self.deviation(counts(size, fill, draws: size * 15, ["ZRANDMEMBER", "z", "-4"])) < 5)
  }
}

extension Reply {
  fileprivate var drawn: [[UInt8]] {
    switch self {
    case .bulk(let bytes): [bytes]
    case .array(let elements): elements.flatMap(\.drawn)
    default: []
    }
  }
}
