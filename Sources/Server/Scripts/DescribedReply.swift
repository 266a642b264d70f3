import RESP

/// A reply as the debugger of scripts shows it, on one line.
enum DescribedReply {
  static func text(of reply: ByteView) -> [UInt8] {
    var text: [UInt8] = []
    var offset = 0
    append(reply, &offset, to: &text)
    return text
  }

  private static func append(_ reply: ByteView, _ offset: inout Int, to text: inout [UInt8]) {
    guard offset < reply.count else { return }
    let type = reply[offset]
    let line = takeLine(reply, &offset)
    let rest = Array(line.dropFirst())
    let number = Int(String(decoding: rest, as: UTF8.self)) ?? 0
    switch type {
    case UInt8(ascii: ":"): text += rest
    case UInt8(ascii: "$"), UInt8(ascii: "="):
      guard number >= 0 else { return text += Array("NULL".utf8) }
      QuotedText.append(reply[offset..<offset + number], to: &text)
      offset += number + 2
    case UInt8(ascii: "+"), UInt8(ascii: "-"): ByteView.with(line) { QuotedText.append($0, to: &text) }
    case UInt8(ascii: "*"), UInt8(ascii: ">"):
      guard number >= 0 else { return text += Array("NULL".utf8) }
      appendList(reply, &offset, number, "[", "]", to: &text)
    case UInt8(ascii: "~"): appendList(reply, &offset, number, "~(", ")", to: &text)
    case UInt8(ascii: "%"):
      text += Array("{".utf8)
      for index in 0..<number {
        if index > 0 { text += Array(",".utf8) }
        append(reply, &offset, to: &text)
        text += Array(" => ".utf8)
        append(reply, &offset, to: &text)
      }
      text += Array("}".utf8)
    case UInt8(ascii: "_"): text += Array("(null)".utf8)
    case UInt8(ascii: "#"): text += Array(rest == [UInt8(ascii: "t")] ? "#true".utf8 : "#false".utf8)
    case UInt8(ascii: ","): text += Array("(double) ".utf8) + rest
    default: text += line
    }
  }

  private static func appendList(
    _ reply: ByteView, _ offset: inout Int, _ count: Int, _ opening: String, _ closing: String,
    to text: inout [UInt8]
  ) {
    text += Array(opening.utf8)
    for index in 0..<count {
      if index > 0 { text += Array(",".utf8) }
      append(reply, &offset, to: &text)
    }
    text += Array(closing.utf8)
  }

  private static func takeLine(_ reply: ByteView, _ offset: inout Int) -> [UInt8] {
    let start = offset
    while offset < reply.count, reply[offset] != 0x0D { offset += 1 }
    defer { offset += 2 }
    return reply[start..<offset].bytes
  }
}
