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

  /// Hands a message to this thread's subscribers.
  func deliver(_ publication: Publication) {
    ByteView.with(publication.channel.bytes) { channel in
      ByteView.with(publication.message) { message in
        let own = publication.isSharded ? audiences.shardChannels : audiences.channels
        if let audience = own[publication.channel] {
          deliver(to: audience) { push in
            push.push(3)
            push.bulk(publication.isSharded ? "smessage" : "message" as StaticString)
            push.bulk(channel)
            push.bulk(message)
          }
        }
        guard !publication.isSharded else { return }
        for (pattern, audience) in audiences.patterns {
          ByteView.with(pattern.bytes) { pattern in
            guard Glob.matches(pattern, channel) else { return }
            deliver(to: audience) { push in
              push.push(4)
              push.bulk("pmessage" as StaticString)
              push.bulk(pattern)
              push.bulk(channel)
              push.bulk(message)
            }
          }
        }
      }
    }
  }

  /// Encodes a message once for each protocol that is spoken, and appends it to all outputs.
  private func deliver(to audience: Audience, _ encode: (inout ReplyWriter) -> Void) {
    var encoded = EncodedPush()
    swap(&encoded, &encodedPushes)
    encoded.two.removeAll()
    encoded.three.removeAll()
    var slow: [Connection] = []
    let limit = settings.pubsubOutputLimits.hardBytes
    for connection in audience.connections {
      if connection.protocolVersion == 2 {
        if encoded.two.isEmpty { encode(&encoded.two) }
        push(encoded.two.bytes, to: connection)
      } else {
        if encoded.three.isEmpty { encode(&encoded.three) }
        push(encoded.three.bytes, to: connection)
      }
      if limit > 0, connection.pendingOutputByteCount > limit { slow.append(connection) }
    }
    swap(&encoded, &encodedPushes)
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

/// One push in both protocols; empty where nobody speaks it.
struct EncodedPush: ~Copyable {
  var two = ReplyWriter(protocolVersion: 2)
  var three = ReplyWriter(protocolVersion: 3)
}
