import Engine
import EventLoop
import Synchronization

/// The scripts of all threads that have gone on for longer than a slice.
final class SlowScripts: Sendable {
  /// One of them. Its thread keeps it; others may ask for its end.
  final class Entry: Sendable {
    /// As it was called.
    let name: [UInt8]
    private let words: Mutex<[[UInt8]]>
    let isFunction: Bool
    /// Monotonic nanoseconds.
    let startTime: UInt64
    let hasWritten = Atomic<Bool>(false)
    let isKilled = Atomic<Bool>(false)
    /// It has gone on for so long that others are refused.
    let isBusy = Atomic<Bool>(false)

    init(name: [UInt8], command: [[UInt8]], isFunction: Bool, startTime: UInt64) {
      self.name = name
      words = Mutex(command)
      self.isFunction = isFunction
      self.startTime = startTime
    }

    var command: [[UInt8]] { words.withLock { $0 } }
    func setCommand(_ command: [[UInt8]]) { words.withLock { $0 = command } }
  }

  private let entries = Mutex<[Entry]>([])
  private let busyCount = Atomic<Int>(0)

  /// Commands are to be refused.
  @inline(__always)
  var areBusy: Bool { busyCount.load(ordering: .relaxed) != 0 }

  var all: [Entry] { entries.withLock { $0 } }

  func add(_ entry: Entry) { entries.withLock { $0.append(entry) } }

  func setBusy(_ entry: Entry) {
    if entry.isBusy.exchange(true, ordering: .relaxed) { return }
    busyCount.add(1, ordering: .relaxed)
  }

  func remove(_ entry: Entry) {
    entries.withLock { $0.removeAll { $0 === entry } }
    if entry.isBusy.load(ordering: .relaxed) { busyCount.subtract(1, ordering: .relaxed) }
  }

  /// What commands are refused with.
  var busyError: CommandError { Self.busyError(all.first { $0.isBusy.load(ordering: .relaxed) }) }

  private static func busyError(_ entry: Entry?) -> CommandError {
    entry?.isFunction == true
      ? CommandError(
        "BUSY Redis is busy running a script. You can only call FUNCTION KILL or SHUTDOWN NOSAVE.")
      : CommandError(
        "BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.")
  }

  /// Ends the slow scripts, or functions, that have not written yet.
  func kill(functions: Bool) throws(CommandError) {
    let slow = all
    guard !slow.isEmpty else { throw CommandError("NOTBUSY No scripts in execution right now.") }
    let matching = slow.filter { $0.isFunction == functions }
    guard !matching.isEmpty else { throw Self.busyError(slow[0]) }
    let killable = matching.filter { !$0.hasWritten.load(ordering: .relaxed) }
    guard !killable.isEmpty else {
      throw CommandError(
        "UNKILLABLE Sorry the script already executed write commands against the dataset. You can either wait the script termination or kill the server in a hard way using the SHUTDOWN NOSAVE command."
      )
    }
    for entry in killable { entry.isKilled.store(true, ordering: .relaxed) }
  }
}
