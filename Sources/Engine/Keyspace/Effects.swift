package import RESP

/// What commands have done to a keyspace, as commands that do the same again: what append-only files, and whoever
/// else follows a shard, are fed with.
///
/// Effects, not intentions: times are absolute, what was drawn at random is named. A command that repeats its effect
/// when it runs again is recorded as it was called; one that does not says itself what to record (`Keyspace.record`).
///
/// Records are RESP arrays in the order of the changes. A *unit* is what has to happen wholly or not at all: a
/// command, or all that a transaction does on the shard. Units of several records are put between MULTI and EXEC.
///
/// Costs one comparison a command while nobody keeps the records.
package struct Effects: ~Copyable {
  /// Somebody keeps them.
  package var isRecorded = false
  /// What commands do is recorded elsewhere, in other words. What goes by itself is still recorded.
  package var isMuted = false
  /// What commands do is recorded.
  fileprivate var recordsCommands: Bool { isRecorded && !isMuted }
  /// Records since the last `drain`.
  private var records = ReplyWriter()
  /// The database that a reader of the records has selected at their end; nil: none yet.
  private var database: Int?
  /// Records of the unit.
  private var recordCount = 0
  /// Where the unit begins.
  private var unitStart = 0
  /// What the reader had selected there.
  private var unitDatabase: Int?
  private var unitDepth = 0
  /// It begins with a selection of its database.
  private var isUnitDetached = false
  /// The command that runs says itself what to record.
  fileprivate var isSpoken = false

  package init() {}

  package var isEmpty: Bool { records.isEmpty }
  package var byteCount: Int { records.count }

  /// A larger buffer is given back.
  private static let keptByteCount = 1 << 20

  /// Appends what was recorded to `buffer`; keeps the memory.
  package mutating func drain(into buffer: inout [UInt8]) {
    precondition(unitDepth == 0 || unitStart == records.count, "effects are taken in the middle of a unit")
    buffer.append(records.bytes)
    records.removeAll(retaining: Self.keptByteCount)
    beginUnit()
  }

  /// The next reader has nothing selected: a new file begins.
  package mutating func startAnew() {
    database = nil
    unitDatabase = nil
  }

  // MARK: Units

  /// Begins a unit, unless one is open; each call needs its `closeUnit`.
  package mutating func openUnit() {
    if unitDepth == 0 { beginUnit() }
    unitDepth += 1
  }

  private mutating func beginUnit() {
    unitStart = records.count
    unitDatabase = database
    isUnitDetached = false
    recordCount = 0
  }

  package mutating func closeUnit() {
    unitDepth -= 1
    guard unitDepth == 0 else { return }
    isSpoken = false
    endUnit()
  }

  /// As `closeUnit`, for the unit of a command that has recorded all that it did.
  mutating func closeUnitOfCommand() {
    unitDepth -= 1
    // Whoever ran the command ends an outermost unit, once it has seen this.
    if recordsCommands { isSpoken = true }
  }

  /// Ends the unit and takes it out again: it belongs to a transaction that goes on elsewhere. It selects its
  /// database, whatever the reader had selected.
  package mutating func takeUnit() -> [UInt8] {
    precondition(unitDepth == 1, "only the outermost unit can be taken")
    unitDepth = 0
    isSpoken = false
    var unit: [UInt8] = []
    if records.count > unitStart {
      if !isUnitDetached, let unitDatabase { unit += Self.selection(of: unitDatabase) }
      unit.append(records.bytes[unitStart..<records.count])
    }
    records.truncate(to: unitStart)
    database = unitDatabase
    beginUnit()
    return unit
  }

  /// For a unit that is to be taken: its first record selects its database.
  package mutating func openDetachedUnit() {
    openUnit()
    if unitDepth == 1 {
      database = nil
      isUnitDetached = true
    }
  }

  private mutating func endUnit() {
    if recordCount > 1 {
      let unit = records.bytes[unitStart..<records.count].bytes
      records.truncate(to: unitStart)
      records.raw(Self.multi)
      append(unit)
      records.raw(Self.exec)
    }
    // What is recorded next without a unit is one of its own.
    beginUnit()
  }

  private static let multi: StaticString = "*1\r\n$5\r\nMULTI\r\n"
  private static let exec: StaticString = "*1\r\n$4\r\nEXEC\r\n"

  private static func selection(of database: Int) -> [UInt8] {
    let text = String(database)
    return Array("*2\r\n$6\r\nSELECT\r\n$\(text.utf8.count)\r\n\(text)\r\n".utf8)
  }

  private mutating func append(_ bytes: [UInt8]) { ByteView.with(bytes) { records.raw($0) } }

  /// A transaction of several hops: what it did on this shard, taken by `takeUnit`, between MULTI and EXEC; if it
  /// has changed several shards, under a line that says which, so that its reader applies it only if all have
  /// theirs.
  ///
  /// - Parameters:
  ///   - wasHeld: nobody has seen anything of it before all shards had it on disk.
  package mutating func append(
    transaction id: UInt64, of shards: [Int], wasHeld: Bool, _ unit: [UInt8]
  ) {
    if shards.count > 1 {
      append(Array(TransactionLine(id: id, shards: shards, wasHeld: wasHeld).text.utf8))
    }
    records.raw(Self.multi)
    append(unit)
    records.raw(Self.exec)
    // Whoever skips it has something else selected.
    database = nil
    if unitDepth == 0 { beginUnit() }
  }

  // MARK: Records

  @inline(__always)
  fileprivate mutating func begin(database selected: Int, wordCount: Int) {
    if database != selected {
      append(Self.selection(of: selected))
      database = selected
    }
    records.array(wordCount)
    recordCount += 1
  }

  @inline(__always)
  fileprivate mutating func word(_ view: ByteView) { records.bulk(view) }

  fileprivate mutating func append(_ arguments: Arguments, database: Int) {
    begin(database: database, wordCount: arguments.count)
    for index in 0..<arguments.count { word(arguments[index]) }
  }

  fileprivate mutating func append(_ words: [EffectWord], database: Int) {
    begin(database: database, wordCount: words.count)
    for word in words { word.withBytes { self.word($0) } }
  }

  /// What makes a key what it is, whatever was there.
  mutating func appendState(of entry: Entry, database: Int, compresses: Bool) {
    let payload = DumpPayload.bytes(
      of: entry, compresses: compresses, versionMax: RDB.payloadVersion)
    let expiry = Int(entry.expiry ?? 0)
    append(
      ["RESTORE", .view(entry.key), .integer(expiry), .bytes(payload), "REPLACE", "ABSTTL"],
      database: database)
  }

  /// The key is gone, by itself: its time was over, or memory was short. Not part of what the unit does.
  fileprivate mutating func appendRemoval(_ key: ByteView, database: Int) {
    begin(database: database, wordCount: 2)
    word(ByteView("DEL"))
    word(key)
    recordCount -= 1
  }

  /// Fields of a hash are gone by themselves. As `appendRemoval`.
  fileprivate mutating func appendRemoval(of fields: [[UInt8]], _ key: ByteView, database: Int) {
    begin(database: database, wordCount: 2 + fields.count)
    word(ByteView("HDEL"))
    word(key)
    for field in fields { ByteView.with(field) { word($0) } }
    recordCount -= 1
  }

  /// A command has run to its end.
  fileprivate mutating func finish(_ arguments: Arguments, database: Int, hasChanged: Bool) {
    if hasChanged, !isSpoken { append(arguments, database: database) }
    isSpoken = false
    if unitDepth == 0 { endUnit() }
  }
}

