import Shard

/// A worker's parcels: those being filled, those that found no room in a mailbox, and those received.
struct Mail {
  private let origin: Int
  private let shardCount: Int
  /// What this turn collects for each shard.
  private var filling: [Parcel?]
  /// Parcels that wait for room in their mailbox, by shard, oldest first. Bounded by the number of
  /// connections: each waits for its replies before it sends more.
  private var waiting: [[Parcel]]
  /// Commands of other shards, to be executed this turn.
  var requests: [Parcel] = []
  private var spare: [Parcel] = []
  private static let sparesMax = 64

  init(origin: Int, shardCount: Int) {
    self.origin = origin
    self.shardCount = shardCount
    filling = Array(repeating: nil, count: shardCount)
    waiting = Array(repeating: [], count: shardCount)
  }

  /// The parcel that goes to `shard` at the end of this turn.
  mutating func outgoing(to shard: Int) -> Parcel {
    if let parcel = filling[shard] { return parcel }
    let parcel = spare.popLast() ?? Parcel(origin: origin)
    filling[shard] = parcel
    return parcel
  }

  /// Queues an answered parcel for its way home.
  mutating func sendBack(_ parcel: Parcel) { waiting[parcel.origin].append(parcel) }

  /// Keeps an emptied parcel for later.
  mutating func reuse(_ parcel: Parcel) {
    parcel.reset(origin: origin)
    if spare.count < Self.sparesMax { spare.append(parcel) }
  }

  /// Puts everything into the mailboxes as far as there is room.
  ///
  /// - Returns: the shards that got something.
  mutating func ship(_ mailboxes: Mailboxes) -> [Int] {
    var reached: [Int] = []
    for shard in 0..<shardCount {
      if let parcel = filling[shard] {
        waiting[shard].append(parcel)
        filling[shard] = nil
      }
      guard !waiting[shard].isEmpty else { continue }
      let mailbox = mailboxes[from: origin, to: shard]
      var sent = 0
      while sent < waiting[shard].count, mailbox.push(waiting[shard][sent]) { sent += 1 }
      waiting[shard].removeFirst(sent)
      if sent > 0 { reached.append(shard) }
    }
    return reached
  }

  /// Takes all parcels out of the mailboxes.
  mutating func receive(_ mailboxes: Mailboxes, _ answered: (Parcel) -> Void) {
    for shard in 0..<shardCount where shard != origin {
      while let parcel = mailboxes[from: shard, to: origin].pop() {
        if parcel.isAnswered {
          answered(parcel)
        } else {
          requests.append(parcel)
        }
      }
    }
  }

  /// Whether parcels wait to be taken in or sent.
  func hasWork(_ mailboxes: Mailboxes) -> Bool {
    guard shardCount > 1 else { return false }
    for shard in 0..<shardCount where shard != origin {
      if !mailboxes[from: shard, to: origin].isEmpty || !waiting[shard].isEmpty { return true }
    }
    return false
  }
}

/// One mailbox for each ordered pair of shards.
struct Mailboxes: Sendable {
  private let boxes: [Mailbox]
  private let shardCount: Int

  init(shardCount: Int) {
    self.shardCount = shardCount
    boxes = (0..<shardCount * shardCount).map { _ in Mailbox() }
  }

  subscript(from origin: Int, to shard: Int) -> Mailbox { boxes[origin * shardCount + shard] }
}
