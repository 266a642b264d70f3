#if DEBUG || INTERNAL_CHECKS
extension BPlusTree {
  /// Traps unless order, counts, separators, fill and links are as they should be.
  func checkInvariants() {
    var leaves: [Node] = []
    Self.check(root, isRoot: true, &leaves)
    for (index, leaf) in leaves.enumerated() {
      precondition(leaf.previous == (index == 0 ? nil : leaves[index - 1]), "a broken link back")
      precondition(
        leaf.next == (index + 1 == leaves.count ? nil : leaves[index + 1]), "a broken link")
    }
    guard count > 1 else { return }
    var cursor = cursor(at: 0)
    var last = (cursor.score, cursor.address)
    while cursor.moveForward() {
      precondition(
        Self.isBefore(last.0, last.1, cursor.score, cursor.member), "entries out of order")
      last = (cursor.score, cursor.address)
    }
  }

  /// Returns the height.
  @discardableResult
  private static func check(_ node: Node, isRoot: Bool, _ leaves: inout [Node]) -> Int {
    precondition(
      node.count <= (node.isLeaf ? Node.leafCapacity : Node.innerCapacity), "an overfull node")
    guard !node.isLeaf else {
      precondition(isRoot || node.count > 0, "an empty leaf")
      leaves.append(node)
      return 1
    }
    precondition(node.count >= (isRoot ? 2 : 1), "an inner node without need")
    var heights = Set<Int>()
    for index in 0..<node.count {
      let child = node.child(index)
      heights.insert(check(child, isRoot: false, &leaves))
      precondition(node.childCount(index) == child.subtreeCount, "a wrong count")
      precondition(
        node.score(index) == child.score(0) && node.address(index) == child.address(0),
        "a wrong separator")
    }
    precondition(heights.count == 1, "leaves at different depths")
    return (heights.first ?? 0) + 1
  }
}
#endif
