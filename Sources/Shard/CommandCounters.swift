import Synchronization

/// What one thread counts of each command, in memory that any thread may read.
///
/// Only the owner writes, with relaxed loads and stores, which cost what plain ones do. Readers see each number as it
/// was a moment ago, and ask nobody: INFO and the metrics port need no copies of the counters.
///
/// A view: copies count into the same memory, until `deallocate`.
@safe
package struct CommandCounters: @unchecked Sendable {
  // Unchecked: all memory behind the pointers is atomic.

  /// A command's row.
  private enum Column: Int, CaseIterable {
    case calls, ticks, rejected, failed
    /// The address of the histogram's pages, 0 before the first record: most commands are never called.
    case latencies
  }

  private typealias Word = Atomic<UInt>

  private let words: UnsafeMutablePointer<Word>?
  package let commandCount: Int

  /// - Parameter commandCount: 0 for none, which allocates nothing.
  package init(commandCount: Int) {
    self.commandCount = commandCount
    unsafe words = commandCount > 0 ? Self.zeros(commandCount * Column.allCases.count) : nil
  }

  /// No copy may be used afterwards.
  package func deallocate() {
    for command in 0..<commandCount {
      guard let pages = unsafe pages(of: command) else { continue }
      for page in 0..<LatencyHistogram.pageCount {
        unsafe UnsafeMutablePointer<Word>(bitPattern: pages[page].load(ordering: .relaxed))?.deallocate()
      }
      unsafe pages.deallocate()
    }
    unsafe words?.deallocate()
  }

  // MARK: The owner's

  /// - Complexity: O(1); allocates with a command's first call, and with the first call of another order of duration.
  @inline(__always)
  package func count(_ command: Int, ticks: UInt64, tracksLatencies: Bool) {
    add(1, to: .calls, of: command)
    add(UInt(ticks), to: .ticks, of: command)
    guard tracksLatencies else { return }
    let bucket = LatencyHistogram.bucket(ticks)
    let page = bucket / LatencyHistogram.pageBucketCount
    let buckets = unsafe existingPage(page, of: command) ?? newPage(page, of: command)
    unsafe Self.add(1, to: buckets + bucket % LatencyHistogram.pageBucketCount)
  }

  package func countRejected(_ command: Int) { add(1, to: .rejected, of: command) }
  package func countFailed(_ command: Int) { add(1, to: .failed, of: command) }

  package func reset() {
    for command in 0..<commandCount {
      for column in Column.allCases where column != .latencies {
        unsafe word(column, of: command).pointee.store(0, ordering: .relaxed)
      }
      for page in 0..<LatencyHistogram.pageCount {
        guard let buckets = unsafe existingPage(page, of: command) else { continue }
        for bucket in 0..<LatencyHistogram.pageBucketCount {
          unsafe buckets[bucket].store(0, ordering: .relaxed)
        }
      }
    }
  }

  // MARK: Anybody's

  /// What was counted of one command, or of several added up.
  package struct Counts: Sendable {
    package var calls = 0
    package var ticks: UInt64 = 0
    /// Refused before they ran (wrong arity, no permission, out of memory).
    package var rejected = 0
    /// Ran and replied with an error.
    package var failed = 0
    package var latencies = LatencyHistogram()
    package init() {}
  }

  /// Adds what was counted of a command.
  package func add(_ command: Int, to sum: inout Counts) {
    sum.calls += Int(load(.calls, of: command))
    sum.ticks += UInt64(load(.ticks, of: command))
    sum.rejected += Int(load(.rejected, of: command))
    sum.failed += Int(load(.failed, of: command))
    for page in 0..<LatencyHistogram.pageCount {
      guard let buckets = unsafe existingPage(page, of: command) else { continue }
      for bucket in 0..<LatencyHistogram.pageBucketCount {
        let count = unsafe Int(buckets[bucket].load(ordering: .relaxed))
        sum.latencies.add(count, toBucket: page * LatencyHistogram.pageBucketCount + bucket)
      }
    }
  }

  /// Commands run, whichever.
  package var callCount: Int {
    (0..<commandCount).reduce(0) { $0 &+ Int(load(.calls, of: $1)) }
  }

  // MARK: Memory

  private static func zeros(_ count: Int) -> UnsafeMutablePointer<Word> {
    let words = UnsafeMutablePointer<Word>.allocate(capacity: count)
    for index in 0..<count { unsafe (words + index).initialize(to: Word(0)) }
    return unsafe words
  }

  @inline(__always)
  private func word(_ column: Column, of command: Int) -> UnsafeMutablePointer<Word> {
    precondition(command >= 0 && command < commandCount)
    return unsafe words.unsafelyUnwrapped + (command &* Column.allCases.count &+ column.rawValue)
  }

  @inline(__always)
  private func load(_ column: Column, of command: Int) -> UInt {
    unsafe word(column, of: command).pointee.load(ordering: .relaxed)
  }

  @inline(__always)
  private func add(_ amount: UInt, to column: Column, of command: Int) {
    unsafe Self.add(amount, to: word(column, of: command))
  }

  /// There is one writer.
  @inline(__always)
  private static func add(_ amount: UInt, to word: UnsafeMutablePointer<Word>) {
    unsafe word.pointee.store(word.pointee.load(ordering: .relaxed) &+ amount, ordering: .relaxed)
  }

  @inline(__always)
  private func pages(of command: Int) -> UnsafeMutablePointer<Word>? {
    unsafe UnsafeMutablePointer(bitPattern: word(.latencies, of: command).pointee.load(ordering: .acquiring))
  }

  @inline(__always)
  private func existingPage(_ page: Int, of command: Int) -> UnsafeMutablePointer<Word>? {
    guard let pages = unsafe pages(of: command) else { return nil }
    return unsafe UnsafeMutablePointer(bitPattern: pages[page].load(ordering: .acquiring))
  }

  @inline(never)
  private func newPage(_ page: Int, of command: Int) -> UnsafeMutablePointer<Word> {
    let pages: UnsafeMutablePointer<Word>
    if let existing = unsafe self.pages(of: command) {
      unsafe pages = existing
    } else {
      unsafe pages = Self.zeros(LatencyHistogram.pageCount)
      unsafe word(.latencies, of: command).pointee.store(UInt(bitPattern: pages), ordering: .releasing)
    }
    let buckets = unsafe Self.zeros(LatencyHistogram.pageBucketCount)
    unsafe pages[page].store(UInt(bitPattern: buckets), ordering: .releasing)
    return unsafe buckets
  }
}
