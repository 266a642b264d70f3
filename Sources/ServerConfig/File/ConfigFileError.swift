/// Why a configuration cannot be loaded; the server does not start.
package enum ConfigFileError: Error, Equatable, Sendable {
  /// `line` counts from 1.
  case badLine(line: Int, text: String, reason: String)
  /// The lines are well formed but contradict each other.
  case contradiction(reason: String)
  case cannotOpen(path: String, reason: String)

  /// What the standard error should say before the process ends.
  ///
  /// - Parameter version: such as `Redis 7.4.0`.
  package func fatalMessage(version: String) -> String {
    let head = "\n*** FATAL CONFIG FILE ERROR (\(version)) ***\n"
    switch self {
    case .badLine(let line, let text, let reason):
      return head + "Reading the configuration file, at line \(line)\n>>> '\(text)'\n\(reason)\n"
    case .contradiction(let reason):
      return head + "\(reason)\n"
    case .cannotOpen(let path, let reason):
      return "Fatal error, can't open config file '\(path)': \(reason)\n"
    }
  }
}
