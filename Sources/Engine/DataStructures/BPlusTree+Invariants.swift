import RESP

extension BPlusTree {
  /// Traps unless entries ascend, inner nodes name what their children start with and how many entries
  /// they have, nodes are filled as they should be, all leaves are equally deep and linked in order.
  /// Costs a pass over the tree; nothing in builds without internal checks.
  func checkInvariants() {
    #if DEBUG || INTERNAL_CHECKS
      var checker = Checker()
      checker.check(root, depth: 0, isRoot: true, isRightEdge: true)
      precondition(checker.lastLeaf?.next == nil, "a leaf behind the last")
      precondition(checker.entries == count, "the tree's count is wrong")
    #endif
  }

  #if DEBUG || INTERNAL_CHECKS
    private struct Checker {
      var entries = 0
      var lastLeaf: Node?
      private var leafDepth: Int?
      private var last: (score: Double, address: Address)?

      mutating func check(_ node: Node, depth: Int, isRoot: Bool, isRightEdge: Bool) {
        precondition(node.count <= node.capacity, "a node beyond its capacity")
        precondition(isRoot || isRightEdge || !node.isSparse, "a node less than half full")
        if node.isLeaf { return checkLeaf(node, depth: depth, isRoot: isRoot) }
        precondition(node.count >= 2, "an inner node with one child")
        for index in 0..<node.count {
          let child = node.child(index)
          check(
            child, depth: depth + 1, isRoot: false,
            isRightEdge: isRightEdge && index == node.count - 1)
          precondition(
            node.score(index) == child.score(0) && node.address(index) == child.address(0),
            "a child starts with something else")
          precondition(node.childCount(index) == child.subtreeCount, "a subtree's count is wrong")
        }
      }

      private mutating func checkLeaf(_ leaf: Node, depth: Int, isRoot: Bool) {
        precondition(isRoot || leaf.count > 0, "an empty leaf")
        precondition(leafDepth ?? depth == depth, "leaves of different depth")
        precondition(leaf.previous == lastLeaf && lastLeaf?.next ?? leaf == leaf, "a leaf's links")
        leafDepth = depth
        lastLeaf = leaf
        entries += leaf.count
        for index in 0..<leaf.count {
          let (score, address) = (leaf.score(index), leaf.address(index))
          if let last {
            precondition(
              isBefore(last.score, last.address, score, member(address)), "entries out of order")
          }
          last = (score, address)
        }
      }
    }
  #endif
}
