import Engine
import RESP

extension ServiceCommand {
  /// `CLIENT ID`
  ///
  /// Replies with an integer that no other connection of this server ever had.
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/client-id/>
  static let clientID = ServiceCommand(
    Command(
      "id", "Tells the number of this connection.",
      since: "5.0.0", group: .connection, complexity: "O(1)",
      arity: .exactly(2), flags: [.noScript, .loading, .stale],
      execution: .service)
  ) { _, connection, _, _, reply throws(CommandError) in
    reply.integer(Int(connection.id))
  }

  /// `CLIENT GETNAME`
  ///
  /// Replies with the name, or null when there is none.
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/client-getname/>
  static let clientGetName = ServiceCommand(
    Command(
      "getname", "Tells the name of this connection.",
      since: "2.6.9", group: .connection, complexity: "O(1)",
      arity: .exactly(2), flags: [.noScript, .loading, .stale],
      execution: .service)
  ) { _, connection, _, _, reply throws(CommandError) in
    if connection.name.isEmpty { reply.null() } else { reply.bulk(connection.name) }
  }

  /// `CLIENT SETNAME connection-name`
  ///
  /// Replies with `OK`. The empty name takes the name away.
  ///
  /// - Throws: for names with spaces or other than printable ASCII characters.
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/client-setname/>
  static let clientSetName = ServiceCommand(
    Command(
      "setname", "Names this connection.",
      since: "2.6.9", group: .connection, complexity: "O(1)",
      arity: .exactly(3), flags: [.noScript, .loading, .stale],
      tips: ["request_policy:all_nodes", "response_policy:all_succeeded"],
      arguments: [
        .init("connection-name", .string)
      ],
      execution: .service)
  ) { _, connection, arguments, _, reply throws(CommandError) in
    try ClientText.check(arguments[2], for: "Client names")
    connection.name = arguments[2].bytes
    reply.ok()
  }

  /// `CLIENT SETINFO <LIB-NAME libname | LIB-VER libver>`
  ///
  /// Replies with `OK`.
  ///
  /// - Throws: for an unknown attribute, or a value that a name may not have either.
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/client-setinfo/>
  static let clientSetInfo = ServiceCommand(
    Command(
      "setinfo", "Says which library the client uses.",
      since: "7.2.0", group: .connection, complexity: "O(1)",
      arity: .exactly(4), flags: [.noScript, .loading, .stale],
      tips: ["request_policy:all_nodes", "response_policy:all_succeeded"],
      arguments: [
        .init(
          "attr", .oneof,
          members: [
            .init("libname", .string, token: "LIB-NAME"),
            .init("libver", .string, token: "LIB-VER"),
          ])
      ],
      execution: .service)
  ) { _, connection, arguments, _, reply throws(CommandError) in
    let (attribute, value) = (arguments[2], arguments[3])
    if attribute.matches("lib-name") {
      try ClientText.check(value, for: attribute.string)
      connection.libraryName = value.bytes
    } else if attribute.matches("lib-ver") {
      try ClientText.check(value, for: attribute.string)
      connection.libraryVersion = value.bytes
    } else {
      throw CommandError(
        composed: Array("ERR Unrecognized option '".utf8) + attribute.bytes + [0x27])
    }
    reply.ok()
  }
}

/// What clients may say about themselves: it has to fit into a field of CLIENT LIST.
enum ClientText {
  /// - Throws: when `text` holds anything but printable ASCII characters without the space.
  static func check(_ text: ByteView, for what: String) throws(CommandError) {
    for index in 0..<text.count where text[index] < 0x21 || text[index] > 0x7E {
      throw CommandError(
        composed: "ERR \(what) cannot contain spaces, newlines or special characters.")
    }
  }
}
