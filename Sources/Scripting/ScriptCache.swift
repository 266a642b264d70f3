import CScript
package import RESP
import Synchronization

/// The SHA-1 of a script's text, by which it is called.
package struct ScriptID: Hashable, Sendable {
  private let words: (UInt64, UInt64, UInt32)

  package static func == (left: ScriptID, right: ScriptID) -> Bool { left.words == right.words }

  package func hash(into hasher: inout Hasher) { hasher.combine(words.0) }

  /// Of 40 hexadecimal digits in any case; nil for anything else.
  package init?(_ digits: ByteView) {
    guard digits.count == 40 else { return nil }
    var words: (UInt64, UInt64, UInt64) = (0, 0, 0)
    for index in 0..<40 {
      let byte = digits[index]
      let digit: UInt64
      switch byte {
      case 0x30...0x39: digit = UInt64(byte &- 0x30)
      case 0x61...0x66: digit = UInt64(byte &- 0x57)
      case 0x41...0x46: digit = UInt64(byte &- 0x37)
      default: return nil
      }
      if index < 16 {
        words.0 = words.0 << 4 | digit
      } else if index < 32 {
        words.1 = words.1 << 4 | digit
      } else {
        words.2 = words.2 << 4 | digit
      }
    }
    self.words = (words.0, words.1, UInt32(truncatingIfNeeded: words.2))
  }

  package init(of text: ByteView) {
    guard let id = Self.digits(of: text, ScriptID.init(_:)) else {
      preconditionFailure("a digest that is none")
    }
    self = id
  }

  private static func digits<Result>(of text: ByteView, _ body: (ByteView) -> Result) -> Result {
    unsafe withUnsafeTemporaryAllocation(byteCount: 40, alignment: 1) { digits in
      let base = unsafe digits.baseAddress.unsafelyUnwrapped
      unsafe cscript_sha1_hex(text.unsafeBase, text.count, base.assumingMemoryBound(to: CChar.self))
      return unsafe body(ByteView(unsafeBase: UnsafeRawPointer(base), count: 40))
    }
  }

  /// 40 lower-case digits.
  package var digits: [UInt8] {
    func write(_ word: UInt64, _ count: Int) -> [UInt8] {
      (0..<count).map { index in
        let digit = UInt8(truncatingIfNeeded: word >> UInt64((count - 1 - index) * 4) & 15)
        return digit < 10 ? digit + 0x30 : digit + 0x57
      }
    }
    return write(words.0, 16) + write(words.1, 16) + write(UInt64(words.2), 8)
  }
}

/// A script's text, and what is known of it.
package final class Script: Sendable {
  package let id: ScriptID
  package let text: [UInt8]
  /// What its first line says; nil without such a line: it may do anything that is not known to be wrong.
  package let flags: ScriptFlags?
  /// Where the program begins.
  package let start: Int
  /// Every key that it names is one of `KEYS`.
  package let namesOnlyDeclaredKeys: Bool

  package init(_ text: ByteView) throws(LibraryError) {
    id = ScriptID(of: text)
    self.text = text.bytes
    guard let shebang = try Shebang(text) else {
      flags = nil
      start = 0
      namesOnlyDeclaredKeys = KeyUse.isDeclaredOnly(text)
      return
    }
    guard shebang.engine == Array("lua".utf8) else {
      throw LibraryError(Array("ERR Unexpected engine in script shebang: #!".utf8) + shebang.engine)
    }
    var flags: ScriptFlags = []
    for option in shebang.options {
      guard option.name == Array("flags".utf8) else {
        throw LibraryError(
          Array("ERR Unknown lua shebang option: ".utf8) + option.name + [0x3D] + option.value)
      }
      for name in option.value.split(separator: 0x2C) {
        guard let flag = ByteView.with(Array(name), { ScriptFlags(named: $0) }) else {
          throw LibraryError(Array("ERR Unexpected flag in script shebang: ".utf8) + name)
        }
        flags.insert(flag)
      }
    }
    self.flags = flags
    start = shebang.end
    namesOnlyDeclaredKeys = KeyUse.isDeclaredOnly(text[shebang.end..<text.count])
  }

  package func withProgram<Result>(_ body: (ByteView) -> Result) -> Result {
    ByteView.with(text) { body($0[start..<$0.count]) }
  }
}

/// The scripts that clients have sent, for all threads; each compiles those it runs.
package final class ScriptCache: Sendable {
  private let scripts = Mutex<[ScriptID: Script]>([:])
  /// Counts flushes: what was compiled before one is to be forgotten.
  private let flushes = Atomic<Int>(0)

  package init() {}

  package var flushCount: Int { flushes.load(ordering: .acquiring) }

  package subscript(id: ScriptID) -> Script? { scripts.withLock { $0[id] } }

  package func add(_ script: Script) { scripts.withLock { $0[script.id] = script } }

  package func flush() {
    scripts.withLock { $0 = [:] }
    flushes.add(1, ordering: .acquiringAndReleasing)
  }

  package var count: Int { scripts.withLock { $0.count } }

  /// Bytes of all texts.
  package var byteCount: Int { scripts.withLock { $0.values.reduce(0) { $0 + $1.text.count + 200 } } }
}
