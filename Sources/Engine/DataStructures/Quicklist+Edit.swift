import RESP

/// Elements of a quicklist: finding, adding, removing.
extension Quicklist {
  // MARK: Walking

  var first: Cursor? { nodeCount == 0 ? nil : firstCursor(ofNode: 0) }
  var last: Cursor? { nodeCount == 0 ? nil : lastCursor(ofNode: nodeCount - 1) }

  private func firstCursor(ofNode index: Int) -> Cursor? {
    guard index < nodeCount else { return nil }
    expand(index)
    let node = self[index]
    return Cursor(node: index, position: node.form == .plain ? 0 : node.listpack.first ?? 0)
  }

  private func lastCursor(ofNode index: Int) -> Cursor? {
    guard index >= 0 else { return nil }
    expand(index)
    let node = self[index]
    return Cursor(node: index, position: node.form == .plain ? 0 : node.listpack.last ?? 0)
  }

  @inline(__always)
  func next(_ cursor: Cursor) -> Cursor? {
    let node = self[cursor.node]
    if node.form == .packed, let position = node.listpack.next(cursor.position) {
      return Cursor(node: cursor.node, position: position)
    }
    return firstCursor(ofNode: cursor.node + 1)
  }

  @inline(__always)
  func previous(_ cursor: Cursor) -> Cursor? {
    let node = self[cursor.node]
    if node.form == .packed, let position = node.listpack.previous(cursor.position) {
      return Cursor(node: cursor.node, position: position)
    }
    return lastCursor(ofNode: cursor.node - 1)
  }

  func value(at cursor: Cursor) -> StringValue {
    let node = self[cursor.node]
    return node.form == .plain ? .bytes(node.plain.view) : node.listpack.value(at: cursor.position)
  }

  /// The element at `index`, which exists.
  ///
  /// - Complexity: O(nodes) from the nearer end, over descriptors only.
  func cursor(at index: Int) -> Cursor {
    precondition(index >= 0 && index < count, "no such element")
    var node = 0
    var left = index
    if index <= count / 2 {
      while left >= Int(self[node].count) {
        left -= Int(self[node].count)
        node += 1
      }
    } else {
      node = nodeCount - 1
      left = count - index
      while left > Int(self[node].count) {
        left -= Int(self[node].count)
        node -= 1
      }
      left = Int(self[node].count) - left
    }
    expand(node)
    guard self[node].form == .packed else { return Cursor(node: node, position: 0) }
    return Cursor(node: node, position: self[node].listpack.position(at: left) ?? 0)
  }

  // MARK: Adding

  /// What Redis adds to an element's length when it estimates what it takes in a node.
  private static let elementOverhead = 8

  private func hasRoom(_ index: Int, for value: ByteView, _ limits: Limits) -> Bool {
    guard index >= 0, index < nodeCount, self[index].form != .plain else { return false }
    expand(index)
    let node = self[index]
    return !limits.exceeds(
      bytes: node.listpack.byteCount + value.count + Self.elementOverhead,
      count: Int(node.count) + 1)
  }

  @inline(__always)
  func append(_ value: ByteView, _ limits: Limits) {
    let lastNode = nodeCount - 1
    guard !limits.needsPlainNode(value.count), hasRoom(lastNode, for: value, limits) else {
      return insertNode(Self.node(holding: value, limits), at: nodeCount)
    }
    var listpack = self[lastNode].listpack
    listpack.append(value)
    setListpack(listpack, inNode: lastNode)
    countElements(1, inNode: lastNode)
  }

  /// An element in front moves all bytes of its node. So the first node grows to this size only; then its elements
  /// join those of the second one, all at once, while these leave room for them.
  private static let frontBytesMax = 1024

  @inline(__always)
  func prepend(_ value: ByteView, _ limits: Limits) {
    guard !limits.needsPlainNode(value.count), hasRoom(0, for: value, limits) else {
      return insertNode(Self.node(holding: value, limits), at: 0)
    }
    if compressDepth == 0, self[0].listpack.byteCount > Self.frontBytesMax {
      return prependNode(Self.node(holding: value, limits), limits)
    }
    var listpack = self[0].listpack
    listpack.prepend(value)
    setListpack(listpack, inNode: 0)
    countElements(1, inNode: 0)
  }

