import EventLoop
import Glibc
import Persistence
import TestSupport

/// A disk that does what disks and kernels may do, from a seed: takes its time, writes less than it was given, fails, is full, and at a crash
/// has of what was not synced only some sectors from the front.
final class SimulatedDisk: JournalDevice {
  struct Faults {
    /// One in so many operations; 0 for never.
    var shortWrites = 0
    var failedWrites = 0
    var failedSyncs = 0
    /// Bytes that fit.
    var capacity = Int.max
  }

  private struct File {
    var content: [UInt8] = []
    /// How much of it survives every crash.
    var durableByteCount = 0
  }

  struct Operation {
    let data: UInt64
    let file: Int32
    /// nil for a sync.
    let bytes: [UInt8]?
    let offset: Int
    let isSynced: Bool
  }

  private static let sectorByteCount = 512
  var faults: Faults
  private var files: [Int32: File] = [:]
  private(set) var underWay: [Operation] = []
  private(set) var closed: Set<Int32> = []
  private var random: SeededGenerator

  init(seed: UInt64, faults: Faults) {
    random = SeededGenerator(seed: seed)
    self.faults = faults
  }

  func write(_ file: Int32, unsafeBytes: UnsafeRawPointer, count: Int, at offset: Int, isSynced: Bool, data: UInt64) {
    let bytes = unsafe Array(UnsafeRawBufferPointer(start: unsafeBytes, count: count))
    underWay.append(Operation(data: data, file: file, bytes: bytes, offset: offset, isSynced: isSynced))
  }

  func sync(_ file: Int32, data: UInt64) {
    underWay.append(Operation(data: data, file: file, bytes: nil, offset: 0, isSynced: true))
  }

  func close(_ file: Int32) {
    precondition(closed.insert(file).inserted, "a file closed twice")
    precondition(!underWay.contains { $0.file == file }, "a file closed under an operation")
  }

  private func happens(oneIn count: Int) -> Bool { count > 0 && Int.random(in: 0..<count, using: &random) == 0 }

  /// Finishes some operation that is under way; its result as the kernel gives it.
  func finishOne() -> (data: UInt64, result: Int32)? {
    guard !underWay.isEmpty else { return nil }
    let operation = underWay.remove(at: Int.random(in: underWay.indices, using: &random))
    return (operation.data, result(of: operation))
  }

  private func result(of operation: Operation) -> Int32 {
    guard let bytes = operation.bytes else {
      if happens(oneIn: faults.failedSyncs) { return -EIO }
      files[operation.file, default: File()].durableByteCount = files[operation.file]?.content.count ?? 0
      return 0
    }
    var count = bytes.count
    if happens(oneIn: faults.failedWrites) { return -EIO }
    if happens(oneIn: faults.shortWrites) { count = Int.random(in: 1...count, using: &random) }
    let used = files.values.reduce(0) { $0 + $1.content.count }
    count = min(count, faults.capacity - used)
    guard count > 0 else { return -ENOSPC }
    apply(bytes[..<count], operation)
    if operation.isSynced {
      if happens(oneIn: faults.failedSyncs) { return -EIO }
      files[operation.file]?.durableByteCount = operation.offset + count
    }
    return Int32(count)
  }

  private func apply(_ bytes: ArraySlice<UInt8>, _ operation: Operation) {
    var file = files[operation.file, default: File()]
    precondition(operation.offset <= file.content.count, "a hole in the file")
    precondition(operation.offset >= file.durableByteCount, "what is on disk is written over")
    file.content.replaceSubrange(operation.offset..., with: bytes)
    files[operation.file] = file
  }

  /// What is there after the power was gone: of writes under way and of what was not synced, some from the front, down to a sector.
  func crash() -> [Int32: [UInt8]] {
    for operation in underWay {
      guard let bytes = operation.bytes, Bool.random(using: &random) else { continue }
      apply(bytes.prefix(Int.random(in: 0...bytes.count, using: &random)), operation)
    }
    underWay = []
    return files.mapValues { file in
      let unsynced = file.content.count - file.durableByteCount
      let kept = Int.random(in: 0...unsynced, using: &random)
      let end = file.durableByteCount + kept
      // The last sector may be whole, cut anywhere, or not there.
      let sector = Bool.random(using: &random) ? end : end / Self.sectorByteCount * Self.sectorByteCount
      return Array(file.content.prefix(max(sector, file.durableByteCount)))
    }
  }
}
