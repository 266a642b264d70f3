import Glibc
import RESP

/// A long list: a ring of nodes, each a listpack of a few KiB.
///
/// ```
/// storage   nodes, capacity, head, nodeCount, count, compressDepth     one heap block
/// nodes     16 bytes each: pointer:8 elements:4 form:1 flag:1                 a ring, so both ends are O(1)
/// ```
///
/// Redis chains its nodes; a ring of 16-byte descriptors finds an index by summing counts that lie side by side (a
/// million short strings are some 1500 nodes, 24 KiB), and saves the links. Inserting a node in the
/// middle moves descriptors, not data.
///
/// An element too long for a node gets a *plain* node of its own. With `compressDepth` d, all but the first and last
/// d nodes are kept compressed; whoever touches one expands it, and `settle` compresses it again.
///
/// A handle of one word; whoever keeps the word owns the list. A *cursor* names an element: valid until the list
/// changes.
@safe
struct Quicklist {
  /// How much one node holds: `list-max-listpack-size`.
  struct Limits {
    let countMax: Int
    let bytesMax: Int
    var isByCount: Bool { countMax != .max }
    /// Nodes limited by count stay below this too.
    private static let safeBytesMax = 8192
    private static let byteLimits = [4096, 8192, 16384, 32768, 65536]

    /// Elements from this length on get a node of their own; 0: those too long for a node.
    private let plainBytesMin: Int

    init(listpackSize: Int, plainBytesMin: Int = 0) {
      self.plainBytesMin = plainBytesMin
      if listpackSize >= 0 {
        countMax = Swift.max(listpackSize, 1)
        bytesMax = Self.safeBytesMax
      } else {
        countMax = .max
        bytesMax = Self.byteLimits[Swift.min(-listpackSize, Self.byteLimits.count) - 1]
      }
    }

    func exceeds(bytes: Int, count: Int) -> Bool { count > countMax || bytes > bytesMax }

    func needsPlainNode(_ byteCount: Int) -> Bool {
      plainBytesMin > 0 ? byteCount >= plainBytesMin : byteCount > bytesMax
    }
  }

  enum Form: UInt8 {
    case packed = 0
    case plain = 1
    case compressed = 2
  }

  @safe struct Node {
    var bits: Int
    var count: UInt32
    var form: Form
    /// Compression was tried and did not pay.
    var isIncompressible = false

    var listpack: Listpack { Listpack(bits: bits) }
    var plain: StringBuffer { StringBuffer(bits: bits) }
    var compressed: CompressedListpack { CompressedListpack(bits: bits) }

    func free() {
      switch form {
      case .packed: listpack.free()
      case .plain: plain.free()
      case .compressed: compressed.free()
      }
    }

    var heapByteCount: Int {
      switch form {
      case .packed: listpack.heapByteCount
      case .plain: Heap.sizeClass(plain.byteCount)
      case .compressed: compressed.heapByteCount
      }
    }
  }

  struct Cursor {
    var node: Int
    /// In the node's listpack; 0 in a plain node.
    var position: Int
  }

  @safe struct Storage {
    var nodes: UnsafeMutablePointer<Node>
    var capacity: Int
    var head = 0
    var nodeCount = 0
    var count = 0
    var compressDepth: Int
    /// Nodes expanded since the last `settle`.
    var expanded: Range<Int> = 0..<0
  }

  let storage: UnsafeMutablePointer<Storage>

  init(bits: Int) { unsafe storage = UnsafeMutablePointer(bitPattern: bits).unsafelyUnwrapped }
  var bits: Int { unsafe Int(bitPattern: storage) }

  static func empty(compressDepth: Int) -> Quicklist {
    let storage = UnsafeMutablePointer<Storage>.allocate(capacity: 1)
    let nodes = UnsafeMutablePointer<Node>.allocate(capacity: 4)
    unsafe storage.initialize(
      to: Storage(nodes: nodes, capacity: 4, compressDepth: compressDepth))
    return Quicklist(bits: Int(bitPattern: storage))
  }

  // MARK: Nodes

  var count: Int { unsafe storage.pointee.count }
  var nodeCount: Int { unsafe storage.pointee.nodeCount }

  @inline(__always)
  private func slot(_ index: Int) -> Int {
    unsafe (storage.pointee.head &+ index) & (storage.pointee.capacity &- 1)
  }

