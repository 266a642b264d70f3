import Engine
import Glibc
import Logging
import RESP
import ServerConfig

extension ServiceCommand {
  /// `DEBUG subcommand [argument ...]`: for tests and for finding faults.
  ///
  /// Allowed as `enable-debug-command` says.
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/debug/>
  static let debug = ServiceCommand(
    Command(
      "debug", "Groups commands for testing the server itself.", since: "1.0.0", group: .server,
      complexity: "Depends on subcommand.", arity: .atLeast(2), flags: configFlags,
      execution: .service)
  ) { worker, connection, arguments, keyspace, reply throws(CommandError) in
    try checkDebugging(worker, connection)
    let call = DebugCall(worker: worker, connection: connection, arguments: arguments)
    guard
      let entry = DebugCall.subcommands.first(where: {
        arguments[1].matches($0.name) && $0.words.contains(arguments.count)
      })
    else {
      throw CommandError(
        composed: Array("ERR unknown subcommand or wrong number of arguments for '".utf8)
          + arguments[1][0..<min(arguments[1].count, 128)].bytes
          + Array("'. Try DEBUG HELP.".utf8))
    }
    try entry.body(call, &keyspace, &reply)
  }

  private static func checkDebugging(
    _ worker: Worker, _ connection: Connection
  ) throws(CommandError) {
    switch worker.server.configuration[.enableDebugCommand] {
    case "yes": return
    case "local" where connection.address.isLoopback: return
    default:
      throw CommandError(
        "ERR DEBUG command not allowed. If the enable-debug-command option is set to \"local\", you can run it from a local connection, otherwise you need to set this option in the configuration file, and then restart the server."
      )
    }
  }
}

/// One DEBUG command on its way.
struct DebugCall {
  let worker: Worker
  let connection: Connection
  let arguments: Arguments

  typealias Body = @Sendable (DebugCall, inout Keyspace, inout ReplyWriter) throws(CommandError) ->
    Void

  /// By name, with how many words each takes.
  static let subcommands: [(name: StaticString, words: ClosedRange<Int>, body: Body)] = [
    ("assert", 2...2, { _, _, _ in preconditionFailure("DEBUG ASSERT") }),
    ("aof-flush-sleep", 3...3, sleepBeforeWriting),
    ("change-repl-id", 2...2, changeReplicationID),
    ("config-rewrite-force-all", 2...2, rewriteEverything),
    ("digest", 2...2, digest),
    ("digest-value", 2...Int.max, digestValue),
    ("error", 3...3, error),
    ("help", 2...2, { _, _, reply in HelpText.write("DEBUG", helpLines, to: &reply) }),
    ("htstats", 3...4, tableStatistics),
    ("htstats-key", 3...4, tableStatisticsOfKey),
    ("loadaof", 2...2, loadAppendOnly),
    ("log", 3...3, log),
    ("mallctl", 3...4, control),
    ("mallctl-str", 3...4, textControl),
    ("object", 3...4, object),
    ("panic", 2...2, { _, _, _ in fatalError("DEBUG PANIC") }),
    ("pause-cron", 3...3, pauseCron),
    ("populate", 3...5, populate),
    ("protocol", 3...3, protocolSample),
    ("quicklist-packed-threshold", 3...3, plainNodeThreshold),
    ("reload", 2...5, reload),
    ("replybuffer", 4...4, replyBuffers),
    ("segfault", 2...2, { _, _, _ in segfault() }),
    ("set-active-expire", 3...3, setActiveExpire),
    ("set-disable-deny-scripts", 3...3, allowAllInScripts),
    ("set-skip-checksum-validation", 3...3, ignoreChecksums),
    ("sleep", 3...3, sleep),
    ("stringmatch-test", 2...2, matchTest),
  ]

  private static let helpLines: [StaticString] = [
    "AOF-FLUSH-SLEEP <microseconds>",
    "    Block each shard so long before it writes to its append-only file.",
    "ASSERT",
    "    Stop the process by a failed assertion.",
    "CHANGE-REPL-ID",
    "    Give the data set a new replication ID.",
    "CONFIG-REWRITE-FORCE-ALL",
    "    As CONFIG REWRITE, with all directives, those at their default included.",
    "DIGEST",
    "    Return 40 hexadecimal digits that depend on the data only.",
    "DIGEST-VALUE <key> [<key> ...]",
    "    As DIGEST, of single values.",
    "ERROR <text>",
    "    Reply with the error <text>.",
    "HTSTATS <database>",
    "    Show how each shard's table of a database is filled.",
    "HTSTATS-KEY <key>",
    "    As HTSTATS, for a value that is a hash table.",
    "LOADAOF",
    "    Write the append-only files out, and read the data from them again.",
    "LOG <text>",
    "    Write <text> to the log.",
    "MALLCTL <name> [<value>]",
    "    Read or set a number of the allocator.",
    "MALLCTL-STR <name> [<value>]",
    "    Read or set a text of the allocator.",
    "OBJECT <key>",
    "    Show how a value is stored.",
    "PANIC",
    "    Stop the process by a fatal error.",
    "PAUSE-CRON <0|1>",
    "    Stop or resume what shards do by themselves.",
    "POPULATE <count> [<prefix>] [<size>]",
    "    Make <count> strings named <prefix>:<number>, each <size> bytes long.",
    "PROTOCOL <type>",
    "    Reply with a sample of a type: string, integer, double, bignum, null, array,",
    "    set, map, attrib, push, verbatim, true, false.",
    "QUICKLIST-PACKED-THRESHOLD <bytes>",
    "    Give list elements from this length on a node of their own (0: those too long for a node).",
    "RELOAD [NOSAVE] [NOFLUSH] [MERGE]",
    "    Save the data to disk and read it from there again. NOSAVE leaves the file as it is; NOFLUSH",
    "    keeps what is in memory, under what is read; MERGE is there for tests of other servers.",
    "REPLYBUFFER PEAK-RESET-TIME <NEVER|RESET|milliseconds>",
    "    How long after its largest reply a client may keep a buffer of that size.",
    "REPLYBUFFER RESIZING <0|1>",
    "    Whether clients' reply buffers shrink at all.",
    "SEGFAULT",
    "    Stop the process by writing where there is no memory.",
    "SET-ACTIVE-EXPIRE <0|1>",
    "    Let keys that expired be deleted only when accessed (0), or also by themselves (1).",
    "SET-DISABLE-DENY-SCRIPTS <0|1>",
    "    Let scripts call commands that scripts may not call (1).",
    "SET-SKIP-CHECKSUM-VALIDATION <0|1>",
    "    Whether RESTORE takes payloads whatever their checksum says.",
    "SLEEP <seconds>",
    "    Block the calling client's shard, as a long command would.",
    "STRINGMATCH-TEST",
    "    Match random texts and patterns for a while.",
  ]

