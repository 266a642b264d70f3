package import Engine
package import RESP

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
  // Between threads
  /// A message for the destination's subscribers.
  case publish(Publication)
  /// Keys that the destination's clients may have in their caches have changed.
  case invalidate([Invalidation])
  /// Keys (nil: all) for a client that another one has named to be told in its stead.
  case redirectInvalidation([[UInt8]]?, to: ClientReference, from: ClientReference)
  /// The client so named is gone.
  case redirectBroken(ClientReference)
}

/// The reply to one command of a parcel that was answered before it could be.
package final class LateReply: @unchecked Sendable {
  // Unchecked: exactly one thread has it at a time.
  package let waiter: Parcel.Waiter
  /// Whoever gets it may keep the buffer.
  package var reply = ReplyWriter()

  /// - Parameter reply: is empty then.
  package init(waiter: Parcel.Waiter, taking reply: inout ReplyWriter) {
    self.waiter = waiter
    self.reply.take(&reply)
  }
}
