import TestSupport
import Testing

/// Commands that read, combine and copy values in slices, while others change the same values.
@Suite struct SlicedCallsTests {
  /// Members go from set to set, one by one; every look at all sets finds each member in exactly one of them.
  @Test func membersOnTheirWayAreSeenOnce() {
    var slices = 0
    var moves = 0
    for seed in UInt64(1)...60 {
      var random = SeededGenerator(seed: seed)
      let server = SimulatedServer(shardCount: Int(1 + seed % 4), seed: seed)
      let sets = (0..<4).map { "set\($0)" }
      let scores = (0..<2).map { "scores\($0)" }
      let memberCount = 24
      for (index, set) in sets.enumerated() {
        let own = (0..<memberCount).filter { $0 % 4 == index }.map { "member\($0)" }
        server.run(["sadd", set] + own, at: 0) { _ in }
      }
      // The two always have the same members, with scores that add up to 10.
      for (index, name) in scores.enumerated() {
        server.run(
          ["zadd", name] + (0..<memberCount).flatMap { [index == 0 ? "4" : "6", "member\($0)"] }, at: 0) { _ in }
      }
      while !server.isQuiet { server.deliverOne(random.next()) }

      var unions: Set<String> = []
      var intersections: Set<String> = []
      for step in 0..<150 {
        let home = step % server.shardCount
        let pair = Array(sets.shuffled(using: &random).prefix(2))
        let member = "member\(Int.random(in: 0..<memberCount, using: &random))"
        switch Int.random(in: 0..<8, using: &random) {
        case 0: server.run(["sunionstore", "all"] + sets, at: home) { unions.insert(text($0)) }
        case 1:
          server.run(["sunion"] + sets, at: home) { reply in
            unions.insert(":" + text(reply).prefix { $0 != "\r\n" }.dropFirst() + "\r\n")
          }
        case 2: server.run(["sintercard", "2"] + pair, at: home) { intersections.insert(text($0)) }
        case 3:
          server.run(["copy", sets[0], "copy", "replace"], at: home) { reply in
            #expect(text(reply).hasPrefix(":"), "seed \(seed)")
          }
        case 4:
          server.run(["zinter", "2"] + scores + ["withscores"], at: home) { reply in
            let words = text(reply).split(separator: "\r\n").filter { !$0.hasPrefix("$") }
            let sums = words.dropFirst().enumerated().filter { $0.offset % 2 == 1 }.map(\.element)
            #expect(sums.count == memberCount && sums.allSatisfy { $0 == "10" }, "seed \(seed): \(words)")
          }
        case 5:
          let first = Int.random(in: 0...10, using: &random)
          server.execute(
            [["zadd", scores[0], "\(first)", member], ["zadd", scores[1], "\(10 - first)", member]],
            watches: [], at: home) { _ in }
        case 6:
          server.run(["sort", sets[1], "alpha", "store", "sorted"], at: home) { reply in
            #expect(text(reply).hasPrefix(":"), "seed \(seed)")
          }
        default:
          server.run(["smove", pair[0], pair[1], member], at: home) { reply in
            if text(reply) == ":1\r\n" { moves += 1 }
          }
        }
        for _ in 0..<Int.random(in: 0...6, using: &random) { server.deliverOne(random.next()) }
      }
      while !server.isQuiet { server.deliverOne(random.next()) }
      server.checkAtRest()
      #expect(unions == [":\(memberCount)\r\n"], "seed \(seed)")
      #expect(intersections.isSubset(of: [":0\r\n"]), "seed \(seed)")
      slices += server.sliceCount
    }
    #expect(slices > 1000)
    #expect(moves > 100)
  }

  private func text(_ reply: [UInt8]) -> String { String(decoding: reply, as: UTF8.self) }
}
