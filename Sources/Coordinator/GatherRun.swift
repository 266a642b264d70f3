import Engine
import RESP
import Shard

/// A command whose body wants all keys together: those of other shards visit the shard that has most of them.
///
/// One hop brings copies of the visiting keys, one runs the command's usual body, and if it has changed some of the
/// visitors, one takes them home. So every such command is written once, for one shard. What it costs is a
/// copy of the values that visit: keys about to be overwritten send a placeholder, and those about to be
/// removed come themselves. Large values that are only read, by a command that does so in slices, stay where they
/// are: the claims keep them still, and the other thread reads them there. Between slices visitors are in no keyspace.
final class GatherRun: CommandRun {
  private let call: CommandCall
  private let home: Int
  private var visitors: [Visitor] = []
  private var step = 0
  private var body: VisitWork?

  private let seed: UInt64
  private let shardCount: Int
  /// Names keys that follow from values; nil if the call has none.
  private var dependents: DependentsWork?

  init(_ call: CommandCall, seed: UInt64, shardCount: Int) {
    self.call = call
    self.seed = seed
    self.shardCount = shardCount
    var keysByShard: [Int: Int] = [:]
    for key in call.keys { keysByShard[key.shard, default: 0] += 1 }
    home = keysByShard.max { ($0.value, -$0.key) < ($1.value, -$1.key) }?.key ?? 0
    start()
  }

  /// Each key of other shards once, written if any of its mentions is.
  private static func visitors(of call: CommandCall, home: Int) -> [Visitor] {
    var visitors: [Visitor] = []
    call.withArguments { arguments in
      let replaced = call.command.positions(in: arguments) { $0.contains(.overwrite) }
      let removed = call.command.positions(in: arguments) { $0.contains(.delete) }
      for key in call.keys where key.shard != home {
        let name = DatabaseKey(database: key.database, name: arguments[key.position].bytes)
        let baggage: Visitor.Baggage =
          if replaced.contains(key.position) {
            .placeholder
          } else if removed.contains(key.position) {
            .original
          } else {
            .copy
          }
        if let known = visitors.first(where: { $0.name == name }) {
          known.isWritten = known.isWritten || key.isWritten
          if known.baggage != baggage { known.baggage = .copy }
        } else {
          visitors.append(
            Visitor(name: name, shard: key.shard, isWritten: key.isWritten, baggage: baggage))
        }
      }
    }
    return visitors
  }

  /// An original that leaves its shard does not come back if the transaction starts anew.
  var startsReading: Bool { !visitors.contains { $0.baggage == .original } }

  func start() {
    step = 0
    // New ones: a shard may still be filling those of an earlier try.
    visitors = Self.visitors(of: call, home: home)
    dependents = nil
    // Their shards are claimed as a whole.
    if call.isEveryShard { step = -1 }
  }

  func nextHop() -> CommandHop? {
    step += 1
    switch step {
    case 0:
      let work = DependentsWork(call)
      dependents = work
      return CommandHop(works: [(shard: call.keys[0].shard, work: work)], isLast: false)
    case 1:
      addDependents()
      if visitors.isEmpty { return nextHop() }
      let lends = call.command.slices != nil
      let works = byShard(visitors).map {
        (shard: $0, work: FetchWork($1, lends: lends) as any HopWork)
      }
      return CommandHop(works: works, isLast: false)
    case 2:
      let work = VisitWork(call, visitors)
      body = work
      // Claims on what is lent end when the work has.
      let isLast = !visitors.contains { $0.isWritten || $0.baggage == .original || $0.isLent }
      return CommandHop(works: [(shard: home, work: work)], isLast: isLast)
    case 3:
      let returning = visitors.filter { $0.hasChanged || $0.baggage == .original }
      guard !returning.isEmpty else { return nil }
      let works = byShard(returning).map { (shard: $0, work: ReturnWork($1) as any HopWork) }
      return CommandHop(works: works, isLast: true)
    default: return nil
    }
  }

  private func addDependents() {
    for name in dependents?.names ?? [] {
      let shard = ByteView.with(name) {
        KeyHash(HashTag.of($0), seed: seed).shard(of: shardCount)
      }
      let key = DatabaseKey(database: call.database, name: name)
      guard shard != home, !visitors.contains(where: { $0.name == key }) else { continue }
      visitors.append(Visitor(name: key, shard: shard, isWritten: false, baggage: .copy))
    }
  }

