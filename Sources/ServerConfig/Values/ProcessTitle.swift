/// The template of `proc-title-template`: text with `{variable}`; `{{` is a brace.
package enum ProcessTitle {
  package static let variables = [
    "title", "listen-addr", "server-mode", "port", "tls-port", "unixsocket", "config-file",
  ]

  /// The template with its variables replaced and the spaces around it removed; nil when a brace
  /// is left open or `value` does not know a variable.
  package static func expand(_ template: String, value: (String) -> String?) -> String? {
    var title = ""
    var rest = template[...]
    while let brace = rest.firstIndex(of: "{") {
      title += rest[..<brace]
      rest = rest[rest.index(after: brace)...]
      if rest.first == "{" {
        title += "{"
        rest = rest.dropFirst()
        continue
      }
      guard let end = rest.firstIndex(of: "}"), let text = value(String(rest[..<end])) else {
        return nil
      }
      title += text
      rest = rest[rest.index(after: end)...]
    }
    title += rest
    while title.last == " " { title.removeLast() }
    return String(title.drop { $0 == " " })
  }
}
