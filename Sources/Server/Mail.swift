import Shard

/// A worker's parcels: those being filled, those that found no room in a mailbox, and those received.
@safe struct Mail: ~Copyable {
  private let origin: Int
  private let shardCount: Int
  /// What this turn collects for each shard; retained. Counting a reference once a command would make the processor
  /// wait each time for the parcel's memory, which was last in the other thread's cache.
  private var filling: [Unmanaged<Parcel>?]
  /// Parcels that wait for room in their mailbox, by shard, oldest first. Bounded by the number of
  /// connections: each waits for its replies before it sends more.
  private var waiting: [[Parcel]]
  /// Commands of other shards, to be executed this turn.
  var requests = DoubleBuffer<Parcel>()
  private var spare: [Parcel] = []
  private static let sparesMax = 64

  init(origin: Int, shardCount: Int) {
    self.origin = origin
    self.shardCount = shardCount
    unsafe filling = Array(repeating: nil, count: shardCount)
    waiting = Array(repeating: [], count: shardCount)
  }

  deinit { for unsafe parcel in unsafe filling { unsafe parcel?.release() } }

  /// The parcel that goes to `shard` at the end of this turn.
  mutating func outgoing(to shard: Int) -> Parcel {
    if let parcel = unsafe filling[shard] { return unsafe parcel.takeUnretainedValue() }
    let parcel = spare.popLast() ?? Parcel(origin: origin)
    unsafe filling[shard] = Unmanaged.passRetained(parcel)
    return parcel
  }

  /// Has `body` write to the parcel that goes to `shard` at the end of this turn.
  @inline(__always)
  mutating func write(to shard: Int, _ body: (Parcel) -> Void) {
    if unsafe filling[shard] == nil { _ = outgoing(to: shard) }
    unsafe filling[shard].unsafelyUnwrapped._withUnsafeGuaranteedRef(body)
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
  /// - Parameter reached: is told each shard that got something.
  mutating func ship(_ mailboxes: Mailboxes, _ reached: (Int) -> Void) {
    for shard in 0..<shardCount {
      if let parcel = unsafe filling[shard] {
        waiting[shard].append(unsafe parcel.takeRetainedValue())
        unsafe filling[shard] = nil
      }
      guard !waiting[shard].isEmpty else { continue }
      let mailbox = mailboxes[from: origin, to: shard]
      var sent = 0
      while sent < waiting[shard].count, mailbox.push(waiting[shard][sent]) { sent += 1 }
      waiting[shard].removeFirst(sent)
      if sent > 0 { reached(shard) }
    }
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
