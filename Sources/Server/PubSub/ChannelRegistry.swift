import Engine
import RESP
import Shard
import Synchronization

/// Which threads have subscribers of what, and how many: what all threads share about Pub/Sub.
///
/// SUBSCRIBE changes it before its reply, so a later PUBLISH on any thread knows of it. It also gives the
/// exact number of receivers without asking anybody. Publishers read it rarely: each thread keeps the routes
/// it has looked up (`ChannelRoutes`) until `version` tells that a subscription came or went.
final class ChannelRegistry: Sendable {
  /// Where a message goes.
  struct Route: Sendable {
    /// Indices of the threads that have receivers.
    var workers: [Int] = []
    /// Over all threads; a client counts once for its channel and once for each of its patterns.
    var receiverCount = 0
  }

  /// How many subscribers each thread has.
  private struct Counts {
    var byWorker: [Int]
    var total = 0
  }

  private struct Tables {
    var channels: [ChannelName: Counts] = [:]
    var patterns: [ChannelName: Counts] = [:]
    var shardChannels: [ChannelName: Counts] = [:]

    subscript(kind: SubscriptionKind) -> [ChannelName: Counts] {
      _read {
        switch kind {
        case .channel: yield channels
        case .pattern: yield patterns
        case .shardChannel: yield shardChannels
        }
      }
      _modify {
        switch kind {
        case .channel: yield &channels
        case .pattern: yield &patterns
        case .shardChannel: yield &shardChannels
        }
      }
    }
  }

  private let workerCount: Int
  private let tables = Mutex(Tables())
  private let changes = Atomic<UInt64>(0)
  /// Subscriptions to channels and patterns, and to shard channels.
  private let subscriptionCount = Atomic<Int>(0)
  private let shardSubscriptionCount = Atomic<Int>(0)

  init(workerCount: Int) { self.workerCount = workerCount }

  /// Grows with every subscription that comes or goes.
  var version: UInt64 { changes.load(ordering: .acquiring) }

  /// Whether anybody has subscribed to anything of that kind. With keyspace events and without subscribers, this is all
  /// that is asked.
  func hasSubscribers(isSharded: Bool) -> Bool {
    let count =
      isSharded
      ? shardSubscriptionCount.load(ordering: .acquiring) : subscriptionCount.load(ordering: .acquiring)
    return count > 0
  }

  /// Notes a subscription of one of `worker`'s clients, or (-1) its end.
  func change(_ kind: SubscriptionKind, _ name: ChannelName, worker: Int, by difference: Int) {
    tables.withLock { tables in
      var counts =
        tables[kind][name] ?? Counts(byWorker: Array(repeating: 0, count: workerCount))
      counts.byWorker[worker] += difference
      counts.total += difference
      precondition(counts.byWorker[worker] >= 0, "a subscription ended that nobody had")
      tables[kind][name] = counts.total == 0 ? nil : counts
      if kind == .shardChannel {
        shardSubscriptionCount.add(difference, ordering: .releasing)
      } else {
        subscriptionCount.add(difference, ordering: .releasing)
      }
      changes.add(1, ordering: .releasing)
    }
  }

  /// Where messages of a channel go, as of now.
  func route(to channel: ChannelName, isSharded: Bool) -> Route {
    tables.withLock { tables in
      var route = Route()
      var reached = [Bool](repeating: false, count: workerCount)
      func add(_ counts: Counts) {
        route.receiverCount += counts.total
        for worker in 0..<workerCount where counts.byWorker[worker] > 0 { reached[worker] = true }
      }
      if let counts = tables[isSharded ? .shardChannel : .channel][channel] { add(counts) }
      if !isSharded, !tables.patterns.isEmpty {
        ByteView.with(channel.bytes) { name in
          for (pattern, counts) in tables.patterns
          where ByteView.with(pattern.bytes, { Glob.matches($0, name) }) {
            add(counts)
          }
        }
      }
      route.workers = reached.indices.filter { reached[$0] }
      return route
    }
  }

  // MARK: For PUBSUB and INFO

  /// How many channels or patterns have subscribers.
  func count(_ kind: SubscriptionKind) -> Int { tables.withLock { $0[kind].count } }

  /// How many subscribers a channel has.
  func subscriberCount(_ kind: SubscriptionKind, _ name: ChannelName) -> Int {
    tables.withLock { $0[kind][name]?.total ?? 0 }
  }

  /// The channels that have subscribers and match `pattern`, if there is one.
  func names(_ kind: SubscriptionKind, matching pattern: ByteView?) -> [[UInt8]] {
    let names = tables.withLock { $0[kind].keys.map(\.bytes) }
    guard let pattern else { return names }
    return names.filter { name in ByteView.with(name) { Glob.matches(pattern, $0) } }
  }
}

/// The three kinds of names one can subscribe to.
enum SubscriptionKind: CaseIterable {
  case channel, pattern, shardChannel

  /// What a reply to the subscribing command begins with.
  var subscribed: StaticString {
    switch self {
    case .channel: "subscribe"
    case .pattern: "psubscribe"
    case .shardChannel: "ssubscribe"
    }
  }

  var unsubscribed: StaticString {
    switch self {
    case .channel: "unsubscribe"
    case .pattern: "punsubscribe"
    case .shardChannel: "sunsubscribe"
    }
  }

  /// What a message to the subscribers begins with.
  var message: StaticString {
    switch self {
    case .channel: "message"
    case .pattern: "pmessage"
    case .shardChannel: "smessage"
    }
  }
}

/// The routes one thread has looked up, as long as they hold.
struct ChannelRoutes {
  private var version: UInt64 = .max
  private var channels: [ChannelName: ChannelRegistry.Route] = [:]
  private var shardChannels: [ChannelName: ChannelRegistry.Route] = [:]
  /// Then all are forgotten.
  private static let routesMax = 1024
  /// Routes of longer names are looked up each time: keyspace events have keys as names.
  private static let nameBytesMax = 128

  mutating func route(
    to channel: ChannelName, isSharded: Bool, _ registry: ChannelRegistry
  ) -> ChannelRegistry.Route {
    let current = registry.version
    if current != version || channels.count + shardChannels.count >= Self.routesMax {
      channels.removeAll(keepingCapacity: true)
      shardChannels.removeAll(keepingCapacity: true)
      version = current
    }
    if let known = isSharded ? shardChannels[channel] : channels[channel] { return known }
    let route = registry.route(to: channel, isSharded: isSharded)
    guard channel.bytes.count <= Self.nameBytesMax else { return route }
    if isSharded { shardChannels[channel] = route } else { channels[channel] = route }
    return route
  }
}
