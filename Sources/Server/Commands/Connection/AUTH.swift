import Engine
import RESP
import ServerConfig

extension ServiceCommand {
  /// `AUTH [username] password`
  ///
  /// Replies with `OK`. There is one user, `default`, whose password is `requirepass`.
  ///
  /// - Throws: WRONGPASS for a wrong password or another user.
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/auth/>
  static let auth = ServiceCommand(
    Command(
      "auth", "Proves who the client is, by password.",
      since: "1.0.0", group: .connection,
      complexity: "O(N) where N is the number of passwords defined for the user",
      arity: .atLeast(2), flags: [.noScript, .loading, .stale, .fast, .noAuth, .allowBusy],
      arguments: [
        .init("username", .string, .optional, since: "6.0.0"),
        .init("password", .string),
      ],
      history: [
        ("6.0.0", "Added ACL style (username and password).")
      ],
      execution: .service)
  ) { worker, connection, arguments, _, reply throws(CommandError) in
    guard arguments.count <= 3 else { throw .syntax }
    if arguments.count == 2, worker.server.configuration[.requirepass].isEmpty {
      throw CommandError(
        "ERR AUTH <password> called without any password configured for the default user. Are you sure your configuration is correct?"
      )
    }
    let name: ByteView? = arguments.count == 3 ? arguments[1] : nil
    try worker.authenticate(connection, name, arguments[arguments.count - 1])
    reply.ok()
  }
}

extension Worker {
  /// Accepts the connection's user and password.
  ///
  /// - Parameter user: nil for the default user.
  /// - Throws: WRONGPASS; the connection stays as it was.
  func authenticate(_ connection: Connection, _ user: ByteView?, _ password: ByteView)
    throws(CommandError)
  {
    let isDefault = user.map { $0 == "default" } ?? true
    let expected = Array(server.configuration[.requirepass].utf8)
    // Without a password configured, the default user's is whatever the client says.
    let isRight = expected.isEmpty || Self.isEqual(password, expected)
    guard isDefault, isRight else {
      throw CommandError("WRONGPASS invalid username-password pair or user is disabled.")
    }
    connection.isAuthenticated = true
  }

  /// Compares in a time that tells nothing about where the two differ: every byte of the given password is
  /// looked at, whatever was found before.
  private static func isEqual(_ given: ByteView, _ expected: [UInt8]) -> Bool {
    var difference = given.count ^ expected.count
    for index in 0..<given.count {
      difference |= Int(given[index] ^ expected[index % expected.count])
    }
    return difference == 0
  }
}
