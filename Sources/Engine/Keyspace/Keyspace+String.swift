import Glibc
import RESP

/// A string value as it lies in the keyspace. Valid until the keyspace changes.
enum StringValue {
  case integer(Int)
  case bytes(ByteView)

  /// Its length as a client sees it.
  var count: Int {
    switch self {
    case .integer(let value): DecimalText.digitCount(value.magnitude) + (value < 0 ? 1 : 0)
    case .bytes(let view): view.count
    }
  }

  /// The integer it spells in canonical decimal, if it does.
  var integer: Int? {
    switch self {
    case .integer(let value): value
    case .bytes(let view): DecimalText.integer(view)
    }
  }

  /// Runs `body` with the bytes, valid only inside.
  func withBytes<Result, Failure: Error>(
    _ body: (ByteView) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    switch self {
    case .bytes(let view): return try body(view)
    case .integer(let value):
      var digits: (UInt64, UInt64, UInt64) = (0, 0, 0)
      return unsafe try withUnsafeMutableBytes(of: &digits) { (buffer) throws(Failure) -> Result in
        let base = unsafe buffer.baseAddress.unsafelyUnwrapped
        let count = unsafe DecimalText.write(value, to: base)
        return try unsafe body(ByteView(unsafeBase: UnsafeRawPointer(base), count: count))
      }
    }
  }

  /// Whether it is `other`, byte for byte.
  func equals(_ other: ByteView) -> Bool {
    switch self {
    case .integer(let value): DecimalText.integer(other) == value
    case .bytes(let view): view == other
    }
  }

  /// Replies with the value as a bulk string.
  @inline(__always)
  func write(to reply: inout ReplyWriter) {
    switch self {
    case .bytes(let view): reply.bulk(view)
    case .integer(let value): reply.bulk(value)
    }
  }
}

/// What becomes of a key's expiry when its value is set.
enum ExpirySetting {
  /// The key stays for ever.
  case none
  /// As it was.
  case keep
  /// Milliseconds since 1970.
  case at(Int64)
}

/// A view of a string's bytes that may be changed in place, valid until the keyspace changes.
@safe
struct MutableBytes {
  let base: UnsafeMutableRawPointer
  let count: Int

  subscript(index: Int) -> UInt8 {
    get {
      precondition(index >= 0 && index < count, "byte index out of range")
      return unsafe base.load(fromByteOffset: index, as: UInt8.self)
    }
    nonmutating set {
      precondition(index >= 0 && index < count, "byte index out of range")
      unsafe base.storeBytes(of: newValue, toByteOffset: index, as: UInt8.self)
    }
  }

  var view: ByteView { unsafe ByteView(unsafeBase: UnsafeRawPointer(base), count: count) }

  /// Copies `source` to `offset`; both ranges lie within.
  func replace(at offset: Int, with source: ByteView) {
    precondition(offset >= 0 && offset + source.count <= count, "writing past the string")
    unsafe memmove(base + offset, source.unsafeBase, source.count)
  }
}

extension Entry {
  /// The value of an entry whose type is `.string`.
  @inline(__always)
  var string: StringValue {
    let block = self.block
    switch block.encoding {
    case .integer: return .integer(block.word)
    case .embedded, .rawInline: return .bytes(block.value)
    case .rawBuffer: return .bytes(StringBuffer(bits: block.word).view)
    case .listpack, .intset, .structure, .listpackWithExpiries:
      preconditionFailure("a string is never stored as \(block.encoding)")
    }
  }
}

extension Keyspace {
  /// Strings up to this length are `embstr`, as in Redis.
  static let embeddedBytesMax = 44
  /// Longer strings get a buffer of their own, so that a key's entry stays small and its string can grow.
  static let inlineBytesMax = 512

  /// The string at `key`, nil if the key is missing.
  @inline(__always)
  mutating func string(
    _ key: ByteView, for purpose: Purpose
  ) throws(CommandError) -> StringValue? {
    guard let entry = lookup(key, for: purpose) else { return nil }
    guard entry.type == .string else { throw .wrongType }
    return entry.string
  }

  /// Sets `key` to a string, whatever was there. A canonical integer is stored as one.
  ///
  /// - Parameter value: must not point into the keyspace.
  @inline(__always)
  mutating func set(_ key: ByteView, string value: ByteView, expiry: ExpirySetting = .none) {
    if value.count <= 20, let integer = DecimalText.integer(value) {
      return set(key, integer: integer, expiry: expiry)
    }
    set(key, bytes: value, expiry: expiry)
  }

  /// As `set(_:string:expiry:)`, but never stored as an integer (INCRBYFLOAT's results).
  ///
  /// - Parameter value: must not point into the keyspace.
  @inline(__always)
  mutating func set(_ key: ByteView, bytes value: ByteView, expiry: ExpirySetting = .none) {
    if value.count > Self.inlineBytesMax {
      let buffer = StringBuffer.allocate(capacity: value.count).grown(to: value.count)
      unsafe memcpy(buffer.bytes, value.unsafeBase, value.count)
      return store(key, word: buffer.bits, encoding: .rawBuffer, expiry: expiry)
    }
    let block = blockForStore(
      key, valueCount: value.count,
      encoding: value.count <= Self.embeddedBytesMax ? .embedded : .rawInline, expiry: expiry)
    unsafe memcpy(block.valueBase, value.unsafeBase, value.count)
  }

