import Engine
import RESP
import Scripting

extension ServiceCommand {
  /// `EVAL script numkeys [key [key ...]] [arg [arg ...]]`
  ///
  /// Replies with what the script returns.
  ///
  /// - Throws: where the script does not compile; errors of the script name the place.
  /// - SeeAlso: <https://redis.io/docs/latest/commands/eval/>
  static let eval = ServiceCommand(
    Command(
      "eval", "Runs a script in Lua.",
      since: "2.6.0", group: .scripting, complexity: "Depends on the script that is executed.",
      arity: .atLeast(3), keys: [scriptKeys(.readWrite)], flags: scriptFlags,
      arguments: scriptArguments("script"), execution: .service),
    footprint: { worker, arguments in worker.footprint(ofText: arguments, isReadOnly: false) }
  ) { worker, connection, arguments, keyspace, reply throws(CommandError) in
    try worker.evaluate(text: arguments, isReadOnly: false, connection, &keyspace, &reply)
  }

  /// `EVAL_RO script numkeys [key [key ...]] [arg [arg ...]]`
  ///
  /// As EVAL, for scripts that only read.
  static let evalRO = ServiceCommand(
    Command(
      "eval_ro", "Runs a script in Lua that only reads.",
      since: "7.0.0", group: .scripting, complexity: "Depends on the script that is executed.",
      arity: .atLeast(3), keys: [scriptKeys(.readOnly)], flags: readOnlyScriptFlags,
      arguments: scriptArguments("script"), execution: .service),
    footprint: { worker, arguments in worker.footprint(ofText: arguments, isReadOnly: true) }
  ) { worker, connection, arguments, keyspace, reply throws(CommandError) in
    try worker.evaluate(text: arguments, isReadOnly: true, connection, &keyspace, &reply)
  }

  /// `EVALSHA sha1 numkeys [key [key ...]] [arg [arg ...]]`
  ///
  /// As EVAL, for a script that the server knows.
  ///
  /// - Throws: `NOSCRIPT` if it does not.
  static let evalsha = ServiceCommand(
    Command(
      "evalsha", "Runs a script in Lua by its digest.",
      since: "2.6.0", group: .scripting, complexity: "Depends on the script that is executed.",
      arity: .atLeast(3), keys: [scriptKeys(.readWrite)], flags: scriptFlags,
      arguments: scriptArguments("sha1"), execution: .service),
    footprint: { worker, arguments in worker.footprint(ofDigest: arguments, isReadOnly: false) }
  ) { worker, connection, arguments, keyspace, reply throws(CommandError) in
    try worker.evaluate(digest: arguments, isReadOnly: false, connection, &keyspace, &reply)
  }

  /// `EVALSHA_RO sha1 numkeys [key [key ...]] [arg [arg ...]]`
  ///
  /// As EVALSHA, for scripts that only read.
  static let evalshaRO = ServiceCommand(
    Command(
      "evalsha_ro", "Runs a script in Lua that only reads by its digest.",
      since: "7.0.0", group: .scripting, complexity: "Depends on the script that is executed.",
      arity: .atLeast(3), keys: [scriptKeys(.readOnly)], flags: readOnlyScriptFlags,
      arguments: scriptArguments("sha1"), execution: .service),
    footprint: { worker, arguments in worker.footprint(ofDigest: arguments, isReadOnly: true) }
  ) { worker, connection, arguments, keyspace, reply throws(CommandError) in
    try worker.evaluate(digest: arguments, isReadOnly: true, connection, &keyspace, &reply)
  }

  static let scriptFlags: Command.Flags = [
    .noScript, .stale, .skipMonitor, .mayReplicate, .noMandatoryKeys, .movableKeys,
  ]

  static let readOnlyScriptFlags = scriptFlags.subtracting(.mayReplicate).union(.readOnly)

  static func scriptKeys(_ access: KeySpec.Access) -> KeySpec {
    KeySpec(
      begin: .index(2), find: .count(countIndex: 0, firstKey: 1, step: 1),
      access: access == .readOnly ? [.readOnly, .access] : [.readWrite, .access, .update],
      notes: "how the keys are used is up to the script")
  }

  static func scriptArguments(_ first: String) -> [Command.Argument] {
    [
      .init(first, .string), .init("numkeys", .integer), .key("key", [.optional, .multiple]),
      .init("arg", .string, [.optional, .multiple]),
    ]
  }
}

