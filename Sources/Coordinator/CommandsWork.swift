package import Engine
package import RESP
package import Shard

/// Runs whole commands on one shard, one after the other, and keeps their replies.
package final class CommandsWork: HopWork, @unchecked Sendable {
  private var calls: [CommandCall] = []
  /// All replies, one after the other.
  package private(set) var replies = ReplyWriter()
  private var ends: [Int] = []
  /// The call to be run next.
  private var next = 0
  private var sliced: SlicedRun?

  /// - Returns: which of the replies is this command's.
  package func add(_ call: CommandCall) -> Int {
    calls.append(call)
    return calls.count - 1
  }

  package init() {}

  package func run(
    _ keyspace: inout Keyspace, _ scheduler: ShardScheduler, _ counts: inout CommandStatistics
  ) {
    keyspace.forgetPrepared()
    prepareKeys(&keyspace, on: scheduler.shard)
    while next < calls.count {
      let call = calls[next]
      let isDone = scheduler.withWords { words in
        let arguments = call.words.read(call.index, into: &words)
        call.begin(&keyspace, &counts, &replies)
        // Only alone: what several commands change must be one unit for whoever keeps records.
        if calls.count == 1, sliced != nil || call.command.isLong(&keyspace, arguments) {
          return runSlice(call, arguments, &keyspace, &counts)
        }
        call.onBehalfOfScript(&keyspace) { keyspace in
          counts.run(call.commandIndex, of: scheduler.table, arguments, &keyspace, &replies)
        }
        return true
      }
      guard isDone else { break }
      if call.isTracked, let reader = call.writer { remember(reader, of: call, scheduler.shard, &keyspace) }
      ends.append(replies.count)
      next += 1
    }
    keyspace.forgetPrepared()
  }

  /// Notes who has just read this shard's keys.
  private func remember(
    _ reader: ClientReference, of call: CommandCall, _ shard: Int, _ keyspace: inout Keyspace
  ) {
    call.withArguments { words in
      for key in call.keys where key.shard == shard { keyspace.track(words[key.position], for: reader) }
    }
  }

  /// Lends the buffer of all replies, for somebody to keep it.
  func withReplies(_ body: (inout ReplyWriter) -> Void) { body(&replies) }

  package var isUnfinished: Bool { next < calls.count }

  /// Tells the keyspace what keys come, with their hashes.
  private func prepareKeys(_ keyspace: inout Keyspace, on shard: Int) {
    for index in next..<calls.count {
      let call = calls[index]
      for key in call.keys where key.shard == shard {
        let word = call.words.word(key.position, at: call.index)
        keyspace.prepareNext(word, key.hash, database: key.database)
      }
    }
    keyspace.prefetchPrepared()
  }

  /// Does the next slice of a long call; true when that was the last one.
  private func runSlice(
    _ call: CommandCall, _ arguments: Arguments, _ keyspace: inout Keyspace,
    _ counts: inout CommandStatistics
  ) -> Bool {
    if sliced == nil { sliced = SlicedRun(call, arguments, &keyspace, &counts, &replies) }
    return sliced?.advance(call, arguments, &keyspace, &counts, &replies) ?? true
  }

  package func reply(at index: Int) -> ByteView {
    replies.bytes[(index == 0 ? 0 : ends[index - 1])..<ends[index]]
  }
}
