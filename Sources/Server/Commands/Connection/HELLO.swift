import Engine
import RESP

extension ServiceCommand {
  /// `HELLO [protover [AUTH username password] [SETNAME clientname]]`
  ///
  /// Replies with a map that describes server and connection.
  ///
  /// - Throws: NOPROTO for a version other than 2 and 3; WRONGPASS; NOAUTH when the client would remain unauthenticated.
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/hello/>
  static let hello = ServiceCommand(
    Command(
      "hello", "Agrees with the client on the protocol, and greets it.",
      since: "6.0.0", group: .connection, complexity: "O(1)",
      arity: .atLeast(1), flags: [.noScript, .loading, .stale, .fast, .noAuth, .allowBusy],
      arguments: [
        .init(
          "arguments", .block, .optional,
          members: [
            .init("protover", .integer),
            .init(
              "auth", .block, token: "AUTH", .optional,
              members: [
                .init("username", .string),
                .init("password", .string),
              ]),
            .init("clientname", .string, token: "SETNAME", .optional),
          ])
      ],
      history: [
        (
          "6.2.0",
          "`protover` made optional; when called without arguments the command reports the current connection's context."
        )
      ],
      execution: .service)
  ) { worker, connection, arguments, _, reply throws(CommandError) in
    let options = try HelloOptions(arguments)
    if let (user, password) = options.credentials {
      try worker.authenticate(connection, user, password)
    }
    guard connection.isAuthenticated else {
      throw CommandError(
        "NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO <proto> AUTH <user> <pass> option can be used to authenticate the client and select the RESP protocol version at the same time"
      )
    }
    if let name = options.name { connection.name = name.bytes }
    if let version = options.version {
      connection.protocolVersion = version
      reply.protocolVersion = version
    }
    reply.map(7)
    reply.bulk("server")
    reply.bulk("redis")
    reply.bulk("version")
    reply.bulk(Version.redis)
    reply.bulk("proto")
    reply.integer(connection.protocolVersion)
    reply.bulk("id")
    reply.integer(Int(connection.id))
    reply.bulk("mode")
    reply.bulk("standalone")
    reply.bulk("role")
    reply.bulk("master")
    reply.bulk("modules")
    reply.array(0)
  }
}

/// What HELLO was told, checked before any of it takes effect.
private struct HelloOptions {
  private(set) var version: Int?
  private(set) var credentials: (user: ByteView, password: ByteView)?
  private(set) var name: ByteView?

  init(_ arguments: Arguments) throws(CommandError) {
    guard arguments.count > 1 else { return }
    guard let version = DecimalText.integer(arguments[1]) else {
      throw CommandError("ERR Protocol version is not an integer or out of range")
    }
    guard version == 2 || version == 3 else {
      throw CommandError("NOPROTO unsupported protocol version")
    }
    self.version = version
    var index = 2
    while index < arguments.count {
      let left = arguments.count - index - 1
      if arguments[index].matches("auth"), left >= 2 {
        credentials = (arguments[index + 1], arguments[index + 2])
        index += 3
      } else if arguments[index].matches("setname"), left >= 1 {
        try ClientText.check(arguments[index + 1], for: "Client names")
        name = arguments[index + 1]
        index += 2
      } else {
        var text = Array("ERR Syntax error in HELLO option '".utf8)
        text += arguments[index].bytes + [0x27]
        throw CommandError(composed: text)
      }
    }
  }
}
