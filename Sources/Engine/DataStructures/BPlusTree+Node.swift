import Glibc

extension BPlusTree {
  /// One node, by its address. The layout is drawn at `BPlusTree`.
  @safe
  struct Node: Equatable {
    static let byteCount = 1024
    static let leafCapacity = 62
    static let innerCapacity = 31
    private static let headerByteCount = 32
    private static let stride = 8

    let base: UnsafeMutableRawPointer

    @inline(__always)
    init(bits: Int) { unsafe base = UnsafeMutableRawPointer(bitPattern: bits).unsafelyUnwrapped }

    @inline(__always) var bits: Int { Int(bitPattern: unsafe base) }

    static func == (left: Node, right: Node) -> Bool { left.bits == right.bits }

    static func allocate(isLeaf: Bool) -> Node {
      let node = Node(bits: Int(bitPattern: unsafe Heap.allocate(byteCount)))
      unsafe memset(node.base, 0, headerByteCount)
      unsafe node.base.storeBytes(of: isLeaf ? 1 : 0, toByteOffset: 4, as: UInt32.self)
      return node
    }

    func free() { unsafe Heap.free(base, Self.byteCount) }

    // MARK: Fields

    @inline(__always)
    var count: Int {
      get { Int(unsafe base.load(as: UInt32.self)) }
      nonmutating set { unsafe base.storeBytes(of: UInt32(truncatingIfNeeded: newValue), as: UInt32.self) }
    }

    @inline(__always)
    var isLeaf: Bool { unsafe base.load(fromByteOffset: 4, as: UInt32.self) != 0 }

    @inline(__always)
    var next: Node? {
      get { link(at: 8) }
      nonmutating set { setLink(newValue, at: 8) }
    }

    @inline(__always)
    var previous: Node? {
      get { link(at: 16) }
      nonmutating set { setLink(newValue, at: 16) }
    }

    @inline(__always)
    private func link(at offset: Int) -> Node? {
      let bits = unsafe base.load(fromByteOffset: offset, as: Int.self)
      return bits == 0 ? nil : Node(bits: bits)
    }

    private func setLink(_ node: Node?, at offset: Int) {
      unsafe base.storeBytes(of: node?.bits ?? 0, toByteOffset: offset, as: Int.self)
    }

    @inline(__always) var capacity: Int { isLeaf ? Self.leafCapacity : Self.innerCapacity }

    /// Where column `column` (score, address, child, subtree count) has its word `index`.
    @inline(__always)
    private func word(_ column: Int, _ index: Int) -> UnsafeMutableRawPointer {
      unsafe base + (Self.headerByteCount &+ (column &* capacity &+ index) &* Self.stride)
    }

    @inline(__always)
    func score(_ index: Int) -> Double { unsafe word(0, index).load(as: Double.self) }

    @inline(__always)
    func setScore(_ index: Int, _ score: Double) {
      unsafe word(0, index).storeBytes(of: score, as: Double.self)
    }

    @inline(__always)
    func address(_ index: Int) -> Address { unsafe word(1, index).load(as: Address.self) }

    func setAddress(_ index: Int, _ address: Address) {
      unsafe word(1, index).storeBytes(of: address, as: Address.self)
    }

    @inline(__always)
    func child(_ index: Int) -> Node { Node(bits: unsafe word(2, index).load(as: Int.self)) }

    func setChild(_ index: Int, _ child: Node) {
      unsafe word(2, index).storeBytes(of: child.bits, as: Int.self)
    }

    /// How many entries child `index` has below it.
    @inline(__always)
    func childCount(_ index: Int) -> Int { unsafe word(3, index).load(as: Int.self) }

    /// The child that has the entry of `rank`, and how many entries of it come before. The node is no leaf.
    @inline(__always)
    func child(ofRank rank: Int) -> (index: Int, rank: Int) {
      var index = 0
      var left = rank
      // Four at a time first: their sum has no branches.
      while index &+ 4 < count {
        let four = (childCount(index) &+ childCount(index &+ 1)) &+ (childCount(index &+ 2) &+ childCount(index &+ 3))
        if left < four { break }
        left &-= four
        index &+= 4
      }
      while left >= childCount(index) {
        left &-= childCount(index)
        index &+= 1
      }
      return (index, left)
    }

