import RESP

extension SortedSetValue {
  /// The score of a member, nil if it is none.
  @inline(__always)
  func score(of member: ByteView) -> Double? {
    if !isListpack { return index.score(of: member) }
    return listpack.firstPosition(of: member, from: listpack.first, skipping: 1).map(score(behind:))
  }

  /// The score that stands behind the member at a position.
  @inline(__always)
  func score(behind position: Int) -> Double {
    unsafe score(at: listpack.next(position).unsafelyUnwrapped)
  }

  @inline(__always)
  private func score(at position: Int) -> Double {
    unsafe listpack.value(at: position).score.unsafelyUnwrapped
  }

  /// How many members come before `member`, and its score; nil if it is none.
  func rank(of member: ByteView) -> (rank: Int, score: Double)? {
    guard isListpack else {
      guard let score = index.score(of: member) else { return nil }
      return (index.tree.rank(score, member), score)
    }
    var position = listpack.first
    var rank = 0
    while let current = position {
      if listpack.value(at: current).equals(member) { return (rank, score(behind: current)) }
      position = unsafe listpack.next(listpack.next(current).unsafelyUnwrapped)
      rank += 1
    }
    return nil
  }

  /// How many members come first for which `isBefore` is true; none behind the first for which it is
  /// false may have it true.
  @inline(__always)
  func rank(whereNot isBefore: (Double, ByteView) -> Bool) -> Int {
    guard isListpack else {
      return index.tree.rank { isBefore($0, BPlusTree.member($1)) }
    }
    var position = listpack.first
    var rank = 0
    while let current = position {
      let score = score(behind: current)
      guard listpack.value(at: current).withBytes({ isBefore(score, $0) }) else { return rank }
      position = unsafe listpack.next(listpack.next(current).unsafelyUnwrapped)
      rank += 1
    }
    return rank
  }

  /// Visits the members of these ranks, which exist; the highest first where `backward`.
  func forEach(
    in ranks: Range<Int>, backward: Bool = false, _ visit: (ByteView, Double) -> Void
  ) {
    guard !ranks.isEmpty else { return }
    let start = backward ? ranks.upperBound - 1 : ranks.lowerBound
    guard isListpack else {
      return index.tree.forEach(from: start, count: ranks.count, backward: backward, visit)
    }
    var position = listpack.position(at: start * 2)
    for _ in 0..<ranks.count {
      guard let current = position else { return }
      let score = score(behind: current)
      listpack.value(at: current).withBytes { visit($0, score) }
      if backward {
        position = listpack.previous(current).flatMap { listpack.previous($0) }
      } else {
        position = unsafe listpack.next(listpack.next(current).unsafelyUnwrapped)
      }
    }
  }

  /// Visits all members, lowest scores first.
  func forEach(_ visit: (ByteView, Double) -> Void) { forEach(in: 0..<count, visit) }

  /// Visits some hundred members from `position` on, in no order, and returns where to go on; nil after the last. 0
  /// starts.
  func visitSlice(from position: UInt64, _ visit: (ByteView, Double) -> Void) -> UInt64? {
    guard !isListpack else {
      forEach(visit)
      return nil
    }
    return index.members.visitSegment(from: position) { visit($0.name, Double(word: $0.word)) }
  }

  /// Visits some members and returns where to go on, nil after the last.
  func scan(
    from position: UInt64, count: Int, _ visit: (ByteView, Double) -> Void
  ) -> UInt64? {
    if isListpack {
      forEach(visit)
      return nil
    }
    var left = count
    var next: UInt64? = position
    while let current = next, left > 0 {
      next = index.members.visitBucket(from: current) { element in
        visit(element.name, Double(bitPattern: UInt64(bitPattern: Int64(element.word))))
        left -= 1
      }
    }
    return next
  }
}