  subscript(index: Int) -> Node {
    @inline(__always) get {
      precondition(index >= 0 && index < nodeCount, "no such node")
      return unsafe storage.pointee.nodes[slot(index)]
    }
    nonmutating set { unsafe storage.pointee.nodes[slot(index)] = newValue }
  }

  /// Adds a node in front of the one at `index`; moves the fewer descriptors.
  func insertNode(_ node: Node, at index: Int) {
    if unsafe storage.pointee.nodeCount == storage.pointee.capacity { grow() }
    let count = nodeCount
    unsafe storage.pointee.nodeCount += 1
    if index < count / 2 {
      unsafe storage.pointee.head = slot(-1 + storage.pointee.capacity)
      for position in 0..<index { move(from: position + 1, to: position) }
    } else {
      for position in stride(from: count, to: index, by: -1) { move(from: position - 1, to: position) }
    }
    unsafe storage.pointee.nodes[slot(index)] = node
    unsafe storage.pointee.count += Int(node.count)
  }

  /// Takes a node out; its block is the caller's.
  func removeNode(at index: Int) {
    let count = nodeCount
    unsafe storage.pointee.count -= Int(self[index].count)
    if index < count / 2 {
      for position in stride(from: index, to: 0, by: -1) { move(from: position - 1, to: position) }
      unsafe storage.pointee.head = slot(1)
    } else {
      for position in index..<count - 1 { move(from: position + 1, to: position) }
    }
    unsafe storage.pointee.nodeCount -= 1
  }

  private func move(from source: Int, to target: Int) {
    unsafe storage.pointee.nodes[slot(target)] = storage.pointee.nodes[slot(source)]
  }

  private func grow() {
    let capacity = unsafe storage.pointee.capacity
    let grown = UnsafeMutablePointer<Node>.allocate(capacity: capacity * 2)
    for index in 0..<nodeCount { unsafe (grown + index).initialize(to: self[index]) }
    unsafe storage.pointee.nodes.deallocate()
    unsafe storage.pointee.nodes = grown
    unsafe storage.pointee.capacity = capacity * 2
    unsafe storage.pointee.head = 0
  }

  /// Puts another listpack in a node, or the same one changed.
  func setListpack(_ listpack: Listpack, inNode index: Int) {
    var node = self[index]
    node.bits = listpack.bits
    node.isIncompressible = false
    self[index] = node
  }

  /// Adds to the number of elements in a node.
  func countElements(_ delta: Int, inNode index: Int) {
    self[index].count = UInt32(Int(self[index].count) + delta)
    unsafe storage.pointee.count += delta
  }

  // MARK: Compression

  var compressDepth: Int { unsafe storage.pointee.compressDepth }

  /// Expands a node that is about to be read or changed.
  @inline(__always)
  func expand(_ index: Int) {
    if self[index].form == .compressed { expandCompressed(index) }
  }

  @inline(never)
  private func expandCompressed(_ index: Int) {
    let node = self[index]
    self[index] = Node(bits: node.compressed.expanded().bits, count: node.count, form: .packed)
    node.free()
    unsafe storage.pointee.expanded =
      storage.pointee.expanded.isEmpty
      ? index..<index + 1
      : Swift.min(index, storage.pointee.expanded.lowerBound)..<Swift.max(
        index + 1, storage.pointee.expanded.upperBound)
  }

  /// Brings every node to the form its place asks for. After each operation.
  @inline(__always)
  func settle() { if compressDepth > 0 { settleCompression() } }

  @inline(never)
  private func settleCompression() {
    let depth = compressDepth
    let count = nodeCount
    for index in 0..<Swift.min(depth, count) {
      expand(index)
      expand(count - 1 - index)
    }
    let touched = unsafe storage.pointee.expanded
    unsafe storage.pointee.expanded = 0..<0
    guard count > 2 * depth else { return }
    let interior = depth..<count - depth
    // Pushes and splits move the border by a node or two.
    for index in touched.clamped(to: interior) { compress(index) }
    for index in [depth, depth + 1, count - depth - 1, count - depth - 2]
    where interior.contains(index) {
      compress(index)
    }
  }

  private func compress(_ index: Int) {
    let node = self[index]
    guard node.form == .packed, !node.isIncompressible else { return }
    guard let compressed = CompressedListpack(node.listpack) else {
      self[index].isIncompressible = true
      return
    }
    self[index] = Node(bits: compressed.bits, count: node.count, form: .compressed)
    node.free()
  }

