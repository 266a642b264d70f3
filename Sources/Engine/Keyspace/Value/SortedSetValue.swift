import RESP

/// A sorted set as it lies behind an entry's word: a listpack of members and scores in the order of the
/// scores, or a tree over a table of members.
@safe
struct SortedSetValue: CollectionValue {
  static let type = ValueType.sortedSet

  let block: EntryBlock
  init(block: EntryBlock) { self.block = block }

  static func makeEmpty(_ keyspace: borrowing Keyspace) -> (ValueEncoding, word: Int) {
    if keyspace.options.sortedSetListpackLimits.entriesMax <= 0 {
      return (.structure, SortedSetIndex.empty(seed: keyspace.seed).bits)
    }
    return (.listpack, Listpack.empty().bits)
  }

  @inline(__always) var isListpack: Bool { encoding == .listpack }
  @inline(__always) var index: SortedSetIndex { SortedSetIndex(bits: block.word) }

  var count: Int { isListpack ? listpack.count / 2 : index.count }
  var isLarge: Bool { !isListpack && index.count > 2000 }

  func free() { isListpack ? listpack.free() : index.free() }

  func freeSlice(from progress: UInt64) -> UInt64? {
    if isListpack {
      listpack.free()
      return nil
    }
    return index.freeSlice(from: progress)
  }

  func copyWord() -> Int { isListpack ? listpack.copy().bits : index.copy().bits }

  func heapByteCount(samples: Int) -> Int {
    isListpack ? listpack.heapByteCount : index.heapByteCount(samples: samples)
  }

  func mix(into digest: inout ContentDigest) {
    forEach { member, score in
      digest.mix(member)
      unsafe withUnsafeBytes(of: score.bitPattern) { bits in
        unsafe digest.mix(ByteView(unsafeBase: bits.baseAddress.unsafelyUnwrapped, count: 8))
      }
    }
  }

  // MARK: Reading

  /// The score of a member, nil if it is none.
  @inline(__always)
  func score(of member: ByteView) -> Double? {
    if !isListpack { return index.score(of: member) }
    return listpack.firstPosition(of: member, from: listpack.first, skipping: 1).map(score(behind:))
  }

  /// The score that stands behind the member at a position.
  @inline(__always)
  private func score(behind position: Int) -> Double {
    unsafe score(at: listpack.next(position).unsafelyUnwrapped)
  }

  @inline(__always)
  private func score(at position: Int) -> Double {
    switch listpack.value(at: position) {
    case .integer(let integer): Double(integer)
    case .bytes(let text): DecimalText.double(text) ?? 0
    }
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

  func forEach(_ visit: (ByteView, Double) -> Void) { forEach(in: 0..<count, visit) }

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

  // MARK: Changing

  /// Gives a member a score, adding it where it is none.
  ///
  /// - Parameter member: must not point into this value.
  /// - Returns: whether it is new.
  @discardableResult
  func set(_ member: ByteView, _ score: Double, _ limits: Keyspace.ListpackLimits, seed: UInt64)
    -> Bool
  {
    update(member, limits, seed: seed) { _ in score } == .added
  }

  enum Change { case none, updated, added }

  /// Gives a member the score that `decide` makes of its present one (nil: it is none); nil leaves
  /// things as they are.
  @inline(__always)
  func update(
    _ member: ByteView, _ limits: Keyspace.ListpackLimits, seed: UInt64,
    _ decide: (Double?) -> Double?
  ) -> Change {
    if isListpack {
      let position = listpack.firstPosition(of: member, from: listpack.first, skipping: 1)
      let old = position.map(score(behind:))
      guard let score = decide(old) else { return .none }
      if let position {
        guard score != old else { return .none }
        listpack.remove(at: position, count: 2)
        insert(member, score)
        return .updated
      }
      if listpack.count / 2 < limits.entriesMax, member.count <= limits.valueBytesMax,
        listpack.byteCount + member.count < Listpack.byteCountMax
      {
        insert(member, score)
        return .added
      }
      convertToIndex(seed: seed)
      index.insert(member, score)
      return .added
    }
    return index.update(member, decide)
  }

  /// Puts a member that is not there into the listpack, where its score belongs.
  private func insert(_ member: ByteView, _ score: Double) {
    var position = listpack.first
    while let current = position {
      let other = self.score(behind: current)
      if other > score { break }
      if other == score, listpack.value(at: current).withBytes({ member < $0 }) { break }
      position = unsafe listpack.next(listpack.next(current).unsafelyUnwrapped)
    }
    let place = listpack.insert(member, at: position)
    let behind = listpack.next(place)
    insertScore(score, at: behind)
  }

  private func insertScore(_ score: Double, at position: Int?) {
    // Redis keeps no sign of a zero here either.
    if let whole = Int(exactly: score), whole.magnitude < 1 << 53 {
      listpack.insert(whole, at: position)
    } else {
      ByteView.with(Array(DecimalText.describe(score).utf8)) { text in
        _ = listpack.insert(text, at: position)
      }
    }
  }

  /// Removes a member; false if it was none. May leave the value without members.
  func remove(_ member: ByteView) -> Bool {
    guard isListpack else { return index.remove(member) }
    guard let position = listpack.firstPosition(of: member, from: listpack.first, skipping: 1)
    else { return false }
    listpack.remove(at: position, count: 2)
    return true
  }

  /// Removes the members of these ranks, which exist.
  func remove(ranks: Range<Int>) {
    guard !ranks.isEmpty else { return }
    guard isListpack else { return index.remove(ranks) }
    guard let position = listpack.position(at: ranks.lowerBound * 2) else { return }
    listpack.remove(at: position, count: ranks.count * 2)
  }

  /// Makes it a tree over a table at once, where so many members are about to come.
  func prepare(forCount count: Int, _ limits: Keyspace.ListpackLimits, seed: UInt64) {
    if isListpack, count > limits.entriesMax { convertToIndex(seed: seed) }
  }

  private func convertToIndex(seed: UInt64) {
    let old = listpack
    let new = SortedSetIndex.empty(seed: seed)
    var builder = BPlusTree.Builder()
    forEach { member, score in
      builder.append(score, new.members.insert(member, word: score.word).address)
    }
    new.take(builder.finish())
    convert(to: .structure, word: new.bits)
    old.free()
  }
}

extension Double {
  /// The bits as an element's word.
  @inline(__always) var word: Int { Int(bitPattern: UInt(bitPattern)) }

  @inline(__always)
  init(word: Int) { self.init(bitPattern: UInt64(UInt(bitPattern: word))) }
}
