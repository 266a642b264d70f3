/// The list of the files that together hold what an append-only directory says: for each shard the base and what was
/// appended since.
///
/// ```
/// file appendonly.aof.1.base.rdb seq 1 type b
/// file appendonly.aof.1.incr.aof seq 1 type i
/// ```
///
/// One shard writes exactly what Redis 7 does. Several have one manifest together, so that all of them move on to new
/// files in the same instant; their lines end with `shard <index>`, and a comment `# seed <number>` says what keys were
/// hashed with: a key's changes are in one shard's files, in their order, only as long as that stays. Files that one
/// shard or a Redis has left have lines without a shard, and come before all others, until the first rewrite.
///
/// - SeeAlso: <https://redis.io/docs/latest/operate/oss_and_stack/management/persistence/#log-rewriting>
package struct AppendOnlyManifest: Sendable, Equatable {
  package enum Kind: String, Sendable {
    case base = "b"
    case history = "h"
    case incremental = "i"
  }

  package struct File: Sendable, Equatable {
    package let name: String
    package let sequence: Int
    package let kind: Kind
    /// 0 where there is one; nil for what was written by one before there were several.
    package fileprivate(set) var shard: Int?

    package init(name: String, sequence: Int, kind: Kind, shard: Int? = 0) {
      self.name = name
      self.sequence = sequence
      self.kind = kind
      self.shard = shard
    }
  }

  /// What is wrong with a manifest, in Redis' words.
  package struct Malformed: Error, Sendable {
    package let line: Int
    package let reason: String
  }

  private static let lineBytesMax = 1023
  private static let seedComment = "# seed "

  package var files: [File]
  /// What keys are hashed with; nil where that is not known.
  package var seed: UInt64?
  /// How many shards wrote the files.
  package var shardCount: Int { (files.compactMap(\.shard).max() ?? 0) + 1 }

  package init(files: [File] = []) { self.files = files }

  /// The same files, as what several shards go on from.
  package func continued() -> AppendOnlyManifest {
    var manifest = self
    for index in files.indices { manifest.files[index].shard = nil }
    return manifest
  }

  /// Whether there are files from before there were several shards.
  package var isContinued: Bool { files.contains { $0.shard == nil && $0.kind != .history } }

  package func base(ofShard shard: Int?) -> File? {
    files.first { $0.shard == shard && $0.kind == .base }
  }

  /// In the order in which they were written.
  package func increments(ofShard shard: Int?) -> [File] {
    files.filter { $0.shard == shard && $0.kind == .incremental }.sorted { $0.sequence < $1.sequence }
  }

  package var history: [File] { files.filter { $0.kind == .history } }

  /// The largest sequence of any file of that kind; 0 if there is none.
  package func lastSequence(_ kind: Kind) -> Int {
    files.lazy.filter { $0.kind == kind }.map(\.sequence).max() ?? 0
  }

  /// The manifest's text. Names with spaces are quoted.
  package var text: String {
    let severalShards = shardCount > 1
    let order: [Kind] = [.base, .history, .incremental]
    var lines = ""
    if severalShards, let seed { lines += "\(Self.seedComment)\(seed)\n" }
    for kind in order {
      for file in files where file.kind == kind {
        let name = file.name.contains(where: { " \"'\\".contains($0) })
          ? "\"" + file.name.map { "\"\\".contains($0) ? "\\\($0)" : "\($0)" }.joined() + "\"" : file.name
        lines += "file \(name) seq \(file.sequence) type \(kind.rawValue)"
        if severalShards, let shard = file.shard { lines += " shard \(shard)" }
        lines += "\n"
      }
    }
    return lines
  }

  /// Reads a manifest.
  ///
  /// - Throws: `Malformed` with the number of the line.
  package init(parsing text: String) throws(Malformed) {
    files = []
    var number = 0
    if text.isEmpty { throw Malformed(line: 0, reason: "Found an empty AOF manifest") }
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      number += 1
      if line.isEmpty, number > text.count(of: "\n") { break }
      if line.utf8.count > Self.lineBytesMax {
        throw Malformed(line: number, reason: "The AOF manifest file contains too long line")
      }
      if line.hasPrefix("#") {
        if line.hasPrefix(Self.seedComment) { seed = UInt64(line.dropFirst(Self.seedComment.count)) }
        continue
      }
      if line.isEmpty { throw Malformed(line: number, reason: "Invalid AOF manifest file format") }
      files.append(try Self.file(Self.words(line), number))
    }
    if shardCount == 1 {
      for index in files.indices { files[index].shard = 0 }
    }
    for shard in [nil] + (0..<shardCount).map(Optional.some) {
      if files.count(where: { $0.shard == shard && $0.kind == .base }) > 1 {
        throw Malformed(line: number, reason: "Found duplicate base file information")
      }
      let sequences = files.filter { $0.shard == shard && $0.kind == .incremental }.map(\.sequence)
      if zip(sequences, sequences.dropFirst()).contains(where: { $0 >= $1 }) {
        throw Malformed(line: number, reason: "Found a non-monotonic sequence number")
      }
    }
  }

  private static func file(_ words: [String]?, _ line: Int) throws(Malformed) -> File {
    let malformed = Malformed(line: line, reason: "Invalid AOF manifest file format")
    guard let words, words.count >= 6, words.count % 2 == 0 else { throw malformed }
    var name: String?
    var sequence: Int?
    var kind: Kind?
    var shard: Int?
    for index in stride(from: 0, to: words.count, by: 2) {
      let value = words[index + 1]
      switch words[index].lowercased() {
      case "file":
        if value.contains("/") {
          throw Malformed(line: line, reason: "File can't be a path, just a filename")
        }
        name = value
      case "seq": sequence = Int(value)
      case "type":
        guard let known = Kind(rawValue: value) else {
          throw Malformed(line: line, reason: "Unknown AOF file type")
        }
        kind = known
      case "shard":
        guard let index = Int(value), 0..<1024 ~= index else { throw malformed }
        shard = index
      default: break
      }
    }
    guard let name, !name.isEmpty, let sequence, sequence > 0, let kind else { throw malformed }
    return File(name: name, sequence: sequence, kind: kind, shard: shard)
  }

  /// Words between spaces, or in quotes with backslashes; nil for a quote without its other.
  private static func words(_ line: Substring) -> [String]? {
    var words: [String] = []
    var word = ""
    var quote: Character?
    var isEscaped = false
    var hasWord = false
    for character in line {
      if isEscaped {
        word.append(character)
        isEscaped = false
      } else if let open = quote {
        if character == "\\" {
          isEscaped = true
        } else if character == open {
          quote = nil
        } else {
          word.append(character)
        }
      } else if character == "\"" || character == "'" {
        quote = character
        hasWord = true
      } else if character == " " || character == "\r" || character == "\t" {
        if hasWord { words.append(word) }
        word = ""
        hasWord = false
      } else {
        word.append(character)
        hasWord = true
      }
    }
    if hasWord { words.append(word) }
    return quote == nil && !isEscaped ? words : nil
  }
}

extension String {
  fileprivate func count(of character: Character) -> Int { count(where: { $0 == character }) }
}
