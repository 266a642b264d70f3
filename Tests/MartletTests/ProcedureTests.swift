import Martlet
import Testing

/// Swift functions called by FCALL.
@Suite(.timeLimit(.minutes(1)))
struct ProcedureTests {
  private static let transfer = Procedure("transfer", description: "Moves an amount.") { view in
    guard view.keys.count == 2, view.arguments.count == 1, let amount = Int(view.arguments[0].string)
    else { throw MartletError.refused("ERR transfer 2 from to amount") }
    try view.increment(view.keys[1], by: amount)
    guard try view.increment(view.keys[0], by: -amount) >= 0 else {
      throw MartletError.refused("ERR not enough")
    }
    return .status("OK")
  }

  private static let total = Procedure("Total", .noWrites) { view in
    .integer(try view.keys.reduce(0) { $0 + (Int(try view.get($1)?.string ?? "") ?? 0) })
  }

  private static let writer = Procedure("liar", .noWrites) { view in
    try view.set(view.keys[0], to: "1")
    return .null
  }

  private static let shapes = Procedure("shapes") { view in
    .array([
      .integer(1), .bytes("b"), .null, .double(1.5), .boolean(true),
      .map([.init(.bytes("k"), .set([.bytes("e")]))]), .status("S"), .bigNumber("12345678901234567890"),
    ])
  }

  private func withStore(shards: Int, _ body: (MartletStore) async throws -> Void) async throws {
    try await MartletTests.withStore(
      .init(shards: shards, procedures: [Self.transfer, Self.total, Self.writer, Self.shapes]), body)
  }

  @Test(arguments: [1, 3]) func aProcedureIsCalled(shards: Int) async throws {
    try await withStore(shards: shards) { store in
      for key in ["a", "b", "c"] as [Bytes] { try await store.set(key, to: "100") }
      for (from, to) in [("a", "b"), ("b", "c"), ("c", "a"), ("a", "c")] as [(Bytes, Bytes)] {
        #expect(try await store.call("transfer", keys: [from, to], arguments: ["30"]) == .status("OK"))
      }
      #expect(try await store.call("total", keys: ["a", "b", "c"]) == .integer(300))
      #expect(try await store.get("a") == "70")
      await #expect(throws: MartletError.refused("ERR not enough")) {
        try await store.call("TRANSFER", keys: ["a", "b"], arguments: ["1000"])
      }
      #expect(try await store.call("total", keys: ["a", "b", "c"]) == .integer(300))
      #expect(try await store.get("b") == "100")
      #expect(
        try await store.call("shapes") == .array([
          .integer(1), .bytes("b"), .null, .double(1.5), .boolean(true),
          .map([.init(.bytes("k"), .set([.bytes("e")]))]), .status("S"),
          .bigNumber("12345678901234567890"),
        ]))
    }
  }

  @Test(arguments: [1, 3]) func errorsOfCalls(shards: Int) async throws {
    try await withStore(shards: shards) { (store) async throws in
      for (command, text) in [
        (["FCALL", "none", "0"], "ERR Function not found"),
        (["FCALL", "total", "x"], "ERR Bad number of keys provided"),
        (["FCALL", "total", "2", "a"], "ERR Number of keys can't be greater than number of args"),
        (["FCALL", "total", "-1"], "ERR Number of keys can't be negative"),
        (["FCALL", "total"], "ERR wrong number of arguments for 'fcall' command"),
        (["FCALL_RO", "transfer", "2", "a", "b", "1"], "ERR Can not execute a script with write flag using *_ro command."),
        (["FCALL", "liar", "1", "a"], "ERR Write commands are not allowed from read-only scripts."),
        (["FCALL", "martlet_transaction", "0", "1"], "ERR no such transaction"),
      ] as [([Bytes], String)] {
        await #expect(throws: MartletError.refused(text)) { try await store.execute(command) }
      }
      #expect(try await store.execute(["FCALL_RO", "total", "0"]) == .integer(0))
    }
  }

  @Test(arguments: [1, 3]) func inATransactionOfCommands(shards: Int) async throws {
    try await withStore(shards: shards) { store in
      let replies = try await store.atomically([
        ["SET", "a", "5"], ["SET", "b", "6"], ["FCALL", "transfer", "2", "a", "b", "5"],
        ["FCALL", "transfer", "2", "a", "b", "5"], ["FCALL", "total", "2", "a", "b"],
      ])
      #expect(
        replies == [
          .status("OK"), .status("OK"), .status("OK"), .error("ERR not enough"), .integer(11),
        ])
    }
  }

  @Test func scriptsCallNone() async throws {
    try await withStore(shards: 1) { store in
      await #expect(throws: MartletError.self) {
        try await store.execute(["EVAL", "return redis.call('fcall', 'total', 0)", "0"])
      }
    }
  }

  @Test func theyStandBesideLibraries() async throws {
    try await withStore(shards: 2) { store in
      let library: Bytes = "#!lua name=lib\nredis.register_function('f', function() return 'lua' end)"
      #expect(try await store.execute(["FUNCTION", "LOAD", library]) == .bytes("lib"))
      #expect(try await store.call("f") == .bytes("lua"))
      await #expect(throws: MartletError.refused("ERR Function total already exists")) {
        try await store.execute([
          "FUNCTION", "LOAD", "#!lua name=other\nredis.register_function('total', function() end)",
        ])
      }
      let list = try await store.execute(["FUNCTION", "LIST", "LIBRARYNAME", "procedures"])
      #expect(
        list == .array([
          .map([
            .init(.bytes("library_name"), .bytes("procedures")), .init(.bytes("engine"), .bytes("SWIFT")),
            .init(
              .bytes("functions"),
              .array([
                Self.entry("transfer", .bytes("Moves an amount."), []),
                Self.entry("Total", .null, ["no-writes"]), Self.entry("liar", .null, ["no-writes"]),
                Self.entry("shapes", .null, []),
              ])),
          ])
        ]))
    }
  }

  private static func entry(_ name: Bytes, _ description: Reply, _ flags: [String]) -> Reply {
    .map([
      .init(.bytes("name"), .bytes(name)), .init(.bytes("description"), description),
      .init(.bytes("flags"), .set(flags.map { .status($0) })),
    ])
  }

  @Test func namesThatCannotBe() async throws {
    for name in ["", "a b", "martlet_x", "é"] {
      await #expect(throws: MartletError.self) {
        try await MartletStore.open(.init(procedures: [Procedure(name) { _ in .null }]))
      }
    }
    await #expect(throws: MartletError.self) {
      try await MartletStore.open(
        .init(procedures: [Procedure("a") { _ in .null }, Procedure("A") { _ in .null }]))
    }
  }
}
