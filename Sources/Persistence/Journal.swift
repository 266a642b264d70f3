package import EventLoop
import Glibc

/// What a journal's files are on: the ring of its thread, or a disk that a test makes up. Results come later, as the kernel gives them.
package protocol JournalDevice {
  /// The memory stays as it is until the result is there.
  ///
  /// - Parameter isSynced: what is written is on disk when the result is there.
  func write(
    _ file: Int32, unsafeBytes: UnsafeRawPointer, count: Int, at offset: Int, isSynced: Bool, data: UInt64)
  func sync(_ file: Int32, data: UInt64)
  /// Gives back what is behind the end of a file, at once.
  func cut(_ file: Int32, to byteCount: Int)
  func close(_ file: Int32)
}

/// The ring of the journal's thread.
package struct JournalRing: JournalDevice {
  private let ring: Ring
  /// Completions of nothing that come with each synced write's: replies wait for it, so it is not to wait for
  /// arrivals.
  private let followers: Int

  package init(_ ring: Ring, followers: Int) {
    self.ring = ring
    self.followers = followers
  }

  package func write(
    _ file: Int32, unsafeBytes: UnsafeRawPointer, count: Int, at offset: Int, isSynced: Bool, data: UInt64
  ) {
    unsafe ring.write(
      file, unsafeBytes: unsafeBytes, count: count, at: offset, isSynced: isSynced, data: data,
      followers: isSynced ? followers : 0)
  }

  package func sync(_ file: Int32, data: UInt64) { ring.sync(file, data: data) }
  /// What stays after a failure is no harm: readers know it.
  package func cut(_ file: Int32, to byteCount: Int) { _ = ftruncate(file, byteCount) }
  package func close(_ file: Int32) { _ = Glibc.close(file) }
}

