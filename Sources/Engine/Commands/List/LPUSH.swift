import RESP

extension Command {
  /// `LPUSH key element [element ...]`
  ///
  /// Replies with an Integer: the length afterwards.
  ///
  /// - Throws: `.wrongType`.
  /// - SeeAlso: <https://redis.io/docs/latest/commands/lpush/>
  package static let lpush = pushCommand(
    "lpush", "Puts elements in front of a list, creating it if it is missing.", since: "1.0.0",
    multipleSince: "2.4.0", .left, creates: true)

  /// `RPUSH key element [element ...]`
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/rpush/>
  package static let rpush = pushCommand(
    "rpush", "Appends elements to a list, creating it if it is missing.", since: "1.0.0",
    multipleSince: "2.4.0", .right, creates: true)

  /// `LPUSHX key element [element ...]`: LPUSH to a list that exists; else 0.
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/lpushx/>
  package static let lpushx = pushCommand(
    "lpushx", "Puts elements in front of a list, if there is one.", since: "2.2.0",
    multipleSince: "4.0.0", .left, creates: false)

  /// `RPUSHX key element [element ...]`
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/rpushx/>
  package static let rpushx = pushCommand(
    "rpushx", "Appends elements to a list, if there is one.", since: "2.2.0",
    multipleSince: "4.0.0", .right, creates: false)

  private static func pushCommand(
    _ name: StaticString, _ summary: String, since: String, multipleSince: String,
    _ end: ListValue.End, creates: Bool
  ) -> Command {
    Command(
      name, summary, since: since, group: .list, complexity: "O(N) in the elements added.",
      arity: .atLeast(3), keys: [.at(1, [.readWrite, .insert])], flags: [.write, .denyOOM, .fast],
      arguments: [.key(), Argument("element", .string, .multiple)],
      history: [(multipleSince, "Several elements.")],
      execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
        let key = arguments[1]
        let list: ListValue
        if creates {
          list = try keyspace.collectionForAdding(ListValue.self, key)
        } else {
          guard let found = try keyspace.collection(ListValue.self, key, for: .write) else {
            return reply.integer(0)
          }
          list = found
        }
        let settings = ListValue.Settings(keyspace)
        var byteCount = 0
        for index in 2..<arguments.count { byteCount &+= arguments[index].count }
        list.prepareToAdd(count: arguments.count - 2, bytes: byteCount, settings)
        for index in 2..<arguments.count { list.push(arguments[index], end, settings) }
        keyspace.changed(key)
        keyspace.notify(.list, end.pushEvent, key)
        reply.integer(list.count)
      })
  }
}
