import RESP

/// A list as it lies behind an entry's word: a listpack while all of it fits one node, else a quicklist.
@safe
struct ListValue: CollectionValue {
  static let type = ValueType.list

  let block: EntryBlock
  init(block: EntryBlock) { self.block = block }

  static func makeEmpty(_ keyspace: borrowing Keyspace) -> (ValueEncoding, word: Int) {
    (.listpack, Listpack.empty().bits)
  }

  /// What the options say about lists.
  struct Settings {
    let limits: Quicklist.Limits
    let compressDepth: Int

    init(_ options: borrowing Keyspace.Options, plainBytesMin: Int = 0) {
      limits = Quicklist.Limits(
        listpackSize: options.listListpackSize, plainBytesMin: plainBytesMin)
      compressDepth = options.listCompressDepth
    }

    init(_ keyspace: borrowing Keyspace) {
      self.init(keyspace.options, plainBytesMin: keyspace.plainListNodeBytesMin)
    }
  }

  @inline(__always) private var isListpack: Bool { block.encoding == .listpack }
  @inline(__always) private var quicklist: Quicklist { Quicklist(bits: block.word) }

  var count: Int { isListpack ? listpack.count : quicklist.count }

  // MARK: Memory

  private static let nodesPerSlice = 512

  var isLarge: Bool { !isListpack && quicklist.nodeCount > Self.nodesPerSlice }

  var freeEffort: Int { isListpack ? 1 : quicklist.nodeCount }

  func free() { if isListpack { listpack.free() } else { quicklist.free() } }

  func freeSlice(from progress: UInt64) -> UInt64? {
    guard !isListpack else {
      listpack.free()
      return nil
    }
    return quicklist.freeSlice(from: Int(progress), count: Self.nodesPerSlice).map { UInt64($0) }
  }

  func copyWord() -> Int { isListpack ? listpack.copy().bits : quicklist.copy().bits }

  func heapByteCount(samples: Int) -> Int {
    isListpack ? listpack.heapByteCount : quicklist.heapByteCount(samples: samples)
  }

  func mix(into digest: inout ContentDigest) {
    forEach { value in value.withBytes { digest.mix($0) } }
  }

  // MARK: Encoding

  /// Makes room for elements about to be added: beyond a node's limits a listpack becomes a quicklist.
  @inline(__always)
  func prepareToAdd(count added: Int, bytes: Int, _ settings: Settings) {
    guard isListpack else { return }
    if settings.limits.exceeds(bytes: listpack.byteCount + bytes, count: listpack.count + added) {
      becomeQuicklist(settings)
    }
  }

  private func becomeQuicklist(_ settings: Settings) {
    let list = Quicklist.empty(compressDepth: settings.compressDepth)
    list.appendNode(listpack)
    convert(to: .structure, word: list.bits)
  }

  /// After elements went: a quicklist of one node becomes a listpack again. Only at half the limits, so that a
  /// list at the border does not change with every push and pop.
  func shrink(_ settings: Settings) {
    guard !isListpack, let listpack = Self.listpack(of: quicklist, settings, divisor: 2) else {
      return
    }
    convert(to: .listpack, word: listpack.bits)
  }

  /// Encoding and word for a list just loaded, which it takes over.
  static func compact(_ list: Quicklist, _ settings: Settings) -> (ValueEncoding, word: Int) {
    if let listpack = listpack(of: list, settings, divisor: 1) { return (.listpack, listpack.bits) }
    list.settleAll()
    return (.structure, list.bits)
  }

  /// The only node of a list, which is freed, if it is within the limits divided by `divisor`.
  private static func listpack(
    of list: Quicklist, _ settings: Settings, divisor: Int
  ) -> Listpack? {
    guard list.nodeCount == 1 else { return nil }
    list.expand(0)
    let node = list[0]
    let limits = settings.limits
    guard node.form == .packed,
      limits.isByCount
        ? Int(node.count) <= limits.countMax / divisor
        : node.listpack.byteCount <= limits.bytesMax / divisor
    else { return nil }
    list.removeNode(at: 0)
    list.free()
    return node.listpack
  }

  // MARK: Reading

  /// Visits elements from `start` on, `count` of them, forwards or backwards.
  func forEach(from start: Int = 0, count visited: Int = .max, backwards: Bool = false, _ visit: (StringValue) -> Void) {
    var left = visited
    walk(from: start, backwards: backwards) { _, value in
      guard left > 0 else { return false }
      left -= 1
      visit(value)
      return left > 0
    }
  }

