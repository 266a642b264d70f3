import RESP

extension SortedSetValue {
  /// Gives a member a score, adding it where it is none.
  ///
  /// - Parameter member: must not point into this value.
  /// - Returns: whether it is new.
  @discardableResult
  func set(_ member: ByteView, _ score: Double, _ settings: Settings) -> Bool {
    update(member, settings) { _ in score } == .added
  }

  enum Change { case none, updated, added }

  /// Gives a member the score that `decide` makes of its present one (nil: it is none); nil leaves
  /// things as they are.
  @inline(__always)
  func update(
    _ member: ByteView, _ settings: Settings, _ decide: (Double?) -> Double?
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
      if listpack.count / 2 < settings.limits.entriesMax,
        member.count <= settings.limits.valueBytesMax,
        listpack.byteCount + member.count < Listpack.byteCountMax
      {
        insert(member, score)
        return .added
      }
      convertToIndex(seed: settings.seed)
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
    listpack.insert(score: score, at: listpack.next(place))
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
  func prepare(forCount count: Int, _ settings: Settings) {
    if isListpack, count > settings.limits.entriesMax { convertToIndex(seed: settings.seed) }
  }

  private func convertToIndex(seed: UInt64) {
    let old = listpack
    var builder = SortedSetIndex.Builder(seed: seed)
    forEach { member, score in builder.append(member, score) }
    convert(to: .structure, word: builder.finish().bits)
    old.free()
  }

  /// Takes the place of this value, which has no members: as a listpack where `settings` allow it.
  func adopt(_ index: SortedSetIndex, _ settings: Settings) {
    free()
    let (encoding, word) = index.compact(settings.limits)
    convert(to: encoding, word: word)
  }
}

extension SortedSetIndex {
  /// Encoding and word of a value of these members, and gives up this index where they fit a listpack.
  func compact(_ limits: Keyspace.ListpackLimits) -> (ValueEncoding, word: Int) {
    guard count <= limits.entriesMax, let listpack = listpack(valueBytesMax: limits.valueBytesMax)
    else { return (.structure, bits) }
    free()
    return (.listpack, listpack.bits)
  }

  /// The members and their scores, nil if one of them is too long.
  private func listpack(valueBytesMax: Int) -> Listpack? {
    var listpack = Listpack.empty()
    var fits = true
    tree.forEach(from: 0, count: count) { member, score in
      guard fits, member.count <= valueBytesMax else { return fits = false }
      listpack.append(member)
      listpack.insert(score: score, at: nil)
    }
    if fits { return listpack }
    listpack.free()
    return nil
  }
}

extension Listpack {
  /// Puts a score in front of the element at `position`: an integer as one, anything else as text.
  mutating func insert(score: Double, at position: Int?) {
    if let whole = Int(exactly: score), whole.magnitude < 1 << 62 {
      insert(whole, at: position)
    } else {
      let text = Array(DecimalText.describe(score).utf8)
      ByteView.with(text) { _ = insert($0, at: position) }
    }
  }
}
