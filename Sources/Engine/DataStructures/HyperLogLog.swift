import Glibc
import RESP

/// An estimate of how many different elements were seen, in Redis' own byte format: a string that Redis reads and
/// writes.
///
/// ```
/// "HYLL" encoding:1 unused:3 cardinality:8     little endian; its top bit says that it is out of date
///
/// dense    16384 registers of 6 bits, lowest bits first
/// sparse   00LLLLLL                 1 to 64 registers that are 0
///          01LLLLLL LLLLLLLL        1 to 16384 registers that are 0
///          1VVVVVLL                 1 to 4 registers that hold 1 to 32
/// ```
///
/// - SeeAlso: P. Flajolet et al., "HyperLogLog", AofA 2007; S. Heule et al., "HyperLogLog in Practice", EDBT 2013;
///   O. Ertl, "New cardinality estimation algorithms for HyperLogLog sketches", 2017 (the estimator).
struct HyperLogLog {
  static let registerCount = 1 << 14
  private static let indexBits: UInt64 = 14
  /// Bits of a hash that a register counts zeros in.
  static let rankBits = 50
  static let headerByteCount = 16
  static let denseByteCount = headerByteCount + registerCount * 6 / 8
  private static let sparseValueMax: UInt8 = 32

  private(set) var bytes: [UInt8]

  enum Encoding: UInt8 {
    case dense = 0
    case sparse = 1
  }

  /// An empty one.
  init() {
    bytes = Array("HYLL".utf8) + [Encoding.sparse.rawValue, 0, 0, 0] + [UInt8](repeating: 0, count: 8)
    bytes += [0x7F, 0xFF]
  }

  /// One that was stored.
  ///
  /// - Throws: `.notAHyperLogLog` for any other string.
  init(_ stored: ByteView) throws(CommandError) {
    guard Self.hasHeader(stored) else { throw .notAHyperLogLog }
    bytes = stored.bytes
  }

  static func hasHeader(_ stored: ByteView) -> Bool {
    guard stored.count >= headerByteCount, stored[0..<4] == "HYLL",
      let encoding = Encoding(rawValue: stored[4])
    else { return false }
    return encoding == .sparse || stored.count == denseByteCount
  }

  var encoding: Encoding { Encoding(rawValue: bytes[4]) ?? .dense }

  // MARK: Cached cardinality

  /// nil if it is out of date.
  var cachedCount: Int? {
    get {
      guard bytes[15] & 0x80 == 0 else { return nil }
      return (0..<8).reduce(0) { $0 | Int(bytes[8 + $1]) << (8 * $1) }
    }
    set {
      guard let newValue else {
        bytes[15] |= 0x80
        return
      }
      for index in 0..<8 { bytes[8 + index] = UInt8(truncatingIfNeeded: newValue >> (8 * index)) }
    }
  }

  // MARK: Adding

  /// The register that an element counts in, and what it counts to.
  static func place(of element: ByteView) -> (register: Int, value: UInt8) {
    let hash = MurmurHash64A.hash(element, seed: 0xADC8_3B19)
    let register = Int(hash & UInt64(registerCount - 1))
    let rest = hash >> indexBits | 1 << UInt64(rankBits)
    return (register, UInt8(rest.trailingZeroBitCount + 1))
  }

  /// Raises a register to `value`; false if it was as high already.
  ///
  /// - Parameter sparseBytesMax: beyond that it becomes dense.
  /// - Throws: `.corruptHyperLogLog`.
  mutating func raise(
    _ register: Int, to value: UInt8, sparseBytesMax: Int
  ) throws(CommandError) -> Bool {
    if encoding == .dense { return raiseDense(register, to: value) }
    if value <= Self.sparseValueMax,
      let isRaised = try raiseSparse(register, to: value, bytesMax: sparseBytesMax)
    {
      return isRaised
    }
    try becomeDense()
    return raiseDense(register, to: value)
  }

  private mutating func raiseDense(_ register: Int, to value: UInt8) -> Bool {
    guard denseRegister(register) < value else { return false }
    setDense(register, value)
    return true
  }

  private func denseRegister(_ register: Int) -> UInt8 {
    let offset = Self.headerByteCount + register * 6 / 8
    let shift = UInt16(register * 6 & 7)
    let low = UInt16(bytes[offset])
    let high = offset + 1 < bytes.count ? UInt16(bytes[offset + 1]) : 0
    return UInt8(truncatingIfNeeded: (high << 8 | low) >> shift) & 63
  }

