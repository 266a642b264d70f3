/// Sorts elements a slice at a time, in memory for twice as many. Equal ones stay in their order.
///
/// First short runs, then passes that merge neighbouring runs into ones of twice the length.
@safe
final class MergeSort<Element: BitwiseCopyable> {
  private let capacity: Int
  /// Where the elements are, and where the pass under way puts them.
  private var source: UnsafeMutablePointer<Element>
  private var target: UnsafeMutablePointer<Element>
  private(set) var count = 0

  /// The length of the runs in `source`; 0 before there are any.
  private var width = 0
  /// Where the pair of runs begins that is being sorted or merged.
  private var start = 0
  /// How much of either run has been taken.
  private var taken = (left: 0, right: 0)

  private static var runCount: Int { 64 }

  /// - Parameter capacity: how many elements there may be.
  init(capacity: Int) {
    self.capacity = capacity
    unsafe source = .allocate(capacity: capacity)
    unsafe target = .allocate(capacity: capacity)
  }

  deinit {
    unsafe source.deallocate()
    unsafe target.deallocate()
  }

  /// Before the sorting begins.
  func append(_ element: Element) {
    precondition(count < capacity, "more elements than were announced")
    unsafe (source + count).initialize(to: element)
    count += 1
  }

  /// The element at this place; when everything is sorted, in the order.
  subscript(index: Int) -> Element {
    precondition(index >= 0 && index < count, "no such element")
    return unsafe source[index]
  }

  /// Sorts for as long as about `moves` elements take; true when everything is sorted.
  func advance(moves: Int, by isBefore: (Element, Element) -> Bool) -> Bool {
    var left = moves
    while left > 0 {
      if width == 0 {
        left -= sortRun(by: isBefore)
      } else if width >= count {
        return true
      } else {
        left -= merge(atMost: left, by: isBefore)
      }
    }
    return width >= count && width > 0
  }

  /// Sorts the next short run; returns its length.
  private func sortRun(by isBefore: (Element, Element) -> Bool) -> Int {
    let end = Swift.min(start + Self.runCount, count)
    // By insertion: the run is short, and in the cache.
    for index in stride(from: start + 1, to: end, by: 1) {
      let element = unsafe source[index]
      var place = index
      while place > start, unsafe isBefore(element, source[place - 1]) {
        unsafe source[place] = source[place - 1]
        place -= 1
      }
      unsafe source[place] = element
    }
    let length = end - start
    start = end
    if end == count {
      width = Self.runCount
      start = 0
    }
    // An insertion sort moves each element several times.
    return Swift.max(length * 4, 1)
  }

  /// Merges some of the pair of runs at `start`; returns how many elements it moved.
  private func merge(atMost limit: Int, by isBefore: (Element, Element) -> Bool) -> Int {
    let middle = Swift.min(start + width, count)
    let end = Swift.min(middle + width, count)
    var left = start + taken.left
    var right = middle + taken.right
    var place = left + taken.right
    let first = place
    let last = Swift.min(place + limit, end)
    while place < last {
      let takesRight = unsafe right < end && (left >= middle || isBefore(source[right], source[left]))
      if takesRight {
        unsafe (target + place).initialize(to: source[right])
        right += 1
      } else {
        unsafe (target + place).initialize(to: source[left])
        left += 1
      }
      place += 1
    }
    if place == end {
      start = end
      taken = (0, 0)
      if end == count { endPass() }
    } else {
      taken = (left - start, right - middle)
    }
    return place - first
  }

  private func endPass() {
    unsafe swap(&source, &target)
    width *= 2
    start = 0
  }
}
