package import Engine
import RESP
package import Shard

/// A command whose keys lie on several shards, ready to be run away from its connection.
package struct GatheredCommand: Sendable {
  package let command: Command
  package let words: [[UInt8]]
  package let keys: [Key]
  package let database: Int
  package let protocolVersion: Int

  /// One of the command's keys: where it lies and what may happen to it.
  package struct Key: Sendable {
    package let name: [UInt8]
    package let shard: Int
    package let database: Int
    /// The command may change it.
    package let isWritten: Bool

    package init(name: [UInt8], shard: Int, database: Int, isWritten: Bool) {
      self.name = name
      self.shard = shard
      self.database = database
      self.isWritten = isWritten
    }
  }

  package init(
    command: Command, words: [[UInt8]], keys: [Key], database: Int, protocolVersion: Int
  ) {
    self.command = command
    self.words = words
    self.keys = keys
    self.database = database
    self.protocolVersion = protocolVersion
  }
}

/// Runs commands that want keys of several shards together: a read hop brings copies of the keys into a
/// keyspace of their own, the command's usual body runs there, and a write hop takes back the keys it may
/// have changed.
///
/// So every such command is written once, for one shard, and none knows of others. What it costs is a
/// copy of the values; what it does not do yet is to keep other clients from changing the keys between the
/// two hops.
package struct ScatterGather: Sendable {
  private let shards: [Shard]

  package init(shards: [Shard]) { self.shards = shards }

  /// The reply's bytes.
  ///
  /// - Throws: what the command's body throws.
  package func run(_ request: GatheredCommand) async throws(CommandError) -> [UInt8] {
    var carried: [CarriedKey] = []
    var context = ScratchContext()
    for (shard, keys) in Self.byShard(Self.distinct(request.keys)) {
      let part = await shards[shard].withKeyspace { keyspace in
        CarriedKey.copy(keys, from: &keyspace)
      }
      context = part.context
      carried += part.keys
    }
    let (reply, changed) = try Self.runBody(request, on: carried, context)
    for (shard, keys) in Self.byShard(changed, shard: \.key.shard) {
      await shards[shard].withKeyspace { keyspace in
        for key in keys { key.store(in: &keyspace) }
      }
    }
    return reply
  }

  private static func runBody(
    _ request: GatheredCommand, on carried: [CarriedKey], _ context: ScratchContext
  ) throws(CommandError) -> (reply: [UInt8], changed: [CarriedKey]) {
    guard let body = request.command.body else {
      preconditionFailure("\(request.command.name) has no body to run on gathered keys")
    }
    var scratch = Keyspace(options: context.options, seed: context.seed)
    scratch.now = context.now
    for key in carried { key.enter(&scratch) }
    scratch.select(request.database)
    let changesBefore = scratch.changeCount
    var reply = ReplyWriter(protocolVersion: request.protocolVersion)
    try Arguments.with(request.words) { (arguments) throws(CommandError) in
      try body(&scratch, arguments, &reply)
    }
    var changed: [CarriedKey] = []
    if scratch.changeCount != changesBefore {
      changed = carried.filter(\.key.isWritten)
      for key in changed { key.leave(&scratch) }
    }
    return (reply.bytes.bytes, changed)
  }

  /// Each key once, written if any of its mentions is: an entry can be carried only once.
  private static func distinct(_ keys: [GatheredCommand.Key]) -> [GatheredCommand.Key] {
    var distinct: [GatheredCommand.Key] = []
    for key in keys {
      let index = distinct.firstIndex { $0.name == key.name && $0.database == key.database }
      guard let index else {
        distinct.append(key)
        continue
      }
      if key.isWritten { distinct[index] = key }
    }
    return distinct
  }

  private static func byShard(_ keys: [GatheredCommand.Key]) -> [(Int, [GatheredCommand.Key])] {
    byShard(keys, shard: \.shard)
  }

  private static func byShard<Element>(
    _ elements: [Element], shard: (Element) -> Int
  ) -> [(Int, [Element])] {
    Dictionary(grouping: elements, by: shard).sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
  }
}

/// What a scratch keyspace takes over from the shards.
private struct ScratchContext: Sendable {
  var options = Keyspace.Options()
  var seed: UInt64 = 0
  var now: Int64 = 0
}

/// A key and its entry on the way between shards.
private final class CarriedKey: @unchecked Sendable {
  // Unchecked: one hop after the other has it; nobody keeps it.
  let key: GatheredCommand.Key
  private var entry: CarriedEntry?

  private init(_ key: GatheredCommand.Key, _ entry: CarriedEntry?) {
    self.key = key
    self.entry = entry
  }

  /// The read hop's part on one shard.
  static func copy(
    _ keys: [GatheredCommand.Key], from keyspace: inout Keyspace
  ) -> (keys: [CarriedKey], context: ScratchContext) {
    var carried: [CarriedKey] = []
    for key in keys {
      let entry = ByteView.with(key.name) { keyspace.carryCopy($0, database: key.database) }
      carried.append(CarriedKey(key, entry))
    }
    let context = ScratchContext(
      options: keyspace.options, seed: keyspace.hashSeed, now: keyspace.now)
    return (carried, context)
  }

  func enter(_ scratch: inout Keyspace) {
    if let entry { scratch.put(entry, database: key.database) }
    entry = nil
  }

  func leave(_ scratch: inout Keyspace) {
    entry = ByteView.with(key.name) { scratch.carryAway($0, database: key.database) }
  }

  /// The write hop's part for one key: its entry replaces what is there, or its absence does.
  func store(in keyspace: inout Keyspace) {
    if let entry {
      keyspace.put(entry, database: key.database)
    } else {
      ByteView.with(key.name) { _ = keyspace.carryAway($0, database: key.database) }
    }
    entry = nil
  }
}
