import Engine
import EventLoop
import RESP
import Shard

/// Subscribing, publishing, and messages on their way into the outputs of this thread's connections.
extension Worker {
  // MARK: Subscribing

  func subscribe(
    _ connection: Connection, _ kind: SubscriptionKind, _ name: ByteView,
    _ reply: inout ReplyWriter
  ) {
    deliverGathered()
    let channel = ChannelName(name, seed: server.seed)
    if audiences.add(connection, kind, channel) {
      server.channels.change(kind, channel, worker: index, by: 1)
      connection.isSubscriber = true
    }
    reply.push(3)
    reply.bulk(kind.subscribed)
    reply.bulk(name)
    reply.integer(connection.subscriptions.replyCount(kind))
  }

  /// Ends subscriptions and replies with a confirmation of each: of `names`, or of all of that kind if there are
  /// none.
  func unsubscribe(
    _ connection: Connection, _ kind: SubscriptionKind, _ names: [ByteView],
    _ reply: inout ReplyWriter
  ) {
    if names.isEmpty {
      let all = connection.subscriptions.names(kind)
      for channel in all {
        ByteView.with(channel.bytes) { unsubscribe(connection, kind, channel, $0, &reply) }
      }
      if all.isEmpty {
        reply.push(3)
        reply.bulk(kind.unsubscribed)
        reply.null()
        reply.integer(connection.subscriptions.replyCount(kind))
      }
    }
    for name in names {
      unsubscribe(connection, kind, ChannelName(name, seed: server.seed), name, &reply)
    }
  }

  private func unsubscribe(
    _ connection: Connection, _ kind: SubscriptionKind, _ channel: ChannelName, _ name: ByteView,
    _ reply: inout ReplyWriter
  ) {
    unsubscribe(connection, kind, channel)
    reply.push(3)
    reply.bulk(kind.unsubscribed)
    reply.bulk(name)
    reply.integer(connection.subscriptions.replyCount(kind))
  }

  private func unsubscribe(
    _ connection: Connection, _ kind: SubscriptionKind, _ channel: ChannelName
  ) {
    deliverGathered()
    guard audiences.remove(connection, kind, channel) else { return }
    server.channels.change(kind, channel, worker: index, by: -1)
    connection.isSubscriber = !connection.subscriptions.isEmpty
  }

  /// Ends all subscriptions of a connection, silently.
  func unsubscribeFromAll(_ connection: Connection) {
    guard connection.isSubscriber else { return }
    for kind in SubscriptionKind.allCases {
      for channel in connection.subscriptions.names(kind) { unsubscribe(connection, kind, channel) }
    }
  }

  // MARK: Publishing

  /// Sends a message to all subscribers, wherever they are.
  ///
  /// - Returns: how many receive it.
  @discardableResult
  func publish(_ name: ByteView, _ message: ByteView, isSharded: Bool) -> Int {
    guard server.channels.hasSubscribers(isSharded: isSharded) else { return 0 }
    let channel = ChannelName(name, seed: server.seed)
    let route = routes.route(to: channel, isSharded: isSharded, server.channels)
    guard route.receiverCount > 0 else { return 0 }
    let publication = Publication(
      channel: channel, message: message.bytes, isSharded: isSharded, backlog: backlog)
    for worker in route.workers {
      if worker == index {
        deliver(publication)
      } else {
        mail.outgoing(to: worker).messages.append(.publish(publication))
      }
    }
    return route.receiverCount
  }

  /// Bytes of messages that other threads have yet to deliver; whoever publishes then has to wait.
  private static let backlogBytesMax = 16 << 20

  /// Has a client that publishes faster than other threads deliver wait.
  func holdBackIfFlooding(_ connection: Connection) {
    guard backlog.byteCount > Self.backlogBytesMax, !connection.isFlooding else { return }
    connection.isFlooding = true
    flooding.append(connection)
    if flooding.count == 1 { lookAtBacklog() }
  }

  /// As above, for those whose commands were events.
  @inline(__always)
  func holdBackFlooding(_ batch: borrowing Batch) {
    guard backlog.byteCount > Self.backlogBytesMax else { return }
    for run in batch.runs where !run.connection.isClosing { holdBackIfFlooding(run.connection) }
  }

  private func lookAtBacklog() {
    loop.schedule(after: 1_000_000) { [unowned self] in
      guard backlog.byteCount <= Self.backlogBytesMax / 2 else { return lookAtBacklog() }
      let waiting = flooding
      flooding.removeAll()
      for connection in waiting {
        connection.isFlooding = false
        if connection.isShutDown { finishClosing(connection) } else { resume(connection) }
      }
    }
  }

  // MARK: Delivering

  /// Hands a message to this thread's subscribers: at the end of the turn, or as soon as something else is to follow it.
  func deliver(_ publication: Publication) {
    if publication.isSharded {
      if let audience = audiences.shardChannels[publication.channel] { gather(publication, for: audience) }
      return
    }
    if let audience = audiences.channels[publication.channel] { gather(publication, for: audience) }
    guard !audiences.patterns.isEmpty else { return }
    ByteView.with(publication.channel.bytes) { channel in
      for (pattern, audience) in audiences.patterns
      where ByteView.with(pattern.bytes, { Glob.matches($0, channel) }) {
        gather(publication, for: audience)
      }
    }
  }

  private func gather(_ publication: Publication, for audience: Audience) {
    if gathered.isFull || gathered.audience !== audience { deliverGathered() }
    gathered.add(publication, for: audience)
  }

  /// Appends the gathered messages to the outputs of those who are to have them: encoded once for each protocol that is
  /// spoken, and with one look at each connection.
  func deliverGathered() {
    guard let audience = gathered.audience else { return }
    // What follows may come back here.
    var messages = GatheredMessages()
    swap(&messages, &gathered)
    var slow: [Connection] = []
    let limit = settings.pubsubOutputLimits.hardBytes
    for connection in audience.connections {
      push(messages.encoded(protocolVersion: connection.protocolVersion), to: connection)
      if limit > 0, connection.pendingOutputByteCount > limit { slow.append(connection) }
    }
    messages.removeAll()
    if gathered.audience == nil { swap(&messages, &gathered) }
    for connection in slow { disconnectSlow(connection) }
  }

  /// Appends what no command of the client asked for to its output: at once, or after the reply under way.
  @inline(__always)
  func push(_ bytes: ByteView, to connection: Connection) {
    if connection.isMidReply {
      connection.pushes.raw(bytes)
    } else {
      connection.output.raw(bytes)
    }
    touch(connection)
  }

  /// Adds what was pushed during a reply to the output behind it.
  @inline(__always)
  func appendPushes(_ connection: Connection, to output: inout ReplyWriter) {
    guard !connection.pushes.isEmpty else { return }
    output.raw(connection.pushes.bytes)
    connection.pushes.removeAll()
  }
}