  private mutating func setDense(_ register: Int, _ value: UInt8) {
    let offset = Self.headerByteCount + register * 6 / 8
    let shift = UInt16(register * 6 & 7)
    let mask = UInt16(63) << shift
    let wide = UInt16(value) << shift
    bytes[offset] = bytes[offset] & ~UInt8(truncatingIfNeeded: mask) | UInt8(truncatingIfNeeded: wide)
    guard mask > 0xFF else { return }
    bytes[offset + 1] = bytes[offset + 1] & ~UInt8(mask >> 8) | UInt8(wide >> 8)
  }

  // MARK: Sparse

  /// One instruction of the sparse encoding: a run of registers of one value.
  private struct Run {
    let offset: Int
    let first: Int
    let count: Int
    let value: UInt8
    /// Of the instruction.
    let byteCount: Int
    /// A run of zeros in two bytes.
    var isLong: Bool { byteCount == 2 }
  }

  private func run(at offset: Int, first: Int) throws(CommandError) -> Run {
    let byte = bytes[offset]
    let run: Run
    if byte & 0x80 != 0 {
      run = Run(
        offset: offset, first: first, count: Int(byte & 3) + 1, value: (byte >> 2 & 31) + 1,
        byteCount: 1)
    } else if byte & 0x40 == 0 {
      run = Run(offset: offset, first: first, count: Int(byte & 63) + 1, value: 0, byteCount: 1)
    } else {
      guard offset + 1 < bytes.count else { throw .corruptHyperLogLog }
      run = Run(
        offset: offset, first: first, count: (Int(byte & 63) << 8 | Int(bytes[offset + 1])) + 1,
        value: 0, byteCount: 2)
    }
    guard first + run.count <= Self.registerCount else { throw .corruptHyperLogLog }
    return run
  }

  private static func zeros(_ count: Int) -> [UInt8] {
    count > 64
      ? [0x40 | UInt8((count - 1) >> 8), UInt8(truncatingIfNeeded: count - 1)] : [UInt8(count - 1)]
  }

  private static func values(_ value: UInt8, _ count: Int) -> UInt8 {
    0x80 | (value - 1) << 2 | UInt8(count - 1)
  }

  /// nil if the result would be too long.
  private mutating func raiseSparse(
    _ register: Int, to value: UInt8, bytesMax: Int
  ) throws(CommandError) -> Bool? {
    var previous = Self.headerByteCount
    var offset = Self.headerByteCount
    var first = 0
    while true {
      guard offset < bytes.count else { throw .corruptHyperLogLog }
      let run = try run(at: offset, first: first)
      guard register >= first + run.count else { break }
      previous = offset
      offset += run.byteCount
      first += run.count
    }
    let run = try run(at: offset, first: first)
    if run.value >= value { return false }
    if run.count == 1, !run.isLong {
      bytes[offset] = Self.values(value, 1)
    } else {
      var parts: [UInt8] = []
      let before = register - first
      let after = first + run.count - 1 - register
      if before > 0 { parts += run.value == 0 ? Self.zeros(before) : [Self.values(run.value, before)] }
      parts.append(Self.values(value, 1))
      if after > 0 { parts += run.value == 0 ? Self.zeros(after) : [Self.values(run.value, after)] }
      let growth = parts.count - run.byteCount
      if growth > 0, bytes.count + growth > bytesMax { return nil }
      bytes.replaceSubrange(offset..<offset + run.byteCount, with: parts)
    }
    mergeRuns(from: previous)
    return true
  }

  /// Joins runs of the same value that a change may have left side by side.
  private mutating func mergeRuns(from start: Int) {
    var offset = start
    var steps = 5
    while offset < bytes.count, steps > 0 {
      steps -= 1
      let byte = bytes[offset]
      if byte & 0x80 == 0 {
        offset += byte & 0x40 == 0 ? 1 : 2
        continue
      }
      if offset + 1 < bytes.count, bytes[offset + 1] & 0x80 != 0,
        byte & 0x7C == bytes[offset + 1] & 0x7C
      {
        let count = Int(byte & 3) + Int(bytes[offset + 1] & 3) + 2
        if count <= 4 {
          bytes[offset + 1] = Self.values((byte >> 2 & 31) + 1, count)
          bytes.remove(at: offset)
          continue
        }
      }
      offset += 1
    }
  }

  /// - Throws: `.corruptHyperLogLog`.
  mutating func becomeDense() throws(CommandError) {
    guard encoding == .sparse else { return }
    let registers = try self.registers()
    var header = Array(bytes[0..<Self.headerByteCount])
    header[4] = Encoding.dense.rawValue
    bytes = header + [UInt8](repeating: 0, count: Self.denseByteCount - Self.headerByteCount)
    for (register, value) in registers.enumerated() where value > 0 { setDense(register, value) }
  }