    var subtreeCount: Int {
      isLeaf ? count : (0..<count).reduce(0) { $0 &+ childCount($1) }
    }

    /// Less than half full: to be joined with a neighbour.
    var isSparse: Bool { count < capacity / 2 }

    // MARK: Searching

    /// The first index for which `isBefore` is false.
    @inline(__always)
    func partition(_ isBefore: (Double, Address) -> Bool) -> Int {
      var low = 0
      var high = count
      while low < high {
        let middle = (low &+ high) >> 1
        if isBefore(score(middle), address(middle)) {
          low = middle &+ 1
        } else {
          high = middle
        }
      }
      return low
    }

    // MARK: Changing

    func insertEntry(_ score: Double, _ address: Address, at index: Int) {
      openGap(at: index)
      setScore(index, score)
      setAddress(index, address)
    }

    func removeEntry(at index: Int) { closeGap(at: index) }

    func insertChild(_ child: Node, at index: Int) {
      openGap(at: index)
      setChild(index, child)
      refresh(index)
    }

    func appendChild(_ child: Node) { insertChild(child, at: count) }

    /// Takes over what child `index` starts with and how many entries it has.
    func refresh(_ index: Int) {
      let child = child(index)
      setScore(index, child.score(0))
      setAddress(index, child.address(0))
      unsafe word(3, index).storeBytes(of: child.subtreeCount, as: Int.self)
    }

    @inline(__always) private var columnCount: Int { isLeaf ? 2 : 4 }

    private func openGap(at index: Int) {
      let moved = count &- index
      for column in 0..<columnCount where moved > 0 {
        unsafe memmove(word(column, index + 1), word(column, index), moved * Self.stride)
      }
      count += 1
    }

    private func closeGap(at index: Int) {
      let moved = count &- index &- 1
      for column in 0..<columnCount where moved > 0 {
        unsafe memmove(word(column, index), word(column, index + 1), moved * Self.stride)
      }
      count -= 1
    }

    /// Moves what is at `index` and beyond to a new node behind this one.
    func split(at index: Int) -> Node {
      let right = Node.allocate(isLeaf: isLeaf)
      moveTail(from: index, toFrontOf: right)
      if isLeaf { link(right) }
      return right
    }

    /// Puts a leaf behind this one.
    func link(_ leaf: Node) {
      leaf.next = next
      leaf.previous = self
      next?.previous = leaf
      next = leaf
    }

    private func moveTail(from index: Int, toFrontOf right: Node) {
      let moved = count - index
      for column in 0..<columnCount {
        unsafe memmove(
          right.word(column, moved), right.word(column, 0), right.count * Self.stride)
        unsafe memcpy(right.word(column, 0), word(column, index), moved * Self.stride)
      }
      right.count += moved
      count = index
    }

    private func moveHead(_ moved: Int, of right: Node) {
      for column in 0..<columnCount {
        unsafe memcpy(word(column, count), right.word(column, 0), moved * Self.stride)
        unsafe memmove(
          right.word(column, 0), right.word(column, moved), (right.count - moved) * Self.stride)
      }
      count += moved
      right.count -= moved
    }

    /// Spreads what this node and its right neighbour have evenly.
    func balance(with right: Node) {
      let half = (count + right.count) / 2
      if count > half {
        moveTail(from: half, toFrontOf: right)
      } else {
        moveHead(half - count, of: right)
      }
    }

    /// Joins child `index`, which has become sparse, with a neighbour, or fills it from there.
    func rebalance(_ index: Int) {
      guard count > 1 else { return count > 0 ? refresh(index) : () }
      let left = index + 1 < count ? index : index - 1
      let (first, second) = (child(left), child(left + 1))
      if first.count + second.count <= first.capacity {
        first.moveHead(second.count, of: second)
        if first.isLeaf {
          first.next = second.next
          second.next?.previous = first
        }
        second.free()
        closeGap(at: left + 1)
        refresh(left)
      } else {
        first.balance(with: second)
        refresh(left)
        refresh(left + 1)
      }
    }
  }
}
