import Testing

@testable import EventLoop

struct TimerHeapTests {
  /// Against a plain list, from a seed: the earliest due body comes first, cancelled ones never.
  @Test(arguments: 1...20) func itGivesBodiesOutByDeadline(seed: UInt64) {
    var state = seed
    func random(_ bound: UInt64) -> UInt64 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return (state >> 33) % bound
    }
    var heap = TimerHeap()
    var model: [(deadline: UInt64, name: Int, id: TimerID)] = []
    var fired = -1
    var now: UInt64 = 0
    for name in 0..<2000 {
      switch random(4) {
      case 0, 1:
        let deadline = now + random(100)
        model.append((deadline, name, heap.insert(deadline: deadline) { fired = name }))
      case 2 where !model.isEmpty:
        heap.remove(model.remove(at: Int(random(UInt64(model.count)))).id)
      default:
        now += random(20)
        while let body = heap.popDue(now) {
          body()
          let earliest = model.map(\.deadline).min()
          guard let place = model.firstIndex(where: { $0.name == fired }) else {
            Issue.record("\(fired) fired after its end")
            return
          }
          #expect(model[place].deadline == earliest)
          #expect(model[place].deadline <= now)
          model.remove(at: place)
        }
        #expect(model.allSatisfy { $0.deadline > now })
      }
      #expect(heap.firstDeadline == model.map(\.deadline).min())
    }
  }
}
