import EventLoop
import Shard
import Synchronization
import Testing

struct MailboxTests {
  @Test func itGivesParcelsOutInTheirOrder() {
    let mailbox = Mailbox()
    #expect(mailbox.isEmpty)
    for origin in 0..<10 { #expect(mailbox.push(Parcel(origin: origin))) }
    #expect(!mailbox.isEmpty)
    for origin in 0..<10 { #expect(mailbox.pop()?.origin == origin) }
    #expect(mailbox.pop() == nil)
    #expect(mailbox.isEmpty)
  }

  @Test func aFullMailboxRefusesAndGoesOnWhenThereIsRoom() {
    let mailbox = Mailbox()
    for origin in 0..<Mailbox.capacity { #expect(mailbox.push(Parcel(origin: origin))) }
    #expect(!mailbox.push(Parcel(origin: -1)))
    #expect(mailbox.pop()?.origin == 0)
    #expect(mailbox.push(Parcel(origin: Mailbox.capacity)))
    #expect(!mailbox.push(Parcel(origin: -1)))
    for origin in 1...Mailbox.capacity { #expect(mailbox.pop()?.origin == origin) }
    #expect(mailbox.pop() == nil)
  }

  @Test func itsEndFreesWhatIsInIt() {
    weak var parcel: Parcel?
    do {
      let mailbox = Mailbox()
      let inside = Parcel(origin: 1)
      parcel = inside
      #expect(mailbox.push(inside))
    }
    #expect(parcel == nil)
  }

  /// The producer runs into a full ring and the consumer into an empty one, many times over.
  @Test(.timeLimit(.minutes(1))) func twoThreadsKeepTheOrder() throws {
    let count = 200_000
    let mailbox = Mailbox()
    let done = Semaphore()
    try LoopThread.start {
      for origin in 0..<count {
        let parcel = Parcel(origin: origin)
        while !mailbox.push(parcel) {}
      }
      done.signal()
    }
    var outOfOrder = 0
    for origin in 0..<count {
      var parcel = mailbox.pop()
      while parcel == nil { parcel = mailbox.pop() }
      if parcel?.origin != origin { outOfOrder += 1 }
    }
    done.wait()
    #expect(outOfOrder == 0)
    #expect(mailbox.isEmpty)
  }
}
