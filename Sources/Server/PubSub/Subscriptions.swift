import RESP
import Shard

/// One thread's subscribers of a channel or pattern.
final class Audience {
  let kind: SubscriptionKind
  let name: ChannelName
  /// In no particular order.
  fileprivate(set) var connections: [Connection] = []

  init(_ kind: SubscriptionKind, _ name: ChannelName) {
    self.kind = kind
    self.name = name
  }
}

/// What one connection is subscribed to.
struct Subscriptions {
  fileprivate struct Place {
    let audience: Audience
    /// Where the connection stands among the audience.
    var index: Int
  }

  fileprivate var channels: [ChannelName: Place] = [:]
  fileprivate var patterns: [ChannelName: Place] = [:]
  fileprivate var shardChannels: [ChannelName: Place] = [:]

  var channelCount: Int { channels.count }
  var patternCount: Int { patterns.count }
  var shardChannelCount: Int { shardChannels.count }
  var isEmpty: Bool { channels.isEmpty && patterns.isEmpty && shardChannels.isEmpty }

  /// What a reply about a subscription of this kind counts.
  func replyCount(_ kind: SubscriptionKind) -> Int {
    kind == .shardChannel ? shardChannels.count : channels.count + patterns.count
  }

  func names(_ kind: SubscriptionKind) -> [ChannelName] { Array(self[kind].keys) }

  fileprivate subscript(kind: SubscriptionKind) -> [ChannelName: Place] {
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

/// One thread's subscribers, by what they are subscribed to.
struct LocalAudiences {
  private(set) var channels: [ChannelName: Audience] = [:]
  private(set) var patterns: [ChannelName: Audience] = [:]
  private(set) var shardChannels: [ChannelName: Audience] = [:]

  var isEmpty: Bool { channels.isEmpty && patterns.isEmpty && shardChannels.isEmpty }

  /// - Returns: false if the connection is subscribed already.
  mutating func add(_ connection: Connection, _ kind: SubscriptionKind, _ name: ChannelName) -> Bool {
    guard connection.subscriptions[kind][name] == nil else { return false }
    let audience = self[kind][name] ?? Audience(kind, name)
    self[kind][name] = audience
    connection.subscriptions[kind][name] = Subscriptions.Place(
      audience: audience, index: audience.connections.count)
    audience.connections.append(connection)
    return true
  }

  /// - Returns: false if the connection is not subscribed.
  mutating func remove(
    _ connection: Connection, _ kind: SubscriptionKind, _ name: ChannelName
  ) -> Bool {
    guard let place = connection.subscriptions[kind].removeValue(forKey: name) else { return false }
    let audience = place.audience
    // The last one takes its place.
    let last = audience.connections.removeLast()
    if last !== connection {
      audience.connections[place.index] = last
      last.subscriptions[kind][name]?.index = place.index
    }
    if audience.connections.isEmpty { self[kind][name] = nil }
    return true
  }

  private subscript(kind: SubscriptionKind) -> [ChannelName: Audience] {
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
