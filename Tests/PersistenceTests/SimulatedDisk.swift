import EventLoop
import Glibc
import Persistence
import TestSupport

/// A disk that does what disks and kernels may do, from a seed: takes its time, writes less than it was given, fails, is full, and at a crash
/// has of what was not synced only some sectors: from the front where the file grew, any where something stood before.
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
    /// What survives every crash.
    var durable: [UInt8] = []
    /// Of the last write.
    var lastOffset = 0
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

  func cut(_ file: Int32, to byteCount: Int) {
    precondition(!underWay.contains { $0.file == file }, "a file cut under an operation")
    var changed = files[file, default: File()]
    changed.content.removeSubrange(byteCount...)
    if Bool.random(using: &random) { changed.durable = Array(changed.durable.prefix(byteCount)) }
    files[file] = changed
  }

  func close(_ file: Int32) {
    precondition(closed.insert(file).inserted, "a file closed twice")
    precondition(!underWay.contains { $0.file == file }, "a file closed under an operation")
  }

  func byteCount(of file: Int32) -> Int { files[file]?.content.count ?? 0 }

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
      files[operation.file, default: File()].durable = files[operation.file]?.content ?? []
      return 0
    }
    var count = bytes.count
    if happens(oneIn: faults.failedWrites) { return -EIO }
    if happens(oneIn: faults.shortWrites) { count = Int.random(in: 1...count, using: &random) }
    let used = files.values.reduce(0) { $0 + $1.content.count } - (files[operation.file]?.content.count ?? 0)
    count = min(count, faults.capacity - used - operation.offset)
    guard count > 0 else { return -ENOSPC }
    apply(bytes[..<count], operation)
    if operation.isSynced {
      if happens(oneIn: faults.failedSyncs) { return -EIO }
      let content = files[operation.file]?.content ?? []
      files[operation.file]?.durable = content
    }
    return Int32(count)
  }

  private func apply(_ bytes: ArraySlice<UInt8>, _ operation: Operation) {
    var file = files[operation.file, default: File()]
    precondition(operation.offset <= file.content.count, "a hole in the file")
    precondition(operation.offset >= file.lastOffset, "what was written is written over")
    file.lastOffset = operation.offset
    let end = min(file.content.count, operation.offset + bytes.count)
    file.content.replaceSubrange(operation.offset..<end, with: bytes)
    files[operation.file] = file
  }

  /// What is there after the power was gone.
  func crash() -> [Int32: [UInt8]] {
    for operation in underWay {
      guard let bytes = operation.bytes, Bool.random(using: &random) else { continue }
      apply(bytes.prefix(Int.random(in: 0...bytes.count, using: &random)), operation)
    }
    underWay = []
    return files.mapValues { remains(of: $0) }
  }

  private func remains(of file: File) -> [UInt8] {
    var remains = file.durable
    for start in stride(from: 0, to: min(file.durable.count, file.content.count), by: Self.sectorByteCount)
    where Bool.random(using: &random) {
      let sector = start..<min(start + Self.sectorByteCount, file.durable.count, file.content.count)
      remains.replaceSubrange(sector, with: file.content[sector])
    }
    guard file.content.count > file.durable.count else { return remains }
    let end = Int.random(in: file.durable.count...file.content.count, using: &random)
    // The last sector may be whole, cut anywhere, or not there.
    let kept = Bool.random(using: &random) ? end : max(end / Self.sectorByteCount * Self.sectorByteCount, file.durable.count)
    return remains + file.content[file.durable.count..<kept]
  }
}
