import RESP
import TestSupport
import Testing

/// What a stream of requests means, by the slow and obvious route: whole lines, arrays, recursion
/// over the rest. Independent of the parser under test.
private enum Reference {
  enum Outcome: Equatable {
    case commands([[[UInt8]]])
    case failure([[[UInt8]]], ProtocolError)
  }

  static func parse(_ input: [UInt8], limits: RequestParser.Limits) -> Outcome {
    var rest = input[...]
    var commands: [[[UInt8]]] = []
    while !rest.isEmpty {
      switch command(&rest, limits) {
      case nil: return .commands(commands)
      case .success(let words): if !words.isEmpty { commands.append(words) }
      case .failure(let error): return .failure(commands, error)
      }
    }
    return .commands(commands)
  }

  private static func command(
    _ rest: inout ArraySlice<UInt8>, _ limits: RequestParser.Limits
  ) -> Result<[[UInt8]], ProtocolError>? {
    if rest.first != UInt8(ascii: "*") { return inline(&rest, limits) }
    switch number(&rest) {
    case .unfinished: return rest.count > limits.lineBytesMax ? .failure(.tooBigCountLine) : nil
    case .bad: return .failure(.invalidMultibulkLength)
    case .number(let count):
      if count > limits.argumentsMax { return .failure(.invalidMultibulkLength) }
      var words: [[UInt8]] = []
      while words.count < count {
        guard let type = rest.first else { return nil }
        guard type == UInt8(ascii: "$") else { return .failure(.expectedBulk(type)) }
        switch number(&rest) {
        case .unfinished:
          return rest.count > limits.lineBytesMax ? .failure(.tooBigBulkCountLine) : nil
        case .bad: return .failure(.invalidBulkLength)
        case .number(let length):
          if length < 0 || length > limits.bulkBytesMax { return .failure(.invalidBulkLength) }
          guard rest.count >= length + 2 else { return nil }
          words.append(Array(rest.prefix(length)))
          rest = rest.dropFirst(length + 2)
        }
      }
      return .success(words)
    }
  }

  private enum Line { case number(Int), bad, unfinished }

  private static func number(_ rest: inout ArraySlice<UInt8>) -> Line {
    guard let end = rest.firstIndex(of: 13), end + 1 < rest.endIndex else { return .unfinished }
    let text = String(decoding: rest[(rest.startIndex + 1)..<end], as: UTF8.self)
    rest = rest[(end + 2)...]
    guard let value = Int(text), String(value) == text else { return .bad }
    return .number(value)
  }

  private static func inline(
    _ rest: inout ArraySlice<UInt8>, _ limits: RequestParser.Limits
  ) -> Result<[[UInt8]], ProtocolError>? {
    guard let end = rest.firstIndex(of: 10) else {
      return rest.count > limits.lineBytesMax ? .failure(.tooBigInlineRequest) : nil
    }
    var line = Array(rest[..<end])
    rest = rest[(end + 1)...]
    if line.last == 13 { line.removeLast() }
    guard let words = words(line) else { return .failure(.unbalancedQuotes) }
    return .success(words)
  }

  static func words(_ line: [UInt8]) -> [[UInt8]]? {
    var words: [[UInt8]] = []
    var word: [UInt8]?
    var quote: UInt8 = 0
    var closed = false
    var index = 0
    while index < line.count {
      let byte = line[index]
      let isSpace = byte == 32 || (9...13).contains(byte) || byte == 0
      if quote != 0 {
        if byte == quote {
          quote = 0
          closed = true
        } else if byte == 92, quote == 39, index + 1 < line.count, line[index + 1] == 39 {
          word?.append(39)
          index += 1
        } else if byte == 92, quote == 34, index + 1 < line.count {
          let hex = line[(index + 1)...].prefix(3)
          if hex.count == 3, hex.first == 120,
            let value = UInt8(String(decoding: hex.dropFirst(), as: UTF8.self), radix: 16),
            !hex.contains(43)
          {
            word?.append(value)
            index += 3
          } else {
            let escapes: [UInt8: UInt8] = [110: 10, 114: 13, 116: 9, 98: 8, 97: 7]
            word?.append(escapes[line[index + 1]] ?? line[index + 1])
            index += 1
          }
        } else {
          word?.append(byte)
        }
      } else if isSpace {
        if let finished = word { words.append(finished) }
        word = nil
        closed = false
      } else {
        if closed { return nil }
        if word == nil { word = [] }
        if byte == 34 || byte == 39 { quote = byte } else { word?.append(byte) }
      }
      index += 1
    }
    if quote != 0 { return nil }
    if let finished = word { words.append(finished) }
    return words
  }
}

@Suite struct RequestParserTests {
  /// Feeds `input` in pieces that end at `cuts`, as reads from a socket would.
  private func parse(
    _ input: [UInt8], cuts: [Int] = [], limits: RequestParser.Limits = .init()
  ) -> Reference.Outcome {
    var parser = RequestParser()
    var commands: [[[UInt8]]] = []
    var start = 0
    for end in cuts + [input.count] {
      while start < end {
        var table = ArgumentTable(capacity: 2)
        // A copy each time: the bytes may have moved.
        let outcome = ByteView.with(Array(input[start..<end])) { view in
          let outcome = parser.next(view, limits: limits, into: &table)
          if case .command(let consumed) = outcome {
            if table.count > 0 {
              let words = table.arguments(from: 0, count: table.count)
              commands.append((0..<words.count).map { words[$0].bytes })
            }
            start += consumed
          }
          return outcome
        }
        if case .failure(let error) = outcome { return .failure(commands, error) }
        if case .incomplete = outcome { break }
      }
    }
    return .commands(commands)
  }

