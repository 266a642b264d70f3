package import RESP

extension Keyspace {
  /// The facts of DEBUG OBJECT.
  package struct ObjectFacts: Sendable {
    /// Where the entry's block lies: for telling whether it moved, nothing else.
    package let address: UInt
    package let encoding: StaticString
    /// Bytes of its value in an RDB file.
    package let serializedLength: Int
    /// The access clock as it is stored.
    package let clock: Int
    package let idleSeconds: Int
  }

  /// What DEBUG OBJECT tells of a key, expired or not.
  package mutating func debugObject(_ key: ByteView) -> ObjectFacts? {
    guard let entry = seeingExpired({ $0.lookup(key, for: .peek) }) else { return nil }
    var writer = RDBWriter()
    writer.writeValue(entry)
    return ObjectFacts(
      address: entry.address, encoding: entry.encoding.name(of: entry.type),
      serializedLength: writer.bytes.count - 1,
      clock: entry.clock, idleSeconds: idleSeconds(entry))
  }
}
