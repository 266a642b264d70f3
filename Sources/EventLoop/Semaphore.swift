import CLinux
import Glibc

/// A counting semaphore for threads that start or stop; nothing on a request's path waits.
@safe
package final class Semaphore: @unchecked Sendable {
  // Unchecked: sem_t is made for threads.
  private let semaphore: UnsafeMutablePointer<sem_t>

  package init() {
    unsafe semaphore = .allocate(capacity: 1)
    unsafe sem_init(semaphore, 0, 0)
  }

  deinit {
    unsafe sem_destroy(semaphore)
    unsafe semaphore.deallocate()
  }

  package func signal() { unsafe sem_post(semaphore) }

  package func wait() { while unsafe sem_wait(semaphore) != 0 {} }

  /// Waits at most so long; false if nobody has signalled by then.
  package func wait(nanoseconds: UInt64) -> Bool {
    let deadline = EventLoop.monotonicNanoseconds + nanoseconds
    while true {
      switch unsafe clinux_semaphore_wait(semaphore, deadline) {
      case 0: return true
      case ETIMEDOUT: return false
      default: break  // EINTR
      }
    }
  }
}
