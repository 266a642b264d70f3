import Glibc

/// The signals that ask a server to stop, taken one at a time by a thread that waits for them.
@safe
package struct Signals: Sendable {
  private let set: sigset_t

  /// Blocks `signals` in this thread and all it starts from now on, and ignores SIGPIPE.
  package init(blocking signals: [Int32]) {
    var set = sigset_t()
    unsafe sigemptyset(&set)
    for signal in signals { unsafe sigaddset(&set, signal) }
    unsafe pthread_sigmask(SIG_BLOCK, &set, nil)
    signal(SIGPIPE, SIG_IGN)
    self.set = set
  }

  /// Lets them through to this thread again.
  package func unblock() {
    var set = self.set
    unsafe pthread_sigmask(SIG_UNBLOCK, &set, nil)
  }

  /// Waits for the next of them.
  package func next() -> Int32 {
    var set = self.set
    var signal: Int32 = 0
    while unsafe sigwait(&set, &signal) != 0 {}
    return signal
  }
}
