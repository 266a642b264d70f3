import EventLoop
import Glibc
import Synchronization

/// One thread of the generator: its connections on one ring.
final class GeneratorThread: LoopClient {
  private let loop: EventLoop
  private let control: RunControl
  @exclusivity(unchecked)
  private var generator: Generator

  /// Runs a thread's part of `plan` on a new thread; `control` hears of its connections, and of its end.
  static func start(_ plan: RunPlan, index: Int, _ control: RunControl) throws(SystemError) {
    try LoopThread.start {
      do throws(BenchmarkError) {
        let thread = try GeneratorThread(plan, index: index, control)
        control.reports.signal()
        thread.run(plan, index)
      } catch {
        control.fail(error)
        control.reports.signal()
      }
    }
  }

  private init(_ plan: RunPlan, index: Int, _ control: RunControl) throws(BenchmarkError) {
    self.control = control
    let count = plan.share(of: plan.connections, index)
    do {
      // A buffer for each connection, within reason: who finds none asks again in the next turn.
      let buffers = 1 << (Int.bitWidth - (min(max(count, 16), 512) - 1).leadingZeroBitCount)
      loop = try EventLoop(name: "load-\(index)", receiveBuffers: buffers)
    } catch {
      throw BenchmarkError("Cannot set up a thread's ring: \(error)")
    }
    unsafe generator = try Generator(plan, thread: index, connections: count, control)
  }

  private func run(_ plan: RunPlan, _ index: Int) {
    control.begin.wait()
    if !control.isStopping.load(ordering: .relaxed) {
      unsafe generator.begin(control.startTime.load(ordering: .relaxed), loop)
      let cpu = plan.cpus.isEmpty ? nil : plan.cpus[index % plan.cpus.count]
      loop.run(client: self, cpu: cpu)
    }
    unsafe generator.close()
    unsafe control.finish(generator.outcome)
  }

  var hasWork: Bool { unsafe generator.hasWork }

  func turn() { unsafe generator.turn(loop) }
}
