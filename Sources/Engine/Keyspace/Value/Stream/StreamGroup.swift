import Glibc
import RESP

/// One entry that a group has delivered and nobody has acknowledged.
struct PendingEntry: OrderedByID {
  let id: StreamID
  var consumer: Boxed<StreamConsumer>
  /// Milliseconds since 1970.
  var deliveryTime: Int64
  var deliveryCount: Int
}

/// A reader within a group.
struct StreamConsumer: ~Copyable {
  let name: [UInt8]
  /// When it last asked for something; milliseconds since 1970.
  var seenTime: Int64
  /// When it last got something, nil if it never did.
  var activeTime: Int64?
  /// The IDs it has pending; all else about them is in the group's list.
  var pending = SortedRuns<StreamID>()

  init(name: [UInt8], seenTime: Int64, activeTime: Int64? = nil) {
    self.name = name
    self.seenTime = seenTime
    self.activeTime = activeTime
  }
}

/// Consumers that share a stream's entries, each entry going to one of them.
///
/// What is pending is kept once, in the order of IDs (40 bytes), and each consumer has the IDs that are its own
/// (16 bytes); Redis has two radix trees in their place.
struct StreamGroup: ~Copyable {
  let name: [UInt8]
  /// The largest ID it has delivered.
  var lastID: StreamID
  /// How many of all entries ever added come up to `lastID`, nil where that is not known.
  var entriesRead: Int?
  private(set) var pending = SortedRuns<PendingEntry>()
  /// By name.
  private(set) var consumers: [Boxed<StreamConsumer>] = []

  init(name: [UInt8], lastID: StreamID, entriesRead: Int?) {
    self.name = name
    self.lastID = lastID
    self.entriesRead = entriesRead
  }

  deinit { for consumer in consumers { consumer.free() } }

  // MARK: Consumers

  func consumer(_ name: ByteView) -> Boxed<StreamConsumer>? {
    let place = consumers.place(of: name)
    return place.isTaken ? consumers[place.index] : nil
  }

  /// A new consumer; nil if there is one of that name.
  mutating func addConsumer(_ consumer: consuming StreamConsumer) -> Boxed<StreamConsumer>? {
    let place = ByteView.with(consumer.name) { consumers.place(of: $0) }
    if place.isTaken { return nil }
    let boxed = Boxed(consumer)
    consumers.insert(boxed, at: place.index)
    return boxed
  }

  /// Removes a consumer with all it has pending, and returns how much that was; nil if there is none of that
  /// name.
  mutating func removeConsumer(_ name: ByteView) -> Int? {
    let place = consumers.place(of: name)
    guard place.isTaken else { return nil }
    let consumer = consumers.remove(at: place.index)
    let count = consumer.body.pending.count
    consumer.body.pending.forEach { id in
      if let position = pending.find(id) { pending.remove(at: position) }
    }
    consumer.free()
    return count
  }

  // MARK: Pending entries

  /// Makes an entry pending for a consumer, just now and for the first time, whoever had it before.
  @inline(__always)
  mutating func deliver(_ id: StreamID, to consumer: Boxed<StreamConsumer>, now: Int64) {
    assign(PendingEntry(id: id, consumer: consumer, deliveryTime: now, deliveryCount: 1))
  }

  /// Makes an entry pending as `entry` says; one that is pending already changes.
  mutating func assign(_ entry: PendingEntry) {
    if pending.insert(entry) {
      entry.consumer.body.pending.insert(entry.id)
      return
    }
    guard let position = pending.find(entry.id) else { return }
    let old = pending[position].consumer
    pending[position] = entry
    if old != entry.consumer {
      if let place = old.body.pending.find(entry.id) { old.body.pending.remove(at: place) }
      entry.consumer.body.pending.insert(entry.id)
    }
  }

  /// Notes that a pending entry was given out once more.
  mutating func redeliver(_ id: StreamID, now: Int64) {
    guard let position = pending.find(id) else { return }
    pending[position].deliveryTime = now
    pending[position].deliveryCount &+= 1
  }

