import RESP

extension Command {
  /// `LCS key1 key2 [LEN] [IDX] [MINMATCHLEN min-match-len] [WITHMATCHLEN]`
  ///
  /// Replies with a longest common subsequence; with LEN with its length; with IDX with a Map of
  /// `matches` (ranges in both strings, from the end) and `len`. A missing key counts as empty.
  ///
  /// - Throws: `.syntax`; `.notAnInteger`; an error when a key holds another type, or when LEN
  ///   meets IDX.
  /// - Complexity: O(*n* · *m*) in time and in memory, 4 bytes each.
  /// - SeeAlso: <https://redis.io/docs/latest/commands/lcs/>
  package static let lcs = Command(
    "lcs", "Finds the longest common subsequence of two strings.",
    since: "7.0.0", group: .string,
    complexity: "O(N*M) where N and M are the lengths of the strings",
    arity: .atLeast(3),
    keys: [.range(1, last: 1, [.readOnly, .access])],
    flags: [.readOnly],
    arguments: [
      .key("key1"),
      .key("key2"),
      .token("len", "LEN", .optional),
      .token("idx", "IDX", .optional),
      Argument("min-match-len", .integer, token: "MINMATCHLEN", .optional),
      .token("withmatchlen", "WITHMATCHLEN", .optional),
    ],
    execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
      let first = try keyspace.sequence(arguments[1])
      let second = try keyspace.sequence(arguments[2])
      var wantsLength = false
      var wantsRanges = false
      var withLengths = false
      var lengthMin = 0
      var index = 3
      while index < arguments.count {
        let word = arguments[index]
        if word.matches("len") {
          wantsLength = true
        } else if word.matches("idx") {
          wantsRanges = true
        } else if word.matches("withmatchlen") {
          withLengths = true
        } else if word.matches("minmatchlen"), index + 1 < arguments.count {
          index += 1
          guard let number = DecimalText.integer(arguments[index]) else { throw .notAnInteger }
          lengthMin = Swift.max(number, 0)
        } else {
          throw .syntax
        }
        index += 1
      }
      if wantsLength, wantsRanges {
        throw CommandError(
          "ERR If you want both the length and indexes, please just use IDX.")
      }
      let table = try CommonSubsequence(first, second)
      if wantsLength { return reply.integer(table.count) }
      if !wantsRanges { return reply.bulk(table.bytes) }
      let matches = table.matches(lengthMin: lengthMin)
      reply.map(2)
      reply.bulk("matches" as StaticString)
      reply.array(matches.count)
      for match in matches {
        reply.array(withLengths ? 3 : 2)
        for range in [match.first, match.second] {
          reply.array(2)
          reply.integer(range.lowerBound)
          reply.integer(range.upperBound)
        }
        if withLengths { reply.integer(match.first.count) }
      }
      reply.bulk("len" as StaticString)
      reply.integer(table.count)
    })
}

extension Keyspace {
  /// A copy of the string at `key`, empty if it is missing.
  fileprivate mutating func sequence(_ key: ByteView) throws(CommandError) -> [UInt8] {
    guard let entry = lookup(key, for: .read) else { return [] }
    guard entry.type == .string else {
      throw CommandError("ERR The specified keys must contain string values")
    }
    return entry.string.withBytes { $0.bytes }
  }
}

/// The table of the lengths of the longest common subsequences of all prefixes.
private struct CommonSubsequence {
  struct Match {
    let first: ClosedRange<Int>
    let second: ClosedRange<Int>
  }

  /// Cells of the table, 4 bytes each: 2 GiB.
  private static let cellsMax = 1 << 29

  private let first: [UInt8]
  private let second: [UInt8]
  private var lengths: [UInt32]

  init(_ first: [UInt8], _ second: [UInt8]) throws(CommandError) {
    let (cells, overflow) = (first.count + 1).multipliedReportingOverflow(by: second.count + 1)
    guard !overflow, cells <= Self.cellsMax else {
      throw CommandError(
        "ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len")
    }
    self.first = first
    self.second = second
    let width = second.count + 1
    lengths = [UInt32](repeating: 0, count: cells)
    for row in 1..<first.count + 1 {
      let byte = first[row - 1]
      let start = row * width
      for column in 1..<width {
        lengths[start + column] =
          byte == second[column - 1]
          ? lengths[start - width + column - 1] + 1
          : Swift.max(lengths[start - width + column], lengths[start + column - 1])
      }
    }
  }

  private func length(_ row: Int, _ column: Int) -> UInt32 {
    lengths[row * (second.count + 1) + column]
  }

  var count: Int { Int(length(first.count, second.count)) }

  /// One longest common subsequence.
  var bytes: [UInt8] {
    var result: [UInt8] = []
    walk { row, _ in result.append(first[row]) }
    return result.reversed()
  }

  /// Runs of the subsequence that are contiguous in both strings, from the end to the start.
  func matches(lengthMin: Int) -> [Match] {
    var matches: [Match] = []
    var run: Match?
    func close() {
      if let run, run.first.count >= lengthMin { matches.append(run) }
    }
    walk { row, column in
      if let current = run, current.first.lowerBound == row + 1,
        current.second.lowerBound == column + 1
      {
        run = Match(
          first: row...current.first.upperBound, second: column...current.second.upperBound)
      } else {
        close()
        run = Match(first: row...row, second: column...column)
      }
    }
    close()
    return matches
  }

  /// Visits the pairs of positions that make up the subsequence, from the end.
  private func walk(_ visit: (Int, Int) -> Void) {
    var row = first.count
    var column = second.count
    while row > 0, column > 0 {
      if first[row - 1] == second[column - 1] {
        visit(row - 1, column - 1)
        row -= 1
        column -= 1
      } else if length(row - 1, column) > length(row, column - 1) {
        row -= 1
      } else {
        column -= 1
      }
    }
  }
}
