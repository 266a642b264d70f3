import CLinux
import Engine
import RESP
import Shard

/// Remarkable commands on their way into the logs of the workers whose clients sent them.
extension Worker {
  /// Has the statistics note what the logs and the latency monitor want to know of.
  func configureObserver() {
    let rate = server.tickClock.rate
    func ticks(microseconds: Double) -> UInt64 {
      let ticks = microseconds * rate
      return ticks < 9e18 ? UInt64(max(ticks, 0)) : .max
    }
    // Whatever else is wanted: what holds a thread for a millisecond is counted.
    var ticksMin = ticks(microseconds: Double(TurnWatch.longNanoseconds) / 1000)
    if let slow = settings.logLimits[.slow].valueMin {
      ticksMin = min(ticksMin, ticks(microseconds: Double(slow)))
    }
    unsafe statistics.observer.ticksMin = ticksMin
    unsafe statistics.observer.replyBytesMin = settings.logLimits[.largeReply].valueMin ?? .max
    unsafe statistics.tracksLatencies = settings.tracksLatency
  }

  func client(_ connection: Connection) -> CommandObserver.Client {
    if let visit = connection.visit {
      return .init(shard: visit.origin, connection: visit.waiter.connection)
    }
    return .init(shard: index, connection: connection.handle.bits)
  }

  /// Takes what was noted: what this worker's clients sent goes into its logs, the rest to theirs.
  func takeNoted(_ counts: inout CommandStatistics) {
    guard !counts.observer.noted.isEmpty else { return }
    for command in counts.observer.take() {
      insight.turns.noted(command)
      if command.client.shard == index {
        log(command)
      } else if command.client.shard >= 0 {
        scheduler.outbox.append((.noted(command), command.client.shard))
      }
    }
  }

  /// A command that a client of this worker has sent and that was remarkable somewhere.
  func log(_ command: NotedCommand) {
    let microseconds = Int(Double(command.ticks) / server.tickClock.rate)
    let definition = server.table.commands[command.command]
    if command.ticks > 0 {
      recordLatency(
        definition.flags.contains(.fast) ? .fastCommand : .command,
        milliseconds: microseconds / 1000)
    }
    guard !definition.flags.contains(.skipSlowlog) else { return }
    if command.ticks > 0 { append(command, .slow, microseconds) }
    append(command, .largeReply, command.replyBytes)
    append(command, .largeRequest, command.requestBytes)
  }

  private func append(_ command: NotedCommand, _ kind: CommandLog.Kind, _ value: Int) {
    let limits = settings.logLimits[kind]
    guard let valueMin = limits.valueMin, value >= valueMin, value > 0 || kind == .slow else {
      return
    }
    let connection = connections[ConnectionHandle(bits: command.client.connection)]
    insight.logs[kind].append(
      CommandLog.Entry(
        id: server.insight.logIDs.next(kind), time: WallClock.milliseconds / 1000, value: value,
        words: Redaction.redacted(command.words, of: server.table.fullNames[command.command]),
        peer: connection?.address.peer ?? "?:0", name: connection?.name ?? []),
      entriesMax: limits.entriesMax)
  }
}
