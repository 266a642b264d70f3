import CLinux
import Glibc
import Synchronization

/// The memory of reply buffers.
///
/// Small ones come from the allocator. From `pagesMin` bytes on a buffer has pages of its own, which move when it grows
/// instead of being copied: a reply of a gigabyte grows as fast as one of a megabyte, and holds nobody up.
package enum ReplyStorage {
  /// Smaller buffers are the allocator's.
  static let pagesMin = 4 << 20
  private static let pageBytes = 4096

  private static let mapped = Atomic<Int>(0)

  /// Pages that nobody uses any more, and that are given back slice by slice: for hundreds of megabytes that takes a while.
  private struct Discarded {
    let address: UInt
    var count: Int
  }
  private static let discarded = Mutex<[Discarded]>([])
  private static let discardedCount = Atomic<Int>(0)
  private static let releaserCount = Atomic<Int>(0)
  /// About a millisecond.
  private static let sliceBytes = 4 << 20

  /// Bytes of all buffers in use that are not the allocator's. From any thread.
  package static var mappedByteCount: Int { mapped.load(ordering: .relaxed) }

  /// How much memory a buffer of at least `wanted` bytes gets.
  static func capacity(for wanted: Int) -> Int {
    wanted < pagesMin ? wanted : (wanted + pageBytes - 1) & ~(pageBytes - 1)
  }

  /// A larger buffer with what the old one holds, which is gone.
  ///
  /// - Parameters:
  ///   - count: bytes written to `old`.
  ///   - capacity: of `old`; as `capacity(for:)` gave it, so is `wanted`.
  static func grow(
    _ old: UnsafeMutableRawPointer?, count: Int, capacity: Int, to wanted: Int
  ) -> UnsafeMutableRawPointer {
    if wanted < pagesMin {
      guard let grown = unsafe realloc(old, wanted) else { fatalError("out of memory for a reply of \(wanted) bytes") }
      return unsafe grown
    }
    let hasPages = capacity >= pagesMin
    guard let grown = unsafe clinux_grow_pages(hasPages ? old : nil, capacity, wanted) else {
      fatalError("out of memory for a reply of \(wanted) bytes")
    }
    mapped.add(hasPages ? wanted - capacity : wanted, ordering: .relaxed)
    if !hasPages, let old = unsafe old {
      unsafe memcpy(grown, old, count)
      unsafe Glibc.free(old)
    }
    return unsafe grown
  }

  static func free(_ storage: UnsafeMutableRawPointer?, capacity: Int) {
    if capacity < pagesMin { return unsafe Glibc.free(storage) }
    let pages = Discarded(address: UInt(bitPattern: storage), count: capacity)
    mapped.subtract(capacity, ordering: .relaxed)
    if capacity <= sliceBytes || releaserCount.load(ordering: .relaxed) == 0 { return unmap(pages, from: 0) }
    discarded.withLock { $0.append(pages) }
    discardedCount.add(1, ordering: .relaxed)
  }

  private static func unmap(_ pages: Discarded, from start: Int) {
    let address = unsafe UnsafeMutableRawPointer(bitPattern: pages.address + UInt(start))
    unsafe precondition(munmap(address, pages.count - start) == 0, "pages of a reply that are none")
  }

  // MARK: Giving back

  /// The caller is going to call `releaseSlice` as long as there is something, until it calls `removeReleaser`. Without
  /// anybody who does, pages are given back at once.
  package static func addReleaser() { releaserCount.add(1, ordering: .relaxed) }

  package static func removeReleaser() {
    guard releaserCount.subtract(1, ordering: .relaxed).newValue == 0 else { return }
    while hasDiscarded { releaseSlice() }
  }

  /// Whether there are pages to be given back.
  package static var hasDiscarded: Bool { discardedCount.load(ordering: .relaxed) > 0 }

  /// Gives some megabytes back, which takes about a millisecond.
  package static func releaseSlice() {
    guard var pages = discarded.withLock({ $0.popLast() }) else { return }
    let start = max(pages.count - sliceBytes, 0)
    unmap(pages, from: start)
    pages.count = start
    if start > 0 { return discarded.withLock { $0.append(pages) } }
    discardedCount.subtract(1, ordering: .relaxed)
  }
}
