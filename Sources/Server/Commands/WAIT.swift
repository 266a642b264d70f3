import Engine
import RESP

extension ServiceCommand {
  /// `WAIT numreplicas timeout`: there are no replicas, so 0 comes at once if none are asked for, else when the
  /// time is over.
  static let wait = ServiceCommand(.wait) {
    worker, connection, arguments, keyspace, reply throws(CommandError) in
    let options = try WaitOptions(arguments, now: worker.wallTime)
    guard options.replicaCount > 0 else { return reply.integer(0) }
    let milliseconds = options.timeoutMilliseconds
    worker.suspend(connection) { reply throws(CommandError) in
      await worker.pause(connection, milliseconds: milliseconds == 0 ? nil : milliseconds)
      reply.integer(0)
    }
  }
}
