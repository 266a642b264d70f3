import Engine
import EventLoop
import Logging
import RESP
import Shard
import Synchronization

/// What happens without anybody asking: expiry, freeing, idle clients, the end of a pause.
extension Worker {
  private static let cronNanoseconds: UInt64 = 100_000_000

  func startCron() {
    limitMemory()
    // From here on it takes its memory.
    publishReport()
    scheduleCron()
  }

  private func scheduleCron() {
    loop.schedule(after: Self.cronNanoseconds) { [unowned self] in
      cron()
      scheduleCron()
    }
  }

  private func cron() {
    guard !isCronPaused else { return }
    let start = EventLoop.monotonicNanoseconds
    defer { watchCron(since: start) }
    sampleRates()
    insight.hotKeys.decay()
    shard.assumeIsolated { shard in
      shard.withKeyspace { keyspace in
        keyspace.now = WallClock.milliseconds
        keyspace.observed.setBroadcasting(!server.broadcasters.isEmpty)
        keyspace.limitTracked()
        hasBackgroundWork = !server.isPausing && expireSlice(&keyspace) || keyspace.hasGarbage || ReplyStorage.hasDiscarded
        watchMemory(keyspace)
        unsafe scheduler.concluded(&keyspace, &statistics)
        collectEffects(&keyspace)
        publishEvents(&keyspace)
        publishInvalidations(&keyspace)
      }
    }
    cronTicks &+= 1
    if cronTicks % 10 == 0 { wantsSync = true }
    shrinkIdleBuffers()
    if cronTicks % 10 == 0 {
      closeIdleConnections()
      recountClients()
      calibrateWatch()
      publishReport()
      metrics?.closeIdle(now: turnTime)
      closeSlowConnections()
    }
    if index == 0, unsafe room.isLimited || cronTicks % 10 == 0 { server.memory.sample() }
    watchFragmentation()
  }

  /// Lets go of buffers that replies have not needed for a while.
  private func shrinkIdleBuffers() {
    let milliseconds = server.replyBufferResetMilliseconds.load(ordering: .relaxed)
    let ticks = max(milliseconds / Int(Self.cronNanoseconds / 1_000_000), 1)
    guard cronTicks % ticks == 0 else { return }
    for connection in connections.all { connection.shrinkOutput() }
  }

  /// Half of what a turn may take.
  static let sliceNanoseconds: UInt64 = 500_000

  /// One slice of what was left to do, after a turn's commands.
  func workInBackground() {
    shard.assumeIsolated { shard in
      shard.withKeyspace { keyspace in
        keyspace.now = wallTime
        hasBackgroundWork = !server.isPausing && expireSlice(&keyspace)
        if evictInBackground(&keyspace) { hasBackgroundWork = true }
        unsafe scheduler.concluded(&keyspace, &statistics)
        publishEvents(&keyspace)
        publishInvalidations(&keyspace)
        let end = EventLoop.monotonicNanoseconds + Self.sliceNanoseconds
        while scheduler.hasUnfinished, EventLoop.monotonicNanoseconds < end {
          unsafe scheduler.advance(&keyspace, &statistics)
        }
        while keyspace.hasGarbage, !scheduler.isLending, EventLoop.monotonicNanoseconds < end {
          keyspace.freeSlice(segments: 1)
        }
        hasBackgroundWork = hasBackgroundWork || keyspace.hasGarbage
        collectEffects(&keyspace)
      }
    }
    if ReplyStorage.hasDiscarded {
      ReplyStorage.releaseSlice()
      hasBackgroundWork = true
    }
  }

  /// Looks for expired keys for at most half a millisecond.
  ///
  /// - Returns: whether so many were found that it pays to go on at once.
  private func expireSlice(_ keyspace: inout Keyspace) -> Bool {
    // To a script that has all keys, time stands still.
    if scheduler.keysStandStill || scheduler.intents.isShardClaimed { return false }
    var left = keyspace.segmentCount
    let start = EventLoop.monotonicNanoseconds
    let end = start + Self.sliceNanoseconds
    defer {
      let spent = EventLoop.monotonicNanoseconds - start
      unsafe traffic.expireNanoseconds += spent
      recordLatency(.expireCycle, milliseconds: Int(spent / 1_000_000))
    }
    var expired = 0
    while left > 0 {
      let segments = min(left, 16)
      expired += keyspace.expireSlice(segments: segments)
      left -= segments
      if EventLoop.monotonicNanoseconds >= end {
        keyspace.statistics.expireCycleOverruns += 1
        return expired > 100
      }
    }
    while keyspace.expireFieldsSlice(steps: 16) {
      if EventLoop.monotonicNanoseconds >= end { return true }
    }
    return false
  }

  /// Those over the soft limit for too long, though nothing more comes for them.
  private func closeSlowConnections() {
    for connection in connections.all
    where connection.softLimitSince != nil && !connection.isShutDown {
      _ = exceedsOutputLimit(connection)
    }
  }

  private func closeIdleConnections() {
    guard settings.idleSecondsMax > 0 else { return }
    let limit = UInt64(settings.idleSecondsMax) * 1_000_000_000
    for connection in connections.all
    where !connection.isBusy && !connection.isSubscriber && turnTime > connection.lastInteraction
      && turnTime - connection.lastInteraction > limit
    {
      server.log.info("Closing idle client")
      shutDown(connection)
    }
  }
}
