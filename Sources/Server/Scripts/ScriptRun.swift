import Coordinator
import Engine
import RESP
import Scripting
import Shard

/// A script or function that is to be run, as this thread's interpreter knows it.
final class ScriptTarget {
  let reference: Interpreter.Reference
  /// The digits, or the function's name.
  let name: [UInt8]
  let isFunction: Bool
  let flags: ScriptFlags?
  /// It is called by EVAL_RO or EVALSHA_RO.
  private let isCalledReadOnly: Bool
  /// It may not write.
  let isReadOnly: Bool
  let namesOnlyDeclaredKeys: Bool
  /// Its text: for the line of an error whose place is unknown.
  let script: Script?

  init(
    reference: Interpreter.Reference, name: [UInt8], isFunction: Bool, flags: ScriptFlags?,
    isCalledReadOnly: Bool, isReadOnly: Bool, namesOnlyDeclaredKeys: Bool, script: Script?
  ) {
    self.reference = reference
    self.name = name
    self.isFunction = isFunction
    self.flags = flags
    self.isCalledReadOnly = isCalledReadOnly
    self.isReadOnly = isReadOnly
    self.namesOnlyDeclaredKeys = namesOnlyDeclaredKeys
    self.script = script
  }

  func isAsked(digits: ByteView, isReadOnly: Bool) -> Bool {
    isCalledReadOnly == isReadOnly && digits == name
  }

  func isAsked(text: ByteView, isReadOnly: Bool) -> Bool {
    guard isCalledReadOnly == isReadOnly, let script else { return false }
    return text == script.text
  }
}

/// One run of a script.
final class ScriptRun {
  private(set) var target: ScriptTarget
  private(set) var connection: Connection
  private(set) var protocolVersion = 2
  private(set) var isSilent = false
  /// The command, for FUNCTION STATS and for running it later; nil as long as neither is needed.
  var words: [[UInt8]]?
  private(set) var keyCount = 0
  /// Monotonic nanoseconds: when the turn began in which it was called.
  private(set) var startTime: UInt64 = 0
  /// Milliseconds since 1970: time stands still for a script.
  private(set) var wallTime: Int64 = 0
  var database = 0
  var hasWritten = false
  /// The keys it reads are remembered for its client.
  private(set) var tracksReads = false
  /// There was no room for more when it was called.
  private(set) var isOutOfMemory = false
  /// Where it stands, once it has been suspended.
  var suspended: Interpreter.Run?
  var hasBegun = false
  /// Holds its claims, and runs its commands for other shards; nil while it runs within the turn.
  var hops: (any ScriptHops)?
  /// Its own transaction, if it is not part of another.
  var program: ScriptProgram?
  /// What it has done before it had claims.
  var effects: [UInt8] = []
  /// The command that it waits for.
  var foreign: CommandCall?
  var slow: SlowScripts.Entry?
  /// Its client runs it step by step.
  var debugger: ScriptDebugger?
  /// The connection that its service commands see.
  var inner: Connection?
  /// The place of its reply, where its client goes on meanwhile.
  var place: Int?
  /// The reply of one that did not end within the turn of its command, once it is known.
  var reply: [UInt8]?

  init(
    _ target: ScriptTarget, _ connection: Connection, keyCount: Int, isOutOfMemory: Bool,
    startTime: UInt64, wallTime: Int64
  ) {
    self.target = target
    self.connection = connection
    renew(
      target, connection, keyCount: keyCount, isOutOfMemory: isOutOfMemory, startTime: startTime, wallTime: wallTime)
  }

  /// Whether it can be used again, after it was over within the turn in which it had begun.
  var isRenewable: Bool { words == nil && inner == nil }

  /// Makes it that of another call.
  func renew(
    _ target: ScriptTarget, _ connection: Connection, keyCount: Int, isOutOfMemory: Bool,
    startTime: UInt64, wallTime: Int64
  ) {
    if self.target !== target { self.target = target }
    if self.connection !== connection { self.connection = connection }
    self.keyCount = keyCount
    self.isOutOfMemory = isOutOfMemory
    self.startTime = startTime
    self.wallTime = wallTime
    database = connection.database
    protocolVersion = connection.protocolVersion
    isSilent = !connection.wantsReply
    tracksReads = connection.tracking?.remembers == true
    hasWritten = false
    hasBegun = false
    hops = nil
  }
}
