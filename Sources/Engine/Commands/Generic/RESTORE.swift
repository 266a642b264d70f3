import RESP

extension Command {
  /// `RESTORE key ttl serialized-value [REPLACE] [ABSTTL] [IDLETIME seconds] [FREQ frequency]`
  ///
  /// Replies OK. A `ttl` of 0 means for ever; with ABSTTL it is a Unix time in milliseconds, and
  /// one that has passed creates nothing.
  ///
  /// - Throws: `.busyKey`; `.badPayloadChecksum`; `.badPayload`; `.invalidTTL`, `.invalidIdleTime`,
  ///   `.invalidFrequency`; `.notAnInteger`; `.syntax`.
  /// - SeeAlso: <https://redis.io/docs/latest/commands/restore/>
  package static let restore = Command(
    "restore", "Creates a key from what DUMP returned.", since: "2.6.0", group: .generic,
    complexity: "O(N) in the size of the value; O(N*log(N)) for sorted sets.",
    arity: .atLeast(4), keys: [.at(1, [.overwrite, .update])], flags: [.write, .denyOOM],
    categories: [.keyspace, .dangerous],
    arguments: [
      .key(), Argument("ttl", .integer), Argument("serialized-value", .string),
      .token("replace", "REPLACE", [.optional], since: "3.0.0"),
      .token("absttl", "ABSTTL", [.optional], since: "5.0.0"),
      Argument("seconds", .integer, token: "IDLETIME", [.optional], since: "5.0.0"),
      Argument("frequency", .integer, token: "FREQ", [.optional], since: "5.0.0"),
    ],
    history: [
      ("3.0.0", "The option `REPLACE`."), ("5.0.0", "The option `ABSTTL`."),
      ("5.0.0", "The options `IDLETIME` and `FREQ`."),
    ],
    execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
      let key = arguments[1]
      let options = try RestoreOptions(arguments)
      if !options.replaces, keyspace.exists(key) { throw .busyKey }
      let ttl = Int64(try arguments[2].integer())
      if ttl < 0 { throw .invalidTTL }
      // Redis adds without looking; a time that wraps around would have passed.
      let time = options.isAbsolute || ttl == 0 ? ttl : keyspace.now &+ ttl
      let entry = try DumpPayload.entry(
        arguments[3], key: key, expiry: ttl == 0 ? nil : time, &keyspace)
      if ttl != 0, time <= keyspace.expiryHorizon, !keyspace.keepsExpiredKeys {
        if keyspace.delete(key) { keyspace.record(["DEL", .view(key)]) }
        return reply.ok()
      }
      keyspace.put(entry)
      keyspace.record(
        ["RESTORE", .view(key), .integer(ttl == 0 ? 0 : Int(time)), .view(arguments[3]), "REPLACE", "ABSTTL"])
      keyspace.notify(.newKey, "new", key)
      keyspace.notify(.generic, "restore", key)
      if let entry = keyspace.lookup(key, for: .peek) { options.setClock(of: entry, &keyspace) }
      reply.ok()
    })
}

private struct RestoreOptions {
  private(set) var replaces = false
  private(set) var isAbsolute = false
  private var idleSeconds: Int?
  private var frequency: UInt8?

  /// Reads the words after the payload.
  init(_ arguments: Arguments) throws(CommandError) {
    var index = 4
    while index < arguments.count {
      let word = arguments[index]
      let hasValue = index + 1 < arguments.count
      if word.matches("replace") {
        replaces = true
      } else if word.matches("absttl") {
        isAbsolute = true
      } else if word.matches("idletime"), hasValue, frequency == nil {
        index += 1
        let seconds = try arguments[index].integer()
        if seconds < 0 { throw .invalidIdleTime }
        idleSeconds = seconds
      } else if word.matches("freq"), hasValue, idleSeconds == nil {
        index += 1
        guard let counter = UInt8(exactly: try arguments[index].integer()) else {
          throw .invalidFrequency
        }
        frequency = counter
      } else {
        throw .syntax
      }
      index += 1
    }
  }

  /// Sets what the eviction policy goes by.
  func setClock(of entry: Entry, _ keyspace: inout Keyspace) {
    if keyspace.options.countsFrequency {
      if let frequency { keyspace.setFrequency(entry, frequency) }
    } else if let idleSeconds {
      keyspace.setIdleSeconds(entry, idleSeconds)
    }
  }
}
