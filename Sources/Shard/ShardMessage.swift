import RESP

/// What the threads of shards tell each other beside plain commands and their replies.
package enum ShardMessage: Sendable {
  // From a transaction's coordinator to a shard
  /// Grant the part's claims, or refuse them. Answered by `granted`.
  case schedule(TransactionPart)
  /// Do the part's next work. Answered by `done`.
  case run(TransactionPart)
  /// Give up the part's claims.
  case release(TransactionPart)

  // And back
  case granted(TransactionPart)
  case done(TransactionPart)

  /// The reply to a command that had to wait for its key.
  case lateReply(LateReply)

  // Between a blocked client's thread and the shards of its keys
  /// The client got what it waited for.
  case served(BlockedCall, reply: [UInt8])
  /// There may be something, but more than this shard has to do with it: try again as a transaction.
  case retry(BlockedCall)
  /// The try is over and the client still waits: let those behind it have their turn.
  case retried(BlockedCall)
  /// As `retried`, and the client itself too: while it was tried elsewhere, something may have come for it.
  case lookAgain(BlockedCall)
  /// The client does not wait any longer.
  case forget(BlockedCall)
  /// The connection does not watch these keys any longer.
  case unwatch(Watch)

  // For those who look on
  /// A command that this thread's client sent was remarkable.
  case noted(NotedCommand)
  /// Lines for clients in MONITOR mode.
  case monitored([UInt8])
}

/// The reply to one command of a parcel that was answered before it could be.
package struct LateReply: Sendable {
  package let waiter: Parcel.Waiter
  package let bytes: [UInt8]

  package init(waiter: Parcel.Waiter, bytes: [UInt8]) {
    self.waiter = waiter
    self.bytes = bytes
  }
}
