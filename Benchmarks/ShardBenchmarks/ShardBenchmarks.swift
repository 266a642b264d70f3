import Benchmark
import Engine
import EventLoop
import Measuring
import RESP
import Shard

let benchmarks: @Sendable () -> Void = {
  // Nothing crosses threads: what filling, reading and answering a parcel costs.
  measure("Parcel, filled, read and answered, 16 commands", calls: 16_000) {
    let parcel = Parcel(origin: 0)
    var words = ArgumentTable()
    for _ in 0..<1000 {
      fill(parcel, 16)
      answer(parcel, &words)
      parcel.reset(origin: 0)
    }
  }
  for commands in [1, 16] {
    // Two threads need two processors that are free: the time is less certain than that of one.
    measure(
      "Hop, there and back, \(commands) commands", calls: 300, tolerance: 60, countsAllocations: false
    ) {
      try Hop.run(count: 300, commands: commands)
    }
  }
}

private func fill(_ parcel: Parcel, _ commands: Int) {
  Arguments.with([Array("GET".utf8), Array("key:123456".utf8)]) { words in
    for place in 0..<commands {
      parcel.append(
        command: 1, database: 0, protocolVersion: 2, hash: KeyHash(rawValue: 1), arguments: words,
        waiter: Parcel.Waiter(connection: 1, place: place))
    }
  }
}

private func answer(_ parcel: Parcel, _ words: inout ArgumentTable) {
  parcel.read(into: &words) { _ in }
  parcel.writeReplies { replies in
    for _ in 0..<parcel.count {
      replies.bulk("0123456789012345678901234567890123456789012345678901234567890123" as StaticString)
      parcel.endReply(replies)
    }
  }
  words.truncate(to: 0)
}

/// A parcel between two loops, each on a thread, with no other work: one is asleep while the other has it.
private enum Hop {
  static func run(count: Int, commands: Int) throws {
    let (there, back) = (Mailbox(), Mailbox())
    let (started, finished) = (Semaphore(), Semaphore())
    let peers = Peers()
    for isAsking in [false, true] {
      try LoopThread.start {
        guard let loop = try? EventLoop(name: isAsking ? "asks" : "answers") else {
          preconditionFailure("no ring")
        }
        let end = End(
          loop, peers, isAsking: isAsking, inbox: isAsking ? back : there, outbox: isAsking ? there : back, count, commands)
        if isAsking { peers.asks = loop } else { peers.answers = loop }
        started.signal()
        if isAsking {
          started.wait()
          started.wait()
          end.ask(Parcel(origin: 0))
        }
        loop.run(client: end)
        finished.signal()
      }
    }
    finished.wait()
    finished.wait()
  }

  /// Both loops, by what they do.
  private final class Peers: @unchecked Sendable {
    // Unchecked: each is set by its own thread, and read when a semaphore or a parcel has told that it is. Two properties
    // rather than an array, which both threads would change at once.
    var asks: EventLoop?
    var answers: EventLoop?
  }

  private final class End: LoopClient {
    private let loop: EventLoop
    private let peers: Peers
    private let isAsking: Bool
    private let inbox: Mailbox
    private let outbox: Mailbox
    private var left: Int
    private let commands: Int
    private var words = ArgumentTable()

    init(
      _ loop: EventLoop, _ peers: Peers, isAsking: Bool, inbox: Mailbox, outbox: Mailbox, _ count: Int, _ commands: Int
    ) {
      self.loop = loop
      self.peers = peers
      self.isAsking = isAsking
      self.inbox = inbox
      self.outbox = outbox
      self.commands = commands
      left = count
    }

    var hasWork: Bool { !inbox.isEmpty }

    func turn() {
      loop.ring.reap { _ = loop.consumes($0) }
      while let parcel = inbox.pop() {
        left -= 1
        if isAsking {
          parcel.reset(origin: 0)
          if left > 0 { ask(parcel) }
        } else {
          answer(parcel, &words)
          send(parcel)
        }
        if left == 0 { loop.stop() }
      }
    }

    func ask(_ parcel: Parcel) {
      fill(parcel, commands)
      send(parcel)
    }

    private func send(_ parcel: Parcel) {
      precondition(outbox.push(parcel), "no room for one parcel")
      let peer = isAsking ? peers.answers : peers.asks
      if let peer, peer.isSleeping { peer.wake() }
    }
  }
}
