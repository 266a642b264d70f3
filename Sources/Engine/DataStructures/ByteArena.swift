import Glibc
import RESP

/// Copies of many byte strings, one behind the other in a few large blocks, which are all freed together.
@safe
final class ByteArena {
  /// Where a string is. Valid as long as the arena.
  struct Reference: BitwiseCopyable {
    fileprivate let block: UInt32
    fileprivate let offset: UInt32
  }

  private var blocks: [UnsafeMutableRawPointer] = unsafe []
  /// Of the last block.
  private var used = 0
  private var capacity = 0
  private static let blockByteCount = 256 << 10
  private static let lengthByteCount = 4

  deinit { for unsafe block in unsafe blocks { unsafe block.deallocate() } }

  /// - Parameter bytes: less than 4 GiB.
  func append(_ bytes: ByteView) -> Reference {
    let byteCount = Self.lengthByteCount + bytes.count
    if used + byteCount > capacity {
      capacity = Swift.max(byteCount, Self.blockByteCount)
      unsafe blocks.append(.allocate(byteCount: capacity, alignment: 16))
      used = 0
    }
    let block = unsafe blocks.count - 1
    let start = unsafe blocks[block] + used
    unsafe start.storeBytes(of: UInt32(bytes.count), as: UInt32.self)
    unsafe memcpy(start + Self.lengthByteCount, bytes.unsafeBase, bytes.count)
    let reference = Reference(block: UInt32(block), offset: UInt32(used))
    used += byteCount
    return reference
  }

  subscript(reference: Reference) -> ByteView {
    let start = unsafe UnsafeRawPointer(blocks[Int(reference.block)]) + Int(reference.offset)
    let count = Int(unsafe start.loadUnaligned(as: UInt32.self))
    return unsafe ByteView(unsafeBase: unsafe start + Self.lengthByteCount, count: count)
  }
}
