import Engine
import EventLoop
import Persistence
import RESP
import Scripting

extension ServiceCommand {
  /// `FUNCTION subcommand`: libraries of functions.
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/function/>
  static let function = ServiceCommand(
    Command(
      "function", "Holds the commands about functions.",
      since: "7.0.0", group: .scripting, complexity: "Depends on subcommand.",
      arity: .atLeast(2),
      subcommands: [
        subcommand(
          "delete", "Deletes a library.", "7.0.0", "O(1)", .exactly(3), [.write, .noScript], onShards),
        subcommand("dump", "Dumps all libraries.", "7.0.0", "O(N) in the libraries", .exactly(2), .noScript),
        subcommand(
          "flush", "Deletes all libraries.", "7.0.0", "O(N) in the functions", .atLeast(2),
          [.write, .noScript], onShards),
        subcommand("help", "Tells the subcommands.", "7.0.0", "O(1)", .exactly(2), [.loading, .stale]),
        subcommand(
          "kill", "Ends a function that takes long.", "7.0.0", "O(1)", .exactly(2),
          [.noScript, .allowBusy], ["request_policy:all_shards", "response_policy:one_succeeded"]),
        subcommand(
          "list", "Tells about the libraries.", "7.0.0", "O(N) in the functions", .atLeast(2),
          .noScript, ["nondeterministic_output_order"]),
        subcommand(
          "load", "Adds a library.", "7.0.0", "O(1)", .atLeast(3), [.write, .denyOOM, .noScript],
          onShards),
        subcommand(
          "restore", "Adds libraries from a dump.", "7.0.0", "O(N) in the functions", .atLeast(3),
          [.write, .denyOOM, .noScript], onShards),
        subcommand(
          "stats", "Tells which function runs.", "7.0.0", "O(1)", .exactly(2),
          [.noScript, .allowBusy],
          ["nondeterministic_output", "request_policy:all_shards", "response_policy:special"]),
      ], execution: .container),
    subcommands: [
      "delete": changing { worker, arguments, reply throws(CommandError) in
        guard worker.server.libraries.delete(arguments[2].bytes) else {
          throw CommandError("ERR Library not found")
        }
        reply.ok()
      },
      "dump": { worker, _, _, _, reply throws(CommandError) in
        reply.bulk(FunctionPayload.write(worker.server.libraries.all))
      },
      "flush": changing { worker, arguments, reply throws(CommandError) in
        guard arguments.count <= 3 else { throw .subcommandSyntax(arguments[1], of: "FUNCTION") }
        guard
          arguments.count == 2
            || (arguments.count == 3
              && (arguments[2].matches("sync") || arguments[2].matches("async")))
        else { throw CommandError("ERR FUNCTION FLUSH only supports SYNC|ASYNC option") }
        worker.server.libraries.flush()
        reply.ok()
      },
      "help": { _, _, _, _, reply throws(CommandError) in reply.help("FUNCTION", functionHelp) },
      "kill": { worker, _, _, _, reply throws(CommandError) in
        try worker.server.slowScripts.kill(functions: true)
        reply.ok()
      },
      "list": { worker, _, arguments, _, reply throws(CommandError) in
        try worker.listLibraries(arguments, &reply)
      },
      "load": changing { worker, arguments, reply throws(CommandError) in
        try worker.loadLibrary(arguments, &reply)
      },
      "restore": changing { worker, arguments, reply throws(CommandError) in
        try worker.restoreLibraries(arguments, &reply)
      },
      "stats": { worker, _, _, _, reply throws(CommandError) in worker.writeFunctionStatistics(&reply) },
    ])

  /// A subcommand that changes the libraries.
  private static func changing(_ change: @escaping Worker.LibraryChange) -> ServiceCommand.Body {
    { worker, connection, arguments, keyspace, reply throws(CommandError) in
      try worker.changeLibraries(arguments, connection, &keyspace, &reply, change)
    }
  }

  private static let onShards = ["request_policy:all_shards", "response_policy:all_succeeded"]

