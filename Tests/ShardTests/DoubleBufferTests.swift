import Testing

@testable import Shard

@Suite struct DoubleBufferTests {
  @Test func whatComesWhileOneEmptiesIsKeptForTheNextTime() {
    var list = DoubleBuffer<Int>()
    #expect(list.isEmpty && list.take().isEmpty)
    list.append(1)
    list.append(2)
    let first = list.take()
    list.append(3)
    #expect(first == [1, 2] && !list.isEmpty)
    list.giveBack(first)
    #expect(list.take() == [3])
    #expect(list.isEmpty)
  }
}
