package import Engine
package import EventLoop

/// One shard: a slice of the keyspace, owned by one thread.
///
/// The actor's executor is its event loop, so code that already runs on that loop enters the shard's
/// isolation with a check and no hop (`assumeIsolated`), once a turn.
package actor Shard {
  /// Its place among the shards; the hash of a key's tag chooses by it.
  package nonisolated let index: Int
  package nonisolated let loop: EventLoop
  // Unsafe only for `withKeyspaceOnLoop`, which looks where it runs.
  private nonisolated(unsafe) var keyspace: Keyspace

  package init(index: Int, loop: EventLoop, options: Keyspace.Options, seed: UInt64) {
    self.index = index
    self.loop = loop
    unsafe keyspace = Keyspace(options: options, seed: seed)
  }

  package nonisolated var unownedExecutor: UnownedSerialExecutor {
    unsafe loop.asUnownedSerialExecutor()
  }

  /// Runs `body` over the keyspace. It cannot suspend, so nothing else sees the keyspace meanwhile.
  package func withKeyspace<Result, Failure: Error>(
    _ body: (inout Keyspace) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try unsafe body(&keyspace)
  }

  /// As `withKeyspace`, for code that runs on the loop and does so too often for `assumeIsolated`, which allocates: that
  /// costs as much as a small command.
  package nonisolated func withKeyspaceOnLoop(_ body: (inout Keyspace) -> Int) -> Int {
    loop.preconditionOnLoop()
    return unsafe body(&keyspace)
  }
}
