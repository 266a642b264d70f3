import Engine
import EventLoop
import Glibc
import Persistence
import RESP
import TestSupport
import Testing

/// Files that other servers have written, and what is left of them when bytes change: they are read or refused, and nothing else.
struct LoaderFuzzTests {
  private static let names = ["redis7", "redis8", "valkey9"]
  private static var seeds: Range<UInt64> { unsafe 0..<(getenv("MARTLET_LONG_TESTS") == nil ? 1_500 : 60_000) }

  private static func fixture(_ name: String) throws -> [UInt8] {
    let directory = "\(#filePath)".split(separator: "/").dropLast().joined(separator: "/")
    return try MappedFile("/\(directory)/Fixtures/\(name)").contents()
  }

  /// Reads a file to its end; what it holds.
  private func read(_ bytes: ByteView, verifies: Bool) throws(RDBError) -> (keys: Int, functions: Int) {
    var options = Keyspace.Options()
    options.databaseCount = 16
    var reader = try RDBFileReader(bytes, options: options, seed: 1, now: nil)
    var keys = 0
    var functions = 0
    while true {
      switch try reader.next() {
      case .entry: keys += 1
      case .function: functions += 1
      case .auxiliary: break
      case .expired: break
      case .empty: break
      case .end:
        try reader.finish(verifies: verifies)
        return (keys, functions)
      }
    }
  }

  @Test(arguments: names)
  func everyFixtureIsRead(_ name: String) throws {
    let content = try Self.fixture("\(name).rdb")
    let found = try ByteView.with(content) { (bytes) throws(RDBError) in try read(bytes, verifies: true) }
    #expect(found.keys == 18 && found.functions == 1)
    let log = try Self.fixture("\(name).aof")
    let scan = try ByteView.with(log) { (bytes) throws(AppendOnlyScan.Failure) in try AppendOnlyScan(bytes) }
    #expect(!scan.isTorn && scan.validByteCount == log.count && scan.recordCount > 50)
  }

  /// Changes some bytes, cuts, repeats or inserts pieces.
  private func mutated(_ bytes: [UInt8], _ random: inout SeededGenerator, from start: Int) -> [UInt8] {
    var bytes = bytes
    for _ in 0..<Int.random(in: 1...4, using: &random) where bytes.count > start + 1 {
      let place = Int.random(in: start..<bytes.count, using: &random)
      switch Int.random(in: 0..<7, using: &random) {
      case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
      case 1: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
      case 2: bytes.removeSubrange(place...)
      case 3: bytes.insert(contentsOf: random.bytes(1...9), at: place)
      // Lengths that promise a lot.
      case 4: bytes.replaceSubrange(place..<min(place + 5, bytes.count), with: [0x80, 0x7F, 0xFF, 0xFF, 0xFF])
      case 5: bytes.replaceSubrange(place..<min(place + 9, bytes.count), with: [0x81] + [UInt8](repeating: 0xFF, count: 8))
      default:
        let end = min(bytes.count, place + Int.random(in: 1...40, using: &random))
        bytes.insert(contentsOf: bytes[place..<end], at: Int.random(in: start..<bytes.count, using: &random))
      }
    }
    return bytes
  }

  private static func residentBytes() throws -> Int {
    let pages = try Files.text("/proc/self/statm").split(separator: " ")[1]
    return try #require(Int(pages)) * 4096
  }

  @Test(arguments: names)
  func changedSnapshotsAreReadOrRefused(_ name: String) throws {
    let content = try Self.fixture("\(name).rdb")
    let before = try Self.residentBytes()
    var readable = 0
    for seed in Self.seeds {
      var random = SeededGenerator(seed: seed)
      let changed = mutated(content, &random, from: 9)
      ByteView.with(changed) { bytes in
        if (try? read(bytes, verifies: false)) != nil { readable += 1 }
        // A checksum tells of every change.
        if changed != content { #expect((try? read(bytes, verifies: true)) == nil || changed.starts(with: content), "seed \(seed)") }
      }
    }
    #expect(readable < Self.seeds.count)
    #expect(try Self.residentBytes() - before < 256 << 20, "what is small made the readers take a lot")
  }

  @Test(arguments: names)
  func changedLogsAreReadOrRefused(_ name: String) throws {
    let content = try Self.fixture("\(name).aof")
    for seed in Self.seeds {
      var random = SeededGenerator(seed: seed)
      let changed = mutated(content, &random, from: 0)
      ByteView.with(changed) { bytes in
        do throws(AppendOnlyScan.Failure) {
          let scan = try AppendOnlyScan(bytes)
          #expect(scan.validByteCount <= changed.count)
          #expect(scan.isTorn || scan.validByteCount == changed.count)
        } catch {
          #expect(error.offset <= changed.count && error.validByteCount <= error.offset)
        }
      }
    }
  }

  @Test(arguments: names)
  func aLogCutAnywhereIsTornThere(_ name: String) throws {
    let content = try Self.fixture("\(name).aof")
    let whole = try ByteView.with(content) { (bytes) throws(AppendOnlyScan.Failure) in try AppendOnlyScan(bytes) }
    for count in stride(from: 0, to: content.count, by: 7) {
      let scan = try ByteView.with(Array(content.prefix(count))) { (bytes) throws(AppendOnlyScan.Failure) in
        try AppendOnlyScan(bytes)
      }
      #expect(scan.validByteCount <= count && scan.recordCount <= whole.recordCount)
      #expect(scan.isTorn == (scan.validByteCount < count))
    }
  }
}
