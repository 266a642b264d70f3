/// What `shutdown-on-sigint` and `shutdown-on-sigterm` do, as the options of SHUTDOWN.
package struct ShutdownFlags: OptionSet, Hashable, Sendable {
  package let rawValue: UInt8
  package init(rawValue: UInt8) { self.rawValue = rawValue }

  package static let save = ShutdownFlags(rawValue: 1 << 0)
  package static let noSave = ShutdownFlags(rawValue: 1 << 1)
  package static let now = ShutdownFlags(rawValue: 1 << 2)
  package static let force = ShutdownFlags(rawValue: 1 << 3)

  private static let words: [(String, ShutdownFlags)] = [
    ("default", []), ("save", .save), ("nosave", .noSave), ("now", .now), ("force", .force),
  ]

  static func parse(_ arguments: [String]) throws(InvalidArgument) -> ShutdownFlags {
    var flags: ShutdownFlags = []
    for argument in arguments {
      guard let (_, flag) = words.first(where: { $0.0 == argument.lowercased() }) else {
        throw .notOneOf(words.map(\.0))
      }
      flags.insert(flag)
    }
    guard !arguments.isEmpty else { throw .notOneOf(words.map(\.0)) }
    guard !flags.isSuperset(of: [.save, .noSave]) else {
      throw InvalidArgument("shutdown options SAVE and NOSAVE can't be used simultaneously")
    }
    return flags
  }

  package var description: String {
    if isEmpty { return "default" }
    return Self.words.filter { !$0.1.isEmpty && contains($0.1) }.map(\.0).joined(separator: " ")
  }
}
