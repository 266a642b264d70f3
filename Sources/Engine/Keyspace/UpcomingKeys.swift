package import RESP

/// The keys of commands to come that name several each (MGET), hashed and with their memory asked for while the commands
/// before them execute.
///
/// `PreparedKeys` makes the misses of one command's keys overlap; with these most of them are over when it begins. Each
/// of the next commands of a batch has a set of keys, by its index: who executes the batch calls `expect` for
/// the command `lookAhead` places ahead, then `reach` for the one that is about to run. Words of a batch stay where they
/// are until it ends; then everything is forgotten.
@safe
struct UpcomingKeys: ~Copyable {
  private static let setCount = 4

  private let sets: UnsafeMutablePointer<PreparedKeys>
  /// Which command each set belongs to, -1 for none.
  private var commands = InlineArray<4, Int>(repeating: -1)
  /// The command that runs now.
  private var current = -1

  init() {
    unsafe sets = .allocate(capacity: Self.setCount)
    for index in 0..<Self.setCount { unsafe (sets + index).initialize(to: PreparedKeys()) }
  }

  deinit {
    unsafe sets.deinitialize(count: Self.setCount)
    unsafe sets.deallocate()
  }

  mutating func forget() {
    current = -1
    commands = InlineArray(repeating: -1)
  }

  mutating func expect(
    _ command: Int, _ arguments: Arguments, from first: Int, by step: Int, seed: UInt64,
    database: Int, _ table: borrowing DashTable
  ) {
    let place = command % Self.setCount
    commands[place] = command
    unsafe sets[place].fill(
      arguments, from: first, to: arguments.count, by: step, seed: seed, database: database, table)
  }

  /// Asks for the entries of the command behind `command`, which runs now.
  mutating func reach(_ command: Int, _ databases: UnsafeMutablePointer<Database>) {
    current = command
    let next = (command &+ 1) % Self.setCount
    if commands[next] == command &+ 1 { unsafe sets[next].prefetchEntries(databases) }
  }

  /// Whether the keys of the command that runs are known, and begin with `key`.
  func isKnown(_ key: ByteView) -> Bool {
    guard current >= 0 else { return false }
    let place = current % Self.setCount
    return unsafe commands[place] == current && sets[place].begins(with: key)
  }

  /// Puts the keys of the command that runs in place of `prepared`, if they are known and begin with `key`.
  mutating func take(_ key: ByteView, into prepared: inout PreparedKeys) -> Bool {
    guard isKnown(key) else { return false }
    let place = current % Self.setCount
    commands[place] = -1
    unsafe swap(&sets[place], &prepared)
    return true
  }
}

extension Keyspace {
  /// How far ahead of the executed command `expectKeys` is called.
  package static let keysLookAhead = 2

  /// Asks for the memory of the keys that the command at `index` of a batch is going to look up, every `step` words from
  /// `first` on.
  ///
  /// - Complexity: O(16). Allocates nothing.
  package mutating func expectKeys(
    of index: Int, _ arguments: Arguments, from first: Int, by step: Int
  ) {
    let database = unsafe database
    let selected = selected
    unsafe upcoming.expect(
      index, arguments, from: first, by: step, seed: seed, database: selected,
      database.pointee.table)
  }

  /// The command at `index` is the next to run.
  package mutating func reachCommand(_ index: Int) {
    let databases = unsafe database(at: 0)
    unsafe upcoming.reach(index, databases)
  }
}
