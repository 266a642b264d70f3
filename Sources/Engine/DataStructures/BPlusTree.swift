import RESP

/// The members of a large sorted set in the order of their scores, members of one score in the order of
/// their bytes; with ranks in both directions.
///
/// A B+ tree with subtree counts. An entry is 16 bytes: the score, and the address of the member's block,
/// which an `ElementTable` owns and does not move; so the member's bytes exist once. Nodes are 1 KiB:
///
/// ```
/// leaf    count:4 isLeaf:4 next:8 previous:8 unused:8    score:8 × 62   address:8 × 62
/// inner   count:4 isLeaf:4 unused:24   score:8 × 31   address:8 × 31   child:8 × 31   subtree count:8 × 31
/// ```
///
/// An inner node's score and address `i` are the first of child `i`, exactly: no separator outlives its
/// member. Scores lie together, so that most of a search compares numbers without touching members.
/// Nodes are at least half full, but for the last of each level: a node that splits there stays full, so
/// that ascending insertion fills nodes.
///
/// A handle of one word; whoever keeps the word owns the nodes. Changes may give the tree another root, so
/// they are `mutating`: the owner stores `bits` anew.
@safe
struct BPlusTree {
  typealias Address = UInt

  var root: Node

  @inline(__always)
  init(bits: Int) { root = Node(bits: bits) }

  @inline(__always) var bits: Int { root.bits }

  /// A new tree without entries.
  static func empty() -> BPlusTree { BPlusTree(bits: Node.allocate(isLeaf: true).bits) }

  var count: Int { root.subtreeCount }

  /// The member at an address.
  @inline(__always)
  static func member(_ address: Address) -> ByteView { ElementTable.name(at: address) }

  /// Where an entry stands: of the leaf's entries, which one. Valid until the tree changes.
  struct Cursor {
    fileprivate(set) var leaf: Node
    fileprivate(set) var index: Int

    @inline(__always) var score: Double { leaf.score(index) }
    @inline(__always) var address: Address { leaf.address(index) }
    @inline(__always) var member: ByteView { BPlusTree.member(address) }

    /// Moves on by one entry; false at the end.
    @inline(__always)
    mutating func moveForward() -> Bool {
      index &+= 1
      if index < leaf.count { return true }
      guard let next = leaf.next else { return false }
      leaf = next
      index = 0
      return true
    }

    /// Moves back by one entry; false at the start.
    @inline(__always)
    mutating func moveBackward() -> Bool {
      if index > 0 {
        index &-= 1
        return true
      }
      guard let previous = leaf.previous else { return false }
      leaf = previous
      index = previous.count &- 1
      return true
    }
  }

  // MARK: Searching

  /// The entry at `rank`, which is less than `count`.
  ///
  /// - Complexity: O(log *n*).
  func cursor(at rank: Int) -> Cursor {
    var node = root
    var left = rank
    while !node.isLeaf {
      let child = node.child(ofRank: left)
      node = node.child(child.index)
      left = child.rank
    }
    return Cursor(leaf: node, index: left)
  }

  /// How many entries come before the first for which `isBefore` is false. Entries for which it is true come first.
  ///
  /// - Complexity: O(log *n*) calls.
  @inline(__always)
  func rank(whereNot isBefore: (Double, Address) -> Bool) -> Int {
    var node = root
    var rank = 0
    while true {
      let index = node.partition(isBefore)
      if node.isLeaf { return rank &+ index }
      // The child before the first that starts beyond.
      let child = Swift.max(index &- 1, 0)
      for before in 0..<child { rank &+= node.childCount(before) }
      node = node.child(child)
    }
  }

  /// How many entries come before (`score`, `member`), which may be there or not.
  @inline(__always)
  func rank(_ score: Double, _ member: ByteView) -> Int {
    rank { Self.isBefore($0, $1, score, member) }
  }

  @inline(__always)
  static func isBefore(
    _ score: Double, _ address: Address, _ otherScore: Double, _ otherMember: ByteView
  ) -> Bool {
    if score != otherScore { return score < otherScore }
    return member(address) < otherMember
  }

  /// Visits `count` entries from the one at `rank` on, forward or backward, which exist.
  @inline(__always)
  func forEach(
    from rank: Int, count: Int, backward: Bool = false, _ visit: (ByteView, Double) -> Void
  ) {
    guard count > 0 else { return }
    var cursor = cursor(at: rank)
    for _ in 1..<count {
      visit(cursor.member, cursor.score)
      _ = backward ? cursor.moveBackward() : cursor.moveForward()
    }
    visit(cursor.member, cursor.score)
  }

  // MARK: Changing

  /// Adds an entry that is not there yet.
  ///
  /// - Complexity: O(log *n*).
  mutating func insert(_ score: Double, _ address: Address) {
    let member = Self.member(address)
    guard let right = Self.insert(score, address, member, root, isRightEdge: true) else { return }
    let old = root
    root = Node.allocate(isLeaf: false)
    root.appendChild(old)
    root.appendChild(right)
  }

