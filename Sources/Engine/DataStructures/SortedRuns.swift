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
  static var capacityMax: Int { 128 }

  @safe struct Run: BitwiseCopyable {
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
    let run: Int
    let index: Int
  }

  var runs: [Run] = []
  var count = 0

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