  private func byShard(_ visitors: [Visitor]) -> [(Int, [Visitor])] {
    Dictionary(grouping: visitors, by: \.shard).sorted { $0.key < $1.key }.map {
      ($0.key, $0.value)
    }
  }

  func writeReply(to reply: inout ReplyWriter) {
    guard let body else { preconditionFailure("a reply before the command has run") }
    body.withReply { reply.take(&$0) }
  }
}

/// A key on a visit to another shard.
private final class Visitor: @unchecked Sendable {
  // Unchecked: one hop after the other has it.

  enum Baggage {
    case copy
    /// Nothing but that there is something.
    case placeholder
    /// The entry itself, which is missing at home meanwhile.
    case original
  }

  let name: DatabaseKey
  let shard: Int
  var isWritten: Bool
  var baggage: Baggage
  var hasChanged = false
  /// Its value is still at home.
  var isLent = false
  var entry: CarriedEntry?

  init(name: DatabaseKey, shard: Int, isWritten: Bool, baggage: Baggage) {
    self.name = name
    self.shard = shard
    self.isWritten = isWritten
    self.baggage = baggage
  }

  func withName<Result>(_ body: (ByteView) -> Result) -> Result { ByteView.with(name.name, body) }
}

/// Asks a command which keys it needs beside those it names.
private final class DependentsWork: HopWork, @unchecked Sendable {
  private let call: CommandCall
  private(set) var names: [[UInt8]] = []
  init(_ call: CommandCall) { self.call = call }

  func run(
    _ keyspace: inout Keyspace, _ scheduler: ShardScheduler, _ counts: inout CommandStatistics
  ) {
    keyspace.forgetPrepared()
    keyspace.select(call.database)
    call.withArguments { arguments in
      names = call.command.dependents?.names(&keyspace, arguments) ?? []
    }
  }
}

/// Fetches what visits another shard.
private final class FetchWork: HopWork, @unchecked Sendable {
  private let visitors: [Visitor]
  /// Large values that are only read are lent.
  private let lends: Bool

  init(_ visitors: [Visitor], lends: Bool) {
    self.visitors = visitors
    self.lends = lends
  }

  func run(
    _ keyspace: inout Keyspace, _ scheduler: ShardScheduler, _ counts: inout CommandStatistics
  ) {
    keyspace.forgetPrepared()
    for visitor in visitors {
      visitor.withName { name in
        let database = visitor.name.database
        if lends, !visitor.isWritten, let entry = keyspace.lend(name, database: database) {
          visitor.entry = entry
          visitor.isLent = true
          return scheduler.lend()
        }
        visitor.entry =
          switch visitor.baggage {
          case .copy: keyspace.carryCopy(name, database: database)
          case .placeholder: keyspace.carryPlaceholder(name, database: database)
          case .original: keyspace.carryOriginal(name, database: database)
          }
      }
    }
  }
}

/// Runs the body among the shard's own keys and the visitors.
private final class VisitWork: HopWork, @unchecked Sendable {
  private let call: CommandCall
  private let visitors: [Visitor]
  private var reply = ReplyWriter()
  /// Of a call that is done in slices.
  private var sliced: SlicedRun?
  private(set) var isUnfinished = true

  init(_ call: CommandCall, _ visitors: [Visitor]) {
    self.call = call
    self.visitors = visitors
  }

