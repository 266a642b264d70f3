/// When a shard's next write begins: at once, or a moment later, with more in it.
///
/// Where replies wait for the disk: clients send again as soon as they have them. If the next write begins at that
/// moment with what others have sent meanwhile, they fall into two halves, each of which waits for the other's write
/// before its own; so it is held back until about as much has come as the last write held, for half of what that took
/// at most. A client alone is never held back: what it sends is as much as it sent before.
///
/// Where nobody waits: a write costs the kernel a thread that wakes, whatever its size. So writes that follow each
/// other closely are gathered for a moment.
struct WriteGathering {
  /// No write that somebody waits for is held back for longer, in nanoseconds.
  static let syncDelayMax: UInt64 = 200_000
  /// How far apart the others begin, unless there is much to write.
  static let writeDistance: UInt64 = 2_000_000
  static let writeByteCount = 256 << 10
  /// Over which time it is counted how many there are, and how many of them are many.
  static let window: UInt64 = 100_000_000
  static let manyWrites = 8

  private var began: UInt64 = 0
  private var deadline: UInt64 = 0
  private var wanted = 0
  private var windowStart: UInt64 = 0
  private var writeCount = 0
  /// There have been many writes in a short time.
  private(set) var isBusy = false

  /// A write begins.
  ///
  /// - Parameter now: monotonic nanoseconds, as in what follows.
  mutating func begin(now: UInt64) {
    began = now
    if now - windowStart >= Self.window {
      isBusy = now - windowStart < 2 * Self.window && writeCount >= Self.manyWrites
      windowStart = now
      writeCount = 0
    }
    writeCount += 1
    if writeCount == Self.manyWrites { isBusy = true }
  }

  /// A write is over.
  ///
  /// - Parameters:
  ///   - byteCount: what it held.
  ///   - queued: what has come meanwhile.
  mutating func end(byteCount: Int, queued: Int, now: UInt64) {
    wanted = byteCount + queued
    deadline = now + min(Self.syncDelayMax, (now - began) / 2)
  }

  /// How long the next write is to be held back that replies wait for; nil if it is to begin now.
  func syncDelay(queued: Int, now: UInt64) -> UInt64? {
    guard now < deadline, queued < wanted - wanted / 8 else { return nil }
    return deadline - now
  }

  /// The same for one that nobody waits for.
  func writeDelay(queued: Int, now: UInt64) -> UInt64? {
    guard queued < Self.writeByteCount, now - began < Self.writeDistance else { return nil }
    return began + Self.writeDistance - now
  }
}
