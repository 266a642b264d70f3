import RESP

/// A hash as it lies behind an entry's word: fields and values in a listpack, one behind the other, else an
/// `ElementTable`.
@safe
struct HashValue: CollectionValue {
  static let type = ValueType.hash

  let block: EntryBlock
  init(block: EntryBlock) { self.block = block }

  static func makeEmpty(_ keyspace: borrowing Keyspace) -> (ValueEncoding, word: Int) {
    (.listpack, Listpack.empty().bits)
  }

  /// Up to where a hash stays a listpack, and the seed of its table.
  struct Settings {
    let limits: Keyspace.ListpackLimits
    let seed: UInt64

    init(_ options: borrowing Keyspace.Options, seed: UInt64) {
      limits = options.hashListpackLimits
      self.seed = seed
    }

    init(_ keyspace: borrowing Keyspace) { self.init(keyspace.options, seed: keyspace.seed) }
  }

  @inline(__always) private var isListpack: Bool { block.encoding == .listpack }
  var table: ElementTable { @inline(__always) get { ElementTable(bits: block.word) } }

  var count: Int { isListpack ? listpack.count / 2 : table.count }

  // MARK: Memory

  private static let largeCount = 1000

  var isLarge: Bool { !isListpack && table.count > Self.largeCount }
  func free() { if isListpack { listpack.free() } else { table.free() } }

  func freeSlice(from progress: UInt64) -> UInt64? {
    if !isListpack { return table.freeSlice(from: progress) }
    listpack.free()
    return nil
  }

  func copyWord() -> Int { isListpack ? listpack.copy().bits : table.copy().bits }

  func heapByteCount(samples: Int) -> Int {
    isListpack ? listpack.heapByteCount : table.heapByteCount(samples: samples)
  }

  func mix(into digest: inout ContentDigest) {
    var sum = ContentDigest()
    forEach { field, value in
      var one = ContentDigest()
      field.withBytes { one.mix($0) }
      value.withBytes { one.mix($0) }
      sum = sum ^ one
    }
    ByteView.with(Array(sum.hex.utf8)) { digest.mix($0) }
  }

  // MARK: Reading

  /// The value of a field, nil if there is none. Valid until the hash changes.
  @inline(__always)
  func value(of field: ByteView) -> StringValue? {
    if isListpack {
      let listpack = self.listpack
      guard let position = listpack.firstPosition(of: field, from: listpack.first, skipping: 1),
        let value = listpack.next(position)
      else { return nil }
      return listpack.value(at: value)
    }
    return table.find(field).map { .bytes($0.value) }
  }

  /// Visits every field and its value.
  func forEach(_ visit: (StringValue, StringValue) -> Void) {
    guard isListpack else {
      return table.forEach { visit(.bytes($0.name), .bytes($0.value)) }
    }
    let listpack = self.listpack
    var position = listpack.first
    while let field = position, let value = listpack.next(field) {
      visit(listpack.value(at: field), listpack.value(at: value))
      position = listpack.next(value)
    }
  }

  /// A field drawn at random, each with the same chance, and its value. Valid until the hash changes; there is
  /// one.
  func randomField(_ random: inout SplitMix64) -> (field: StringValue, value: StringValue) {
    if isListpack {
      let listpack = self.listpack
      let index = random.index(below: listpack.count / 2)
      if let field = listpack.position(at: index * 2), let value = listpack.next(field) {
        return (listpack.value(at: field), listpack.value(at: value))
      }
    } else if let element = table.randomElement(&random) {
      return (.bytes(element.name), .bytes(element.value))
    }
    preconditionFailure("an empty hash in the keyspace")
  }

  // MARK: Changing

  /// Turns a listpack into a table if words about to be added are too long for it.
  ///
  /// - Parameter words: positions of fields and values among `arguments`.
  @inline(__always)
  func prepareToAdd(_ arguments: Arguments, _ words: Range<Int>, _ settings: Settings) {
    guard isListpack else { return }
    for index in words where arguments[index].count > settings.limits.valueBytesMax {
      return becomeTable(settings)
    }
  }

  /// Sets a field; true if it is new.
  ///
  /// - Parameter value: must not point into the hash.
  @inline(__always)
  func set(_ field: ByteView, _ value: ByteView, _ settings: Settings) -> Bool {
    if isListpack {
      if field.count <= settings.limits.valueBytesMax, value.count <= settings.limits.valueBytesMax {
        return setInListpack(field, value, settings)
      }
      becomeTable(settings)
    }
    let table = self.table
    if let element = table.find(field) {
      table.update(element, value: value, expiry: nil)
      return false
    }
    table.insert(field, value: value)
    return true
  }

  private func setInListpack(_ field: ByteView, _ value: ByteView, _ settings: Settings) -> Bool {
    var listpack = self.listpack
    if let position = listpack.firstPosition(of: field, from: listpack.first, skipping: 1),
      let old = listpack.next(position)
    {
      listpack.replace(at: old, with: value)
      self.listpack = listpack
      return false
    }
    listpack.append(field)
    listpack.append(value)
    self.listpack = listpack
    if listpack.count / 2 > settings.limits.entriesMax { becomeTable(settings) }
    return true
  }

  private func becomeTable(_ settings: Settings) {
    let table = ElementTable.empty(seed: settings.seed)
    forEach { field, value in
      field.withBytes { field in
        value.withBytes { value in _ = table.insert(field, value: value) }
      }
    }
    let old = listpack
    convert(to: .structure, word: table.bits)
    old.free()
  }

  /// Removes a field; false if it was not there.
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
}
