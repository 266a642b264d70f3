/// Something small that has its place by a stream's ID.
protocol OrderedByID: BitwiseCopyable {
  var id: StreamID { get }
}

/// Elements in the order of their IDs, packed into *runs* of at most 128: a B+ tree of two levels, whose
/// upper level is one flat array of runs.
///
/// Streams grow at their end and shrink at their front, so both cost O(1): the last run fills up before the next
/// begins, and the first one only moves its start. Anywhere else a change moves at most one run's elements, and a
/// split or a vanishing run the 16 bytes of each later run: with 100 million entries in nodes of 100, 128 KiB once in
/// a hundred changes. Finding is a binary search over runs, then in one.
///
/// Bytes an element: its own size, and 16/128 of upper level. A run starts with room for two.
@safe
struct SortedRuns<Element: OrderedByID>: ~Copyable {
  private static var capacityMax: Int { 128 }

  @safe private struct Run: BitwiseCopyable {
    let base: UnsafeMutablePointer<Element>
    var start: UInt16
    var count: UInt16
    let capacity: UInt16

    static func allocate(capacity: Int) -> Run {
      unsafe Run(
        base: Heap.allocate(capacity * MemoryLayout<Element>.stride)
          .bindMemory(to: Element.self, capacity: capacity),
        start: 0, count: 0, capacity: UInt16(capacity))
    }

    @inline(__always)
    subscript(index: Int) -> Element {
      unsafeAddress {
        precondition(UInt(bitPattern: index) < UInt(count), "no such element in its run")
        return unsafe UnsafePointer(base + (Int(start) &+ index))
      }
      nonmutating unsafeMutableAddress {
        precondition(UInt(bitPattern: index) < UInt(count), "no such element in its run")
        return unsafe base + (Int(start) &+ index)
      }
    }

    /// How many of its elements come before `id`.
    @inline(__always)
    func countBelow(_ id: StreamID) -> Int {
      var low = 0
      var high = Int(count)
      while low < high {
        let middle = (low &+ high) >> 1
        if self[middle].id < id { low = middle &+ 1 } else { high = middle }
      }
      return low
    }

    func free() {
      unsafe Heap.free(base, Int(capacity) * MemoryLayout<Element>.stride)
    }
  }

  /// Where an element is; valid until one is inserted or removed.
  struct Position: Equatable {
    fileprivate(set) var run: Int
    fileprivate(set) var index: Int
  }

  private var runs: [Run] = []
  private(set) var count = 0

  init() {}

  deinit { for run in runs { run.free() } }

  @inline(__always) var isEmpty: Bool { count == 0 }

  /// The element at `position`, which may be changed in place as long as its ID stays.
  @inline(__always)
  subscript(position: Position) -> Element {
    get { runs[position.run][position.index] }
    nonmutating set { runs[position.run][position.index] = newValue }
  }

  // MARK: Finding

  @inline(__always) var first: Element? { isEmpty ? nil : runs[0][0] }

  @inline(__always)
  var last: Element? {
    guard let run = runs.last else { return nil }
    return run[Int(run.count) - 1]
  }

  var firstPosition: Position? { isEmpty ? nil : Position(run: 0, index: 0) }

  var lastPosition: Position? {
    runs.isEmpty ? nil : Position(run: runs.count - 1, index: Int(runs[runs.count - 1].count) - 1)
  }

  @inline(__always)
  func position(after position: Position) -> Position? {
    if position.index &+ 1 < Int(runs[position.run].count) {
      return Position(run: position.run, index: position.index &+ 1)
    }
    return position.run &+ 1 < runs.count ? Position(run: position.run &+ 1, index: 0) : nil
  }

  func position(before position: Position) -> Position? {
    if position.index > 0 { return Position(run: position.run, index: position.index - 1) }
    guard position.run > 0 else { return nil }
    return Position(run: position.run - 1, index: Int(runs[position.run - 1].count) - 1)
  }

  /// The first element whose ID is not below `id`.
  func ceiling(_ id: StreamID) -> Position? {
    guard let run = runIndex(notBelow: id) else { return nil }
    return Position(run: run, index: runs[run].countBelow(id))
  }