  @inline(never)
  private func prependNode(_ node: Node, _ limits: Limits) {
    _ = merge(0, limits)
    insertNode(node, at: 0)
  }

  /// A node of one element.
  private static func node(holding value: ByteView, _ limits: Limits) -> Node {
    if limits.needsPlainNode(value.count) {
      return Node(bits: StringBuffer.holding(value).bits, count: 1, form: .plain)
    }
    var listpack = Listpack.empty()
    listpack.append(value)
    return Node(bits: listpack.bits, count: 1, form: .packed)
  }

  /// Adds a listpack's elements as a node, which takes the listpack over; one without elements is freed.
  func appendNode(_ listpack: Listpack) {
    guard !listpack.isEmpty else { return listpack.free() }
    insertNode(
      Node(bits: listpack.bits, count: UInt32(listpack.count), form: .packed), at: nodeCount)
  }

  func appendPlainNode(_ value: ByteView) {
    insertNode(
      Node(bits: StringBuffer.holding(value).bits, count: 1, form: .plain), at: nodeCount)
  }

  /// Puts a value in front of an element, or behind it.
  func insert(_ value: ByteView, _ limits: Limits, at cursor: Cursor, after: Bool) {
    let index = cursor.node
    if !limits.needsPlainNode(value.count), hasRoom(index, for: value, limits) {
      var listpack = self[index].listpack
      listpack.insert(value, at: after ? listpack.next(cursor.position) : cursor.position)
      setListpack(listpack, inNode: index)
      return countElements(1, inNode: index)
    }
    // The element's node becomes two, and the value goes to the end of the first, or between them.
    let border = splitNode(cursor, after: after)
    if !limits.needsPlainNode(value.count) {
      if hasRoom(border - 1, for: value, limits) {
        var listpack = self[border - 1].listpack
        listpack.append(value)
        setListpack(listpack, inNode: border - 1)
        countElements(1, inNode: border - 1)
        return mergeNeighbours(of: border, limits)
      }
      if hasRoom(border, for: value, limits) {
        var listpack = self[border].listpack
        listpack.prepend(value)
        setListpack(listpack, inNode: border)
        countElements(1, inNode: border)
        return mergeNeighbours(of: border - 1, limits)
      }
    }
    insertNode(Self.node(holding: value, limits), at: border)
  }

  /// Makes a node one with its neighbours where both together stay within the limits.
  private func mergeNeighbours(of index: Int, _ limits: Limits) {
    var index = index
    if merge(index - 1, limits) { index -= 1 }
    _ = merge(index, limits)
  }

  /// Appends the elements of the node behind the one at `index` to it, if both are there and fit.
  private func merge(_ index: Int, _ limits: Limits) -> Bool {
    guard index >= 0, index + 1 < nodeCount, self[index].form != .plain,
      self[index + 1].form != .plain,
      Int(self[index].count + self[index + 1].count) <= limits.countMax
    else { return false }
    expand(index)
    expand(index + 1)
    let tail = self[index + 1]
    var listpack = self[index].listpack
    let byteCount = listpack.byteCount + tail.listpack.byteCount - Listpack.headerByteCount - 1
    guard byteCount <= limits.bytesMax else { return false }
    listpack.append(contentsOf: tail.listpack)
    removeNode(at: index + 1)
    tail.free()
    setListpack(listpack, inNode: index)
    countElements(Int(tail.count), inNode: index)
    return true
  }

