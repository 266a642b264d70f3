import Engine
import RESP

/// The HELP subcommand of a container.
enum HelpText {
  /// - Parameter lines: usage and explanation by turns, the latter indented.
  static func write(_ command: String, _ lines: [StaticString], to reply: inout ReplyWriter) {
    reply.array(lines.count + 3)
    ByteView.with(
      Array("+\(command) <subcommand> [<arg> [value] [opt] ...]. Subcommands are:\r\n".utf8)
    ) { reply.raw($0) }
    for line in lines { reply.simple(line) }
    reply.simple("HELP")
    reply.simple("    Prints this help.")
  }

  static func command(since: String, loads: Bool = true) -> Command {
    Command(
      "help", "Lists the subcommands.", since: since, group: .server, complexity: "O(1)",
      arity: .exactly(2), flags: loads ? [.loading, .stale] : [], execution: .service)
  }
}
