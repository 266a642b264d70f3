import Glibc
import RESP

/// Requests on their way to the kernel, which reads them where they are until the send is over.
@safe
struct RequestBuffer {
  // Safe: all writes go through `append` and `appendUnsafely`, which check the room.
  private var base: UnsafeMutableRawPointer
  private var capacity: Int
  private(set) var count = 0

  init(capacity: Int) {
    unsafe base = .allocate(byteCount: max(capacity, 64), alignment: 16)
    self.capacity = max(capacity, 64)
  }

  /// Frees the memory; the buffer is not used afterwards.
  func deallocate() { unsafe base.deallocate() }

  var isEmpty: Bool { count == 0 }

  /// Valid until something is appended.
  var bytes: ByteView { unsafe ByteView(unsafeBase: base, count: count) }

  mutating func removeAll() { count = 0 }

  /// Has `body` write up to `byteCount` bytes at the end; it returns how many it wrote.
  @inline(__always)
  mutating func append(upTo byteCount: Int, _ body: (UnsafeMutableRawPointer) -> Int) {
    if capacity &- count < byteCount { grow(byteCount) }
    let written = unsafe body(base + count)
    precondition(written <= byteCount, "wrote beyond the room asked for")
    count &+= written
  }

  private mutating func grow(_ byteCount: Int) {
    let larger = max(capacity * 2, count + byteCount)
    let memory = UnsafeMutableRawPointer.allocate(byteCount: larger, alignment: 16)
    unsafe memcpy(memory, base, count)
    unsafe base.deallocate()
    unsafe base = unsafe memory
    capacity = larger
  }
}
