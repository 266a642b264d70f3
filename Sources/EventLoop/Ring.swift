import CUring
import Glibc

/// A failed system call: what was tried and the errno.
package struct SystemError: Error, CustomStringConvertible {
  package let call: StaticString
  package let code: Int32

  package init(_ call: StaticString, _ code: Int32) {
    self.call = call
    self.code = code
  }

  /// The text of `code`, as Redis' log lines quote it.
  package var reason: String { unsafe String(cString: strerror(code)) }
  package var description: String { "\(call): \(reason)" }
}

/// One finished operation.
package struct Completion {
  /// What the submitter said: see `Ring`'s operations.
  package let data: UInt64
  /// The system call's result: a count, a descriptor, or a negative errno.
  package let result: Int32
  private let flags: UInt32

  init(_ cqe: io_uring_cqe) {
    data = cqe.user_data
    result = cqe.res
    flags = cqe.flags
  }

  /// A multishot operation goes on; without it, it must be submitted anew.
  package var hasMore: Bool { flags & UInt32(CURING_CQE_MORE) != 0 }

  /// The provided buffer that holds the received bytes, if one was used.
  package var buffer: BufferID? {
    guard flags & UInt32(CURING_CQE_BUFFER) != 0 else { return nil }
    return BufferID(rawValue: UInt16(flags >> UInt32(CURING_CQE_BUFFER_SHIFT)))
  }
}

