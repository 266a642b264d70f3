/// Streams: logs of entries.
extension MartletStore {
  /// An entry of a stream.
  public struct StreamEntry: Equatable, Sendable {
    /// `milliseconds-number`.
    public let id: Bytes
    /// In the order they were given in; names may repeat.
    public let fields: [Field]

    public struct Field: Equatable, Sendable {
      public let name: Bytes
      public let value: Bytes
    }
  }

  /// Appends an entry under the next id, which is returned.
  ///
  /// - Parameter lengthMax: older entries go, some more or less, so that about as many stay; nil: all stay.
  @discardableResult
  public func append(
    _ fields: [(name: Bytes, value: Bytes)], to key: Bytes, lengthMax: Int? = nil
  ) async throws(MartletError) -> Bytes {
    var command: [Bytes] = ["XADD", key]
    if let lengthMax { command += ["MAXLEN", "~", Bytes(lengthMax)] }
    command.append("*")
    for field in fields { command += [field.name, field.value] }
    let reply = try await execute(command)
    guard let id = try reply.asBytes() else { throw reply.unexpected("an id") }
    return id
  }

  /// Entries from one id through another, oldest first.
  public func entries(
    of key: Bytes, from first: Bytes = "-", through last: Bytes = "+", countMax: Int? = nil
  ) async throws(MartletError) -> [StreamEntry] {
    var command: [Bytes] = ["XRANGE", key, first, last]
    if let countMax { command += ["COUNT", Bytes(countMax)] }
    return try await execute(command).asEntries()
  }
}

extension Reply {
  func asEntries() throws(MartletError) -> [MartletStore.StreamEntry] {
    var entries: [MartletStore.StreamEntry] = []
    for element in try asElements() {
      let parts = try element.asElements()
      guard parts.count == 2, let id = try parts[0].asBytes() else { throw unexpected("entries") }
      let words = try parts[1].asList()
      let fields = stride(from: 0, to: words.count - 1, by: 2).map {
        MartletStore.StreamEntry.Field(name: words[$0], value: words[$0 + 1])
      }
      entries.append(.init(id: id, fields: fields))
    }
    return entries
  }
}
