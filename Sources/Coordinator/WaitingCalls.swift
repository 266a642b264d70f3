package import Shard

/// What the thread of a waiting client does about the call it waits for; messages tell the shards of its keys.
extension ShardScheduler {
  /// Ends a call that waits, because its time is over or its client gone; false if it is being served at this moment.
  package func giveUp(_ call: BlockedCall) -> Bool {
    guard call.claim() else { return false }
    end(call)
    return true
  }

  /// Ends a call that was claimed for this thread, and takes it out of all lines.
  package func end(_ call: BlockedCall) {
    call.end()
    forget(call)
  }

  /// A shard has served a call: the others still have it in line.
  package func wasServed(_ call: BlockedCall) {
    if call.shards.count > 1 { forget(call) }
  }

  private func forget(_ call: BlockedCall) {
    for shard in call.shards { outbox.append((.forget(call), shard)) }
  }

  /// The try of a call as a transaction has found nothing: it goes on waiting, and those behind it have their turn.
  package func goesOnWaiting(_ call: BlockedCall) {
    let wasMissed = call.unclaim()
    for shard in call.shards {
      outbox.append((wasMissed ? .lookAgain(call) : .retried(call), shard))
    }
  }
}
