import CJemalloc
import Engine
import EventLoop
import RESP

extension ServiceCommand {
  /// `MEMORY USAGE|STATS|DOCTOR|MALLOC-STATS|PURGE|HELP`
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/memory/>
  static let memory = ServiceCommand(
    Command(
      "memory", "Groups commands about memory.", since: "4.0.0", group: .server,
      complexity: "Depends on subcommand.", arity: .atLeast(2),
      subcommands: [
        memoryDoctorCommand, memoryMallocStatsCommand, memoryPurgeCommand, memoryStatsCommand,
        memoryUsageCommand, HelpText.command(since: "4.0.0"),
      ], execution: .container),
    subcommands: [
      "doctor": memoryDoctor, "malloc-stats": memoryMallocStats, "purge": memoryPurge,
      "stats": memoryStats, "usage": memoryUsage,
      "help": { _, _, _, _, reply in HelpText.write("MEMORY", memoryHelpLines, to: &reply) },
    ])

  private static let memoryHelpLines: [StaticString] = [
    "DOCTOR",
    "    Say whether anything about the memory looks wrong.",
    "MALLOC-STATS",
    "    Return the allocator's own statistics.",
    "PURGE",
    "    Give the pages of freed memory back to the system.",
    "STATS",
    "    Tell what the server uses its memory for.",
    "USAGE <key> [SAMPLES <count>]",
    "    Tell how many bytes a key and its value take. Of nested values, <count>",
    "    elements are looked at (default: 5, 0 for all).",
  ]

  // MARK: USAGE

  private static let memoryUsageCommand = Command(
    "usage", "Tells how many bytes a key takes.", since: "4.0.0", group: .server,
    complexity: "O(N) where N is the number of samples.", arity: .atLeast(3),
    keys: [.at(2, [.readOnly])], flags: [.readOnly],
    arguments: [.key(), .init("count", .integer, token: "SAMPLES", .optional)],
    execution: .service)

  /// `MEMORY USAGE key [SAMPLES count]`: an Integer, null if there is no such key.
  private static let memoryUsage: Body = {
    worker, connection, arguments, keyspace, reply throws(CommandError) in
    var samples = 5
    var index = 3
    while index < arguments.count {
      guard arguments[index].matches("samples"), index + 1 < arguments.count else {
        throw .syntax
      }
      samples = try arguments[index + 1].integer()
      guard samples >= 0 else { throw .syntax }
      index += 2
    }
    let samplesMax = samples
    try worker.onShard(of: arguments[2], connection, &keyspace, &reply) { _, key, keyspace, reply in
      if let count = keyspace.byteCount(of: key, samples: samplesMax) { reply.integer(count) } else { reply.null() }
    }
  }

  // MARK: PURGE

  private static let memoryPurgeCommand = Command(
    "purge", "Gives freed memory back to the system.", since: "4.0.0", group: .server,
    complexity: "Depends on how much memory is allocated, could be slow", arity: .exactly(2),
    tips: ["request_policy:all_shards", "response_policy:all_succeeded"], execution: .service)

  private static let memoryPurge: Body = { _, _, _, _, reply throws(CommandError) in
    guard cjemalloc_purge() == 0 else { throw CommandError("ERR Error purging dirty pages") }
    reply.ok()
  }

  // MARK: MALLOC-STATS

  private static let memoryMallocStatsCommand = Command(
    "malloc-stats", "Returns the allocator's statistics.", since: "4.0.0", group: .server,
    complexity: "Depends on how much memory is allocated, could be slow", arity: .exactly(2),
    tips: [
      "nondeterministic_output", "request_policy:all_shards", "response_policy:special",
    ], execution: .service)

  private static let memoryMallocStats: Body = { _, _, _, _, reply in
    var text: [UInt8] = []
    unsafe withUnsafeMutablePointer(to: &text) { pointer in
      unsafe malloc_stats_print(
        { context, part in
          guard let context = unsafe context, let part = unsafe part else { return }
          unsafe context.assumingMemoryBound(to: [UInt8].self).pointee +=
            Array(String(cString: part).utf8)
        }, pointer, nil)
    }
    reply.verbatim(text)
  }
}
