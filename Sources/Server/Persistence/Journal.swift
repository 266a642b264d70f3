import EventLoop
import Glibc

/// One shard's append-only file, as its thread writes it: what the turns have done goes to the kernel in order, and
/// to the disk as `appendfsync` says. Nobody waits for it but replies, and those only with `always`.
///
/// Positions count the bytes ever appended since the start, whatever files they went to.
struct Journal {
  enum Policy: String, Sendable {
    case always, everysec, no
  }

  /// A file that is written, or still has to take what belongs to it.
  private struct Segment {
    let descriptor: Int32
    /// Where the next write goes.
    var offset: Int
    var queued: [UInt8] = []
  }

  enum Completion {
    /// More is on disk, or in the kernel's hands.
    case advanced
    case failed(SystemError)
  }

  var policy = Policy.everysec
  /// The last one takes what is appended.
  private var segments: [Segment] = []
  /// With the kernel, all of the first segment's.
  private var writing: [UInt8] = []
  private var isWriting = false
  private var isSyncing = false
  /// How far everything up to here is appended, given to the kernel, on disk.
  private(set) var appended: UInt64 = 0
  private(set) var written: UInt64 = 0
  private(set) var durable: UInt64 = 0
  /// What the sync under way will have made durable.
  private var syncing: UInt64 = 0
  /// The last write or sync failed; nil when all is well.
  private(set) var failure: SystemError?
  /// A sync is due at once, whatever the policy.
  var isSyncForced = false
  /// How many syncs are done: statistics.
  private(set) var syncCount = 0

  var isOpen: Bool { !segments.isEmpty }
  /// Bytes in the current file, those on their way included.
  var fileByteCount: Int { segments.last.map { $0.offset + $0.queued.count } ?? 0 }
  /// Bytes that are not with the kernel yet.
  var queuedByteCount: Int { segments.reduce(0) { $0 + $1.queued.count } + writing.count }

  /// Whether replies have to wait for the disk.
  var holdsReplies: Bool { policy == .always && durable < appended && isOpen }

  /// Everything is written, and on disk where that was asked for.
  var isIdle: Bool { !isWriting && !isSyncing && queuedByteCount == 0 }

  // MARK: Files

  /// From here on, what is appended goes to another file, which the journal owns; the one before is finished, synced
  /// and closed.
  mutating func switchTo(_ descriptor: Int32, at offset: Int) {
    segments.append(Segment(descriptor: descriptor, offset: offset))
  }

  /// Closes everything; what is queued is lost.
  mutating func close() {
    for segment in segments { Glibc.close(segment.descriptor) }
    segments = []
    durable = appended
    written = appended
    failure = nil
  }

  /// Takes over the bytes of a turn.
  mutating func append(_ body: (inout [UInt8]) -> Void) {
    let last = segments.count - 1
    let before = segments[last].queued.count
    body(&segments[last].queued)
    appended &+= UInt64(segments[last].queued.count - before)
  }

  // MARK: The disk

  /// Starts what there is to do: at the end of a turn, and after each completion.
  mutating func advance(_ ring: Ring, wantsSync: Bool, write writeData: UInt64, sync syncData: UInt64) {
    guard !segments.isEmpty else { return }
    if !isSyncing, durable == written { finishOlderFiles() }
    if !isWriting {
      if writing.isEmpty, !segments[0].queued.isEmpty { swap(&writing, &segments[0].queued) }
      if !writing.isEmpty {
        isWriting = true
        unsafe writing.withUnsafeBytes { buffer in
          unsafe ring.write(
            segments[0].descriptor, unsafeBytes: buffer.baseAddress.unsafelyUnwrapped, count: buffer.count,
            at: segments[0].offset, data: writeData)
        }
      }
    }
    let mustFinish = segments.count > 1 && !isWriting && writing.isEmpty
    if !isSyncing, !isWriting || policy != .always, durable < written || mustFinish,
      policy == .always || wantsSync || mustFinish || (isSyncForced && written == appended)
    {
      isSyncing = true
      syncing = written
      ring.sync(segments[0].descriptor, data: syncData)
    }
  }

  /// A write has ended; `result` as the kernel gives it.
  mutating func wrote(_ result: Int32) -> Completion {
    isWriting = false
    guard result > 0 else { return fail("write", result == 0 ? ENOSPC : -result) }
    let count = Int(result)
    segments[0].offset += count
    written &+= UInt64(count)
    if count == writing.count {
      writing.removeAll(keepingCapacity: writing.count < 1 << 20)
    } else {
      writing.removeFirst(count)
    }
    failure = nil
    return .advanced
  }

  mutating func synced(_ result: Int32) -> Completion {
    isSyncing = false
    guard result >= 0 else { return fail("fsync", -result) }
    durable = syncing
    syncCount += 1
    if durable == appended { isSyncForced = false }
    finishOlderFiles()
    return .advanced
  }

  /// Closes files that are complete.
  private mutating func finishOlderFiles() {
    while segments.count > 1, segments[0].queued.isEmpty, writing.isEmpty, durable == written {
      Glibc.close(segments[0].descriptor)
      segments.removeFirst()
    }
  }

  private mutating func fail(_ call: StaticString, _ code: Int32) -> Completion {
    let error = SystemError(call, code)
    failure = error
    return .failed(error)
  }
}
