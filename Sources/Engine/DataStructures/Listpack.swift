import CJemalloc
import Glibc
import RESP

/// A run of strings and integers in one heap block, in Redis' own byte format, so that files and
/// payloads hold it as it is.
///
/// ```
/// listpack  byteCount:4 count:2 element... FF         numbers little endian; count 65535: count them
/// element   encoding data backLength
///
/// 0xxxxxxx                       integer 0...127
/// 110xxxxx xxxxxxxx              integer of 13 bits       F1 F2 F3 F4: integer of 16, 24, 32, 64 bits
/// 10LLLLLL <bytes>               string of up to 63 bytes
/// 1110LLLL LLLLLLLL <bytes>      of up to 4095            F0 <length:4> <bytes>: longer ones
///
/// backLength  bytes of encoding and data, 7 bits a byte, to be read backwards: 1 to 5 bytes
/// ```
///
/// A handle of one word; whoever keeps the word owns the block. Changing operations may move the
/// block, so they are `mutating`: the owner stores `bits` anew. The block's allocated size is
/// always the size class of its content.
///
/// A *position* is a byte offset of an element's start.
///
/// - SeeAlso: <https://github.com/antirez/listpack/blob/master/listpack.md>
@safe
struct Listpack {
  static let headerByteCount = 6
  /// Redis refuses to let one grow beyond.
  static let byteCountMax = 1 << 30
  private static let unknownCount = 0xFFFF

  private(set) var base: UnsafeMutableRawPointer

  /// - Parameter bits: what `bits` of another instance gave.
  @inline(__always)
  init(bits: Int) { unsafe base = UnsafeMutableRawPointer(bitPattern: bits).unsafelyUnwrapped }

  @inline(__always) var bits: Int { unsafe Int(bitPattern: base) }

  /// A new listpack without elements.
  ///
  /// - Parameter reserving: bytes it is about to hold; 0 if that is not known.
  static func empty() -> Listpack {
    let listpack = Listpack(bits: Int(bitPattern: unsafe Heap.allocate(headerByteCount + 1)))
    listpack.byteCount = headerByteCount + 1
    listpack.storedCount = 0
    unsafe listpack.base.storeBytes(of: 0xFF, toByteOffset: headerByteCount, as: UInt8.self)
    return listpack
  }

  /// A copy of a listpack's bytes, which have been checked.
  ///
  /// - SeeAlso: `isValid(_:)`.
  init(copying bytes: ByteView) {
    unsafe base = Heap.allocate(bytes.count)
    unsafe memcpy(base, bytes.unsafeBase, bytes.count)
  }

  func copy() -> Listpack { Listpack(copying: bytes) }

  func free() { unsafe Heap.free(base, byteCount) }

  /// All of it, header and end included. Valid until it changes.
  var bytes: ByteView { unsafe ByteView(unsafeBase: UnsafeRawPointer(base), count: byteCount) }

  private(set) var byteCount: Int {
    @inline(__always) get { Int(unsafe base.loadUnaligned(as: UInt32.self)) }
    nonmutating set { unsafe base.storeBytes(of: UInt32(newValue), as: UInt32.self) }
  }

  /// What the block takes of the heap.
  var heapByteCount: Int { Heap.sizeClass(byteCount) }

  private var storedCount: Int {
    @inline(__always) get { Int(unsafe base.loadUnaligned(fromByteOffset: 4, as: UInt16.self)) }
    nonmutating set {
      unsafe base.storeBytes(
        of: UInt16(Swift.min(newValue, Self.unknownCount)), toByteOffset: 4, as: UInt16.self)
    }
  }

  /// How many elements there are.
  ///
  /// - Complexity: O(1), O(elements) beyond 65534.
  var count: Int {
    let stored = storedCount
    if stored != Self.unknownCount { return stored }
    var position = first
    var count = 0
    while let current = position {
      count += 1
      position = next(current)
    }
    if count < Self.unknownCount { storedCount = count }
    return count
  }

  @inline(__always) var isEmpty: Bool { byteCount == Self.headerByteCount + 1 }

  // MARK: Walking

  private var end: Int { byteCount - 1 }

  @inline(__always)
  var first: Int? { isEmpty ? nil : Self.headerByteCount }

  @inline(__always)
  var last: Int? { isEmpty ? nil : end - backwardByteCount(before: end) }

  /// The element behind the one at `position`.
  @inline(__always)
  func next(_ position: Int) -> Int? {
    let next = position &+ elementByteCount(at: position)
    return byte(next) == 0xFF ? nil : next
  }

