import RESP

extension Command {
  /// `ZCOUNT key min max`: how many members have a score in the range.
  package static let zcount = countCommand(
    "zcount", "Counts the members in a range of scores.", since: "2.0.0", bounds: .double) {
      (min, max) throws(CommandError) in try .scores(min, max)
    }
  /// `ZLEXCOUNT key min max`: how many members are in the range.
  package static let zlexcount = countCommand(
    "zlexcount", "Counts the members in a range of members.", since: "2.8.9", bounds: .string) {
      (min, max) throws(CommandError) in try .members(min, max)
    }

  /// `ZREMRANGEBYSCORE key min max`: how many members were removed.
  package static let zremrangebyscore = removeCommand(
    "zremrangebyscore", "Removes the members in a range of scores.", since: "1.2.0",
    arguments: [Argument("min", .double), Argument("max", .double)]) {
      (min, max) throws(CommandError) in
      let bounds = try SortedSetBounds.scores(min, max)
      return .bounds(bounds)
    }
  /// `ZREMRANGEBYLEX key min max`: how many members were removed.
  package static let zremrangebylex = removeCommand(
    "zremrangebylex", "Removes the members in a range of members.", since: "2.8.9",
    arguments: [Argument("min", .string), Argument("max", .string)]) {
      (min, max) throws(CommandError) in
      let bounds = try SortedSetBounds.members(min, max)
      return .bounds(bounds)
    }
  /// `ZREMRANGEBYRANK key start stop`: how many members were removed.
  package static let zremrangebyrank = removeCommand(
    "zremrangebyrank", "Removes the members in a range of ranks.", since: "2.0.0",
    arguments: [Argument("start", .integer), Argument("stop", .integer)]) {
      (start, stop) throws(CommandError) in
      .ranks(try start.integer(), try stop.integer())
    }

  private typealias Parse = @Sendable (ByteView, ByteView) throws(CommandError) -> SortedSetBounds

  private static func countCommand(
    _ name: StaticString, _ summary: String, since: String, bounds: Argument.ArgumentType,
    _ parse: @escaping Parse
  ) -> Command {
    Command(
      name, summary, since: since, group: .sortedSet,
      complexity: "O(log(N)), with N members in the sorted set.", arity: .exactly(4),
      keys: [.at(1, [.readOnly, .access])], flags: [.readOnly, .fast],
      arguments: [.key(), Argument("min", bounds), Argument("max", bounds)],
      execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
        let bounds = try parse(arguments[2], arguments[3])
        let value = try keyspace.collection(SortedSetValue.self, arguments[1], for: .read)
        reply.integer(value?.ranks(in: bounds).count ?? 0)
      })
  }

  private enum Removal {
    case ranks(Int, Int)
    case bounds(SortedSetBounds)
  }

  private static func removeCommand(
    _ name: StaticString, _ summary: String, since: String, arguments: [Argument],
    _ parse: @escaping @Sendable (ByteView, ByteView) throws(CommandError) -> Removal
  ) -> Command {
    Command(
      name, summary, since: since, group: .sortedSet,
      complexity: "O(M*log(N)), with N members in the sorted set and M to be removed.",
      arity: .exactly(4), keys: [.at(1, [.readWrite, .delete])], flags: [.write],
      arguments: [.key()] + arguments,
      execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
        let removal = try parse(arguments[2], arguments[3])
        guard let value = try keyspace.collection(SortedSetValue.self, arguments[1], for: .write)
        else { return reply.integer(0) }
        let ranks =
          switch removal {
          case .ranks(let start, let end): value.ranks(from: start, through: end)
          case .bounds(let bounds): value.ranks(in: bounds)
          }
        value.remove(ranks: ranks)
        if !ranks.isEmpty { keyspace.changed(arguments[1], value) }
        reply.integer(ranks.count)
      })
  }
}