  /// Visits elements from the one at `start` on until `visit` returns false; it gets their indices.
  func walk(from start: Int, backwards: Bool = false, _ visit: (Int, StringValue) -> Bool) {
    guard start >= 0, start < count else { return }
    let step = backwards ? -1 : 1
    var index = start
    if isListpack {
      let listpack = self.listpack
      var position = listpack.position(at: start)
      while let current = position, visit(index, listpack.value(at: current)) {
        position = backwards ? listpack.previous(current) : listpack.next(current)
        index += step
      }
      return
    }
    let list = quicklist
    var cursor: Quicklist.Cursor? = list.cursor(at: start)
    while let current = cursor, visit(index, list.value(at: current)) {
      cursor = backwards ? list.previous(current) : list.next(current)
      index += step
    }
    list.settle()
  }

  /// The element at `index`, nil beyond the end. Valid until the list is used again.
  func value(at index: Int) -> StringValue? {
    guard index >= 0, index < count else { return nil }
    if isListpack {
      return listpack.position(at: index).map { listpack.value(at: $0) }
    }
    let list = quicklist
    // What earlier calls expanded: this one's node stays expanded while its value is used.
    list.settle()
    return list.value(at: list.cursor(at: index))
  }

  /// An index as commands give it, counted from the end where negative.
  func resolve(_ index: Int) -> Int { index < 0 ? count + index : index }

  // MARK: Changing

  enum End {
    case left
    case right
  }

  /// Adds an element at one end. `prepareToAdd` comes first.
  @inline(__always)
  func push(_ value: ByteView, _ end: End, _ settings: Settings) {
    if isListpack {
      var listpack = self.listpack
      if end == .right { listpack.append(value) } else { listpack.prepend(value) }
      self.listpack = listpack
      return
    }
    let list = quicklist
    if end == .right {
      list.append(value, settings.limits)
    } else {
      list.prepend(value, settings.limits)
    }
    list.settle()
  }

  /// Takes the element at one end away, after `visit` has seen it. There is one.
  @inline(__always)
  func pop(_ end: End, _ visit: (StringValue) -> Void) {
    if isListpack {
      var listpack = self.listpack
      guard let position = end == .left ? listpack.first : listpack.last else { return }
      visit(listpack.value(at: position))
      listpack.remove(at: position)
      self.listpack = listpack
      return
    }
    let list = quicklist
    guard let cursor = end == .left ? list.first : list.last else { return }
    visit(list.value(at: cursor))
    list.remove(cursor)
    list.settle()
  }

  /// Puts a value in front of the element at `index`, or behind it. `prepareToAdd` comes first.
  func insert(_ value: ByteView, at index: Int, after: Bool, _ settings: Settings) {
    if isListpack {
      var listpack = self.listpack
      guard let position = listpack.position(at: index) else { return }
      listpack.insert(value, at: after ? listpack.next(position) : position)
      self.listpack = listpack
      return
    }
    let list = quicklist
    list.insert(value, settings.limits, at: list.cursor(at: index), after: after)
    list.settle()
  }

  /// Puts a value in the place of the element at `index`. `prepareToAdd` comes first.
  func replace(at index: Int, with value: ByteView, _ settings: Settings) {
    if isListpack {
      var listpack = self.listpack
      guard let position = listpack.position(at: index) else { return }
      listpack.replace(at: position, with: value)
      self.listpack = listpack
      return
    }
    let list = quicklist
    list.replace(at: index, with: value, settings.limits)
    list.settle()
  }

  /// Removes elements from `start` on, `removed` of them; all of them exist.
  func removeRange(from start: Int, count removed: Int, _ settings: Settings) {
    guard removed > 0 else { return }
    if isListpack {
      var listpack = self.listpack
      guard let position = listpack.position(at: start) else { return }
      listpack.remove(at: position, count: removed)
      self.listpack = listpack
      return
    }
    let list = quicklist
    list.removeRange(from: start, count: removed, settings.limits)
    list.settle()
  }

  /// Removes elements that equal `value`, at most `limit` of them, from the front or from the back.
  ///
  /// - Returns: how many were removed.
  func remove(
    _ value: ByteView, limit: Int, backwards: Bool, _ settings: Settings
  ) -> Int {
    var matches: [Int] = []
    walk(from: backwards ? count - 1 : 0, backwards: backwards) { index, element in
      if element.equals(value) { matches.append(index) }
      return matches.count < limit
    }
    // From the back, so that the indices in front stay true; neighbours go together.
    if !backwards { matches.reverse() }
    var next = 0
    while next < matches.count {
      var run = 1
      while next + run < matches.count, matches[next + run] == matches[next] - run { run += 1 }
      removeRange(from: matches[next] - run + 1, count: run, settings)
      next += run
    }
    return matches.count
  }
}
