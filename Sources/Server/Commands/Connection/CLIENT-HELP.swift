import Engine
import RESP

extension ServiceCommand {
  /// `CLIENT HELP`
  ///
  /// Replies with an array of lines.
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/client-help/>
  static let clientHelp = ServiceCommand(
    Command(
      "help", "Explains the subcommands.",
      since: "5.0.0", group: .connection, complexity: "O(1)",
      arity: .exactly(2), flags: [.loading, .stale],
      execution: .service)
  ) { _, _, _, _, reply throws(CommandError) in
    reply.help(
      "CLIENT",
      [
        "CACHING (YES|NO)",
        "    Say whether the next command's keys are cached (with OPTIN or OPTOUT).",
        "GETREDIR",
        "    Return which client gets this one's invalidations.",
        "GETNAME",
        "    Return the name of this connection.",
        "ID",
        "    Return the number of this connection.",
        "INFO",
        "    Return a description of this connection.",
        "KILL <ip:port>",
        "    Close the connection from <ip:port>.",
        "KILL <option> <value> [<option> <value> [...]]",
        "    Close connections that fit all of the options:",
        "    * ADDR (<ip:port>|<unixsocket>:0)",
        "      From this address.",
        "    * LADDR (<ip:port>|<unixsocket>:0)",
        "      To this address.",
        "    * TYPE (NORMAL|MASTER|REPLICA|PUBSUB)",
        "      Of this type.",
        "    * USER <username>",
        "      Of this user.",
        "    * SKIPME (YES|NO)",
        "      Spare this connection (default: yes).",
        "    * ID <client-id>",
        "      With this number.",
        "    * MAXAGE <maxage>",
        "      Open for at least so many seconds.",
        "LIST [TYPE (NORMAL|MASTER|REPLICA|PUBSUB)|ID <client-id> [...]]",
        "    Return descriptions of connections.",
        "NO-EVICT (ON|OFF)",
        "    Spare this connection when clients use too much memory.",
        "NO-TOUCH (ON|OFF)",
        "    Leave access times of keys as they are.",
        "PAUSE <timeout> [WRITE|ALL]",
        "    Hold back all commands, or writes only, for <timeout> milliseconds.",
        "REPLY (ON|OFF|SKIP)",
        "    Set which replies this connection gets.",
        "SETINFO <option> <value>",
        "    Describe the client. Options are:",
        "    * LIB-NAME: the name of its library.",
        "    * LIB-VER: the version of its library.",
        "SETNAME <name>",
        "    Name this connection.",
        "TRACKING (ON|OFF) [REDIRECT <id>] [BCAST] [PREFIX <prefix> [...]]",
        "         [OPTIN] [OPTOUT] [NOLOOP]",
        "    Be told when keys that this client caches change.",
        "TRACKINGINFO",
        "    Return how this connection tracks keys.",
        "UNBLOCK <clientid> [TIMEOUT|ERROR]",
        "    End the wait of a client in a blocking command.",
        "UNPAUSE",
        "    End a pause.",
      ])
  }
}
