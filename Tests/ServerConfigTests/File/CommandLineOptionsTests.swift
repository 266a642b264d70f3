import ServerConfig
import Testing

struct CommandLineOptionsTests {
  @Test(arguments: [
    (["--timeout", "5", "6"], #"timeout "5" "6" "#), (["--timeout"], "timeout "),
    (["--port=1"], "port=1 "), (["--port 1", "--foo"], "port 1 \nfoo "),
    (["--save", "--foo"], "save \"\"\nfoo "), (["--save"], "save \"\""),
    (["--save", ""], "save \"\" "), (["--dir", "--timeout", "3"], #"dir "--timeout" "3" "#),
    (["--requirepass", "--abc", "--foo", "x"], "requirepass \"--abc\" \nfoo \"x\" "),
    (["--", "--foo"], " \"--foo\" "), (["--a", "x", "---", "b"], "a \"x\" \n- \"b\" "),
    (["--foo", "a\"b"], #"foo "a\"b" "#), (["--foo", "-x"], #"foo "-x" "#),
    (["--port", "1", "-", "--foo"], "port \"1\" \"-\" \nfoo "),
  ])
  func optionsBecomeLines(arguments: [String], lines: String) {
    let options = CommandLineOptions(arguments)
    // A word more after an option word that had none leaves a blank that the reader trims.
    #expect(
      options.options.replacing(" \n", with: "\n").trimmed
        == lines.replacing(" \n", with: "\n")
        .trimmed)
    #expect(options.path == nil)
  }

  @Test func theFileComesFirstAndTheStandardInputFirstOrLast() {
    let file = CommandLineOptions(["a.conf", "--timeout", "3", "-"])
    #expect(file.path == "a.conf")
    #expect(file.readsStandardInput)
    #expect(file.options == "timeout \"3\" ")
    let input = CommandLineOptions(["-", "--timeout", "3"])
    #expect(input.path == nil && input.readsStandardInput)
    #expect(CommandLineOptions([]).options.isEmpty)
  }
}

extension String {
  fileprivate var trimmed: Substring {
    var text = self[...]
    while text.last == " " { text.removeLast() }
    return text
  }
}
