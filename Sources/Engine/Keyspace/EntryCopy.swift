import RESP

/// A copy of an entry, made some elements at a time where it is a large set, sorted set or hash. Frees itself
/// unless it becomes an entry.
final class EntryCopy {
  private let block: EntryBlock
  private var progress: Progress

  private enum Progress {
    case table(ElementTable, next: UInt64)
    case index(SortedSetIndex.Builder, next: Int)
    case whole
    case taken
  }

  /// - Parameters:
  ///   - name: what the copy is called.
  ///   - elementsAtOnceMax: up to here a value is copied here and now.
  init(of source: EntryBlock, as name: ByteView, elementsAtOnceMax: Int) {
    guard source.type != .string, source.encoding == .structure,
      source.collection.count > elementsAtOnceMax
    else {
      block = source.deepCopy(key: name)
      progress = .whole
      return
    }
    switch source.type {
    case .set, .hash:
      block = source.shallowCopy(key: name)
      progress = .table(.empty(seed: ElementTable(bits: source.word).seed), next: 0)
    case .sortedSet:
      block = source.shallowCopy(key: name)
      progress = .index(
        SortedSetIndex.Builder(seed: SortedSetValue(block: source).index.members.seed), next: 0)
    case .list, .stream, .string:
      block = source.deepCopy(key: name)
      progress = .whole
    }
  }

  deinit {
    switch progress {
    case .table(let table, _):
      table.free()
      block.free()
    case .index(let builder, _):
      builder.finish().free()
      block.free()
    case .whole: block.dispose()
    case .taken: break
    }
  }

  /// Copies some hundred elements more; true when it is whole.
  ///
  /// - Parameter source: the entry's block, with the value as it was.
  func advance(_ source: EntryBlock) -> Bool {
    switch progress {
    case .table(let table, let position):
      let next = ElementTable(bits: source.word).visitSegment(from: position) { element in
        table.insert(element.name, value: element.value, expiry: element.expiry)
      }
      if let next {
        progress = .table(table, next: next)
        return false
      }
      block.word = table.bits
    case .index(var builder, let start):
      let value = SortedSetValue(block: source)
      let end = Swift.min(start + Command.Slices.elementsPerSlice, value.count)
      value.forEach(in: start..<end) { member, score in builder.append(member, score) }
      if end < value.count {
        progress = .index(builder, next: end)
        return false
      }
      block.word = builder.finish().bits
    case .whole, .taken: return true
    }
    progress = .whole
    return true
  }

  /// The copy, which is whole. Once.
  func takeEntry(clock: UInt32?) -> DetachedEntry {
    guard case .whole = progress else { preconditionFailure("a copy that is not whole") }
    progress = .taken
    return DetachedEntry(block, clock: clock)
  }
}
