import Engine
import EventLoop
import Logging
import Shard
import Synchronization

/// `maxmemory-clients`: what clients' buffers take is limited over all threads. Who takes most goes first.
///
/// Each worker knows what its clients take, from looking at those that a turn has touched, and tells the others the sum
/// and the largest. Where the sum is too large, the worker of the largest client closes it.
extension Worker {
  /// There is a limit.
  var limitsClients: Bool { settings.memory.clientBytesMax > 0 }

  /// A turn has changed what a connection takes.
  func recount(_ connection: Connection) {
    let bytes = connection.isShutDown || connection.isMonitor ? 0 : connection.memoryByteCount
    clientByteCount += bytes - connection.countedByteCount
    connection.countedByteCount = bytes
  }

  /// As `recount`, for all: when the limit has changed, and now and then.
  func recountClients() {
    guard limitsClients else { return }
    for connection in connections.all { recount(connection) }
  }

  /// A client's commands of this turn have run: should the clients have too much by now, some go before the next one's
  /// replies are made.
  @inline(never)
  func noteReplies(of connection: Connection) {
    recount(connection)
    server.memory.shards[index].clients.store(clientByteCount, ordering: .relaxed)
    if clientsExceedLimit { evictClients() }
  }

  /// Some clients have to go before keys do: their thread has been told.
  var clientsAreToGo: Bool { limitsClients && clientsExceedLimit }

  private var clientsExceedLimit: Bool {
    server.memory.shards.reduce(0) { $0 + $1.clients.load(ordering: .relaxed) }
      > settings.memory.clientBytesMax
  }

  /// At the end of a turn, while there is a limit: closes clients until what they take is within it.
  func evictClients() {
    let own = server.memory.shards[index]
    var largest = connections.evictable
    while true {
      own.clients.store(clientByteCount, ordering: .relaxed)
      own.largestClient.store(largest?.countedByteCount ?? 0, ordering: .relaxed)
      let shards = server.memory.shards
      guard clientsExceedLimit else { return }
      // Somebody else has a larger one.
      if let owner = shards.indices.max(by: {
        shards[$0].largestClient.load(ordering: .relaxed)
          < shards[$1].largestClient.load(ordering: .relaxed)
      }), shards[owner].largestClient.load(ordering: .relaxed) > largest?.countedByteCount ?? 0 {
        if !shards[owner].isWanted.exchange(true, ordering: .sequentiallyConsistent) {
          loop.wakeWithNextSubmission(server.loops[owner])
        }
        return
      }
      guard let connection = largest else { return }
      server.log.notice("Evicting client: \(describe(connection))")
      unsafe traffic.evictedClients += 1
      abandon(connection)
      recount(connection)
      largest = connections.evictable
    }
  }
}

extension ConnectionTable {
  /// The connection that takes most and may be closed for it.
  fileprivate var evictable: Connection? {
    all.filter { !$0.isShutDown && !$0.isExemptFromEviction && $0.sink == nil && !$0.isMonitor }
      .max { $0.countedByteCount < $1.countedByteCount }
  }
}

extension Connection {
  /// The object itself, its socket's slot, and the like.
  private static let ownByteCount = 1536
  /// Of what it watches or is subscribed to, beside the names.
  private static let bytesPerName = 96

  /// What the server keeps for it, as far as it is known.
  var memoryByteCount: Int {
    var bytes = Self.ownByteCount + allocatedByteCount + name.count
    if let multi { bytes += multi.commands.byteCount }
    if isRunning { bytes += keptOutputByteCount }
    for watch in watches {
      for key in watch.keys { bytes += key.name.count + Self.bytesPerName }
    }
    if isSubscriber {
      let count =
        subscriptions.channelCount + subscriptions.patternCount + subscriptions.shardChannelCount
      bytes += count * Self.bytesPerName
    }
    if let tracking {
      for prefix in tracking.prefixes { bytes += prefix.count + Self.bytesPerName }
    }
    return bytes
  }
}
