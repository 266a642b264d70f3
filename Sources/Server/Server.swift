import CLinux
import Engine
import EventLoop
import Glibc
import Logging
import Shard

package func runPrototype(port: Int, shards: Int) throws {
  let seed = UInt64.random(in: .min ... .max)
  let context = ServerContext(shardCount: shards, seed: seed, log: Logger(label: "martlet"))
  let group = Mailstone()
  for index in 0..<shards {
    var attributes = pthread_attr_t()
    unsafe pthread_attr_init(&attributes)
    var thread = pthread_t()
    let box = unsafe Unmanaged.passRetained(Start(index: index, context: context, group: group, port: port))
    unsafe pthread_create(&thread, &attributes, { argument in
      let start = unsafe Unmanaged<Start>.fromOpaque(argument!).takeRetainedValue()
      let loop = try! EventLoop(name: "shard-\(start.index)")
      let shard = Shard(index: start.index, loop: loop, options: .init(), seed: start.context.seed)
      let worker = Worker(shard: shard, server: start.context, settings: WorkerSettings())
      start.group.add(worker, start.context)
      if start.index == 0 {
        let listener = try! Listener.tcp(address: "127.0.0.1", port: start.port, backlog: 511)
        start.context.listeners = [listener]
        loop.ring.acceptMultishot(listener.descriptor, data: Worker.data(.accept, 0))
        print("Ready to accept connections"); unsafe fflush(stdout)
      }
      loop.run(client: worker)
      return nil
    }, box.toOpaque())
  }
  while true { pause() }
}
final class Start { let index: Int, context: ServerContext, group: Mailstone, port: Int
  init(index: Int, context: ServerContext, group: Mailstone, port: Int) { self.index = index; self.context = context; self.group = group; self.port = port } }
@safe final class Mailstone: @unchecked Sendable {
  var workers: [Worker] = []
  let m: UnsafeMutablePointer<pthread_mutex_t> = .allocate(capacity: 1)
  init() { unsafe pthread_mutex_init(m, nil) }
  func add(_ w: Worker, _ c: ServerContext) {
    unsafe pthread_mutex_lock(m)
    workers.append(w)
    let done = workers.count == c.shardCount
    if done { c.install(workers.sorted { $0.index < $1.index }) }
    unsafe pthread_mutex_unlock(m)
    while c.workers.count < c.shardCount { usleep(100) }
  }
}
