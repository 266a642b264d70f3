/// Hashes: fields and their values.
extension KeysView {
  /// Sets fields; how many of them are new.
  @discardableResult
  public func setFields(_ key: Bytes, _ fields: [Bytes: Bytes]) throws(MartletError) -> Int {
    try run(.setFields(key, fields))
  }

  /// The value of a field; nil if there is none.
  public func field(_ field: Bytes, of key: Bytes) throws(MartletError) -> Bytes? {
    try run(.field(field, of: key))
  }

  /// All fields and their values; empty if there is no such key.
  public func fields(of key: Bytes) throws(MartletError) -> [Bytes: Bytes] {
    try run(.fields(of: key))
  }

  /// Adds to the integer of a field, which counts as 0 if it is not there; the sum.
  @discardableResult
  public func increment(field: Bytes, of key: Bytes, by step: Int = 1) throws(MartletError) -> Int {
    try run(.increment(field: field, of: key, by: step))
  }

  /// Deletes fields; how many there were.
  @discardableResult
  public func deleteFields(_ fields: [Bytes], of key: Bytes) throws(MartletError) -> Int {
    if fields.isEmpty { return 0 }
    return try run(.deleteFields(fields, of: key))
  }

  /// The values of fields; nil for those that are not there.
  public func values(of fields: [Bytes], in key: Bytes) throws(MartletError) -> [Bytes?] {
    if fields.isEmpty { return [] }
    return try run(.values(of: fields, in: key))
  }

  /// Whether a hash has a field.
  public func hasField(_ field: Bytes, of key: Bytes) throws(MartletError) -> Bool {
    try run(.hasField(field, of: key))
  }

  /// How many fields a hash has.
  public func fieldCount(of key: Bytes) throws(MartletError) -> Int {
    try run(.fieldCount(of: key))
  }
}