  private static let functionHelp: [StaticString] = [
    "LOAD [REPLACE] <FUNCTION CODE>",
    "    Add a library.",
    "DELETE <LIBRARY NAME>",
    "    Delete a library.",
    "LIST [LIBRARYNAME PATTERN] [WITHCODE]",
    "    Tell about the libraries, those whose names match, also their code.",
    "STATS",
    "    Tell which function runs, and how many there are.",
    "KILL",
    "    End the function that is running, unless it has written.",
    "FLUSH [ASYNC|SYNC]",
    "    Delete all libraries.",
    "DUMP",
    "    Give all libraries as a payload for RESTORE.",
    "RESTORE <PAYLOAD> [FLUSH|APPEND|REPLACE]",
    "    Add the libraries of a payload. Where one exists: fail (APPEND, the default), replace it, or",
    "    delete all that exist first (FLUSH).",
  ]
}

extension Worker {
  /// A library with the functions that its text registers.
  private func makeLibrary(
    _ text: ByteView, isTimed: Bool
  ) throws(CommandError) -> FunctionLibrary {
    var library: FunctionLibrary
    do throws(LibraryError) { library = try FunctionLibrary(text) } catch {
      throw CommandError(composed: error.message)
    }
    let functions = try scripts.load(library, isTimed: isTimed)
    for function in functions { scripts.interpreter.forget(function.reference) }
    guard !functions.isEmpty else { throw CommandError("ERR No functions registered") }
    library.functions = functions.map { FunctionLibrary.Function($0) }
    return library
  }

  typealias LibraryChange =
    @Sendable (Worker, Arguments, inout ReplyWriter) throws(CommandError) -> Void

  /// Changes the libraries on the thread of the first shard, in whose log the changes stand in their order.
  fileprivate func changeLibraries(
    _ arguments: Arguments, _ connection: Connection, _ keyspace: inout Keyspace,
    _ reply: inout ReplyWriter, _ change: @escaping LibraryChange
  ) throws(CommandError) {
    if index == 0 {
      try change(self, arguments, &reply)
      return keyspace.recordChange(arguments)
    }
    let words = (0..<arguments.count).map { arguments[$0].bytes }
    let version = connection.protocolVersion
    let waitsForDisk = settings.journalPolicy == .always
    suspend(connection) { reply throws(CommandError) in
      let outcome = await self.server.workers[0].performWithKeyspace { worker, keyspace in
        Arguments.with(words) { arguments -> Result<[UInt8], CommandError> in
          var answer = ReplyWriter(protocolVersion: version)
          do throws(CommandError) { try change(worker, arguments, &answer) } catch {
            return .failure(error)
          }
          keyspace.recordChange(arguments)
          return .success(answer.bytes.bytes)
        }
      }
      let answer = try outcome.get()
      if waitsForDisk { await self.server.persistence.syncJournals() }
      ByteView.with(answer) { reply.raw($0) }
    }
  }

  /// Adds a library that a file has.
  func addLibrary(_ text: [UInt8], replaces: Bool) throws(CommandError) {
    try ByteView.with(text) { (text) throws(CommandError) in
      try add([makeLibrary(text, isTimed: false)], replaces ? .replace : .abort)
    }
  }

  private func add(
    _ libraries: [FunctionLibrary], _ onCollision: FunctionLibraries.OnCollision
  ) throws(CommandError) {
    do throws(LibraryError) { try server.libraries.add(libraries, onCollision) } catch {
      throw CommandError(composed: error.message)
    }
  }

  fileprivate func loadLibrary(
    _ arguments: Arguments, _ reply: inout ReplyWriter
  ) throws(CommandError) {
    var replaces = false
    for index in 2..<arguments.count - 1 {
      guard arguments[index].matches("replace") else {
        throw CommandError(
          composed: Array("ERR Unknown option given: ".utf8) + arguments[index].bytes)
      }
      replaces = true
    }
    let text = arguments[arguments.count - 1]
    // A name that is taken comes before what is wrong with the text.
    if !replaces, let library = try? FunctionLibrary(text), server.libraries[library.name] != nil {
      throw CommandError(
        composed: Array("ERR Library '".utf8) + library.name + Array("' already exists".utf8))
    }
    let library = try makeLibrary(text, isTimed: true)
    try add([library], replaces ? .replace : .abort)
    reply.bulk(library.name)
  }

