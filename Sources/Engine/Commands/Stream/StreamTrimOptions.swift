import RESP

/// The words of XADD and XTRIM that say what is to be cut.
struct StreamTrimOptions {
  private var limit: StreamTrim.Limit?
  private var isApproximate = false
  private var entriesMax: Int?
  private var references: StreamReferences?

  /// Reads the option at `index`, if there is one, and moves `index` behind it.
  ///
  /// - Returns: false if there is none.
  /// - Throws: what is wrong with it.
  mutating func read(_ arguments: Arguments, at index: inout Int) throws(CommandError) -> Bool {
    let word = arguments[index]
    let hasMore = index + 1 < arguments.count
    if hasMore, word.matches("maxlen") {
      index = try readOperator(arguments, index)
      let count = try arguments[index].integer()
      guard count >= 0 else { throw CommandError("ERR The MAXLEN argument must be >= 0.") }
      limit = .count(count)
    } else if hasMore, word.matches("minid") {
      index = try readOperator(arguments, index)
      limit = .id(try arguments[index].streamID())
    } else if hasMore, word.matches("limit") {
      index += 1
      let count = try arguments[index].integer()
      guard count >= 0 else { throw CommandError("ERR The LIMIT argument must be >= 0.") }
      entriesMax = count
    } else if references == nil, let references = StreamReferences(word) {
      self.references = references
    } else {
      return false
    }
    index += 1
    return true
  }

  /// Returns where the threshold stands.
  private mutating func readOperator(
    _ arguments: Arguments, _ index: Int
  ) throws(CommandError) -> Int {
    guard limit == nil else {
      throw CommandError(
        "ERR syntax error, MAXLEN and MINID options at the same time are not compatible")
    }
    let word = arguments[index + 1]
    guard index + 2 < arguments.count, word == "~" || word == "=" else { return index + 1 }
    isApproximate = word == "~"
    return index + 2
  }

  /// What the words ask for altogether; nil if nothing is to be cut.
  ///
  /// - Parameter nodeEntriesMax: of `stream-node-max-entries`; bounds what an approximate cut looks at.
  func trim(nodeEntriesMax: Int) throws(CommandError) -> StreamTrim? {
    if limit == nil, let entriesMax, entriesMax > 0 {
      throw CommandError(
        "ERR syntax error, LIMIT cannot be used without specifying a trimming strategy")
    }
    if entriesMax != nil, !isApproximate {
      throw CommandError(
        "ERR syntax error, LIMIT cannot be used without the special ~ option")
    }
    guard let limit else { return nil }
    var bound = entriesMax ?? 0
    if entriesMax == nil, isApproximate {
      let (product, overflow) = nodeEntriesMax.multipliedReportingOverflow(by: 100)
      bound = overflow ? 1_000_000 : product <= 0 ? 10_000 : min(product, 1_000_000)
    }
    return StreamTrim(
      limit: limit, isApproximate: isApproximate, entriesMax: bound,
      references: references ?? .keep)
  }

  /// Whether anything says where to cut.
  var hasLimit: Bool { limit != nil }
  var hasEntriesMax: Bool { (entriesMax ?? 0) > 0 }
}

extension StreamReferences {
  /// `KEEPREF`, `DELREF` or `ACKED`; nil for another word.
  init?(_ word: ByteView) {
    if word.matches("keepref") {
      self = .keep
    } else if word.matches("delref") {
      self = .delete
    } else if word.matches("acked") {
      self = .acknowledged
    } else {
      return nil
    }
  }
}
