import Synchronization

/// A bounded queue from one thread to one other thread.
///
/// A ring of references; each end has its own cache line. The producer never waits: `push` says no when the
/// ring is full, and the producer keeps the parcel and stops reading from the connections it came from.
@safe package final class Mailbox: @unchecked Sendable {
  // Unchecked: slots between `head` and `tail` belong to the consumer, the rest to the producer; the
  // release/acquire pairs on the two counters hand them over.
  package static let capacity = 1024
  private let slots: UnsafeMutablePointer<Unmanaged<Parcel>?>
  private let head = Atomic<Int>(0)
  private var padding: (Int, Int, Int, Int, Int, Int, Int, Int) = (0, 0, 0, 0, 0, 0, 0, 0)
  private let tail = Atomic<Int>(0)

  package init() {
    unsafe slots = .allocate(capacity: Self.capacity)
    unsafe slots.initialize(repeating: nil, count: Self.capacity)
  }

  deinit {
    while let parcel = pop() { _ = parcel }
    unsafe slots.deallocate()
  }

  /// Puts a parcel in; false when the ring is full. By the producer.
  package func push(_ parcel: Parcel) -> Bool {
    let end = tail.load(ordering: .relaxed)
    guard end &- head.load(ordering: .acquiring) < Self.capacity else { return false }
    unsafe slots[end & (Self.capacity - 1)] = Unmanaged.passRetained(parcel)
    tail.store(end &+ 1, ordering: .sequentiallyConsistent)
    return true
  }

  /// Takes the oldest parcel, nil when there is none. By the consumer.
  package func pop() -> Parcel? {
    let start = head.load(ordering: .relaxed)
    guard start != tail.load(ordering: .acquiring) else { return nil }
    let parcel = unsafe slots[start & (Self.capacity - 1)].unsafelyUnwrapped.takeRetainedValue()
    head.store(start &+ 1, ordering: .releasing)
    return parcel
  }

  /// By the consumer; ordered against `EventLoop.isSleeping`.
  package var isEmpty: Bool {
    head.load(ordering: .relaxed) == tail.load(ordering: .sequentiallyConsistent)
  }
}
