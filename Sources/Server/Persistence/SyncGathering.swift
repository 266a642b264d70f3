/// When a shard's next synced write begins: at once, or a moment later, with more in it.
///
/// Clients that wait for the disk send again as soon as they have their replies. If the next write begins at that
/// moment with what others have sent meanwhile, they fall into two halves, each of which waits for the other's write
/// before its own; so it is held back until about as much has come as the last write held, for half of what that took
/// at most. A client alone is never held back: what it sends is as much as it sent before.
struct SyncGathering {
  /// No write waits for longer, in nanoseconds.
  static let delayMax: UInt64 = 200_000

  private var began: UInt64 = 0
  private var deadline: UInt64 = 0
  private var wanted = 0

  /// A write begins.
  ///
  /// - Parameter now: monotonic nanoseconds, as in what follows.
  mutating func begin(now: UInt64) { began = now }

  /// A write is on disk.
  ///
  /// - Parameters:
  ///   - byteCount: what it held.
  ///   - queued: what has come meanwhile.
  mutating func end(byteCount: Int, queued: Int, now: UInt64) {
    wanted = byteCount + queued
    deadline = now + min(Self.delayMax, (now - began) / 2)
  }

  /// How long the next write is to be held back; nil if it is to begin now.
  func delay(queued: Int, now: UInt64) -> UInt64? {
    guard now < deadline, queued < wanted - wanted / 8 else { return nil }
    return deadline - now
  }
}
