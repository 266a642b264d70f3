import RESP

/// What a string must be for SET, DELEX and their like to go ahead.
enum StringCondition {
  case equals(ByteView)
  case differs(ByteView)
  /// 16 hexadecimal digits in either case.
  case digestEquals(ByteView)
  case digestDiffers(ByteView)

  /// The condition that `word` names; nil if it names none.
  ///
  /// - Throws: when `operand` should be a digest and has another length.
  init?(_ word: ByteView, _ operand: ByteView) throws(CommandError) {
    if word.matches("ifeq") {
      self = .equals(operand)
    } else if word.matches("ifne") {
      self = .differs(operand)
    } else if word.matches("ifdeq") {
      self = .digestEquals(try Self.checked(operand))
    } else if word.matches("ifdne") {
      self = .digestDiffers(try Self.checked(operand))
    } else {
      return nil
    }
  }

  private static func checked(_ digest: ByteView) throws(CommandError) -> ByteView {
    guard digest.count == 16 else {
      throw CommandError("ERR must be exactly 16 hexadecimal characters")
    }
    return digest
  }

  /// Whether a missing key fulfils it: only the negative ones.
  var holdsForMissing: Bool {
    switch self {
    case .equals, .digestEquals: false
    case .differs, .digestDiffers: true
    }
  }

  func holds(for value: StringValue) -> Bool {
    switch self {
    case .equals(let operand): value.equals(operand)
    case .differs(let operand): !value.equals(operand)
    case .digestEquals(let digest): Self.hasDigest(value, digest)
    case .digestDiffers(let digest): !Self.hasDigest(value, digest)
    }
  }

  private static func hasDigest(_ value: StringValue, _ digest: ByteView) -> Bool {
    let text = digestText(value)
    return text.indices.allSatisfy { index in
      let byte = digest[index]
      return text[index] == (byte &- 65 < 26 ? byte | 0x20 : byte)
    }
  }

  /// As DIGEST shows it.
  static func digestText(_ value: StringValue) -> [UInt8] {
    let hash = value.withBytes { XXH3.hash($0) }
    return (0..<16).map { index in
      let digit = UInt8(truncatingIfNeeded: hash >> UInt64(60 - 4 * index)) & 15
      return digit < 10 ? 0x30 + digit : 0x57 + digit
    }
  }
}
