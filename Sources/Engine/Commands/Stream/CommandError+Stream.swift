import RESP

extension CommandError {
  static let invalidStreamID = CommandError(
    "ERR Invalid stream ID specified as stream command argument")
  static let invalidRangeStart = CommandError("ERR invalid start ID for the interval")
  static let invalidRangeEnd = CommandError("ERR invalid end ID for the interval")
  static let streamIDTooSmall = CommandError(
    "ERR The ID specified in XADD is equal or smaller than the target stream top item")
  static let streamIDZero = CommandError("ERR The ID specified in XADD must be greater than 0-0")
  static let streamIDsExhausted = CommandError(
    "ERR The stream has exhausted the last possible ID, unable to add more items")
  static let streamEntryTooLarge = CommandError("ERR Elements are too large to be stored")
  static let groupExists = CommandError("BUSYGROUP Consumer Group name already exists")
  static let groupNeedsKey = CommandError(
    "ERR The XGROUP subcommand requires the key to exist. Note that for CREATE you may want to use the MKSTREAM option to create an empty stream automatically."
  )

  /// - Parameter tail: what follows both names.
  static func noGroup(
    _ group: ByteView, orKey key: ByteView, _ tail: StaticString = ""
  ) -> CommandError {
    var text = Array("NOGROUP No such key '".utf8)
    text.append(quotable(key, max: key.count))
    text += Array("' or consumer group '".utf8)
    text.append(quotable(group, max: group.count))
    text.append(0x27)
    text.append(ByteView(tail))
    return CommandError(composed: text)
  }

  static func noGroup(_ group: ByteView, at key: ByteView) -> CommandError {
    var text = Array("NOGROUP No such consumer group '".utf8)
    text.append(quotable(group, max: group.count))
    text += Array("' for key name '".utf8)
    text.append(quotable(key, max: key.count))
    text.append(0x27)
    return CommandError(composed: text)
  }

  /// A subcommand that exists, with words it doesn't take.
  static func subcommandSyntax(_ word: ByteView, of command: String) -> CommandError {
    var text = Array("ERR unknown subcommand or wrong number of arguments for '".utf8)
    text.append(quotable(word, max: 128))
    text += Array("'. Try \(command.uppercasedASCII) HELP.".utf8)
    return CommandError(composed: text)
  }

  static func unrecognizedClaimOption(_ word: ByteView) -> CommandError {
    var text = Array("ERR Unrecognized XCLAIM option '".utf8)
    text.append(quotable(word, max: word.count))
    text.append(0x27)
    return CommandError(composed: text)
  }

  /// The part of a word that a C string shows.
  private static func quotable(_ word: ByteView, max limit: Int) -> ByteView {
    word[0..<min(word.firstIndex(of: 0) ?? word.count, limit)]
  }
}
