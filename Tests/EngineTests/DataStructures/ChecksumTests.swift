import Engine
import RESP
import Testing

@Suite struct ChecksumTests {
  @Test func crc64OfTheCheckStringIsJones() {
    let crc = ByteView.with(Array("123456789".utf8)) { CRC64.checksum($0) }
    #expect(crc == 0xE9C6_D914_C4B8_D9CA)
    #expect(CRC64.checksum(.empty) == 0)
  }

  @Test func crc64InPartsIsCRC64OfTheWhole() {
    let bytes = (0..<257).map { UInt8(truncatingIfNeeded: $0 &* 7 ^ $0 >> 3) }
    ByteView.with(bytes) { view in
      let whole = CRC64.checksum(view)
      var byByte: UInt64 = 0
      for index in 0..<view.count {
        byByte = CRC64.checksum(view[index..<index + 1], continuing: byByte)
      }
      #expect(byByte == whole)
      for cut in 0...view.count {
        let head = CRC64.checksum(view[0..<cut])
        #expect(CRC64.checksum(view[cut..<view.count], continuing: head) == whole)
      }
    }
  }

  @Test func crc16OfTheCheckStringIsXMODEM() {
    #expect(ByteView.with(Array("123456789".utf8)) { CRC16.checksum($0) } == 0x31C3)
  }

  @Test(arguments: [
    ("foo", 12182), ("bar", 5061), ("", 0), ("{user1000}.following", 3443),
    ("{user1000}.followers", 3443), ("foo{}{bar}", 8363), ("foo{{bar}}zap", 4015),
    ("foo{bar}{zap}", 5061),
  ])
  func slotsAreThoseOfRedis(key: String, slot: Int) {
    #expect(ByteView.with(Array(key.utf8)) { CRC16.slot(of: $0) } == slot)
  }
}