  // MARK: Reading

  /// All registers, one byte each.
  ///
  /// - Throws: `.corruptHyperLogLog`.
  func registers() throws(CommandError) -> [UInt8] {
    var registers = [UInt8](repeating: 0, count: Self.registerCount)
    if encoding == .dense {
      unpackDense(into: &registers)
      return registers
    }
    var offset = Self.headerByteCount
    var first = 0
    while offset < bytes.count {
      let run = try run(at: offset, first: first)
      if run.value > 0 {
        for register in first..<first + run.count { registers[register] = run.value }
      }
      offset += run.byteCount
      first += run.count
    }
    guard first == Self.registerCount else { throw .corruptHyperLogLog }
    return registers
  }

  /// Four registers are three bytes.
  private func unpackDense(into registers: inout [UInt8]) {
    var offset = Self.headerByteCount
    for register in stride(from: 0, to: Self.registerCount, by: 4) {
      let word =
        UInt32(bytes[offset]) | UInt32(bytes[offset + 1]) << 8 | UInt32(bytes[offset + 2]) << 16
      registers[register] = UInt8(truncatingIfNeeded: word & 63)
      registers[register + 1] = UInt8(truncatingIfNeeded: word >> 6 & 63)
      registers[register + 2] = UInt8(truncatingIfNeeded: word >> 12 & 63)
      registers[register + 3] = UInt8(truncatingIfNeeded: word >> 18 & 63)
      offset += 3
    }
  }

  /// The estimate for registers.
  static func estimate(_ registers: [UInt8]) -> Int {
    var histogram = [Int](repeating: 0, count: 64)
    for value in registers { histogram[Int(value)] += 1 }
    let m = Double(registerCount)
    var z = m * tau((m - Double(histogram[rankBits + 1])) / m)
    for value in stride(from: rankBits, through: 1, by: -1) {
      z += Double(histogram[value])
      z *= 0.5
    }
    z += m * sigma(Double(histogram[0]) / m)
    return Int((0.721347520444481703680 * m * m / z).rounded(.toNearestOrAwayFromZero))
  }

  private static func sigma(_ start: Double) -> Double {
    if start == 1 { return .infinity }
    var x = start
    var y = 1.0
    var z = x
    while true {
      x *= x
      let last = z
      z += x * y
      y += y
      if last == z { return z }
    }
  }

  private static func tau(_ start: Double) -> Double {
    if start == 0 || start == 1 { return 0 }
    var x = start
    var y = 1.0
    var z = 1 - x
    while true {
      x = x.squareRoot()
      let last = z
      y *= 0.5
      z -= (1 - x) * (1 - x) * y
      if last == z { return z / 3 }
    }
  }

  /// What PFDEBUG DECODE shows: the runs of a sparse one.
  func decoded() throws(CommandError) -> String {
    var parts: [String] = []
    var offset = Self.headerByteCount
    var first = 0
    while offset < bytes.count {
      let run = try run(at: offset, first: first)
      if run.value > 0 {
        parts.append("v:\(run.value),\(run.count)")
      } else {
        parts.append(run.isLong ? "Z:\(run.count)" : "z:\(run.count)")
      }
      offset += run.byteCount
      first += run.count
    }
    return parts.joined(separator: " ")
  }
}

/// Austin Appleby's 64-bit hash, as Redis' HyperLogLogs use it. Not for tables: it is not safe against chosen keys.
enum MurmurHash64A {
  static func hash(_ bytes: ByteView, seed: UInt64) -> UInt64 {
    let multiplier: UInt64 = 0xC6A4_A793_5BD1_E995
    var hash = seed ^ UInt64(bytes.count) &* multiplier
    let base = unsafe bytes.unsafeBase
    var offset = 0
    while offset &+ 8 <= bytes.count {
      var word = unsafe base.loadUnaligned(fromByteOffset: offset, as: UInt64.self) &* multiplier
      word ^= word >> 47
      hash = (hash ^ word &* multiplier) &* multiplier
      offset &+= 8
    }
    if offset < bytes.count {
      var tail: UInt64 = 0
      for index in (offset..<bytes.count).reversed() { tail = tail << 8 | UInt64(bytes[index]) }
      hash = (hash ^ tail) &* multiplier
    }
    hash = (hash ^ hash >> 47) &* multiplier
    return hash ^ hash >> 47
  }
}

extension CommandError {
  static let notAHyperLogLog = CommandError(
    "WRONGTYPE Key is not a valid HyperLogLog string value.")
  static let corruptHyperLogLog = CommandError("INVALIDOBJ Corrupted HLL object detected")
}
