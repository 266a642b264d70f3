/// `client-output-buffer-limit`: how much may wait for a client that does not read.
package struct OutputBufferLimits: Hashable, Sendable {
  package struct Limit: Hashable, Sendable {
    /// Bytes at which the client is closed at once; 0 is no limit.
    package var hardBytes: Int
    /// Bytes at which it is closed when they stay `softSeconds`; 0 is no limit.
    package var softBytes: Int
    package var softSeconds: Int

    package init(hardBytes: Int, softBytes: Int, softSeconds: Int) {
      self.hardBytes = hardBytes
      self.softBytes = softBytes
      self.softSeconds = softSeconds
    }
  }

  package var normal = Limit(hardBytes: 0, softBytes: 0, softSeconds: 0)
  package var replica = Limit(hardBytes: 256 << 20, softBytes: 64 << 20, softSeconds: 60)
  package var pubsub = Limit(hardBytes: 32 << 20, softBytes: 8 << 20, softSeconds: 60)

  package init() {}

  /// The classes by their names on the wire and in rewritten files.
  static let classes: [(wire: String, file: String, any WritableKeyPath<Self, Limit> & Sendable)] =
    [
      ("normal", "normal", \.normal), ("slave", "replica", \.replica),
      ("pubsub", "pubsub", \.pubsub),
    ]

  /// Changes the classes that `arguments` name and leaves the others.
  mutating func merge(_ arguments: [String]) throws(InvalidArgument) {
    guard arguments.count.isMultiple(of: 4) else {
      throw InvalidArgument("Wrong number of arguments in buffer limit configuration.")
    }
    for index in stride(from: 0, to: arguments.count, by: 4) {
      let name = arguments[index].lowercased()
      guard let (_, _, limit) = Self.classes.first(where: { $0.wire == name || $0.file == name })
      else {
        throw InvalidArgument("Invalid client class specified in buffer limit configuration.")
      }
      guard let hard = MemoryAmount.bytes(arguments[index + 1]),
        let soft = MemoryAmount.bytes(arguments[index + 2]),
        let seconds = Int(arguments[index + 3]), seconds >= 0
      else {
        throw InvalidArgument(
          "Error in hard, soft or soft_seconds setting in buffer limit configuration.")
      }
      self[keyPath: limit] = Limit(hardBytes: hard, softBytes: soft, softSeconds: seconds)
    }
  }

  package var description: String {
    var parts: [String] = []
    for (wire, _, path) in Self.classes {
      let limit = self[keyPath: path]
      parts.append("\(wire) \(limit.hardBytes) \(limit.softBytes) \(limit.softSeconds)")
    }
    return parts.joined(separator: " ")
  }
}
