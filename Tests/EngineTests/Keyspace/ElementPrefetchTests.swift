import RESP
import TestSupport
import Testing

@testable import Engine

/// What is asked for ahead of time is gone by the time it is needed: nothing is read that was freed.
struct ElementPrefetchTests {
  private static let count = 3000

  private static func filled() -> TestKeyspace {
    let test = TestKeyspace(CommandTable.engine)
    let members = (0..<count).map { "member:\($0)" }
    _ = test.run(["SADD", "set"] + members)
    _ = test.run(["HSET", "hash"] + members.flatMap { [$0, $0] })
    _ = test.run(["ZADD", "zset"] + members.enumerated().flatMap { ["\($0.offset)", $0.element] })
    return test
  }

  private static func prefetchBuckets(_ test: TestKeyspace, _ key: String, _ indices: Range<Int>) {
    let name = Array(key.utf8)
    for index in indices {
      let element = Array("member:\(index)".utf8)
      ByteView.with(name) { name in
        ByteView.with(element) { element in
          let hash = test.keyspace.hash(name)
          test.keyspace.prefetchElementBucket(index, name, hash, element)
        }
      }
    }
  }

  @Test(arguments: ["set", "hash", "zset", "missing"])
  func itChangesNothing(_ key: String) {
    let test = Self.filled()
    let before = test.run("DUMP", key)
    Self.prefetchBuckets(test, key, 0..<16)
    for index in 0..<32 { test.keyspace.prefetchElementEntry(index) }
    #expect(test.run("DUMP", key) == before)
    #expect(test.run("SCARD", "set") == .integer(Self.count))
  }

  /// The value dies between the two steps: by slices, at once after it has shrunk, or overwritten.
  @Test(arguments: [
    [["DEL", "set"]],
    [["SPOP", "set", "2990"], ["SPOP", "set", "10"]],
    [["SPOP", "set", "2990"], ["SET", "set", "x"]],
    [["SPOP", "set", "2990"], ["SADD", "other", "a"], ["RENAME", "other", "set"]],
  ])
  func whatIsFreedIsForgotten(_ commands: [[String]]) {
    let test = Self.filled()
    Self.prefetchBuckets(test, "set", 0..<16)
    for command in commands { _ = test.run(command) }
    while test.keyspace.hasGarbage {
      test.keyspace.forgetPrefetched()
      test.keyspace.freeSlice(segments: 1)
    }
    for index in 0..<16 { test.keyspace.prefetchElementEntry(index) }
    Self.prefetchBuckets(test, "set", 0..<16)
    for index in 0..<16 { test.keyspace.prefetchElementEntry(index) }
    #expect(test.run("HLEN", "hash") == .integer(Self.count))
  }
}