  @inline(__always)
  func previous(_ position: Int) -> Int? {
    position == Self.headerByteCount ? nil : position - backwardByteCount(before: position)
  }

  /// The element at `index`, counted from the end where negative; nil beyond either end.
  ///
  /// - Complexity: O(distance from the nearer end).
  func position(at index: Int) -> Int? {
    let count = self.count
    let forward = index < 0 ? count + index : index
    guard forward >= 0, forward < count else { return nil }
    if forward <= count / 2 {
      var position = Self.headerByteCount
      for _ in 0..<forward { position &+= elementByteCount(at: position) }
      return position
    }
    var position = end
    for _ in forward..<count { position -= backwardByteCount(before: position) }
    return position
  }

  @inline(__always)
  private func byte(_ offset: Int) -> UInt8 {
    unsafe base.load(fromByteOffset: offset, as: UInt8.self)
  }

  /// Encoding and data, without the back length.
  @inline(__always)
  private func contentByteCount(at position: Int) -> Int {
    let head = byte(position)
    if head < 0x80 { return 1 }
    if head < 0xC0 { return 1 &+ Int(head & 0x3F) }
    if head < 0xE0 { return 2 }
    if head < 0xF0 { return 2 &+ (Int(head & 0x0F) << 8 | Int(byte(position &+ 1))) }
    switch head {
    case 0xF0:
      return 5 + Int(unsafe base.loadUnaligned(fromByteOffset: position + 1, as: UInt32.self))
    case 0xF1: return 3
    case 0xF2: return 4
    case 0xF3: return 5
    case 0xF4: return 9
    default: preconditionFailure("no listpack element at \(position)")
    }
  }

  @inline(__always)
  private func elementByteCount(at position: Int) -> Int {
    let content = contentByteCount(at: position)
    return content &+ Self.backLengthByteCount(content)
  }

  /// The whole of the element that ends at `offset`.
  private func backwardByteCount(before offset: Int) -> Int {
    var content = 0
    var shift = 0
    var position = offset - 1
    while true {
      let byte = byte(position)
      content |= Int(byte & 0x7F) << shift
      if byte & 0x80 == 0 { break }
      shift += 7
      position -= 1
    }
    return content + Self.backLengthByteCount(content)
  }

  /// The limits are Redis', including that 16383 takes three bytes.
  @inline(__always)
  private static func backLengthByteCount(_ content: Int) -> Int {
    if content <= 127 { return 1 }
    if content < 16383 { return 2 }
    if content < 2_097_151 { return 3 }
    return content < 268_435_455 ? 4 : 5
  }

  // MARK: Reading

  /// The element at a position: as a string's value is one, an integer or bytes. Bytes are valid until the
  /// listpack changes.
  @inline(__always)
  func value(at position: Int) -> StringValue {
    let head = byte(position)
    if head < 0x80 { return .integer(Int(head)) }
    if head < 0xC0 { return .bytes(view(position &+ 1, Int(head & 0x3F))) }
    return wideValue(at: position, head)
  }

  private func wideValue(at position: Int, _ head: UInt8) -> StringValue {
    if head < 0xE0 {
      let raw = Int(head & 0x1F) << 8 | Int(byte(position + 1))
      return .integer(raw >= 1 << 12 ? raw - 1 << 13 : raw)
    }
    if head < 0xF0 {
      return .bytes(view(position + 2, Int(head & 0x0F) << 8 | Int(byte(position + 1))))
    }
    let data = unsafe base + position + 1
    switch head {
    case 0xF0: return .bytes(view(position + 5, Int(unsafe data.loadUnaligned(as: UInt32.self))))
    case 0xF1: return .integer(Int(unsafe data.loadUnaligned(as: Int16.self)))
    case 0xF2:
      let low = Int(unsafe data.loadUnaligned(as: UInt16.self))
      return .integer(Int(Int8(bitPattern: byte(position + 3))) << 16 | low)
    case 0xF3: return .integer(Int(unsafe data.loadUnaligned(as: Int32.self)))
    case 0xF4: return .integer(unsafe data.loadUnaligned(as: Int.self))
    default: preconditionFailure("no listpack element at \(position)")
    }
  }

  @inline(__always)
  private func view(_ offset: Int, _ count: Int) -> ByteView {
    unsafe ByteView(unsafeBase: UnsafeRawPointer(base + offset), count: count)
  }

