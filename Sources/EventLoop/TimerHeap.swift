/// Names a scheduled body, for cancelling.
package struct TimerID: Hashable, Sendable {
  fileprivate let rawValue: UInt64
}

/// Bodies by the time they are due: a binary heap; cancelled ones are dropped when they surface.
struct TimerHeap {
  private struct Entry {
    let deadline: UInt64
    let id: UInt64
  }

  private var heap: [Entry] = []
  private var bodies: [UInt64: () -> Void] = [:]
  private var lastID: UInt64 = 0

  /// Nanoseconds of the earliest body, nil if there is none.
  var firstDeadline: UInt64? { heap.first?.deadline }

  mutating func insert(deadline: UInt64, _ body: @escaping () -> Void) -> TimerID {
    lastID += 1
    bodies[lastID] = body
    heap.append(Entry(deadline: deadline, id: lastID))
    var index = heap.count - 1
    while index > 0, heap[(index - 1) / 2].deadline > heap[index].deadline {
      heap.swapAt(index, (index - 1) / 2)
      index = (index - 1) / 2
    }
    return TimerID(rawValue: lastID)
  }

  mutating func remove(_ timer: TimerID) {
    bodies[timer.rawValue] = nil
    dropCancelled()
  }

  /// Takes the earliest body if it is due.
  mutating func popDue(_ now: UInt64) -> (() -> Void)? {
    dropCancelled()
    guard let first = heap.first, first.deadline <= now else { return nil }
    let body = bodies.removeValue(forKey: first.id)
    removeFirst()
    return body
  }

  private mutating func dropCancelled() {
    while let first = heap.first, bodies[first.id] == nil { removeFirst() }
  }

  private mutating func removeFirst() {
    heap.swapAt(0, heap.count - 1)
    heap.removeLast()
    var index = 0
    while true {
      var smallest = index
      for child in [2 * index + 1, 2 * index + 2]
      where child < heap.count && heap[child].deadline < heap[smallest].deadline {
        smallest = child
      }
      if smallest == index { return }
      heap.swapAt(index, smallest)
      index = smallest
    }
  }
}
