/// A list that one fills while another empties what was in it before: two buffers in turn, so that neither is allocated
/// anew each time.
package struct DoubleBuffer<Element> {
  private var filling: [Element] = []
  private var spare: [Element] = []

  package init() {}

  package var isEmpty: Bool { filling.isEmpty }

  package mutating func append(_ element: Element) { filling.append(element) }

  /// What has been appended since the last time. `giveBack` returns the buffer.
  package mutating func take() -> [Element] {
    var taken: [Element] = []
    swap(&taken, &spare)
    swap(&taken, &filling)
    return taken
  }

  package mutating func giveBack(_ taken: consuming [Element]) {
    taken.removeAll(keepingCapacity: true)
    spare = taken
  }
}
