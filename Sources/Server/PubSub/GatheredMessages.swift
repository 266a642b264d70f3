import RESP
import Shard

/// Messages to the same subscribers, one after the other, on their way into those clients' outputs.
///
/// A look at a connection that was last used a turn ago costs more than the bytes of a short message, so one look is
/// for all messages of a turn that come in a row.
struct GatheredMessages: ~Copyable {
  private(set) var audience: Audience?
  private var publications: [Publication] = []
  private var byteCount = 0
  /// Empty until somebody is met who speaks it.
  private var two = ReplyWriter(protocolVersion: 2)
  private var three = ReplyWriter(protocolVersion: 3)

  /// Bytes of messages that are gathered before they are delivered, and larger buffers are not kept.
  private static let bytesMax = 64 << 10

  var isFull: Bool { byteCount >= Self.bytesMax }

  mutating func add(_ publication: Publication, for audience: Audience) {
    self.audience = audience
    publications.append(publication)
    byteCount += publication.message.count
  }

  /// All of them as a client of that protocol reads them. Valid until something changes.
  mutating func encoded(protocolVersion: Int) -> ByteView {
    if protocolVersion == 2 {
      if two.isEmpty { encode(publications, audience, to: &two) }
      return two.bytes
    }
    if three.isEmpty { encode(publications, audience, to: &three) }
    return three.bytes
  }

  mutating func removeAll() {
    audience = nil
    publications.removeAll(keepingCapacity: true)
    byteCount = 0
    two.removeAll(retaining: Self.bytesMax)
    three.removeAll(retaining: Self.bytesMax)
  }
}

private func encode(_ publications: [Publication], _ audience: Audience?, to push: inout ReplyWriter) {
  guard let audience else { return }
  for publication in publications {
    let isPattern = audience.kind == .pattern
    push.push(isPattern ? 4 : 3)
    push.bulk(audience.kind.message)
    if isPattern { ByteView.with(audience.name.bytes) { push.bulk($0) } }
    ByteView.with(publication.channel.bytes) { push.bulk($0) }
    ByteView.with(publication.message) { push.bulk($0) }
  }
}
