/// The rules for texts that are more than text. Each returns what is wrong, or nil.
enum TextCheck {
  static let dumpFileName: @Sendable (String) -> String? = { text in
    isFileName(text) ? nil : "dbfilename can't be a path, just a filename"
  }

  static let appendFileName: @Sendable (String) -> String? = { text in
    if text.isEmpty { return "appendfilename can't be empty" }
    return isFileName(text) ? nil : "appendfilename can't be a path, just a filename"
  }

  static let appendDirectoryName: @Sendable (String) -> String? = { text in
    if text.isEmpty { return "appenddirname can't be empty" }
    return isFileName(text) ? nil : "appenddirname can't be a path, just a dirname"
  }

  static let processTitle: @Sendable (String) -> String? = { text in
    // A title must stay when the program's own name, the one variable that may be empty
    // everywhere, adds nothing.
    let title = ProcessTitle.expand(text) { name in
      ProcessTitle.variables.contains(name) ? (name == "title" ? "" : "-") : nil
    }
    if let title, !title.isEmpty { return nil }
    return "template format is invalid or contains unknown variables"
  }

  static let hostname: @Sendable (String) -> String? = { text in
    if text.utf8.count >= nameBytesMax { return "Hostnames must be less than 256 characters" }
    for byte in text.utf8 where !isHostNameByte(byte) {
      return "Hostnames may only contain alphanumeric characters, hyphens or dots"
    }
    return nil
  }

  static let nodeName: @Sendable (String) -> String? = { text in
    if text.utf8.count >= nameBytesMax { return "Human nodenames must be less than 256 characters" }
    // The name is a field of nodes.conf, whose separators it must not hold.
    for byte in text.utf8
    where byte <= 0x20 || byte >= 0x7f || "!#$%&()*+:;<>?@[]{|}~,=".utf8.contains(byte) {
      return "Announced human node name contained invalid character"
    }
    return nil
  }

  private static let nameBytesMax = 256

  private static func isFileName(_ text: String) -> Bool {
    !text.utf8.contains(UInt8(ascii: "/")) && !text.utf8.contains(UInt8(ascii: "\\"))
  }

  private static func isHostNameByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."):
      true
    default: false
    }
  }
}
