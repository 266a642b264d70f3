package import Engine
import EventLoop
import Logging
import RESP
package import ServerConfig

/// A server inside another program: started without listening, and ended without ending the process.
extension Server {
  /// Starts the threads, reads the files, and listens only if the configuration has a port.
  package static func embedded(
    _ configuration: Configuration, procedures: [Procedure] = []
  ) async throws(StartFailure) -> Server {
    let server = try Server(
      threads: configuration, origin: .embedded,
      procedures: procedures)
    let context = server.context
    context.persistence.willLoad()
    context.memory.started()
    guard await context.persistence.start() else {
      await server.stopThreads()
      throw StartFailure()
    }
    await context.workers[0].perform { _ in context.persistence.startCron() }
    do throws(SystemError) {
      let listeners = try context.openTCP(configuration)
      if !listeners.isEmpty { context.startAccepting(listeners) }
    } catch {
      await server.stopThreads()
      throw StartFailure()
    }
    return server
  }

  /// Its number of shards; each has a thread.
  package var shardCount: Int { context.shardCount }

  /// The shard that holds a key.
  package func shard(of key: [UInt8]) -> Int {
    context.shardCount == 1 ? 0 : ByteView.with(key) { context.shard(of: $0) }
  }

  /// Where tasks run on a shard's own thread.
  package func executor(ofShard shard: Int) -> any TaskExecutor { context.workers[shard].loop }

  /// A client of one of the shards' threads. It reaches the keys of all.
  package func makeClient(
    onShard shard: Int, pushed: (@Sendable ([UInt8]) -> Void)? = nil,
    ended: (@Sendable () -> Void)? = nil
  ) -> LocalClient {
    LocalClient(context.workers[shard], pushed: pushed, ended: ended)
  }

  /// Lets clients finish, writes what has to be on disk, and ends the threads.
  ///
  /// - Parameter saves: whether a snapshot is taken; nil: if there are save points.
  /// - Returns: false if the snapshot failed: then all goes on.
  package func close(saves: Bool?) async -> Bool {
    guard await context.shutDown(saves: saves) != nil else { return false }
    await stopThreads()
    return true
  }

  /// Has each thread end soon. Not at once: a job that is still to leave the loop would be lost with it.
  private func stopThreads() async {
    for worker in context.workers {
      await worker.perform { worker in
        _ = worker.loop.schedule(after: Self.farewellNanoseconds) {
          worker.intake.close()
          worker.loop.stop()
        }
      }
    }
  }

  private static let farewellNanoseconds: UInt64 = 5_000_000
}
