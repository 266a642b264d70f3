/// What the command line asks for.
package enum Invocation: Equatable {
  case run(BenchmarkOptions)
  case compare(CompareOptions)
  case help
  case version
}

package enum OptionParser {
  /// - Parameter arguments: without the program's name.
  /// - Throws: an error whose text says which option is wrong.
  package static func parse(_ arguments: [String]) throws(BenchmarkError) -> Invocation {
    if arguments.first == "compare" {
      var options = CompareOptions()
      guard
        let rest = try apply(
          Array(arguments.dropFirst()), OptionGroup<CompareOptions>.all, to: &options)
      else {
        return .help
      }
      if let word = rest.first { throw BenchmarkError("compare takes no \(word)") }
      return .compare(options)
    }
    if arguments.contains("--version") || arguments == ["-v"] { return .version }
    var options = BenchmarkOptions()
    guard let rest = try apply(arguments, OptionGroup<BenchmarkOptions>.all, to: &options) else {
      return .help
    }
    options.command = rest
    try options.check()
    return .run(options)
  }

  /// Applies the options at the start of `arguments`; returns the words after them, nil if help is asked for.
  private static func apply<Options>(
    _ arguments: [String], _ groups: [OptionGroup<Options>], to options: inout Options
  ) throws(BenchmarkError) -> [String]? {
    var index = 0
    while index < arguments.count, arguments[index].hasPrefix("-"), arguments[index] != "-" {
      var name = arguments[index]
      index += 1
      if name == "--" { break }
      if name == "--help" { return nil }
      var attached: String?
      if name.hasPrefix("--"), let equals = name.firstIndex(of: "=") {
        attached = String(name[name.index(after: equals)...])
        name = String(name[..<equals])
      }
      guard let entry = groups.lazy.flatMap(\.entries).first(where: { $0.names.contains(name) })
      else {
        throw BenchmarkError("Unknown option \(name); --help lists them")
      }
      guard let argument = entry.argument else {
        if attached != nil { throw BenchmarkError("\(name) takes no value") }
        try entry.apply(&options, OptionValue(option: name, text: ""))
        continue
      }
      if attached == nil, index < arguments.count {
        attached = arguments[index]
        index += 1
      }
      guard let text = attached else { throw BenchmarkError("\(name) needs a value: \(argument)") }
      try entry.apply(&options, OptionValue(option: name, text: text))
    }
    return Array(arguments[min(index, arguments.count)...])
  }

  /// The text of `--help`.
  package static var help: String {
    var text = """
      Usage: martlet-benchmark [options] [command word...]
             martlet-benchmark compare [options]

      Loads a server of Redis' protocol and reports throughput and latencies. Without -t, --mix or a command, the usual
      tests run one after the other. A command's words may hold __key__, __rand_int__ (twelve digits of a key number),
      __any_int__ (twelve random digits) and __data__ (the value).

      """
    for group in OptionGroup<BenchmarkOptions>.all { text += describe(group) }
    text += """

      compare starts Martlet with one shard and with several, and the peers it finds (Redis, Valkey, memcached), loads them
      in turn, and prints throughput, latencies, CPU per request and memory per key with their ratios.

      """
    for group in OptionGroup<CompareOptions>.all { text += describe(group) }
    text += "\nTests:"
    for test in BuiltInTest.all(timeToLive: nil) { text += " \(test.name)" }
    text += """


      Examples:
        martlet-benchmark -t get,set -r 1000000 -P 16 -q
        martlet-benchmark --mix get=90,set=10 -r 1000000 --distribution zipf --preload --duration 30 --warmup 5
        martlet-benchmark --rate 50000 -t get --duration 60 --svg get.svg --json get.json
        martlet-benchmark -r 100000 HSET users:__rand_int__ name __data__

      """
    return text
  }

  private static func describe<Options>(_ group: OptionGroup<Options>) -> String {
    var text = "\n\(group.title):\n"
    for entry in group.entries {
      let left =
        "  " + entry.names.joined(separator: ", ") + (entry.argument.map { " \($0)" } ?? "")
      text += left + String(repeating: " ", count: max(32 - left.count, 2)) + entry.help + "\n"
    }
    return text
  }
}
