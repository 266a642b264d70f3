package import RESP

/// Whole entries in and out: between names, databases, and the keyspaces of different shards.
extension Keyspace {
  /// Takes the entry called `key` out of the selected database, nil if there is none. Counts as a
  /// change.
  ///
  /// - Complexity: O(1), whatever the value.
  package mutating func takeEntry(_ key: ByteView) -> DetachedEntry? {
    guard let entry = lookup(key, for: .peek) else { return nil }
    preserve(entry)
    changed(key)
    let clock = unsafe DashTable.clock(entry.slot.pointee)
    return DetachedEntry(take(entry), clock: clock)
  }

  /// A copy of the entry called `key`, nil if there is none. Changes nothing.
  ///
  /// - Complexity: O(value).
  package mutating func copyEntry(_ key: ByteView) -> DetachedEntry? {
    guard let entry = lookup(key, for: .peek) else { return nil }
    let clock = unsafe DashTable.clock(entry.slot.pointee)
    return DetachedEntry(entry.block.deepCopy(key: key), clock: clock)
  }

  /// Puts an entry into the selected database, in place of whatever has its name. Counts as a
  /// change.
  ///
  /// - Complexity: O(1), plus freeing what was there.
  package mutating func put(_ entry: consuming DetachedEntry) {
    let (block, clock) = entry.takeBlock()
    let hash = KeyHash(block.key, seed: seed)
    if let slot = unsafe database.pointee.table.find(block.key, hash) {
      unsafe preserve(Entry(slot: slot))
      forgetFieldExpiries(of: unsafe Entry(slot: slot).block)
      discard(unsafe database.pointee.table.remove(slot, hash))
    }
    changed(block.key)
    _ = unsafe database.pointee.table.insert(block, hash, clock: clock ?? freshClock)
    noteExpiries(ofNew: block)
  }

  /// Gives the entry called `source` the name `target`, in place of whatever has it; the expiry
  /// goes along.
  ///
  /// - Returns: false if there is no `source`.
  mutating func rename(_ source: ByteView, to target: ByteView) -> Bool {
    guard source != target else { return exists(source) }
    guard let entry = takeEntry(source) else { return false }
    put(entry.renamed(target))
    notify(.newKey, "new", target)
    notify(.generic, "rename_from", source)
    notify(.generic, "rename_to", target)
    return true
  }

  /// Puts the copy of an entry, which is called `name`, into database `index`, in place of whatever is there.
  mutating func put(
    copy: consuming DetachedEntry, called name: ByteView, inDatabase index: Int
  ) {
    put(copy, inDatabase: index)
    inDatabase(index) { keyspace in
      keyspace.notify(.newKey, "new", name)
      keyspace.notify(.generic, "copy_to", name)
    }
  }

  /// Moves the entry called `key` to database `index`, where that name is free.
  ///
  /// - Returns: false if there is no `key`, or there is one already.
  mutating func move(_ key: ByteView, toDatabase index: Int) -> Bool {
    guard exists(key) else { return false }
    let isTaken = inDatabase(index) { keyspace in keyspace.exists(key) }
    guard !isTaken, let entry = takeEntry(key) else { return false }
    put(entry, inDatabase: index)
    inDatabase(index) { keyspace in keyspace.notify(.newKey, "new", key) }
    notify(.generic, "move_from", key)
    inDatabase(index) { keyspace in keyspace.notify(.generic, "move_to", key) }
    return true
  }

  private mutating func put(_ entry: consuming DetachedEntry, inDatabase index: Int) {
    let previous = selected
    select(index)
    put(entry)
    select(previous)
  }
}

extension ByteView {
  fileprivate static func != (left: ByteView, right: ByteView) -> Bool { !(left == right) }
}

/// A `DetachedEntry` behind a reference, for code that keeps several: an array can't hold what can't be copied.
package final class CarriedEntry: @unchecked Sendable {
  // Unchecked: it goes from thread to thread, but only one has it at a time.
  private var parts: (block: EntryBlock, clock: UInt32?)?
  /// The value is that of an entry elsewhere, which stands still meanwhile.
  private let isLent: Bool

  init(_ entry: consuming DetachedEntry, isLent: Bool = false) {
    self.isLent = isLent
    parts = entry.takeBlock()
  }

  deinit { if isLent { parts?.block.free() } else { parts?.block.dispose() } }

  fileprivate func take() -> DetachedEntry? {
    guard let (block, clock) = parts else { return nil }
    parts = nil
    return DetachedEntry(block, clock: clock)
  }
}

extension Keyspace {
  /// A copy of a key's entry in database `index`, nil if there is none. As `copyEntry`.
  package mutating func carryCopy(_ key: ByteView, database index: Int) -> CarriedEntry? {
    let previous = selected
    select(index)
    defer { select(previous) }
    guard let entry = copyEntry(key) else { return nil }
    return CarriedEntry(entry)
  }