extension Worker {
  fileprivate func evaluate(
    text arguments: Arguments, isReadOnly: Bool, _ connection: Connection,
    _ keyspace: inout Keyspace, _ reply: inout ReplyWriter
  ) throws(CommandError) {
    let keyCount = try Self.keyCount(arguments)
    let target: ScriptTarget
    if let known = try scripts.target(text: arguments[1], isReadOnly: isReadOnly) {
      target = known
    } else {
      let script = try Self.makeScript(arguments[1])
      target = try scripts.compile(script, isReadOnly: isReadOnly)
      server.scripts.add(script)
    }
    try run(target, arguments, keyCount, isReadOnly: isReadOnly, connection, &keyspace, &reply)
  }

  fileprivate func evaluate(
    digest arguments: Arguments, isReadOnly: Bool, _ connection: Connection,
    _ keyspace: inout Keyspace, _ reply: inout ReplyWriter
  ) throws(CommandError) {
    if connection.isDebugging {
      throw CommandError("ERR Please use EVAL instead of EVALSHA for debugging")
    }
    let unknown = CommandError("NOSCRIPT No matching script. Please use EVAL.")
    // As in Redis, the keys are counted before a script is looked for, but not for what can't be one.
    guard arguments[1].count == 40 else { throw unknown }
    let keyCount = try Self.keyCount(arguments)
    guard let target = try scripts.target(digits: arguments[1], isReadOnly: isReadOnly) else {
      throw unknown
    }
    try run(target, arguments, keyCount, isReadOnly: isReadOnly, connection, &keyspace, &reply)
  }

  fileprivate func footprint(ofText arguments: Arguments, isReadOnly: Bool) -> Footprint? {
    guard let target = try? scripts.target(text: arguments[1], isReadOnly: isReadOnly) else { return nil }
    return footprint(of: target, arguments)
  }

  fileprivate func footprint(ofDigest arguments: Arguments, isReadOnly: Bool) -> Footprint? {
    guard let target = try? scripts.target(digits: arguments[1], isReadOnly: isReadOnly) else { return nil }
    return footprint(of: target, arguments)
  }

  func footprint(of target: ScriptTarget, _ arguments: Arguments) -> Footprint? {
    guard target.namesOnlyDeclaredKeys, let count = try? Self.keyCount(arguments) else { return nil }
    return Footprint(keys: arguments.part(from: 3, count: count), isWritten: !target.isReadOnly)
  }

  func run(
    _ target: ScriptTarget, _ arguments: Arguments, _ keyCount: Int, isReadOnly: Bool,
    _ connection: Connection, _ keyspace: inout Keyspace, _ reply: inout ReplyWriter
  ) throws(CommandError) {
    if isReadOnly, let flags = target.flags, !flags.contains(.noWrites) {
      throw CommandError("ERR Can not execute a script with write flag using *_ro command.")
    }
    let isOutOfMemory = isOutOfMemory(for: connection, &keyspace)
    if isOutOfMemory, let flags = target.flags, flags.isDisjoint(with: [.allowOOM, .noWrites]) {
      throw CommandError(
        "OOM allow-oom flag is not set on the script, can not run it when used memory > 'maxmemory'")
    }
    // Before what it calls.
    if server.insight.isMonitored, connection.visit == nil { monitorCaller(arguments, connection) }
    scripts.run(
      on: self, target, arguments, keyCount: keyCount, isOutOfMemory: isOutOfMemory, connection, &keyspace,
      &reply)
  }

  /// Whether there is no room for what a script may add. Makes some, unless it is part of a transaction.
  private func isOutOfMemory(for connection: Connection, _ keyspace: inout Keyspace) -> Bool {
    guard unsafe room.isLimited, !connection.isReplay else { return false }
    return connection.hops == nil ? isOutOfMemory(&keyspace) : hasNoRoom(keyspace)
  }

  static func keyCount(_ arguments: Arguments) throws(CommandError) -> Int {
    let count = try arguments[2].integer(orThrow: .notAnInteger)
    if count > arguments.count - 3 {
      throw CommandError("ERR Number of keys can't be greater than number of args")
    }
    if count < 0 { throw CommandError("ERR Number of keys can't be negative") }
    return count
  }

  static func makeScript(_ text: ByteView) throws(CommandError) -> Script {
    do throws(LibraryError) { return try Script(text) } catch {
      throw CommandError(composed: error.message)
    }
  }
}
