import Engine
import RESP
import Shard

/// A call on large values that is being done in slices.
struct SlicedRun {
  private let call: any SlicedCall
  /// The whole call sees the keyspace as of its beginning.
  private let time: Int64
  private var hasBegun = false
  private var ticks: UInt64 = 0

  /// Begins a call, with its first slice to come; nil, and the reply written, if that throws.
  init?(
    _ request: CommandCall, _ arguments: Arguments, _ keyspace: inout Keyspace,
    _ counts: inout CommandStatistics, _ reply: inout ReplyWriter
  ) {
    guard let slices = request.command.slices else {
      preconditionFailure("\(request.command.name) does not run in slices")
    }
    time = keyspace.now
    var begun: (any SlicedCall)?
    request.onBehalfOfScript(&keyspace) { keyspace in
      do throws(CommandError) {
        begun = try slices.begin(&keyspace, arguments)
      } catch {
        counts.fail(request.commandIndex, error, reply.count, &reply)
        counts.count(request.commandIndex, ticks: 0)
      }
    }
    guard let begun else { return nil }
    call = begun
  }

  /// Does the next slice; true when that was the last one.
  mutating func advance(
    _ request: CommandCall, _ arguments: Arguments, _ keyspace: inout Keyspace,
    _ counts: inout CommandStatistics, _ reply: inout ReplyWriter
  ) -> Bool {
    let start = CommandStatistics.now
    let now = keyspace.now
    keyspace.now = time
    defer { keyspace.now = now }
    let changesBefore = keyspace.changeCount
    var isLast = false
    request.onBehalfOfScript(&keyspace) { keyspace in
      do throws(CommandError) {
        if hasBegun { try call.resume(&keyspace, arguments) }
        isLast = try call.advance(&keyspace, arguments, &reply)
      } catch {
        counts.fail(request.commandIndex, error, 0, &reply)
        isLast = true
      }
    }
    hasBegun = true
    ticks &+= CommandStatistics.now &- start
    guard isLast else { return false }
    keyspace.recordCommand(arguments, changesBefore: changesBefore)
    counts.count(request.commandIndex, ticks: ticks)
    counts.observe(request.commandIndex, arguments, ticks: ticks, replyBytes: reply.count)
    return true
  }
}
