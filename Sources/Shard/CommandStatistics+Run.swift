import CLinux
package import Engine
package import RESP

extension CommandStatistics {
  /// Runs a command's body and counts it; an error it throws becomes the reply.
  ///
  /// - Parameter ticks: when the command began; then when it ended.
  package mutating func run(
    _ command: Int, of table: CommandTable, _ arguments: Arguments, ticks: inout UInt64,
    _ keyspace: inout Keyspace, _ reply: inout ReplyWriter
  ) {
    let start = reply.count
    guard let body = table.bodies[command].run else {
      preconditionFailure("\(table.fullNames[command]) has no body to run on a shard")
    }
    do throws(CommandError) {
      try body(&keyspace, arguments, &reply)
    } catch {
      fail(command, error, start, &reply)
    }
    let end = clinux_ticks()
    count(command, ticks: end &- ticks)
    ticks = end
  }

  /// As above, beginning now.
  package mutating func run(
    _ command: Int, of table: CommandTable, _ arguments: Arguments, _ keyspace: inout Keyspace,
    _ reply: inout ReplyWriter
  ) {
    var ticks = clinux_ticks()
    run(command, of: table, arguments, ticks: &ticks, &keyspace, &reply)
  }

  /// Puts an error in place of what a command has written since `start`, and counts it.
  @inline(never)
  package mutating func fail(
    _ command: Int, _ error: CommandError, _ start: Int, _ reply: inout ReplyWriter
  ) {
    reply.truncate(to: start)
    reply.error(error.message)
    counters[command].failed += 1
    countError(error)
  }
}
