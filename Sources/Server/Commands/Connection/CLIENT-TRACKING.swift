import Engine
import RESP

extension ServiceCommand {
  /// `CLIENT TRACKING <ON | OFF> [REDIRECT client-id] [PREFIX prefix [PREFIX prefix ...]] [BCAST] [OPTIN] [OPTOUT]
  /// [NOLOOP]`
  ///
  /// Replies with `OK`.
  ///
  /// - Throws: for options that do not go together, or not with those in force; when there is no client to redirect to.
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/client-tracking/>
  static let clientTracking = ServiceCommand(
    Command(
      "tracking", "Has the server tell when keys that this client caches change.",
      since: "6.0.0", group: .connection,
      complexity: "O(1). Some options may introduce additional complexity.",
      arity: .atLeast(3), flags: [.noScript, .loading, .stale],
      arguments: [
        .init(
          "status", .oneof,
          members: [.init("on", .pureToken, token: "ON"), .init("off", .pureToken, token: "OFF")]),
        .init("client-id", .integer, token: "REDIRECT", .optional),
        .init("prefix", .string, token: "PREFIX", [.optional, .multiple, .multipleToken]),
        .init("bcast", .pureToken, token: "BCAST", .optional),
        .init("optin", .pureToken, token: "OPTIN", .optional),
        .init("optout", .pureToken, token: "OPTOUT", .optional),
        .init("noloop", .pureToken, token: "NOLOOP", .optional),
      ],
      execution: .service)
  ) { worker, connection, arguments, keyspace, reply throws(CommandError) in
    let options = try TrackingOptions(arguments)
    guard arguments[2].matches("on") else {
      guard arguments[2].matches("off") else { throw .syntax }
      worker.stopTracking(connection)
      return reply.ok()
    }
    let state = try options.state(after: connection.tracking)
    guard let id = options.redirect else {
      worker.startTracking(connection, state, &keyspace)
      return reply.ok()
    }
    try worker.redirectTracking(connection, state, to: id, &keyspace, &reply)
  }

  /// `CLIENT CACHING <YES | NO>`
  ///
  /// Replies with `OK`.
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/client-caching/>
  static let clientCaching = ServiceCommand(
    Command(
      "caching", "Says whether the keys of the next command are cached.",
      since: "6.0.0", group: .connection, complexity: "O(1)",
      arity: .exactly(3), flags: [.noScript, .loading, .stale],
      arguments: [
        .init(
          "mode", .oneof,
          members: [.init("yes", .pureToken, token: "YES"), .init("no", .pureToken, token: "NO")])
      ],
      execution: .service)
  ) { _, connection, arguments, _, reply throws(CommandError) in
    guard let tracking = connection.tracking, tracking.isOptIn || tracking.isOptOut else {
      throw CommandError(
        "ERR CLIENT CACHING can be called only when the client is in tracking mode with OPTIN or OPTOUT mode enabled"
      )
    }
    if arguments[2].matches("yes") {
      guard tracking.isOptIn else {
        throw CommandError(
          "ERR CLIENT CACHING YES is only valid when tracking is enabled in OPTIN mode.")
      }
    } else if arguments[2].matches("no") {
      guard tracking.isOptOut else {
        throw CommandError(
          "ERR CLIENT CACHING NO is only valid when tracking is enabled in OPTOUT mode.")
      }
    } else {
      throw .syntax
    }
    connection.tracking?.hasCachingChoice = true
    reply.ok()
  }

  /// `CLIENT GETREDIR`
  ///
  /// Replies with an Integer: who is told in this client's stead, 0 for nobody, -1 without tracking.
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/client-getredir/>
  static let clientGetRedirection = ServiceCommand(
    Command(
      "getredir", "Tells which client gets this one's invalidations.",
      since: "6.0.0", group: .connection, complexity: "O(1)",
      arity: .exactly(2), flags: [.noScript, .loading, .stale],
      execution: .service)
  ) { _, connection, _, _, reply throws(CommandError) in
    reply.integer(connection.redirection)
  }

  /// `CLIENT TRACKINGINFO`
  ///
  /// Replies with a Map: `flags`, `redirect`, `prefixes`.
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/client-trackinginfo/>
  static let clientTrackingInfo = ServiceCommand(
    Command(
      "trackinginfo", "Tells how this client tracks keys.",
      since: "6.2.0", group: .connection, complexity: "O(1)",
      arity: .exactly(2), flags: [.noScript, .loading, .stale],
      execution: .service)
  ) { _, connection, _, _, reply throws(CommandError) in
    var flags: [StaticString] = []
    if let tracking = connection.tracking {
      flags.append("on")
      if tracking.isBroadcast { flags.append("bcast") }
      if tracking.isOptIn { flags.append("optin") }
      if tracking.isOptIn, tracking.hasCachingChoice { flags.append("caching-yes") }
      if tracking.isOptOut { flags.append("optout") }
      if tracking.isOptOut, tracking.hasCachingChoice { flags.append("caching-no") }
      if tracking.isNoLoop { flags.append("noloop") }
      if tracking.redirect?.isBroken == true { flags.append("broken_redirect") }
    } else {
      flags.append("off")
    }
    reply.map(3)
    reply.bulk("flags" as StaticString)
    reply.set(flags.count)
    for flag in flags { reply.bulk(flag) }
    reply.bulk("redirect" as StaticString)
    reply.integer(connection.redirection)
    reply.bulk("prefixes" as StaticString)
    let prefixes = connection.tracking?.prefixes ?? []
    reply.array(prefixes.count)
    for prefix in prefixes { reply.bulk(prefix) }
  }
}

