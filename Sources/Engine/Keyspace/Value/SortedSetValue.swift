import Glibc
import RESP

/// A sorted set as it lies behind an entry's word: a listpack of members and scores in the order of the
/// scores, or a tree over a table of members.
@safe
struct SortedSetValue: CollectionValue {
  static let type = ValueType.sortedSet

  let block: EntryBlock
  init(block: EntryBlock) { self.block = block }

  /// What decides how a value is stored.
  struct Settings {
    let limits: Keyspace.ListpackLimits
    /// Of the table's hash.
    let seed: UInt64

    init(limits: Keyspace.ListpackLimits, seed: UInt64) {
      self.limits = limits
      self.seed = seed
    }

    init(_ keyspace: borrowing Keyspace) {
      self.init(limits: keyspace.options.sortedSetListpackLimits, seed: keyspace.seed)
    }
  }

  static func makeEmpty(_ keyspace: borrowing Keyspace) -> (ValueEncoding, word: Int) {
    if keyspace.options.sortedSetListpackLimits.entriesMax <= 0 {
      return (.structure, SortedSetIndex.empty(seed: keyspace.seed).bits)
    }
    return (.listpack, Listpack.empty().bits)
  }

  @inline(__always) var isListpack: Bool { encoding == .listpack }
  @inline(__always) var index: SortedSetIndex { SortedSetIndex(bits: block.word) }

  var count: Int { isListpack ? listpack.count / 2 : index.count }
  var isLarge: Bool { !isListpack && index.count > 2000 }

  var freeEffort: Int { isListpack ? 1 : index.count }

  func free() { isListpack ? listpack.free() : index.free() }

  func freeSlice(from progress: UInt64) -> UInt64? {
    if isListpack {
      listpack.free()
      return nil
    }
    return index.freeSlice(from: progress)
  }

  func copyWord() -> Int { isListpack ? listpack.copy().bits : index.copy().bits }

  func heapByteCount(samples: Int) -> Int {
    isListpack ? listpack.heapByteCount : index.heapByteCount(samples: samples)
  }

  func mix(into digest: inout ContentDigest) {
    var mixed = digest
    forEach { member, score in
      var pair = ContentDigest()
      pair.mix(member)
      ByteView.with(score.seventeenDigits) { pair.mix($0) }
      mixed.combine(bytesOf: pair)
    }
    digest = mixed
  }
}

extension Double {
  /// As C prints it by `%.17g`.
  fileprivate var seventeenDigits: [UInt8] {
    unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: 64) { buffer in
      let count = unsafe withVaList([self]) {
        unsafe vsnprintf(buffer.baseAddress, buffer.count, "%.17g", $0)
      }
      return unsafe buffer.prefix(Int(count)).map { UInt8(bitPattern: $0) }
    }
  }

  /// The bits as an element's word.
  @inline(__always) var word: Int { Int(bitPattern: UInt(bitPattern)) }

  @inline(__always)
  init(word: Int) { self.init(bitPattern: UInt64(UInt(bitPattern: word))) }
}
