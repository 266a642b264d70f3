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

  /// Bytes of all buffers that are not the allocator's. From any thread.
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
    mapped.subtract(capacity, ordering: .relaxed)
    unsafe precondition(munmap(storage, capacity) == 0, "pages of a reply that are none")
  }
}
