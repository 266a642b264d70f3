package import RESP

extension Keyspace {
  /// DEBUG POPULATE: makes string keys `prefix:0` and so on, those that `isOwn` picks and that do not exist.
  ///
  /// - Parameter byteCount: the values' length, cut or filled with zero bytes; nil for `value:<number>`.
  /// - Complexity: O(*count*).
  package mutating func populate(
    count: Int, prefix: [UInt8], byteCount: Int?, isOwn: (ByteView) -> Bool
  ) {
    for number in 0..<count {
      let name = prefix + Array(":\(number)".utf8)
      var value = Array("value:\(number)".utf8)
      if let byteCount {
        value = Array(value.prefix(byteCount))
        value += [UInt8](repeating: 0, count: byteCount - value.count)
      }
      ByteView.with(name) { key in
        guard isOwn(key), !exists(key) else { return }
        ByteView.with(value) { set(key, bytes: $0) }
        changed(key)
      }
    }
  }

  /// Bytes of one database's table, entries not included.
  package func tableByteCount(inDatabase index: Int) -> Int {
    unsafe database(at: index).pointee.table.overheadByteCount
  }
}
