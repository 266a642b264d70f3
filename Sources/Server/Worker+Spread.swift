import CLinux
import Coordinator
import Engine
import EventLoop
import RESP
import Shard

/// Commands that are not, or not only, this shard's.
extension Worker {
  /// Puts a command into the parcel for the shard that holds its key.
  @inline(never)
  func sendAway(_ call: inout Call, to shard: Int, _ output: inout ReplyWriter) {
    let connection = call.connection
    let place = connection.replies.reserve(isSilent: !connection.wantsReply, output: output)
    mail.outgoing(to: shard).append(
      command: Int(call.record.command), database: connection.database,
      protocolVersion: output.protocolVersion, leavesAccessClocks: connection.leavesAccessClocks,
      hash: call.record.hash, arguments: call.words,
      waiter: Parcel.Waiter(connection: connection.handle.bits, place: place, part: 0))
    connection.commandCount += 1
    traffic.foreignCommandCount += 1
    call.endTicks = clinux_ticks()
  }

  /// Commands with several keys, or for every shard, when there are several shards.
  @inline(never)
  func dispatchSpread(
    _ call: inout Call, _ keyspace: inout Keyspace, _ output: inout ReplyWriter,
    _ counts: inout CommandStatistics
  ) -> Outcome {
    let command = server.table.commands[Int(call.record.command)]
    if case .everyShard(_, let join) = command.execution {
      let parts = (0..<server.shardCount).map { (shard: $0, positions: Array(0..<call.words.count)) }
      sendParts(parts, JoinedReply(join, parts: parts.count), &call, &keyspace, &output, &counts)
      return .goesOn
    }
    guard let keys = command.keyPositions(in: call.words) else {
      // The body itself says what is wrong with such arguments.
      runBody(&call, &keyspace, &output, &counts)
      return .goesOn
    }
    let shards = keys.map { server.shard(of: call.words[$0]) }
    guard let first = shards.first, shards.contains(where: { $0 != first }) else {
      let only = shards.first ?? index
      if only == index {
        runBody(&call, &keyspace, &output, &counts)
      } else {
        // Not the record's shard: that is known only of keys at a fixed place.
        sendAway(&call, to: only, &output)
      }
      return .goesOn
    }
    if case .eachKey(_, let join) = command.execution {
      let split = KeySplit(keys: keys, shards: shards, wordCount: call.words.count)
      sendParts(
        split.parts, JoinedReply(join, parts: split.parts.count, keys: split.keyOrdinals),
        &call, &keyspace, &output, &counts)
      return .goesOn
    }
    // The keys have to be brought together; what was sent away before must be answered first, since
    // those commands may be about the same keys.
    if call.connection.replies.isWaiting { return .waitsBefore }
    counts.count(Int(call.record.command), ticks: 0)
    gather(call, keys: keys, shards: shards)
    return .waitsAfter
  }

  /// Sends each shard its part of a command; this shard's own part runs at once.
  private func sendParts(
    _ parts: [(shard: Int, positions: [Int])], _ join: JoinedReply, _ call: inout Call,
    _ keyspace: inout Keyspace, _ output: inout ReplyWriter, _ counts: inout CommandStatistics
  ) {
    let connection = call.connection
    let place = connection.replies.reserve(
      parts: parts.count, join: join, isSilent: !connection.wantsReply, output: output)
    for (part, (shard, positions)) in parts.enumerated() where shard != index {
      mail.outgoing(to: shard).append(
        command: Int(call.record.command), database: connection.database,
        protocolVersion: output.protocolVersion, leavesAccessClocks: connection.leavesAccessClocks,
        hash: KeyHash(rawValue: 0),
        arguments: call.words, positions: positions,
        waiter: Parcel.Waiter(connection: connection.handle.bits, place: place, part: part))
      traffic.foreignCommandCount += 1
    }
    connection.commandCount += 1
    guard let part = parts.firstIndex(where: { $0.shard == index }) else { return }
    var table = ArgumentTable(capacity: parts[part].positions.count)
    for position in parts[part].positions { table.append(call.words[position]) }
    var reply = ReplyWriter(protocolVersion: output.protocolVersion)
    keyspace.forgetPrepared()
    run(
      Int(call.record.command), table.arguments(from: 0, count: table.count),
      protocolVersion: output.protocolVersion, ticks: &call.endTicks, &keyspace, &reply,
      &counts)
    connection.replies.fill(place: place, part: part, with: reply.bytes, output: &output)
  }

