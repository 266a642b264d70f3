import RESP

extension Command {
  /// `PFADD key [element ...]`
  ///
  /// Replies with an Integer: 1 if the estimate may have changed, else 0.
  ///
  /// - Throws: `.wrongType`; `.notAHyperLogLog`; `.corruptHyperLogLog`.
  /// - SeeAlso: <https://redis.io/docs/latest/commands/pfadd/>
  package static let pfadd = Command(
    "pfadd", "Adds elements to a HyperLogLog, creating it if it is missing.", since: "2.8.9",
    group: .hyperloglog, complexity: "O(1) for each element.", arity: .atLeast(2),
    keys: [.at(1, [.readWrite, .insert])], flags: [.write, .denyOOM, .fast],
    arguments: [.key(), Argument("element", .string, [.optional, .multiple])],
    execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
      let key = arguments[1]
      if let isChanged = try keyspace.raiseDense(key, arguments) {
        return reply.integer(isChanged ? 1 : 0)
      }
      let old = try keyspace.hyperLogLog(key, for: .write)
      var sketch = old ?? HyperLogLog()
      var isChanged = old == nil
      let bytesMax = keyspace.options.sparseHyperLogLogBytesMax
      for index in 2..<arguments.count {
        let (register, value) = HyperLogLog.place(of: arguments[index])
        if try sketch.raise(register, to: value, sparseBytesMax: bytesMax) { isChanged = true }
      }
      if isChanged {
        sketch.cachedCount = nil
        keyspace.store(sketch, at: key)
        keyspace.notify(.string, "pfadd", key)
      }
      reply.integer(isChanged ? 1 : 0)
    })

  /// `PFCOUNT key [key ...]`
  ///
  /// Replies with an Integer: the estimate of how many different elements were added, over all keys.
  ///
  /// - Throws: `.wrongType`; `.notAHyperLogLog`; `.corruptHyperLogLog`.
  /// - SeeAlso: <https://redis.io/docs/latest/commands/pfcount/>
  package static let pfcount = Command(
    "pfcount", "Returns the estimated number of different elements.", since: "2.8.9",
    group: .hyperloglog, complexity: "O(1) for one key whose estimate is cached, else O(N) in the keys.",
    arity: .atLeast(2),
    keys: [
      KeySpec(
        begin: .index(1), find: .range(last: -1, step: 1, limit: 0), access: [.readWrite, .access],
        notes: "The estimate is kept in the value, which a count may therefore change.")
    ],
    flags: [.readOnly, .mayReplicate], arguments: [.key("key", .multiple)],
    execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
      guard arguments.count == 2 else {
        var union = [UInt8](repeating: 0, count: HyperLogLog.registerCount)
        for index in 1..<arguments.count {
          if let sketch = try keyspace.hyperLogLog(arguments[index], for: .read) {
            try union.raise(to: sketch)
          }
        }
        return reply.integer(HyperLogLog.estimate(union))
      }
      let key = arguments[1]
      guard var sketch = try keyspace.hyperLogLog(key, for: .read) else { return reply.integer(0) }
      if let cached = sketch.cachedCount { return reply.integer(cached) }
      let count = HyperLogLog.estimate(try sketch.registers())
      sketch.cachedCount = count
      keyspace.store(sketch, at: key)
      reply.integer(count)
    })

  /// `PFMERGE destkey [sourcekey ...]`
  ///
  /// Replies OK: the destination has seen what any of the keys has.
  ///
  /// - Throws: `.wrongType`; `.notAHyperLogLog`; `.corruptHyperLogLog`.
  /// - SeeAlso: <https://redis.io/docs/latest/commands/pfmerge/>
  package static let pfmerge = Command(
    "pfmerge", "Merges HyperLogLogs into one.", since: "2.8.9", group: .hyperloglog,
    complexity: "O(N) in the keys, with high constant times.", arity: .atLeast(2),
    keys: [.at(1, [.readWrite, .access, .insert]), .range(2, [.readOnly, .access])],
    flags: [.write, .denyOOM],
    arguments: [.key("destkey"), .key("sourcekey", [.optional, .multiple], spec: 1)],
    execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
      var union = [UInt8](repeating: 0, count: HyperLogLog.registerCount)
      var isDense = false
      for index in 1..<arguments.count {
        guard let sketch = try keyspace.hyperLogLog(arguments[index], for: .read) else { continue }
        isDense = isDense || sketch.encoding == .dense
        try union.raise(to: sketch)
      }
      var result = try keyspace.hyperLogLog(arguments[1], for: .write) ?? HyperLogLog()
      if isDense { try result.becomeDense() }
      let bytesMax = keyspace.options.sparseHyperLogLogBytesMax
      for (register, value) in union.enumerated() where value > 0 {
        _ = try result.raise(register, to: value, sparseBytesMax: bytesMax)
      }
      result.cachedCount = nil
      keyspace.store(result, at: arguments[1])
      keyspace.notify(.string, "pfadd", arguments[1])
      reply.ok()
    })
}

extension Keyspace {
  /// The HyperLogLog at `key`, nil if there is no such key.
  ///
  /// - Throws: `.wrongType`; `.notAHyperLogLog`.
  mutating func hyperLogLog(
    _ key: ByteView, for purpose: Purpose
  ) throws(CommandError) -> HyperLogLog? {
    guard let string = try string(key, for: purpose) else { return nil }
    return try string.withBytes { (bytes) throws(CommandError) in try HyperLogLog(bytes) }
  }

  /// Adds PFADD's elements to a dense sketch where it is.
  ///
  /// - Returns: whether the estimate may have changed; nil if there is no dense sketch.
  /// - Throws: `.wrongType`.
  /// - Complexity: O(elements); copies and allocates nothing.
  fileprivate mutating func raiseDense(
    _ key: ByteView, _ arguments: Arguments
  ) throws(CommandError) -> Bool? {
    guard let stored = try string(key, for: .write) else { return nil }
    // Most elements have been seen, or one that counts as high: the value is left alone.
    var first = 2
    let isDense = stored.withBytes { stored in
      guard HyperLogLog.isDense(stored) else { return false }
      while first < arguments.count {
        let (register, value) = HyperLogLog.place(of: arguments[first])
        if HyperLogLog.denseRegister(stored, register) < value { break }
        first += 1
      }
      return true
    }
    guard isDense else { return nil }
    guard first < arguments.count else { return false }
    let sketch = try editString(key, growingTo: HyperLogLog.denseByteCount)
    for index in first..<arguments.count {
      let (register, value) = HyperLogLog.place(of: arguments[index])
      _ = HyperLogLog.raiseDense(sketch, register, to: value)
    }
    changed(key)
    notify(.string, "pfadd", key)
    return true
  }

  /// Its encoding is `raw`, as of every string that is changed in place.
  mutating func store(_ sketch: HyperLogLog, at key: ByteView) {
    let buffer = ByteView.with(sketch.bytes) { StringBuffer.holding($0) }
    store(key, word: buffer.bits, encoding: .rawBuffer, expiry: .keep)
  }
}

extension [UInt8] {
  /// Raises registers to those of a sketch.
  fileprivate mutating func raise(to sketch: HyperLogLog) throws(CommandError) {
    let registers = try sketch.registers()
    for index in indices where registers[index] > self[index] { self[index] = registers[index] }
  }
}