/// One io_uring, for the one thread that made it.
///
/// SINGLE_ISSUER and DEFER_TASKRUN let the kernel do its completion work only when this thread asks, so it
/// never interrupts a turn. Operations queue up and reach the kernel together in `wait`: one system
/// call a turn. When the submission queue is full, a queueing call submits what is there.
///
/// Copies are handles to the same ring; `EventLoop` owns and closes it.
///
/// - SeeAlso: io_uring(7), <https://kernel.dk/io_uring.pdf>
@safe
package struct Ring {
  private let ring: UnsafeMutablePointer<io_uring>
  private let completions: UnsafeMutablePointer<io_uring_cqe>
  private static let completionsPerTurnMax: UInt32 = 512

  /// - Throws: what `io_uring_queue_init_params(3)` reported: ENOSYS or EPERM where io_uring is missing or forbidden, EINVAL on kernels before 6.1.
  init(entries: UInt32 = 1024, completionEntries: UInt32 = 8192) throws(SystemError) {
    unsafe ring = .allocate(capacity: 1)
    unsafe completions = .allocate(capacity: Int(Self.completionsPerTurnMax))
    var parameters = io_uring_params()
    parameters.flags = UInt32(CURING_SETUP_FLAGS)
    parameters.cq_entries = completionEntries
    let code = unsafe io_uring_queue_init_params(entries, ring, &parameters)
    guard code == 0 else {
      unsafe ring.deallocate()
      unsafe completions.deallocate()
      throw SystemError("io_uring_setup", -code)
    }
    // Saves looking up the descriptor at each system call; where it is not possible nothing is lost.
    _ = unsafe io_uring_register_ring_fd(ring)
  }

  func close() {
    unsafe io_uring_queue_exit(ring)
    unsafe ring.deallocate()
    unsafe completions.deallocate()
  }

  /// For `wake` from another ring.
  var descriptor: Int32 { unsafe ring.pointee.ring_fd }

  var handle: UnsafeMutablePointer<io_uring> { unsafe ring }

  // MARK: Waiting

  /// Submits what is queued and waits for a completion.
  ///
  /// - Parameter nanoseconds: 0 does not wait, nil waits for ever.
  func wait(nanoseconds: UInt64?) {
    var cqe: UnsafeMutablePointer<io_uring_cqe>?
    let code: Int32
    if let nanoseconds {
      if nanoseconds == 0 {
        code = unsafe io_uring_submit_and_get_events(ring)
      } else {
        var limit = __kernel_timespec(
          tv_sec: Int64(nanoseconds / 1_000_000_000), tv_nsec: Int64(nanoseconds % 1_000_000_000))
        code = unsafe io_uring_submit_and_wait_timeout(ring, &cqe, 1, &limit, nil)
      }
    } else {
      code = unsafe io_uring_submit_and_wait(ring, 1)
    }
    if code < 0 {
      switch -code {
      case ETIME, EINTR, EAGAIN, EBUSY: break  // nothing to reap yet, or the kernel wants us to reap first
      default: fatalError("io_uring_enter: \(unsafe String(cString: strerror(-code)))")
      }
    }
  }

  /// Hands each waiting completion, up to a bound, to `body`.
  @inline(__always)
  package func reap(_ body: (Completion) -> Void) {
    let count = unsafe curing_take(ring, completions, Self.completionsPerTurnMax)
    for index in 0..<Int(count) { body(Completion(unsafe completions[index])) }
  }

  /// Whether completions wait that `reap` would deliver.
  var hasCompletions: Bool { unsafe io_uring_cq_ready(ring) > 0 }

  // MARK: Operations. `data` comes back with the completion.

  private func entry(_ data: UInt64) -> UnsafeMutablePointer<io_uring_sqe> {
    while true {
      if let sqe = unsafe io_uring_get_sqe(ring) {
        unsafe curing_set_data(sqe, data)
        return unsafe sqe
      }
      let code = unsafe io_uring_submit(ring)
      precondition(
        code >= 0 || -code == EBUSY || -code == EAGAIN || -code == EINTR,
        "io_uring_submit failed on a full queue")
    }
  }

  /// Accepts connections until cancelled; each completion's result is a descriptor.
  package func acceptMultishot(_ listener: Int32, data: UInt64) {
    let sqe = unsafe entry(data)
    unsafe io_uring_prep_multishot_accept(
      sqe, listener, nil, nil, Int32(SOCK_CLOEXEC.rawValue))
    unsafe curing_set_data(sqe, data)
  }

  /// Receives into provided buffers until the peer closes, buffers run out (ENOBUFS) or it is cancelled.
  package func receiveMultishot(_ socket: Int32, group: UInt16, data: UInt64) {
    let sqe = unsafe entry(data)
    unsafe io_uring_prep_recv_multishot(sqe, socket, nil, 0, 0)
    unsafe curing_select_buffer(sqe, group)
    unsafe curing_set_data(sqe, data)
  }

  /// Sends all of `bytes`, which stay where they are until the completion.
  package func send(_ socket: Int32, unsafeBytes: UnsafeRawPointer, count: Int, data: UInt64) {
    let sqe = unsafe entry(data)
    unsafe io_uring_prep_send(
      sqe, socket, unsafeBytes, count, Int32(MSG_NOSIGNAL) | Int32(MSG_WAITALL))
    unsafe curing_set_data(sqe, data)
  }

  /// Completes each time `descriptor` is readable.
  package func pollReadable(_ descriptor: Int32, data: UInt64) {
    let sqe = unsafe entry(data)
    unsafe io_uring_prep_poll_multishot(sqe, descriptor, UInt32(POLLIN))
    unsafe curing_set_data(sqe, data)
  }

  /// Cancels the operations submitted with `target`.
  package func cancel(_ target: UInt64, data: UInt64) {
    let sqe = unsafe entry(data)
    unsafe io_uring_prep_cancel64(sqe, target, 0)
    unsafe curing_set_data(sqe, data)
  }

  /// Puts a completion with `remoteData` into another thread's ring; that thread wakes.
  func message(_ ringDescriptor: Int32, remoteData: UInt64, data: UInt64) {
    let sqe = unsafe entry(data)
    unsafe io_uring_prep_msg_ring(sqe, ringDescriptor, 0, remoteData, 0)
    unsafe curing_set_data(sqe, data)
    unsafe curing_skip_success(sqe)
  }
}
