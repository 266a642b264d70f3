import Engine
import RESP
import ServerConfig

extension ServiceCommand {
  /// `CONFIG GET parameter [parameter ...]`
  ///
  /// Replies with a Map of names and values.
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/config-get/>
  static let configGetCommand = Command(
    "get", "Returns the directives that match patterns, with their values.", since: "2.0.0",
    group: .server, complexity: "O(N) when N is the number of configuration parameters provided",
    arity: .atLeast(3), flags: configFlags, arguments: [.init("parameter", .string, .multiple)],
    history: [("7.0.0", "Added the ability to pass multiple pattern parameters in one call")],
    execution: .service)

  static let configGet: Body = { worker, _, arguments, _, reply in
    let patterns = (2..<arguments.count).map { arguments[$0].string }
    let pairs = worker.server.configuration.get(patterns: patterns)
    reply.map(pairs.count)
    for (name, value) in pairs {
      reply.bulk(name)
      reply.bulk(value)
    }
  }
}
