package import RESP

/// Numbers as clients write them, with the errors that answer other words.
extension ByteView {
  /// A 64-bit integer in canonical decimal.
  ///
  /// - Throws: `error` for anything else.
  package func integer(orThrow error: CommandError = .notAnInteger) throws(CommandError) -> Int {
    guard let value = DecimalText.integer(self) else { throw error }
    return value
  }

  /// The index of a database that exists.
  ///
  /// - Throws: `malformed` for what is no 32-bit integer, where it is given, else `.notAnInteger` or
  ///   `.notAnInt32`; `.databaseOutOfRange`.
  package func databaseIndex(
    in keyspace: borrowing Keyspace, orThrow malformed: CommandError? = nil
  ) throws(CommandError) -> Int {
    let value = try integer(orThrow: malformed ?? .notAnInteger)
    guard let index = Int32(exactly: value) else { throw malformed ?? .notAnInt32 }
    guard index >= 0, index < keyspace.databaseCount else { throw .databaseOutOfRange }
    return Int(index)
  }
}
