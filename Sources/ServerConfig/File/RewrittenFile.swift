/// A configuration file that is being rewritten: its lines, and which of them belong to which
/// directive.
struct RewrittenFile {
  private var lines: [String] = []
  /// The lines that a directive may still fill, first one first.
  private var places: [String: [Int]] = [:]
  private var hasMark = false

  /// Words that are no directives and stay as they are.
  private static let kept: Set<String> = ["include", "rename-command", "loadmodule"]

  /// What is not in the file is added, asked for or not.
  private let addsEveryLine: Bool

  init(_ text: String, addsEveryLine: Bool = false) {
    self.addsEveryLine = addsEveryLine
    guard !text.isEmpty else { return }
    for line in text.utf8.split(separator: 0x0a, omittingEmptySubsequences: false) {
      append(original: ConfigLine.trimmed(line))
    }
  }

  private mutating func append(original line: String) {
    if line == Configuration.rewriteMark { hasMark = true }
    if line.isEmpty || line.hasPrefix("#") { return lines.append(line) }
    guard let word = ConfigWords.split(line)?.first?.lowercased() else {
      return lines.append("# ??? \(line)")
    }
    if Self.kept.contains(word) { return lines.append(line) }
    guard let name = word == "user" ? word : DirectiveTable.definition(named: word)?.name else {
      return lines.append("# ??? \(line)")
    }
    places[name, default: []].append(lines.count)
    lines.append(line)
  }

  /// Puts `line` where the file has a line of `name`, else at the end when `addsLine`.
  mutating func put(_ name: String, _ line: String, addsLine: Bool) {
    if var indices = places[name], !indices.isEmpty {
      lines[indices.removeFirst()] = line
      places[name] = indices
      return
    }
    guard addsLine || addsEveryLine else { return }
    if !hasMark {
      lines.append(Configuration.rewriteMark)
      hasMark = true
    }
    lines.append(line)
  }

  /// Leaves the lines of `name` as they are.
  mutating func keep(_ name: String) { places[name] = nil }

  /// The text without the lines that were not filled again.
  func text() -> String {
    var lines = lines
    for index in places.values.joined() { lines[index] = "" }
    var text = ""
    var wasEmpty = false
    for line in lines where !(line.isEmpty && wasEmpty) {
      text += line + "\n"
      wasEmpty = line.isEmpty
    }
    return text
  }
}
