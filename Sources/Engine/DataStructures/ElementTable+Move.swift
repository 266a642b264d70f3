extension ElementTable {
  /// Moves elements and parts of the table where that pays, some dozens of elements from `progress` on.
  ///
  /// - Parameter progress: 0 to begin with.
  /// - Returns: the table where it is now, and from where to go on; nil when all of it was looked at.
  func moveBlocks(from progress: UInt64, _ mover: inout BlockMover) -> (ElementTable, UInt64?) {
    let moved = progress == 0 ? moveHead(&mover) : self
    let next = unsafe moved.table.pointee.moveBlocks(at: .init(rawValue: progress), &mover)
    return (moved, next?.rawValue)
  }

  /// As above, but no element moves: for tables whose elements' addresses are known elsewhere.
  func moveSegments(from progress: UInt64, _ mover: inout BlockMover) -> (ElementTable, UInt64?) {
    let moved = progress == 0 ? moveHead(&mover) : self
    let next = unsafe moved.table.pointee.moveSegments(at: .init(rawValue: progress), &mover)
    return (moved, next?.rawValue)
  }

  private func moveHead(_ mover: inout BlockMover) -> ElementTable {
    var bits = self.bits
    mover.moveIfItPays(bits: &bits, MemoryLayout<DashTable>.size)
    return ElementTable(bits: bits)
  }

  /// Moves the element at an address.
  ///
  /// - Returns: its new address.
  func moveElement(at address: UInt, _ mover: inout BlockMover) -> UInt {
    let old = unsafe EntryBlock(base: UnsafeMutableRawPointer(bitPattern: address).unsafelyUnwrapped)
    guard let element = find(old.key) else { preconditionFailure("an element that its table does not have") }
    let block = unsafe EntryBlock(base: mover.copy(old.base, old.byteCount))
    unsafe table.pointee.replace(element.slot, with: block)
    unsafe mover.free(old.base)
    return element.address
  }
}