extension Connection {
  /// As CLIENT GETREDIR and CLIENT LIST give it.
  var redirection: Int {
    guard let tracking else { return -1 }
    return Int(tracking.redirect?.id ?? 0)
  }
}

extension Worker {
  /// Begins to track once it is known on which thread the client is that shall be told.
  fileprivate func redirectTracking(
    _ connection: Connection, _ state: TrackingState, to id: UInt64, _ keyspace: inout Keyspace,
    _ reply: inout ReplyWriter
  ) throws(CommandError) {
    if let client = find(id) {
      var state = state
      state.redirect = TrackingState.Redirect(id: id, client: client)
      startTracking(connection, state, &keyspace)
      return reply.ok()
    }
    let handle = connection.handle
    guard server.shardCount > 1 else { throw TrackingOptions.noSuchClient }
    let workers = server.workers
    suspend(connection) { reply throws(CommandError) in
      var found: ClientReference?
      for worker in workers where found == nil { found = await worker.perform { $0.find(id) } }
      guard let found else { throw TrackingOptions.noSuchClient }
      var redirected = state
      redirected.redirect = TrackingState.Redirect(id: id, client: found)
      let final = redirected
      await self.performWithKeyspace { worker, keyspace in
        guard let connection = worker.connections[handle] else { return }
        worker.startTracking(connection, final, &keyspace)
      }
      reply.ok()
    }
  }

  private func find(_ id: UInt64) -> ClientReference? {
    connections.all.first { $0.id == id && !$0.isShutDown }.map { reference(to: $0) }
  }
}

/// What CLIENT TRACKING was told.
private struct TrackingOptions {
  private(set) var redirect: UInt64?
  private var prefixes: [[UInt8]] = []
  private var isBroadcast = false
  private var isOptIn = false
  private var isOptOut = false
  private var isNoLoop = false

  static let noSuchClient = CommandError("ERR The client ID you want redirect to does not exist")

  init(_ arguments: Arguments) throws(CommandError) {
    var index = 3
    while index < arguments.count {
      let word = arguments[index]
      let hasMore = index + 1 < arguments.count
      if word.matches("redirect"), hasMore {
        index += 1
        guard redirect == nil else {
          throw CommandError("ERR A client can only redirect to a single other client")
        }
        redirect = UInt64(exactly: try arguments[index].integer()) ?? 0
      } else if word.matches("bcast") {
        isBroadcast = true
      } else if word.matches("optin") {
        isOptIn = true
      } else if word.matches("optout") {
        isOptOut = true
      } else if word.matches("noloop") {
        isNoLoop = true
      } else if word.matches("prefix"), hasMore {
        index += 1
        prefixes.append(arguments[index].bytes)
      } else {
        throw .syntax
      }
      index += 1
    }
  }

  /// The state with these options, given the one in force.
  func state(after old: TrackingState?) throws(CommandError) -> TrackingState {
    if !isBroadcast, !prefixes.isEmpty {
      throw CommandError("ERR PREFIX option requires BCAST mode to be enabled")
    }
    if let old, old.isBroadcast != isBroadcast {
      throw CommandError(
        "ERR You can't switch BCAST mode on/off before disabling tracking for this client, and then re-enabling it with a different mode."
      )
    }
    if isBroadcast, isOptIn || isOptOut {
      throw CommandError("ERR OPTIN and OPTOUT are not compatible with BCAST")
    }
    if isOptIn, isOptOut {
      throw CommandError("ERR You can't specify both OPTIN mode and OPTOUT mode")
    }
    if let old, isOptIn && old.isOptOut || isOptOut && old.isOptIn {
      throw CommandError(
        "ERR You can't switch OPTIN/OPTOUT mode before disabling tracking for this client, and then re-enabling it with a different mode."
      )
    }
    var state = TrackingState()
    state.isBroadcast = isBroadcast
    state.isOptIn = isOptIn
    state.isOptOut = isOptOut
    state.isNoLoop = isNoLoop
    guard isBroadcast else { return state }
    state.prefixes = old?.prefixes ?? []
    try addPrefixes(to: &state)
    return state
  }

  private func addPrefixes(to state: inout TrackingState) throws(CommandError) {
    if prefixes.isEmpty, state.prefixes.isEmpty { state.prefixes = [[]] }
    // Those in force first, whichever of the new ones is at fault.
    for prefix in prefixes {
      if let other = state.prefixes.first(where: { $0 != prefix && Self.overlap($0, prefix) }) {
        throw Self.overlapping(prefix, other, "an existing prefix '")
      }
    }
    for (index, prefix) in prefixes.enumerated() {
      for other in prefixes[(index + 1)...] where Self.overlap(prefix, other) {
        throw Self.overlapping(prefix, other, "another provided prefix '")
      }
    }
    for prefix in prefixes where !state.prefixes.contains(prefix) { state.prefixes.append(prefix) }
  }

  private static func overlap(_ first: [UInt8], _ second: [UInt8]) -> Bool {
    first.starts(with: second) || second.starts(with: first)
  }

  private static func overlapping(
    _ prefix: [UInt8], _ other: [UInt8], _ what: String
  ) -> CommandError {
    CommandError(
      composed: Array("ERR Prefix '".utf8) + prefix + Array("' overlaps with \(what)".utf8) + other
        + Array("'. Prefixes for a single client must not overlap.".utf8))
  }
}
