/// A queue of small numbers of which each is in it once at most.
struct IndexQueue {
  private var items: [Int]
  private var first = 0
  private var count = 0

  init(capacity: Int) { items = Array(repeating: 0, count: max(capacity, 1)) }

  var isEmpty: Bool { count == 0 }

  mutating func append(_ item: Int) {
    precondition(count < items.count, "more items than there are")
    var place = first + count
    if place >= items.count { place -= items.count }
    items[place] = item
    count += 1
  }

  mutating func popFirst() -> Int? {
    guard count > 0 else { return nil }
    defer {
      first = first + 1 == items.count ? 0 : first + 1
      count -= 1
    }
    return items[first]
  }
}
