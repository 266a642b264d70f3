import Engine
package import RESP
package import Shard

/// One command within a transaction: its hops over the shards of its keys, then its reply.
package protocol CommandRun: AnyObject {
  /// Nothing of an earlier try counts.
  func start()
  /// The next hop's work; nil when the reply is ready. The results of the last hop are in.
  func nextHop() -> CommandHop?
  func writeReply(to reply: inout ReplyWriter)
  /// The first hop changes nothing.
  var startsReading: Bool { get }
}

package struct CommandHop {
  package let works: [(shard: Int, work: any HopWork)]
  /// Known to be the last one.
  package let isLast: Bool
}

extension CommandCall {
  /// How this command runs when its keys, or it itself, are on several shards.
  ///
  /// - Parameters:
  ///   - shardCount: of the server.
  ///   - seed: of the keys' hashes.
  package func makeRun(shardCount: Int, seed: UInt64) -> any CommandRun {
    if !isEveryShard, command.blocking == nil, let shard = onlyShard {
      return SingleShardRun(self, shard: shard)
    }
    return switch command.execution {
    case .eachKey(_, let join): PartedRun(self, split: KeySplit(self), join: join)
    case .everyShard(_, let join): PartedRun(self, shardCount: shardCount, join: join)
    case .oneShard: GatherRun(self, seed: seed, shardCount: shardCount)
    case .steps(let steps): StepsRun(self, steps)
    case .keyByKey(let body, let join): KeyByKeyRun(self, body, join)
    case .service, .container:
      preconditionFailure("\(command.name) does not run on shards")
    }
  }
}

/// A command on the shard of all its keys.
final class SingleShardRun: CommandRun {
  private let call: CommandCall
  private let shard: Int
  private var work: CommandsWork?

  init(_ call: CommandCall, shard: Int) {
    self.call = call
    self.shard = shard
  }

  var startsReading: Bool { !call.command.flags.contains(.write) }

  func start() { work = nil }

  func nextHop() -> CommandHop? {
    guard work == nil else { return nil }
    let work = CommandsWork()
    _ = work.add(call)
    self.work = work
    return CommandHop(works: [(shard: shard, work: work)], isLast: true)
  }

  func writeReply(to reply: inout ReplyWriter) {
    guard let work else { preconditionFailure("a reply before the command has run") }
    reply.raw(work.reply(at: 0))
  }
}

/// A command of which each shard does a part with the keys it has, all in one hop.
final class PartedRun: CommandRun {
  private let call: CommandCall
  private let parts: [(shard: Int, positions: [Int]?)]
  private let makeJoin: () -> JoinedReply
  private var works: [CommandsWork] = []

  init(_ call: CommandCall, split: KeySplit, join: Command.Join) {
    self.call = call
    parts = split.parts.map { ($0.shard, $0.positions) }
    makeJoin = { JoinedReply(join, parts: split.parts.count, keys: split.keyOrdinals) }
  }

  init(_ call: CommandCall, shardCount: Int, join: Command.Join) {
    self.call = call
    parts = (0..<shardCount).map { ($0, nil) }
    makeJoin = { JoinedReply(join, parts: shardCount) }
  }

  var startsReading: Bool { !call.command.flags.contains(.write) }

  func start() { works = [] }

  func nextHop() -> CommandHop? {
    guard works.isEmpty else { return nil }
    for (_, positions) in parts {
      let work = CommandsWork()
      _ = work.add(call, positions: positions)
      works.append(work)
    }
    return CommandHop(
      works: zip(parts, works).map { (shard: $0.shard, work: $1) }, isLast: true)
  }

  func writeReply(to reply: inout ReplyWriter) {
    let join = makeJoin()
    for (index, work) in works.enumerated() { join.add(part: index, work.reply(at: 0)) }
    join.write(to: &reply)
  }
}

/// How the words of a command divide over the shards of its keys.
struct KeySplit {
  /// Each shard's words: the name, and its keys with whatever belongs to each.
  let parts: [(shard: Int, positions: [Int])]
  /// For each part, which of the command's keys (counted from 0) it got.
  let keyOrdinals: [[Int]]

  /// Words between one key and the next belong to the former (the value in MSET).
  init(_ call: CommandCall) {
    let wordCount = call.withArguments { $0.count }
    var parts: [(shard: Int, positions: [Int])] = []
    var keyOrdinals: [[Int]] = []
    let keys = call.keys
    // Most commands with several keys have them on few shards.
    let expected = wordCount * 2 / 3
    for (ordinal, key) in keys.enumerated() {
      let end = ordinal + 1 < keys.count ? keys[ordinal + 1].position : wordCount
      let part: Int
      if let found = parts.firstIndex(where: { $0.shard == key.shard }) {
        part = found
      } else {
        part = parts.count
        var positions: [Int] = []
        positions.reserveCapacity(expected)
        positions += 0..<keys[0].position
        parts.append((key.shard, positions))
        keyOrdinals.append([])
      }
      for position in key.position..<end { parts[part].positions.append(position) }
      keyOrdinals[part].append(ordinal)
    }
    self.parts = parts
    self.keyOrdinals = keyOrdinals
  }
}
