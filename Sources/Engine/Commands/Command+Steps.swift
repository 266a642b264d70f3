package import RESP

extension Command {
  /// A part of a command that is about one key. A command whose value goes from key to key (LMOVE, SMOVE) is a few
  /// of them, so that only what moves travels between shards, never a whole value.
  ///
  /// All steps run under one lock of all keys. A step that throws ends the command, so steps that change
  /// something come after all that may throw.
  package struct Step: Sendable {
    /// Which argument is its key.
    package let key: Int
    package let body: StepBody

    package init(key: Int, body: @escaping StepBody) {
      self.key = key
      self.body = body
    }
  }

  package typealias StepBody = @Sendable (
    inout Keyspace, Arguments, inout Baggage, inout ReplyWriter
  ) throws(CommandError) -> StepOutcome

  /// What a step hands on to the next ones.
  package struct Baggage: Sendable {
    package var bytes: [UInt8] = []
    package var flag = false
    package init() {}
  }

  package enum StepOutcome: Sendable {
    /// The next step is to run. The last step's is `done`.
    case next
    /// The reply is written; no further step runs.
    case done
    /// As `done`, and what was asked for is not there: a command that blocks waits for it, and the reply
    /// counts only if it does not wait.
    case missing
  }

  /// A command's work on one of its keys.
  ///
  /// Gets the position of the key among the arguments. Returns whether it found something, and then has written
  /// the reply, or the key's part of it.
  package typealias KeyBody = @Sendable (
    _ keyspace: inout Keyspace, _ arguments: Arguments, _ key: Int, _ reply: inout ReplyWriter
  ) throws(CommandError) -> Bool

  /// How the parts of several keys become one reply.
  package enum KeyJoin: Sendable {
    /// The first key that has something is the only one (LMPOP, BLPOP); none: a null array.
    case first
    /// As `first`; none: a null.
    case firstOrNull
    /// All keys that have something, as an array, in RESP3 a map (XREAD); none: a null array.
    case all

    /// Writes what stands in front of the parts of `found` keys, or for none.
    package func finish(_ found: Int, at start: Int, _ reply: inout ReplyWriter) {
      switch self {
      case .first: if found == 0 { reply.nullArray() }
      case .firstOrNull: if found == 0 { reply.null() }
      case .all:
        guard found > 0 else { return reply.nullArray() }
        if reply.isRESP3 {
          reply.insertMapHeader(found, at: start)
        } else {
          reply.insertArrayHeader(found, at: start)
        }
      }
    }
  }

  /// How a command waits when none of its keys has what it wants.
  ///
  /// A waiting client is tried again whenever one of its keys changes, with the same body on that key.
  package struct Blocking: Sendable {
    /// How long a call waits; nil if it does not (XREAD without BLOCK). Throws for a malformed time.
    package let timeout: @Sendable (Arguments) throws(CommandError) -> WaitTime?
    /// What a key has to hold for the call to be tried again; nil: every change is a reason, a deletion too
    /// (XREADGROUP). An error on such a try goes to the client, which then waits no longer.
    package let type: ValueType?
    /// Another word in place of one that means "as of now" (XREAD's `$`), for the tries to come: its position and
    /// what it becomes. Gets the position of a key.
    package let settle:
      (@Sendable (inout Keyspace, Arguments, Int) -> (position: Int, word: [UInt8])?)?

    /// What may be wrong with a key, to be found out for all of them before the body changes one.
    package let check: (@Sendable (inout Keyspace, Arguments, Int) throws(CommandError) -> Void)?

    package init(
      timeout: @escaping @Sendable (Arguments) throws(CommandError) -> WaitTime?,
      for type: ValueType?,
      settle: (@Sendable (inout Keyspace, Arguments, Int) -> (position: Int, word: [UInt8])?)? = nil,
      check: (@Sendable (inout Keyspace, Arguments, Int) throws(CommandError) -> Void)? = nil
    ) {
      self.timeout = timeout
      self.type = type
      self.settle = settle
      self.check = check
    }

    /// Waits as many seconds, and fractions, as the argument at `position` says (counted from the end where
    /// negative).
    package static func seconds(at position: Int, for type: ValueType) -> Blocking {
      Blocking(
        timeout: { arguments throws(CommandError) in
          try WaitTime(seconds: arguments[position < 0 ? arguments.count + position : position])
        }, for: type)
    }
  }

  /// How long a client is willing to wait.
  package enum WaitTime: Sendable, Equatable {
    case forever
    /// At least 1.
    case milliseconds(Int)

    /// - Throws: `.timeoutNotAFloat`, `.timeoutNegative`, `.timeoutOutOfRange`.
    package init(seconds text: ByteView) throws(CommandError) {
      guard let seconds = DecimalText.double(text) else { throw .timeoutNotAFloat }
      let milliseconds = (seconds * 1000).rounded(.up)
      guard milliseconds < Double(Int.max) else { throw .timeoutOutOfRange }
      guard milliseconds >= 0 else { throw .timeoutNegative }
      self = milliseconds == 0 ? .forever : .milliseconds(Int(milliseconds))
    }

    /// - Throws: `.timeoutNotAnInteger`, `.timeoutNegative`.
    package init(milliseconds text: ByteView) throws(CommandError) {
      let milliseconds = try text.integer(orThrow: .timeoutNotAnInteger)
      guard milliseconds >= 0 else { throw .timeoutNegative }
      self = milliseconds == 0 ? .forever : .milliseconds(milliseconds)
    }
  }
}

extension Command {
  /// Tries a command that may wait, for some of its keys; false if none has what it wants, and then nothing was changed
  /// and the reply is that of a time that is over.
  ///
  /// - Parameter positions: of the keys to be tried, in their order; for a command of steps, all of them.
  package func attempt(
    _ keyspace: inout Keyspace, _ arguments: Arguments, _ positions: [Int],
    _ reply: inout ReplyWriter
  ) throws(CommandError) -> Bool {
    switch execution {
    case .keyByKey(let body, let join):
      let start = reply.count
      var found = 0
      if positions.count > 1, let check = blocking?.check {
        for position in positions { try check(&keyspace, arguments, position) }
      }
      // Without keys, the body itself says what is wrong with such arguments.
      for position in positions.isEmpty ? [0] : positions
      where try body(&keyspace, arguments, position, &reply) {
        found += 1
        if join != .all { return true }
      }
      join.finish(found, at: start, &reply)
      return found > 0
    case .steps(let steps):
      var baggage = Command.Baggage()
      for step in steps {
        switch try step.body(&keyspace, arguments, &baggage, &reply) {
        case .next: continue
        case .done: return true
        case .missing: return false
        }
      }
      preconditionFailure("the last step of \(name) does not end it")
    case .oneShard, .eachKey, .everyShard, .service, .container:
      preconditionFailure("\(name) is not a command that waits")
    }
  }

  /// The reply when the time of a waiting call is over.
  package func writeTimeout(to reply: inout ReplyWriter) {
    switch execution {
    case .keyByKey(_, let join): join.finish(0, at: reply.count, &reply)
    default: reply.nullArray()
    }
  }
}
