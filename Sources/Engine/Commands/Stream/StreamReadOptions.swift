import RESP

/// The words of XREAD and XREADGROUP.
struct StreamReadOptions {
  /// 0 for all.
  private(set) var count = 0
  private(set) var wait: Command.WaitTime?
  private(set) var acknowledgesAtOnce = false
  /// Where the names of group and consumer stand; nil for XREAD.
  private(set) var groupPosition: Int?
  /// Where the keys stand; behind them as many IDs.
  private(set) var keys = 0..<0

  /// - Parameter isGroup: whether it is XREADGROUP.
  init(_ arguments: Arguments, isGroup: Bool) throws(CommandError) {
    var index = 1
    while index < arguments.count, keys.isEmpty {
      let word = arguments[index]
      let more = arguments.count - index - 1
      if word.matches("block"), more > 0 {
        wait = try Command.WaitTime(milliseconds: arguments[index + 1])
        index += 2
      } else if word.matches("count"), more > 0 {
        count = max(try arguments[index + 1].integer(), 0)
        index += 2
      } else if word.matches("streams"), more > 0 {
        guard more % 2 == 0 else { throw Self.unbalanced(isGroup) }
        keys = index + 1..<index + 1 + more / 2
      } else if word.matches("group"), more >= 2 {
        guard isGroup else { throw Self.onlyInGroup("GROUP") }
        groupPosition = index + 1
        index += 3
      } else if word.matches("noack") {
        guard isGroup else { throw Self.onlyInGroup("NOACK") }
        acknowledgesAtOnce = true
        index += 1
      } else {
        throw .syntax
      }
    }
    if keys.isEmpty { throw .syntax }
    if isGroup, groupPosition == nil {
      throw CommandError("ERR Missing GROUP option for XREADGROUP")
    }
  }

  /// Where the ID for the key at `key` stands.
  func idPosition(ofKey key: Int) -> Int { key + keys.count }

  /// As `Command.findKeys` wants it: an option's value may be STREAMS too.
  static func findKeys(isGroup: Bool) -> @Sendable (Arguments) -> [Int] {
    { arguments in
      do throws(CommandError) {
        return Array(try StreamReadOptions(arguments, isGroup: isGroup).keys)
      } catch {
        return []
      }
    }
  }

  private static func onlyInGroup(_ option: String) -> CommandError {
    CommandError(
      composed:
        "ERR The \(option) option is only supported by XREADGROUP. You called XREAD instead.")
  }

  private static func unbalanced(_ isGroup: Bool) -> CommandError {
    isGroup
      ? CommandError(
        "ERR Unbalanced 'xreadgroup' list of streams: for each stream key an ID or '>' must be specified."
      )
      : CommandError(
        "ERR Unbalanced 'xread' list of streams: for each stream key an ID, '+', or '$' must be specified."
      )
  }
}
