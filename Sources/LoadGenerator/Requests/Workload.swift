/// What one run sends: templates with their weights, what comes before, and what it is called.
package struct Workload: Sendable {
  package var title: String
  package var templates: [RequestTemplate]
  package var titles: [String]
  package var weights: [Int]
  /// Commands to send before, each so many times, or once for each key if nil.
  package var preparations: [Preparation] = []

  package struct Preparation: Sendable {
    package let request: RequestText
    package let count: Int?
  }

  /// The runs that `options` ask for.
  ///
  /// - Throws: when a test has no such name.
  package static func all(_ options: BenchmarkOptions, _ values: ValueBytes) throws(BenchmarkError)
    -> [Workload]
  {
    let tests =
      switch options.wire {
      case .resp: BuiltInTest.all(timeToLive: options.timeToLive)
      case .memcached: BuiltInTest.memcached(timeToLive: options.timeToLive)
      }
    if !options.command.isEmpty {
      let template = RequestTemplate(.command(options.command), values: values, tags: options.tags)
      let title = options.command.joined(separator: " ")
      return [Workload(title: title, templates: [template], titles: [title], weights: [1])]
    }
    if !options.mix.isEmpty { return [try mix(options, values, tests)] }
    var chosen: [BuiltInTest] = []
    if options.tests.isEmpty { chosen = tests.filter(\.isDefault) }
    for name in options.tests {
      // `lrange` and `ping` stand for all of theirs, a whole name for itself.
      let exact = tests.filter { $0.name == name }
      let found = exact.isEmpty ? tests.filter { $0.name.hasPrefix(name + "_") } : exact
      if found.isEmpty { throw unknown(name) }
      chosen += found
    }
    return chosen.map { $0.workload(options, values) }
  }

  private static func mix(
    _ options: BenchmarkOptions, _ values: ValueBytes, _ tests: [BuiltInTest]
  ) throws(BenchmarkError) -> Workload {
    var workload = Workload(title: "", templates: [], titles: [], weights: [])
    for share in options.mix {
      guard let test = tests.first(where: { $0.name == share.test }) else {
        throw unknown(share.test)
      }
      workload.templates.append(test.template(values, options.tags))
      workload.titles.append(test.title)
      workload.weights.append(share.weight)
      for preparation in test.preparations(options)
      where !workload.preparations.contains(where: { $0.request == preparation.request }) {
        workload.preparations.append(preparation)
      }
    }
    workload.title = zip(workload.titles, workload.weights).map { "\($0) \($1)" }.joined(
      separator: " : ")
    return workload
  }

  private static func unknown(_ name: String) -> BenchmarkError {
    BenchmarkError("There is no test \(name); --help lists them")
  }
}

extension BuiltInTest {
  /// A run of this test alone.
  func workload(_ options: BenchmarkOptions, _ values: ValueBytes) -> Workload {
    Workload(
      title: title, templates: [template(values, options.tags)], titles: [title], weights: [1],
      preparations: preparations(options))
  }

  func template(_ values: ValueBytes, _ tags: KeyTags) -> RequestTemplate {
    RequestTemplate(request, values: values, tags: tags)
  }

  func preparations(_ options: BenchmarkOptions) -> [Workload.Preparation] {
    if options.preloads, let fill { return [.init(request: fill, count: nil)] }
    return preparation.map { [.init(request: $0.request, count: $0.count)] } ?? []
  }
}
