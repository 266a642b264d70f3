import Engine
import RESP

extension ServiceCommand {
  /// `CLIENT KILL <ip:port | <[ID client-id] [TYPE type] [USER username] [ADDR ip:port] [LADDR ip:port] [SKIPME YES|NO] [MAXAGE maxage]> ...>`
  ///
  /// Replies with how many connections were closed; in the old form, with an address alone, with `OK`.
  ///
  /// - Throws: in the old form when nobody has that address.
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/client-kill/>
  static let clientKill = ServiceCommand(
    Command(
      "kill", "Closes the connections of other clients.",
      since: "2.4.0", group: .connection,
      complexity: "O(N) where N is the number of client connections",
      arity: .atLeast(3), flags: [.admin, .noScript, .loading, .stale],
      arguments: [
        .init(
          "filter", .oneof,
          members: [
            .init("old-format", .string, displayText: "ip:port"),
            .init(
              "new-format", .oneof, .multiple,
              members: [
                .init("client-id", .integer, token: "ID", .optional, since: "2.8.12"),
                .init(
                  "client-type", .oneof, token: "TYPE", .optional, since: "2.8.12",
                  members: [
                    .init("normal", .pureToken, token: "NORMAL"),
                    .init("master", .pureToken, token: "MASTER", since: "3.2.0"),
                    .init("slave", .pureToken, token: "SLAVE"),
                    .init("replica", .pureToken, token: "REPLICA", since: "5.0.0"),
                    .init("pubsub", .pureToken, token: "PUBSUB"),
                  ]),
                .init("username", .string, token: "USER", .optional),
                .init("addr", .string, token: "ADDR", .optional, displayText: "ip:port"),
                .init(
                  "laddr", .string, token: "LADDR", .optional, since: "6.2.0",
                  displayText: "ip:port"),
                .init(
                  "skipme", .oneof, token: "SKIPME", .optional,
                  members: [
                    .init("yes", .pureToken, token: "YES"),
                    .init("no", .pureToken, token: "NO"),
                  ]),
                .init("maxage", .integer, token: "MAXAGE", .optional, since: "7.4.0"),
              ]),
          ])
      ],
      history: [
        ("2.8.12", "Added new filter format."),
        ("2.8.12", "`ID` option."),
        ("3.2.0", "Added `master` type in for `TYPE` option."),
        (
          "5.0.0",
          "Replaced `slave` `TYPE` with `replica`. `slave` still supported for backward compatibility."
        ),
        ("6.2.0", "`LADDR` option."),
        ("7.4.0", "`MAXAGE` option."),
      ],
      execution: .service)
  ) { worker, connection, arguments, _, reply throws(CommandError) in
    let isOldForm = arguments.count == 3
    let filter = try ClientFilter(killing: arguments)
    let me = connection.id
    worker.onEveryWorker(connection, &reply) { worker in
      worker.kill(filter, me: me)
    } then: { counts, reply in
      let killed = counts.reduce(0, +)
      if !isOldForm {
        reply.integer(killed)
      } else if killed > 0 {
        reply.ok()
      } else {
        reply.error("ERR No such client")
      }
    }
  }
}

extension Worker {
  /// Closes the connections that `filter` describes; `me` is who asks and still gets the reply.
  ///
  /// - Returns: how many.
  func kill(_ filter: ClientFilter, me: UInt64) -> Int {
    let now = WallClock.milliseconds / 1000
    var killed = 0
    for connection in connections.all
    where !connection.isShutDown && filter.matches(connection, me: me, now: now) {
      killed += 1
      if connection.id == me {
        connection.isClosing = true
        touch(connection)
      } else {
        shutDown(connection)
      }
    }
    return killed
  }
}
