package import Engine
package import RESP
package import Shard

/// One command on its way to the shards of its keys. Never changes.
package final class CommandCall: Sendable {
  package let command: Command
  /// Its place in the command table.
  package let commandIndex: Int
  package let words: StoredCommands
  /// Which of `words`.
  package let index: Int
  package let database: Int
  package let protocolVersion: Int
  package let leavesAccessClocks: Bool
  /// A script calls it, for which time stands still: milliseconds since 1970; nil: none does.
  package let scriptTime: Int64?
  package let keys: [Key]
  /// Who sent it.
  package let client: CommandObserver.Client
  /// Its client is to be told when what it reads changes, and the shard that runs it remembers that. That is the case
  /// where one shard has all its keys.
  package let isTracked: Bool

  /// One of the command's keys, in the order of the words.
  package struct Key {
    /// Where it stands among the words.
    package let position: Int
    package let shard: Int
    package let database: Int
    package let hash: KeyHash
    /// The command may change it.
    package let isWritten: Bool

    package init(position: Int, shard: Int, database: Int, hash: KeyHash, isWritten: Bool) {
      self.position = position
      self.shard = shard
      self.database = database
      self.hash = hash
      self.isWritten = isWritten
    }

    package var claim: KeyClaim {
      KeyClaim(
        hash: hash.rawValue, isExclusive: isWritten)
    }
  }

  package init(
    command: Command, commandIndex: Int, words: StoredCommands, index: Int, database: Int,
    protocolVersion: Int, leavesAccessClocks: Bool, scriptTime: Int64? = nil, keys: [Key],
    client: CommandObserver.Client = .none, tracksReads: Bool = false
  ) {
    self.scriptTime = scriptTime
    self.command = command
    self.commandIndex = commandIndex
    self.words = words
    self.index = index
    self.database = database
    self.protocolVersion = protocolVersion
    self.leavesAccessClocks = leavesAccessClocks
    self.keys = keys
    self.client = client
    let isEveryShard = if case .everyShard = command.execution { true } else { false }
    self.isEveryShard = isEveryShard || Self.hasDependents(command, words, index)
    isTracked =
      tracksReads && !self.isEveryShard && command.flags.contains(.readOnly) && !keys.isEmpty
      && keys.allSatisfy { $0.shard == keys[0].shard }
  }

  private static func hasDependents(
    _ command: Command, _ words: StoredCommands, _ index: Int
  ) -> Bool {
    guard let dependents = command.dependents else { return false }
    return words.withArguments(index) { dependents.areNeeded($0) }
  }

  /// Has `body` run it on a keyspace that looks as it does to the script.
  func onBehalfOfScript(_ keyspace: inout Keyspace, _ body: (inout Keyspace) -> Void) {
    guard let scriptTime else { return body(&keyspace) }
    let now = keyspace.now
    keyspace.now = scriptTime
    keyspace.servesScript = true
    body(&keyspace)
    keyspace.servesScript = false
    keyspace.now = now
  }

  /// Sets up what a body expects that runs for this call.
  func begin(
    _ keyspace: inout Keyspace, _ counts: inout CommandStatistics, _ reply: inout ReplyWriter
  ) {
    keyspace.select(database)
    keyspace.leavesAccessClocks = leavesAccessClocks
    if keyspace.observed.isTracking { keyspace.observed.setWriter(writer) }
    counts.observer.client = client
    reply.protocolVersion = protocolVersion
  }

  /// Whose changes it makes: who tracks keys need not hear of his own. nil for nobody's.
  package var writer: ClientReference? {
    client == .none ? nil : ClientReference(worker: client.shard, handle: client.connection)
  }

  /// The shard of all its keys, nil if they are on several, or there are none.
  package var onlyShard: Int? {
    guard let first = keys.first?.shard, keys.allSatisfy({ $0.shard == first }) else { return nil }
    return first
  }

  /// The shards of its keys, each once.
  package var shards: [Int] {
    var shards: [Int] = []
    for key in keys where !shards.contains(key.shard) { shards.append(key.shard) }
    return shards
  }

  /// Appends the words for one of its shards to `table` and returns them: the name, and the keys that are there, each with
  /// what stands between it and the next one (the value in MSET).
  func part(of shard: Int, into table: inout ArgumentTable) -> Arguments {
    let start = table.count
    for position in 0..<keys[0].position { table.append(words.word(position, at: index)) }
    let wordCount = words.wordCount(at: index)
    for (ordinal, key) in keys.enumerated() where key.shard == shard {
      let end = ordinal + 1 < keys.count ? keys[ordinal + 1].position : wordCount
      for position in key.position..<end { table.append(words.word(position, at: index)) }
    }
    return table.arguments(from: start, count: table.count - start)
  }

  /// It concerns all shards, whatever keys it names.
  package let isEveryShard: Bool

  package func withArguments<Result, Failure: Error>(
    _ body: (Arguments) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try words.withArguments(index, body)
  }
}

/// Gathers what the commands of a transaction claim, each key of each shard once.
package struct ClaimCollector {
  private var claimed: [(shard: Int, claim: KeyClaim)] = []
  private var concerned: [Int] = []
  private var wholeShards: [Int] = []

  /// - Parameter count: how many claims to expect.
  package init(reserving count: Int = 0) { claimed.reserveCapacity(count) }

  package mutating func add(_ key: CommandCall.Key) { add(key.claim, shard: key.shard) }

  package mutating func add(_ claim: KeyClaim, shard: Int) { claimed.append((shard, claim)) }

  /// Has the transaction concern a shard even if it claims nothing there.
  package mutating func add(shard: Int) { concerned.append(shard) }

  package mutating func add(wholeShard shard: Int) {
    wholeShards.append(shard)
    concerned.append(shard)
  }

  package var isEmpty: Bool { claimed.isEmpty && concerned.isEmpty }

  /// - Complexity: O(n log n) in the number of keys.
  package consuming func finish() -> [ShardClaims] {
    claimed.sort { ($0.shard, $0.claim.hash) < ($1.shard, $1.claim.hash) }
    var result: [ShardClaims] = []
    var start = 0
    while start < claimed.count {
      let shard = claimed[start].shard
      let end = claimed[start...].firstIndex { $0.shard != shard } ?? claimed.count
      result.append(claims(shard, keys(of: start..<end)))
      start = end
    }
    guard !concerned.isEmpty else { return result }
    for shard in Set(concerned) where !result.contains(where: { $0.shard == shard }) {
      result.append(claims(shard, []))
    }
    return result.sorted { $0.shard < $1.shard }
  }

  private func claims(_ shard: Int, _ keys: [KeyClaim]) -> ShardClaims {
    ShardClaims(shard: shard, keys: keys, claimsShard: wholeShards.contains(shard))
  }

  /// One shard's claims in the order of their hashes; an exclusive one stands for all of the same key.
  private func keys(of range: Range<Int>) -> [KeyClaim] {
    var keys: [KeyClaim] = []
    keys.reserveCapacity(range.count)
    for index in range {
      let claim = claimed[index].claim
      if let last = keys.last, last.hash == claim.hash {
        if claim.isExclusive { keys[keys.count - 1] = claim }
      } else {
        keys.append(claim)
      }
    }
    return keys
  }
}
