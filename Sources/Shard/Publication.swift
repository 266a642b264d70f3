import Engine
package import RESP
import Synchronization

/// A channel's or pattern's name with its hash, so that the tables of channels hash it once.
package struct ChannelName: Hashable, Sendable {
  package let bytes: [UInt8]
  private let hash: UInt64

  package init(_ name: ByteView, seed: UInt64) {
    bytes = name.bytes
    hash = KeyHash(name, seed: seed).rawValue
  }

  package static func == (left: ChannelName, right: ChannelName) -> Bool {
    left.hash == right.hash && left.bytes == right.bytes
  }

  package func hash(into hasher: inout Hasher) { hasher.combine(hash) }
}

/// A message on its way to the threads that have subscribers of its channel.
package final class Publication: Sendable {
  package let channel: ChannelName
  package let message: [UInt8]
  /// Of SPUBLISH: shard channels are names of their own, without patterns.
  package let isSharded: Bool
  private let backlog: PublicationBacklog

  package init(
    channel: ChannelName, message: [UInt8], isSharded: Bool, backlog: PublicationBacklog
  ) {
    self.channel = channel
    self.message = message
    self.isSharded = isSharded
    self.backlog = backlog
    backlog.add(byteCount)
  }

  deinit { backlog.add(-byteCount) }

  private var byteCount: Int { channel.bytes.count + message.count + Self.overheadByteCount }
  /// About what the objects themselves take.
  private static let overheadByteCount = 160
}

/// How many bytes of one thread's publications other threads have not delivered yet.
package final class PublicationBacklog: Sendable {
  private let bytes = Atomic<Int>(0)
  package init() {}

  fileprivate func add(_ count: Int) { bytes.add(count, ordering: .relaxed) }

  package var byteCount: Int { bytes.load(ordering: .relaxed) }
}
