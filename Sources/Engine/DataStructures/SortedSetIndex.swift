import RESP

/// The large form of a sorted set: a table from member to score, and a tree over its members in order.
///
/// A handle of one word; whoever keeps the word owns both.
@safe
struct SortedSetIndex {
  struct Parts {
    var tree: BPlusTree
    var members: ElementTable
  }

  let parts: UnsafeMutablePointer<Parts>

  @inline(__always)
  init(bits: Int) { unsafe parts = UnsafeMutablePointer(bitPattern: bits).unsafelyUnwrapped }

  @inline(__always) var bits: Int { Int(bitPattern: unsafe parts) }

  private init(_ tree: BPlusTree, _ members: ElementTable) {
    unsafe parts = .allocate(capacity: 1)
    unsafe parts.initialize(to: Parts(tree: tree, members: members))
  }

  static func empty(seed: UInt64) -> SortedSetIndex {
    SortedSetIndex(.empty(), .empty(seed: seed))
  }

  @inline(__always) var tree: BPlusTree { unsafe parts.pointee.tree }
  @inline(__always) var members: ElementTable { unsafe parts.pointee.members }
  var count: Int { members.count }

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
    var builder = Builder(seed: members.seed)
    tree.forEach(from: 0, count: count) { member, score in builder.append(member, score) }
    return builder.finish()
  }

  /// Builds an index from members in ascending order.
  struct Builder {
    private let members: ElementTable
    private var tree = BPlusTree.Builder()

    init(seed: UInt64) { members = .empty(seed: seed) }

    mutating func append(_ member: ByteView, _ score: Double) {
      tree.append(score, members.insert(member, word: score.word).address)
    }

    func finish() -> SortedSetIndex { SortedSetIndex(tree.finish(), members) }
  }

  /// An index of a table whose words are scores, which becomes part of it.
  ///
  /// - Complexity: O(*n* log *n*).
  init(sorting members: ElementTable) {
    let sorting = Sorting(members)
    while !sorting.advance(elements: .max) {}
    self = sorting.finish()
  }

  /// Makes an index of a table whose words are scores, some elements at a time.
  final class Sorting {
    private let members: ElementTable
    private let entries: MergeSort<(score: Double, address: UInt)>
    private var tree = BPlusTree.Builder()
    private var phase = Phase.collecting(position: 0)

    private enum Phase {
      case collecting(position: UInt64)
      case sorting
      /// How many entries are in the tree.
      case building(Int)
      case finished
    }

    /// - Parameter members: does not change any more, and becomes part of the index.
    init(_ members: ElementTable) {
      self.members = members
      entries = MergeSort(capacity: members.count)
    }

    /// Does what about that many elements take; true when `finish` may be called.
    func advance(elements: Int) -> Bool {
      switch phase {
      case .collecting(let position):
        let next = members.visitSegment(from: position) { element in
          entries.append((Double(word: element.word), element.address))
        }
        phase = next.map { .collecting(position: $0) } ?? .sorting
      case .sorting:
        let isSorted = entries.count == 0 || entries.advance(moves: elements) { left, right in
          BPlusTree.isBefore(left.score, left.address, right.score, BPlusTree.member(right.address))
        }
        if isSorted { phase = .building(0) }
      case .building(let built):
        let end = built + Swift.min(elements, entries.count - built)
        for index in built..<end { tree.append(entries[index].score, entries[index].address) }
        phase = .building(end)
        return end == entries.count
      case .finished: return true
      }
      return false
    }

    func finish() -> SortedSetIndex {
      phase = .finished
      return SortedSetIndex(tree.finish(), members)
    }

    deinit { if case .building = phase { tree.finish().free() } }
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
