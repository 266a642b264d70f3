import Persistence
import Testing

struct ManifestTests {
  @Test func whatIsWrittenIsRead() throws {
    var manifest = AppendOnlyManifest(files: [
      .init(name: "a b.1.base.rdb", sequence: 1, kind: .base), .init(name: "a b.2.incr.aof", sequence: 2, kind: .incremental),
      .init(name: "a b.1.incr.aof", sequence: 1, kind: .history),
    ])
    #expect(try AppendOnlyManifest(parsing: manifest.text).files.count == 3)
    manifest.files.append(.init(name: "x.s1.1.base.rdb", sequence: 1, kind: .base, shard: 1))
    manifest.seed = .max
    let again = try AppendOnlyManifest(parsing: manifest.text)
    #expect(again.seed == .max && again.shardCount == 2 && Set(again.files.map(\.name)) == Set(manifest.files.map(\.name)))
  }

  @Test(arguments: [
    "", "\n", "file a seq 1\n", "file a seq x type b\n", "file a/b seq 1 type b\n", "file a seq 1 type q\n", "file \"a seq 1 type b\n",
    "file a seq 0 type b\n", "file a seq 1 type b\nfile b seq 2 type b\n", "file a seq 2 type i\nfile b seq 1 type i\n",
    "file a seq 1 type b shard -1\n",
  ])
  func whatIsNoManifestIsRefused(_ text: String) {
    #expect(throws: AppendOnlyManifest.Malformed.self) { try AppendOnlyManifest(parsing: text) }
  }

  @Test func severalShardsGoOnBehindOne() throws {
    let one = try AppendOnlyManifest(parsing: "file a.1.base.rdb seq 1 type b\nfile a.1.incr.aof seq 1 type i\n")
    #expect(one.shardCount == 1 && !one.isContinued && one.base(ofShard: 0) != nil)
    var several = one.continued()
    for shard in 0..<2 {
      several.files.append(.init(name: "a.s\(shard).2.incr.aof", sequence: 2, kind: .incremental, shard: shard))
    }
    let again = try AppendOnlyManifest(parsing: several.text)
    #expect(again == several && again.isContinued && again.shardCount == 2)
    #expect(again.base(ofShard: nil)?.name == "a.1.base.rdb" && again.base(ofShard: 0) == nil)
    #expect(again.increments(ofShard: nil).map(\.name) == ["a.1.incr.aof"])
    #expect(again.increments(ofShard: 1).map(\.name) == ["a.s1.2.incr.aof"])
    #expect(throws: AppendOnlyManifest.Malformed.self) {
      try AppendOnlyManifest(parsing: "file b seq 1 type b\n" + several.text)
    }
  }
}