  // MARK: Small ones

  private static let changeReplicationID: Body = { call, _, reply in
    call.worker.server.log.notice("Changing replication IDs after receiving change-repl-id")
    call.worker.server.changeReplicationID()
    reply.ok()
  }

  private static let error: Body = { call, _, _ throws(CommandError) in
    throw CommandError(composed: call.arguments[2].bytes)
  }

  private static let log: Body = { call, _, reply in
    call.worker.server.log.warning("DEBUG LOG: \(call.arguments[2].string)")
    reply.ok()
  }

  private static let pauseCron: Body = { call, keyspace, reply in
    let isPaused = DecimalText.integer(call.arguments[2]) ?? 0 != 0
    call.worker.everywhere(call.connection, &keyspace, &reply) { worker, _ in
      worker.isCronPaused = isPaused
    } then: { _, reply in
      reply.ok()
    }
  }

  private static let plainNodeThreshold: Body = { call, keyspace, reply throws(CommandError) in
    guard let bytes = MemoryAmount.bytes(call.arguments[2].string), bytes <= 1 << 32 else {
      throw CommandError("ERR argument must be a memory value bigger than 1 and smaller than 4gb")
    }
    call.worker.everywhere(call.connection, &keyspace, &reply) { _, keyspace in
      keyspace.plainListNodeBytesMin = bytes
    } then: { _, reply in
      reply.ok()
    }
  }

  private static let allowAllInScripts: Body = { call, _, reply in
    call.worker.server.allowsAllInScripts = DecimalText.integer(call.arguments[2]) ?? 0 != 0
    reply.ok()
  }

  private static let ignoreChecksums: Body = { call, keyspace, reply in
    let ignores = DecimalText.integer(call.arguments[2]) ?? 0 != 0
    call.worker.everywhere(call.connection, &keyspace, &reply) { _, keyspace in
      keyspace.ignoresPayloadChecksums = ignores
    } then: { _, reply in
      reply.ok()
    }
  }

  private static let sleepBeforeWriting: Body = { call, keyspace, reply in
    let microseconds = max(0, min(DecimalText.integer(call.arguments[2]) ?? 0, 10_000_000))
    call.worker.everywhere(call.connection, &keyspace, &reply) { worker, _ in
      worker.journalWriteDelay = UInt32(microseconds)
    } then: { _, reply in
      reply.ok()
    }
  }

  private static let setActiveExpire: Body = { call, keyspace, reply in
    let isActive = DecimalText.integer(call.arguments[2]) ?? 0 != 0
    call.worker.everywhere(call.connection, &keyspace, &reply) { _, keyspace in
      keyspace.expiresActively = isActive
    } then: { _, reply in
      reply.ok()
    }
  }

  /// Blocks the thread on purpose: everybody whose connection or key is this shard's waits.
  private static let sleep: Body = { call, _, reply in
    let seconds = max(0, min(DecimalText.double(call.arguments[2]) ?? 0, 1e6))
    var wanted = timespec()
    wanted.tv_sec = Int(seconds)
    wanted.tv_nsec = Int((seconds - Double(Int(seconds))) * 1e9)
    var left = timespec()
    while unsafe nanosleep(&wanted, &left) != 0, errno == EINTR { wanted = left }
    reply.ok()
  }

  private static func segfault() {
    guard let nowhere = unsafe UnsafeMutablePointer<UInt8>(bitPattern: 16) else { return }
    unsafe nowhere.pointee = 1
  }

  /// Random patterns on random texts: shows that matching ends and stays within its bytes.
  private static let matchTest: Body = { _, _, reply in
    var random = SystemRandomNumberGenerator()
    let letters = Array("ab*?[]^-\\".utf8)
    for _ in 0..<20_000 {
      let pattern = (0..<Int.random(in: 0..<12, using: &random)).map { _ in letters.randomElement(using: &random) ?? 0x61 }
      let text = (0..<Int.random(in: 0..<24, using: &random)).map { _ in letters.randomElement(using: &random) ?? 0x61 }
      ByteView.with(pattern) { pattern in
        ByteView.with(text) { text in _ = Glob.matches(pattern, text) }
      }
    }
    reply.simple("Apparently Redis did not crash: test passed")
  }
}
