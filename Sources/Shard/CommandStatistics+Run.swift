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
    let changesBefore = keyspace.changeCount
    do throws(CommandError) {
      try body(&keyspace, arguments, &reply)
    } catch {
      fail(command, error, start, &reply)
    }
    keyspace.recordCommand(arguments, changesBefore: changesBefore)
    let end = clinux_ticks()
    let spent = end &- ticks
    count(command, ticks: spent)
    observe(command, arguments, ticks: spent, replyBytes: reply.count &- start)
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

  /// Processor ticks.
  package static var now: UInt64 { clinux_ticks() }

  /// Notes a command that took long or replied with a lot.
  @inline(__always)
  package mutating func observe(
    _ command: Int, _ arguments: Arguments, ticks: UInt64, replyBytes: Int
  ) {
    if observer.isRemarkable(ticks: ticks, replyBytes: replyBytes) {
      observer.note(command, arguments, ticks: ticks, replyBytes: replyBytes)
    }
  }

  /// Puts an error in place of what a command has written since `start`, and counts it.
  @inline(never)
  package mutating func fail(
    _ command: Int, _ error: CommandError, _ start: Int, _ reply: inout ReplyWriter
  ) {
    reply.truncate(to: start)
    reply.error(error.message)
    counters.countFailed(command)
    countError(error)
  }
}
