package import Engine
package import Shard

/// A command whose keys lie on several shards, ready to be run away from its connection.
package struct GatheredCommand: Sendable {
  package let command: Command
  package let words: [[UInt8]]
  /// Positions of the keys among the words, and the shard of each.
  package let keys: [Int]
  package let shards: [Int]
  package let database: Int
  package let protocolVersion: Int

  package init(
    command: Command, words: [[UInt8]], keys: [Int], shards: [Int], database: Int,
    protocolVersion: Int
  ) {
    self.command = command
    self.words = words
    self.keys = keys
    self.shards = shards
    self.database = database
    self.protocolVersion = protocolVersion
  }
}

package struct ScatterGather: Sendable {
  private let shards: [Shard]

  package init(shards: [Shard]) { self.shards = shards }

  package func run(_ request: GatheredCommand) async throws(CommandError) -> [UInt8] {
    throw CommandError("ERR not yet")
  }
}
