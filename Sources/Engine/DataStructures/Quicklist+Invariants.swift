#if DEBUG || INTERNAL_CHECKS
  extension Quicklist {
    /// Traps unless counts agree with what nodes hold, no node is empty, and nodes are compressed where they
    /// should be.
    func checkInvariants() {
      var sum = 0
      for index in 0..<nodeCount {
        let node = self[index]
        precondition(node.count > 0, "an empty node")
        sum += Int(node.count)
        switch node.form {
        case .plain: precondition(node.count == 1, "a plain node holds one element")
        case .packed:
          precondition(node.listpack.count == Int(node.count), "a node miscounts its elements")
          precondition(Listpack.isValid(node.listpack.bytes), "a node's listpack is broken")
        case .compressed:
          precondition(
            index >= compressDepth && index < nodeCount - compressDepth, "an end is compressed")
        }
      }
      precondition(sum == count, "the list miscounts its elements")
    }
  }
#endif
