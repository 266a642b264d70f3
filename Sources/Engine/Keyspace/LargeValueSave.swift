package import RESP

/// A large value on its way into a snapshot, in slices, as a part of its own.
///
/// First it is measured, then somebody finds a place for so many bytes, then it is written.
package final class LargeValueSave: @unchecked Sendable {
  // Unchecked: confined to the thread of the keyspace.

  /// A key of the database that had an index when the snapshot began.
  struct Key {
    let name: [UInt8]
    let database: Int
  }

  let key: Key
  /// Of the entry's block, which stands still.
  let address: UInt
  private var slices: ValueSlices
  private var writer: RDBWriter
  private let startByteCount: Int
  /// There is a place for it.
  package private(set) var isPlaced = false
  /// All is written, or nobody wants it any more.
  package fileprivate(set) var isOver = false

  fileprivate init(_ entry: Entry, _ key: Key, compresses: Bool) {
    self.key = key
    address = entry.address
    slices = ValueSlices(compresses: compresses)
    writer = RDBWriter(compresses: compresses, versionMax: RDB.payloadVersion)
    writer.writeStart(of: entry, database: key.database)
    startByteCount = writer.count
  }

  package var keyName: [UInt8] { key.name }
  package var database: Int { key.database }
  /// The version of the format that a reader needs.
  var version: Int { writer.version }

  /// How long the part becomes; nil while that is not known.
  package var byteCount: Int? { slices.isMeasured ? startByteCount + slices.byteCount : nil }

  /// From here on its bytes are wanted, all of them.
  package func place() { isPlaced = true }

  /// Takes what is written.
  package func takeBytes() -> [UInt8] { writer.take() }

  package var pendingByteCount: Int { writer.count }

  /// Does what some hundred elements take.
  fileprivate func advance(_ entry: Entry) { isOver = slices.advance(entry, into: &writer) }

  /// Does all that is left.
  fileprivate func finish(_ entry: Entry) {
    while !isOver { advance(entry) }
  }
}

extension RDBWriter {
  /// What a part of a file begins with, before the kind of its first value.
  mutating func writeStart(of entry: Entry, database: Int) {
    writeByte(RDB.Opcode.selectDatabase.rawValue)
    writeLength(database)
    writeExpiry(of: entry)
  }

  mutating func writeExpiry(of entry: Entry) {
    guard let expiry = entry.expiry else { return }
    writeByte(RDB.Opcode.expiryMilliseconds.rawValue)
    writeLittleEndian(UInt64(bitPattern: expiry), byteCount: 8)
  }
}

/// The large values of a snapshot that the sweep has left out, and the one that is being written.
struct LargeValues {
  fileprivate(set) var keys: [LargeValueSave.Key] = []
  fileprivate(set) var current: LargeValueSave?
  /// That a reader of those written needs.
  fileprivate(set) var version = RDB.payloadVersion

  var isEmpty: Bool { keys.isEmpty && current == nil }

  mutating func append(_ entry: Entry, database: Int) {
    keys.append(LargeValueSave.Key(name: entry.key.bytes, database: database))
  }

  /// Writes what is left of the current value, if that is it.
  ///
  /// - Returns: false if it has yet to be written, otherwise.
  mutating func finish(_ entry: Entry) -> Bool {
    guard let save = current, save.address == entry.address else { return false }
    current = nil
    guard save.isPlaced else {
      save.isOver = true
      return false
    }
    save.finish(entry)
    version = max(version, save.version)
    return true
  }
}

extension Keyspace {
  /// The next large value that the snapshot under way has to write; nil if there is none.
  package mutating func nextLargeValue() -> LargeValueSave? {
    guard let snapshot else { return nil }
    precondition(snapshot.large.current == nil, "two large values are written at a time")
    while !snapshot.large.keys.isEmpty {
      let key = snapshot.large.keys.removeFirst()
      guard let entry = unsavedEntry(key) else { continue }
      let save = LargeValueSave(entry, key, compresses: options.compressesStrings)
      snapshot.large.current = save
      return save
    }
    return nil
  }

  /// Goes on with a large value for as long as `hasTime` says, until so many bytes are there, or until its length is
  /// known.
  package mutating func advance(_ save: LargeValueSave, _ byteCount: Int, while hasTime: () -> Bool) {
    guard let snapshot, snapshot.large.current === save else { return }
    guard let entry = unsavedEntry(save.key), entry.address == save.address else {
      preconditionFailure("a large value changes that the snapshot under way has not written")
    }
    repeat {
      save.advance(entry)
      if save.isOver { return snapshot.save(entry, of: save.key.database) }
      if save.byteCount != nil, !save.isPlaced { return }
    } while save.pendingByteCount < byteCount && hasTime()
  }

  /// Whether a value is large, and a snapshot that writes such in slices has not written it.
  package func isLargeAndUnsaved(_ key: ByteView, database index: Int) -> Bool {
    unsafe database(at: index).pointee.unsavedEntry(key, seed).map(ValueSlices.areWorthwhile) ?? false
  }

  /// Has a large value written before the others; about to be changed.
  package mutating func hurryLargeValue(_ key: ByteView, database index: Int) {
    guard let snapshot else { return }
    let database = unsafe database(at: index).pointee.snapshotIndex
    snapshot.large.keys.insert(LargeValueSave.Key(name: key.bytes, database: database), at: 0)
  }

  /// Writes the large values that were left out, at once: databases are about to be flushed, or nobody asks any more.
  mutating func finishLargeValues() {
    guard let snapshot, !snapshot.large.isEmpty else { return }
    let keys = (snapshot.large.current.map { [$0.key] } ?? []) + snapshot.large.keys
    snapshot.large.keys = []
    for key in keys {
      if let entry = unsavedEntry(key) { snapshot.save(entry, of: key.database) }
    }
    snapshot.large.current?.isOver = true
    snapshot.large.current = nil
  }

  private func unsavedEntry(_ key: LargeValueSave.Key) -> Entry? {
    // Databases may have been swapped or flushed since.
    for index in 0..<databaseCount where unsafe database(at: index).pointee.snapshotIndex == key.database {
      let entry = ByteView.with(key.name) { unsafe database(at: index).pointee.unsavedEntry($0, seed) }
      if let entry { return entry }
    }
    return nil
  }
}

extension Database {
  fileprivate func unsavedEntry(_ key: ByteView, _ seed: UInt64) -> Entry? {
    guard let slot = unsafe table.find(key, KeyHash(key, seed: seed)),
      unsafe slot.pointee & DashTable.savedBit != table.savedMark
    else { return nil }
    return unsafe Entry(slot: slot)
  }
}
