import RESP

/// Fields that expire.
extension HashValue {
  /// The latest time: Redis keeps 46 bits.
  static let expiryMax: Int64 = 1 << 46 - 1

  /// The same hash as it is seen at `time`.
  @inline(__always)
  func seen(at time: Int64) -> HashValue {
    var hash = self
    hash.clock = time
    return hash
  }

  /// Whether a field has an expiry. O(1).
  @inline(__always)
  var hasExpiries: Bool {
    switch encoding {
    case .listpack: false
    case .listpackWithExpiries: earliestExpiry != nil
    default: table.expiringCount > 0
    }
  }

  /// The first field's time: the earliest. Only of a listpack with times.
  var earliestExpiry: Int64? {
    let listpack = self.listpack
    return listpack.first.flatMap { expiry(ofFieldAt: $0, in: listpack) }
  }

  /// How many fields are not hidden.
  ///
  /// - Complexity: O(fields) where fields have expiries and something is hidden.
  var visibleCount: Int {
    guard clock != .min, hasExpiries else { return count }
    guard isListpack else {
      let clock = self.clock
      var visible = 0
      table.forEach { if !$0.isOver(at: clock) { visible += 1 } }
      return visible
    }
    return count - hiddenCount
  }

  /// How many fields at the front of the listpack are hidden.
  var hiddenCount: Int {
    guard hasTimes else { return 0 }
    let listpack = self.listpack
    var hidden = 0
    var position = listpack.first
    while let field = position, isOver(ofFieldAt: field, in: listpack) {
      hidden += 1
      position = next(field, in: listpack)
    }
    return hidden
  }

  /// The first field that is not hidden.
  @inline(__always)
  func firstVisible(in listpack: Listpack) -> Int? {
    hasTimes && clock != .min ? firstNotOver(in: listpack) : listpack.first
  }

  private func firstNotOver(in listpack: Listpack) -> Int? {
    var position = listpack.first
    while let field = position, isOver(ofFieldAt: field, in: listpack) {
      position = next(field, in: listpack)
    }
    return position
  }

  private func next(_ field: Int, in listpack: Listpack) -> Int? {
    self.field(afterValue: part(after: field, in: listpack), in: listpack)
  }

  private func isOver(ofFieldAt position: Int, in listpack: Listpack) -> Bool {
    expiry(ofFieldAt: position, in: listpack).map { $0 <= clock } ?? false
  }

  /// The time of the field at a position, nil if it stays. Only of a listpack with times.
  private func expiry(ofFieldAt position: Int, in listpack: Listpack) -> Int64? {
    let time = part(after: part(after: position, in: listpack), in: listpack)
    guard case .integer(let milliseconds) = listpack.value(at: time) else {
      preconditionFailure("a hash's field has no time")
    }
    return milliseconds == 0 ? nil : Int64(milliseconds)
  }

  enum FieldExpiry {
    case noField
    case stays
    case at(Int64)
  }

  /// When a field expires.
  func expiry(of field: ByteView) -> FieldExpiry {
    let expiry: Int64?
    if isListpack {
      let listpack = self.listpack
      guard let position = position(of: field, in: listpack) else { return .noField }
      expiry = hasTimes ? self.expiry(ofFieldAt: position, in: listpack) : nil
    } else {
      guard let element = table.find(field), !element.isOver(at: clock) else { return .noField }
      expiry = element.expiry
    }
    return expiry.map { .at($0) } ?? .stays
  }

  /// Visits every field that is not hidden, with its value and its time.
  func forEachWithExpiry(
    _ visit: (_ field: StringValue, _ value: StringValue, _ expiry: Int64?) -> Void
  ) {
    guard isListpack else {
      let clock = self.clock
      return table.forEach {
        if !$0.isOver(at: clock) { visit(.bytes($0.name), .bytes($0.value), $0.expiry) }
      }
    }
    let listpack = self.listpack
    let hasTimes = self.hasTimes
    var position = firstVisible(in: listpack)
    while let field = position {
      let value = part(after: field, in: listpack)
      let expiry = hasTimes ? self.expiry(ofFieldAt: field, in: listpack) : nil
      visit(listpack.value(at: field), listpack.value(at: value), expiry)
      position = self.field(afterValue: value, in: listpack)
    }
  }

  // MARK: Changing

  /// Gives a field that is there an expiry, or takes it away.
  func setExpiry(_ expiry: Int64?, of field: ByteView) {
    guard isListpack else {
      if let element = table.find(field) { table.setExpiry(element, expiry) }
      return
    }
    if !hasTimes {
      if expiry == nil { return }
      addTimes()
    }
    if let position = listpack.firstPosition(of: field, from: listpack.first, skipping: 2) {
      setExpiryInListpack(expiry, ofFieldAt: position)
    }
  }

  /// Writes the time of the field at `position`, and moves the field to where it then belongs: before those of the same
  /// time, or to the end if it stays.
  func setExpiryInListpack(_ expiry: Int64?, ofFieldAt position: Int) {
    var listpack = self.listpack
    if expiry == nil, self.expiry(ofFieldAt: position, in: listpack) == nil { return }
    let time = part(after: part(after: position, in: listpack), in: listpack)
    listpack.replace(at: time, with: Int(expiry ?? 0))
    var target: Int?
    if let expiry {
      target = listpack.first
      while let field = target {
        if field != position {
          guard let other = self.expiry(ofFieldAt: field, in: listpack), other < expiry else {
            break
          }
        }
        target = next(field, in: listpack)
      }
    }
    listpack.move(at: position, count: 3, before: target)
    self.listpack = listpack
  }

  /// From a listpack without times to one with them.
  private func addTimes() {
    let old = listpack
    var new = Listpack.empty()
    forEach { field, value in
      new.append(field)
      new.append(value)
      new.append(0)
    }
    convert(to: .listpackWithExpiries, word: new.bits)
    old.free()
  }

  // MARK: Fields that are over

  /// The hidden fields at the front of a listpack with times.
  var hiddenNames: [[UInt8]] {
    guard hasTimes else { return [] }
    let listpack = self.listpack
    var names: [[UInt8]] = []
    var position = listpack.first
    while let field = position, isOver(ofFieldAt: field, in: listpack) {
      names.append(listpack.value(at: field).withBytes { $0.bytes })
      position = next(field, in: listpack)
    }
    return names
  }

  /// Looks at one segment of the table: adds the hidden fields to `names` and lowers `earliest` to the first time of the others.
  ///
  /// - Returns: where the next segment starts, nil after the last.
  func findHidden(
    from position: UInt64, _ names: inout [[UInt8]], earliest: inout Int64
  ) -> UInt64? {
    let clock = self.clock
    var found = names
    var minimum = earliest
    names = []
    let next = table.visitSegment(from: position) { element in
      guard let expiry = element.expiry else { return }
      if expiry <= clock {
        found.append(element.name.bytes)
      } else {
        minimum = Swift.min(minimum, expiry)
      }
    }
    names = found
    earliest = minimum
    return next
  }
}
