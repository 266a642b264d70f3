package import RESP

/// CRC-16/XMODEM: polynomial 0x1021, nothing inverted or reflected. Cluster slots are made of it.
///
/// - SeeAlso: <https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/#key-distribution-model>
package enum CRC16 {
  /// What each leading byte contributes.
  private static let table: [UInt16] = (0..<256).map { leading in
    (0..<8).reduce(UInt16(leading) << 8) { crc, _ in
      crc & 0x8000 != 0 ? crc << 1 ^ 0x1021 : crc << 1
    }
  }

  /// - Complexity: O(*n*), a table look-up a byte. Does not allocate.
  package static func checksum(_ bytes: ByteView) -> UInt16 {
    let table = Self.table
    var crc: UInt16 = 0
    for index in 0..<bytes.count {
      crc = crc << 8 ^ table[Int(UInt8(truncatingIfNeeded: crc >> 8) ^ bytes[index])]
    }
    return crc
  }

  package static let slotCount = 16384

  /// The cluster slot of a key: of its hash tag, if it has one.
  package static func slot(of key: ByteView) -> Int {
    Int(checksum(HashTag.of(key))) & (slotCount - 1)
  }
}
