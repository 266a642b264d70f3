/// An option of a command line, and what it does to `Options`.
struct OptionEntry<Options>: Sendable {
  let names: [String]
  /// What help calls its value; nil if it takes none.
  let argument: String?
  let help: String
  let apply: @Sendable (inout Options, OptionValue) throws(BenchmarkError) -> Void

  init(
    _ names: String..., argument: String? = nil, help: String,
    _ apply: @escaping @Sendable (inout Options, OptionValue) throws(BenchmarkError) -> Void
  ) {
    self.names = names
    self.argument = argument
    self.help = help
    self.apply = apply
  }
}

/// The text after an option, and the ways to read it.
struct OptionValue {
  let option: String
  let text: String

  func invalid(_ wanted: String) -> BenchmarkError {
    BenchmarkError("\(option) \(text): \(wanted) is wanted")
  }

  func integer(_ range: ClosedRange<Int>) throws(BenchmarkError) -> Int {
    guard let value = Int(text), range.contains(value) else {
      let bound =
        range.upperBound == .max
        ? "\(range.lowerBound) or more" : "\(range.lowerBound) to \(range.upperBound)"
      throw invalid("a whole number, \(bound),")
    }
    return value
  }

  func positive() throws(BenchmarkError) -> Double {
    guard let value = Double(text), value > 0, value.isFinite else {
      throw invalid("a number above 0")
    }
    return value
  }

  /// `a` or `a-b`.
  func sizes(_ limit: ClosedRange<Int>) throws(BenchmarkError) -> ClosedRange<Int> {
    let ends = text.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
    guard ends.count <= 2, let first = ends.first ?? nil, let last = ends.last ?? nil,
      limit.contains(first), limit.contains(last), first <= last
    else { throw invalid("a number of bytes, or two as in 10-1000,") }
    return first...last
  }

  func distribution() throws(BenchmarkError) -> KeyDistribution {
    let parts = text.split(separator: ":", maxSplits: 1)
    let parameter = parts.count > 1 ? Double(parts[1]) : nil
    if parts.count > 1, parameter == nil { throw invalid("a number after the colon") }
    switch parts.first {
    case "uniform" where parts.count == 1: return .uniform
    case "sequential" where parts.count == 1: return .sequential
    case "zipf":
      let exponent = parameter ?? 0.99
      guard exponent > 0, exponent <= 10 else { throw invalid("an exponent between 0 and 10") }
      return .zipf(exponent: exponent)
    case "gaussian":
      let deviation = parameter ?? 1.0 / 6
      guard deviation > 0, deviation <= 1 else { throw invalid("a deviation between 0 and 1") }
      return .gaussian(deviation: deviation)
    default: throw invalid("uniform, zipf[:exponent], sequential or gaussian[:deviation]")
    }
  }

  /// `get=80,set=20`.
  func mix() throws(BenchmarkError) -> [BenchmarkOptions.Share] {
    var shares: [BenchmarkOptions.Share] = []
    for part in text.split(separator: ",") {
      let words = part.split(separator: "=")
      guard words.count == 2, let weight = Int(words[1]), weight > 0, weight <= 1_000_000 else {
        throw invalid("tests with weights, as in get=80,set=20,")
      }
      shares.append(BenchmarkOptions.Share(test: words[0].lowercased(), weight: weight))
    }
    guard !shares.isEmpty else { throw invalid("tests with weights, as in get=80,set=20,") }
    return shares
  }

  /// `redis://[user:password@]host[:port][/database]`.
  func applyURI(_ options: inout BenchmarkOptions) throws(BenchmarkError) {
    guard text.hasPrefix("redis://") else {
      throw invalid("redis://[user:password@]host[:port][/database]")
    }
    var rest = text.dropFirst("redis://".count)
    if let at = rest.lastIndex(of: "@") {
      let who = rest[..<at].split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
      if let user = who.first, !user.isEmpty, who.count == 2 { options.user = String(user) }
      if let password = who.last { options.password = String(password) }
      rest = rest[rest.index(after: at)...]
    }
    if let slash = rest.firstIndex(of: "/") {
      let database = rest[rest.index(after: slash)...]
      if !database.isEmpty {
        options.database = try OptionValue(option: option, text: String(database)).integer(
          0...Int.max)
      }
      rest = rest[..<slash]
    }
    if let colon = rest.lastIndex(of: ":") {
      let port = String(rest[rest.index(after: colon)...])
      options.port = try OptionValue(option: option, text: port).integer(1...65535)
      rest = rest[..<colon]
    }
    if !rest.isEmpty { options.host = String(rest) }
  }
}

/// A group of options, as help shows them.
struct OptionGroup<Options>: Sendable {
  let title: String
  let entries: [OptionEntry<Options>]
}
