import RESP

/// Fields chosen at random.
extension HashValue {
  /// Visits one field, each with the same chance. Not of an empty hash.
  func visitRandom(
    _ random: inout SplitMix64, _ visit: (_ field: StringValue, _ value: StringValue) -> Void
  ) {
    if isListpack {
      let listpack = self.listpack
      let index = Int(random.next() % UInt64(count))
      guard let field = listpack.position(at: 2 * index), let value = listpack.next(field) else {
        preconditionFailure("a hash's field \(index) is not there")
      }
      visit(listpack.value(at: field), listpack.value(at: value))
    } else if let element = table.randomElement(&random) {
      visit(.bytes(element.name), .bytes(element.value))
    }
  }

  /// Visits `wanted` different fields, or all if there are fewer; every choice has the same chance.
  ///
  /// - Complexity: O(`wanted`) of a table where that is a small part of it, else O(fields).
  func visitRandom(
    distinct wanted: Int, _ random: inout SplitMix64,
    _ visit: (_ field: StringValue, _ value: StringValue) -> Void
  ) {
    let count = self.count
    if !isListpack, wanted < count / 3 {
      var chosen = Set<UInt>(minimumCapacity: wanted)
      while chosen.count < wanted {
        guard let element = table.randomElement(&random) else { return }
        if chosen.insert(element.address).inserted {
          visit(.bytes(element.name), .bytes(element.value))
        }
      }
      return
    }
    // One walk: a field is taken with the chance of what is still wanted among what is still to come.
    var left = Swift.min(wanted, count)
    var remaining = count
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
