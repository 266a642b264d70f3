import CUring
import Glibc

/// Which provided buffer a completion used.
package struct BufferID: Hashable, Sendable {
  package let rawValue: UInt16
}

/// Receive buffers lent to the kernel: it picks one when bytes arrive, so idle connections hold none.
///
/// Received bytes are valid until `recycle`; recycled buffers reach the kernel with `publish`, once a
/// turn.
///
/// - SeeAlso: io_uring_register_buf_ring(3)
@safe
package struct BufferRing {
  /// What receives name to use these buffers.
  package let group: UInt16
  package let bufferByteCount: Int
  private let count: Int
  private let headerByteCount: Int
  private let header: UnsafeMutableRawPointer
  private let memory: UnsafeMutableRawPointer

  /// - Parameter count: a power of two.
  /// - Throws: what mmap(2) or the registration reported.
  init(ring: Ring, group: UInt16, count: Int, bufferByteCount: Int) throws(SystemError) {
    precondition(count.nonzeroBitCount == 1, "a buffer ring's size is a power of two")
    self.group = group
    self.count = count
    self.bufferByteCount = bufferByteCount
    headerByteCount = curing_buffers_header_size(UInt32(count))
    guard
      let mapped = unsafe mmap(
        nil, headerByteCount + count * bufferByteCount, PROT_READ | PROT_WRITE,
        MAP_ANONYMOUS | MAP_PRIVATE, -1, 0),
      unsafe mapped != MAP_FAILED
    else { throw SystemError("mmap", errno) }
    unsafe header = unsafe mapped
    unsafe memory = unsafe mapped + headerByteCount
    let code = unsafe curing_buffers_register(ring.handle, header, UInt32(count), group)
    guard code == 0 else { throw SystemError("io_uring_register_buf_ring", -code) }
    for index in 0..<count { recycle(BufferID(rawValue: UInt16(index)), offset: index) }
    publish(count)
  }

  /// Takes the buffers back from the kernel and frees them; on the ring's thread, before the ring closes.
  func close(_ ring: Ring) {
    unsafe curing_buffers_unregister(ring.handle, group)
    unsafe munmap(header, headerByteCount + count * bufferByteCount)
  }

  /// Where a buffer's bytes start.
  package func unsafeAddress(_ id: BufferID) -> UnsafeRawPointer {
    precondition(Int(id.rawValue) < count, "no such provided buffer")
    return unsafe UnsafeRawPointer(memory + Int(id.rawValue) * bufferByteCount)
  }

  /// Queues a buffer for the kernel as the `offset`-th since the last `publish`.
  package func recycle(_ id: BufferID, offset: Int) {
    unsafe curing_buffers_add(
      header, memory + Int(id.rawValue) * bufferByteCount, UInt32(bufferByteCount), id.rawValue,
      UInt32(count), UInt32(offset))
  }

  /// Gives the kernel the last `count` recycled buffers.
  package func publish(_ count: Int) { unsafe curing_buffers_publish(header, UInt32(count)) }
}
