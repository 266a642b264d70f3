import EventLoop
import Synchronization

/// What clients inside the process have for a worker, until its next turn.
final class LocalIntake: Sendable {
  private struct Contents: Sendable {
    var exchanges: [LocalExchange] = []
    var isClosed = false
  }

  private let contents = Mutex(Contents())
  private let isFilled = Atomic<Bool>(false)

  /// There is something.
  var hasAny: Bool { isFilled.load(ordering: .sequentiallyConsistent) }

  /// Adds an exchange and has the loop look at it.
  ///
  /// - Returns: whether the reply may come within microseconds, as the loop is awake and nobody else has asked; nil if
  ///   nothing is taken any more.
  func add(_ exchange: LocalExchange, _ loop: EventLoop) -> Bool? {
    let isFirst = contents.withLock { contents -> Bool? in
      if contents.isClosed { return nil }
      contents.exchanges.append(exchange)
      return contents.exchanges.count == 1
    }
    guard let isFirst else { return nil }
    guard isFirst else { return false }
    isFilled.store(true, ordering: .sequentiallyConsistent)
    if loop.isSleeping {
      loop.wake()
      return false
    }
    return !loop.isOnLoop
  }

  /// Takes all there is. On the loop.
  func take() -> [LocalExchange] {
    isFilled.store(false, ordering: .sequentiallyConsistent)
    return contents.withLock { contents in
      let taken = contents.exchanges
      contents.exchanges.removeAll()
      return taken
    }
  }

  /// Takes nothing any more.
  func close() {
    let left = contents.withLock { contents in
      contents.isClosed = true
      defer { contents.exchanges = [] }
      return contents.exchanges
    }
    for exchange in left { exchange.refuse() }
  }
}

extension Worker {
  /// Takes in what clients of other threads have sent.
  func takeLocal() {
    guard intake.hasAny else { return }
    loop.spinning.note(now: turnTime)
    let exchanges = intake.take()
    for exchange in exchanges {
      exchange.client?.take(exchange, isAlone: exchanges.count == 1)
    }
  }
}
