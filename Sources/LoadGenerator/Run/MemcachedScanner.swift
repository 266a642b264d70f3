package import RESP

/// As `ReplyScanner`, for memcached's text protocol.
///
/// ```
/// VALUE <key> <flags> <bytes>\r\n<data>\r\n ... END\r\n       of get
/// STORED\r\n   NOT_FOUND\r\n   DELETED\r\n   <number>\r\n     one line
/// ERROR\r\n   CLIENT_ERROR <text>\r\n   SERVER_ERROR <text>\r\n
/// ```
///
/// Any line but VALUE's ends a reply.
///
/// - SeeAlso: protocol.txt of memcached
package struct MemcachedScanner {
  private enum Line: UInt8 {
    case unknown
    case value
    case error
    case other
  }

  private var line = Line.unknown
  private var first: UInt8 = 0
  /// How many bytes of the line were read, and how many spaces.
  private var column = 0
  private var spaces = 0
  /// The number after the third space, then what is left of the data and its line end.
  private var number = 0
  private var isInData = false
  package private(set) var errorCount = 0
  package private(set) var errorText: [UInt8] = []
  package private(set) var isMalformed = false

  private static let lengthMax = 1 << 32
  private static let errorBytesMax = 256

  package init() {}

  /// Takes bytes; returns how many replies they have completed.
  package mutating func scan(_ bytes: ByteView) -> Int {
    var completed = 0
    var index = 0
    while index < bytes.count, !isMalformed {
      if isInData {
        let step = min(number, bytes.count &- index)
        number &-= step
        index &+= step
        if number == 0 { isInData = false }
        continue
      }
      let byte = bytes[index]
      index &+= 1
      if byte == 0x0A { completed &+= endLine() } else { take(byte) }
    }
    return completed
  }

  @inline(__always)
  private mutating func take(_ byte: UInt8) {
    switch column {
    case 0: first = byte
    case 1: classify(byte)
    default: break
    }
    column &+= 1
    switch line {
    case .value:
      if byte == 0x20 {
        spaces &+= 1
      } else if spaces == 3, byte &- 48 < 10 {
        number = number &* 10 &+ Int(byte &- 48)
        if number > Self.lengthMax { isMalformed = true }
      }
    case .error where byte != 0x0D && errorText.count < Self.errorBytesMax: errorText.append(byte)
    default: break
    }
  }

  /// Two letters tell lines apart: VALUE and VERSION, END and ERROR, STORED and SERVER_ERROR.
  private mutating func classify(_ second: UInt8) {
    switch (first, second) {
    case (0x56, 0x41):
      line = .value
      number = 0
    case (0x45, 0x52), (0x43, 0x4C), (0x53, 0x45):
      line = .error
      errorCount += 1
      errorText = [first]
    default: line = .other
    }
  }

  private mutating func endLine() -> Int {
    defer {
      line = .unknown
      column = 0
      spaces = 0
    }
    guard line == .value else { return 1 }
    if spaces < 3 { isMalformed = true }
    number &+= 2
    isInData = true
    return 0
  }
}
