import Coordinator
import Engine
import RESP
import Scripting
import Shard

/// A script or function that is to be run, as this thread's interpreter knows it.
struct ScriptTarget {
  let reference: Interpreter.Reference
  /// The digits, or the function's name.
  let name: [UInt8]
  let isFunction: Bool
  let flags: ScriptFlags?
  /// It may not write.
  let isReadOnly: Bool
  let namesOnlyDeclaredKeys: Bool
  /// Its text: for the line of an error whose place is unknown.
  let script: Script?
}

/// One run of a script.
final class ScriptRun {
  let target: ScriptTarget
  let connection: Connection
  let protocolVersion: Int
  let isSilent: Bool
  /// The command, for FUNCTION STATS and for running it later.
  let words: [[UInt8]]
  let keyCount: Int
  /// Monotonic nanoseconds.
  let startTime: UInt64
  /// Milliseconds since 1970: time stands still for a script.
  let wallTime: Int64
  var database: Int
  var hasWritten = false
  /// The keys it reads are remembered for its client.
  let tracksReads: Bool
  /// There was no room for more when it was called.
  var isOutOfMemory = false
  /// Where it stands, once it has been suspended.
  var suspended: Interpreter.Run?
  var hasBegun = false
  /// What it claims once it has been suspended, if it began without.
  var claims: [ShardClaims] = []
  /// Holds its claims, and runs its commands for other shards; nil while it runs within the turn.
  var hops: (any ScriptHops)?
  /// Its own transaction, if it is not part of another.
  var program: ScriptProgram?
  /// The command that it waits for.
  var foreign: CommandCall?
  var slow: SlowScripts.Entry?
  /// The connection that its service commands see.
  var inner: Connection?
  /// The reply, once it is known.
  var reply: [UInt8] = []

  init(
    _ target: ScriptTarget, _ connection: Connection, words: [[UInt8]], keyCount: Int,
    startTime: UInt64, wallTime: Int64
  ) {
    self.target = target
    self.connection = connection
    self.words = words
    self.keyCount = keyCount
    self.startTime = startTime
    self.wallTime = wallTime
    database = connection.database
    protocolVersion = connection.protocolVersion
    isSilent = !connection.wantsReply
    tracksReads = connection.tracking?.remembers == true
  }
}
