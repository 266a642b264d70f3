import LoadGenerator
import RESP
import Testing

struct RequestEncoderTests {
  private static func encoder(
    _ commands: [[String]], sizes: ClosedRange<Int> = 3...3, keys: Int = 1000, tags: KeyTags = .none
  ) -> RequestEncoder {
    encoder(.commands(commands), sizes: sizes, keys: keys, tags: tags)
  }

  private static func encoder(
    _ request: RequestText, sizes: ClosedRange<Int> = 3...3, keys: Int = 1000, tags: KeyTags = .none
  ) -> RequestEncoder {
    let values = ValueBytes(sizes: sizes, seed: 1)
    return RequestEncoder(
      templates: [RequestTemplate(request, values: values, tags: tags)], weights: [1],
      values: values,
      keys: KeyNumbers(.uniform, count: keys), tags: tags, seed: 5)
  }

  /// The words of the commands that `bytes` are; nil if they are none.
  private static func commands(_ bytes: [UInt8]) -> [[String]]? {
    ByteView.with(bytes) { view in
      var offset = 0
      var commands: [[String]] = []
      while offset < view.count {
        guard case .array(let elements) = try? ReplyParser.parse(view, at: &offset) else {
          return nil
        }
        commands.append(
          elements.map {
            if case .bulk(let word) = $0 { String(decoding: word, as: UTF8.self) } else { "?" }
          })
      }
      return commands
    }
  }

  @Test func wordsWithoutPlaceholdersStay() {
    var encoder = Self.encoder([["SET", "a", "ü 1"], ["GET", ""]])
    #expect(Self.commands(encoder.request(0)) == [["SET", "a", "ü 1"], ["GET", ""]])
    #expect(encoder.replyCount(of: 0) == 2)
  }

  @Test func placeholdersBecomeNumbersAndValues() throws {
    var encoder = Self.encoder(
      [["SET", "__key__", "__data__", "x__rand_int__y__any_int__"]], keys: 12_345)
    var seen: Set<Int> = []
    for _ in 0..<2000 {
      let words = try #require(Self.commands(encoder.request(0))?.first)
      #expect(words.count == 4)
      #expect(words[1].hasPrefix("key:0000000"))
      let number = try #require(Int(words[1].dropFirst(4)))
      #expect(words[1].utf8.count == 16)
      #expect(number < 12_345)
      #expect(words[2].utf8.count == 3)
      #expect(words[3].utf8.count == 26)
      let other = try #require(Int(words[3].dropFirst().prefix(12)))
      #expect(other < 12_345)
      seen.insert(number)
    }
    #expect(seen.count > 1500)
  }

  @Test func valuesHaveAllSizesOfARange() throws {
    var encoder = Self.encoder(
      [["SET", "__key__", "<__data__>"], ["GET", "__key__"]], sizes: 0...20)
    var sizes: Set<Int> = []
    for _ in 0..<2000 {
      let commands = try #require(Self.commands(encoder.request(0)))
      #expect(commands.count == 2)
      #expect(commands[0][2].hasPrefix("<"))
      #expect(commands[0][2].hasSuffix(">"))
      sizes.insert(commands[0][2].utf8.count - 2)
    }
    #expect(sizes == Set(0...20))
  }

  @Test func keysOfARequestShareTheirTag() throws {
    for (count, keys) in [(1, 10), (7, 1000), (16, 10), (100, 12_345)] {
      var encoder = Self.encoder(
        [["MSET", "__key__", "1", "__key__", "2"], ["GET", "__key__"]], keys: keys,
        tags: .numbered(count))
      var tags: Set<Substring> = []
      for _ in 0..<500 {
        let commands = try #require(Self.commands(encoder.request(0)))
        let names = [commands[0][1], commands[0][3], commands[1][1]]
        let tag = names[0].prefix(11)
        #expect(tag.hasPrefix("key:{"))
        #expect(tag.hasSuffix("}:"))
        #expect(names.allSatisfy { $0.hasPrefix(tag) })
        for name in names {
          let number = try #require(Int(name.suffix(12)))
          #expect(number < keys)
          #expect(number % count == Int(tag.dropFirst(5).prefix(4)))
        }
        tags.insert(tag)
      }
      #expect(tags.count == min(count, keys) || count == 100)
    }
    var fixed = Self.encoder([["GET", "__key__"]], keys: 1, tags: .fixed("user"))
    #expect(Self.commands(fixed.request(0)) == [["GET", "key:{user}:000000000000"]])
  }

  @Test func aMixKeepsItsWeights() {
    let values = ValueBytes(sizes: 1...1, seed: 1)
    let templates = ["A", "B", "C"].map {
      RequestTemplate(.command([$0]), values: values, tags: .none)
    }
    var encoder = RequestEncoder(
      templates: templates, weights: [1, 2, 7], values: values,
      keys: KeyNumbers(.uniform, count: 1), tags: .none,
      seed: 3)
    var counts = [0, 0, 0]
    for _ in 0..<100_000 { counts[encoder.draw()] += 1 }
    for (count, expected) in zip(counts, [10_000, 20_000, 70_000]) {
      #expect(abs(count - expected) < 1000)
    }
  }

  @Test func aLineGoesOutAsItIs() {
    var encoder = Self.encoder(.raw("PING\r\n"))
    #expect(encoder.request(0) == Array("PING\r\n".utf8))
    #expect(encoder.replyCount(of: 0) == 1)
  }

  @Test func memcachedIsToldTheValuesSize() throws {
    let set = try #require(BuiltInTest.memcached(timeToLive: 9).first { $0.name == "set" })
    for sizes in [5...5, 0...12] {
      var encoder = Self.encoder(set.request, sizes: sizes, keys: 1)
      for _ in 0..<50 {
        let lines = String(decoding: encoder.request(0), as: UTF8.self).split(
          separator: "\r\n", omittingEmptySubsequences: false)
        #expect(lines.count == 3)
        let words = lines[0].split(separator: " ")
        #expect(words.dropLast() == ["set", "key:000000000000", "0", "9"])
        #expect(words.last == "\(lines[1].utf8.count)")
        #expect(sizes.contains(lines[1].utf8.count))
      }
    }
  }

  @Test func everyBuiltInTestIsOfCommands() throws {
    for test in BuiltInTest.all(timeToLive: 60) {
      guard case .commands(let words) = test.request else { continue }
      var encoder = Self.encoder(test.request, sizes: 1...100)
      let commands = try #require(Self.commands(encoder.request(0)), "\(test.name)")
      #expect(commands.count == words.count)
      #expect(!commands.joined().contains { $0.contains("__") }, "\(test.name)")
    }
  }
}
