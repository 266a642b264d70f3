import Engine
import EventLoop
import RESP
import Shard

extension Worker {
  /// A connection as a line of CLIENT LIST, without its end.
  ///
  /// - Parameter words: the command it is running, for the connection that asks.
  func clientLine(_ connection: Connection, running words: Arguments? = nil) -> [UInt8] {
    var argumentBytes = 0
    var requestBytes = connection.input.count
    if let words {
      requestBytes += Self.encodedByteCount(words)
      for index in 0..<words.count { argumentBytes += words[index].count }
    }
    let now = EventLoop.monotonicNanoseconds
    let idle = now > connection.lastInteraction ? now - connection.lastInteraction : 0
    // What the kernel does not take yet.
    let waiting =
      connection.isSending
      ? connection.sending.allocatedByteCount + connection.output.count + connection.held.count
        + connection.pushes.count : 0
    let total = connection.memoryByteCount + argumentBytes
    var line = Array("id=\(connection.id) addr=\(connection.address.peer)".utf8)
    line += Array(" laddr=\(connection.address.local) fd=\(connection.descriptor) name=".utf8)
    line += connection.name
    line += Array(" age=\(WallClock.milliseconds / 1000 - connection.createdAt)".utf8)
    line += Array(" idle=\(idle / 1_000_000_000) flags=\(Self.flags(connection))".utf8)
    let subscriptions = connection.subscriptions
    line += Array(" db=\(connection.database) sub=\(subscriptions.channelCount)".utf8)
    line += Array(" psub=\(subscriptions.patternCount) ssub=\(subscriptions.shardChannelCount)".utf8)
    line += Array(" multi=\(connection.multi?.commands.count ?? -1)".utf8)
    line += Array(" watch=\(connection.watches.reduce(0) { $0 + $1.keys.count })".utf8)
    line += Array(" qbuf=\(requestBytes)".utf8)
    line += Array(
      " qbuf-free=\(max(connection.input.allocatedByteCount - connection.input.count, 0))".utf8)
    line += Array(" argv-mem=\(argumentBytes) multi-mem=\(connection.multi?.commands.byteCount ?? 0)".utf8)
    line += Array(" rbs=\(connection.keptOutputByteCount)".utf8)
    line += Array(" rbp=\(connection.outputPeak)".utf8)
    line += Array(" obl=\(connection.output.count) oll=\(connection.isSending ? 1 : 0)".utf8)
    line += Array(" omem=\(waiting) tot-mem=\(total)".utf8)
    line += Array(" events=\(connection.isSending ? "rw" : "r")".utf8)
    let command =
      connection.lastCommand >= 0 ? server.table.fullNames[connection.lastCommand] : "NULL"
    line += Array(" cmd=\(command) user=default redir=\(connection.redirection)".utf8)
    line += Array(" resp=\(connection.protocolVersion) lib-name=".utf8)
    line += connection.libraryName + Array(" lib-ver=".utf8) + connection.libraryVersion
    line += Array(" io-thread=\(index) tot-net-in=\(connection.receivedByteCount)".utf8)
    line += Array(" tot-net-out=\(connection.sentByteCount)".utf8)
    line += Array(" tot-cmds=\(connection.commandCount)".utf8)
    return line
  }

  private static func flags(_ connection: Connection) -> String {
    var flags = ""
    if connection.isMonitor { flags += "O" }
    if connection.isSubscriber { flags += "P" }
    if connection.multi != nil { flags += "x" }
    if connection.isPaused || connection.blocked != nil { flags += "b" }
    if let tracking = connection.tracking {
      flags += "t"
      if tracking.redirect?.isBroken == true { flags += "R" }
      if tracking.isBroadcast { flags += "B" }
    }
    if connection.watches.contains(where: \.isDirty) { flags += "d" }
    if connection.isShutDown {
      flags += "A"
    } else if connection.isClosing {
      flags += "c"
    }
    if connection.address.isUnix { flags += "U" }
    if connection.isExemptFromEviction { flags += "e" }
    if connection.leavesAccessClocks { flags += "T" }
    return flags.isEmpty ? "N" : flags
  }

  /// How long a command is as a client sends it.
  private static func encodedByteCount(_ words: Arguments) -> Int {
    var count = 3 + DecimalText.digitCount(UInt(words.count))
    for index in 0..<words.count {
      count += 5 + DecimalText.digitCount(UInt(words[index].count)) + words[index].count
    }
    return count
  }

  /// Collects something from every worker, then replies: at once when this is the only one.
  func onEveryWorker<Part: Sendable>(
    _ connection: Connection, _ reply: inout ReplyWriter,
    _ collect: @escaping @Sendable (Worker) -> Part,
    then finish: @escaping @Sendable ([Part], inout ReplyWriter) -> Void
  ) {
    guard server.shardCount > 1 else { return finish([collect(self)], &reply) }
    let workers = server.workers
    suspend(connection) { reply throws(CommandError) in
      var parts: [Part] = []
      for worker in workers { parts.append(await worker.perform(collect)) }
      finish(parts, &reply)
    }
  }
}
