import Glibc
import RESP

/// Bytes of a connection that could not be parsed where they landed: a command cut by a receive buffer's
/// end, or commands that wait until the connection may go on.
@safe struct InputBuffer: ~Copyable {
  private var storage: UnsafeMutableRawPointer?
  private var capacity = 0
  private var start = 0
  private(set) var count = 0
  /// Emptied buffers up to this size are kept.
  private static let retainedBytesMax = 32 << 10

  init() { unsafe storage = nil }

  deinit { unsafe free(storage) }

  var isEmpty: Bool { count == 0 }
  /// What the buffer occupies, used or not.
  var allocatedByteCount: Int { capacity }

  /// The bytes, valid until the next change.
  var view: ByteView {
    guard let storage = unsafe storage else { return .empty }
    return unsafe ByteView(unsafeBase: UnsafeRawPointer(storage + start), count: count)
  }

  /// Adds bytes at the end. With `expected` more known to follow, makes room for those too.
  mutating func append(_ bytes: ByteView, expecting expected: Int = 0) {
    guard bytes.count > 0 else { return }
    if start + count + bytes.count > capacity { makeRoom(bytes.count + expected) }
    unsafe memcpy(storage.unsafelyUnwrapped + start + count, bytes.unsafeBase, bytes.count)
    count += bytes.count
  }

  /// Drops the first `consumed` bytes.
  mutating func consume(_ consumed: Int) {
    precondition(consumed <= count, "consuming more input than there is")
    start += consumed
    count -= consumed
    guard count == 0 else { return }
    start = 0
    if capacity > Self.retainedBytesMax {
      unsafe free(storage)
      unsafe storage = nil
      capacity = 0
    }
  }

  private mutating func makeRoom(_ extra: Int) {
    if start > 0, let storage = unsafe storage {
      unsafe memmove(storage, storage + start, count)
      start = 0
    }
    guard count + extra > capacity else { return }
    let wanted = Swift.max(count + extra, capacity * 2, 1024)
    guard let grown = unsafe realloc(storage, wanted) else {
      fatalError("out of memory: \(wanted) bytes of input")
    }
    unsafe storage = grown
    capacity = wanted
  }
}