  /// The last element whose ID is not above `id`.
  func floor(_ id: StreamID) -> Position? {
    guard let ceiling = ceiling(id) else { return lastPosition }
    return self[ceiling].id == id ? ceiling : position(before: ceiling)
  }

  @inline(__always)
  func find(_ id: StreamID) -> Position? {
    guard let ceiling = ceiling(id), self[ceiling].id == id else { return nil }
    return ceiling
  }

  /// The first run that ends at or after `id`; the first and the last run are asked first.
  @inline(__always)
  private func runIndex(notBelow id: StreamID) -> Int? {
    guard let last = last, id <= last.id else { return nil }
    func endsBelow(_ run: Int) -> Bool { runs[run][Int(runs[run].count) &- 1].id < id }
    if !endsBelow(0) { return 0 }
    var low = 1
    var high = runs.count - 1
    if low < high, endsBelow(high - 1) { return high }
    while low < high {
      let middle = (low + high) >> 1
      if endsBelow(middle) { low = middle + 1 } else { high = middle }
    }
    return low
  }

  // MARK: Changing

  /// Puts `element` in its place; false, and nothing happens, if its ID is there already.
  @discardableResult
  mutating func insert(_ element: Element) -> Bool {
    if let last, element.id <= last.id { return insertBeforeEnd(element) }
    let run = roomyLastRun()
    runs[run].count &+= 1
    runs[run][Int(runs[run].count) &- 1] = element
    count &+= 1
    return true
  }

  /// The index of the last run, which has room behind its last element.
  @inline(__always)
  private mutating func roomyLastRun() -> Int {
    let last = runs.count - 1
    guard last >= 0 else {
      runs.append(.allocate(capacity: 2))
      return 0
    }
    let run = runs[last]
    if Int(run.start) &+ Int(run.count) < Int(run.capacity) { return last }
    if Int(run.count) == Self.capacityMax {
      runs.append(.allocate(capacity: Self.capacityMax))
      return last + 1
    }
    makeRoom(in: last)
    return last
  }

  /// Moves the elements of a run that is not full to where there is room behind them.
  private mutating func makeRoom(in index: Int) {
    let run = runs[index]
    let isCrowded = Int(run.count) * 4 > Int(run.capacity) * 3
    if !isCrowded, run.start > 0 {
      unsafe run.base.update(from: run.base + Int(run.start), count: Int(run.count))
      runs[index].start = 0
      return
    }
    var grown = Run.allocate(capacity: min(Int(run.capacity) * 2, Self.capacityMax))
    unsafe grown.base.update(from: run.base + Int(run.start), count: Int(run.count))
    grown.count = run.count
    run.free()
    runs[index] = grown
  }

  private mutating func insertBeforeEnd(_ element: Element) -> Bool {
    guard var target = ceiling(element.id) else { preconditionFailure("insertion behind the end") }
    if self[target].id == element.id { return false }
    if Int(runs[target.run].count) == Self.capacityMax {
      split(target.run)
      let half = Int(runs[target.run].count)
      if target.index > half { target = Position(run: target.run + 1, index: target.index - half) }
    }
    let full = runs[target.run]
    if Int(full.start) + Int(full.count) == Int(full.capacity) { makeRoom(in: target.run) }
    runs[target.run].count += 1
    let run = runs[target.run]
    let place = unsafe run.base + Int(run.start) + target.index
    unsafe (place + 1).update(from: place, count: Int(run.count) - 1 - target.index)
    unsafe place.pointee = element
    count += 1
    return true
  }

  /// Gives the upper half of a full run to a new one behind it.
  private mutating func split(_ index: Int) {
    let run = runs[index]
    let kept = Int(run.count) / 2
    var upper = Run.allocate(capacity: Self.capacityMax)
    upper.count = run.count - UInt16(kept)
    unsafe upper.base.update(from: run.base + Int(run.start) + kept, count: Int(upper.count))
    runs[index].count = UInt16(kept)
    runs.insert(upper, at: index + 1)
  }