  /// The first element at or after `start` that equals `value`, looking at one and skipping `skip` in
  /// between (1 to look at the names of name-value pairs); nil if there is none.
  func firstPosition(of value: ByteView, from start: Int?, skipping skip: Int = 0) -> Int? {
    let integer = DecimalText.integer(value)
    var position = start
    var left = 0
    while let current = position {
      if left == 0 {
        let isEqual =
          switch self.value(at: current) {
          case .integer(let element): element == integer
          case .bytes(let element): element == value
          }
        if isEqual { return current }
        left = skip
      } else {
        left -= 1
      }
      position = next(current)
    }
    return nil
  }

  // MARK: Changing

  /// Puts a string in front of the element at `position`; nil for the end. A canonical integer is stored as one.
  ///
  /// - Parameter value: must not point into this listpack.
  /// - Returns: where it is now.
  @discardableResult
  mutating func insert(_ value: ByteView, at position: Int?) -> Int {
    replaceElements(at: position ?? end, byteCount: 0, count: 0, with: Encoded(value))
  }

  @discardableResult
  mutating func insert(_ value: Int, at position: Int?) -> Int {
    replaceElements(at: position ?? end, byteCount: 0, count: 0, with: Encoded(value))
  }

  @inline(__always)
  mutating func append(_ value: ByteView) { insert(value, at: nil) }

  @inline(__always)
  mutating func append(_ value: Int) { insert(value, at: nil) }

  mutating func append(_ value: StringValue) {
    switch value {
    case .integer(let integer): append(integer)
    case .bytes(let bytes): append(bytes)
    }
  }

  mutating func prepend(_ value: ByteView) { insert(value, at: first) }

  /// Puts another string in the place of the element at `position`, which stays the same.
  mutating func replace(at position: Int, with value: ByteView) {
    replaceElements(
      at: position, byteCount: elementByteCount(at: position), count: 1, with: Encoded(value))
  }

  mutating func replace(at position: Int, with value: Int) {
    replaceElements(
      at: position, byteCount: elementByteCount(at: position), count: 1, with: Encoded(value))
  }

  /// Removes elements from `position` on, `count` of them or as many as there are.
  ///
  /// - Returns: the position of what follows them now, nil at the end.
  @discardableResult
  mutating func remove(at position: Int, count: Int = 1) -> Int? {
    var stop = position
    var removed = 0
    while removed < count, byte(stop) != 0xFF {
      stop += elementByteCount(at: stop)
      removed += 1
    }
    replaceElements(at: position, byteCount: stop - position, count: removed, with: nil)
    return byte(position) == 0xFF ? nil : position
  }

  /// Moves the `count` elements from `position` on, which are there, in front of the one at `target`, which is none of
  /// them; nil for the end.
  mutating func move(at position: Int, count: Int, before target: Int?) {
    var stop = position
    for _ in 0..<count { stop += elementByteCount(at: stop) }
    let moved = stop - position
    let target = target ?? end
    guard target < position || target > stop else { return }
    unsafe withUnsafeTemporaryAllocation(byteCount: moved, alignment: 1) { buffer in
      guard let held = buffer.baseAddress else { return }
      unsafe memcpy(held, base + position, moved)
      if target < position {
        unsafe memmove(base + target + moved, base + target, position - target)
        unsafe memcpy(base + target, held, moved)
      } else {
        unsafe memmove(base + position, base + stop, target - stop)
        unsafe memcpy(base + target - moved, held, moved)
      }
    }
  }

  /// Appends all elements of another listpack.
  mutating func append(contentsOf other: Listpack) {
    let added = other.byteCount - Self.headerByteCount - 1
    let sum = count + other.count
    let offset = end
    openGap(at: offset, removing: 0, inserting: added)
    unsafe memcpy(base + offset, other.base + Self.headerByteCount, added)
    storedCount = sum
  }

  /// Appends elements that an `Encoder` made.
  mutating func append(encoded elements: ByteView, count added: Int) {
    let offset = end
    openGap(at: offset, removing: 0, inserting: elements.count)
    unsafe memcpy(base + offset, elements.unsafeBase, elements.count)
    let stored = storedCount
    if stored != Self.unknownCount { storedCount = stored + added }
  }

  /// Cuts off the elements from `position` on and returns them as a listpack of their own.
  mutating func split(at position: Int) -> Listpack {
    let total = count
    var tail = Listpack.empty()
    let moved = end - position
    tail.openGap(at: Self.headerByteCount, removing: 0, inserting: moved)
    unsafe memcpy(tail.base + Self.headerByteCount, base + position, moved)
    tail.storedCount = Self.unknownCount
    let tailCount = tail.count
    openGap(at: position, removing: moved, inserting: 0)
    storedCount = total - tailCount
    return tail
  }

