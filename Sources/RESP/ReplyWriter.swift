public import Glibc

/// Encodes replies into one growing buffer, as RESP2 or RESP3 whichever the client speaks.
///
/// One writer belongs to one connection (or to one batch from another shard) and is passed `inout` to
/// command bodies, so that a reply is written once, where it will be sent from. The types that only
/// RESP3 has (map, set, double, boolean, big number, verbatim, null, push, attribute) fall back to
/// what Redis sends to RESP2 clients.
///
/// - SeeAlso: <https://redis.io/docs/latest/develop/reference/protocol-spec/>
@usableFromInline
@safe package struct ReplyWriter: ~Copyable {
  /// 2 or 3, as HELLO chose.
  @usableFromInline package var protocolVersion: Int
  /// Bytes written and not yet taken.
  @usableFromInline package private(set) var count: Int
  @usableFromInline var capacity: Int
  @usableFromInline var storage: UnsafeMutableRawPointer?
  /// From so many bytes on nobody will read what is written: the client is going to be cut off for it.
  package var readableMax = Int.max
  /// Error replies written so far: how a caller learns that a body failed without parsing its reply.
  @usableFromInline package private(set) var errorCount = 0

  @inlinable
  package init(protocolVersion: Int = 2) {
    self.protocolVersion = protocolVersion
    count = 0
    capacity = 0
    unsafe storage = nil
  }

  deinit { free() }

  @inlinable package var isRESP3: Bool { protocolVersion == 3 }
  @inlinable package var isEmpty: Bool { count == 0 }
  @inlinable package var allocatedByteCount: Int { capacity }

  /// More need not be written. For bodies whose reply has no bound but a number that the client named.
  package var isTooLong: Bool { count > readableMax }

  /// What was written, valid until the next write.
  @inlinable
  package var bytes: ByteView {
    guard let storage = unsafe storage else { return .empty }
    return unsafe ByteView(unsafeBase: UnsafeRawPointer(storage), count: count)
  }

  /// Forgets everything written; keeps the buffer when it is no larger than `retained` bytes.
  package mutating func removeAll(retaining retained: Int = 16 * 1024) {
    count = 0
    errorCount = 0
    if capacity > retained {
      free()
      unsafe storage = nil
      capacity = 0
    }
  }

  /// Forgets what was written after the first `length` bytes, as when a body fails half-way.
  package mutating func truncate(to length: Int) {
    precondition(length <= count, "truncating to more than was written")
    count = length
  }

  // MARK: Storage

  @usableFromInline @inline(never)
  mutating func grow(by extra: Int) {
    let wanted = ReplyStorage.capacity(for: Swift.max(count + extra, capacity + capacity / 2, 512))
    unsafe storage = unsafe ReplyStorage.grow(storage, count: count, capacity: capacity, to: wanted)
    capacity = wanted
  }

  @usableFromInline
  func free() { unsafe ReplyStorage.free(storage, capacity: capacity) }

  /// Takes over all that `other` holds, which is empty then: its buffer rather than a copy where this one has none,
  /// or holds nothing and it is worth it.
  package mutating func take(_ other: inout ReplyWriter) {
    if count == 0, capacity == 0 || other.count >= Self.movedMin {
      let (version, readable) = (protocolVersion, readableMax)
      swap(&self, &other)
      (protocolVersion, readableMax) = (version, readable)
    } else {
      raw(other.bytes)
    }
    other.removeAll(retaining: 0)
  }

  /// Less is copied.
  private static let movedMin = 64 << 10

  /// Makes room for `extra` bytes and returns where they go; `advance` accounts for them.
  @inlinable @inline(__always)
  mutating func reserve(_ extra: Int) -> UnsafeMutableRawPointer {
    if capacity &- count < extra { grow(by: extra) }
    return unsafe storage.unsafelyUnwrapped + count
  }

  @inlinable @inline(__always)
  mutating func advance(by written: Int) { count &+= written }

  // MARK: Raw bytes

  /// Appends bytes that are RESP already (a reply captured elsewhere).
  @inlinable
  package mutating func raw(_ bytes: ByteView) {
    guard bytes.count > 0 else { return }
    let target = unsafe reserve(bytes.count)
    unsafe memcpy(target, bytes.unsafeBase, bytes.count)
    advance(by: bytes.count)
  }

  @inlinable @inline(__always)
  package mutating func raw(_ literal: StaticString) {
    let length = literal.utf8CodeUnitCount
    let target = unsafe reserve(length)
    unsafe memcpy(target, literal.utf8Start, length)
    advance(by: length)
  }

  /// `<type><number>\r\n`, the shape of lengths and integers.
  @inlinable @inline(__always)
  mutating func header(_ type: UInt8, _ number: Int) {
    let target = unsafe reserve(24)
    unsafe target.storeBytes(of: type, as: UInt8.self)
    if number >= 0 && number < 10 {
      unsafe (target + 1).storeBytes(of: UInt8(truncatingIfNeeded: number) &+ 48, as: UInt8.self)
      unsafe (target + 2).storeBytes(of: 0x0A0D, as: UInt16.self)
      advance(by: 4)
      return
    }
    let length = unsafe DecimalText.write(number, to: target + 1)
    unsafe (target + (1 &+ length)).storeBytes(of: 0x0A0D, as: UInt16.self)
    advance(by: length &+ 3)
  }

  // MARK: Simple types

  @inlinable package mutating func ok() { raw("+OK\r\n") }

  /// `+text\r\n`. The text has no line break.
  @inlinable
  package mutating func simple(_ text: StaticString) {
    raw("+")
    raw(text)
    raw("\r\n")
  }

  /// `-text\r\n`. The text carries its code ("ERR ..."). As in Redis, line breaks at its end are dropped and others
  /// become spaces.
  package mutating func error(_ text: [UInt8]) {
    errorCount += 1
    func isBreak(_ byte: UInt8) -> Bool { byte == 0x0D || byte == 0x0A }
    let end = (text.lastIndex { !isBreak($0) } ?? -1) + 1
    raw("-")
    let line = text[..<end].map { isBreak($0) ? 0x20 : $0 }
    ByteView.with(line) { raw($0) }
    raw("\r\n")
  }

  package mutating func error(_ text: String) { error(Array(text.utf8)) }

  @inlinable package mutating func integer(_ value: Int) { header(0x3A, value) }

  @inlinable
  package mutating func bulk(_ bytes: ByteView) {
    let length = bytes.count
    guard length >= 8, length < 64 else { return longBulk(bytes) }
    // What most are: room for all of it at once, and copied without a call.
    let target = unsafe reserve(72)
    if length < 10 {
      unsafe target.storeBytes(of: 0x0A0D_3024 &+ UInt32(truncatingIfNeeded: length) << 8, as: UInt32.self)
      unsafe bytes.copyShort(to: target + 4)
      unsafe (target + (4 &+ length)).storeBytes(of: 0x0A0D, as: UInt16.self)
      advance(by: length &+ 6)
    } else {
      let tens = UInt32(truncatingIfNeeded: length) / 10
      let ones = UInt32(truncatingIfNeeded: length) &- tens &* 10
      unsafe target.storeBytes(of: 0x0D30_3024 &+ tens << 8 &+ ones << 16, as: UInt32.self)
      unsafe (target + 4).storeBytes(of: 0x0A, as: UInt8.self)
      unsafe bytes.copyShort(to: target + 5)
      unsafe (target + (5 &+ length)).storeBytes(of: 0x0A0D, as: UInt16.self)
      advance(by: length &+ 7)
    }
  }

  @usableFromInline
  mutating func longBulk(_ bytes: ByteView) {
    header(0x24, bytes.count)
    let target = unsafe reserve(bytes.count &+ 2)
    unsafe memcpy(target, bytes.unsafeBase, bytes.count)
    unsafe (target + bytes.count).storeBytes(of: 0x0A0D, as: UInt16.self)
    advance(by: bytes.count &+ 2)
  }

  package mutating func bulk(_ bytes: [UInt8]) { ByteView.with(bytes) { bulk($0) } }

  package mutating func bulk(_ text: StaticString) { bulk(ByteView(text)) }

  package mutating func bulk(_ text: String) {
    var text = text
    text.withUTF8 { utf8 in
      guard let base = utf8.baseAddress else { return bulk(ByteView.empty) }
      unsafe bulk(ByteView(unsafeBase: UnsafeRawPointer(base), count: utf8.count))
    }
  }

  /// The decimal digits of `value` as a bulk string.
  @inlinable
  package mutating func bulk(_ value: Int) {
    unsafe withUnsafeTemporaryAllocation(byteCount: 24, alignment: 1) { digits in
      let length = unsafe DecimalText.write(value, to: digits.baseAddress.unsafelyUnwrapped)
      unsafe bulk(
        ByteView(
          unsafeBase: UnsafeRawPointer(digits.baseAddress.unsafelyUnwrapped), count: length))
    }
  }

  /// RESP3 `_`, RESP2 `$-1`.
  @inlinable
  package mutating func null() {
    if isRESP3 { raw("_\r\n") } else { raw("$-1\r\n") }
  }

  /// RESP3 `_`, RESP2 `*-1`: what stands for a missing array.
  package mutating func nullArray() {
    if isRESP3 { raw("_\r\n") } else { raw("*-1\r\n") }
  }

  /// RESP3 `#t`/`#f`, RESP2 `:1`/`:0`.
  package mutating func boolean(_ value: Bool) {
    if isRESP3 { raw(value ? "#t\r\n" : "#f\r\n") } else { integer(value ? 1 : 0) }
  }

  /// RESP3 `,`, RESP2 a bulk string; the text is the shortest that reads back as the same number.
  package mutating func double(_ value: Double) {
    let text = DecimalText.describe(value)
    guard isRESP3 else { return bulk(text) }
    raw(",")
    ByteView.with(Array(text.utf8)) { raw($0) }
    raw("\r\n")
  }

  /// RESP3 `(`, RESP2 a bulk string.
  package mutating func bigNumber(_ digits: ByteView) {
    guard isRESP3 else { return bulk(digits) }
    raw("(")
    raw(digits)
    raw("\r\n")
  }

  /// RESP3 `=<length>\r\n<format>:<text>`, RESP2 a bulk string.
  ///
  /// - Parameter format: three letters, `txt` or `mkd`.
  package mutating func verbatim(_ text: [UInt8], format: StaticString = "txt") {
    guard isRESP3 else { return bulk(text) }
    precondition(format.utf8CodeUnitCount == 3, "a verbatim format has three letters")
    header(0x3D, text.count + 4)
    raw(format)
    raw(":")
    ByteView.with(text) { raw($0) }
    raw("\r\n")
  }

  // MARK: Aggregates: the header; the elements follow as replies of their own

  @inlinable package mutating func array(_ count: Int) { header(0x2A, count) }

  /// `count` pairs follow.
  package mutating func map(_ count: Int) {
    if isRESP3 { header(0x25, count) } else { header(0x2A, count * 2) }
  }

  package mutating func set(_ count: Int) { header(isRESP3 ? 0x7E : 0x2A, count) }

  package mutating func push(_ count: Int) { header(isRESP3 ? 0x3E : 0x2A, count) }

  /// `count` pairs that belong to the next reply. RESP3 only: check `isRESP3` first.
  package mutating func attribute(_ count: Int) {
    precondition(isRESP3, "RESP2 has no attributes")
    header(0x7C, count)
  }

  /// An array whose length is known only when its elements are written: `body` writes them and
  /// returns how many there are. Costs one move of the elements.
  package mutating func deferredArray<Failure: Error>(
    _ body: (inout ReplyWriter) throws(Failure) -> Int
  ) throws(Failure) {
    let start = count
    let elements = try body(&self)
    insertHeader(0x2A, elements, at: start)
  }

  /// Writes an aggregate's header in front of what was written since `start`.
  package mutating func insertArrayHeader(_ elements: Int, at start: Int) {
    insertHeader(0x2A, elements, at: start)
  }

  /// As `insertArrayHeader`, for a set, in RESP2 an array.
  package mutating func insertSetHeader(_ elements: Int, at start: Int) {
    insertHeader(isRESP3 ? 0x7E : 0x2A, elements, at: start)
  }

  /// As `insertArrayHeader`, for `pairs` pairs. RESP3 only.
  package mutating func insertMapHeader(_ pairs: Int, at start: Int) {
    insertHeader(0x25, pairs, at: start)
  }

  private mutating func insertHeader(_ type: UInt8, _ number: Int, at start: Int) {
    let bodyCount = count - start
    header(type, number)
    let headerCount = count - start - bodyCount
    guard bodyCount > 0, let storage = unsafe storage else { return }
    unsafe withUnsafeTemporaryAllocation(byteCount: 24, alignment: 1) { scratch in
      let header = unsafe scratch.baseAddress.unsafelyUnwrapped
      unsafe memcpy(header, storage + start + bodyCount, headerCount)
      unsafe memmove(storage + start + headerCount, storage + start, bodyCount)
      unsafe memcpy(storage + start, header, headerCount)
    }
  }
}