  /// Sets `key` to an integer, whatever was there.
  @inline(__always)
  mutating func set(_ key: ByteView, integer: Int, expiry: ExpirySetting = .none) {
    store(key, word: integer, encoding: .integer, expiry: expiry)
  }

  mutating func store(
    _ key: ByteView, word: Int, encoding: ValueEncoding, expiry: ExpirySetting
  ) {
    blockForStore(key, valueCount: 8, encoding: encoding, expiry: expiry).word = word
  }

  /// The block of `key` made ready for a string of `valueCount` bytes, which the caller fills in.
  ///
  /// Overwrites in place when the size class stays, so that the usual SET of an existing key neither
  /// allocates nor touches the table.
  @inline(__always)
  private mutating func blockForStore(
    _ key: ByteView, valueCount: Int, encoding: ValueEncoding, expiry: ExpirySetting
  ) -> EntryBlock {
    let hash = hash(key)
    guard let slot = unsafe database.pointee.table.find(key, hash) else {
      changed(key)
      let block = EntryBlock.allocate(
        key: key, valueCount: valueCount, type: .string, encoding: encoding,
        expiry: expiry.resolved(old: nil))
      _ = unsafe database.pointee.table.insert(block, hash, clock: freshClock)
      return block
    }
    let entry = unsafe Entry(slot: slot)
    preserve(entry)
    changed(key)
    let old = entry.block
    let newExpiry = expiry.resolved(old: liveExpiry(of: entry))
    unsafe DashTable.setClock(slot, freshClock)
    let newCount = EntryBlock.byteCount(
      keyCount: key.count, valueCount: valueCount, hasExpiry: newExpiry != nil)
    let oldCount = old.byteCount
    if old.encoding == .rawBuffer {
      StringBuffer(bits: old.word).free()
    } else if old.type != .string {
      forgetFieldExpiries(of: old)
      discardValue(of: old)
    }
    if Heap.sizeClass(newCount) == Heap.sizeClass(oldCount) {
      if newExpiry == nil, !old.hasExpiry, old.isWide == !EntryBlock.isNarrow(key.count, valueCount) {
        old.setStringHeader(valueCount: valueCount, encoding: encoding)
      } else {
        // `key` is the client's copy, so the whole header can be written anew.
        old.writeHeader(
          key: key, valueCount: valueCount, type: .string, encoding: encoding, expiry: newExpiry)
        unsafe database.pointee.table.replace(slot, with: old)
      }
      return old
    }
    let block = EntryBlock.allocate(
      key: key, valueCount: valueCount, type: .string, encoding: encoding, expiry: newExpiry)
    unsafe database.pointee.table.replace(slot, with: block)
    unsafe Heap.free(old.base, oldCount)
    return block
  }

  /// The string at `key` as bytes that can be changed in place, at least `count` long, zeros where it was
  /// shorter; a missing key is created.
  ///
  /// The value is `raw` afterwards, in a buffer that grows by a fraction, so repeated calls are O(1)
  /// amortised a byte. Keeps the expiry.
  mutating func editString(
    _ key: ByteView, growingTo count: Int
  ) throws(CommandError) -> MutableBytes {
    if let entry = lookup(key, for: .write) {
      guard entry.type == .string else { throw .wrongType }
      if entry.encoding == .rawInline, entry.block.valueCount >= count {
        return unsafe MutableBytes(base: entry.block.valueBase, count: entry.block.valueCount)
      }
      let buffer: StringBuffer
      if entry.encoding == .rawBuffer {
        buffer = StringBuffer(bits: entry.block.word).grown(to: count)
        entry.block.word = buffer.bits
      } else {
        let value = entry.string
        let wanted = Swift.max(count, value.count)
        buffer = StringBuffer.allocate(capacity: wanted).grown(to: wanted)
        value.withBytes { unsafe _ = memcpy(buffer.bytes, $0.unsafeBase, $0.count) }
        let keyBytes = entry.key.bytes
        ByteView.with(keyBytes) {
          store($0, word: buffer.bits, encoding: .rawBuffer, expiry: .keep)
        }
        changeCount -= 1
      }
      return unsafe MutableBytes(base: buffer.bytes, count: buffer.count)
    }
    let buffer = StringBuffer.allocate(capacity: count).grown(to: count)
    store(key, word: buffer.bits, encoding: .rawBuffer, expiry: .none)
    changeCount -= 1
    return unsafe MutableBytes(base: buffer.bytes, count: count)
  }
}

extension ExpirySetting {
  @inline(__always)
  fileprivate func resolved(old: Int64?) -> Int64? {
    switch self {
    case .none: nil
    case .keep: old
    case .at(let time): time
    }
  }
}

extension Keyspace {
  /// An entry's expiry, nil if it has none or it has passed (the value is about to be replaced).
  @inline(__always)
  fileprivate func liveExpiry(of entry: Entry) -> Int64? {
    guard let expiry = entry.expiry, expiry > now else { return nil }
    return expiry
  }
}

extension EntryBlock {
  /// Rewrites the header of a string whose key, width and lack of expiry stay.
  @inline(__always)
  fileprivate func setStringHeader(valueCount: Int, encoding: ValueEncoding) {
    meta = meta & 0xC0 | ValueType.string.rawValue | encoding.rawValue << 3
    setValueCount(valueCount)
  }
}
