import RESP

extension Command {
  /// `HSETEX key [FNX | FXX] [EX seconds | PX milliseconds | EXAT unix-time-seconds | PXAT unix-time-milliseconds |
  /// KEEPTTL] FIELDS numfields field value [field value ...]`
  ///
  /// Replies with an Integer: 1 if the fields were set, 0 if FNX found one of them, or FXX missed one. A time that
  /// is past deletes them.
  ///
  /// - Throws: `.notAnInteger`; `.negativeExpireTime`; `.invalidExpireTime`; `.wrongArity` where the number of words is not what
  ///   `numfields` says; errors for options that exclude each other or are unknown; `.wrongType`.
  /// - SeeAlso: <https://redis.io/docs/latest/commands/hsetex/>
  package static let hsetex = Command(
    "hsetex", "Sets fields of a hash and when they expire.", since: "8.0.0", group: .hash,
    complexity: "O(N) for N fields", arity: .atLeast(6),
    keys: [.at(1, [.readWrite, .update])], flags: [.write, .denyOOM, .fast],
    arguments: [
      .key(),
      .oneOf("condition", [.optional], [.token("fnx", "FNX"), .token("fxx", "FXX")]),
      .oneOf("expiration", [.optional], fieldExpiryTokens + [.token("keepttl", "KEEPTTL")]),
      .block(
        "fields", token: "FIELDS", [],
        [
          Argument("numfields", .integer),
          .block("data", .multiple, [Argument("field", .string), Argument("value", .string)]),
        ]),
    ],
    execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
      let options = try FieldSettingOptions(arguments, now: keyspace.now)
      reply.integer(try keyspace.setFields(options, of: arguments[1]) ? 1 : 0)
    })
}

/// What HSETEX is asked to do.
private struct FieldSettingOptions {
  enum Condition { case noneExists, allExist }

  private(set) var condition: Condition?
  private(set) var time: Int64?
  private(set) var keepsExpiry = false
  /// Each followed by its value.
  private(set) var fields: FieldWords

  init(_ arguments: Arguments, now: Int64) throws(CommandError) {
    fields = FieldWords(arguments, 0..<0)
    var index = 2
    while index < arguments.count {
      let word = arguments[index]
      if word.matches("fields") {
        fields = try Self.fields(arguments, &index)
      } else if word.matches("fnx") || word.matches("fxx") {
        guard condition == nil else { throw .fieldConditionsExclude }
        condition = word.matches("fnx") ? .noneExists : .allExist
        index += 1
      } else if word.matches("keepttl") {
        guard time == nil, !keepsExpiry else { throw .fieldExpiriesExclude }
        keepsExpiry = true
        index += 1
      } else if let option = FieldTime.Option(word) {
        guard time == nil, !keepsExpiry else { throw .fieldExpiriesExclude }
        guard index + 1 < arguments.count else { throw .wrongArity("hsetex") }
        time = try option.time(arguments[index + 1], now: now, "hsetex")
        index += 2
      } else {
        throw CommandError(composed: Array("ERR unknown argument: ".utf8) + word.bytes)
      }
    }
    guard fields.count > 0 else { throw .wrongArity("hsetex") }
  }

  /// What it comes to when nothing is in the way.
  func effect(on key: ByteView) -> [EffectWord] {
    var pairs: [EffectWord] = []
    for index in fields.indices {
      pairs += [.view(fields.arguments[index]), .view(fields.arguments[index + 1])]
    }
    let counted: [EffectWord] = ["FIELDS", .integer(fields.count)] + pairs
    if let time { return ["HSETEX", .view(key), "PXAT", .integer(Int(time))] + counted }
    return keepsExpiry ? ["HSETEX", .view(key), "KEEPTTL"] + counted : ["HSET", .view(key)] + pairs
  }

  private static func fields(
    _ arguments: Arguments, _ index: inout Int
  ) throws(CommandError) -> FieldWords {
    let first = index + 2
    guard first + 1 < arguments.count else { throw .wrongArity("hsetex") }
    guard let count = DecimalText.integer(arguments[index + 1]), count > 0 else {
      throw .invalidFieldCount
    }
    guard arguments.count - first == count.multipliedReportingOverflow(by: 2).partialValue else {
      throw .wrongArity("hsetex")
    }
    index = arguments.count
    return FieldWords(arguments, first..<index, every: 2)
  }
}

extension Keyspace {
  /// Sets fields as HSETEX does; false if the condition does not hold.
  fileprivate mutating func setFields(
    _ options: FieldSettingOptions, of key: ByteView
  ) throws(CommandError) -> Bool {
    let words = options.fields.arguments
    let existing = try hashValue(key, toChange: options.fields)
    if let condition = options.condition {
      for index in options.fields.indices {
        let exists = existing?.value(of: words[index]) != nil
        if exists == (condition == .noneExists) { return false }
      }
    }
    if let time = options.time, isPast(time) {
      guard let existing else { return true }
      var removed = FieldChanges()
      for index in options.fields.indices where existing.remove(words[index]) {
        removed.add(words[index], recording: effects.isRecorded)
      }
      conclude(removed, of: existing, key, expiry: time)
      return true
    }
    let hash = existing ?? create(HashValue.self, key)
    let growth = hashGrowth
    for index in options.fields.indices {
      _ = hash.set(
        words[index], words[index + 1], keepsExpiry: options.keepsExpiry || options.time != nil,
        growth)
      if let time = options.time { hash.setExpiry(time, of: words[index]) }
    }
    if let time = options.time { noteExpiry(time, of: key) }
    changed(key, fieldsOf: hash, "hset")
    if options.time != nil { notify(.hash, "hexpire", key) }
    record(options.effect(on: key))
    return true
  }
}

extension CommandError {
  fileprivate static let fieldConditionsExclude = CommandError(
    "ERR Only one of FXX or FNX arguments can be specified")
  fileprivate static let fieldExpiriesExclude = CommandError(
    "ERR Only one of EX, PX, EXAT, PXAT or KEEPTTL arguments can be specified")
  fileprivate static let invalidFieldCount = CommandError("ERR invalid number of fields")
}
