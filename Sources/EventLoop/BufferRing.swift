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
  private let ring: UnsafeMutablePointer<io_uring_buf_ring>
  private let memory: UnsafeMutableRawPointer
  private let memoryByteCount: Int

  /// - Parameter count: a power of two.
  /// - Throws: what mmap(2) or the registration reported.
  init(ring: Ring, group: UInt16, count: Int, bufferByteCount: Int) throws(SystemError) {
    precondition(count.nonzeroBitCount == 1, "a buffer ring's size is a power of two")
    self.group = group
    self.count = count
    self.bufferByteCount = bufferByteCount
    let ringByteCount = count * MemoryLayout<io_uring_buf>.stride
    memoryByteCount = (ringByteCount + 4095) & ~4095 + count * bufferByteCount
    guard
      let mapped = unsafe mmap(
        nil, memoryByteCount, PROT_READ | PROT_WRITE, MAP_ANONYMOUS | MAP_PRIVATE, -1, 0),
      unsafe mapped != MAP_FAILED
    else { throw SystemError("mmap", errno) }
    unsafe self.ring = mapped.assumingMemoryBound(to: io_uring_buf_ring.self)
    unsafe memory = mapped + (ringByteCount + 4095) & ~4095
    var registration = io_uring_buf_reg()
    registration.ring_addr = UInt64(UInt(bitPattern: mapped))
    registration.ring_entries = UInt32(count)
    registration.bgid = group
    let code = unsafe io_uring_register_buf_ring(ring.handle, &registration, 0)
    guard code == 0 else { throw SystemError("io_uring_register_buf_ring", -code) }
    unsafe io_uring_buf_ring_init(self.ring)
    for index in 0..<count {
      unsafe curing_recycle(
        self.ring, memory + index * bufferByteCount, UInt32(bufferByteCount), UInt16(index),
        Int32(count - 1), Int32(index))
    }
    publish(count)
  }

  /// Where a buffer's bytes start.
  package func unsafeAddress(_ id: BufferID) -> UnsafeRawPointer {
    precondition(Int(id.rawValue) < count, "no such provided buffer")
    return unsafe UnsafeRawPointer(memory + Int(id.rawValue) * bufferByteCount)
  }

  /// Queues a buffer for the kernel as the `offset`-th since the last `publish`.
  package func recycle(_ id: BufferID, offset: Int) {
    unsafe curing_recycle(
      ring, memory + Int(id.rawValue) * bufferByteCount, UInt32(bufferByteCount), id.rawValue,
      Int32(count - 1), Int32(offset))
  }

  /// Gives the kernel the last `count` recycled buffers.
  package func publish(_ count: Int) { unsafe curing_publish(ring, Int32(count)) }
}