/// The line above a transaction that spans shards: a comment to other readers of such files.
///
/// ```
/// #TX:<id>:<shard>,<shard>...:held|open
/// ```
package struct TransactionLine: Sendable, Equatable {
  package let id: UInt64
  /// All that it has changed, in their order.
  package let shards: [Int]
  /// Its keys stayed locked until all of its records were on disk: nothing else in the file builds upon it unless it
  /// is complete.
  package let wasHeld: Bool

  package init(id: UInt64, shards: [Int], wasHeld: Bool) {
    self.id = id
    self.shards = shards
    self.wasHeld = wasHeld
  }

  /// With the end of the line.
  package var text: String {
    "#TX:\(id):\(shards.map(String.init).joined(separator: ",")):\(wasHeld ? "held" : "open")\r\n"
  }

  /// Reads a line without its end; nil if it is another comment.
  package init?(_ line: String) {
    let fields = line.split(separator: ":", omittingEmptySubsequences: false)
    guard fields.count == 4, fields[0] == "#TX", let id = UInt64(fields[1]),
      fields[3] == "held" || fields[3] == "open"
    else { return nil }
    let names = fields[2].split(separator: ",")
    let shards = names.compactMap { Int($0) }
    guard shards.count == names.count, shards.count > 1 else { return nil }
    self.init(id: id, shards: shards, wasHeld: fields[3] == "held")
  }
}