  /// How many bytes an element of this value takes.
  static func elementByteCount(of value: ByteView) -> Int { Encoded(value).byteCount }

  @discardableResult
  private mutating func replaceElements(
    at offset: Int, byteCount removed: Int, count removedCount: Int, with encoded: Encoded?
  ) -> Int {
    let inserted = encoded?.byteCount ?? 0
    openGap(at: offset, removing: removed, inserting: inserted)
    if let encoded { unsafe encoded.write(to: base + offset) }
    let stored = storedCount
    if stored != Self.unknownCount {
      storedCount = stored - removedCount + (encoded == nil ? 0 : 1)
    }
    return offset
  }

  /// Makes the bytes from `offset` on `inserted` long where they were `removed` long.
  private mutating func openGap(at offset: Int, removing removed: Int, inserting inserted: Int) {
    let oldCount = byteCount
    let newCount = oldCount &+ inserted &- removed
    precondition(newCount <= Int(UInt32.max), "a listpack beyond 4 GiB")
    let tail = oldCount &- offset &- removed
    if newCount > oldCount {
      resize(from: oldCount, to: newCount)
    }
    if inserted != removed, tail > 0 {
      unsafe memmove(base + offset + inserted, base + offset + removed, tail)
    }
    if newCount < oldCount {
      resize(from: oldCount, to: newCount)
    }
    byteCount = newCount
  }

  private mutating func resize(from oldCount: Int, to newCount: Int) {
    guard Heap.sizeClass(oldCount) != Heap.sizeClass(newCount) else { return }
    guard let moved = unsafe realloc(base, Swift.max(newCount, 16)) else {
      fatalError("out of memory: a listpack of \(newCount) bytes")
    }
    unsafe base = moved
  }

  // MARK: Encoding

  /// A value on its way into a listpack.
  @safe private struct Encoded {
    private enum Content {
      case integer(Int)
      case bytes(ByteView)
    }

    private let content: Content
    private let contentByteCount: Int

    @inline(__always)
    init(_ value: ByteView) {
      if value.count <= 20, let integer = DecimalText.integer(value) {
        self.init(integer)
        return
      }
      let head = value.count < 64 ? 1 : value.count < 4096 ? 2 : 5
      self.init(.bytes(value), contentByteCount: head + value.count)
    }

    private init(_ content: Content, contentByteCount: Int) {
      self.content = content
      self.contentByteCount = contentByteCount
    }

    @inline(__always)
    init(_ value: Int) {
      let byteCount =
        switch value {
        case 0...127: 1
        case -4096...4095: 2
        case -32768...32767: 3
        case -8_388_608...8_388_607: 4
        case -2_147_483_648...2_147_483_647: 5
        default: 9
        }
      self.init(.integer(value), contentByteCount: byteCount)
    }

    var byteCount: Int { contentByteCount &+ backLengthByteCount(contentByteCount) }

    func write(to target: UnsafeMutableRawPointer) {
      switch content {
      case .bytes(let bytes): unsafe write(bytes, to: target)
      case .integer(let integer): unsafe write(integer, to: target)
      }
      unsafe writeBackLength(to: target + contentByteCount)
    }

    private func write(_ bytes: ByteView, to target: UnsafeMutableRawPointer) {
      let count = bytes.count
      let data: UnsafeMutableRawPointer
      if count < 64 {
        unsafe target.storeBytes(of: 0x80 | UInt8(count), as: UInt8.self)
        unsafe data = target + 1
      } else if count < 4096 {
        unsafe target.storeBytes(of: 0xE0 | UInt8(count >> 8), as: UInt8.self)
        unsafe target.storeBytes(
          of: UInt8(truncatingIfNeeded: count), toByteOffset: 1, as: UInt8.self)
        unsafe data = target + 2
      } else {
        unsafe target.storeBytes(of: 0xF0, as: UInt8.self)
        unsafe target.storeBytes(of: UInt32(count), toByteOffset: 1, as: UInt32.self)
        unsafe data = target + 5
      }
      unsafe memcpy(data, bytes.unsafeBase, count)
    }

