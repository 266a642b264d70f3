import RESP

/// A stream as it lies behind an entry's word: always the large form, since a short stream is one node.
@safe
struct StreamValue: CollectionValue {
  static let type = ValueType.stream

  let block: EntryBlock
  init(block: EntryBlock) { self.block = block }

  static func makeEmpty(_ keyspace: borrowing Keyspace) -> (ValueEncoding, word: Int) {
    (.structure, Boxed(Stream()).bits)
  }

  @inline(__always) var stream: Boxed<Stream> { Boxed(bits: block.word) }

  var count: Int { stream.body.count }

  var isLarge: Bool {
    let stream = self.stream
    return stream.body.nodes.count > 256 || stream.body.groups.count > 16
      || stream.body.groups.contains {
        $0.body.pending.count > 4096 || $0.body.consumers.count > 64
      }
  }

  var freeEffort: Int {
    stream.body.groups.reduce(stream.body.nodes.count) { effort, group in
      effort + 1 + group.body.pending.count + group.body.consumers.count
    }
  }

  func free() { stream.free() }

  /// What is freed is taken out at once, so the progress is in the stream itself.
  func freeSlice(from progress: UInt64) -> UInt64? {
    let stream = self.stream
    if stream.body.nodes.removeLastRun({ $0.free() }) { return 1 }
    if let group = stream.body.groups.last {
      if !group.body.freeSlice() {
        stream.body.groups.removeLast()
        group.free()
      }
      return 1
    }
    stream.free()
    return nil
  }

  func copyWord() -> Int { Boxed(stream.body.copy()).bits }

  func heapByteCount(samples: Int) -> Int {
    let stream = self.stream
    var bytes = Boxed<Stream>.heapByteCount + stream.body.nodes.heapByteCount
    bytes += nodesByteCount(samples: samples)
    return stream.body.groups.reduce(bytes) { $0 + $1.body.heapByteCount }
  }

  /// The nodes' listpacks; extrapolated from the first `samples`, where that is not 0.
  private func nodesByteCount(samples: Int) -> Int {
    let nodeCount = stream.body.nodes.count
    let sampleCount = samples == 0 ? nodeCount : min(samples, nodeCount)
    var bytes = 0
    var position = stream.body.nodes.firstPosition
    for _ in 0..<sampleCount {
      guard let current = position else { break }
      bytes += stream.body.nodes[current].listpack.heapByteCount
      position = stream.body.nodes.position(after: current)
    }
    return sampleCount == nodeCount ? bytes : bytes / sampleCount * nodeCount
  }

  /// Entries with their IDs, then what the groups know; not how entries share nodes, nor deleted ones.
  func mix(into digest: inout ContentDigest) {
    let stream = self.stream
    var mixed = digest
    stream.body.visit(from: .zero, to: .max) { entry in
      ByteView.with(Array("\(entry.id.milliseconds).\(entry.id.sequence)".utf8)) { mixed.mix($0) }
      entry.forEachField { field, value in
        field.withBytes { mixed.mix($0) }
        value.withBytes { mixed.mix($0) }
      }
      return true
    }
    digest = mixed
  }
}
