extension CollectionValue {
  /// Moves a value that is one listpack.
  fileprivate func moveListpack(_ mover: inout BlockMover) {
    mover.moveIfItPays(bits: &block.word, listpack.byteCount)
  }

  /// Moves a value that is a table, from `progress` on.
  fileprivate func moveTable(from progress: UInt64, _ mover: inout BlockMover) -> UInt64? {
    let (table, next) = ElementTable(bits: block.word).moveBlocks(from: progress, &mover)
    block.word = table.bits
    return next
  }
}

extension ListValue {
  func moveBlocks(from progress: UInt64, _ mover: inout BlockMover) -> UInt64? {
    guard encoding == .structure else {
      moveListpack(&mover)
      return nil
    }
    let (list, next) = Quicklist(bits: block.word).moveBlocks(from: Int(progress), &mover)
    block.word = list.bits
    return next.map { UInt64($0) }
  }
}

extension SetValue {
  func moveBlocks(from progress: UInt64, _ mover: inout BlockMover) -> UInt64? {
    switch encoding {
    case .intset: mover.moveIfItPays(bits: &block.word, intset.byteCount)
    case .listpack: moveListpack(&mover)
    default: return moveTable(from: progress, &mover)
    }
    return nil
  }
}

extension SortedSetValue {
  func moveBlocks(from progress: UInt64, _ mover: inout BlockMover) -> UInt64? {
    guard !isListpack else {
      moveListpack(&mover)
      return nil
    }
    let (index, next) = self.index.moveBlocks(from: progress, &mover)
    block.word = index.bits
    return next
  }
}

extension HashValue {
  func moveBlocks(from progress: UInt64, _ mover: inout BlockMover) -> UInt64? {
    guard isListpack else { return moveTable(from: progress, &mover) }
    moveListpack(&mover)
    return nil
  }
}

extension StreamValue {
  /// The nodes' runs with their listpacks, a run a step; then what groups and their consumers have pending. Arrays and
  /// what is boxed, some blocks for each group and consumer, stay where they are.
  func moveBlocks(from progress: UInt64, _ mover: inout BlockMover) -> UInt64? {
    let stream = self.stream
    if progress < Self.groupsStart {
      let run = Int(progress)
      guard run < stream.body.nodes.runs.count else { return Self.groupsStart }
      stream.body.moveNodes(ofRun: run, &mover)
      return progress + 1
    }
    let group = Int((progress - Self.groupsStart) / Self.groupStride)
    guard group < stream.body.groups.count else { return nil }
    let next = stream.body.groups[group].body.movePending(
      from: Int(progress % Self.groupStride), &mover)
    return Self.groupsStart + (next.map { UInt64($0) } ?? Self.groupStride) + UInt64(group) * Self.groupStride
  }

  /// Progress: runs of nodes, from here on groups, and in each the runs of what is pending.
  private static let groupsStart = UInt64(1) << 60
  private static let groupStride = UInt64(1) << 36
}

extension Stream {
  fileprivate mutating func moveNodes(ofRun index: Int, _ mover: inout BlockMover) {
    nodes.moveRun(index, &mover)
    let run = nodes.runs[index]
    for node in 0..<Int(run.count) {
      var bits = run[node].listpack.bits
      mover.moveIfItPays(bits: &bits, run[node].listpack.byteCount)
      run[node].listpack = Listpack(bits: bits)
    }
  }
}
