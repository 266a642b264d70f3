import RESP

extension Command {
  /// `LPOS key element [RANK rank] [COUNT num-matches] [MAXLEN len]`
  ///
  /// Replies with the index of the element, null if there is none; with COUNT with an Array of indices.
  ///
  /// - Throws: `.wrongType`; `.syntax`; errors of the options.
  /// - SeeAlso: <https://redis.io/docs/latest/commands/lpos/>
  package static let lpos = Command(
    "lpos", "Returns where elements stand in a list.", since: "6.0.6", group: .list,
    complexity: "O(N) in the elements compared, MAXLEN at most.", arity: .atLeast(3),
    keys: [.at(1, [.readOnly, .access])], flags: [.readOnly],
    arguments: [
      .key(), Argument("element", .string), Argument("rank", .integer, token: "RANK", .optional),
      Argument("num-matches", .integer, token: "COUNT", .optional),
      Argument("len", .integer, token: "MAXLEN", .optional),
    ],
    execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
      let options = try PositionOptions(arguments)
      guard let list = try keyspace.collection(ListValue.self, arguments[1], for: .read) else {
        return options.count == nil ? reply.null() : reply.array(0)
      }
      let positions = options.positions(of: arguments[2], in: list)
      guard options.count != nil else {
        if let first = positions.first { reply.integer(first) } else { reply.null() }
        return
      }
      reply.array(positions.count)
      for position in positions { reply.integer(position) }
    })
}

private struct PositionOptions {
  private var rank = 1
  /// nil without COUNT.
  private(set) var count: Int?
  private var lengthMax = 0

  init(_ arguments: Arguments) throws(CommandError) {
    var index = 3
    while index < arguments.count {
      guard index + 1 < arguments.count else { throw .syntax }
      let value = arguments[index + 1]
      if arguments[index].matches("rank") {
        rank = try value.integer()
        if rank == 0 { throw .rankZero }
        if rank == .min { throw .countOutOfRange }
      } else if arguments[index].matches("count") {
        let number = try value.integer(orThrow: .countNegative)
        guard number >= 0 else { throw .countNegative }
        count = number
      } else if arguments[index].matches("maxlen") {
        lengthMax = try value.integer(orThrow: .maxlenNegative)
        guard lengthMax >= 0 else { throw .maxlenNegative }
      } else {
        throw .syntax
      }
      index += 2
    }
  }

  func positions(of element: ByteView, in list: ListValue) -> [Int] {
    let wanted = count.map { $0 == 0 ? Int.max : $0 } ?? 1
    var skipped = abs(rank) - 1
    var compared = 0
    var positions: [Int] = []
    let isBackwards = rank < 0
    list.walk(from: isBackwards ? list.count - 1 : 0, backwards: isBackwards) { index, value in
      if value.equals(element) {
        if skipped == 0 { positions.append(index) } else { skipped -= 1 }
      }
      compared += 1
      return positions.count < wanted && (lengthMax == 0 || compared < lengthMax)
    }
    return positions
  }
}

extension CommandError {
  fileprivate static let rankZero = CommandError(
    "ERR RANK can't be zero: use 1 to start from the first match, 2 from the second ... or use negative to start from the end of the list"
  )
  fileprivate static let countNegative = CommandError("ERR COUNT can't be negative")
  fileprivate static let maxlenNegative = CommandError("ERR MAXLEN can't be negative")
  package static let outOfRangePositive = CommandError("ERR value is out of range, must be positive")
}
