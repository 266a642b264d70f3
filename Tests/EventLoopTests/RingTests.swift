import EventLoop
import Glibc
import Testing

/// Receiving over socket pairs.
@Suite(
  .enabled(if: RunningLoop.refusal == nil, "this kernel gives out no io_uring"),
  .timeLimit(.minutes(1)))
struct RingTests {
  private static let receiveData: UInt64 = 1
  private static let cancelData: UInt64 = 2

  private static func socketPair() -> (Int32, Int32) {
    var pair: [Int32] = [0, 0]
    let code = unsafe socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &pair)
    precondition(code == 0, "socketpair: errno \(errno)")
    return (pair[0], pair[1])
  }

  /// Two buffers of 16 bytes and 100 bytes to receive: the receive ends with ENOBUFS once both are lent, goes
  /// on when they are given back, and no byte is lost.
  @Test func aBufferRingThatRunsOutLosesNothing() throws {
    let (sender, receiver) = Self.socketPair()
    let sent = (0..<100).map { UInt8($0) }
    let written = unsafe sent.withUnsafeBytes { unsafe write(sender, $0.baseAddress, $0.count) }
    #expect(written == 100)
    let running = try RunningLoop(receiveBuffers: 2, receiveBufferByteCount: 16) { loop, client in
      var received: [UInt8] = []
      var held: [BufferID] = []
      client.onCompletion = { completion in
        if let buffer = completion.buffer {
          let start = unsafe loop.buffers.unsafeAddress(buffer)
          let bytes = unsafe UnsafeRawBufferPointer(
            start: start, count: Int(completion.result))
          unsafe received.append(contentsOf: bytes)
          held.append(buffer)
        }
        if completion.result == -ENOBUFS {
          client.note("ran out of \(held.count)")
          for (offset, buffer) in held.enumerated() { loop.buffers.recycle(buffer, offset: offset) }
          loop.buffers.publish(held.count)
          held.removeAll()
        }
        if received.count == 100 {
          client.note(received == sent ? "all" : "other bytes: \(received)")
          return loop.stop()
        }
        if !completion.hasMore {
          loop.ring.receiveMultishot(receiver, group: loop.buffers.group, data: Self.receiveData)
        }
      }
      loop.ring.receiveMultishot(receiver, group: loop.buffers.group, data: Self.receiveData)
    }
    running.join()
    #expect(running.client.notes == ["ran out of 2", "ran out of 2", "ran out of 2", "all"])
    close(sender)
    close(receiver)
  }

  @Test func aCancelledReceiveSaysSo() throws {
    let (sender, receiver) = Self.socketPair()
    let running = try RunningLoop { loop, client in
      client.onCompletion = { completion in
        client.note("\(completion.data): \(completion.result)")
        if client.notes.count == 2 { loop.stop() }
      }
      loop.ring.receiveMultishot(receiver, group: loop.buffers.group, data: Self.receiveData)
      loop.ring.cancel(Self.receiveData, data: Self.cancelData)
    }
    running.join()
    #expect(running.client.notes.sorted() == ["1: \(-ECANCELED)", "2: 0"])
    close(sender)
    close(receiver)
  }

  @Test func aClosedPeerIsAReceiveOfNothing() throws {
    let (sender, receiver) = Self.socketPair()
    close(sender)
    let running = try RunningLoop { loop, client in
      client.onCompletion = { completion in
        client.note("\(completion.result) \(completion.hasMore)")
        loop.stop()
      }
      loop.ring.receiveMultishot(receiver, group: loop.buffers.group, data: Self.receiveData)
    }
    running.join()
    #expect(running.client.notes == ["0 false"])
    close(receiver)
  }

  /// More operations in one turn than the submission queue holds.
  @Test func aFullSubmissionQueueIsSubmittedOnTheWay() throws {
    let (sender, receiver) = Self.socketPair()
    let count = 5000
    let running = try RunningLoop { loop, client in
      var left = count
      client.onCompletion = { completion in
        left -= 1
        if completion.result != -ENOENT { client.note("\(completion.result)") }
        if left == 0 { loop.stop() }
      }
      for _ in 0..<count { loop.ring.cancel(77, data: Self.cancelData) }
    }
    running.join()
    #expect(running.client.notes.isEmpty)
    close(sender)
    close(receiver)
  }
}