  /// A key's entry taken out of database `index`, nil if there is none. As `takeEntry`.
  package mutating func carryAway(_ key: ByteView, database index: Int) -> CarriedEntry? {
    let previous = selected
    select(index)
    defer { select(previous) }
    guard let entry = takeEntry(key) else { return nil }
    return CarriedEntry(entry)
  }

  /// Puts a carried entry into database `index`, once. As `put`.
  package mutating func put(_ carried: CarriedEntry, database index: Int) {
    guard let entry = carried.take() else {
      preconditionFailure("a carried entry put down twice")
    }
    put(entry, inDatabase: index)
  }

  // MARK: Visits: entries that come and go without that being a change

  /// As `carryAway`, but nothing counts as changed: the key is only on its way.
  package mutating func carryOriginal(_ key: ByteView, database index: Int) -> CarriedEntry? {
    uncounted { keyspace in keyspace.carryAway(key, database: index) }
  }

  /// A second entry for a large set, sorted set or hash, to be read on another thread while nobody changes or deletes the
  /// key; nil if the key holds nothing of the kind. It comes back by `carryLent`, and no expired key must be deleted
  /// where it is meanwhile.
  ///
  /// - Complexity: O(1).
  package mutating func lend(_ key: ByteView, database index: Int) -> CarriedEntry? {
    withDatabase(index) { keyspace in
      guard let entry = keyspace.lookup(key, for: .peek), entry.block.isLendable(above: keyspace.options.elementsAtOnceMax)
      else { return nil }
      let clock = unsafe DashTable.clock(entry.slot.pointee)
      return CarriedEntry(
        DetachedEntry(entry.block.shallowCopy(key: key), clock: clock), isLent: true)
    }
  }

  /// As `carryOriginal`, for an entry that `lend` gave.
  package mutating func carryLent(_ key: ByteView, database index: Int) -> CarriedEntry? {
    uncounted { keyspace in
      keyspace.withDatabase(index) { keyspace -> CarriedEntry? in
        guard let entry = keyspace.takeEntry(key) else { return nil }
        return CarriedEntry(entry, isLent: true)
      }
    }
  }

  /// Something in place of the key's entry, nil if there is none.
  package mutating func carryPlaceholder(_ key: ByteView, database index: Int) -> CarriedEntry? {
    withDatabase(index) { keyspace -> CarriedEntry? in
      guard keyspace.exists(key) else { return nil }
      return CarriedEntry(DetachedEntry(key: key, integer: 0, expiry: nil))
    }
  }

  /// As `put`, but nothing counts as changed.
  package mutating func admit(_ carried: CarriedEntry, database index: Int) {
    uncounted { keyspace in keyspace.put(carried, database: index) }
  }

  /// Counts the removal of a key that left by `carryOriginal`.
  package mutating func countRemoval(of key: DatabaseKey) {
    withDatabase(key.database) { keyspace in
      ByteView.with(key.name) { keyspace.changed($0) }
    }
  }

  private mutating func uncounted<Result>(_ body: (inout Keyspace) -> Result) -> Result {
    let count = changeCount
    var observed = ObservedKeys()
    swap(&observed, &self.observed)
    defer {
      swap(&observed, &self.observed)
      changeCount = count
    }
    return body(&self)
  }
}

extension EntryBlock {
  /// Whether reading the value changes nothing in it, and it has more than so many elements.
  fileprivate func isLendable(above count: Int) -> Bool {
    guard encoding == .structure else { return false }
    switch type {
    case .string, .list, .stream: return false
    case .set, .sortedSet: break
    case .hash: if HashValue(block: self).hasExpiries { return false }
    }
    return collection.count > count
  }
}

/// Entries on their way to another shard, many at a time.
package final class EntryBatch: @unchecked Sendable {
  // Unchecked: it goes from thread to thread, but only one has it at a time.
  private var entries: [(block: EntryBlock, clock: UInt32?, database: Int)] = []

  package init() {}
  deinit { for entry in entries { entry.block.dispose() } }

  package var count: Int { entries.count }

  package func append(_ entry: consuming DetachedEntry, database: Int) {
    let (block, clock) = entry.takeBlock()
    entries.append((block, clock, database))
  }

  /// Puts all of them where they belong. As `load`.
  package func put(into keyspace: inout Keyspace) {
    for (block, clock, database) in entries {
      keyspace.load(DetachedEntry(block, clock: clock), database: database)
    }
    entries = []
  }
}

extension Keyspace {
  /// Puts an entry into a database that comes from a file. No change that anybody hears of.
  package mutating func load(_ entry: consuming DetachedEntry, database index: Int) {
    let count = changeCount
    put(entry, inDatabase: index)
    changeCount = count
  }
}
