import Glibc
package import RESP

/// An entry that is in no table: key, value, expiry and access clock, on the way between databases,
/// or between the keyspaces of two shards.
///
/// It owns its memory, and frees it if nobody puts it anywhere.
///
///
/// Sendable: the block is reached from here only, and jemalloc frees what another thread allocated.
@safe package struct DetachedEntry: ~Copyable, @unchecked Sendable {
  private let block: EntryBlock
  /// nil: as if just used.
  private let clock: UInt32?

  init(_ block: EntryBlock, clock: UInt32?) {
    self.block = block
    self.clock = clock
  }

  /// A new string.
  init(key: ByteView, string value: ByteView, expiry: Int64?) {
    self.init(EntryBlock.string(value, key: key, expiry: expiry), clock: nil)
  }

  init(key: ByteView, string value: [UInt8], expiry: Int64?) {
    let block = ByteView.with(value) { EntryBlock.string($0, key: key, expiry: expiry) }
    self.init(block, clock: nil)
  }

  init(key: ByteView, integer: Int, expiry: Int64?) {
    let block = EntryBlock.string(word: integer, encoding: .integer, key: key, expiry: expiry)
    self.init(block, clock: nil)
  }

  /// A collection whose word is the entry's from here.
  init(key: ByteView, type: ValueType, encoding: ValueEncoding, word: Int, expiry: Int64?) {
    let block = EntryBlock.allocate(
      key: key, valueCount: 8, type: type, encoding: encoding, expiry: expiry)
    block.word = word
    self.init(block, clock: nil)
  }

  deinit { block.dispose() }

  /// Valid as long as this entry.
  package var key: ByteView { block.key }
  package var type: ValueType { block.type }
  /// Milliseconds since 1970.
  package var expiry: Int64? { block.hasExpiry ? block.expiry : nil }

  /// The same entry under another name.
  consuming func renamed(_ key: [UInt8]) -> DetachedEntry {
    let clock = self.clock
    let block = takeBlock().block
    let renamed = ByteView.with(key) { block.shallowCopy(key: $0) }
    block.free()
    return DetachedEntry(renamed, clock: clock)
  }

  /// The same entry under another name.
  consuming func renamed(_ key: ByteView) -> DetachedEntry {
    let clock = self.clock
    let block = takeBlock().block
    if block.key == key { return DetachedEntry(block, clock: clock) }
    let renamed = block.shallowCopy(key: key)
    block.free()
    return DetachedEntry(renamed, clock: clock)
  }

  /// Gives up ownership.
  consuming func takeBlock() -> (block: EntryBlock, clock: UInt32?) {
    let parts = (block, clock)
    discard self
    return parts
  }
}

extension EntryBlock {
  /// A new block with a string in the encoding that suits it.
  fileprivate static func string(_ value: ByteView, key: ByteView, expiry: Int64?) -> EntryBlock {
    if value.count <= 20, let integer = DecimalText.integer(value) {
      return string(word: integer, encoding: .integer, key: key, expiry: expiry)
    }
    if value.count > Keyspace.inlineBytesMax {
      let buffer = StringBuffer.allocate(capacity: value.count).grown(to: value.count)
      unsafe memcpy(buffer.bytes, value.unsafeBase, value.count)
      return string(word: buffer.bits, encoding: .rawBuffer, key: key, expiry: expiry)
    }
    let block = EntryBlock.allocate(
      key: key, valueCount: value.count, type: .string,
      encoding: value.count <= Keyspace.embeddedBytesMax ? .embedded : .rawInline, expiry: expiry)
    unsafe memcpy(block.valueBase, value.unsafeBase, value.count)
    return block
  }

  fileprivate static func string(
    word: Int, encoding: ValueEncoding, key: ByteView, expiry: Int64?
  ) -> EntryBlock {
    let block = EntryBlock.allocate(
      key: key, valueCount: 8, type: .string, encoding: encoding, expiry: expiry)
    block.word = word
    return block
  }

  /// A block with another key and the same value part; what the value part points to is shared.
  func shallowCopy(key: ByteView) -> EntryBlock {
    let copy = EntryBlock.allocate(
      key: key, valueCount: valueCount, type: type, encoding: encoding,
      expiry: hasExpiry ? expiry : nil)
    unsafe memcpy(copy.valueBase, valueBase, valueCount)
    return copy
  }

  /// A block with another key and a copy of the value.
  func deepCopy(key: ByteView) -> EntryBlock {
    let copy = shallowCopy(key: key)
    if encoding == .rawBuffer {
      let old = StringBuffer(bits: word)
      let buffer = StringBuffer.allocate(capacity: old.count).grown(to: old.count)
      unsafe memcpy(buffer.bytes, old.bytes, old.count)
      copy.word = buffer.bits
    } else if type != .string {
      copy.word = collection.copyWord()
    }
    return copy
  }

  /// What the block and everything its value refers to take of the heap.
  ///
  /// - Parameter samples: how many elements of a collection are looked at; 0 for all.
  func heapByteCount(samples: Int) -> Int {
    var bytes = Heap.sizeClass(byteCount)
    if encoding == .rawBuffer {
      bytes += Heap.sizeClass(StringBuffer(bits: word).byteCount)
    } else if type != .string {
      bytes += collection.heapByteCount(samples: samples)
    }
    return bytes
  }
}
