import Engine
import RESP

extension ReplyWriter {
  /// The reply of a container's HELP.
  mutating func help(_ command: String, _ lines: [StaticString]) {
    array(lines.count + 3)
    raw("+")
    ByteView.with(Array(command.utf8)) { raw($0) }
    raw(" <subcommand> [<arg> [value] [opt] ...]. Subcommands are:\r\n")
    for line in lines { simple(line) }
    simple("HELP")
    simple("    Print this help.")
  }

  /// A set of names as simple strings.
  mutating func names(_ names: [StaticString], prefix: StaticString = "") {
    set(names.count)
    for name in names {
      raw("+")
      raw(prefix)
      raw(name)
      raw("\r\n")
    }
  }
}

extension CommandError {
  /// A subcommand with a number of words its arity does not tell.
  static func subcommandSyntax(_ word: ByteView, of container: String) -> CommandError {
    var text = Array("ERR unknown subcommand or wrong number of arguments for '".utf8)
    text += word[0..<min(word.count, 128)].bytes
    return CommandError(composed: text + Array("'. Try \(container) HELP.".utf8))
  }
}
