/// A structure in a heap block of its own, as a handle of one word: what an entry's word, or a record in a
/// packed array, can hold. Whoever keeps the word owns the body.
///
/// `@safe`: the body is reached through the handle only, and lives until `free()`.
@safe
struct Boxed<Body: ~Copyable>: BitwiseCopyable, Equatable {
  let pointer: UnsafeMutablePointer<Body>

  init(_ body: consuming Body) {
    unsafe pointer = .allocate(capacity: 1)
    unsafe pointer.initialize(to: body)
  }

  /// - Parameter bits: what `bits` of another instance gave.
  @inline(__always)
  init(bits: Int) {
    unsafe pointer = UnsafeMutablePointer(bitPattern: bits).unsafelyUnwrapped
  }

  @inline(__always) var bits: Int { unsafe Int(bitPattern: pointer) }

  @inline(__always)
  var body: Body {
    unsafeAddress { unsafe UnsafePointer(pointer) }
    nonmutating unsafeMutableAddress { unsafe pointer }
  }

  /// What the block takes of the heap, without what the body points to.
  static var heapByteCount: Int { Heap.sizeClass(MemoryLayout<Body>.size) }

  /// Ends the body's life; its `deinit` frees what it owns.
  func free() {
    unsafe pointer.deinitialize(count: 1)
    unsafe pointer.deallocate()
  }

  static func == (left: Self, right: Self) -> Bool { left.bits == right.bits }
}