  /// Divides a node in front of an element, or behind it, and returns the index of the second part. Where
  /// there would be nothing on one side, the node stays whole.
  private func splitNode(_ cursor: Cursor, after: Bool) -> Int {
    let node = self[cursor.node]
    guard node.form == .packed else { return after ? cursor.node + 1 : cursor.node }
    var listpack = node.listpack
    let start = after ? listpack.next(cursor.position) : cursor.position
    guard let start else { return cursor.node + 1 }
    if start == listpack.first { return cursor.node }
    let tail = listpack.split(at: start)
    setListpack(listpack, inNode: cursor.node)
    let tailCount = tail.count
    countElements(-tailCount, inNode: cursor.node)
    insertNode(
      Node(bits: tail.bits, count: UInt32(tailCount), form: .packed), at: cursor.node + 1)
    return cursor.node + 1
  }

  /// Puts another value in the place of the element at `index`.
  func replace(at index: Int, with value: ByteView, _ limits: Limits) {
    let cursor = cursor(at: index)
    let node = self[cursor.node]
    if node.form == .packed, !limits.needsPlainNode(value.count) {
      var listpack = node.listpack
      let growth = value.count - listpack.value(at: cursor.position).count
      let bytes = listpack.byteCount + growth + Self.elementOverhead
      if growth <= 0 || node.count == 1 || !limits.exceeds(bytes: bytes, count: Int(node.count)) {
        listpack.replace(at: cursor.position, with: value)
        setListpack(listpack, inNode: cursor.node)
        return
      }
    }
    remove(cursor)
    if index == count {
      append(value, limits)
    } else {
      insert(value, limits, at: self.cursor(at: index), after: false)
    }
  }

  // MARK: Removing

  /// Removes an element and returns the one behind it.
  @discardableResult
  func remove(_ cursor: Cursor) -> Cursor? {
    let node = self[cursor.node]
    if node.count == 1 {
      removeNode(at: cursor.node)
      node.free()
      return cursor.node < nodeCount ? next(beforeNode: cursor.node) : nil
    }
    var listpack = node.listpack
    let position = listpack.remove(at: cursor.position)
    setListpack(listpack, inNode: cursor.node)
    countElements(-1, inNode: cursor.node)
    if let position { return Cursor(node: cursor.node, position: position) }
    return cursor.node + 1 < nodeCount ? next(beforeNode: cursor.node + 1) : nil
  }

  private func next(beforeNode index: Int) -> Cursor? {
    expand(index)
    return firstElement(ofNode: index)
  }

  private func firstElement(ofNode index: Int) -> Cursor? {
    let node = self[index]
    return node.form == .plain
      ? Cursor(node: index, position: 0)
      : node.listpack.first.map { Cursor(node: index, position: $0) }
  }

  /// Removes `removed` elements from `start` on; whole nodes go at once, and what is left around them becomes one
  /// node if it fits.
  func removeRange(from start: Int, count removed: Int, _ limits: Limits) {
    var left = removed
    guard left > 0 else { return }
    var cursor: Cursor? = self.cursor(at: start)
    let firstNode = cursor?.node ?? 0
    defer { mergeNeighbours(of: Swift.min(firstNode, nodeCount - 1), limits) }
    while left > 0, let current = cursor {
      let node = self[current.node]
      let isStart = node.form == .plain || current.position == node.listpack.first
      if isStart, Int(node.count) <= left {
        left -= Int(node.count)
        removeNode(at: current.node)
        node.free()
        cursor = current.node < nodeCount ? next(beforeNode: current.node) : nil
        continue
      }
      var listpack = node.listpack
      let before = listpack.count
      listpack.remove(at: current.position, count: left)
      let gone = before - listpack.count
      setListpack(listpack, inNode: current.node)
      countElements(-gone, inNode: current.node)
      left -= gone
      cursor = current.node + 1 < nodeCount ? next(beforeNode: current.node + 1) : nil
    }
  }
}

extension StringBuffer {
  /// A buffer with a copy of `bytes`.
  static func holding(_ bytes: ByteView) -> StringBuffer {
    let buffer = StringBuffer.allocate(capacity: bytes.count).grown(to: bytes.count)
    unsafe buffer.bytes.copyMemory(from: bytes.unsafeBase, byteCount: bytes.count)
    return buffer
  }
}
