import Synchronization

/// Which threads have clients that want to hear of all changes. Every thread reads it once a turn.
final class Broadcasters: Sendable {
  private let workers: Mutex<[Bool]>
  private let count = Atomic<Int>(0)

  init(workerCount: Int) { workers = Mutex(Array(repeating: false, count: workerCount)) }

  var isEmpty: Bool { count.load(ordering: .acquiring) == 0 }

  func isSet(_ worker: Int) -> Bool { !isEmpty && workers.withLock { $0[worker] } }

  func set(_ worker: Int, _ isSet: Bool) {
    workers.withLock { workers in
      guard workers[worker] != isSet else { return }
      workers[worker] = isSet
      count.add(isSet ? 1 : -1, ordering: .releasing)
    }
  }
}
