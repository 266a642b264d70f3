import Glibc
import RESP

extension Command {
  /// `PFDEBUG <GETREG | DECODE | ENCODING | TODENSE> key`
  ///
  /// For tests: the registers, the runs of a sparse HyperLogLog, the encoding's name; TODENSE converts.
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/pfdebug/>
  package static let pfdebug = Command(
    "pfdebug", "Shows how a HyperLogLog is stored.", since: "2.8.9", group: .hyperloglog,
    complexity: "O(1)", arity: .exactly(3), keys: [.at(2, [.readWrite, .access])],
    flags: [.write, .denyOOM, .admin], arguments: [Argument("subcommand", .string), .key()],
    execution: .oneShard { keyspace, arguments, reply throws(CommandError) in
      let key = arguments[2]
      guard var sketch = try keyspace.hyperLogLog(key, for: .write) else {
        throw CommandError("ERR The specified key does not exist")
      }
      let subcommand = arguments[1]
      if subcommand.matches("getreg") {
        if sketch.encoding == .sparse {
          try sketch.becomeDense()
          keyspace.store(sketch, at: key)
        }
        let registers = try sketch.registers()
        reply.array(registers.count)
        for register in registers { reply.integer(Int(register)) }
      } else if subcommand.matches("decode") {
        guard sketch.encoding == .sparse else {
          throw CommandError("ERR HLL encoding is not sparse")
        }
        reply.bulk(try sketch.decoded())
      } else if subcommand.matches("encoding") {
        reply.simple(sketch.encoding == .dense ? "dense" : "sparse")
      } else if subcommand.matches("todense") {
        guard sketch.encoding == .sparse else { return reply.integer(0) }
        try sketch.becomeDense()
        keyspace.store(sketch, at: key)
        reply.integer(1)
      } else {
        throw CommandError(
          composed: Array("ERR Unknown PFDEBUG subcommand '".utf8) + subcommand.bytes + [0x27])
      }
    })

  /// `PFSELFTEST`
  ///
  /// Replies OK if both encodings agree and the estimate's error is within bounds.
  ///
  /// - SeeAlso: <https://redis.io/docs/latest/commands/pfselftest/>
  package static let pfselftest = Command(
    "pfselftest", "Tests the HyperLogLogs of this server.", since: "2.8.9", group: .hyperloglog,
    complexity: "O(1), some milliseconds", arity: .exactly(1), flags: [.admin],
    execution: .oneShard { keyspace, _, reply throws(CommandError) in
      var sparse = HyperLogLog()
      var dense = HyperLogLog()
      try dense.becomeDense()
      var elements = 0
      for checkpoint in [100, 1000, 10_000, 30_000] {
        while elements < checkpoint {
          elements += 1
          let element = StringValue.integer(Int(truncatingIfNeeded: keyspace.random.next()))
          let (register, value) = element.withBytes { HyperLogLog.place(of: $0) }
          _ = try sparse.raise(register, to: value, sparseBytesMax: 3000)
          _ = try dense.raise(register, to: value, sparseBytesMax: 0)
        }
        let registers = try dense.registers()
        guard try sparse.registers() == registers else {
          throw CommandError("ERR TESTFAILED dense and sparse registers differ")
        }
        let error = Double(abs(HyperLogLog.estimate(registers) - elements)) / Double(elements)
        // Six standard errors of 1.04 / sqrt(16384).
        guard error < 6 * 1.04 / 128 else {
          throw CommandError("ERR TESTFAILED Too big error")
        }
      }
      reply.ok()
    })
}
