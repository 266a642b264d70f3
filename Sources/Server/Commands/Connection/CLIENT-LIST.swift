import Engine
import RESP

extension ServiceCommand {
  /// `CLIENT INFO`
  ///
  /// Replies with one line of fields.
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/client-info/>
  static let clientInfo = ServiceCommand(
    Command(
      "info", "Describes this connection.",
      since: "6.2.0", group: .connection, complexity: "O(1)",
      arity: .exactly(2), flags: [.noScript, .loading, .stale],
      tips: ["nondeterministic_output"],
      execution: .service)
  ) { worker, connection, arguments, _, reply throws(CommandError) in
    reply.verbatim(worker.clientLine(connection, running: arguments) + [0x0A])
  }

  /// `CLIENT LIST [TYPE <NORMAL | MASTER | REPLICA | PUBSUB>] [ID client-id [client-id ...]]`
  ///
  /// Replies with a line of fields for each connection, oldest first, or in the order of the numbers asked for.
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/client-list/>
  static let clientList = ServiceCommand(
    Command(
      "list", "Describes the connections of all clients.",
      since: "2.4.0", group: .connection,
      complexity: "O(N) where N is the number of client connections",
      arity: .atLeast(2), flags: [.admin, .noScript, .loading, .stale],
      tips: ["nondeterministic_output"],
      arguments: [
        .init(
          "client-type", .oneof, token: "TYPE", .optional, since: "5.0.0",
          members: [
            .init("normal", .pureToken, token: "NORMAL"),
            .init("master", .pureToken, token: "MASTER"),
            .init("replica", .pureToken, token: "REPLICA"),
            .init("pubsub", .pureToken, token: "PUBSUB"),
          ]),
        .init("client-id", .integer, token: "ID", [.optional, .multiple], since: "6.2.0"),
      ],
      history: [
        ("2.8.12", "Added unique client `id` field."),
        ("5.0.0", "Added optional `TYPE` filter."),
        ("6.0.0", "Added `user` field."),
        (
          "6.2.0",
          "Added `argv-mem`, `tot-mem`, `laddr` and `redir` fields and the optional `ID` filter."
        ),
        ("7.0.0", "Added `resp`, `multi-mem`, `rbs` and `rbp` fields."),
        ("7.0.3", "Added `ssub` field."),
        ("7.2.0", "Added `lib-name` and `lib-ver` fields."),
        ("7.4.0", "Added `watch` field."),
      ],
      execution: .service)
  ) { worker, connection, arguments, _, reply throws(CommandError) in
    var filter = ClientFilter()
    var numbers: [UInt64]?
    if arguments.count == 4, arguments[2].matches("type") {
      filter.type = try ClientFilter.ClientType(arguments[3])
    } else if arguments.count > 3, arguments[2].matches("id") {
      numbers = try clientNumbers(arguments)
    } else if arguments.count != 2 {
      throw .syntax
    }
    if let numbers { filter.ids = Set(numbers) }
    let own = worker.clientLine(connection, running: arguments)
    let (matching, me, order) = (filter, connection.id, numbers)
    worker.onEveryWorker(connection, &reply) { worker in
      worker.connections.all.filter { !$0.isShutDown && matching.matches($0) }
        .map { ($0.id, $0.id == me ? own : worker.clientLine($0)) }
    } then: { lines, reply in
      reply.verbatim(joinedLines(lines.flatMap { $0 }, order))
    }
  }
}

private func clientNumbers(_ arguments: Arguments) throws(CommandError) -> [UInt64] {
  var numbers: [UInt64] = []
  for index in 3..<arguments.count {
    guard let id = DecimalText.integer(arguments[index]) else {
      throw CommandError("ERR Invalid client ID")
    }
    if let id = UInt64(exactly: id) { numbers.append(id) }
  }
  return numbers
}

private func joinedLines(_ lines: [(id: UInt64, line: [UInt8])], _ order: [UInt64]?) -> [UInt8] {
  let byID = Dictionary(lines.map { ($0.id, $0.line) }) { first, _ in first }
  var text: [UInt8] = []
  for id in order ?? byID.keys.sorted() {
    if let line = byID[id] { text += line + [0x0A] }
  }
  return text
}
