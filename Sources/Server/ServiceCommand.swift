import CLinux
import Engine
import RESP
import Shard

/// A command that needs the server rather than a shard: connections, configuration, statistics.
///
/// One file and one entry in `ServiceCommand.all`, as for the engine's commands.
struct ServiceCommand: Sendable {
  let command: Command
  /// By subcommand for a container, else one under the command's own name.
  let bodies: [String: Body]
  /// What a container does when called without a subcommand.
  let ownBody: Body?
  /// What data a call is about, where that can be told.
  let footprint: Footprint.Finder?

  /// Runs inside the turn. What can't be answered at once suspends the connection (`worker.suspend`).
  typealias Body = @Sendable (
    _ worker: Worker, _ connection: Connection, _ arguments: Arguments,
    _ keyspace: inout Keyspace, _ reply: inout ReplyWriter
  ) throws(CommandError) -> Void

  /// - Parameter command: its `execution` is `.service`.
  init(_ command: Command, footprint: Footprint.Finder? = nil, body: @escaping Body) {
    self.command = command
    self.footprint = footprint
    bodies = [command.name: body]
    ownBody = nil
  }

  /// A container; every subcommand has a body.
  ///
  /// - Parameter own: what to do without a subcommand, if that is no error.
  init(_ command: Command, subcommands: [ServiceCommand], own: Body? = nil) {
    var bodies: [String: Body] = [:]
    for subcommand in subcommands { bodies.merge(subcommand.bodies) { first, _ in first } }
    self.init(command, subcommands: bodies, own: own)
  }

  /// As above, from bodies by name.
  init(_ command: Command, subcommands: [String: Body], own: Body? = nil) {
    precondition(
      Set(command.subcommands.map(\.name)) == Set(subcommands.keys),
      "\(command.name): subcommands and bodies differ")
    self.command = command
    footprint = nil
    bodies = subcommands
    ownBody = own
  }
}

extension Worker {
  func runService(
    _ call: inout Call, _ keyspace: inout Keyspace, _ output: inout ReplyWriter,
    _ counts: inout CommandStatistics
  ) -> Outcome {
    let command = Int(call.record.command)
    let connection = call.connection
    guard let body = server.serviceBodies[command] else {
      preconditionFailure("service command \(server.table.fullNames[command]) without a body")
    }
    switch placement(of: call) {
    case .away(let shard): return sendHome(&call, to: shard, &output)
    case .here:
      if !mayReorder(connection, with: index) { return .waitsBefore }
    case .spread(let claims):
      if !beginOverlap(connection, claims, output) { return .waitsBefore }
    case .unknown:
      // Its effects and its reply come after those of commands that are still on other shards.
      if connection.replies.isWaiting { return .waitsBefore }
    }
    let start = output.count
    keyspace.forgetPrepared()
    // It may read or reset what the turn has counted so far.
    takeNoted(&counts)
    unsafe swap(&counts, &statistics)
    defer { unsafe swap(&counts, &statistics) }
    do throws(CommandError) {
      try body(self, connection, call.words, &keyspace, &output)
    } catch {
      unsafe statistics.fail(command, error, start, &output)
    }
    if let place = connection.overlapPlace { abandonOverlap(connection, place, &output) }
    if !connection.isSuspended { appendPushes(connection, to: &output) }
    keyspace.select(connection.database)
    keyspace.leavesAccessClocks = connection.leavesAccessClocks
    connection.commandCount += 1
    let end = clinux_ticks()
    countService(
      command, call.words, connection, startTicks: call.startTicks, endTicks: end,
      replyBytes: max(output.count - start, 0))
    call.endTicks = end
    return connection.isBusy || connection.isClosing ? .waitsAfter : .goesOn
  }
}
