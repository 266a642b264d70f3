package import RESP

/// The keys that a procedure has been lent, and the commands it runs on them.
///
/// There is one of them a keyspace, which keeps its buffers from call to call: a command costs no allocation.
@safe package final class ProcedureKeys {
  private var keyspace: UnsafeMutablePointer<Keyspace>?
  /// Those the call names. Valid during the call, as are the arguments.
  package private(set) var keys = Arguments.none
  /// What stands behind the keys.
  package private(set) var arguments = Arguments.none
  private var mayWrite = false
  private var words = WordBuffer()
  private var reply = ReplyWriter(protocolVersion: 3)
  private var undoing = UndoLog()
  /// What the last command named and must not use; nil if that was not what it failed for.
  package private(set) var undeclaredKey: [UInt8]?

  /// Every command of the engine, found by its words.
  static let commands = CommandTable(CommandTable.engine)
  private let commands = ProcedureKeys.commands

  func begin(
    _ keyspace: UnsafeMutablePointer<Keyspace>, _ keys: Arguments, _ arguments: Arguments,
    mayWrite: Bool
  ) {
    precondition(unsafe self.keyspace == nil, "a procedure within a procedure")
    unsafe self.keyspace = keyspace
    self.keys = keys
    self.arguments = arguments
    self.mayWrite = mayWrite
  }

  func end() {
    unsafe keyspace = nil
    keys = .none
    arguments = .none
    words.removeAll()
    reply.removeAll()
    undoing.removeAll()
  }

  /// Takes back all that was done since `begin`.
  func undo() { unsafe undoing.undo(&lent.pointee) }

  private var lent: UnsafeMutablePointer<Keyspace> {
    guard let keyspace = unsafe keyspace else {
      preconditionFailure("the keys of a procedure are used after its end")
    }
    return unsafe keyspace
  }

  /// Milliseconds since 1970, the same during the whole call.
  package var now: Int64 { unsafe lent.pointee.now }

  /// Runs a command.
  ///
  /// - Parameter write: writes its words, the name first.
  /// - Returns: the reply, as RESP3; valid until the next command.
  /// - Throws: the command's error; that it is none of the data, or that it writes where it must not; `undeclared` for a
  ///   key that the call does not name.
  package func run(_ write: (inout WordBuffer) -> Void) throws(CommandError) -> ByteView {
    words.removeAll()
    undeclaredKey = nil
    write(&words)
    reply.removeAll()
    let commands = self.commands
    return try words.withArguments { (arguments) throws(CommandError) -> ByteView in
      guard let index = commands.index(of: arguments) else { throw .unknownCommand(arguments) }
      guard commands.descriptors[index].allows(arguments.count) else {
        throw .wrongArity(commands.fullNames[index])
      }
      try check(index, arguments)
      guard let body = commands.bodies[index].run else { throw .notOfTheData }
      let keyspace = unsafe lent
      if commands.descriptors[index].flags.contains(.write) {
        unsafe undoing.note(commands.commands[index], arguments, &keyspace.pointee)
      }
      let changesBefore = unsafe keyspace.pointee.changeCount
      unsafe try body(&keyspace.pointee, arguments, &reply)
      unsafe keyspace.pointee.recordCommand(arguments, changesBefore: changesBefore)
      return reply.bytes
    }
  }

  private func check(_ index: Int, _ arguments: Arguments) throws(CommandError) {
    let descriptor = commands.descriptors[index]
    if descriptor.flags.contains(.noScript) { throw .notOfTheData }
    if descriptor.flags.contains(.write), !mayWrite {
      throw CommandError("ERR Write commands are not allowed from read-only scripts.")
    }
    if descriptor.routing == .singleKey {
      return try check(arguments[descriptor.firstKey])
    }
    let command = commands.commands[index]
    switch command.execution {
    case .oneShard, .eachKey, .steps, .keyByKey: break
    case .everyShard, .service, .container: throw .notOfTheData
    }
    if let dependents = command.dependents, dependents.areNeeded(arguments) {
      throw undeclared(ByteView("BY, GET"))
    }
    // Where the words do not fit, the body says what is wrong.
    for (ordinal, position) in (command.keyPositions(in: arguments) ?? []).enumerated() {
      try check(arguments[position])
      if let database = command.databaseOfKey?(arguments, ordinal),
        unsafe database != lent.pointee.selected
      {
        throw undeclared(arguments[position])
      }
    }
  }

  private func check(_ key: ByteView) throws(CommandError) {
    for index in 0..<keys.count where keys[index] == key { return }
    throw undeclared(key)
  }

  private func undeclared(_ key: ByteView) -> CommandError {
    undeclaredKey = key.bytes
    return .undeclared(key)
  }
}

/// The words of a command, one behind the other.
@safe package struct WordBuffer: ~Copyable {
  private var bytes: [UInt8] = []
  private var ends: [Int] = []
  private var table = ArgumentTable(capacity: 16)

  package init() {}

  /// Buffers up to this size are kept.
  private static let bytesKept = 1 << 16

  package mutating func removeAll() {
    bytes.removeAll(keepingCapacity: bytes.capacity <= Self.bytesKept)
    ends.removeAll(keepingCapacity: ends.capacity <= Self.bytesKept)
  }

  package mutating func append(_ word: ByteView) {
    unsafe word.withUnsafeBytes { unsafe bytes.append(contentsOf: $0) }
    ends.append(bytes.count)
  }

  package mutating func append(_ word: [UInt8]) {
    bytes += word
    ends.append(bytes.count)
  }

  package mutating func append(_ word: StaticString) { append(ByteView(word)) }

  /// Runs `body` with the words, valid only inside.
  mutating func withArguments<Result>(
    _ body: (Arguments) throws(CommandError) -> Result
  ) throws(CommandError) -> Result {
    guard !ends.isEmpty else { throw CommandError("ERR empty command") }
    table.removeAll(retaining: Self.bytesKept)
    return try ByteView.with(bytes) { (view) throws(CommandError) -> Result in
      var start = 0
      for end in ends {
        table.append(view[start..<end])
        start = end
      }
      return try body(table.arguments(from: 0, count: ends.count))
    }
  }
}

extension CommandError {
  /// A procedure uses a key that its call does not name.
  package static func undeclared(_ key: ByteView) -> CommandError {
    CommandError(
      composed: Array("ERR The procedure was not given the key '".utf8) + key.bytes
        + Array("'".utf8))
  }

  static let notOfTheData = CommandError("ERR This command is not allowed from a procedure")
}
