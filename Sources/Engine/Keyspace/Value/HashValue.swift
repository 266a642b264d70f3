import RESP

/// A hash as it lies behind an entry's word.
///
/// ```
/// listpack   field value field value ...   while small; the newest field last
/// structure  an ElementTable               beyond `hash-max-listpack-entries` or `-value`
/// ```
///
/// Once large it stays large, as in Redis.
@safe
struct HashValue: CollectionValue {
  static let type = ValueType.hash

  let block: EntryBlock
  init(block: EntryBlock) { self.block = block }

  static func makeEmpty(_ keyspace: borrowing Keyspace) -> (ValueEncoding, word: Int) {
    (.listpack, Listpack.empty().bits)
  }

  /// Where it becomes large, and what its table is then hashed with.
  struct Growth {
    let limits: Keyspace.ListpackLimits
    let seed: UInt64
  }

  @inline(__always) var isListpack: Bool { encoding == .listpack }
  @inline(__always) var table: ElementTable { ElementTable(bits: block.word) }

  // MARK: Memory

  private static let elementsAtOnceMax = 1024

  var count: Int { isListpack ? listpack.count / 2 : table.count }
  var isLarge: Bool { !isListpack && table.count > Self.elementsAtOnceMax }

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

  /// The position of a field's value.
  @inline(__always)
  private func find(_ field: ByteView, in listpack: Listpack) -> Int? {
    guard let position = listpack.firstPosition(of: field, from: listpack.first, skipping: 1) else {
      return nil
    }
    return valuePosition(after: position, in: listpack)
  }

  @inline(__always)
  private func valuePosition(after field: Int, in listpack: Listpack) -> Int {
    guard let value = listpack.next(field) else {
      preconditionFailure("a hash's last field has no value")
    }
    return value
  }

  /// The value of a field, valid until the hash changes; nil if there is no such field.
  ///
  /// - Complexity: O(1), O(fields) in a listpack.
  @inline(__always)
  func value(of field: ByteView) -> StringValue? {
    if isListpack {
      let listpack = self.listpack
      return find(field, in: listpack).map { listpack.value(at: $0) }
    }
    return table.find(field).map { .bytes($0.value) }
  }

  /// Visits every field with its value. The visitor must not change the hash.
  func forEach(_ visit: (_ field: StringValue, _ value: StringValue) -> Void) {
    guard isListpack else {
      return table.forEach { visit(.bytes($0.name), .bytes($0.value)) }
    }
    let listpack = self.listpack
    var position = listpack.first
    while let field = position {
      let value = valuePosition(after: field, in: listpack)
      visit(listpack.value(at: field), listpack.value(at: value))
      position = listpack.next(value)
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
    var left = count
    var (bucketsLeft, overflow) = count.multipliedReportingOverflow(
      by: Keyspace.scanBucketsPerKey)
    if overflow { bucketsLeft = .max }
    var current = position
    while left > 0, bucketsLeft > 0 {
      let next = table.visitBucket(from: current) { element in
        left -= 1
        visit(.bytes(element.name), .bytes(element.value))
      }
      guard let next else { return nil }
      current = next
      bucketsLeft -= 1
    }
    return current
  }

  // MARK: Changing

  /// Sets a field, in place where it exists.
  ///
  /// - Parameters:
  ///   - field: must not point into this hash, nor must `value`.
  /// - Returns: whether the field is new.
  @inline(__always)
  func set(_ field: ByteView, _ value: ByteView, _ growth: Growth) -> Bool {
    if isListpack {
      if field.count <= growth.limits.valueBytesMax, value.count <= growth.limits.valueBytesMax,
        listpack.byteCount + field.count + value.count < Listpack.byteCountMax
      {
        return setInListpack(field, value, growth)
      }
      enlarge(seed: growth.seed)
    }
    let table = self.table
    if let element = table.find(field) {
      table.update(element, value: value, expiry: nil)
      return false
    }
    table.insert(field, value: value)
    return true
  }

  private func setInListpack(_ field: ByteView, _ value: ByteView, _ growth: Growth) -> Bool {
    var listpack = self.listpack
    if let position = find(field, in: listpack) {
      listpack.replace(at: position, with: value)
      self.listpack = listpack
      return false
    }
    listpack.append(field)
    listpack.append(value)
    self.listpack = listpack
    if count > growth.limits.entriesMax { enlarge(seed: growth.seed) }
    return true
  }

  /// Removes a field; false if there was none.
  func remove(_ field: ByteView) -> Bool {
    guard isListpack else { return table.remove(field) }
    var listpack = self.listpack
    guard let position = listpack.firstPosition(of: field, from: listpack.first, skipping: 1) else {
      return false
    }
    listpack.remove(at: position, count: 2)
    self.listpack = listpack
    return true
  }

  /// From the listpack to the table.
  @inline(never)
  private func enlarge(seed: UInt64) {
    let old = listpack
    let table = ElementTable.empty(seed: seed)
    forEach { field, value in
      field.withBytes { field in
        value.withBytes { value in _ = table.insert(field, value: value) }
      }
    }
    convert(to: .structure, word: table.bits)
    old.free()
  }
}

extension HashValue {
  func mix(into digest: inout ContentDigest) {
    var sum = ContentDigest()
    forEach { field, value in
      var pair = ContentDigest()
      field.withBytes { pair.mix($0) }
      value.withBytes { pair.mix($0) }
      sum = sum ^ pair
    }
    // As bytes: two keys whose hashes changed places are not the same data.
    ByteView.with(Array(sum.hex.utf8)) { digest.mix($0) }
  }
}

extension Keyspace {
  /// How hashes grow here.
  @inline(__always)
  var hashGrowth: HashValue.Growth {
    HashValue.Growth(limits: options.hashListpackLimits, seed: seed)
  }
}
