package import RESP

/// What a script or function says about itself: in its first line, or when it is registered.
package struct ScriptFlags: OptionSet, Sendable {
  package let rawValue: UInt8
  package init(rawValue: UInt8) { self.rawValue = rawValue }

  package static let noWrites = ScriptFlags(rawValue: 1 << 0)
  package static let allowOOM = ScriptFlags(rawValue: 1 << 1)
  package static let allowStale = ScriptFlags(rawValue: 1 << 2)
  package static let noCluster = ScriptFlags(rawValue: 1 << 3)
  package static let allowCrossSlotKeys = ScriptFlags(rawValue: 1 << 4)

  private static let names: [(ScriptFlags, StaticString)] = [
    (.noWrites, "no-writes"), (.allowOOM, "allow-oom"), (.allowStale, "allow-stale"),
    (.noCluster, "no-cluster"), (.allowCrossSlotKeys, "allow-cross-slot-keys"),
  ]

  init?(named name: ByteView) {
    guard let found = Self.names.first(where: { name == $0.1 }) else { return nil }
    self = found.0
  }

  package var names: [StaticString] { Self.names.filter { contains($0.0) }.map(\.1) }
}

/// The first line of a script or library: `#!lua name=mylib flags=no-writes`.
package struct Shebang {
  package let engine: [UInt8]
  /// Name and value of each word behind the engine; nil where a word has no `=`.
  package let options: [(name: [UInt8], value: [UInt8])]
  /// Where the rest begins: with the line's end, so that lines count right.
  package let end: Int

  /// nil if the text has no such line.
  package init?(_ text: ByteView) throws(LibraryError) {
    guard text.count >= 2, text[0] == 0x23, text[1] == 0x21 else { return nil }
    guard let end = text.firstIndex(of: 0x0A) else { throw LibraryError("ERR Invalid script shebang") }
    self.end = end
    let words = text[0..<end].bytes.split { $0 == 0x20 || $0 == 0x0D || $0 == 0x09 }.map(Array.init)
    guard let first = words.first else { throw LibraryError("ERR Invalid engine in script shebang") }
    engine = Array(first.dropFirst(2))
    options = words.dropFirst().map { word in
      guard let equals = word.firstIndex(of: 0x3D) else { return (word, []) }
      return (Array(word[..<equals]), Array(word[(equals + 1)...]))
    }
  }
}
