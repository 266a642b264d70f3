import RESP

/// A call of SORT or SORT_RO, a slice at a time.
final class SortCall: SlicedCall {
  /// An element, and what it is sorted by.
  private struct Item {
    let element: ByteArena.Reference
    var score = 0.0
    /// nil where BY names nothing. With ALPHA only.
    var text: ByteArena.Reference?
  }

  private enum Order {
    case asItIs
    case backwards
    case alphabetic
    case numeric
  }

  private enum Phase {
    case collecting(position: UInt64)
    case sorting
    /// That many of the elements asked for are out.
    case concluding(Int)
  }

  private let options: SortOptions
  private let order: Order
  /// What BY says, if it is heeded.
  private let by: SortPattern?
  private var source: SortSource
  private let bytes = ByteArena()
  private let items: MergeSort<Item>
  private var phase = Phase.collecting(position: 0)
  /// The list to be stored.
  private var result: Detached<ListValue>?
  private let listSettings: ListValue.Settings

  /// - Throws: `.wrongType` for types without elements to sort; `.syntax`; `.notAnInteger`.
  init(
    allowsStore: Bool, _ keyspace: inout Keyspace, _ arguments: Arguments
  ) throws(CommandError) {
    options = try SortOptions(arguments, allowsStore: allowsStore)
    source = try SortSource(&keyspace, arguments[1], for: .read)
    items = MergeSort(capacity: source.count)
    listSettings = ListValue.Settings(keyspace)
    if options.storePosition != nil { result = Detached(keyspace) }
    if let pattern = options.by, !pattern.namesKeys {
      by = nil
      // The order that is there; a set has none, so what is stored of it, or what a script gets, is sorted all the same.
      if source.isSet, options.storePosition != nil || keyspace.servesScript {
        order = .alphabetic
      } else {
        order = !source.isSet && options.isDescending ? .backwards : .asItIs
      }
    } else {
      by = options.by
      order = options.isAlphabetic ? .alphabetic : .numeric
    }
  }

  func resume(_ keyspace: inout Keyspace, _ arguments: Arguments) throws(CommandError) {
    guard case .collecting = phase else { return }
    let now = try SortSource(&keyspace, arguments[1], for: .peek)
    guard now.count == source.count else { throw .changedBetweenSlices }
    source = now
  }

  func advance(
    _ keyspace: inout Keyspace, _ arguments: Arguments, _ reply: inout ReplyWriter
  ) throws(CommandError) -> Bool {
    switch phase {
    case .collecting(let position):
      let next = try collect(from: position, &keyspace)
      phase = next.map { .collecting(position: $0) } ?? .sorting
      return false
    case .sorting:
      guard sort() else { return false }
      phase = .concluding(0)
      if options.storePosition == nil {
        reply.array(options.range(of: items.count).count * Swift.max(options.gets.count, 1))
      }
      return false
    case .concluding(let done):
      return conclude(from: done, &keyspace, arguments, &reply)
    }
  }

  // MARK: Collecting

