/// The arguments of every command of a batch, one after the other, as views of the receive buffers.
///
/// A command names its part by index and count. The table is emptied once a turn and keeps its memory,
/// so that parsing allocates nothing in the steady state.
@usableFromInline
@safe package struct ArgumentTable: ~Copyable {
  @usableFromInline var storage: UnsafeMutablePointer<ByteView>
  @usableFromInline var capacity: Int
  @usableFromInline package private(set) var count = 0

  package init(capacity: Int = 1024) {
    self.capacity = capacity
    unsafe storage = .allocate(capacity: capacity)
  }

  deinit { unsafe storage.deallocate() }

  @inlinable @inline(__always)
  package mutating func append(_ view: ByteView) {
    if count == capacity { grow() }
    unsafe storage[count] = view
    count &+= 1
  }

  /// Drops the arguments from `newCount` on.
  @inlinable
  package mutating func truncate(to newCount: Int) {
    precondition(newCount <= count, "truncating to more arguments than there are")
    count = newCount
  }

  /// Drops all arguments, and memory for more than `capacityMax` of them.
  package mutating func removeAll(retaining capacityMax: Int) {
    count = 0
    guard capacity > capacityMax else { return }
    unsafe storage.deallocate()
    capacity = capacityMax
    unsafe storage = .allocate(capacity: capacity)
  }

  /// The arguments `start ..< start + count`, valid until the table changes.
  @inlinable @inline(__always)
  package func arguments(from start: Int, count: Int) -> Arguments {
    precondition(start &+ count <= self.count, "arguments outside the table")
    return unsafe Arguments(base: UnsafePointer(storage + start), count: count)
  }

  @usableFromInline @inline(never)
  mutating func grow() {
    let grown = UnsafeMutablePointer<ByteView>.allocate(capacity: capacity * 2)
    unsafe grown.moveInitialize(from: storage, count: count)
    unsafe storage.deallocate()
    unsafe storage = grown
    capacity *= 2
  }
}

/// One command's words as the client sent them, its name first.
///
/// Valid while the command's body runs; nothing may keep it.
@safe @usableFromInline
package struct Arguments {
  @usableFromInline let base: UnsafePointer<ByteView>
  @usableFromInline package let count: Int

  @inlinable @inline(__always)
  init(base: UnsafePointer<ByteView>, count: Int) {
    unsafe self.base = base
    self.count = count
  }

  /// No words at all.
  @inlinable
  package static var none: Arguments {
    unsafe Arguments(
      base: UnsafePointer(bitPattern: MemoryLayout<ByteView>.alignment).unsafelyUnwrapped, count: 0)
  }

  /// Words that somebody else keeps, valid as long as they are kept.
  @inlinable
  package init(unsafeWords words: UnsafePointer<ByteView>, count: Int) {
    unsafe self.init(base: words, count: count)
  }

  /// Copies of all words.
  package var words: [[UInt8]] { (0..<count).map { self[$0].bytes } }

  @inlinable @inline(__always)
  package subscript(index: Int) -> ByteView {
    precondition(UInt(bitPattern: index) < UInt(bitPattern: count), "no such argument")
    return unsafe base[index]
  }

  /// Where the views lie, one after the other.
  @inlinable package var unsafeBase: UnsafePointer<ByteView> { unsafe base }

  /// `count` arguments from `start` on.
  @inlinable
  package func part(from start: Int, count: Int) -> Arguments {
    precondition(start >= 0 && count >= 0 && start + count <= self.count, "a part beyond the end")
    return unsafe Arguments(base: base + start, count: count)
  }

  /// The arguments from `start` on.
  @inlinable
  package func dropFirst(_ start: Int) -> Arguments {
    precondition(start <= count, "dropping more arguments than there are")
    return unsafe Arguments(base: base + start, count: count - start)
  }

  /// Runs `body` with arguments made of `words`, valid only inside.
  package static func with<Result, Failure: Error>(
    _ words: [[UInt8]], _ body: (Arguments) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    var joined: [UInt8] = []
    for word in words { joined += word }
    return try ByteView.with(joined) { (view) throws(Failure) -> Result in
      var table = ArgumentTable(capacity: Swift.max(words.count, 1))
      var offset = 0
      for word in words {
        table.append(view[offset..<offset + word.count])
        offset += word.count
      }
      return try body(table.arguments(from: 0, count: words.count))
    }
  }
}
