extension BPlusTree {
  /// Moves the leaf with the entry at `rank`, its members and the nodes above it, where that pays.
  ///
  /// - Parameter members: has the members' blocks.
  /// - Returns: the rank of the next leaf's first entry; nil after the last.
  mutating func moveBlocks(from rank: Int, members: ElementTable, _ mover: inout BlockMover) -> Int? {
    if let moved = root.moved(&mover) { root = moved }
    var path: [(node: Node, index: Int)] = []
    var node = root
    var left = rank
    while !node.isLeaf {
      var index = 0
      while index + 1 < node.count, left >= node.childCount(index) {
        left &-= node.childCount(index)
        index &+= 1
      }
      if let moved = node.child(index).moved(&mover) { node.setChild(index, moved) }
      path.append((node, index))
      node = node.child(index)
    }
    mover.ask()
    for index in 0..<node.count {
      unsafe mover.add(UnsafeMutableRawPointer(bitPattern: node.address(index)).unsafelyUnwrapped)
    }
    mover.find()
    for index in 0..<node.count where mover.pays(index) {
      node.setAddress(index, members.moveElement(at: node.address(index), &mover))
    }
    // Nodes above know the address of what their children begin with.
    for (node, index) in path.reversed() { node.refresh(index) }
    return node.next == nil ? nil : rank - left + node.count
  }
}

extension BPlusTree.Node {
  /// This node where it was moved to, nil if it stayed. Its neighbours know; its parent is the caller's.
  fileprivate func moved(_ mover: inout BlockMover) -> BPlusTree.Node? {
    var bits = self.bits
    mover.moveIfItPays(bits: &bits, Self.byteCount)
    guard bits != self.bits else { return nil }
    let moved = BPlusTree.Node(bits: bits)
    if moved.isLeaf {
      moved.next?.previous = moved
      moved.previous?.next = moved
    }
    return moved
  }
}

extension SortedSetIndex {
  /// Progress from which on the table's own blocks are looked at; below it is that of the tree: ranks.
  private static let segmentsStart = UInt64(1) << 56

  /// Moves members and nodes where that pays, those of a leaf a call; then the table's segments.
  ///
  /// - Parameter progress: 0 to begin with.
  /// - Returns: the index where it is now, and from where to go on; nil when all of it was looked at.
  func moveBlocks(from progress: UInt64, _ mover: inout BlockMover) -> (SortedSetIndex, UInt64?) {
    if progress >= Self.segmentsStart {
      let (members, next) = self.members.moveSegments(from: progress - Self.segmentsStart, &mover)
      unsafe parts.pointee.members = members
      return (self, next.map { $0 + Self.segmentsStart })
    }
    var bits = self.bits
    if progress == 0 { mover.moveIfItPays(bits: &bits, MemoryLayout<Parts>.size) }
    let moved = SortedSetIndex(bits: bits)
    let rank = unsafe moved.parts.pointee.tree.moveBlocks(
      from: Int(progress), members: moved.members, &mover)
    return (moved, rank.map { UInt64($0) } ?? Self.segmentsStart)
  }
}
