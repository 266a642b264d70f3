import CLinux
package import RESP
import Synchronization

/// Commands of a client inside the process, on their way to its worker, and the replies on their way back.
///
/// It goes to the worker as it is and comes back: its bytes are not copied.
package final class LocalExchange: @unchecked Sendable {
  // Unchecked: the caller has it until it is submitted and after it is done, the worker's loop meanwhile; `state` tells
  // when, and orders what both do.

  /// The commands, each an array of bulk strings.
  @exclusivity(unchecked)
  package var request = ReplyWriter(protocolVersion: 3)
  /// How many there are.
  @exclusivity(unchecked)
  package var commandCount = 0
  /// What to do instead of commands, on the worker's loop.
  var work: (@Sendable () -> Void)?
  /// As RESP3; complete once `send` has returned.
  @exclusivity(unchecked)
  package internal(set) var reply = ReplyWriter(protocolVersion: 3)
  /// How many replies are missing. The loop's.
  @exclusivity(unchecked)
  var missing = 0
  /// The client's end came before the last reply.
  private(set) var isRefused = false
  /// Whose it is. Set when it is submitted.
  var client: LocalClient?

  private let state = Atomic<UInt8>(pending)
  private var waiter: CheckedContinuation<Void, Never>?

  private static let pending: UInt8 = 0
  private static let done: UInt8 = 1
  private static let awaited: UInt8 = 2

  package init() {}

  package var isDone: Bool { state.load(ordering: .acquiring) == Self.done }

  /// Waits for the end without suspending, which is over sooner than going to sleep and being woken; for some
  /// microseconds only.
  ///
  /// - Returns: whether it is done.
  func spin() -> Bool {
    let limit = unsafe Self.spinsMax + commandCount &* Self.spinsPerCommand
    for _ in 0..<limit {
      if isDone { return true }
      clinux_pause()
    }
    return isDone
  }

  /// About 20 µs, and 0.2 µs a command: what a loop that is awake needs at most, if it has nothing else to do.
  private static let spinsMax = 500
  private static let spinsPerCommand = 4

  /// Returns when it is done.
  func wait() async {
    await withCheckedContinuation { continuation in
      waiter = continuation
      let (isWaiting, _) = state.compareExchange(
        expected: Self.pending, desired: Self.awaited, ordering: .acquiringAndReleasing)
      if !isWaiting { continuation.resume() }
    }
  }

  // MARK: On the loop

  /// The replies are complete.
  func finish() {
    client = nil
    if state.exchange(Self.done, ordering: .acquiringAndReleasing) == Self.awaited {
      waiter?.resume()
    }
  }

  /// Nothing more comes.
  func refuse() {
    isRefused = true
    finish()
  }
}
