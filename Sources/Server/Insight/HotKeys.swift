import Engine
import RESP

/// The keys that one worker's clients use most, by sampling: about one command in 500 is looked at.
///
/// The counters are those of Space-Saving (Metwally, Agrawal, El Abbadi 2005): a fixed number of them, and a key that
/// has none takes over the smallest one with its count, so a key that makes more than 1/128 of the samples is
/// always there. All counts are halved every ten seconds: what was hot a minute ago is gone.
struct HotKeys: Sendable {
  struct Key: Hashable, Sendable {
    let database: Int
    let name: [UInt8]
  }

  private(set) var counts: [Key: Counter] = [:]
  /// All samples, decayed as the counters are.
  private(set) var total = 0.0
  private var ticks = 0

  struct Counter: Sendable {
    var count: Double
    /// What of the count may have been the key's that had the counter before.
    var error: Double

    static func + (left: Counter, right: Counter) -> Counter {
      Counter(count: left.count + right.count, error: left.error + right.error)
    }

    /// Seen for certain.
    var certain: Double { count - error }
  }

  static let samplePeriod = 500
  private static let countersMax = 128
  /// Longer names are cut: they are for people to read.
  private static let nameBytesMax = 512
  /// The mean age of a sample is the decay's half-life divided by ln 2, as for anything that decays.
  private static let halfLifeSeconds = 10.0
  private static let meanSeconds = halfLifeSeconds * 1.4427

  /// Uses per second that a count stands for.
  static func perSecond(_ count: Double) -> Double { count * Double(samplePeriod) / meanSeconds }

  mutating func add(_ name: ByteView, database: Int) {
    total += 1
    let key = Key(
      database: database, name: name[0..<Swift.min(name.count, Self.nameBytesMax)].bytes)
    if counts[key] != nil || counts.count < Self.countersMax {
      counts[key, default: Counter(count: 0, error: 0)].count += 1
      return
    }
    guard let smallest = counts.min(by: { $0.value.count < $1.value.count }) else { return }
    counts[smallest.key] = nil
    counts[key] = Counter(count: smallest.value.count + 1, error: smallest.value.count)
  }

  /// Ten times a second.
  mutating func decay() {
    ticks += 1
    guard ticks % 10 == 0, total > 0 else { return }
    // 2 to the power of -1/10, once a second.
    let factor = 0.933_032_991_536_807_4
    total *= factor
    counts = counts.mapValues { Counter(count: $0.count * factor, error: $0.error * factor) }
      .filter { $0.value.count > 0.05 }
    if total < 0.05 { total = 0 }
  }

  mutating func reset() {
    counts = [:]
    total = 0
  }

  /// Several workers' counters as one list, hottest first.
  static func merge(_ parts: [HotKeys]) -> (keys: [(key: Key, count: Double)], total: Double) {
    var all: [Key: Counter] = [:]
    for part in parts { all.merge(part.counts, uniquingKeysWith: +) }
    let keys = all.map { (key: $0.key, value: $0.value.certain) }.sorted {
      $0.value != $1.value ? $0.value > $1.value : $0.key.name.lexicographicallyPrecedes($1.key.name)
    }
    return (keys.map { ($0.key, $0.value) }, parts.reduce(0) { $0 + $1.total })
  }
}

extension Worker {
  /// Samples one of a run's commands.
  @inline(never)
  func sampleKey(_ run: Int, _ batch: borrowing Batch) {
    // Runs of more commands than the period count for as many samples as they hold.
    while unsafe hotKeyCountdown <= 0 {
      unsafe hotKeyCountdown += HotKeys.samplePeriod / 2 + Int.random(in: 0..<HotKeys.samplePeriod)
      guard let index = batch.runs[run].records.randomElement() else { continue }
      let record = batch.records[index]
      guard record.command >= 0, record.hash.rawValue != 0 else { continue }
      let words = batch.arguments.arguments(
        from: record.firstWord, count: Int(record.wordCount))
      let position = server.table.descriptors[Int(record.command)].firstKey
      guard position > 0, position < words.count else { continue }
      insight.hotKeys.add(words[position], database: batch.runs[run].connection.database)
    }
  }
}