  /// Ends that an entry is pending; false if it is not.
  mutating func acknowledge(_ id: StreamID) -> Bool {
    guard let position = pending.find(id) else { return false }
    let consumer = pending[position].consumer
    pending.remove(at: position)
    if let place = consumer.body.pending.find(id) { consumer.body.pending.remove(at: place) }
    return true
  }

  // MARK: Copying, freeing

  func copy() -> Boxed<StreamGroup> {
    let copy = Boxed(StreamGroup(name: name, lastID: lastID, entriesRead: entriesRead))
    for consumer in consumers {
      _ = copy.body.addConsumer(
        StreamConsumer(
          name: consumer.body.name, seenTime: consumer.body.seenTime,
          activeTime: consumer.body.activeTime))
    }
    pending.forEach { entry in
      var entry = entry
      guard let owner = ByteView.with(entry.consumer.body.name, { copy.body.consumer($0) }) else {
        preconditionFailure("a pending entry of a consumer that its group does not have")
      }
      entry.consumer = owner
      copy.body.assign(entry)
    }
    return copy
  }

  /// Frees some thousand pending entries; false when there are none.
  mutating func freeSlice() -> Bool {
    if pending.removeLastRun({ _ in }) {
      for _ in 0..<16 where !pending.removeLastRun({ _ in }) { break }
      return true
    }
    guard let consumer = consumers.last else { return false }
    for _ in 0..<64 where !consumer.body.pending.removeLastRun({ _ in }) {
      consumers.removeLast()
      consumer.free()
      break
    }
    return true
  }

  /// Moves the blocks of some runs where that pays: of what the group has pending, then each consumer.
  ///
  /// - Parameter start: 0 to begin with.
  /// - Returns: from where to go on; nil after the last.
  mutating func movePending(from start: Int, _ mover: inout BlockMover) -> Int? {
    var first = start
    if first < pending.runs.count {
      let end = min(first + Self.runsPerStep, pending.runs.count)
      for run in first..<end { pending.moveRun(run, &mover) }
      return end
    }
    first -= pending.runs.count
    for consumer in consumers {
      let count = consumer.body.pending.runs.count
      if first < count {
        let end = min(first + Self.runsPerStep, count)
        for run in first..<end { consumer.body.pending.moveRun(run, &mover) }
        return start + end - first
      }
      first -= count
    }
    return nil
  }

  private static let runsPerStep = 64

  var heapByteCount: Int {
    consumers.reduce(
      Boxed<StreamGroup>.heapByteCount + Heap.sizeClass(32 + name.count) + pending.heapByteCount
        + Heap.sizeClass(32 + consumers.capacity * 8)
    ) { bytes, consumer in
      bytes + Boxed<StreamConsumer>.heapByteCount + Heap.sizeClass(32 + consumer.body.name.count)
        + consumer.body.pending.heapByteCount
    }
  }
}

// MARK: - By name

/// Something that is kept in the order of names.
protocol NamedInOrder: ~Copyable {
  var name: [UInt8] { get }
}

extension StreamGroup: NamedInOrder {}
extension StreamConsumer: NamedInOrder {}

extension Array {
  /// Where something called `name` is, or would have to be.
  func place<Body: NamedInOrder & ~Copyable>(
    of name: ByteView
  ) -> (index: Int, isTaken: Bool) where Element == Boxed<Body> {
    var low = 0
    var high = count
    while low < high {
      let middle = (low &+ high) >> 1
      let order = name.order(of: self[middle].body.name)
      if order == 0 { return (middle, true) }
      if order > 0 { low = middle &+ 1 } else { high = middle }
    }
    return (low, false)
  }
}

extension ByteView {
  /// Below, at or above 0 as these bytes come before `other`, equal it, or come after it.
  fileprivate func order(of other: [UInt8]) -> Int {
    unsafe other.withUnsafeBytes { other in
      let common = Swift.min(count, other.count)
      let order =
        unsafe common == 0 ? 0 : memcmp(unsafeBase, other.baseAddress.unsafelyUnwrapped, common)
      return order != 0 ? Int(order) : count - other.count
    }
  }
}