  /// Returns the new right sibling of a node that had to split.
  private static func insert(
    _ score: Double, _ address: Address, _ member: ByteView, _ node: Node, isRightEdge: Bool
  ) -> Node? {
    let index = node.partition { isBefore($0, $1, score, member) }
    if node.isLeaf {
      if node.count < Node.leafCapacity {
        node.insertEntry(score, address, at: index)
        return nil
      }
      let isAppend = isRightEdge && index == node.count
      let right = node.split(at: isAppend ? node.count : node.count / 2)
      let target = index > node.count || isAppend ? right : node
      target.insertEntry(score, address, at: target == node ? index : index - node.count)
      return right
    }
    let child = Swift.max(index &- 1, 0)
    let isLast = child + 1 == node.count
    let added = insert(
      score, address, member, node.child(child), isRightEdge: isRightEdge && isLast)
    node.refresh(child)
    guard let added else { return nil }
    if node.count < Node.innerCapacity {
      node.insertChild(added, at: child + 1)
      return nil
    }
    let right = node.split(at: isRightEdge && isLast ? node.count - 1 : node.count / 2)
    if child + 1 <= node.count {
      node.insertChild(added, at: child + 1)
    } else {
      right.insertChild(added, at: child + 1 - node.count)
    }
    return right
  }

  /// Removes an entry that is there; its member's bytes are still to be read.
  ///
  /// - Complexity: O(log *n*).
  mutating func remove(_ score: Double, _ address: Address) {
    Self.remove(score, Self.member(address), root)
    while !root.isLeaf, root.count == 1 {
      let old = root
      root = old.child(0)
      old.free()
    }
  }

  private static func remove(_ score: Double, _ member: ByteView, _ node: Node) {
    let index = node.partition { isBefore($0, $1, score, member) }
    if node.isLeaf { return node.removeEntry(at: index) }
    // The entry is the first of child `index`, or else inside the one before.
    let isFirst =
      index < node.count && node.score(index) == score
      && Self.member(node.address(index)) == member
    let child = isFirst ? index : index &- 1
    remove(score, member, node.child(child))
    if node.child(child).isSparse {
      node.rebalance(child)
    } else {
      node.refresh(child)
    }
  }

  /// Gives an entry another score.
  ///
  /// - Complexity: O(log *n*); one search where its neighbours in the leaf stay its neighbours.
  mutating func update(_ oldScore: Double, to score: Double, _ address: Address) {
    let member = Self.member(address)
    var node = root
    while !node.isLeaf {
      let index = node.partition { Self.isBefore($0, $1, oldScore, member) }
      let isFirst =
        index < node.count && node.score(index) == oldScore && node.address(index) == address
      if isFirst { return move(oldScore, to: score, address) }
      node = node.child(index &- 1)
    }
    let index = node.partition { Self.isBefore($0, $1, oldScore, member) }
    // The first entry of a leaf is known to nodes above, unless there are none.
    if index > 0 || node == root,
      index == 0 || Self.isBefore(node.score(index - 1), node.address(index - 1), score, member),
      index + 1 == node.count
        ? node.next == nil
        : !Self.isBefore(node.score(index + 1), node.address(index + 1), score, member)
    {
      return node.setScore(index, score)
    }
    move(oldScore, to: score, address)
  }

  private mutating func move(_ oldScore: Double, to score: Double, _ address: Address) {
    remove(oldScore, address)
    insert(score, address)
  }

  // MARK: Whole trees

  /// Builds a tree from entries in ascending order.
  ///
  /// - Complexity: O(*n*).
  struct Builder {
    private var leaves: [Node] = []

    mutating func append(_ score: Double, _ address: Address) {
      if leaves.last.map({ $0.count == Node.leafCapacity }) ?? true {
        let leaf = Node.allocate(isLeaf: true)
        if let last = leaves.last { last.link(leaf) }
        leaves.append(leaf)
      }
      let leaf = leaves[leaves.count - 1]
      leaf.insertEntry(score, address, at: leaf.count)
    }

    func finish() -> BPlusTree {
      guard !leaves.isEmpty else { return .empty() }
      var level = leaves
      while level.count > 1 {
        Self.fillLast(of: level)
        var parents: [Node] = []
        for (index, child) in level.enumerated() {
          if index % Node.innerCapacity == 0 { parents.append(Node.allocate(isLeaf: false)) }
          parents[parents.count - 1].appendChild(child)
        }
        level = parents
      }
      return BPlusTree(bits: level[0].bits)
    }

    /// Only the last node of a level can be too small, and the one before it is full.
    private static func fillLast(of level: [Node]) {
      guard level.count > 1, level[level.count - 1].isSparse else { return }
      level[level.count - 2].balance(with: level[level.count - 1])
    }
  }

  /// Frees all nodes; members are their table's.
  func free() { Self.free(root) }

  private static func free(_ node: Node) {
    if !node.isLeaf {
      for index in 0..<node.count { free(node.child(index)) }
    }
    node.free()
  }

  /// Frees one of the lowest inner nodes with its leaves. Nothing but this may be called until it
  /// returns true: everything is freed.
  func freeSlice() -> Bool {
    if root.isLeaf || root.count == 0 || root.child(0).isLeaf {
      free()
      return true
    }
    var parent = root
    var node = root.child(root.count - 1)
    while node.count > 0, !node.child(0).isLeaf {
      parent = node
      node = node.child(node.count - 1)
    }
    Self.free(node)
    parent.count -= 1
    return false
  }

  /// What the nodes take of the heap.
  ///
  /// - Complexity: O(inner nodes).
  var heapByteCount: Int { Self.nodeCount(root) * Node.byteCount }

  private static func nodeCount(_ node: Node) -> Int {
    guard !node.isLeaf else { return 1 }
    guard !node.child(0).isLeaf else { return 1 + node.count }
    return (0..<node.count).reduce(1) { $0 + nodeCount(node.child($1)) }
  }
}