  /// Runs a command whose keys lie on several shards on copies of them, off the turn.
  private func gather(_ call: Call, keys: [Int], shards: [Int]) {
    let command = Int(call.record.command)
    let descriptor = server.table.commands[command]
    let words = (0..<call.words.count).map { call.words[$0].bytes }
    let written = descriptor.writtenPositions(in: call.words)
    let databases = 0..<settings.keyspace.databaseCount
    let gathered = keys.indices.map { index in
      let database = descriptor.databaseOfKey?(call.words, index) ?? call.connection.database
      return GatheredCommand.Key(
        name: words[keys[index]], shard: shards[index],
        database: databases.contains(database) ? database : call.connection.database,
        isWritten: written.contains(keys[index]))
    }
    let request = GatheredCommand(
      command: descriptor, words: words, keys: gathered,
      database: call.connection.database, protocolVersion: call.connection.protocolVersion)
    call.connection.commandCount += 1
    let coordinator = server.coordinator
    suspend(call.connection) { reply throws(CommandError) in
      let bytes: [UInt8]
      do throws(CommandError) {
        bytes = try await coordinator.run(request)
      } catch {
        self.statistics.counters[command].failed += 1
        throw error
      }
      ByteView.with(bytes) { reply.raw($0) }
    }
  }

  /// Lets a connection wait for `body`, which runs on this loop and may await other threads; its reply, or
  /// the error it throws, goes out next.
  ///
  /// At most one body a connection: it takes no further command meanwhile.
  func suspend(
    _ connection: Connection,
    _ body: @escaping @Sendable (inout ReplyWriter) async throws(CommandError) -> Void
  ) {
    precondition(!connection.isSuspended, "a connection suspended twice")
    connection.isSuspended = true
    let version = connection.protocolVersion
    let isSilent = !connection.wantsReply
    Task(executorPreference: loop) {
      var reply = ReplyWriter(protocolVersion: version)
      do throws(CommandError) {
        try await body(&reply)
      } catch {
        reply.removeAll()
        reply.error(error.message)
        self.statistics.countError(error)
      }
      self.loop.preconditionOnLoop()
      connection.isSuspended = false
      guard !connection.isShutDown else { return self.finishClosing(connection) }
      if !isSilent { connection.output.raw(reply.bytes) }
      self.resume(connection)
    }
  }
}

/// How the words of a command divide over the shards of its keys.
struct KeySplit {
  /// Each shard's words: the name, and its keys with whatever belongs to each.
  let parts: [(shard: Int, positions: [Int])]
  /// For each part, which of the command's keys (counted from 0) it got.
  let keyOrdinals: [[Int]]

  /// Words between one key and the next belong to the former (the value in MSET).
  init(keys: [Int], shards: [Int], wordCount: Int) {
    var parts: [(shard: Int, positions: [Int])] = []
    var keyOrdinals: [[Int]] = []
    for (ordinal, key) in keys.enumerated() {
      let end = ordinal + 1 < keys.count ? keys[ordinal + 1] : wordCount
      let part: Int
      if let found = parts.firstIndex(where: { $0.shard == shards[ordinal] }) {
        part = found
      } else {
        part = parts.count
        parts.append((shards[ordinal], Array(0..<keys[0])))
        keyOrdinals.append([])
      }
      parts[part].positions += key..<end
      keyOrdinals[part].append(ordinal)
    }
    self.parts = parts
    self.keyOrdinals = keyOrdinals
  }
}
