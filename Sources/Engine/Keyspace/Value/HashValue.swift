import RESP

/// A hash as it lies behind an entry's word.
///
/// ```
/// listpack              field value field value ...       while small; the newest field last
/// listpackWithExpiries  field value time ...              small, and a field has or had an expiry
/// structure             an ElementTable                   beyond `hash-max-listpack-entries` or `-value`
/// ```
///
/// Times are Unix milliseconds; fields come in their order, then those that stay, whose time is 0. So the fields that are
/// over stand at the front. Once large it stays large, and once with times it keeps them, as in Redis.
///
/// A field whose time is over stays until it is deleted (`Keyspace.expire(fields:of:)`), but is not seen: see `clock`.
@safe
struct HashValue: CollectionValue {
  static let type = ValueType.hash

  let block: EntryBlock
  /// Fields whose time is at or before are hidden from all that reads. By default nothing is.
  var clock: Int64 = .min

  init(block: EntryBlock) { self.block = block }

  static func makeEmpty(_ keyspace: borrowing Keyspace) -> (ValueEncoding, word: Int) {
    (.listpack, Listpack.empty().bits)
  }

  /// Where it becomes large, and what its table is then hashed with.
  struct Growth {
    let limits: Keyspace.ListpackLimits
    let seed: UInt64
  }

  /// Whether it is one of the two listpacks.
  @inline(__always) var isListpack: Bool { encoding != .structure }
  @inline(__always) var hasTimes: Bool { encoding == .listpackWithExpiries }
  /// How many elements of the listpack belong to a field.
  @inline(__always) var width: Int { hasTimes ? 3 : 2 }
  @inline(__always) var table: ElementTable { ElementTable(bits: block.word) }

  // MARK: Memory

  private static let elementsAtOnceMax = 1024

  /// All fields, hidden ones included.
  var count: Int { isListpack ? listpack.count / width : table.count }
  var isLarge: Bool { !isListpack && table.count > Self.elementsAtOnceMax }

  var freeEffort: Int { isListpack ? 1 : table.count }

  func free() {
    if isListpack { listpack.free() } else { table.free() }
  }

  func freeSlice(from progress: UInt64) -> UInt64? {
    if !isListpack { return table.freeSlice(from: progress) }
    listpack.free()
    return nil
  }

  func copyWord() -> Int { isListpack ? listpack.copy().bits : table.copy().bits }

  func heapByteCount(samples: Int) -> Int {
    isListpack ? listpack.heapByteCount : table.heapByteCount(samples: samples)
  }

  // MARK: Reading

  /// The position of a field that is not hidden.
  @inline(__always)
  func position(of field: ByteView, in listpack: Listpack) -> Int? {
    listpack.firstPosition(of: field, from: firstVisible(in: listpack), skipping: width &- 1)
  }

  /// The element behind one that does not end a field.
  @inline(__always)
  func part(after position: Int, in listpack: Listpack) -> Int {
    guard let part = listpack.next(position) else {
      preconditionFailure("a hash's last field is cut")
    }
    return part
  }

  /// The field behind the one whose value stands at `value`.
  @inline(__always)
  func field(afterValue value: Int, in listpack: Listpack) -> Int? {
    listpack.next(hasTimes ? part(after: value, in: listpack) : value)
  }

  /// The value of a field, valid until the hash changes; nil if there is no such field.
  ///
  /// - Complexity: O(1), O(fields) in a listpack.
  @inline(__always)
  func value(of field: ByteView) -> StringValue? {
    if isListpack {
      let listpack = self.listpack
      guard let position = position(of: field, in: listpack) else { return nil }
      return listpack.value(at: part(after: position, in: listpack))
    }
    guard let element = table.find(field), !element.isOver(at: clock) else { return nil }
    return .bytes(element.value)
  }

  /// Visits every field with its value. The visitor must not change the hash.
  func forEach(_ visit: (_ field: StringValue, _ value: StringValue) -> Void) {
    guard isListpack else {
      let clock = self.clock
      return table.forEach {
        if !$0.isOver(at: clock) { visit(.bytes($0.name), .bytes($0.value)) }
      }
    }
    let listpack = self.listpack
    var position = firstVisible(in: listpack)
    while let field = position {
      let value = part(after: field, in: listpack)
      visit(listpack.value(at: field), listpack.value(at: value))
      position = self.field(afterValue: value, in: listpack)
    }
  }

  /// Visits about `count` fields from `position` on and returns where to go on, nil after the last. A listpack is
  /// visited as a whole.
  func scan(
    from position: UInt64, count: Int,
    _ visit: (_ field: StringValue, _ value: StringValue) -> Void
  ) -> UInt64? {
    if isListpack {
      forEach(visit)
      return nil
    }
    let clock = self.clock
    var left = count
    var (bucketsLeft, overflow) = count.multipliedReportingOverflow(
      by: Keyspace.scanBucketsPerKey)
    if overflow { bucketsLeft = .max }
    var current = position
    while left > 0, bucketsLeft > 0 {
      let next = table.visitBucket(from: current) { element in
        left -= 1
        if !element.isOver(at: clock) { visit(.bytes(element.name), .bytes(element.value)) }
      }
      guard let next else { return nil }
      current = next
      bucketsLeft -= 1
    }
    return current
  }
}

extension HashValue {
  func mix(into digest: inout ContentDigest) {
    var mixed = digest
    forEachWithExpiry { field, value, expiry in
      var pair = ContentDigest()
      field.withBytes { pair.mix($0) }
      value.withBytes { pair.mix($0) }
      if expiry != nil { pair.combine("!!hexpire!!") }
      mixed.combine(bytesOf: pair)
    }
    digest = mixed
  }
}

extension Keyspace {
  /// How hashes grow here.
  @inline(__always)
  var hashGrowth: HashValue.Growth {
    HashValue.Growth(limits: options.hashListpackLimits, seed: seed)
  }
}
