import RESP

/// A key, a value, or any other word of a command: bytes, written as text where that is handier.
///
/// ```swift
/// let key: Bytes = "user:\(id)"
/// let blob = Bytes([0xFF, 0x00])
/// ```
public struct Bytes: Hashable, Sendable, ExpressibleByStringInterpolation {
  public var bytes: [UInt8]

  public init(_ bytes: [UInt8]) { self.bytes = bytes }
  public init(_ text: String) { bytes = Array(text.utf8) }
  public init(_ number: Int) { self.init(String(number)) }
  /// Infinity is written as the commands expect it.
  public init(_ number: Double) { self.init("\(number)") }
  public init(stringLiteral text: String) { self.init(text) }

  init(_ view: ByteView) { bytes = view.bytes }

  /// The bytes as UTF-8; what is not valid is replaced by U+FFFD.
  public var string: String { String(decoding: bytes, as: UTF8.self) }

  static let empty = Bytes([UInt8]())
}

extension Bytes: CustomStringConvertible {
  public var description: String { string }
}