  func run(
    _ keyspace: inout Keyspace, _ scheduler: ShardScheduler, _ counts: inout CommandStatistics
  ) {
    keyspace.forgetPrepared()
    scheduler.concluded(&keyspace, &counts)
    let isRecorded = keyspace.effects.isRecorded
    // A visitor whose time is over goes here, and what has become of it is recorded at its home.
    keyspace.effects.isRecorded = false
    for visitor in visitors { admit(visitor, &keyspace) }
    keyspace.effects.isRecorded = isRecorded
    call.begin(&keyspace, &counts, &reply)
    // What a command of keys from elsewhere does is recorded where the keys belong, as what has become of them.
    keyspace.effects.isMuted = true
    // What is lent goes where it is at home, not here.
    let keepsExpiredKeys = keyspace.keepsExpiredKeys
    if visitors.contains(where: \.isLent) { keyspace.keepsExpiredKeys = true }
    let written = isRecorded ? ownWrittenKeys(scheduler.shard) : []
    for key in written { keyspace.observe(key) }
    call.withArguments { runBody($0, scheduler, &keyspace, &counts) }
    keyspace.forgetPrepared()
    keyspace.effects.isMuted = false
    keyspace.keepsExpiredKeys = keepsExpiredKeys
    let changed = Set(keyspace.observed.takeChanges())
    for key in written {
      keyspace.stopObserving(key)
      if changed.contains(key) { keyspace.recordState(of: key) }
    }
    for visitor in visitors {
      visitor.hasChanged = changed.contains(visitor.name)
      takeLeave(visitor, &keyspace)
    }
    // The shard's own, for those who watch them.
    let foreign = Set(visitors.map(\.name))
    for key in changed where !foreign.contains(key) { keyspace.noteAgain(key) }
  }

  /// Lends the reply, for somebody to keep its buffer.
  func withReply(_ body: (inout ReplyWriter) -> Void) { body(&reply) }

  private func runBody(
    _ arguments: Arguments, _ scheduler: ShardScheduler, _ keyspace: inout Keyspace,
    _ counts: inout CommandStatistics
  ) {
    if sliced == nil, call.command.isLong(&keyspace, arguments) {
      sliced = SlicedRun(call, arguments, &keyspace, &counts, &reply)
      isUnfinished = sliced != nil
      guard isUnfinished else { return }
    }
    if sliced != nil {
      isUnfinished = !(sliced?.advance(call, arguments, &keyspace, &counts, &reply) ?? true)
      return
    }
    call.onBehalfOfScript(&keyspace) { keyspace in
      counts.run(call.commandIndex, of: scheduler.table, arguments, &keyspace, &reply)
    }
    isUnfinished = false
  }

  private func admit(_ visitor: Visitor, _ keyspace: inout Keyspace) {
    let database = visitor.name.database
    if let entry = visitor.entry { keyspace.admit(entry, database: database) }
    visitor.entry = nil
    keyspace.observe(visitor.name)
    // Time stands still for a call in slices, and what is lent goes where it is at home.
    guard sliced == nil, !visitor.isLent else { return }
    keyspace.withDatabase(database) { keyspace in visitor.withName { keyspace.expireIfDue($0) } }
  }

  private func takeLeave(_ visitor: Visitor, _ keyspace: inout Keyspace) {
    visitor.entry = visitor.withName {
      visitor.isLent
        ? keyspace.carryLent($0, database: visitor.name.database)
        : keyspace.carryOriginal($0, database: visitor.name.database)
    }
    keyspace.stopObserving(visitor.name)
  }
}

extension VisitWork {
  /// The keys of the call that are at home here and may change.
  private func ownWrittenKeys(_ shard: Int) -> Set<DatabaseKey> {
    call.withArguments { arguments in
      Set(
        call.keys.lazy.filter { $0.shard == shard && $0.isWritten }.map {
          DatabaseKey(database: $0.database, name: arguments[$0.position].bytes)
        })
    }
  }
}

/// Takes visitors home: what each key has become, or its absence, replaces what is there.
private final class ReturnWork: HopWork, @unchecked Sendable {
  private let visitors: [Visitor]
  init(_ visitors: [Visitor]) { self.visitors = visitors }

  func run(
    _ keyspace: inout Keyspace, _ scheduler: ShardScheduler, _ counts: inout CommandStatistics
  ) {
    keyspace.forgetPrepared()
    for visitor in visitors {
      let database = visitor.name.database
      defer { if visitor.hasChanged { keyspace.recordState(of: visitor.name) } }
      if let entry = visitor.entry {
        if visitor.hasChanged {
          keyspace.put(entry, database: database)
        } else {
          keyspace.admit(entry, database: database)
        }
      } else if visitor.baggage == .original {
        if visitor.hasChanged { keyspace.countRemoval(of: visitor.name) }
      } else {
        visitor.withName { _ = keyspace.carryAway($0, database: database) }
      }
      visitor.entry = nil
    }
  }
}