    private func write(_ integer: Int, to target: UnsafeMutableRawPointer) {
      let data = unsafe target + 1
      var little = integer.littleEndian
      switch contentByteCount {
      case 1: unsafe target.storeBytes(of: UInt8(integer), as: UInt8.self)
      case 2:
        let raw = integer & 0x1FFF
        unsafe target.storeBytes(of: 0xC0 | UInt8(raw >> 8), as: UInt8.self)
        unsafe data.storeBytes(of: UInt8(truncatingIfNeeded: raw), as: UInt8.self)
      default:
        let head: UInt8 =
          switch contentByteCount {
          case 3: 0xF1
          case 4: 0xF2
          case 5: 0xF3
          default: 0xF4
          }
        unsafe target.storeBytes(of: head, as: UInt8.self)
        unsafe memcpy(data, &little, contentByteCount - 1)
      }
    }

    private func writeBackLength(to target: UnsafeMutableRawPointer) {
      let count = backLengthByteCount(contentByteCount)
      for index in 0..<count {
        let shift = 7 * (count - 1 - index)
        let low = UInt8(truncatingIfNeeded: contentByteCount >> shift) & 0x7F
        unsafe target.storeBytes(of: index == 0 ? low : low | 0x80, toByteOffset: index, as: UInt8.self)
      }
    }
  }
}

extension Listpack {
  /// Makes the bytes of several elements that are to be appended at once.
  @safe struct Encoder {
    private let base: UnsafeMutableRawPointer
    private(set) var byteCount = 0
    private(set) var count = 0

    /// What an element takes beyond its own bytes, at most; also the whole of an integer.
    static let overheadMax = 10

    /// - Parameter base: has room for all that is going to be appended.
    init(base: UnsafeMutableRawPointer) { unsafe self.base = base }

    var bytes: ByteView { unsafe ByteView(unsafeBase: UnsafeRawPointer(base), count: byteCount) }

    mutating func append(_ value: ByteView) { append(Encoded(value)) }

    mutating func append(_ value: Int) { append(Encoded(value)) }

    private mutating func append(_ encoded: Encoded) {
      unsafe encoded.write(to: base + byteCount)
      byteCount &+= encoded.byteCount
      count &+= 1
    }
  }

  /// Whether `bytes` are a listpack whose elements can be walked in both directions.
  ///
  /// - Parameter check: gets each element; false makes the whole invalid.
  static func isValid(_ bytes: ByteView, _ check: (StringValue) -> Bool = { _ in true }) -> Bool {
    guard bytes.count > headerByteCount, bytes[bytes.count - 1] == 0xFF else { return false }
    let stored = (0..<4).reduce(0) { $0 | Int(bytes[$1]) << (8 * $1) }
    guard stored == bytes.count else { return false }
    let storedCount = Int(bytes[4]) | Int(bytes[5]) << 8
    var offset = headerByteCount
    var count = 0
    while offset < bytes.count - 1 {
      guard let content = contentByteCount(bytes, at: offset) else { return false }
      let back = backLengthByteCount(content)
      guard content <= bytes.count - 1 - offset - back else { return false }
      for index in 0..<back {
        let low = UInt8(truncatingIfNeeded: content >> (7 * (back - 1 - index))) & 0x7F
        guard bytes[offset + content + index] == (index == 0 ? low : low | 0x80) else { return false }
      }
      guard check(element(bytes, at: offset, content)) else { return false }
      offset += content + back
      count += 1
    }
    return storedCount == unknownCount || storedCount == count
  }

  private static func contentByteCount(_ bytes: ByteView, at offset: Int) -> Int? {
    let head = bytes[offset]
    let rest = bytes.count - offset
    switch head {
    case 0..<0x80: return 1
    case 0x80..<0xC0: return 1 + Int(head & 0x3F)
    case 0xC0..<0xE0: return 2
    case 0xE0..<0xF0: return rest > 1 ? 2 + (Int(head & 0x0F) << 8 | Int(bytes[offset + 1])) : nil
    case 0xF0:
      guard rest > 4 else { return nil }
      return 5 + (1...4).reduce(0) { $0 | Int(bytes[offset + $1]) << (8 * ($1 - 1)) }
    case 0xF1: return 3
    case 0xF2: return 4
    case 0xF3: return 5
    case 0xF4: return 9
    default: return nil
    }
  }

  /// The element of checked extent at `offset`.
  private static func element(_ bytes: ByteView, at offset: Int, _ content: Int) -> StringValue {
    // A handle onto foreign memory, for reading only.
    unsafe Listpack(bits: Int(bitPattern: bytes.unsafeBase)).value(at: offset)
  }
}
