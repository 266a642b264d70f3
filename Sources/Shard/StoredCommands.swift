package import RESP

/// Commands with copies of their words, for whoever runs them later or on another thread.
///
/// The words lie one after the other in one block. Filled by one thread, then read by any; who holds the last
/// reference frees it.
@safe package final class StoredCommands: @unchecked Sendable {
  // Unchecked: nothing changes once it is handed on, and nobody looks while one adds.

  private struct Record {
    let command: Int32
    let firstWord: Int32
    let wordCount: Int32
  }

  @exclusivity(unchecked)
  private var records: [Record] = []
  /// Where each word ends.
  @exclusivity(unchecked)
  private var wordEnds: UnsafeMutablePointer<Int>?
  @exclusivity(unchecked)
  private var wordCount = 0
  @exclusivity(unchecked)
  private var wordCapacity = 0
  @exclusivity(unchecked)
  private var bytes: UnsafeMutableRawPointer?
  @exclusivity(unchecked)
  private var byteCapacity = 0
  @exclusivity(unchecked)
  package private(set) var byteCount = 0

  package init() {}

  /// With room for some words, so that the usual few commands need no growing.
  package convenience init(reservingWords words: Int, bytes: Int) {
    self.init()
    unsafe records.reserveCapacity(words / 4)
    reserve(words: words, bytes: bytes)
  }

  /// One command.
  package convenience init(command: Int, arguments: Arguments) {
    self.init()
    append(command: command, arguments: arguments)
  }

  deinit {
    unsafe wordEnds?.deallocate()
    unsafe bytes?.deallocate()
  }

  package var count: Int { unsafe records.count }

  /// The index of a stored command in the command table.
  package func command(at index: Int) -> Int { unsafe Int(records[index].command) }

  package func wordCount(at index: Int) -> Int { unsafe Int(records[index].wordCount) }

  /// One word of a command. Valid as long as these commands, and until another one is added.
  package func word(_ word: Int, at index: Int) -> ByteView {
    unsafe self.word(Int(records[index].firstWord) + word)
  }

  package func append(command: Int, arguments: Arguments) {
    let added = arguments.count
    var end = unsafe byteCount
    for index in 0..<added { end += arguments[index].count }
    unsafe reserve(words: wordCount + added, bytes: end)
    unsafe records.append(
      Record(command: Int32(command), firstWord: Int32(wordCount), wordCount: Int32(added)))
    guard var wordEnd = unsafe wordEnds, let bytes = unsafe bytes else { return }
    unsafe wordEnd += wordCount
    var offset = unsafe byteCount
    for index in 0..<added {
      let word = arguments[index]
      unsafe (bytes + offset).copyMemory(from: word.unsafeBase, byteCount: word.count)
      offset += word.count
      unsafe wordEnd.initialize(to: offset)
      unsafe wordEnd += 1
    }
    unsafe wordCount += added
    unsafe byteCount = end
  }

  private func reserve(words: Int, bytes needed: Int) {
    if unsafe needed > byteCapacity || byteCapacity == 0 {
      let grown = unsafe Swift.max(needed, byteCapacity * 2, 64)
      let memory = UnsafeMutableRawPointer.allocate(byteCount: grown, alignment: 1)
      if let old = unsafe bytes {
        unsafe memory.copyMemory(from: old, byteCount: byteCount)
        unsafe old.deallocate()
      }
      unsafe bytes = memory
      unsafe byteCapacity = grown
    }
    if unsafe words > wordCapacity {
      let grown = unsafe Swift.max(words, wordCapacity * 2)
      let memory = UnsafeMutablePointer<Int>.allocate(capacity: grown)
      if let old = unsafe wordEnds {
        unsafe memory.moveInitialize(from: old, count: wordCount)
        unsafe old.deallocate()
      }
      unsafe wordEnds = memory
      unsafe wordCapacity = grown
    }
  }

  private func word(_ index: Int) -> ByteView {
    guard let ends = unsafe wordEnds, let bytes = unsafe bytes else { return .empty }
    unsafe precondition(index < wordCount, "no such word")
    let start = unsafe index == 0 ? 0 : ends[index - 1]
    return unsafe ByteView(unsafeBase: UnsafeRawPointer(bytes) + start, count: ends[index] - start)
  }

  /// Appends a command's words, or those at `positions`, to `table` and returns them.
  ///
  /// Valid as long as these commands, and until `table` changes.
  package func read(
    _ index: Int, positions: [Int]? = nil, into table: inout ArgumentTable
  ) -> Arguments {
    let record = unsafe records[index]
    let start = table.count
    let first = Int(record.firstWord)
    if let positions {
      for position in positions { table.append(word(first + position)) }
    } else {
      for position in 0..<Int(record.wordCount) { table.append(word(first + position)) }
    }
    return table.arguments(from: start, count: table.count - start)
  }

  /// Runs `body` with a command's words, valid only inside.
  package func withArguments<Result, Failure: Error>(
    _ index: Int, positions: [Int]? = nil, _ body: (Arguments) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    var table = unsafe ArgumentTable(capacity: Swift.max(Int(records[index].wordCount), 1))
    return try body(read(index, positions: positions, into: &table))
  }
}
