import EventLoop
import Glibc

/// Several servers under the same loads, in turns.
///
/// All servers run at once, each with its keys; one is loaded at a time. In every round each has a turn at each load, so that a slow
/// minute of the machine hits everybody, and ratios are taken within a round. The first round is not counted.
package struct Comparison {
  private let options: CompareOptions
  private let contestants: [Contestant]
  private let loads: [ComparisonLoad]
  private let values: ValueBytes
  private let cpus: [Int32]

  package init(_ options: CompareOptions) throws(BenchmarkError) {
    self.options = options
    contestants = try Contestant.all(options)
    values = ValueBytes(sizes: options.valueSizes, seed: options.seed)
    cpus = Processors.allowed
    var wanted = BenchmarkOptions()
    wanted.tests = options.tests
    wanted.keyCount = options.keyCount
    wanted.preloads = true
    var loads: [ComparisonLoad] = []
    for workload in try Workload.all(wanted, values) {
      let memcached = BuiltInTest.memcached(timeToLive: nil).first { $0.title == workload.title }
      for pipeline in options.pipelines {
        loads.append(
          ComparisonLoad(
            resp: workload, memcached: memcached?.workload(wanted, values), pipeline: pipeline))
      }
    }
    self.loads = loads
  }

  package mutating func run() throws(BenchmarkError) {
    var servers: [ChildServer] = []
    defer { for server in servers { server.stop() } }
    for contestant in contestants {
      servers.append(
        try ChildServer(contestant, cpus: options.pins ? serverProcessors(contestant.width) : []))
    }
    var results = ComparisonResults(
      servers: servers.map(\.name), martlets: options.shards.count, loads: loads.map(\.title),
      options: options)
    results.placement = placement(servers)
    for (index, server) in servers.enumerated() {
      note("loading \(options.keyCount) keys into \(server.name)")
      results.bytesPerKey[index] = try preload(server)
    }
    for round in 0...options.rounds {
      for (loadIndex, load) in loads.enumerated() {
        note("round \(round) of \(options.rounds): \(load.title)")
        for (index, server) in servers.enumerated() {
          guard let turn = try take(load, server) else { continue }
          if round > 0 { results.turns[loadIndex][index].append(turn) }
        }
      }
    }
    note("")
    try report(results)
  }

  // MARK: Processors

  /// The first processors, as many as the server has threads.
  private func serverProcessors(_ width: Int) -> [Int32] { Array(cpus.prefix(width)) }

  /// The last processors, as many as the generator has threads.
  private var generatorProcessors: [Int32] {
    options.pins ? Array(cpus.suffix(options.threads)) : []
  }

  private func placement(_ servers: [ChildServer]) -> String {
    guard options.pins else { return "Nothing is pinned; there are \(cpus.count) processors." }
    func list(_ cpus: [Int32]) -> String { cpus.map(String.init).joined(separator: ", ") }
    let placed = servers.map { "\($0.name) on \(list(serverProcessors($0.contestant.width)))" }
    return
      "Processors: \(placed.joined(separator: "; ")); the generator on \(list(generatorProcessors))."
  }

  // MARK: Loads

  private func plan(_ server: ChildServer, _ templates: [RequestTemplate], _ extent: Extent)
    -> RunPlan
  {
    var plan = RunPlan(
      address: server.address, templates: templates, weights: templates.map { _ in 1 },
      values: values, extent: extent)
    plan.wire = server.contestant.wire
    plan.connections = options.connections
    plan.threads = options.threads
    plan.cpus = generatorProcessors
    plan.keyCount = options.keyCount
    plan.seed = options.seed
    return plan
  }

  /// Writes what the tests read.
  ///
  /// - Returns: by how many bytes the server has grown for each key, if these were plain strings.
  private func preload(_ server: ChildServer) throws(BenchmarkError) -> Double? {
    var done: [RequestText] = []
    var growth: Double?
    let preparations = loads.flatMap { $0.workload(for: server)?.preparations ?? [] }
    for preparation in preparations where !done.contains(preparation.request) {
      done.append(preparation.request)
      let before = server.residentBytes
      let template = RequestTemplate(preparation.request, values: values, tags: .none)
      let count = preparation.count ?? options.keyCount
      var plan = plan(server, [template], Extent(operations: count))
      plan.distribution = .sequential
      plan.pipeline = 64
      var run = BenchmarkRun(plan)
      let result = try run.run()
      try check(result, server)
      if preparation.request.name.uppercased() == "SET" {
        growth = Double(server.residentBytes - before) / Double(count)
      }
    }
    return growth
  }

  /// One turn; nil if the server has no such commands.
  private func take(_ load: ComparisonLoad, _ server: ChildServer) throws(BenchmarkError)
    -> ComparisonTurn?
  {
    guard let workload = load.workload(for: server) else { return nil }
    var plan = plan(server, workload.templates, Extent(seconds: options.seconds))
    plan.distribution = options.distribution
    plan.pipeline = load.pipeline
    let before = server.cpuSeconds
    var run = BenchmarkRun(plan)
    let result = try run.run()
    if Interruption.isRequested { throw BenchmarkError("interrupted") }
    try check(result, server)
    let count = Double(max(result.operations, 1))
    return ComparisonTurn(
      rate: result.rate, cpu: (server.cpuSeconds - before) / count * 1e6,
      generatorCPU: result.cpuSeconds / count * 1e6, p50: Double(result.total.percentile(50)) / 1e6,
      p99: Double(result.total.percentile(99)) / 1e6,
      p999: Double(result.total.percentile(99.9)) / 1e6)
  }

  private func check(_ result: RunResult, _ server: ChildServer) throws(BenchmarkError) {
    if result.errors > 0 { throw BenchmarkError("Error from \(server.name): \(result.errorText)") }
  }

  // MARK: Reports

  private func report(_ results: ComparisonResults) throws(BenchmarkError) {
    let tables = results.markdown
    BenchmarkProcess.write(tables)
    if let path = options.markdownPath { try BenchmarkProcess.write(tables, to: path) }
    if let path = options.svgPath { try BenchmarkProcess.write(results.charts, to: path) }
    if let path = options.jsonPath { try BenchmarkProcess.write(results.json, to: path) }
  }

  private func note(_ text: String) {
    if isatty(STDERR_FILENO) == 1 { BenchmarkProcess.writeError(BenchmarkProcess.emptyLine + text) }
  }
}

/// One test at one pipeline depth.
struct ComparisonLoad {
  let resp: Workload
  /// The same for memcached, if it can.
  let memcached: Workload?
  let pipeline: Int

  var title: String { "\(resp.title), pipeline \(pipeline)" }

  func workload(for server: ChildServer) -> Workload? {
    switch server.contestant.wire {
    case .resp: resp
    case .memcached: memcached
    }
  }
}

/// What one turn of a server at a load has shown.
struct ComparisonTurn {
  /// Operations a second.
  let rate: Double
  /// Microseconds of CPU time an operation: the server's and the generator's.
  let cpu: Double
  let generatorCPU: Double
  /// Milliseconds.
  let p50: Double
  let p99: Double
  let p999: Double
}
