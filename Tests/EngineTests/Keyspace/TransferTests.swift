import RESP
import Testing

@testable import Engine

@Suite struct TransferTests {
  @Test func entriesMoveBetweenKeyspacesOfDifferentSeeds() {
    for (_, value) in KeyCommandTests.values {
      var source = KeyspaceSession(seed: 1)
      var target = KeyspaceSession(seed: 2)
      source.set("k", value, expiry: KeyspaceSession.start + 700)
      target.set("k", String(repeating: "old", count: 999))
      let copy = ByteView.with(Array("k".utf8)) { $0.bytes }
      ByteView.with(copy) { key in
        if let entry = source.keyspace.copyEntry(key) { target.keyspace.put(entry) }
      }
      #expect(source.text("k") == value)
      #expect(target.text("k") == value)
      #expect(target.run("PTTL", "k") == ":700")
      #expect(target.keyspace.expiringKeyCount(inDatabase: 0) == 1)
      ByteView.with(copy) { key in
        if let entry = source.keyspace.takeEntry(key) { target.keyspace.put(entry) }
      }
      #expect(source.text("k") == nil)
      #expect(source.keyspace.expiringKeyCount(inDatabase: 0) == 0)
      #expect(target.text("k") == value)
      #expect(target.keyspace.count == 1)
    }
  }

  @Test func anEntryNobodyPutsAnywhereIsFreed() {
    var session = KeyspaceSession()
    session.set("k", String(repeating: "x", count: 5000))
    ByteView.with(Array("k".utf8)) { key in
      _ = session.keyspace.copyEntry(key)
      _ = session.keyspace.takeEntry(key)
    }
    #expect(session.keyspace.count == 0)
  }

  @Test func digestsDependOnContentOnly() {
    var first = KeyspaceSession(seed: 1)
    var second = KeyspaceSession(seed: 2)
    #expect(first.keyspace.contentDigest.hex == String(repeating: "0", count: 40))
    for index in 0..<300 { first.set("k\(index)", "\(index)") }
    for index in (0..<300).reversed() { second.set("k\(index)", "\(index)") }
    let digest = first.keyspace.contentDigest
    #expect(digest.hex.utf8.count == 40)
    #expect(digest == second.keyspace.contentDigest)
    _ = second.run("EXPIRE", "k7", "100")
    #expect(digest != second.keyspace.contentDigest)
    _ = second.run("PERSIST", "k7")
    #expect(digest == second.keyspace.contentDigest)
    second.set("k7", "8")
    #expect(digest != second.keyspace.contentDigest)
    _ = first.run("MOVE", "k1", "1")
    #expect(digest != first.keyspace.contentDigest)
  }

  @Test func theDigestOfAValueIgnoresItsKeyAndEncoding() {
    var session = KeyspaceSession()
    session.set("a", "12345")
    _ = session.run("COPY", "a", "b")
    session.set("c", "12346")
    func digest(_ key: String, _ session: inout KeyspaceSession) -> ContentDigest? {
      ByteView.with(Array(key.utf8)) { session.keyspace.digest($0) }
    }
    #expect(digest("a", &session) == digest("b", &session))
    #expect(digest("a", &session) != digest("c", &session))
    #expect(digest("x", &session) == nil)
  }

  @Test func factsForDebugging() throws {
    var session = KeyspaceSession()
    session.set("a", "12345")
    session.set("long", String(repeating: "abc", count: 1000))
    session.keyspace.now += 9000
    let (facts, bytes, longBytes) = ByteView.with(Array("along".utf8)) { view in
      (
        session.keyspace.debugObject(view[0..<1]), session.keyspace.byteCount(of: view[0..<1], samples: 5),
        session.keyspace.byteCount(of: view[1..<5], samples: 5)
      )
    }
    #expect(facts?.serializedLength == 3)
    #expect(facts?.idleSeconds == 9)
    #expect(try #require(bytes) < 40)
    #expect(try #require(longBytes) > 3000)
  }
}

extension Keyspace {
  fileprivate var contentDigest: ContentDigest {
    mutating get { ContentDigest(ofDatabases: databaseDigests()) }
  }
}