  /// Compresses all of the interior, as after loading.
  func settleAll() {
    guard compressDepth > 0 else { return }
    unsafe storage.pointee.expanded = 0..<nodeCount
    settleCompression()
  }

  // MARK: Memory

  func free() {
    for index in 0..<nodeCount { self[index].free() }
    freeStorage()
  }

  /// Frees some nodes from `start` on; nil when nothing is left.
  func freeSlice(from start: Int, count: Int) -> Int? {
    let end = Swift.min(start + count, nodeCount)
    for index in start..<end { self[index].free() }
    if end < nodeCount { return end }
    freeStorage()
    return nil
  }

  private func freeStorage() {
    unsafe storage.pointee.nodes.deallocate()
    unsafe storage.deallocate()
  }

  func copy() -> Quicklist {
    let copy = Quicklist.empty(compressDepth: compressDepth)
    for index in 0..<nodeCount {
      var node = self[index]
      switch node.form {
      case .packed: node.bits = node.listpack.copy().bits
      case .plain: node.bits = StringBuffer.holding(node.plain.view).bits
      case .compressed: node.bits = node.compressed.copy().bits
      }
      copy.insertNode(node, at: index)
    }
    return copy
  }

  /// - Parameter samples: nodes looked at; 0 for all.
  func heapByteCount(samples: Int) -> Int {
    let sampled = samples == 0 ? nodeCount : Swift.min(samples, nodeCount)
    var bytes = 0
    for index in 0..<sampled { bytes += self[index].heapByteCount }
    if sampled > 0 { bytes = bytes * nodeCount / sampled }
    return unsafe bytes + MemoryLayout<Storage>.size + 16 * storage.pointee.capacity
  }
}

/// A listpack compressed by LZF.
///
/// ```
/// byteCount:4 expandedByteCount:4 <compressed bytes>
/// ```
@safe
struct CompressedListpack {
  private static let headerByteCount = 8
  /// Smaller ones are not worth it, nor are savings below.
  private static let byteCountMin = 48
  private static let savingMin = 8
  private let base: UnsafeMutableRawPointer

  init(bits: Int) { unsafe base = UnsafeMutableRawPointer(bitPattern: bits).unsafelyUnwrapped }
  var bits: Int { unsafe Int(bitPattern: base) }

  /// nil if compression does not pay.
  init?(_ listpack: Listpack) {
    let bytes = listpack.bytes
    guard bytes.count >= Self.byteCountMin else { return nil }
    // A node is a few KiB; only this process expands it.
    var compressor = LZFCompressor(tableBits: 12)
    guard let compressed = compressor.compress(bytes, limit: bytes.count - Self.savingMin) else {
      return nil
    }
    unsafe base = Heap.allocate(Self.headerByteCount + compressed.count)
    unsafe base.storeBytes(of: UInt32(compressed.count), as: UInt32.self)
    unsafe base.storeBytes(of: UInt32(bytes.count), toByteOffset: 4, as: UInt32.self)
    ByteView.with(Array(compressed)) {
      unsafe _ = memcpy(base + Self.headerByteCount, $0.unsafeBase, $0.count)
    }
  }

  private var compressedByteCount: Int { Int(unsafe base.load(as: UInt32.self)) }
  private var expandedByteCount: Int { Int(unsafe base.load(fromByteOffset: 4, as: UInt32.self)) }
  /// Of the block.
  var byteCount: Int { Self.headerByteCount + compressedByteCount }
  var heapByteCount: Int { Heap.sizeClass(byteCount) }

  func expanded() -> Listpack {
    let view = unsafe ByteView(
      unsafeBase: UnsafeRawPointer(base + Self.headerByteCount), count: compressedByteCount)
    guard let bytes = LZF.decompress(view, count: expandedByteCount) else {
      preconditionFailure("a node of a list was compressed wrongly")
    }
    return ByteView.with(bytes) { Listpack(copying: $0) }
  }

  func copy() -> CompressedListpack {
    let copy = unsafe Heap.allocate(byteCount)
    unsafe memcpy(copy, base, byteCount)
    return CompressedListpack(bits: Int(bitPattern: copy))
  }

  func free() { unsafe Heap.free(base, byteCount) }
}
