import RESP

/// A set as it lies behind an entry's word: integers in an `IntSet`, a few small members in a listpack, else an
/// `ElementTable`.
@safe
struct SetValue: CollectionValue {
  static let type = ValueType.set

  let block: EntryBlock
  init(block: EntryBlock) { self.block = block }

  static func makeEmpty(_ keyspace: borrowing Keyspace) -> (ValueEncoding, word: Int) {
    (.intset, IntSet.empty().bits)
  }

  /// Up to where a set keeps which encoding, and the seed of its table.
  struct Settings {
    let intsetEntriesMax: Int
    let listpack: Keyspace.ListpackLimits
    let seed: UInt64

    init(_ options: borrowing Keyspace.Options, seed: UInt64) {
      // Redis never lets one grow beyond 1 GiB.
      intsetEntriesMax = Swift.min(options.setIntsetEntriesMax, 1 << 27)
      listpack = options.setListpackLimits
      self.seed = seed
    }

    init(_ keyspace: borrowing Keyspace) { self.init(keyspace.options, seed: keyspace.seed) }
  }

  var intset: IntSet {
    @inline(__always) get { IntSet(bits: block.word) }
    nonmutating set { block.word = newValue.bits }
  }

  var table: ElementTable { @inline(__always) get { ElementTable(bits: block.word) } }

  var count: Int {
    switch block.encoding {
    case .intset: intset.count
    case .listpack: listpack.count
    default: table.count
    }
  }

  // MARK: Memory

  private static let largeCount = 1000

  var isLarge: Bool { block.encoding == .structure && table.count > Self.largeCount }

  var freeEffort: Int { block.encoding == .structure ? table.count : 1 }

  func free() {
    switch block.encoding {
    case .intset: intset.free()
    case .listpack: listpack.free()
    default: table.free()
    }
  }

  func freeSlice(from progress: UInt64) -> UInt64? {
    if block.encoding == .structure { return table.freeSlice(from: progress) }
    free()
    return nil
  }

  func copyWord() -> Int {
    switch block.encoding {
    case .intset: intset.copy().bits
    case .listpack: listpack.copy().bits
    default: table.copy().bits
    }
  }

  func heapByteCount(samples: Int) -> Int {
    switch block.encoding {
    case .intset: intset.heapByteCount
    case .listpack: listpack.heapByteCount
    default: table.heapByteCount(samples: samples)
    }
  }

  func mix(into digest: inout ContentDigest) {
    var mixed = digest
    forEach { member in member.withBytes { mixed.combine($0) } }
    digest = mixed
  }

  // MARK: Reading

  func contains(_ member: ByteView) -> Bool {
    switch block.encoding {
    case .intset: DecimalText.integer(member).map { intset.contains($0) } ?? false
    case .listpack: listpack.firstPosition(of: member, from: listpack.first) != nil
    default: table.contains(member)
    }
  }

  /// Visits every member.
  func forEach(_ visit: (StringValue) -> Void) {
    var position: UInt64? = 0
    while let current = position { position = visitSlice(from: current, visit) }
  }

  /// Visits some hundred members from `position` on and returns where to go on; nil after the last. 0 starts.
  func visitSlice(from position: UInt64, _ visit: (StringValue) -> Void) -> UInt64? {
    switch block.encoding {
    case .intset:
      let set = intset
      let end = Swift.min(Int(position) + Self.sliceCount, set.count)
      for index in Int(position)..<end { visit(.integer(set[index])) }
      return end < set.count ? UInt64(end) : nil
    case .listpack:
      let listpack = self.listpack
      var next = listpack.first
      while let current = next {
        visit(listpack.value(at: current))
        next = listpack.next(current)
      }
      return nil
    default: return table.visitSegment(from: position) { visit(.bytes($0.name)) }
    }
  }

  private static let sliceCount = 512

  /// A member drawn at random, each with the same chance. Valid until the set changes; there is one.
  func randomMember(_ random: inout SplitMix64) -> StringValue {
    switch block.encoding {
    case .intset:
      return .integer(intset[random.index(below: intset.count)])
    case .listpack:
      let index = random.index(below: listpack.count)
      guard let position = listpack.position(at: index) else { break }
      return listpack.value(at: position)
    default:
      guard let element = table.randomElement(&random) else { break }
      return .bytes(element.name)
    }
    preconditionFailure("an empty set in the keyspace")
  }

  // MARK: Changing

  /// Adds a member; false if it was there.
  ///
  /// - Parameter member: must not point into the set.
  func insert(_ member: ByteView, _ settings: Settings) -> Bool {
    switch block.encoding {
    case .intset:
      guard let integer = DecimalText.integer(member) else {
        leaveIntset(for: member, settings)
        return insert(member, settings)
      }
      var set = intset
      let isNew = set.insert(integer)
      intset = set
      if isNew, set.count > settings.intsetEntriesMax { becomeTable(settings) }
      return isNew
    case .listpack:
      var listpack = self.listpack
      if listpack.firstPosition(of: member, from: listpack.first) != nil { return false }
      if listpack.count < settings.listpack.entriesMax,
        member.count <= settings.listpack.valueBytesMax
      {
        listpack.append(member)
        self.listpack = listpack
        return true
      }
      becomeTable(settings)
      table.insert(member)
      return true
    default:
      return table.insertIfMissing(member)
    }
  }

  /// Turns integers into a listpack if that, with one more member, stays within its limits, else into a table.
  private func leaveIntset(for member: ByteView, _ settings: Settings) {
    let set = intset
    // The longest integer is at one of the ends.
    let longest =
      set.count == 0
      ? 0 : Swift.max(StringValue.integer(set[0]).count, StringValue.integer(set[set.count - 1]).count)
    guard set.count < settings.listpack.entriesMax,
      member.count <= settings.listpack.valueBytesMax, longest <= settings.listpack.valueBytesMax
    else { return becomeTable(settings) }
    var listpack = Listpack.empty()
    for index in 0..<set.count { listpack.append(set[index]) }
    convert(to: .listpack, word: listpack.bits)
    set.free()
  }

  func becomeTable(_ settings: Settings) {
    let table = ElementTable.empty(seed: settings.seed)
    forEach { member in member.withBytes { _ = table.insert($0) } }
    let old = SetWord(encoding: block.encoding, word: block.word)
    convert(to: .structure, word: table.bits)
    old.free()
  }

  /// An encoding and its word, apart from the entry they were in.
  private struct SetWord {
    let encoding: ValueEncoding
    let word: Int

    func free() {
      switch encoding {
      case .intset: IntSet(bits: word).free()
      case .listpack: Listpack(bits: word).free()
      default: ElementTable(bits: word).free()
      }
    }
  }

  /// Removes a member; false if it was not there.
  func remove(_ member: ByteView) -> Bool {
    switch block.encoding {
    case .intset:
      guard let integer = DecimalText.integer(member) else { return false }
      var set = intset
      let wasThere = set.remove(integer)
      intset = set
      return wasThere
    case .listpack:
      var listpack = self.listpack
      guard let position = listpack.firstPosition(of: member, from: listpack.first) else {
        return false
      }
      listpack.remove(at: position)
      self.listpack = listpack
      return true
    default: return table.remove(member)
    }
  }
}

extension SplitMix64 {
  /// A number from 0 to `count` - 1.
  mutating func index(below count: Int) -> Int {
    Int(truncatingIfNeeded: next().multipliedFullWidth(by: UInt64(count)).high)
  }
}
