import Glibc
import Logging
import Synchronization

/// Log lines in Redis' form, so that tools that read its logs read ours:
///
/// ```
/// 12345:M 23 Nov 2026 10:15:30.123 * Ready to accept connections tcp
/// ```
struct RedisLog: LogHandler {
  var metadata: Logger.Metadata = [:]
  var metadataProvider: Logger.MetadataProvider?
  let output: LogOutput

  /// `loglevel`, changed while running.
  var logLevel: Logger.Level {
    get { output.level }
    set { output.level = newValue }
  }

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) { output.write("\(event.message)", level: event.level) }
}

/// Where the lines go: standard output, or a file that is opened anew for each line so that it can be
/// rotated.
final class LogOutput: Sendable {
  private struct State {
    var path: String
    var level: Logger.Level
  }

  private let state: Mutex<State>

  /// - Parameter path: empty for standard output.
  init(path: String, level: Logger.Level) {
    state = Mutex(State(path: path, level: level))
  }

  var level: Logger.Level {
    get { state.withLock { $0.level } }
    set { state.withLock { $0.level = newValue } }
  }

  var path: String {
    get { state.withLock { $0.path } }
    set { state.withLock { $0.path = newValue } }
  }

  /// Redis' levels, by their names in the configuration.
  static func level(named name: String) -> Logger.Level {
    switch name {
    case "debug": .debug
    case "verbose": .info
    case "notice": .notice
    case "warning": .warning
    default: .critical
    }
  }

  func write(_ message: String, level: Logger.Level) {
    let mark =
      switch level {
      case .trace, .debug: "."
      case .info: "-"
      case .notice: "*"
      case .warning, .error, .critical: "#"
      }
    let line = Array("\(getpid()):M \(Self.timestamp) \(mark) \(message)\n".utf8)
    state.withLock { state in
      var descriptor = STDOUT_FILENO
      if !state.path.isEmpty {
        descriptor = unsafe open(state.path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
      }
      // A log that can't be written has nowhere to say so.
      guard descriptor >= 0 else { return }
      var rest = line[...]
      while !rest.isEmpty {
        let written = unsafe rest.withUnsafeBytes {
          unsafe Glibc.write(descriptor, $0.baseAddress, $0.count)
        }
        if written < 0, errno == EINTR { continue }
        guard written > 0 else { break }
        rest = rest.dropFirst(written)
      }
      if !state.path.isEmpty { close(descriptor) }
    }
  }

  private static var timestamp: String {
    let now = WallClock.milliseconds
    var seconds = time_t(now / 1000)
    var parts = unsafe tm()
    unsafe localtime_r(&seconds, &parts)
    let months = [
      "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]
    func two(_ value: Int32) -> String { value < 10 ? "0\(value)" : "\(value)" }
    let milliseconds = "\(1000 + now % 1000)".dropFirst()
    return unsafe "\(two(parts.tm_mday)) \(months[Int(parts.tm_mon)]) \(parts.tm_year + 1900) "
      + "\(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec)).\(milliseconds)"
  }
}
