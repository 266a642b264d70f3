import RESP

/// Fields chosen at random.
extension HashValue {
  private static let randomTriesMax = 64

  /// Visits one field, each with the same chance; none if there is none to be seen.
  func visitRandom(
    _ random: inout SplitMix64, _ visit: (_ field: StringValue, _ value: StringValue) -> Void
  ) {
    if isListpack {
      let hidden = clock == .min ? 0 : hiddenCount
      let visible = count - hidden
      guard visible > 0 else { return }
      let listpack = self.listpack
      let index = hidden + Int(random.next() % UInt64(visible))
      guard let field = listpack.position(at: width * index) else {
        preconditionFailure("a hash's field \(index) is not there")
      }
      visit(listpack.value(at: field), listpack.value(at: part(after: field, in: listpack)))
      return
    }
    for _ in 0..<Self.randomTriesMax {
      guard let element = table.randomElement(&random) else { return }
      if !element.isOver(at: clock) { return visit(.bytes(element.name), .bytes(element.value)) }
    }
    // Most of them are hidden.
    visitRandomByWalking(1, of: visibleCount, &random, visit)
  }

  /// Visits `wanted` different fields of `visible`, which is `visibleCount`, or all if there are fewer; every choice has the
  /// same chance.
  ///
  /// - Complexity: O(`wanted`) of a table where that is a small part of it, else O(fields).
  func visitRandom(
    distinct wanted: Int, of visible: Int, _ random: inout SplitMix64,
    _ visit: (_ field: StringValue, _ value: StringValue) -> Void
  ) {
    if !isListpack, wanted < visible / 3, visible > count / 2 {
      var chosen = Set<UInt>(minimumCapacity: wanted)
      while chosen.count < wanted {
        guard let element = table.randomElement(&random) else { return }
        if !element.isOver(at: clock), chosen.insert(element.address).inserted {
          visit(.bytes(element.name), .bytes(element.value))
        }
      }
      return
    }
    visitRandomByWalking(wanted, of: visible, &random, visit)
  }

  /// One walk: a field is taken with the chance of what is still wanted among what is still to come.
  private func visitRandomByWalking(
    _ wanted: Int, of visible: Int, _ random: inout SplitMix64,
    _ visit: (_ field: StringValue, _ value: StringValue) -> Void
  ) {
    var left = Swift.min(wanted, visible)
    var remaining = visible
    var generator = random
    forEach { field, value in
      if generator.next() % UInt64(remaining) < UInt64(left) {
        visit(field, value)
        left -= 1
      }
      remaining -= 1
    }
    random = generator
  }
}