  /// Removes the element at `position` and returns where the one behind it is now.
  @discardableResult
  mutating func remove(at position: Position) -> Position? {
    let run = runs[position.run]
    precondition(position.index < Int(run.count), "no such element to remove")
    count &-= 1
    if run.count == 1 {
      run.free()
      runs.remove(at: position.run)
      return position.run < runs.count ? Position(run: position.run, index: 0) : nil
    }
    if position.index == 0 {
      runs[position.run].start &+= 1
    } else {
      let place = unsafe run.base + Int(run.start) + position.index
      unsafe place.update(from: place + 1, count: Int(run.count) - 1 - position.index)
    }
    runs[position.run].count &-= 1
    if run.count == Self.capacityMax / 4 { return mergeWithNext(position) }
    guard position.index < Int(runs[position.run].count) else {
      return position.run + 1 < runs.count ? Position(run: position.run + 1, index: 0) : nil
    }
    return position
  }

  /// Joins a run that became small with the one behind it, where both fill three quarters of one at most. Returns
  /// where the element of `position` is then.
  private mutating func mergeWithNext(_ position: Position) -> Position? {
    let index = position.run
    guard index + 1 < runs.count else {
      return position.index < Int(runs[index].count) ? position : nil
    }
    let (run, next) = (runs[index], runs[index + 1])
    let sum = Int(run.count) + Int(next.count)
    guard sum <= Self.capacityMax * 3 / 4 else {
      return position.index < Int(run.count) ? position : Position(run: index + 1, index: 0)
    }
    var merged = Run.allocate(capacity: Self.capacityMax)
    unsafe merged.base.update(from: run.base + Int(run.start), count: Int(run.count))
    unsafe (merged.base + Int(run.count)).update(
      from: next.base + Int(next.start), count: Int(next.count))
    merged.count = UInt16(sum)
    run.free()
    next.free()
    runs[index] = merged
    runs.remove(at: index + 1)
    return position
  }

  /// Removes the last run, after giving each of its elements to `visit`; false if there is none. For freeing in
  /// slices.
  mutating func removeLastRun(_ visit: (Element) -> Void) -> Bool {
    guard let run = runs.popLast() else { return false }
    for index in 0..<Int(run.count) { visit(run[index]) }
    count -= Int(run.count)
    run.free()
    return true
  }

  // MARK: All of them

  @inline(__always)
  func forEach<Failure: Error>(_ visit: (Element) throws(Failure) -> Void) throws(Failure) {
    for run in runs {
      for index in 0..<Int(run.count) { try visit(run[index]) }
    }
  }

  /// As `forEach`, for the first `limit` of them.
  func forEachFirst(_ limit: Int, _ visit: (Element) -> Void) {
    var left = limit
    var position = firstPosition
    while left > 0, let current = position {
      visit(self[current])
      left -= 1
      position = self.position(after: current)
    }
  }

  /// The same elements, each as `change` gives it, which keeps the ID.
  func map(_ change: (Element) -> Element) -> SortedRuns {
    var copy = SortedRuns()
    forEach { copy.insert(change($0)) }
    return copy
  }

  /// What the runs take of the heap.
  var heapByteCount: Int {
    runs.reduce(Heap.sizeClass(32 + runs.capacity * MemoryLayout<Run>.stride)) {
      $0 + Heap.sizeClass(Int($1.capacity) * MemoryLayout<Element>.stride)
    }
  }
}

#if DEBUG || INTERNAL_CHECKS
  extension SortedRuns {
    /// Traps unless every run has elements, within its capacity, and all are in order.
    func checkInvariants() {
      var previous: StreamID?
      var sum = 0
      for run in runs {
        precondition(run.count > 0, "an empty run")
        precondition(Int(run.start) + Int(run.count) <= Int(run.capacity), "a run beyond its block")
        sum += Int(run.count)
        for index in 0..<Int(run.count) {
          let id = run[index].id
          if let previous { precondition(previous < id, "IDs out of order") }
          previous = id
        }
      }
      precondition(sum == count, "a wrong count")
    }
  }
#endif
