import RESP

/// Fields set and removed. Whoever changes a hash has dealt with the fields it names that are over
/// (`Keyspace.hashValue(_:toChange:)`), so all fields here count.
extension HashValue {
  /// Sets a field, in place where it exists.
  ///
  /// - Parameters:
  ///   - field: must not point into this hash, nor must `value`.
  ///   - keepsExpiry: whether a field that is there keeps its expiry; else it loses it.
  /// - Returns: whether the field is new.
  @inline(__always)
  func set(
    _ field: ByteView, _ value: ByteView, keepsExpiry: Bool = false, _ growth: Growth
  ) -> Bool {
    if isListpack {
      if field.count <= growth.limits.valueBytesMax, value.count <= growth.limits.valueBytesMax,
        listpack.byteCount + field.count + value.count < Listpack.byteCountMax
      {
        return setInListpack(field, value, keepsExpiry, growth)
      }
      enlarge(seed: growth.seed)
    }
    let table = self.table
    let hash = table.hash(field)
    if let element = table.find(field, hash) {
      table.update(element, value: value, expiry: keepsExpiry ? element.expiry : nil)
      return false
    }
    table.insert(field, value: value, hash)
    return true
  }

  private func setInListpack(
    _ field: ByteView, _ value: ByteView, _ keepsExpiry: Bool, _ growth: Growth
  ) -> Bool {
    var listpack = self.listpack
    let width = self.width
    if let position = listpack.firstPosition(of: field, from: listpack.first, skipping: width &- 1)
    {
      listpack.replace(at: part(after: position, in: listpack), with: value)
      self.listpack = listpack
      if width == 3, !keepsExpiry { setExpiryInListpack(nil, ofFieldAt: position) }
      return false
    }
    listpack.append(field)
    listpack.append(value)
    if width == 3 { listpack.append(0) }
    self.listpack = listpack
    if count > growth.limits.entriesMax { enlarge(seed: growth.seed) }
    return true
  }

  /// Adds a field that expires no earlier than all others, as a reader of files has them.
  ///
  /// - Returns: false if the field is there already.
  func append(
    _ field: ByteView, _ value: ByteView, expiry: Int64?, _ growth: Growth
  ) -> Bool {
    guard self.value(of: field) == nil else { return false }
    _ = set(field, value, growth)
    guard let expiry else { return true }
    if hasTimes, let position = listpack.last {
      // Behind those of the same time, where `setExpiry` would put it in front of them.
      var listpack = self.listpack
      listpack.replace(at: position, with: Int(expiry))
      self.listpack = listpack
    } else {
      setExpiry(expiry, of: field)
    }
    return true
  }

  /// Removes a field; false if there was none.
  func remove(_ field: ByteView) -> Bool {
    guard isListpack else { return table.remove(field) }
    var listpack = self.listpack
    let width = self.width
    guard
      let position = listpack.firstPosition(of: field, from: listpack.first, skipping: width &- 1)
    else { return false }
    listpack.remove(at: position, count: width)
    self.listpack = listpack
    return true
  }

  /// From the listpack to the table.
  @inline(never)
  private func enlarge(seed: UInt64) {
    let old = listpack
    let table = ElementTable.empty(seed: seed)
    forEachWithExpiry { field, value, expiry in
      field.withBytes { field in
        value.withBytes { value in _ = table.insert(field, value: value, expiry: expiry) }
      }
    }
    convert(to: .structure, word: table.bits)
    old.free()
  }
}
