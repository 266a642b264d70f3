package import RESP
import Synchronization

/// A library: its text, and the functions that it registers.
package struct FunctionLibrary: Sendable {
  package struct Function: Sendable {
    package let name: [UInt8]
    package let description: [UInt8]?
    package let flags: ScriptFlags

    package init(_ function: RegisteredFunction) {
      name = function.name
      description = function.description
      flags = function.flags
    }
  }

  package let name: [UInt8]
  /// With its first line.
  package let text: [UInt8]
  package var functions: [Function] = []
  /// Where the program begins.
  package let start: Int
  /// Every key that any of its functions names is one of the keys it is called with.
  package let namesOnlyDeclaredKeys: Bool

  /// Reads the first line, and looks at the program.
  package init(_ text: ByteView) throws(LibraryError) {
    guard text.count >= 2, text[0] == 0x23, text[1] == 0x21 else {
      throw LibraryError("ERR Missing library metadata")
    }
    guard text.firstIndex(of: 0x0A) != nil else { throw LibraryError("ERR Invalid library metadata") }
    guard let shebang = try Shebang(text) else { throw LibraryError("ERR Missing library metadata") }
    var name: [UInt8]?
    for option in shebang.options {
      guard option.name == Array("name".utf8) else {
        throw LibraryError(
          Array("ERR Invalid metadata value given: ".utf8) + option.name + [0x3D] + option.value)
      }
      guard name == nil else {
        throw LibraryError("ERR Invalid metadata value, name argument was given multiple times")
      }
      name = Self.unquoted(option.value)
    }
    guard let name else { throw LibraryError("ERR Library name was not given") }
    guard ByteView.with(name, Self.isName) else {
      throw LibraryError(
        "ERR Library names can only contain letters, numbers, or underscores(_) and must be at least one character long"
      )
    }
    guard shebang.engine.map({ $0 | 0x20 }) == Array("lua".utf8) else {
      throw LibraryError(Array("ERR Engine '".utf8) + shebang.engine + Array("' not found".utf8))
    }
    self.name = name
    self.text = text.bytes
    start = shebang.end
    namesOnlyDeclaredKeys = KeyUse.isDeclaredOnly(library: text[shebang.end..<text.count])
  }

  package func withProgram<Result, Failure: Error>(
    _ body: (ByteView) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try ByteView.with(text) { (text) throws(Failure) in try body(text[start..<text.count]) }
  }

  private static func unquoted(_ value: [UInt8]) -> [UInt8] {
    guard value.count >= 2, let quote = value.first, quote == 0x22 || quote == 0x27,
      value.last == quote
    else { return value }
    return Array(value.dropFirst().dropLast())
  }

  /// Whether a library or function can have this name.
  static func isName(_ name: ByteView) -> Bool {
    guard name.count > 0 else { return false }
    for index in 0..<name.count {
      switch name[index] {
      case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x5F: continue
      default: return false
      }
    }
    return true
  }
}

/// The libraries of a server, for all threads; each loads them into its interpreter when it needs them.
package final class FunctionLibraries: Sendable {
  private let libraries = Mutex<[[UInt8]: FunctionLibrary]>([:])
  private let changes = Atomic<Int>(0)

  /// Names in lower case that are none for a library's function.
  private let reserved: Set<[UInt8]>

  package init(reserved: Set<[UInt8]> = []) { self.reserved = reserved }

  /// Another number after each change.
  package var version: Int { changes.load(ordering: .acquiring) }

  /// All of them, by name.
  package var all: [FunctionLibrary] {
    libraries.withLock { $0.values.sorted { $0.name.lexicographicallyPrecedes($1.name) } }
  }

  package subscript(name: [UInt8]) -> FunctionLibrary? { libraries.withLock { $0[name] } }

  package enum OnCollision { case abort, replace, flush }

  /// Adds libraries, all or none.
  package func add(
    _ added: [FunctionLibrary], _ onCollision: OnCollision
  ) throws(LibraryError) {
    let problem = libraries.withLock { libraries -> LibraryError? in
      var result = onCollision == .flush ? [:] : libraries
      for library in added {
        if let old = result[library.name] {
          if onCollision != .replace {
            return LibraryError(
              Array("ERR Library ".utf8) + library.name + Array(" already exists".utf8))
          }
          result[old.name] = nil
        }
        let names = Set(result.values.flatMap(\.functions).map(\.name.lowercased))
        if let taken = library.functions.first(where: {
          names.contains($0.name.lowercased) || reserved.contains($0.name.lowercased)
        }) {
          return LibraryError(
            Array("ERR Function ".utf8) + taken.name + Array(" already exists".utf8))
        }
        result[library.name] = library
      }
      libraries = result
      return nil
    }
    if let problem { throw problem }
    changes.add(1, ordering: .acquiringAndReleasing)
  }

  /// - Returns: false if there is no such library.
  package func delete(_ name: [UInt8]) -> Bool {
    let isDeleted = libraries.withLock { $0.removeValue(forKey: name) != nil }
    if isDeleted { changes.add(1, ordering: .acquiringAndReleasing) }
    return isDeleted
  }

  package func flush() {
    libraries.withLock { $0 = [:] }
    changes.add(1, ordering: .acquiringAndReleasing)
  }
}

extension [UInt8] {
  /// ASCII letters lowered: functions are found in whatever case.
  package var lowercased: [UInt8] { map { $0 &- 65 < 26 ? $0 | 0x20 : $0 } }
}
