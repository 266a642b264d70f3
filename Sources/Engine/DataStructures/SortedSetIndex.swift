import RESP

/// The large form of a sorted set: a table from member to score, and a tree over its members in order.
///
/// A handle of one word; whoever keeps the word owns both.
@safe
struct SortedSetIndex {
  private struct Parts {
    var tree: BPlusTree
    let members: ElementTable
  }

  private let parts: UnsafeMutablePointer<Parts>

  @inline(__always)
  init(bits: Int) { unsafe parts = UnsafeMutablePointer(bitPattern: bits).unsafelyUnwrapped }

  @inline(__always) var bits: Int { Int(bitPattern: unsafe parts) }

  static func empty(seed: UInt64) -> SortedSetIndex {
    let parts = UnsafeMutablePointer<Parts>.allocate(capacity: 1)
    unsafe parts.initialize(to: Parts(tree: .empty(), members: .empty(seed: seed)))
    return SortedSetIndex(bits: Int(bitPattern: parts))
  }

  @inline(__always) var tree: BPlusTree { unsafe parts.pointee.tree }
  @inline(__always) var members: ElementTable { unsafe parts.pointee.members }
  var count: Int { members.count }

  /// Replaces the tree, which is empty, by one of all members.
  func take(_ tree: BPlusTree) {
    unsafe parts.pointee.tree.free()
    unsafe parts.pointee.tree = tree
  }

  @inline(__always)
  func score(of member: ByteView) -> Double? { members.find(member).map { Double(word: $0.word) } }

  /// Adds a member that is none yet.
  func insert(_ member: ByteView, _ score: Double) { insert(member, score, members.hash(member)) }

  private func insert(_ member: ByteView, _ score: Double, _ hash: KeyHash) {
    let element = members.insert(member, word: score.word, hash)
    unsafe parts.pointee.tree.insert(score, element.address)
  }

  @inline(__always)
  func update(_ member: ByteView, _ decide: (Double?) -> Double?) -> SortedSetValue.Change {
    let hash = members.hash(member)
    guard let element = members.find(member, hash) else {
      guard let score = decide(nil) else { return .none }
      insert(member, score, hash)
      return .added
    }
    let old = Double(word: element.word)
    guard let score = decide(old), score != old else { return .none }
    element.word = score.word
    unsafe parts.pointee.tree.update(old, to: score, element.address)
    return .updated
  }

  func remove(_ member: ByteView) -> Bool {
    guard let element = members.find(member) else { return false }
    unsafe parts.pointee.tree.remove(Double(word: element.word), element.address)
    members.remove(element)
    return true
  }

  /// Removes the members of these ranks, which exist.
  func remove(_ ranks: Range<Int>) {
    for _ in 0..<ranks.count {
      let cursor = tree.cursor(at: ranks.lowerBound)
      let element = members.find(cursor.member)
      unsafe parts.pointee.tree.remove(cursor.score, cursor.address)
      if let element { members.remove(element) }
    }
  }

  func copy() -> SortedSetIndex {
    let copy = SortedSetIndex.empty(seed: members.seed)
    var builder = BPlusTree.Builder()
    tree.forEach(from: 0, count: count) { member, score in
      builder.append(score, copy.members.insert(member, word: score.word).address)
    }
    copy.take(builder.finish())
    return copy
  }

  func heapByteCount(samples: Int) -> Int {
    MemoryLayout<Parts>.size + tree.heapByteCount + members.heapByteCount(samples: samples)
  }

  func free() {
    tree.free()
    members.free()
    unsafe parts.deallocate()
  }

  /// Progress while the tree is being freed; 0 starts, and positions in the table are far below.
  private static let freeingTree = UInt64.max

  func freeSlice(from progress: UInt64) -> UInt64? {
    if progress == 0 || progress == Self.freeingTree {
      guard tree.freeSlice() else { return Self.freeingTree }
      return freeMembers(from: 0)
    }
    return freeMembers(from: progress)
  }

  private func freeMembers(from position: UInt64) -> UInt64? {
    let next = members.freeSlice(from: position)
    if next == nil { unsafe parts.deallocate() }
    return next
  }
}
