/// Files and figures.
extension MartletStore {
  /// Writes a snapshot and waits for it.
  ///
  /// - Throws: `.refused` if there is no directory, or it can't be written.
  public func save() async throws(MartletError) {
    guard isPersistent else { throw .refused("ERR this store keeps nothing on disk") }
    try await execute(["SAVE"]).expectOK()
  }

  /// The figures that INFO gives, by name: `used_memory`, `total_commands_processed`, `shard0` ...
  public func statistics() async throws(MartletError) -> [String: String] {
    guard let text = try await execute(["INFO", "everything"]).asBytes()?.string else { return [:] }
    var fields: [String: String] = [:]
    for line in text.split(whereSeparator: \.isNewline) where !line.hasPrefix("#") {
      guard let colon = line.firstIndex(of: ":") else { continue }
      fields[String(line[..<colon])] = String(line[line.index(after: colon)...])
    }
    return fields
  }

  /// How many keys there are.
  public func keyCount() async throws(MartletError) -> Int {
    try await execute(["DBSIZE"]).asInteger()
  }
}
