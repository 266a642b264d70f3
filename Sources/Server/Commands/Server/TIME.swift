import Engine
import RESP

extension ServiceCommand {
  /// `TIME`
  ///
  /// Replies with two bulk strings: seconds since 1970, and the microseconds on top of them.
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/time/>
  static let time = ServiceCommand(
    Command(
      "time", "Returns the server's clock.", since: "2.6.0", group: .server, complexity: "O(1)",
      arity: .exactly(1), flags: [.loading, .stale, .fast], tips: ["nondeterministic_output"],
      execution: .service)
  ) { _, _, _, _, reply in
    let now = Int(WallClock.microseconds)
    reply.array(2)
    reply.bulk(now / 1_000_000)
    reply.bulk(now % 1_000_000)
  }
}
