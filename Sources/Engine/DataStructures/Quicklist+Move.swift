extension Quicklist {
  private static let nodesPerStep = 16

  /// Moves some nodes where that pays, from the one at `index` on.
  ///
  /// - Parameter index: 0 to begin with.
  /// - Returns: the list where it is now, and the next node; nil after the last.
  func moveBlocks(from index: Int, _ mover: inout BlockMover) -> (Quicklist, Int?) {
    let list = index == 0 ? movedHead(&mover) : self
    let end = Swift.min(index + Self.nodesPerStep, list.nodeCount)
    guard index < end else { return (list, nil) }
    for index in index..<end { list[index].move(&mover) }
    return (list, end < list.nodeCount ? end : nil)
  }

  /// The list after its own two blocks were looked at: the head, and the ring of descriptors.
  private func movedHead(_ mover: inout BlockMover) -> Quicklist {
    var bits = self.bits
    mover.moveIfItPays(bits: &bits, MemoryLayout<Storage>.size)
    let list = Quicklist(bits: bits)
    let byteCount = unsafe list.storage.pointee.capacity * MemoryLayout<Node>.stride
    if let ring = unsafe mover.moveIfItPays(list.storage.pointee.nodes, byteCount) {
      unsafe list.storage.pointee.nodes = ring.assumingMemoryBound(to: Node.self)
    }
    return list
  }
}

extension Quicklist.Node {
  fileprivate mutating func move(_ mover: inout BlockMover) {
    let byteCount =
      switch form {
      case .packed: listpack.byteCount
      case .plain: plain.byteCount
      case .compressed: compressed.byteCount
      }
    mover.moveIfItPays(bits: &bits, byteCount)
  }
}
