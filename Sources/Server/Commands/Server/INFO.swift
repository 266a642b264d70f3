import Engine
import RESP

extension ServiceCommand {
  /// `INFO [section ...]`
  ///
  /// Replies with a text of `name:value` lines in sections; sections nobody knows are left out.
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/info/>
  static let info = ServiceCommand(
    Command(
      "info", "Tells how the server is doing, in numbers.", since: "1.0.0", group: .server,
      complexity: "O(1)", arity: .atLeast(1), flags: [.loading, .stale], categories: .dangerous,
      tips: [
        "nondeterministic_output", "request_policy:all_shards", "response_policy:special",
      ],
      arguments: [.init("section", .string, [.optional, .multiple])],
      history: [("7.0.0", "Added support for taking multiple section arguments.")],
      execution: .service)
  ) { worker, connection, arguments, keyspace, reply in
    let names = (1..<arguments.count).map { arguments[$0].string }
    let sections = Information.sections(named: names)
    let server = worker.server
    let figures = AllocatorFigures(server.memory)
    worker.withReports(connection, &keyspace, &reply) { reports, reply in
      var information = Information(server, figures, reports)
      information.write(sections)
      reply.verbatim(Array(information.text.utf8))
    }
  }
}
