/// `replicaof`: the server to copy.
package struct PrimaryAddress: Hashable, Sendable {
  package let host: String
  package let port: Int

  package init(host: String, port: Int) {
    self.host = host
    self.port = port
  }

  /// nil for `no one`.
  static func parse(_ arguments: [String]) throws(InvalidArgument) -> PrimaryAddress? {
    guard arguments.count == 2 else { throw .wrongCount }
    if arguments.map({ $0.lowercased() }) == ["no", "one"] { return nil }
    guard let port = Int(arguments[1]), (0...65535).contains(port) else {
      throw InvalidArgument("Invalid master port")
    }
    return PrimaryAddress(host: arguments[0], port: port)
  }

  package var description: String { "\(host) \(port)" }
}
