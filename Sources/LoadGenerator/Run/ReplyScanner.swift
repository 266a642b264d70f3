package import RESP

/// Finds where replies end, and which are errors; looks at nothing else.
///
/// It takes bytes as they come and goes on where they were cut, anywhere, without keeping any: a reply's
/// content is stepped over. RESP2 and RESP3, of any depth; pushes are no replies.
package struct ReplyScanner {
  private enum State: UInt8 {
    case type
    /// In the number of a `$`, `*` and their like.
    case length
    case line
    case errorLine
    case blob
  }

  private var state = State.type
  private var type: UInt8 = 0
  private var isNegative = false
  private var isPush = false
  /// The number so far, or what is left of a blob and its line end.
  private var number = 0
  /// Replies that the one under way still consists of; 0 between replies.
  private var awaited = 0
  /// Errors seen, those inside of arrays included.
  package private(set) var errorCount = 0
  /// The text of the last error; complete once its reply is.
  package private(set) var errorText: [UInt8] = []
  /// The bytes are no replies. Nothing more is read.
  package private(set) var isMalformed = false

  private static let lengthMax = 1 << 40
  private static let errorBytesMax = 256

  package init() {}

  /// Takes bytes; returns how many replies they have completed.
  package mutating func scan(_ bytes: ByteView) -> Int {
    var completed = 0
    var index = 0
    let count = bytes.count
    while index < count, !isMalformed {
      switch state {
      case .type:
        begin(bytes[index])
        index &+= 1
      case .length:
        let byte = bytes[index]
        index &+= 1
        if byte &- 48 < 10 {
          number = number &* 10 &+ Int(byte &- 48)
          if number > Self.lengthMax { isMalformed = true }
        } else if byte == 0x0A {
          completed &+= endLength()
        } else if byte == 0x2D {
          isNegative = true
        } else if byte != 0x0D {
          isMalformed = true
        }
      case .line:
        while index < count, bytes[index] != 0x0A { index &+= 1 }
        guard index < count else { break }
        index &+= 1
        completed &+= endElement()
      case .errorLine:
        let byte = bytes[index]
        index &+= 1
        if byte == 0x0A {
          completed &+= endElement()
        } else if byte != 0x0D, errorText.count < Self.errorBytesMax {
          errorText.append(byte)
        }
      case .blob:
        let step = min(number, count &- index)
        if type == 0x21 { keepError(bytes[index..<index &+ step]) }
        index &+= step
        number &-= step
        if number == 0 { completed &+= endElement() }
      }
    }
    return completed
  }

  @inline(__always)
  private mutating func begin(_ type: UInt8) {
    if awaited == 0 {
      awaited = 1
      isPush = type == 0x3E
    }
    self.type = type
    switch type {
    case 0x24, 0x3D, 0x2A, 0x7E, 0x3E, 0x25, 0x7C:  // $ = * ~ > % |
      state = .length
      number = 0
      isNegative = false
    case 0x2B, 0x3A, 0x2C, 0x28, 0x23, 0x5F:  // + : , ( # _
      state = .line
    case 0x21:  // !
      state = .length
      number = 0
      isNegative = false
      beginError()
    case 0x2D:
      state = .errorLine
      beginError()
    default: isMalformed = true
    }
  }

  private mutating func beginError() {
    errorCount += 1
    errorText.removeAll(keepingCapacity: true)
  }

  private mutating func keepError(_ part: ByteView) {
    for index in 0..<part.count where errorText.count < Self.errorBytesMax && part[index] >= 32 {
      errorText.append(part[index])
    }
  }

  /// - Returns: 1 if that completed a reply.
  @inline(__always)
  private mutating func endLength() -> Int {
    if isNegative { return endElement() }
    switch type {
    case 0x24, 0x3D, 0x21:
      number &+= 2
      state = .blob
      return 0
    case 0x25: awaited &+= 2 &* number
    case 0x7C: awaited &+= 2 &* number &+ 1
    default: awaited &+= number
    }
    return endElement()
  }

  @inline(__always)
  private mutating func endElement() -> Int {
    state = .type
    awaited &-= 1
    return awaited == 0 && !isPush ? 1 : 0
  }
}
