import Glibc

/// A thread of its own for an event loop.
package enum LoopThread {
  /// Starts a thread that runs `body` and ends with it.
  ///
  /// Signals stay blocked in it: the main thread waits for them.
  ///
  /// - Throws: what pthread_create(3) reported, such as EAGAIN.
  package static func start(_ body: @escaping @Sendable () -> Void) throws(SystemError) {
    let box = unsafe Unmanaged.passRetained(Box(body))
    var thread: pthread_t = 0
    let code = unsafe pthread_create(
      &thread, nil,
      { argument in
        guard let argument = unsafe argument else { return nil }
        unsafe Unmanaged<Box>.fromOpaque(argument).takeRetainedValue().body()
        return nil
      }, box.toOpaque())
    guard code == 0 else {
      unsafe box.release()
      throw SystemError("pthread_create", code)
    }
    pthread_detach(thread)
  }

  private final class Box: Sendable {
    let body: @Sendable () -> Void
    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
  }
}
