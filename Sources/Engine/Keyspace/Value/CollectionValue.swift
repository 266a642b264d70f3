import RESP

/// A value of many elements, as it lies behind an entry's word: list, set, sorted set, hash or stream.
///
/// A handle on the entry's block; the operations of a type are methods of its handle, which changes word and
/// encoding in place. Valid until the entry is removed, or given another expiry.
protocol CollectionValue {
  static var type: ValueType { get }

  var block: EntryBlock { get }
  init(block: EntryBlock)

  /// Encoding and word of a new value without elements.
  static func makeEmpty(_ keyspace: borrowing Keyspace) -> (ValueEncoding, word: Int)

  /// How many elements it has; a hash's fields, a stream's entries.
  var count: Int { get }
  /// Whether freeing it at once would take longer than a slice may: some thousand elements.
  var isLarge: Bool { get }
  /// About how many blocks of memory it consists of.
  var freeEffort: Int { get }
  /// Frees what the word points to. The block is the caller's.
  func free()
  /// Frees some hundred elements and returns from where to go on, nil when everything is freed. The first call
  /// gets 0; nothing else may be called in between.
  func freeSlice(from progress: UInt64) -> UInt64?
  /// Moves some dozen of the value's blocks where that pays, not that of its entry.
  ///
  /// - Parameter progress: 0 to begin with. The value may have changed since the last call.
  /// - Returns: from where to go on; nil when all of it was looked at.
  func moveBlocks(from progress: UInt64, _ mover: inout BlockMover) -> UInt64?
  /// The word of a copy.
  func copyWord() -> Int
  /// What the word points to takes of the heap.
  ///
  /// - Parameter samples: how many elements are looked at; 0 for all.
  func heapByteCount(samples: Int) -> Int
  /// Mixes in the content, independent of encoding and, where elements have no order, of their order.
  func mix(into digest: inout ContentDigest)
  /// The byte that names the layout, then the value, as RDB has them.
  func write(to writer: inout RDBWriter)
}

extension EntryBlock {
  /// The value as a collection. Not of strings.
  var collection: any CollectionValue {
    switch type {
    case .string: preconditionFailure("a string is no collection")
    case .list: ListValue(block: self)
    case .set: SetValue(block: self)
    case .sortedSet: SortedSetValue(block: self)
    case .hash: HashValue(block: self)
    case .stream: StreamValue(block: self)
    }
  }
}

extension CollectionValue {
  @inline(__always) var encoding: ValueEncoding { block.encoding }

  /// The listpack of a value so encoded. Writing it back keeps the word in step with a block that moved.
  @inline(__always)
  var listpack: Listpack {
    get { Listpack(bits: block.word) }
    nonmutating set { block.word = newValue.bits }
  }

  /// Changes the encoding and the word; what the old word pointed to is the caller's.
  func convert(to encoding: ValueEncoding, word: Int) {
    block.word = word
    block.setEncoding(encoding)
  }
}

extension Keyspace {
  /// The collection at `key`, nil if there is no such key.
  ///
  /// - Throws: `.wrongType` when the key holds something else.
  @inline(__always)
  mutating func collection<Value: CollectionValue>(
    _: Value.Type, _ key: ByteView, for purpose: Purpose
  ) throws(CommandError) -> Value? {
    guard let entry = lookup(key, for: purpose) else { return nil }
    guard entry.type == Value.type else { throw .wrongType }
    return Value(block: entry.block)
  }

  /// The collection at `key` to be changed; a missing key gets one without elements, which the caller fills
  /// before anything else happens.
  ///
  /// - Throws: `.wrongType` when the key holds something else.
  @inline(__always)
  mutating func collectionForAdding<Value: CollectionValue>(
    _: Value.Type, _ key: ByteView
  ) throws(CommandError) -> Value {
    if let value = try collection(Value.self, key, for: .write) { return value }
    return create(Value.self, key)
  }

  /// A new collection at `key`, where nothing is yet, without elements.
  ///
  /// - Parameter isNew: whether that is the event `new`.
  mutating func create<Value: CollectionValue>(
    _: Value.Type, _ key: ByteView, isNew: Bool = true
  ) -> Value {
    if isNew { notify(.newKey, "new", key) }
    let (encoding, word) = Value.makeEmpty(self)
    let block = EntryBlock.allocate(
      key: key, valueCount: 8, type: Value.type, encoding: encoding, expiry: nil)
    block.word = word
    _ = unsafe database.pointee.table.insert(block, hash(key), clock: freshClock)
    return Value(block: block)
  }

  /// Counts a change of a collection, and deletes it if it has no elements left: no empty collection stays
  /// in a keyspace, streams excepted.
  ///
  /// - Parameters:
  ///   - key: must not point into the keyspace.
  ///   - event: what happened; the deletion is an event of its own.
  mutating func changed<Value: CollectionValue>(
    _ key: ByteView, _ value: Value, _ eventClass: EventClasses, _ event: StaticString
  ) {
    changed(key)
    notify(eventClass, event, key)
    if value.count == 0, let entry = lookup(key, for: .peek) {
      remove(entry)
      notify(.generic, "del", key)
    }
  }
}
