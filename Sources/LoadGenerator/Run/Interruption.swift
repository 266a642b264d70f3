import EventLoop
import Glibc
import Synchronization

/// What Ctrl-C and SIGTERM do: the first ends the run, which is then reported; the second ends the program.
package enum Interruption {
  private static let flag = Atomic<Bool>(false)

  /// Whether the user wants an end.
  package static var isRequested: Bool { flag.load(ordering: .relaxed) }

  /// What shells expect of a program that SIGINT ended.
  package static let exitCode: Int32 = 130

  /// Has signals set `isRequested` from now on. Before there are other threads, since these inherit what is blocked.
  static func watch() {
    let signals = Signals(blocking: [SIGINT, SIGTERM])
    do throws(SystemError) {
      try LoopThread.start {
        _ = signals.next()
        flag.store(true, ordering: .relaxed)
        _ = signals.next()
        _exit(exitCode)
      }
    } catch {
      // Without the thread, the signals end the program as ever.
      signals.unblock()
    }
  }
}