  private func collect(
    from position: UInt64, _ keyspace: inout Keyspace
  ) throws(CommandError) -> UInt64? {
    var failure: CommandError?
    let next = source.visitSlice(from: position) { element in
      guard failure == nil else { return }
      do throws(CommandError) {
        items.append(try item(element, &keyspace))
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    return next
  }

  private func item(_ element: ByteView, _ keyspace: inout Keyspace) throws(CommandError) -> Item {
    var item = Item(element: bytes.append(element))
    switch order {
    case .asItIs, .backwards: break
    case .alphabetic:
      guard let by else {
        item.text = item.element
        break
      }
      if let value = by.value(for: element.bytes, &keyspace) {
        item.text = ByteView.with(value) { bytes.append($0) }
      }
    case .numeric:
      guard let by else {
        item.score = try Self.score(element)
        break
      }
      if let value = by.value(for: element.bytes, &keyspace) {
        item.score = try ByteView.with(value) { (text) throws(CommandError) in try Self.score(text) }
      }
    }
    return item
  }

  private static func score(_ text: ByteView) throws(CommandError) -> Double {
    // An empty text is 0 to strtod.
    guard let score = text.count == 0 ? 0 : DecimalText.double(text) else {
      throw .sortScoreNotANumber
    }
    return score
  }

  // MARK: Sorting

  /// True when everything is in its order.
  private func sort() -> Bool {
    guard items.count > 0 else { return true }
    let moves = Command.Slices.elementsPerSlice
    let isDescending = options.isDescending
    switch order {
    case .asItIs, .backwards: return true
    case .alphabetic:
      return items.advance(moves: moves) { left, right in
        isDescending ? isBeforeAlphabetically(right, left) : isBeforeAlphabetically(left, right)
      }
    case .numeric:
      return items.advance(moves: moves) { left, right in
        isDescending ? isBeforeNumerically(right, left) : isBeforeNumerically(left, right)
      }
    }
  }

  /// What has no text comes first; what is equal stays as it was, in either direction.
  private func isBeforeAlphabetically(_ left: Item, _ right: Item) -> Bool {
    guard let first = left.text else { return right.text != nil }
    guard let second = right.text else { return false }
    return bytes[first] < bytes[second]
  }

  /// By number, and by the elements' bytes where numbers are equal.
  private func isBeforeNumerically(_ left: Item, _ right: Item) -> Bool {
    if left.score != right.score { return left.score < right.score }
    return bytes[left.element] < bytes[right.element]
  }

  // MARK: The result

  /// Writes or stores some more of what is asked for; true when that was all.
  private func conclude(
    from done: Int, _ keyspace: inout Keyspace, _ arguments: Arguments,
    _ reply: inout ReplyWriter
  ) -> Bool {
    let range = options.range(of: items.count)
    let start = range.lowerBound + done
    let end = Swift.min(start + Command.Slices.elementsPerSlice, range.upperBound)
    for index in start..<end {
      let item = items[order == .backwards ? items.count - 1 - index : index]
      if options.gets.isEmpty { put(bytes[item.element], &reply) }
      for pattern in options.gets {
        if let value = pattern.value(for: bytes[item.element].bytes, &keyspace) {
          ByteView.with(value) { put($0, &reply) }
        } else {
          put(nil, &reply)
        }
      }
    }
    phase = .concluding(end - range.lowerBound)
    guard end == range.upperBound else { return false }
    if let target = options.storePosition {
      guard let result = result.take() else { preconditionFailure("a list stored twice") }
      reply.integer(keyspace.store(result, at: arguments[target], .list, "sortstore"))
      // What has no order of its own sorts otherwise next time.
      keyspace.recordState(ofKey: arguments[target])
    }
    return true
  }

  private func put(_ value: ByteView?, _ reply: inout ReplyWriter) {
    guard options.storePosition != nil else {
      if let value { reply.bulk(value) } else { reply.null() }
      return
    }
    let value = value ?? .empty
    guard let list = result?.value else { return }
    list.prepareToAdd(count: 1, bytes: value.count, listSettings)
    list.push(value, .right, listSettings)
  }
}

/// What SORT sorts. Valid until the keyspace changes.
private enum SortSource {
  case none
  case list(ListValue)
  case set(SetValue)
  case sortedSet(SortedSetValue)

  /// - Throws: `.wrongType` for types without elements to sort.
  init(
    _ keyspace: inout Keyspace, _ key: ByteView, for purpose: Keyspace.Purpose
  ) throws(CommandError) {
    guard let entry = keyspace.lookup(key, for: purpose) else {
      self = .none
      return
    }
    switch entry.type {
    case .string, .hash, .stream: throw .wrongType
    case .list: self = .list(ListValue(block: entry.block))
    case .set: self = .set(SetValue(block: entry.block))
    case .sortedSet: self = .sortedSet(SortedSetValue(block: entry.block))
    }
  }

  var isSet: Bool { if case .set = self { true } else { false } }

  var count: Int {
    switch self {
    case .none: 0
    case .list(let list): list.count
    case .set(let set): set.count
    case .sortedSet(let set): set.count
    }
  }

  /// Visits some hundred elements from `position` on, a sorted set's in its order, and returns where to go on; nil after
  /// the last. 0 starts.
  func visitSlice(from position: UInt64, _ visit: (ByteView) -> Void) -> UInt64? {
    let start = Int(position)
    let end = Swift.min(start + Command.Slices.elementsPerSlice, count)
    switch self {
    case .none: return nil
    case .list(let list):
      list.forEach(from: start, count: end - start) { $0.withBytes { visit($0) } }
    case .set(let set):
      return set.visitSlice(from: position) { $0.withBytes { visit($0) } }
    case .sortedSet(let set): set.forEach(in: start..<end) { member, _ in visit(member) }
    }
    return end < count ? UInt64(end) : nil
  }
}

extension Keyspace {
  /// The keys that BY and GET name for the elements at `key`, each once.
  mutating func sortDependents(_ key: ByteView, _ options: SortOptions) -> [[UInt8]] {
    guard let source = try? SortSource(&self, key, for: .read) else { return [] }
    let patterns = (options.gets + (options.by.map { [$0] } ?? [])).filter { !$0.isElement }
    var names: Set<[UInt8]> = []
    var position: UInt64? = 0
    while let current = position {
      position = source.visitSlice(from: current) { element in
        for pattern in patterns {
          if let target = pattern.target(for: element.bytes) { names.insert(target.key) }
        }
      }
    }
    return Array(names)
  }
}
