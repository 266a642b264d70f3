import CLinux
package import Engine
import EventLoop
import Glibc
import ServerConfig

/// The server as a process: arguments in, signals, exit code out.
package enum ServerProcess {
  /// Runs until a signal or SHUTDOWN ends the server; an orderly end exits the process.
  ///
  /// - Parameters:
  ///   - arguments: as `main` got them, the program's name first.
  ///   - procedures: what FCALL can call beside the functions of libraries.
  /// - Returns: the exit code where there is nothing to wait for: after `--version`, or when it could not start.
  package static func run(_ arguments: [String], procedures: [Procedure] = []) -> Int32 {
    let words = Array(arguments.dropFirst())
    if words == ["-v"] || words == ["--version"] {
      print("Martlet server v=\(Version.martlet) redis_version=\(Version.redis) bits=64")
      return 0
    }
    if words == ["-h"] || words == ["--help"] {
      print(usage)
      return 0
    }
    if let code = check(words) { return code }
    // Before there are other threads: a signal goes to any thread that does not block it.
    let signals = Signals(blocking: [SIGTERM, SIGINT])
    let executable = absolutePath(of: arguments[0])
    let options = CommandLineOptions(words)
    let origin = ConfigurationOrigin(
      path: options.path.map { absolutePath(of: $0) }, executable: executable, name: arguments[0])
    guard var configuration = load(options) else { return 1 }
    let directory = configuration[.dir]
    guard unsafe chdir(directory) == 0 else {
      report("Can't chdir to '\(directory)': \(SystemError("chdir", errno).reason)")
      return 1
    }
    configuration[.dir] = workingDirectory
    if configuration[.daemonize] { return daemonRefusal() }
    if configuration[.crashLogEnabled] { unsafe clinux_report_crashes(configuration[.logfile]) }
    if configuration[.setProcTitle] { _ = clinux_claim_process_title() }
    writeProcessID(to: configuration[.pidfile])
    do throws(Server.StartFailure) {
      let server = try Server(configuration, origin: origin, procedures: procedures)
      Task { exit(await server.waitUntilStopped()) }
      waitForSignals(signals, server)
      return 1
    } catch {
      return 1
    }
  }

  /// The main thread's work from here on. A signal stops the server, and with it the process; returns on one that comes
  /// while it stops, which means: at once.
  ///
  /// The main thread must not be left to Swift's runtime: while that waits for tasks, it unblocks all signals.
  private static func waitForSignals(_ signals: Signals, _ server: Server) {
    while true {
      let name = signals.next() == SIGINT ? "SIGINT" : "SIGTERM"
      if server.isStopping { break }
      Task { _ = await server.stop(because: "Received \(name) scheduling shutdown...") }
    }
    server.abandon()
    report("You insist... exiting now.")
  }

  private static func load(_ options: CommandLineOptions) -> Configuration? {
    do throws(ConfigFileError) {
      var text: String?
      if options.readsStandardInput {
        text = try ConfigurationFiles.readStandardInput()
      } else if let path = options.path {
        text = try ConfigurationFiles.read(path).joined(separator: "\n")
      }
      var configuration = Configuration()
      var commands = RenamedCommands()
      try configuration.load(
        text: text, options: options.options, rename: { commands.rename($0, to: $1) },
        source: ConfigurationFiles.read)
      return configuration
    } catch {
      report(error.fatalMessage(version: "Redis \(Version.redis)"))
      return nil
    }
  }

  private static func daemonRefusal() -> Int32 {
    report("daemonize yes: Martlet stays in the foreground; let a service manager start it.")
    return 1
  }

  /// Failing to write it is no reason not to serve.
  private static func writeProcessID(to path: String) {
    guard !path.isEmpty else { return }
    let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { return }
    let line = Array("\(getpid())\n".utf8)
    _ = unsafe line.withUnsafeBytes { unsafe write(descriptor, $0.baseAddress, $0.count) }
    close(descriptor)
  }

  private static func report(_ text: String) {
    let bytes = Array((text + "\n").utf8)
    _ = unsafe bytes.withUnsafeBytes { unsafe write(STDERR_FILENO, $0.baseAddress, $0.count) }
  }

  private static var workingDirectory: String {
    guard let path = unsafe getcwd(nil, 0) else { return "." }
    defer { unsafe free(path) }
    return unsafe String(cString: path)
  }

  private static func absolutePath(of path: String) -> String {
    path.hasPrefix("/") ? path : "\(workingDirectory)/\(path)"
  }

  private static let usage = """
    Usage: martlet-server [/path/to/server.conf] [options] [-]
           martlet-server - (read the configuration from standard input)
           martlet-server -v or --version
           martlet-server -h or --help
           martlet-server --check-rdb FILE
           martlet-server --check-aof FILE|DIRECTORY [--fix]

    Options are directives of the configuration file: --port 7777 --shards 2 --save ""
    """
}
