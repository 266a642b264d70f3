import RESP

/// A collection that is in no keyspace yet. It frees itself unless it becomes an entry.
struct Detached<Value: CollectionValue>: ~Copyable {
  private let block: EntryBlock

  init(_ keyspace: borrowing Keyspace) {
    let (encoding, word) = Value.makeEmpty(keyspace)
    block = EntryBlock.allocate(
      key: .empty, valueCount: 8, type: Value.type, encoding: encoding, expiry: nil)
    block.word = word
  }

  deinit { block.dispose() }

  /// Valid as long as this is.
  var value: Value { Value(block: block) }

  /// Gives up ownership.
  fileprivate consuming func takeBlock() -> EntryBlock {
    let block = self.block
    discard self
    return block
  }

  /// As an entry, under its name.
  consuming func entry(key: ByteView) -> DetachedEntry {
    let block = self.block
    discard self
    let named = block.shallowCopy(key: key)
    block.free()
    return DetachedEntry(named, clock: nil)
  }
}

extension Keyspace {
  /// Makes a collection what is at `key`, whatever was there; one without elements deletes the key. Counts as a change
  /// where there is one.
  ///
  /// - Parameter event: what happened, unless the key is deleted.
  /// - Returns: how many elements there are.
  mutating func store<Value: CollectionValue>(
    _ collection: consuming Detached<Value>, at key: ByteView, _ eventClass: EventClasses, _ event: StaticString
  ) -> Int {
    let count = collection.value.count
    guard count > 0 else {
      _ = delete(key)
      return 0
    }
    if !exists(key) { notify(.newKey, "new", key) }
    put(collection.entry(key: key))
    notify(eventClass, event, key)
    return count
  }
}

extension Keyspace {
  /// Has a collection freed, slice by slice if it is large.
  mutating func discard<Value: CollectionValue>(_ collection: consuming Detached<Value>) {
    discard(collection.takeBlock())
  }

  /// As above, the members of a sorted set that has come no further than its index.
  mutating func discard(_ index: SortedSetIndex) {
    let block = EntryBlock.allocate(
      key: .empty, valueCount: 8, type: .sortedSet, encoding: .structure, expiry: nil)
    block.word = index.bits
    discard(block)
  }
}

extension Detached<SortedSetValue> {
  /// Takes over an index.
  init(_ index: SortedSetIndex, _ keyspace: borrowing Keyspace) {
    self.init(keyspace)
    value.adopt(index, SortedSetValue.Settings(keyspace))
  }
}
