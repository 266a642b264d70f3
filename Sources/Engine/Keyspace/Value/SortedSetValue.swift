import RESP

/// A sortedSet as it lies behind an entry's word.
@safe
struct SortedSetValue: CollectionValue {
  static let type = ValueType.sortedSet

  let block: EntryBlock
  init(block: EntryBlock) { self.block = block }

  static func makeEmpty(_ keyspace: borrowing Keyspace) -> (ValueEncoding, word: Int) {
    (.listpack, Listpack.empty().bits)
  }

  var count: Int { listpack.count }
  var isLarge: Bool { false }
  func free() { listpack.free() }
  func freeSlice(from progress: UInt64) -> UInt64? {
    free()
    return nil
  }
  func copyWord() -> Int { listpack.copy().bits }
  func heapByteCount(samples: Int) -> Int { listpack.heapByteCount }
  func mix(into digest: inout ContentDigest) { digest.mix(listpack.bytes) }
  func write(to writer: inout RDBWriter) { writer.writeBytes(listpack.bytes) }
}
