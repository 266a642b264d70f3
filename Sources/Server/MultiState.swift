import Coordinator
import Engine
import RESP
import Shard

/// What a connection has queued since MULTI. The connection's thread's.
final class MultiState {
  let commands = StoredCommands(reservingWords: 32, bytes: 512)
  /// One of them was refused: EXEC will be too.
  var hasFailed = false
  /// One of them may change data: CLIENT PAUSE WRITE holds EXEC back.
  var mayWrite = false
  /// One of them changes data: EXEC is refused while that can't be kept.
  var writes = false
  /// One of them may take memory: EXEC is refused while there is none.
  var usesMemory = false
  /// One of them runs on the connection's thread rather than on a shard.
  var hasServices = false
}

/// A command of a transaction that runs on the connection's thread.
struct PendingService {
  let connection: Connection
  /// Keeps the words.
  let commands: StoredCommands
  let ordinal: Int
  /// The transaction, for scripts.
  let hops: (any ScriptHops)?
  /// Gets the reply.
  let finish: ([UInt8]) -> Void
}
