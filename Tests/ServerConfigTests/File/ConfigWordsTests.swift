import ServerConfig
import Testing

struct ConfigWordsTests {
  @Test(arguments: [
    ("a  b\tc ", ["a", "b", "c"]), ("", []), (#"save """#, ["save", ""]),
    (#""\x41\n\r\t\a\b\q\"" x"#, ["A\n\r\t\u{7}\u{8}q\"", "x"]), (#"'a\'b\n'"#, [#"a'b\n"#]),
    (#"a"b c""#, ["ab c"]), (#""\xzz""#, ["xzz"]), (#""\xc3\xa9""#, ["é"]),
  ])
  func linesSplitAsRedisSplitsThem(line: String, words: [String]) {
    #expect(ConfigWords.split(line) == words)
  }

  @Test(arguments: [#""a"#, "'a", #""a"b"#, "'a'b", #""a\""#])
  func unbalancedQuotesAreNoWords(line: String) {
    #expect(ConfigWords.split(line) == nil)
  }

  @Test func quotedTextIsReadBack() {
    var generator = SystemRandomNumberGenerator()
    let seed = UInt64.random(in: .min ... .max, using: &generator)
    var state = seed
    func next(_ bound: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(truncatingIfNeeded: state >> 33) % bound
    }
    let scalars = Array("\0\u{1}\u{7}\u{8}\t\n\r \"'\\xab09é€😀#~\u{7f}".unicodeScalars)
    for _ in 0..<2000 {
      var words: [String] = []
      for _ in 0..<next(5) {
        var word = ""
        for _ in 0..<next(9) { word.unicodeScalars.append(scalars[next(scalars.count)]) }
        words.append(word)
      }
      let line = words.map(ConfigWords.quoted).joined(separator: " ")
      #expect(ConfigWords.split(line) == words, "seed \(seed)")
      #expect(line.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7f })
    }
  }
}