  fileprivate func restoreLibraries(
    _ arguments: Arguments, _ reply: inout ReplyWriter
  ) throws(CommandError) {
    var policy = FunctionLibraries.OnCollision.abort
    guard arguments.count <= 4 else {
      throw .subcommandSyntax(arguments[1], of: "FUNCTION")
    }
    if arguments.count == 4 {
      if arguments[3].matches("append") {
        policy = .abort
      } else if arguments[3].matches("replace") {
        policy = .replace
      } else if arguments[3].matches("flush") {
        policy = .flush
      } else {
        throw CommandError("ERR Wrong restore policy given, value should be either FLUSH, APPEND or REPLACE.")
      }
    }
    let texts: [[UInt8]]
    do throws(LibraryError) { texts = try FunctionPayload.read(arguments[2]) } catch {
      throw CommandError(composed: error.message)
    }
    var libraries: [FunctionLibrary] = []
    for text in texts {
      libraries.append(
        try ByteView.with(text) { (text) throws(CommandError) in
          try makeLibrary(text, isTimed: false)
        })
    }
    try add(libraries, policy)
    reply.ok()
  }

  fileprivate func listLibraries(
    _ arguments: Arguments, _ reply: inout ReplyWriter
  ) throws(CommandError) {
    var pattern: ByteView?
    var showsCode = false
    var index = 2
    while index < arguments.count {
      if !showsCode, arguments[index].matches("withcode") {
        showsCode = true
      } else if pattern == nil, arguments[index].matches("libraryname") {
        index += 1
        guard index < arguments.count else {
          throw CommandError("ERR library name argument was not given")
        }
        pattern = arguments[index]
      } else {
        throw CommandError(composed: Array("ERR Unknown argument ".utf8) + arguments[index].bytes)
      }
      index += 1
    }
    let libraries = server.libraries.all.filter { library in
      guard let pattern else { return true }
      return ByteView.with(library.name) { Glob.matches(pattern, $0, ignoringCase: true) }
    }
    let procedures = visibleProcedures(pattern)
    reply.array(libraries.count + (procedures.isEmpty ? 0 : 1))
    if !procedures.isEmpty { writeLibrary(of: procedures, showsCode: showsCode, &reply) }
    for library in libraries {
      reply.map(showsCode ? 4 : 3)
      reply.bulk("library_name")
      reply.bulk(library.name)
      reply.bulk("engine")
      reply.bulk("LUA")
      reply.bulk("functions")
      reply.array(library.functions.count)
      for function in library.functions {
        reply.map(3)
        reply.bulk("name")
        reply.bulk(function.name)
        reply.bulk("description")
        if let description = function.description { reply.bulk(description) } else { reply.null() }
        reply.bulk("flags")
        reply.names(function.flags.names)
      }
      if showsCode {
        reply.bulk("library_code")
        reply.bulk(library.text)
      }
    }
  }

  fileprivate func writeFunctionStatistics(_ reply: inout ReplyWriter) {
    reply.map(2)
    reply.bulk("running_script")
    if let slow = server.slowScripts.all.first {
      reply.map(3)
      reply.bulk("name")
      reply.bulk(slow.name)
      reply.bulk("command")
      reply.array(slow.command.count)
      for word in slow.command { reply.bulk(word) }
      reply.bulk("duration_ms")
      reply.integer(Int((EventLoop.monotonicNanoseconds &- slow.startTime) / 1_000_000))
    } else {
      reply.null()
    }
    let libraries = server.libraries.all
    reply.bulk("engines")
    let procedures = visibleProcedures(nil)
    reply.map(procedures.isEmpty ? 1 : 2)
    reply.bulk("LUA")
    writeCounts(
      libraries: libraries.count, functions: libraries.reduce(0) { $0 + $1.functions.count }, &reply)
    if !procedures.isEmpty {
      reply.bulk("SWIFT")
      writeCounts(libraries: 1, functions: procedures.count, &reply)
    }
  }

  private func writeCounts(libraries: Int, functions: Int, _ reply: inout ReplyWriter) {
    reply.map(2)
    reply.bulk("libraries_count")
    reply.integer(libraries)
    reply.bulk("functions_count")
    reply.integer(functions)
  }
}
