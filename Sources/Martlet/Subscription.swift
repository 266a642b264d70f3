import RESP
import Server

/// A message of a channel.
public struct Message: Equatable, Sendable {
  public let channel: Bytes
  /// The pattern by which it came; nil for a channel subscribed to by name.
  public let pattern: Bytes?
  public let payload: Bytes
}

extension MartletStore {
  /// The messages of channels, by name and by pattern, from now on.
  ///
  /// They are kept until they are read: `messagesMax` of them, then the subscription fails with `.tooSlow`, as the
  /// server drops a client that reads too slowly.
  ///
  /// - Returns: when the subscription holds. Ending the iteration, or dropping the sequence, ends it.
  public func subscribe(
    to channels: [Bytes] = [], patterns: [Bytes] = [], messagesMax: Int = 65_536
  ) async throws(MartletError) -> AsyncThrowingStream<Message, any Error> {
    let (stream, continuation) = AsyncThrowingStream<Message, any Error>.makeStream(
      bufferingPolicy: .bufferingOldest(messagesMax))
    let client = server.makeClient(
      onShard: 0,
      pushed: { bytes in
        guard let message = Message(push: bytes) else { return }
        if case .dropped = continuation.yield(message) {
          continuation.finish(throwing: MartletError.tooSlow)
        }
      }, ended: { continuation.finish() })
    continuation.onTermination = { _ in client.close() }
    let exchange = LocalExchange()
    if !channels.isEmpty { exchange.request.command(["SUBSCRIBE"] + channels) }
    if !patterns.isEmpty { exchange.request.command(["PSUBSCRIBE"] + patterns) }
    // Confirmations are pushes; this one reply comes behind them.
    exchange.request.command(["PING"])
    exchange.commandCount = 1
    do throws(LocalClient.Closed) { try await client.send(exchange) } catch { throw .closed }
    return stream
  }

  /// Sends a message to whoever subscribes now; how many that are.
  @discardableResult
  public func publish(_ payload: Bytes, to channel: Bytes) async throws(MartletError) -> Int {
    try await execute(["PUBLISH", channel, payload]).asInteger()
  }
}

extension Message {
  /// nil for a push that is no message, such as a confirmation.
  fileprivate init?(push bytes: [UInt8]) {
    let reply = ByteView.with(bytes) { view in
      var reader = ReplyReader(view)
      return try? reader.reply()
    }
    guard let words = try? reply?.asList(), let kind = words.first else { return nil }
    switch (kind, words.count) {
    case ("message", 3): self.init(channel: words[1], pattern: nil, payload: words[2])
    case ("pmessage", 4): self.init(channel: words[2], pattern: words[1], payload: words[3])
    default: return nil
    }
  }
}
