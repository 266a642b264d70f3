package import RESP

/// The CRC-64 at the end of RDB files and DUMP payloads: Jones' polynomial 0xad93d23594c935a9,
/// reflected, starting from 0, not inverted.
///
/// Eight bytes a step with eight tables (slicing-by-8), 16 KB, made at first use. A byte a step with one
/// table would wait for a load eight times where this waits once.
///
/// - SeeAlso: M. Kounavis, F. Berry, "A Systematic Approach to Building High Performance
///   Software-Based CRC Generators", ISCC 2005.
package enum CRC64 {
  /// Table *k*, at `k * 256`, holds what a byte contributes with *k* bytes after it.
  private static let tables: [UInt64] = {
    let reflected: UInt64 = 0x95AC_9329_AC4B_C9B5
    var tables = (0..<256).map { byte in
      (0..<8).reduce(UInt64(byte)) { crc, _ in crc & 1 != 0 ? crc >> 1 ^ reflected : crc >> 1 }
    }
    for index in 256..<2048 {
      let before = tables[index - 256]
      tables.append(tables[Int(before & 0xFF)] ^ before >> 8)
    }
    return tables
  }()

  /// The checksum of all bytes so far.
  ///
  /// - Parameter crc: the checksum of the bytes before these; 0 at the start.
  /// - Complexity: O(*n*). Does not allocate.
  package static func checksum(_ bytes: ByteView, continuing crc: UInt64 = 0) -> UInt64 {
    unsafe tables.withUnsafeBufferPointer { tables in
      var crc = crc
      let base = unsafe bytes.unsafeBase
      var index = 0
      while index &+ 8 <= bytes.count {
        let word =
          crc
          ^ UInt64(littleEndian: unsafe base.loadUnaligned(fromByteOffset: index, as: UInt64.self))
        crc = unsafe tables[1792 &+ Int(word & 0xFF)]
        crc ^= unsafe tables[1536 &+ Int(word >> 8 & 0xFF)]
        crc ^= unsafe tables[1280 &+ Int(word >> 16 & 0xFF)]
        crc ^= unsafe tables[1024 &+ Int(word >> 24 & 0xFF)]
        crc ^= unsafe tables[768 &+ Int(word >> 32 & 0xFF)]
        crc ^= unsafe tables[512 &+ Int(word >> 40 & 0xFF)]
        crc ^= unsafe tables[256 &+ Int(word >> 48 & 0xFF)]
        crc ^= unsafe tables[Int(word >> 56)]
        index &+= 8
      }
      while index < bytes.count {
        crc = unsafe tables[Int((crc ^ UInt64(bytes[index])) & 0xFF)] ^ crc >> 8
        index &+= 1
      }
      return crc
    }
  }
}

extension CRC64 {
  /// The checksum of two runs of bytes one after the other, from the checksums of each: so that parts of a file are
  /// summed up by whoever writes them.
  ///
  /// - Parameter count: bytes of the second run.
  /// - Complexity: O(log *count*).
  /// - SeeAlso: M. Adler's crc32_combine of zlib, which appends zeros by squaring matrices.
  package static func combine(_ first: UInt64, _ second: UInt64, count: Int) -> UInt64 {
    var crc = first
    var left = count
    var power = 0
    while left > 0 {
      if left & 1 != 0 { crc = multiply(zeroBytes[power], crc) }
      left >>= 1
      power += 1
    }
    return crc ^ second
  }

  /// What 2^k bytes of zero make of a checksum, as a matrix over the bits: its columns.
  private static let zeroBytes: [[UInt64]] = {
    // One bit of zero shifts, and folds the bit that falls out back in.
    var matrix = [0x95AC_9329_AC4B_C9B5] + (0..<63).map { UInt64(1) << UInt64($0) }
    for _ in 0..<3 { matrix = square(matrix) }
    var powers = [matrix]
    while powers.count < 48 { powers.append(square(powers[powers.count - 1])) }
    return powers
  }()

  private static func multiply(_ matrix: [UInt64], _ vector: UInt64) -> UInt64 {
    var sum: UInt64 = 0
    var bits = vector
    while bits != 0 {
      sum ^= matrix[bits.trailingZeroBitCount]
      bits &= bits - 1
    }
    return sum
  }

  private static func square(_ matrix: [UInt64]) -> [UInt64] { matrix.map { multiply(matrix, $0) } }
}
