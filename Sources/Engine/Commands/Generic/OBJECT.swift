import RESP

extension Command {
  /// `OBJECT subcommand`: how values are stored and used.
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/object/>
  package static let object = Command(
    "object", "Tells how a key's value is stored and used.", since: "2.2.3", group: .generic,
    complexity: "Depends on the subcommand.", arity: .atLeast(2),
    subcommands: [objectEncoding, objectFreq, objectHelp, objectIdletime, objectRefcount],
    execution: .container)

  /// `OBJECT ENCODING key`: the encoding's name, null if there is no such key.
  private static let objectEncoding = objectCommand(
    "encoding", "Names the encoding of a key's value.", since: "2.2.3"
  ) { _, entry, reply in reply.bulk(entry.encoding.name(of: entry.type)) }

  /// `OBJECT FREQ key`: the logarithmic access counter.
  ///
  /// - Throws: `.frequencyNotTracked` unless the eviction policy is an LFU one.
  private static let objectFreq = objectCommand(
    "freq", "Returns the counter by which the LFU policies rank a key.", since: "4.0.0"
  ) { keyspace, entry, reply throws(CommandError) in
    guard keyspace.options.countsFrequency else { throw .frequencyNotTracked }
    reply.integer(keyspace.frequency(entry))
  }

  /// `OBJECT IDLETIME key`: seconds since the last use.
  ///
  /// - Throws: `.idleTimeNotTracked` where the eviction policy is an LFU one.
  private static let objectIdletime = objectCommand(
    "idletime", "Returns how many seconds a key has not been used.", since: "2.2.3"
  ) { keyspace, entry, reply throws(CommandError) in
    if keyspace.options.countsFrequency { throw .idleTimeNotTracked }
    reply.integer(keyspace.idleSeconds(entry))
  }

  /// `OBJECT REFCOUNT key`: always 1, since values are never shared.
  private static let objectRefcount = objectCommand(
    "refcount", "Returns how many references a value has.", since: "2.2.3"
  ) { _, _, reply in reply.integer(1) }

  /// `OBJECT HELP`
  private static let objectHelp = Command(
    "help", "Lists the subcommands.", since: "6.2.0", group: .generic, complexity: "O(1)",
    arity: .exactly(2), flags: [.loading, .stale], categories: .keyspace,
    execution: .oneShard { _, _, reply in
      reply.array(objectHelpLines.count)
      for line in objectHelpLines { reply.simple(line) }
    })

  private static let objectHelpLines: [StaticString] = [
    "OBJECT <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
    "ENCODING <key>",
    "    Name the way in which the value of <key> is stored.",
    "FREQ <key>",
    "    Return the logarithmic counter of how often <key> is used. Only where an",
    "    LFU policy is selected.",
    "IDLETIME <key>",
    "    Return for how many seconds <key> has not been used.",
    "REFCOUNT <key>",
    "    Return the number of references to the value of <key>, which is 1.",
    "HELP",
    "    Print this help.",
  ]

  private static func objectCommand(
    _ name: StaticString, _ summary: String, since: String,
    _ body:
      @escaping @Sendable (borrowing Keyspace, Entry, inout ReplyWriter) throws(CommandError)
      -> Void
  ) -> Command {
    Command(
      name, summary, since: since, group: .generic, complexity: "O(1)", arity: .exactly(3),
      keys: [.at(2, [.readOnly])], flags: [.readOnly], categories: .keyspace,
      tips: ["nondeterministic_output"], arguments: [.key()],
      execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
        guard let entry = keyspace.lookup(arguments[2], for: .inspect) else {
          return reply.null()
        }
        try body(keyspace, entry, &reply)
      })
  }
}
