import RESP

/// What a procedure has changed, as it was before: an error of the procedure brings it back.
///
/// A key is copied before the first command that may change it.
struct UndoLog {
  private var kept: [(key: [UInt8], entry: CarriedEntry?)] = []

  mutating func removeAll() { if !kept.isEmpty { kept.removeAll() } }

  /// Notes what a command that writes is about to change.
  mutating func note(_ command: Command, _ arguments: Arguments, _ keyspace: inout Keyspace) {
    for position in command.keyPositions(in: arguments) ?? [] { keep(arguments[position], &keyspace) }
  }

  private mutating func keep(_ key: ByteView, _ keyspace: inout Keyspace) {
    for (known, _) in kept where ByteView.with(known, { $0 == key }) { return }
    kept.append((key.bytes, keyspace.carryCopy(key, database: keyspace.selected)))
  }

  /// Brings back what was; it is recorded behind what is taken back.
  mutating func undo(_ keyspace: inout Keyspace) {
    for (key, entry) in kept.reversed() {
      ByteView.with(key) { key in
        if let entry {
          keyspace.put(entry, database: keyspace.selected)
        } else {
          _ = keyspace.takeEntry(key)
        }
        keyspace.recordState(ofKey: key)
      }
    }
    removeAll()
  }
}
