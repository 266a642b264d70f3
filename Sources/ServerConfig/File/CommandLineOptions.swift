/// The arguments of the server's command line, as the configuration they stand for.
///
/// `[FILE|-] [--directive value ...] ... [-]`: every `--directive` begins a line, and what
/// follows it, quoted, is its arguments. The lines come after those of the file, so they win.
package struct CommandLineOptions: Equatable, Sendable {
  /// The configuration file, as it was given.
  package let path: String?
  /// A lone `-` came first or last: read more lines from the standard input.
  package let readsStandardInput: Bool
  /// The lines, as a file would hold them; "" when no option was given.
  package let options: String

  /// - Parameter arguments: without the program's name, and without what the caller answers
  ///   itself (`--help`, `--version`).
  package init(_ arguments: [String]) {
    var words = arguments[...]
    path = words.first.map { $0.hasPrefix("-") } == false ? words.popFirst() : nil
    var readsStandardInput = false
    var lines: [String] = []
    // An option's first argument is an argument, even when it begins with `--`: `--dir --x`.
    var mayBeginLine = true
    for index in words.indices {
      let word = words[index]
      let isLast = index == arguments.count - 1
      if word == "-", index == 0 || isLast {
        readsStandardInput = true
      } else if mayBeginLine, word.hasPrefix("--") {
        lines.append(String(word.dropFirst(2)) + " ")
        mayBeginLine = Self.isComplete(word, next: isLast ? nil : words[index + 1])
        if word.lowercased() == "--save", mayBeginLine || isLast {
          lines[lines.count - 1] += "\"\""
        }
      } else {
        if lines.isEmpty { lines.append("") }
        lines[lines.count - 1] += ConfigWords.quoted(word) + " "
        mayBeginLine = true
      }
    }
    self.readsStandardInput = readsStandardInput
    options = lines.joined(separator: "\n")
  }

  /// Whether an option needs no argument after it: it brings one (`"--port 6380"`), or it is
  /// `--save` before another option, which scripts that expand an empty list produce.
  private static func isComplete(_ option: String, next: String?) -> Bool {
    if let words = ConfigWords.split(option), words.count != 1 { return true }
    let takesNothing = ["--save", "--sentinel"].contains(option.lowercased())
    return takesNothing && next?.hasPrefix("--") == true
  }
}
