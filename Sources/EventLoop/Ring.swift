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

  init(_ completion: curing_completion) {
    data = completion.data
    result = completion.result
    flags = completion.flags
  }

  /// A multishot operation goes on; without it, it must be submitted anew.
  package var hasMore: Bool { flags & UInt32(CURING_MORE) != 0 }

  /// The provided buffer that holds the received bytes, if one was used.
  package var buffer: BufferID? {
    guard flags & UInt32(CURING_BUFFER) != 0 else { return nil }
    return BufferID(rawValue: UInt16(flags >> UInt32(CURING_BUFFER_SHIFT)))
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
  private let ring: OpaquePointer
  private let completions: UnsafeMutablePointer<curing_completion>
  private static let completionsPerTurnMax: UInt32 = 512

  /// - Throws: what io_uring_setup(2) reported: ENOSYS or EPERM where io_uring is missing or forbidden, EINVAL
  ///   on kernels before 6.1.
  init(entries: UInt32 = 1024, completionEntries: UInt32 = 8192) throws(SystemError) {
    var code: Int32 = 0
    guard let created = unsafe curing_create(entries, completionEntries, &code) else {
      throw SystemError("io_uring_setup", -code)
    }
    unsafe ring = unsafe created
    unsafe completions = .allocate(capacity: Int(Self.completionsPerTurnMax))
  }

  func close() {
    unsafe curing_destroy(ring)
    unsafe completions.deallocate()
  }

  /// For `message` from another ring.
  var descriptor: Int32 { unsafe curing_descriptor(ring) }

  var handle: OpaquePointer { unsafe ring }

  // MARK: Waiting

  /// Submits what is queued and waits for completions.
  ///
  /// - Parameters:
  ///   - nanoseconds: 0 does not wait, nil waits for ever.
  ///   - count: how many; with more than one, those of sends that are submitted now do not count.
  func wait(nanoseconds: UInt64?, count: Int = 1) {
    let code = unsafe curing_wait(
      ring, nanoseconds.map { Int64(clamping: $0) } ?? -1, UInt32(count))
    if code < 0 {
      switch -code {
      case ETIME, EINTR, EAGAIN, EBUSY: break  // nothing to reap yet, or the kernel wants us to reap first
      default: fatalError(unsafe "io_uring_enter: \(String(cString: strerror(-code)))")
      }
    }
  }

  /// Hands each waiting completion, up to a bound, to `body`.
  @inline(__always)
  package func reap(_ body: (Completion) -> Void) {
    let count = unsafe curing_take(ring, completions, Self.completionsPerTurnMax)
    for index in 0..<Int(count) { unsafe body(Completion(completions[index])) }
  }

  /// Whether operations wait for the next `wait`.
  var hasQueued: Bool { unsafe curing_has_queued(ring) != 0 }

  /// Whether completions wait that `reap` would deliver.
  var hasCompletions: Bool { unsafe curing_has_completions(ring) != 0 }

  // MARK: Operations. `data` comes back with the completion.

  /// Queueing fails only when the kernel refuses a full queue for a reason that is our fault.
  private func check(_ code: Int32) {
    precondition(code == 0, "io_uring_submit on a full queue: errno \(-code)")
  }

  /// Accepts connections until cancelled; each completion's result is a descriptor.
  package func acceptMultishot(_ listener: Int32, data: UInt64) {
    unsafe check(curing_accept_multishot(ring, listener, data))
  }

  /// Receives into provided buffers until the peer closes, buffers run out (ENOBUFS) or it is cancelled.
  package func receiveMultishot(_ socket: Int32, group: UInt16, data: UInt64) {
    unsafe check(curing_receive_multishot(ring, socket, group, data))
  }

  /// Sends all of `bytes`, which stay where they are until the completion.
  package func send(_ socket: Int32, unsafeBytes: UnsafeRawPointer, count: Int, data: UInt64) {
    unsafe check(curing_send(ring, socket, unsafeBytes, count, data))
  }

  /// Writes bytes to a file, which stay where they are until the completion; may write fewer.
  ///
  /// - Parameter followers: completions of nothing that come with it, so that a thread that waits for several arrivals
  ///   wakes at once.
  package func write(
    _ file: Int32, unsafeBytes: UnsafeRawPointer, count: Int, at offset: Int, isSynced: Bool = false, data: UInt64,
    followers: Int = 0
  ) {
    unsafe check(
      curing_write(
        ring, file, unsafeBytes, min(count, Int(Int32.max)), UInt64(offset), isSynced ? 1 : 0, data,
        UInt32(followers), EventLoop.ignoredData))
  }

  /// Has what was written to a file reach the disk: fdatasync(2).
  package func sync(_ file: Int32, data: UInt64) { unsafe check(curing_sync(ring, file, data)) }

  /// Completes each time `descriptor` is readable.
  package func pollReadable(_ descriptor: Int32, data: UInt64) {
    unsafe check(curing_poll_readable(ring, descriptor, data))
  }

  /// Cancels the operations submitted with `target`.
  package func cancel(_ target: UInt64, data: UInt64) { unsafe check(curing_cancel(ring, target, data)) }

  /// Puts a completion with `remoteData` into another thread's ring; that thread wakes.
  func message(_ ringDescriptor: Int32, remoteData: UInt64, data: UInt64) {
    unsafe check(curing_message(ring, ringDescriptor, remoteData, data))
  }
}
