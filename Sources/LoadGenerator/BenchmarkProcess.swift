import Glibc
import RESP

/// The program: reads the command line, runs what it asks for, reports.
package struct BenchmarkProcess {
  private let options: BenchmarkOptions
  private let report: ConsoleReport
  private var runs: [(Workload, RunResult)] = []
  private var hasFailed = false

  /// - Parameter arguments: with the program's name.
  /// - Returns: the exit code: 0, or 1 after an error of the command line, of the server, or in replies.
  package static func run(_ arguments: [String]) -> Int32 {
    Interruption.watch()
    do throws(BenchmarkError) {
      switch try OptionParser.parse(Array(arguments.dropFirst())) {
      case .help: write(OptionParser.help)
      case .version: write("martlet-benchmark\n")
      case .compare(let options):
        var comparison = try Comparison(options)
        try comparison.run()
      case .run(let options):
        var process = BenchmarkProcess(options)
        try process.run()
        if process.hasFailed { return 1 }
      }
      return Interruption.isRequested ? Interruption.exitCode : 0
    } catch {
      writeError("martlet-benchmark: \(error)\n")
      return 1
    }
  }

  private init(_ options: BenchmarkOptions) {
    var options = options
    if options.readsLastArgument { options.command.append(Self.standardInput()) }
    self.options = options
    report = ConsoleReport(options)
  }

  private mutating func run() throws(BenchmarkError) {
    Self.allowDescriptors(options.connections + Self.descriptorsBeside)
    let values = ValueBytes(sizes: options.valueSizes, seed: options.seed)
    let workloads = try Workload.all(options, values)
    try checkServer()
    if options.isIdle { return try idle() }
    if options.jsonPath != "-" { Self.write(report.header) }
    var failure: BenchmarkError?
    do throws(BenchmarkError) {
      repeat {
        for workload in workloads where !Interruption.isRequested { try run(workload, values) }
      } while options.loops && !Interruption.isRequested
    } catch {
      failure = error
    }
    // What was measured before a failure is worth keeping.
    try writeFiles()
    if let failure { throw failure }
  }

  /// Files, rings and standard streams.
  private static let descriptorsBeside = 600

  /// Raises the limit of open files as far as that goes; what is missing then shows when connecting.
  private static func allowDescriptors(_ count: Int) {
    var limit = rlimit()
    let kind = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    guard unsafe getrlimit(kind, &limit) == 0, limit.rlim_cur < rlim_t(count) else { return }
    limit.rlim_cur = min(rlim_t(count), limit.rlim_max)
    unsafe setrlimit(kind, &limit)
  }

  /// Fails early, and in one line, if the server isn't there or doesn't want us.
  private func checkServer() throws(BenchmarkError) {
    let client = try SetupClient(options.address)
    defer { client.close() }
    try client.require(options.handshake)
    try client.greet(options.wire)
  }

  private func idle() throws(BenchmarkError) {
    var clients: [SetupClient] = []
    for _ in 0..<options.connections {
      let client = try SetupClient(options.address)
      try client.require(options.handshake)
      clients.append(client)
    }
    Self.write(
      "Keeping \(ReportText.plural(clients.count, "idle connection")) open; stop with Ctrl-C\n")
    while !Interruption.isRequested { usleep(100_000) }
  }

  // MARK: A run

  private mutating func run(_ workload: Workload, _ values: ValueBytes) throws(BenchmarkError) {
    for preparation in workload.preparations { try prepare(preparation, values) }
    if Interruption.isRequested { return }
    let result = try follow(
      plan(workload.templates, workload.weights, values, options.extent), workload.title)
    if options.jsonPath != "-" { Self.write(report.run(workload, result)) }
    let problems = report.problems(workload, result)
    if !problems.isEmpty { Self.writeError(problems) }
    if result.errors > 0 { hasFailed = true }
    if !options.loops { runs.append((workload, result)) }
  }

  /// Sends what a test needs beforehand.
  private func prepare(_ preparation: Workload.Preparation, _ values: ValueBytes)
    throws(BenchmarkError)
  {
    let template = RequestTemplate(preparation.request, values: values, tags: options.tags)
    var plan = plan(
      [template], [1], values, Extent(operations: preparation.count ?? options.keyCount))
    plan.schedule = .closed
    plan.distribution = .sequential
    plan.pipeline = 64
    let result = try follow(plan, "loading by \(preparation.request.name)")
    if result.errors > 0 {
      throw BenchmarkError(
        "Error from the server at \(preparation.request.name): \(result.errorText)")
    }
  }

  /// Runs a plan and shows on the terminal how it is doing.
  private func follow(_ plan: RunPlan, _ title: String) throws(BenchmarkError) -> RunResult {
    var run = BenchmarkRun(plan)
    let showsProgress = options.showsProgress && isatty(STDERR_FILENO) == 1
    defer { if showsProgress { Self.writeError(Self.emptyLine) } }
    return try run.run { progress in
      if showsProgress { Self.writeError(Self.emptyLine + report.progress(title, progress)) }
    }
  }

  /// Returns to the line's start and clears it.
  static let emptyLine = "\r\u{1B}[K"

  private func plan(
    _ templates: [RequestTemplate], _ weights: [Int], _ values: ValueBytes, _ extent: Extent
  ) -> RunPlan {
    var plan = RunPlan(
      address: options.address, templates: templates, weights: weights, values: values,
      extent: extent)
    plan.wire = options.wire
    plan.handshake = options.handshake
    plan.connections = options.connections
    plan.pipeline = options.pipeline
    plan.threads = options.threads
    plan.cpus = options.cpus
    plan.keyCount = options.keyCount
    plan.distribution = options.distribution
    plan.tags = options.tags
    plan.schedule = options.schedule
    plan.seed = options.seed
    plan.interval = UInt64(options.interval * 1e9)
    return plan
  }

  // MARK: Files

  private func writeFiles() throws(BenchmarkError) {
    if let path = options.jsonPath { try Self.write(JSONReport.text(options, runs), to: path) }
    if let path = options.svgPath { try Self.write(ChartReport.text(runs), to: path) }
  }

  static func write(_ text: String, to path: String) throws(BenchmarkError) {
    if path == "-" { return write(text) }
    guard let file = unsafe fopen(path, "we") else {
      throw BenchmarkError("Cannot write \(path): \(ServerAddress.text(of: errno))")
    }
    let written = unsafe fputs(text, file)
    guard unsafe fclose(file) == 0, written >= 0 else {
      throw BenchmarkError("Cannot write \(path): \(ServerAddress.text(of: errno))")
    }
  }

  static func write(_ text: String) { put(text, STDOUT_FILENO) }

  static func writeError(_ text: String) { put(text, STDERR_FILENO) }

  private static func put(_ text: String, _ descriptor: Int32) {
    let bytes = Array(text.utf8)
    var written = 0
    while written < bytes.count {
      let step = unsafe bytes.withUnsafeBytes {
        unsafe Glibc.write(
          descriptor, $0.baseAddress.unsafelyUnwrapped + written, $0.count - written)
      }
      if step < 0, errno == EINTR { continue }
      guard step > 0 else { return }
      written += step
    }
  }

  private static func standardInput() -> String {
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65536)
    while true {
      let step = unsafe chunk.withUnsafeMutableBytes {
        unsafe read(STDIN_FILENO, $0.baseAddress, $0.count)
      }
      if step < 0, errno == EINTR { continue }
      guard step > 0 else { break }
      bytes += chunk.prefix(step)
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