/// A word of a record.
enum EffectWord: ExpressibleByStringLiteral {
  case text(StaticString)
  case view(ByteView)
  case bytes([UInt8])
  case integer(Int)
  case id(StreamID)

  init(stringLiteral text: StaticString) { self = .text(text) }

  fileprivate func withBytes(_ body: (ByteView) -> Void) {
    switch self {
    case .text(let text): body(ByteView(text))
    case .view(let view): body(view)
    case .bytes(let bytes): ByteView.with(bytes, body)
    case .integer(let number): StringValue.integer(number).withBytes(body)
    case .id(let id): id.withText(body)
    }
  }
}

extension Keyspace {
  /// Records what a command has done, in its own words; then it is not recorded as it was called. May be called
  /// several times. Does not evaluate `words` while nobody keeps records.
  @inline(__always)
  mutating func record(_ words: @autoclosure () -> [EffectWord]) {
    if effects.recordsCommands { record(words: words()) }
  }

  @inline(never)
  private mutating func record(words: [EffectWord]) {
    effects.isSpoken = true
    effects.append(words, database: selected)
  }

  /// Records that a key went by itself.
  @inline(__always)
  mutating func recordRemoval(_ key: ByteView) {
    if effects.isRecorded { effects.appendRemoval(key, database: selected) }
  }

  /// Records that fields of a hash went by themselves.
  mutating func recordRemoval(of fields: [[UInt8]], _ key: ByteView) {
    if effects.isRecorded { effects.appendRemoval(of: fields, key, database: selected) }
  }

  /// Records a command that has run, unless it has changed nothing or has recorded its effects itself.
  ///
  /// - Parameter changesBefore: `changeCount` before it ran.
  @inline(__always)
  package mutating func recordCommand(_ arguments: Arguments, changesBefore: Int) {
    if effects.recordsCommands {
      effects.finish(arguments, database: selected, hasChanged: changeCount != changesBefore)
    }
  }

  /// Counts and records a change of something else than keys, which the layer above has made.
  package mutating func recordChange(_ arguments: Arguments) {
    countChange()
    if effects.recordsCommands { effects.finish(arguments, database: selected, hasChanged: true) }
  }

  /// Records what is at a key as a whole: for changes that were made elsewhere and put here.
  package mutating func recordState(of key: DatabaseKey) {
    guard effects.recordsCommands else { return }
    inDatabase(key.database) { keyspace in ByteView.with(key.name) { keyspace.recordState(ofKey: $0) } }
  }

  /// As `recordState(of:)`, in the selected database.
  mutating func recordState(ofKey key: ByteView) {
    guard effects.recordsCommands else { return }
    guard let entry = lookup(key, for: .peek) else { return record(["DEL", .view(key)]) }
    effects.isSpoken = true
    effects.appendState(of: entry, database: selected, compresses: options.compressesStrings)
  }
}
