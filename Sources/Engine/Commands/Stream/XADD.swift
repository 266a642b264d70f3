import RESP

extension Command {
  /// `XADD key [NOMKSTREAM] [KEEPREF | DELREF | ACKED] [MAXLEN | MINID [= | ~] threshold [LIMIT count]]
  /// * | id field value [field value ...]`
  ///
  /// Replies with the entry's ID; null when the key is missing and NOMKSTREAM forbids to make it.
  ///
  /// - Throws: `.wrongType`; `.wrongArity` without fields or with one that has no value; `.invalidStreamID`;
  ///   `.streamIDZero`, `.streamIDTooSmall`, `.streamIDsExhausted`; `.streamEntryTooLarge`; errors for malformed
  ///   options.
  /// - SeeAlso: <https://redis.io/docs/latest/commands/xadd/>
  package static let xadd = Command(
    "xadd", "Adds an entry to a stream, which it creates if need be.",
    since: "5.0.0", group: .stream,
    complexity: "O(1), and O(N) in the number of entries cut off",
    arity: .atLeast(5),
    keys: [
      KeySpec(
        begin: .index(1), find: .range(last: 0, step: 1, limit: 0), access: [.readWrite, .update],
        notes: "An update, not an insertion, because it may cut entries off.")
    ],
    flags: [.write, .denyOOM, .fast],
    tips: ["nondeterministic_output"],
    arguments: [
      .key(),
      .token("nomkstream", "NOMKSTREAM", .optional, since: "6.2.0"),
      .oneOf(
        "condition", .optional,
        [
          .token("keepref", "KEEPREF"),
          .token("delref", "DELREF"),
          .token("acked", "ACKED"),
        ]),
      .block(
        "trim", .optional,
        [
          .oneOf(
            "strategy", [],
            [
              .token("maxlen", "MAXLEN"),
              .token("minid", "MINID", since: "6.2.0"),
            ]),
          .oneOf(
            "operator", .optional,
            [
              .token("equal", "="),
              .token("approximately", "~"),
            ]),
          Argument("threshold", .string),
          Argument("count", .integer, token: "LIMIT", .optional, since: "6.2.0"),
        ]),
      .oneOf(
        "id-selector", [],
        [
          .token("auto-id", "*"),
          Argument("id", .string),
        ]),
      .block(
        "data", .multiple,
        [
          Argument("field", .string),
          Argument("value", .string),
        ]),
    ],
    history: [
      ("6.2.0", "The options `NOMKSTREAM`, `MINID` and `LIMIT`."),
      ("7.0.0", "IDs of the form `<ms>-*`."),
      ("8.2.0", "The options `KEEPREF`, `DELREF` and `ACKED`."),
    ],
    execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
      let request = try StreamAddition(arguments, keyspace.options)
      let words = arguments.dropFirst(request.wordsStart)
      let key = arguments[1]
      let value: StreamValue
      if request.needsStream {
        guard let found = try keyspace.collection(StreamValue.self, key, for: .write) else {
          return reply.null()
        }
        value = found
      } else {
        value = try keyspace.collectionForAdding(StreamValue.self, key)
      }
      let stream = value.stream
      let id = try request.id(in: stream, now: keyspace.now)
      stream.body.append(id, words, keyspace.options)
      reply.bulk(id)
      keyspace.record(
        ["XADD", .view(key), .id(id)] + (0..<words.count).map { EffectWord.view(words[$0]) })
      if let trim = request.trim, stream.body.trim(trim) > 0 { keyspace.recordTrim(key, trim, stream) }
      keyspace.changed(key)
    })
}

/// What XADD is asked to do.
private struct StreamAddition {
  private(set) var needsStream = false
  /// nil for `*`.
  private var wanted: StreamID.Parsed?
  private(set) var trim: StreamTrim?
  /// Where fields and values start.
  private(set) var wordsStart = 0

  init(_ arguments: Arguments, _ options: Keyspace.Options) throws(CommandError) {
    var trimming = StreamTrimOptions()
    var index = 2
    while index < arguments.count {
      let word = arguments[index]
      if word == "*" { break }
      if try trimming.read(arguments, at: &index) { continue }
      if word.matches("nomkstream") {
        needsStream = true
        index += 1
        continue
      }
      guard
        let parsed = StreamID.parse(word, missingSequence: 0, edges: false, automatic: true)
      else { throw .invalidStreamID }
      wanted = parsed
      break
    }
    trim = try trimming.trim(nodeEntriesMax: options.streamNodeEntriesMax)
    wordsStart = index + 1
    let wordCount = arguments.count - wordsStart
    guard wordCount >= 2, wordCount % 2 == 0 else { throw .wrongArity("xadd") }
    if let wanted, wanted.hasSequence, wanted.id == .zero { throw .streamIDZero }
    try checkSize(arguments)
  }

  private func checkSize(_ arguments: Arguments) throws(CommandError) {
    var byteCount = 0
    for index in wordsStart..<arguments.count { byteCount &+= arguments[index].count }
    if byteCount > Listpack.byteCountMax { throw .streamEntryTooLarge }
  }

  /// The new entry's ID.
  func id(in stream: Boxed<Stream>, now: Int64) throws(CommandError) -> StreamID {
    let last = stream.body.lastID
    guard last < .max else { throw .streamIDsExhausted }
    guard let wanted else {
      guard let id = stream.body.automaticID(now: now) else { throw .streamIDsExhausted }
      return id
    }
    var id = wanted.id
    if !wanted.hasSequence, id.milliseconds == last.milliseconds {
      guard last.sequence < .max else { throw .streamIDTooSmall }
      id = StreamID(last.milliseconds, last.sequence + 1)
    }
    guard id > last else { throw .streamIDTooSmall }
    return id
  }
}