  @Test func `a stream split at any two bytes gives the same commands`() {
    let input = Array(
      """
      *3\r\n$3\r\nSET\r\n$1\r\nk\r\n$4\r\na\r\nb\r\nPING\r\n*0\r\n\r\n*1\r\n$0\r\n\r\nset "a\\x41\\n" 'it\\'s' x\n\
      *2\r\n$4\r\nECHO\r\n$12\r\nhello\r\nworld\r\n*-1\r\n
      """.utf8)
    let whole = Reference.parse(input, limits: .init())
    #expect(parse(input) == whole)
    for first in 1..<input.count {
      #expect(parse(input, cuts: [first]) == whole, "cut at \(first)")
      for second in stride(from: first + 1, to: input.count, by: 5) {
        #expect(parse(input, cuts: [first, second]) == whole, "cut at \(first), \(second)")
      }
    }
    #expect(parse(input, cuts: Array(1..<input.count)) == whole)
  }

  @Test func `each protocol error has Redis' text`() throws {
    let small = RequestParser.Limits(bulkBytesMax: 10, lineBytesMax: 20, argumentsMax: 5)
    let cases: [(String, RequestParser.Limits, String)] = [
      ("*x\r\n", small, "invalid multibulk length"),
      ("*6\r\n", small, "invalid multibulk length"),
      ("*01\r\n", small, "invalid multibulk length"),
      ("*11\r\n", .unauthenticated, "unauthenticated multibulk length"),
      ("*1\r\n$-1\r\n", small, "invalid bulk length"),
      ("*1\r\n$11\r\n", small, "invalid bulk length"),
      ("*1\r\n$+1\r\n", small, "invalid bulk length"),
      ("*1\r\n$16385\r\n", .unauthenticated, "unauthenticated bulk length"),
      ("*1\r\n:1\r\n", small, "expected '$', got ':'"),
      ("*" + String(repeating: "1", count: 21), small, "too big mbulk count string"),
      ("*1\r\n$" + String(repeating: "1", count: 21), small, "too big bulk count string"),
      (String(repeating: "a", count: 21), small, "too big inline request"),
      ("get \"a\n", small, "unbalanced quotes in request"),
      ("get 'a'b\n", small, "unbalanced quotes in request"),
    ]
    for (input, limits, text) in cases {
      for cuts in [[], Array(1..<input.utf8.count)] {
        guard case .failure(_, let error) = parse(Array(input.utf8), cuts: cuts, limits: limits)
        else {
          Issue.record("no error for \(input)")
          continue
        }
        #expect(String(decoding: error.message, as: UTF8.self) == text, "\(input)")
      }
    }
  }

  @Test func `streams of every kind mean what the slow parser says`() throws {
    try withEvery("seed", in: UInt64(1)...3000) { seed in
      var random = SeededGenerator(seed: seed)
      var input: [UInt8] = []
      let alphabet = Array("*$:0123-\r\n \"'\\xnab".utf8) + [0]
      for _ in 0..<Int.random(in: 1...6, using: &random) {
        switch Int.random(in: 0..<4, using: &random) {
        case 0, 1:
          let words = (0..<Int.random(in: 0...5, using: &random)).map { _ in random.bytes(0...20) }
          input += Array("*\(words.count)\r\n".utf8)
          for word in words { input += Array("$\(word.count)\r\n".utf8) + word + [13, 10] }
        case 2:
          input += Array("get \"a b\" 'c'\r\n".utf8)
        default:
          for _ in 0..<Int.random(in: 0...12, using: &random) {
            input.append(alphabet.randomElement(using: &random) ?? 0)
          }
        }
      }
      if Bool.random(using: &random), !input.isEmpty {
        input[Int.random(in: 0..<input.count, using: &random)] =
          alphabet.randomElement(using: &random) ?? 0
      }
      let limits = RequestParser.Limits(bulkBytesMax: 64, lineBytesMax: 4096, argumentsMax: 64)
      let expected = Reference.parse(input, limits: limits)
      let cuts = (0..<3).map { _ in Int.random(in: 0...input.count, using: &random) }.sorted()
      #expect(parse(input, limits: limits) == expected, "seed \(seed)")
      #expect(parse(input, cuts: cuts, limits: limits) == expected, "seed \(seed), cuts \(cuts)")
    }
  }

  @Test func `inline words follow the shell's rules`() {
    let cases: [(String, [String]?)] = [
      ("", []), ("  a  b ", ["a", "b"]), ("\"a b\" c", ["a b", "c"]),
      ("'a\\'b' \"\\x41\\t\"", ["a'b", "A\t"]), ("\"\"", [""]), ("a\"b\"", ["ab"]),
      ("\"a\"b", nil), ("'a", nil), ("\"\\xzz\"", ["xzz"]),
    ]
    for (line, expected) in cases {
      let words = ByteView.with(Array(line.utf8)) { view in
        InlineWords.split(view)?.map { word in
          switch word {
          case .plain(let range): view[range].string
          case .unescaped(let bytes): String(decoding: bytes, as: UTF8.self)
          }
        }
      }
      #expect(words == expected, "\(line)")
    }
  }
}
