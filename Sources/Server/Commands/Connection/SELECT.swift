import Engine
import RESP

extension ServiceCommand {
  /// `SELECT index`
  ///
  /// Replies with `OK`.
  ///
  /// - Throws: `.notAnInteger`; `.databaseOutOfRange`.
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/select/>
  static let select = ServiceCommand(
    Command(
      "select", "Chooses the database that the next commands are about.",
      since: "1.0.0", group: .connection, complexity: "O(1)",
      arity: .exactly(2), flags: [.loading, .stale, .fast],
      arguments: [
        .init("index", .integer)
      ],
      execution: .service)
  ) { _, connection, arguments, keyspace, reply throws(CommandError) in
    connection.database = try arguments[1].databaseIndex(in: keyspace)
    reply.ok()
  }
}
