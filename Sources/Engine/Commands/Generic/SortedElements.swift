import RESP

/// What SORT replies with or stores: for each element one value, or one for each GET; nil where there is none.
struct SortedElements {
  let values: [[UInt8]?]

  func write(to reply: inout ReplyWriter) {
    reply.array(values.count)
    for value in values {
      if let value { reply.bulk(value) } else { reply.null() }
    }
  }
}

extension Keyspace {
  /// The elements at `key` in order, as SORT's options want them.
  ///
  /// - Throws: `.wrongType` for types without elements to sort; `.sortScoreNotANumber`.
  mutating func sorted(
    _ key: ByteView, _ options: SortOptions
  ) throws(CommandError) -> SortedElements {
    let source = try sortableElements(key)
    let elements = try inOrder(source.elements, type: source.type, options)
    var values: [[UInt8]?] = []
    for index in options.range(of: elements.count) {
      if options.gets.isEmpty { values.append(elements[index]) }
      for pattern in options.gets { values.append(pattern.value(for: elements[index], &self)) }
    }
    return SortedElements(values: values)
  }

  /// Makes the values a list at `key`, or deletes the key if there are none. Returns how many there are.
  mutating func store(_ sorted: SortedElements, at key: ByteView) -> Int {
    let settings = ListValue.Settings(self)
    return replace(key, with: ListValue.self, .list, "sortstore") { list in
      for value in sorted.values {
        ByteView.with(value ?? []) { value in
          list.prepareToAdd(count: 1, bytes: value.count, settings)
          list.push(value, .right, settings)
        }
      }
    }
  }

  /// The keys that BY and GET name for the elements at `key`, each once.
  mutating func sortDependents(_ key: ByteView, _ options: SortOptions) -> [[UInt8]] {
    guard let source = try? sortableElements(key) else { return [] }
    var names: Set<[UInt8]> = []
    for pattern in options.gets + (options.by.map { [$0] } ?? []) where !pattern.isElement {
      for element in source.elements {
        if let target = pattern.target(for: element) { names.insert(target.key) }
      }
    }
    return Array(names)
  }

  private mutating func sortableElements(
    _ key: ByteView
  ) throws(CommandError) -> (type: ValueType, elements: [[UInt8]]) {
    guard let entry = lookup(key, for: .read) else { return (.list, []) }
    var elements: [[UInt8]] = []
    switch entry.type {
    case .string, .hash, .stream: throw .wrongType
    case .list:
      ListValue(block: entry.block).forEach { elements.append($0.withBytes { $0.bytes }) }
    case .set:
      SetValue(block: entry.block).forEach { elements.append($0.withBytes { $0.bytes }) }
    case .sortedSet:
      SortedSetValue(block: entry.block).forEach { member, _ in elements.append(member.bytes) }
    }
    return (entry.type, elements)
  }

  private mutating func inOrder(
    _ elements: [[UInt8]], type: ValueType, _ options: SortOptions
  ) throws(CommandError) -> [[UInt8]] {
    var by = options.by
    var isAlphabetic = options.isAlphabetic
    if let pattern = by, !pattern.namesKeys {
      // The order that is there; a set has none, so what is stored of it, or what a script gets, is sorted all the same.
      guard type == .set, options.storePosition != nil || servesScript else {
        return type != .set && options.isDescending ? elements.reversed() : elements
      }
      by = nil
      isAlphabetic = true
    }
    var keys: [[UInt8]?] = elements
    if let by {
      for (index, element) in elements.enumerated() { keys[index] = by.value(for: element, &self) }
    }
    let order =
      isAlphabetic
      ? Self.alphabeticOrder(keys, isDescending: options.isDescending)
      : try Self.numericOrder(elements, keys, isDescending: options.isDescending)
    return order.map { elements[$0] }
  }

  /// What has no key comes first; what is equal stays as it was, in either direction.
  private static func alphabeticOrder(_ keys: [[UInt8]?], isDescending: Bool) -> [Int] {
    keys.indices.sorted { left, right in
      let (left, right) = isDescending ? (right, left) : (left, right)
      guard let first = keys[left] else { return keys[right] != nil }
      guard let second = keys[right] else { return false }
      return first.lexicographicallyPrecedes(second)
    }
  }

  /// By number, and by the elements' bytes where numbers are equal.
  private static func numericOrder(
    _ elements: [[UInt8]], _ keys: [[UInt8]?], isDescending: Bool
  ) throws(CommandError) -> [Int] {
    var scores: [Double] = []
    scores.reserveCapacity(keys.count)
    for key in keys {
      guard let key else {
        scores.append(0)
        continue
      }
      // An empty text is 0 to strtod.
      guard let score = key.isEmpty ? 0 : ByteView.with(key, { DecimalText.double($0) }) else {
        throw .sortScoreNotANumber
      }
      scores.append(score)
    }
    return elements.indices.sorted { left, right in
      let (left, right) = isDescending ? (right, left) : (left, right)
      return scores[left] != scores[right]
        ? scores[left] < scores[right]
        : elements[left].lexicographicallyPrecedes(elements[right])
    }
  }
}
