import RESP

extension [UInt8] {
  /// Appends the bytes that `view` shows.
  mutating func append(_ view: ByteView) {
    unsafe view.withUnsafeBytes { unsafe append(contentsOf: $0) }
  }
}
