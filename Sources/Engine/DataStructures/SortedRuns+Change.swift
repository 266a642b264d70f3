/// Elements come and go.
extension SortedRuns {
  /// Puts `element` in its place; false, and nothing happens, if its ID is there already.
  @discardableResult
  mutating func insert(_ element: Element) -> Bool {
    if let last, element.id <= last.id { return insertBeforeEnd(element) }
    let run = roomyLastRun()
    runs[run].count &+= 1
    runs[run][Int(runs[run].count) &- 1] = element
    count &+= 1
    return true
  }

  /// The index of the last run, which has room behind its last element.
  @inline(__always)
  private mutating func roomyLastRun() -> Int {
    let last = runs.count - 1
    guard last >= 0 else {
      runs.append(.allocate(capacity: 2))
      return 0
    }
    let run = runs[last]
    if Int(run.start) &+ Int(run.count) < Int(run.capacity) { return last }
    if Int(run.count) == Self.capacityMax {
      runs.append(.allocate(capacity: Self.capacityMax))
      return last + 1
    }
    makeRoom(in: last)
    return last
  }

  /// Moves the elements of a run that is not full to where there is room behind them.
  private mutating func makeRoom(in index: Int) {
    let run = runs[index]
    let isCrowded = Int(run.count) * 4 > Int(run.capacity) * 3
    if !isCrowded, run.start > 0 {
      unsafe run.base.update(from: run.base + Int(run.start), count: Int(run.count))
      runs[index].start = 0
      return
    }
    var grown = Run.allocate(capacity: min(Int(run.capacity) * 2, Self.capacityMax))
    unsafe grown.base.update(from: run.base + Int(run.start), count: Int(run.count))
    grown.count = run.count
    run.free()
    runs[index] = grown
  }

  private mutating func insertBeforeEnd(_ element: Element) -> Bool {
    guard var target = ceiling(element.id) else { preconditionFailure("insertion behind the end") }
    if self[target].id == element.id { return false }
    if Int(runs[target.run].count) == Self.capacityMax {
      split(target.run)
      let half = Int(runs[target.run].count)
      if target.index > half { target = Position(run: target.run + 1, index: target.index - half) }
    }
    let full = runs[target.run]
    if Int(full.start) + Int(full.count) == Int(full.capacity) { makeRoom(in: target.run) }
    runs[target.run].count += 1
    let run = runs[target.run]
    let place = unsafe run.base + Int(run.start) + target.index
    unsafe (place + 1).update(from: place, count: Int(run.count) - 1 - target.index)
    unsafe place.pointee = element
    count += 1
    return true
  }

  /// Gives the upper half of a full run to a new one behind it.
  private mutating func split(_ index: Int) {
    let run = runs[index]
    let kept = Int(run.count) / 2
    var upper = Run.allocate(capacity: Self.capacityMax)
    upper.count = run.count - UInt16(kept)
    unsafe upper.base.update(from: run.base + Int(run.start) + kept, count: Int(upper.count))
    runs[index].count = UInt16(kept)
    runs.insert(upper, at: index + 1)
  }

  /// Removes the element at `position` and returns where the one behind it is now.
  @discardableResult
  mutating func remove(at position: Position) -> Position? {
    let run = runs[position.run]
    precondition(position.index < Int(run.count), "no such element to remove")
    count &-= 1
    if run.count == 1 {
      run.free()
      runs.remove(at: position.run)
      return position.run < runs.count ? Position(run: position.run, index: 0) : nil
    }
    if position.index == 0 {
      runs[position.run].start &+= 1
    } else {
      let place = unsafe run.base + Int(run.start) + position.index
      unsafe place.update(from: place + 1, count: Int(run.count) - 1 - position.index)
    }
    runs[position.run].count &-= 1
    if run.count == Self.capacityMax / 4 { return mergeWithNext(position) }
    guard position.index < Int(runs[position.run].count) else {
      return position.run + 1 < runs.count ? Position(run: position.run + 1, index: 0) : nil
    }
    return position
  }

  /// Joins a run that became small with the one behind it, where both fill three quarters of one at most. Returns
  /// where the element of `position` is then.
  private mutating func mergeWithNext(_ position: Position) -> Position? {
    let index = position.run
    guard index + 1 < runs.count else {
      return position.index < Int(runs[index].count) ? position : nil
    }
    let (run, next) = (runs[index], runs[index + 1])
    let sum = Int(run.count) + Int(next.count)
    guard sum <= Self.capacityMax * 3 / 4 else {
      return position.index < Int(run.count) ? position : Position(run: index + 1, index: 0)
    }
    var merged = Run.allocate(capacity: Self.capacityMax)
    unsafe merged.base.update(from: run.base + Int(run.start), count: Int(run.count))
    unsafe (merged.base + Int(run.count)).update(
      from: next.base + Int(next.start), count: Int(next.count))
    merged.count = UInt16(sum)
    run.free()
    next.free()
    runs[index] = merged
    runs.remove(at: index + 1)
    return position
  }

  /// Moves the block of a run if that pays.
  mutating func moveRun(_ index: Int, _ mover: inout BlockMover) {
    let run = runs[index]
    guard let moved = unsafe mover.moveIfItPays(run.base, Int(run.capacity) * MemoryLayout<Element>.stride)
    else { return }
    unsafe runs[index] = Run(
      base: moved.assumingMemoryBound(to: Element.self), start: run.start, count: run.count,
      capacity: run.capacity)
  }

  /// Removes the last run, after giving each of its elements to `visit`; false if there is none. For freeing in
  /// slices.
  mutating func removeLastRun(_ visit: (Element) -> Void) -> Bool {
    guard let run = runs.popLast() else { return false }
    for index in 0..<Int(run.count) { visit(run[index]) }
    count -= Int(run.count)
    run.free()
    return true
  }
}
