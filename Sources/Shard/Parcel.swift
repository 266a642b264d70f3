package import Engine
package import RESP

/// All commands that one thread has for one other shard this turn, and on the way back their replies.
///
/// ```
/// command:4 database:2 protocol:2 hash:8 words:4 unused:4, then each word's length:4, then the words' bytes
/// ```
/// Records are 8-byte aligned. The words are copied in one after the other, so the other thread reads one
/// run of memory rather than somebody's receive buffers.
@safe package final class Parcel: @unchecked Sendable {
  // Unchecked: exactly one thread has it at a time; mailboxes hand it over. The same goes for the exclusivity of its
  // properties, whose checks cost as much as the rest of what a foreign command does here.

  /// The shard whose thread filled it, and gets it back if there are commands in it.
  package private(set) var origin: Int
  /// Whether the replies are in.
  package private(set) var isAnswered = false
  @exclusivity(unchecked)
  package private(set) var count = 0
  /// Who waits for the replies, in the order of the commands. The origin's business.
  @exclusivity(unchecked)
  package var waiters: [Waiter] = []
  @exclusivity(unchecked)
  package private(set) var replies = ReplyWriter()
  @exclusivity(unchecked)
  private var replyEnds: [Int] = []
  /// Commands whose replies come later, by `ShardMessage.lateReply`.
  @exclusivity(unchecked)
  private var deferred: Set<Int> = []
  /// What else the origin has to say to the destination.
  package var messages: [ShardMessage] = []
  /// Keys that clients of the origin are about to read, by these commands or by transactions.
  package var trackings: [(key: [UInt8], reader: ClientReference)] = []
  @exclusivity(unchecked)
  private var bytes: UnsafeMutableRawPointer?
  @exclusivity(unchecked)
  private var byteCount = 0
  @exclusivity(unchecked)
  private var capacity = 0
  private static let headerByteCount = 24
  /// Stands beside the protocol version.
  private static let clocksFlag: UInt16 = 0x100
  private static let subscriberFlag: UInt16 = 0x200
  /// Larger buffers are not kept for the next turn.
  private static let retainedBytesMax = 256 << 10

  /// A connection, and the place of one reply among those it waits for.
  package struct Waiter {
    package let connection: UInt64
    package let place: Int
    package init(connection: UInt64, place: Int) {
      self.connection = connection
      self.place = place
    }
  }

  package init(origin: Int) { self.origin = origin }

  deinit { unsafe bytes?.deallocate() }

  /// Makes an answered parcel, or one without commands, ready to be filled by `origin`.
  package func reset(origin: Int) {
    self.origin = origin
    isAnswered = false
    messages.removeAll(keepingCapacity: true)
    trackings.removeAll(keepingCapacity: true)
    unsafe deferred.removeAll()
    unsafe count = 0
    unsafe waiters.removeAll(keepingCapacity: true)
    unsafe replies.removeAll(retaining: Self.retainedBytesMax)
    unsafe replyEnds.removeAll(keepingCapacity: true)
    unsafe byteCount = 0
    if unsafe capacity > Self.retainedBytesMax {
      unsafe bytes?.deallocate()
      unsafe bytes = nil
      unsafe capacity = 0
    }
  }

  // MARK: The origin writes

  /// Adds a command.
  package func append(
    command: Int, database: Int, protocolVersion: Int, leavesAccessClocks: Bool = false,
    isSubscriber: Bool = false, hash: KeyHash, arguments: Arguments, waiter: Waiter
  ) {
    let wordCount = arguments.count
    var size = Self.headerByteCount + 4 * wordCount
    for index in 0..<wordCount { size += arguments[index].count }
    size = (size + 7) & ~7
    if unsafe byteCount + size > capacity { unsafe grow(to: byteCount + size) }
    let start = unsafe bytes.unsafelyUnwrapped + byteCount
    unsafe start.storeBytes(of: UInt32(command), as: UInt32.self)
    unsafe start.storeBytes(of: UInt16(database), toByteOffset: 4, as: UInt16.self)
    let version =
      UInt16(protocolVersion) | (leavesAccessClocks ? Self.clocksFlag : 0) | (isSubscriber ? Self.subscriberFlag : 0)
    unsafe start.storeBytes(of: version, toByteOffset: 6, as: UInt16.self)
    unsafe start.storeBytes(of: hash.rawValue, toByteOffset: 8, as: UInt64.self)
    unsafe start.storeBytes(of: UInt32(wordCount), toByteOffset: 16, as: UInt32.self)
    unsafe start.storeBytes(of: UInt32(size), toByteOffset: 20, as: UInt32.self)
    var lengths = unsafe start + Self.headerByteCount
    var target = unsafe lengths + 4 * wordCount
    for index in 0..<wordCount {
      let word = arguments[index]
      unsafe lengths.storeBytes(of: UInt32(word.count), as: UInt32.self)
      unsafe lengths += 4
      unsafe target.copyMemory(from: word.unsafeBase, byteCount: word.count)
      unsafe target += word.count
    }
    unsafe byteCount += size
    unsafe count += 1
    unsafe waiters.append(waiter)
  }

  private func grow(to needed: Int) {
    let newCapacity = unsafe Swift.max(needed, capacity * 2, 4096)
    let grown = UnsafeMutableRawPointer.allocate(byteCount: newCapacity, alignment: 16)
    if let old = unsafe bytes {
      unsafe grown.copyMemory(from: old, byteCount: byteCount)
      unsafe old.deallocate()
    }
    unsafe bytes = grown
    unsafe capacity = newCapacity
  }

  // MARK: The destination reads and answers

  /// A command as the destination sees it; its words are in the table it was read into.
  package struct Record {
    package let command: Int
    package let database: Int
    package let protocolVersion: Int
    /// CLIENT NO-TOUCH.
    package let leavesAccessClocks: Bool
    /// Its client's output has the limits of subscribers.
    package let isSubscriber: Bool
    package let hash: KeyHash
    package let firstWord: Int
    package let wordCount: Int
  }

  /// Appends every command's words to `table` and returns the commands.
  package func read(into table: inout ArgumentTable, _ body: (Record) -> Void) {
    var offset = 0
    for _ in unsafe 0..<count {
      let start = unsafe UnsafeRawPointer(bytes.unsafelyUnwrapped) + offset
      let wordCount = Int(unsafe start.load(fromByteOffset: 16, as: UInt32.self))
      let firstWord = table.count
      var lengths = unsafe start + Self.headerByteCount
      var word = unsafe lengths + 4 * wordCount
      for _ in 0..<wordCount {
        let length = Int(unsafe lengths.load(as: UInt32.self))
        unsafe table.append(ByteView(unsafeBase: word, count: length))
        unsafe lengths += 4
        unsafe word += length
      }
      body(
        Record(
          command: Int(unsafe start.load(as: UInt32.self)),
          database: Int(unsafe start.load(fromByteOffset: 4, as: UInt16.self)),
          protocolVersion: Int(unsafe start.load(fromByteOffset: 6, as: UInt16.self) & 0xFF),
          leavesAccessClocks: (unsafe start.load(fromByteOffset: 6, as: UInt16.self)) & Self.clocksFlag != 0,
          isSubscriber: (unsafe start.load(fromByteOffset: 6, as: UInt16.self)) & Self.subscriberFlag != 0,
          hash: KeyHash(rawValue: unsafe start.load(fromByteOffset: 8, as: UInt64.self)),
          firstWord: firstWord, wordCount: wordCount))
      offset += Int(unsafe start.load(fromByteOffset: 20, as: UInt32.self))
    }
  }

  /// Has all replies written, back to back, each concluded by `endReply` or `deferReply`.
  package func writeReplies(_ body: (inout ReplyWriter) -> Void) {
    // They are with the body meanwhile, so that writing to them needs no look at the parcel.
    var writer = ReplyWriter()
    unsafe swap(&writer, &replies)
    body(&writer)
    unsafe swap(&writer, &replies)
    unsafe precondition(replyEnds.count == count, "a command without a reply")
    isAnswered = true
  }

  /// Says that the next command's reply ends where `writer` stands.
  @inline(__always)
  package func endReply(_ writer: borrowing ReplyWriter) { unsafe replyEnds.append(writer.count) }

  /// Says that the next command's reply comes later.
  package func deferReply(_ writer: borrowing ReplyWriter) {
    unsafe deferred.insert(replyEnds.count)
    unsafe replyEnds.append(writer.count)
  }

  // MARK: The origin takes the replies

  /// Whether the reply to the `index`-th command is to come later.
  package func isDeferred(_ index: Int) -> Bool { unsafe !deferred.isEmpty && deferred.contains(index) }

  /// The reply to the `index`-th command.
  package func reply(at index: Int) -> ByteView {
    let start = unsafe index == 0 ? 0 : replyEnds[index - 1]
    return unsafe replies.bytes[start..<replyEnds[index]]
  }
}
