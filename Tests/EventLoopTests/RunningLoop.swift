import EventLoop
import Synchronization

/// A loop on its own thread, and what it saw, for tests.
final class RunningLoop: @unchecked Sendable {
  // Unchecked: `loop` is set before the thread that made this goes on; the rest belongs to the loop's thread.
  private(set) var loop: EventLoop!
  let client = Recorder()
  private let finished = Semaphore()

  /// Starts the loop; `prepare` runs on its thread before the first turn.
  init(
    receiveBuffers: Int = 64, receiveBufferByteCount: Int = 16384,
    _ prepare: @escaping @Sendable (EventLoop, Recorder) -> Void = { _, _ in }
  ) throws {
    let started = Semaphore()
    let failure = Mutex<SystemError?>(nil)
    try LoopThread.start { [self] in
      do throws(SystemError) {
        let loop = try EventLoop(
          name: "test", receiveBuffers: receiveBuffers,
          receiveBufferByteCount: receiveBufferByteCount)
        self.loop = loop
        client.loop = loop
        prepare(loop, client)
        started.signal()
        loop.run(client: client)
      } catch {
        failure.withLock { $0 = error }
        started.signal()
      }
      finished.signal()
    }
    started.wait()
    if let error = failure.withLock({ $0 }) { throw error }
  }

  /// Waits for the end of the loop's thread.
  func join() { finished.wait() }

  /// Runs `body` on the loop and waits for it.
  func perform<Result: Sendable>(_ body: @escaping @Sendable (EventLoop, Recorder) -> Result) async
    -> Result
  {
    let (loop, client) = (loop!, client)
    return await Task(executorPreference: loop) { body(loop, client) }.value
  }

  func stop() async {
    await perform { loop, _ in loop.stop() }
    join()
  }

  /// Why there is nothing to test here, nil where the kernel gives out rings.
  static let refusal: String? = {
    do {
      let running = try RunningLoop { loop, _ in loop.stop() }
      running.join()
      return nil
    } catch {
      return "\(error)"
    }
  }()
}

/// A loop's client that hands out completions and remembers what the test wants remembered.
final class Recorder: LoopClient, @unchecked Sendable {
  // Unchecked: all but `seen` belongs to the loop's thread.
  fileprivate(set) unowned var loop: EventLoop!
  var onCompletion: (Completion) -> Void = { _ in }
  var onTurn: () -> Void = {}
  private let seen = Mutex<[String]>([])

  /// What the loop asks before it sleeps.
  var looksForWork: () -> Bool = { false }

  var hasWork: Bool { looksForWork() }

  func turn() {
    onTurn()
    loop.ring.reap { completion in
      if !loop.consumes(completion) { onCompletion(completion) }
    }
  }

  func note(_ text: String) { seen.withLock { $0.append(text) } }
  var notes: [String] { seen.withLock { $0 } }
}
