import RESP

extension Command {
  /// `TTL key`
  ///
  /// Replies with an Integer: the seconds left, rounded; -1 if the key stays for ever, -2 if there
  /// is none.
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/ttl/>
  package static let ttl = timeCommand(
    "ttl", "Returns how many seconds a key has left.", since: "1.0.0",
    tips: ["nondeterministic_output"], history: [("2.8.0", "Replies -2 for a missing key.")],
    unit: .seconds, isRelative: true)

  /// `PTTL key`: TTL in milliseconds.
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/pttl/>
  package static let pttl = timeCommand(
    "pttl", "Returns how many milliseconds a key has left.", since: "2.6.0",
    tips: ["nondeterministic_output"], history: [("2.8.0", "Replies -2 for a missing key.")],
    unit: .milliseconds, isRelative: true)

  /// `EXPIRETIME key`: the Unix time, in seconds, rounded.
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/expiretime/>
  package static let expiretime = timeCommand(
    "expiretime", "Returns the Unix time, in seconds, at which a key expires.", since: "7.0.0",
    unit: .seconds, isRelative: false)

  /// `PEXPIRETIME key`: the Unix time in milliseconds.
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/pexpiretime/>
  package static let pexpiretime = timeCommand(
    "pexpiretime", "Returns the Unix time, in milliseconds, at which a key expires.",
    since: "7.0.0", unit: .milliseconds, isRelative: false)

  private static func timeCommand(
    _ name: StaticString, _ summary: String, since: String, tips: [String] = [],
    history: [(since: String, change: String)] = [], unit: ExpiryUnit, isRelative: Bool
  ) -> Command {
    Command(
      name, summary, since: since, group: .generic, complexity: "O(1)", arity: .exactly(2),
      keys: [.at(1, [.readOnly, .access])], flags: [.readOnly, .fast], categories: .keyspace,
      tips: tips, arguments: [.key()], history: history,
      execution: .oneShard { keyspace, arguments, reply in
        guard let entry = keyspace.lookup(arguments[1], for: .inspect) else {
          return reply.integer(-2)
        }
        guard let expiry = entry.expiry else { return reply.integer(-1) }
        reply.integer(unit.count(of: isRelative ? expiry - keyspace.now : expiry))
      })
  }
}