/// One shard's append-only file, as its thread writes it: what the turns have done goes to the kernel in order, and
/// to the disk as `appendfsync` says. Nobody waits for it but replies, and those only with `always`.
///
/// Positions count the bytes ever appended since the start, whatever files they went to; not what the journal itself puts
/// between them (`Filler`).
package struct Journal: Sendable {
  package enum Policy: String, Sendable {
    case always, everysec, no
  }

  /// A file that is written, or still has to take what belongs to it.
  private struct Segment: Sendable {
    let descriptor: Int32
    /// Where the next write goes.
    var offset: Int
    var queued: [UInt8] = []
    /// Up to where there is room made ahead, if that is behind `offset`.
    var filledEnd = 0
    /// What that is made of, once the file says so.
    var filler: Filler?
  }

  package enum Completion {
    /// More is on disk, or in the kernel's hands.
    case advanced
    case failed(SystemError)
  }

  package init() {}

  package var policy = Policy.everysec
  /// The last one takes what is appended.
  private var segments: [Segment] = []
  /// With the kernel: records of the first segment, then what the journal adds.
  private var writing: [UInt8] = []
  private var recordByteCount = 0
  /// How much of what is added is there to stay: a comment up to the end of a line, and the announcement.
  private var marginByteCount = 0
  /// Announced by what is being written.
  private var announced: Filler?
  /// Synced writes follow each other so closely that room is to be made ahead for them.
  package var makesRoom = false
  /// There was no space for that.
  private var lacksRoom = false
  private var isWriting = false
  /// What is being written is on disk when that ends, and so is all before it.
  private var isWriteSynced = false
  private var isSyncing = false
  /// How far everything up to here is appended, given to the kernel, on disk.
  package private(set) var appended: UInt64 = 0
  package private(set) var written: UInt64 = 0
  package private(set) var durable: UInt64 = 0
  /// What the sync under way will have made durable.
  private var syncing: UInt64 = 0
  /// The last write or sync failed; nil when all is well.
  package private(set) var failure: SystemError?
  /// A sync is due at once, whatever the policy.
  package var isSyncForced = false
  /// How many syncs are done: statistics.
  package private(set) var syncCount = 0

  package var isOpen: Bool { !segments.isEmpty }
  /// Bytes in the current file, those on their way included.
  package var fileByteCount: Int { segments.last.map { $0.offset + $0.queued.count } ?? 0 }
  /// Bytes that are not with the kernel yet.
  package var queuedByteCount: Int { segments.reduce(0) { $0 + $1.queued.count } + recordByteCount }

  /// The disk is at work.
  package var isBusy: Bool { isWriting || isSyncing }

  /// There is something to write, and nothing is being written.
  package var canWrite: Bool { !isBusy && queuedByteCount > 0 }

  /// Whether replies have to wait for the disk.
  package var holdsReplies: Bool { policy == .always && durable < appended && isOpen }

  /// Everything is written, and on disk where that was asked for.
  package var isIdle: Bool { !isWriting && !isSyncing && queuedByteCount == 0 }

  // MARK: Files

  /// From here on, what is appended goes to another file, which the journal owns; the one before is finished, synced
  /// and closed.
  package mutating func switchTo(_ descriptor: Int32, at offset: Int) {
    lacksRoom = false
    segments.append(Segment(descriptor: descriptor, offset: offset))
  }

  /// Closes everything; what is queued is lost.
  package mutating func close() {
    trim()
    for segment in segments { Glibc.close(segment.descriptor) }
    segments = []
    durable = appended
    written = appended
    failure = nil
  }

  /// Gives back the room made ahead, unless something is under way that may need it.
  package mutating func trim() {
    guard !isBusy else { return }
    for index in segments.indices where segments[index].filledEnd > segments[index].offset {
      _ = ftruncate(segments[index].descriptor, segments[index].offset)
      segments[index].filledEnd = 0
    }
  }

  /// Takes over the bytes of a turn.
  package mutating func append(_ body: (inout [UInt8]) -> Void) {
    let last = segments.count - 1
    let before = segments[last].queued.count
    body(&segments[last].queued)
    appended &+= UInt64(segments[last].queued.count - before)
  }

  // MARK: The disk

  /// Starts what there is to do: at the end of a turn, and after each completion.
  ///
  /// - Parameters:
  ///   - write: what the completion of a write names.
  ///   - sync: what that of a sync names.
  package mutating func advance(
    _ device: some JournalDevice, wantsSync: Bool, write writeData: UInt64, sync syncData: UInt64
  ) {
    guard !segments.isEmpty else { return }
    if !isSyncing, durable == written { finishOlderFiles(device) }
    if !isWriting {
      if writing.isEmpty, !segments[0].queued.isEmpty {
        swap(&writing, &segments[0].queued)
        recordByteCount = writing.count
        addMargin()
      }
      if !writing.isEmpty {
        isWriting = true
        // One operation instead of two.
        isWriteSynced = policy == .always && !isSyncing && durable == written
        unsafe writing.withUnsafeBytes { buffer in
          unsafe device.write(
            segments[0].descriptor, unsafeBytes: buffer.baseAddress.unsafelyUnwrapped, count: buffer.count,
            at: segments[0].offset, isSynced: isWriteSynced, data: writeData)
        }
      }
    }
    let mustFinish = segments.count > 1 && !isWriting && writing.isEmpty
    if !isSyncing, !isWriting || policy != .always, durable < written || mustFinish,
      policy == .always || wantsSync || mustFinish || (isSyncForced && written == appended)
    {
      isSyncing = true
      syncing = written
      device.sync(segments[0].descriptor, data: syncData)
    }
  }

  /// A write has ended; `result` as the kernel gives it.
  package mutating func wrote(_ result: Int32) -> Completion {
    isWriting = false
    guard result > 0 else {
      if dropRoom(after: result) { return .advanced }
      return fail("write", result == 0 ? ENOSPC : -result)
    }
    let count = Int(result)
    let records = min(count, recordByteCount)
    written &+= UInt64(records)
    if isWriteSynced {
      durable = written
      syncCount += 1
      if durable == appended { isSyncForced = false }
    }
    if records < recordByteCount {
      segments[0].offset += count
      writing.removeFirst(count)
      recordByteCount -= count
    } else {
      finishWrite(count)
    }
    failure = nil
    return .advanced
  }

  /// All records of a write are written, and of what follows them as much as belongs to the first `count` bytes.
  private mutating func finishWrite(_ count: Int) {
    let start = segments[0].offset
    let isMarginWhole = count >= recordByteCount + marginByteCount
    segments[0].offset += recordByteCount + (isMarginWhole ? marginByteCount : 0)
    segments[0].filledEnd = max(segments[0].filledEnd, start + count)
    if isMarginWhole, let announced { segments[0].filler = announced }
    announced = nil
    marginByteCount = 0
    recordByteCount = 0
    writing.removeAll(keepingCapacity: writing.capacity < 2 * roomByteCount)
  }

  package mutating func synced(_ result: Int32) -> Completion {
    isSyncing = false
    guard result >= 0 else { return fail("fsync", -result) }
    durable = syncing
    syncCount += 1
    if durable == appended { isSyncForced = false }
    return .advanced
  }

  // MARK: Room ahead

  /// How much is made at a time.
  package var roomByteCount = 1 << 20
  private static let blockByteCount = 4096

  /// Ends a write so that what follows it in the file is a line of its own, and makes more room where there is little
  /// left.
  private mutating func addMargin() {
    let segment = segments[0]
    let end = segment.offset + writing.count
    let makesRoom = makesRoom && policy == .always && !lacksRoom && end + recordByteCount > segment.filledEnd
    guard makesRoom || segment.filledEnd > end else { return }
    writing += Filler.padding(at: end)
    if makesRoom, segment.filler == nil {
      let filler = Filler(.random(in: 0 ... .max), .random(in: 0 ... .max))
      announced = filler
      writing += filler.announcementLine
      writing += Filler.padding(at: segment.offset + writing.count)
    }
    marginByteCount = writing.count - recordByteCount
    guard makesRoom, let filler = announced ?? segment.filler else { return }
    let start = segment.offset + writing.count
    let target = (start + roomByteCount) / Self.blockByteCount * Self.blockByteCount
    writing.reserveCapacity(target - segment.offset)
    for _ in 0..<(target - start) / Filler.lineByteCount { writing += filler.line }
  }

  /// Room was asked for that there is not, as it seems: the records alone may fit.
  private mutating func dropRoom(after result: Int32) -> Bool {
    guard [0, -ENOSPC, -EDQUOT, -EFBIG].contains(result), writing.count > recordByteCount + marginByteCount else { return false }
    lacksRoom = true
    writing.removeLast(writing.count - recordByteCount - marginByteCount)
    return true
  }

  /// Closes files that are complete.
  private mutating func finishOlderFiles(_ device: some JournalDevice) {
    while segments.count > 1, segments[0].queued.isEmpty, writing.isEmpty, durable == written {
      let segment = segments.removeFirst()
      if segment.filledEnd > segment.offset { device.cut(segment.descriptor, to: segment.offset) }
      device.close(segment.descriptor)
    }
  }

  private mutating func fail(_ call: StaticString, _ code: Int32) -> Completion {
    let error = SystemError(call, code)
    failure = error
    return .failed(error)
  }
}
