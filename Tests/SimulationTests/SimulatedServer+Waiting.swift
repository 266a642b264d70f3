import Coordinator
import Engine
import RESP
import Shard

/// Clients that wait for keys: what `Worker` does for them, with the simulation's messages.
extension SimulatedServer {
  struct Waiter {
    let call: BlockedCall
    let reply: ([UInt8]) -> Void
  }

  /// Runs a command that may wait, for the client `client` of the shard `home`.
  func runBlocking(
    _ words: [String], client: UInt64, at home: Int, reply: @escaping ([UInt8]) -> Void
  ) {
    let call = makeCall(words)
    if call.onlyShard == home, nodes[home].scheduler.intents.allows(call.keys.map(\.claim)) {
      runOrWait(call, client, at: home, reply)
    } else {
      let blocker = CommandProgram.Blocker { [unowned self] words in
        wait(call, words, client, at: home, reply)
      }
      begin(
        CommandProgram(call, shardCount: shardCount, seed: seed, blocker: blocker) { writer, _ in
          reply(writer.bytes.bytes)
        }, at: home)
    }
    settle(home)
  }

  private func runOrWait(
    _ call: CommandCall, _ client: UInt64, at home: Int, _ reply: @escaping ([UInt8]) -> Void
  ) {
    let node = nodes[home]
    var writer = ReplyWriter()
    node.keyspace.select(0)
    node.keyspace.forgetPrepared()
    let found = call.withArguments { arguments in
      do throws(CommandError) {
        return try call.command.attempt(
          &node.keyspace, arguments, call.keys.map(\.position), &writer)
      } catch {
        writer.removeAll()
        writer.error(error.message)
        return true
      }
    }
    if !found { node.scheduler.block(wait(call, call.words, client, at: home, reply), &node.keyspace) }
    node.scheduler.concluded(&node.keyspace, &node.counts)
    if found { reply(writer.bytes.bytes) }
  }

  private func wait(
    _ call: CommandCall, _ words: StoredCommands, _ client: UInt64, at home: Int,
    _ reply: @escaping ([UInt8]) -> Void
  ) -> BlockedCall {
    let keys = call.keys.map { key in
      let name = call.withArguments { $0[key.position].bytes }
      return BlockedCall.Key(
        name: DatabaseKey(database: 0, name: name), shard: key.shard, position: key.position)
    }
    let isStepwise = if case .steps = call.command.execution { true } else { false }
    let blocked = BlockedCall(
      origin: home, connection: client, command: call.commandIndex, words: words, database: 0,
      protocolVersion: 2, keys: isStepwise ? Array(keys.prefix(1)) : keys,
      claims: call.keys.map(\.claim), isSelfContained: !isStepwise || call.onlyShard != nil)
    precondition(waiters[client] == nil, "a client waits twice")
    waiters[client] = Waiter(call: blocked, reply: reply)
    onWait(client)
    return blocked
  }

  func served(_ call: BlockedCall, _ reply: [UInt8]) {
    nodes[call.origin].scheduler.wasServed(call)
    finish(call, reply)
  }

  private func finish(_ call: BlockedCall, _ reply: [UInt8]) {
    guard let waiter = waiters[call.connection], waiter.call === call else { return }
    waiters[call.connection] = nil
    waiter.reply(reply)
  }

  func retry(_ call: BlockedCall) {
    let scheduler = nodes[call.origin].scheduler
    guard let waiter = waiters[call.connection], waiter.call === call else {
      return scheduler.end(call)
    }
    let words = call.words.withArguments(0) { arguments in
      (0..<arguments.count).map { String(decoding: arguments[$0].bytes, as: UTF8.self) }
    }
    begin(
      CommandProgram(makeCall(words), shardCount: shardCount, seed: seed) {
        [unowned self] writer, isMissing in
        if isMissing { return scheduler.goesOnWaiting(call) }
        scheduler.end(call)
        finish(call, writer.bytes.bytes)
      }, at: call.origin)
  }

  /// The client's time is over; nothing happens if it is being served at this moment.
  func timeOut(_ client: UInt64) {
    guard let waiter = waiters[client], nodes[waiter.call.origin].scheduler.giveUp(waiter.call)
    else { return }
    var reply = ReplyWriter()
    table.commands[waiter.call.command].writeTimeout(to: &reply)
    finish(waiter.call, reply.bytes.bytes)
    settle(waiter.call.origin)
  }

  /// The client goes away: nobody wants a reply.
  func disconnect(_ client: UInt64) {
    gone.insert(client)
    abandonCallsOfTheGone()
  }

  func abandonCallsOfTheGone() {
    for client in gone.sorted() {
      guard let waiter = waiters[client], nodes[waiter.call.origin].scheduler.giveUp(waiter.call)
      else { continue }
      waiters[client] = nil
      settle(waiter.call.origin)
    }
  }

  /// Whether a waiting call's key has something, which nobody would ever give it then.
  var hasForgottenWaiter: Bool {
    waiters.values.contains { waiter in
      waiter.call.keys.contains { key in
        let node = nodes[key.shard]
        return ByteView.with(key.name.name) { node.keyspace.type(of: $0) == .list }
      }
    }
  }
}
