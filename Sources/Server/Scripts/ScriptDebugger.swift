import Engine
import RESP
import Scripting

/// One client's view into a script that it runs step by step: the session that SCRIPT DEBUG begins.
///
/// The protocol is that of Redis, for `redis-cli --ldb-sync-mode`: each time the script stops, and after each command of
/// the session, the client gets an array of lines.
final class ScriptDebugger {
  enum Stage {
    /// The script goes on, or waits for the reply of a command.
    case running
    /// It has stopped, and its client says what is next.
    case stopped
    /// Something that the client asked for is evaluated, and was suspended.
    case evaluating(Interpreter.Run, showsResult: Bool)
  }

  var stage = Stage.running
  /// The command of the client that is to be done.
  var command: [[UInt8]] = []
  /// The script stops at the next line, and shows the commands that it calls.
  var steps = true
  private(set) var breakpoints: [Int32] = []
  private let source: [[UInt8]]
  private var currentLine = 0
  private var lines: [[UInt8]] = []
  private var valueBytesMax = 256
  private var hasHinted = false
  /// It went on for longer than a script should.
  var isOvertime = false
  /// Monotonic nanoseconds: when it last went on.
  var resumeTime: UInt64 = 0

  init(_ text: ByteView) {
    var end = text.count
    while end > 0, text[end - 1] == 0x0A || text[end - 1] == 0x0D { end -= 1 }
    source = text[0..<end].bytes.split(separator: 0x0A, omittingEmptySubsequences: false).map(Array.init)
  }

  // MARK: What the client is shown

  func show(_ line: [UInt8]) { lines.append(line) }
  func show(_ line: String) { show(Array(line.utf8)) }
  func show(linesOf text: [UInt8]) {
    for line in text.split(separator: 0x0A) { showValue(Array(line)) }
  }

  /// A line that may be long.
  private func showValue(_ line: [UInt8]) {
    guard valueBytesMax > 0, line.count > valueBytesMax else { return show(line) }
    show(line.prefix(valueBytesMax) + Array(" ...".utf8))
    if hasHinted { return }
    hasHinted = true
    show("<hint> The above reply was trimmed. Use 'maxlen 0' to disable trimming.")
  }

  func show(call words: Arguments) {
    var line = Array("<redis>".utf8)
    for index in 0..<min(words.count, 10) { line += [0x20] + words[index].bytes }
    if words.count > 10 { line += Array(" ... (\(words.count - 11) more)".utf8) }
    show(line)
  }

  func show(reply: ByteView) { showValue(Array("<reply> ".utf8) + DescribedReply.text(of: reply)) }

  /// Hands out the lines so far.
  func takeLines(_ reply: inout ReplyWriter) {
    reply.array(lines.count)
    for line in lines {
      reply.raw("+")
      let line = line.map { $0 == 0x0A || $0 == 0x0D ? 0x20 : $0 }
      ByteView.with(line) { reply.raw($0) }
      reply.raw("\r\n")
    }
    lines.removeAll()
  }

  func stop(at line: Int, _ reason: Interpreter.StopReason) {
    stage = .stopped
    steps = false
    currentLine = line
    let text =
      switch reason {
      case .breakpoint: "break point"
      case .call: "redis.breakpoint() called"
      case .step: isOvertime ? "timeout reached, infinite loop?" : "step over"
      }
    isOvertime = false
    show("* Stopped at \(line), stop reason = \(text)")
    showSource(line)
  }

  private func showSource(_ line: Int) {
    let isBreakpoint = breakpoints.contains(Int32(truncatingIfNeeded: line))
    let isCurrent = line == currentLine
    let mark =
      switch (isCurrent, isBreakpoint) {
      case (true, true): "->#"
      case (true, false): "-> "
      case (false, true): "  #"
      case (false, false): "   "
      }
    let number = "\(line)"
    let padded = number + String(repeating: " ", count: max(0, 3 - number.count)) + " "
    let text = source.indices.contains(line - 1) ? source[line - 1] : Array("<out of range source code line>".utf8)
    show(Array((mark + padded).utf8) + text)
  }

  // MARK: Commands that only look

  /// As `interpreter.calls` tells.
  func showCalls(_ calls: [UInt8]) {
    let lines = calls.split(separator: 0x0A)
    if lines.isEmpty { show("<error> Can't retrieve Lua stack.") }
    for (index, line) in lines.enumerated() {
      if index % 2 == 0 {
        show(Array(line))
      } else if let number = Int(String(decoding: line, as: UTF8.self)) {
        showSource(number)
      }
    }
  }

  func list(_ words: [[UInt8]]) {
    var around = currentLine
    if words.count > 1, let line = number(words[1]), line > 0 { around = line }
    let context = words.count > 2 ? number(words[2]) ?? 0 : 5
    for line in 1...source.count where abs(line - around) <= context { showSource(line) }
  }

  func listAll() { for line in 1...source.count { showSource(line) } }

  func setBreakpoints(_ words: [[UInt8]]) {
    guard words.count > 1 else {
      guard !breakpoints.isEmpty else { return show("No breakpoints set. Use 'b <line>' to add one.") }
      show("\(breakpoints.count) breakpoints set:")
      for line in breakpoints { showSource(Int(line)) }
      return
    }
    for word in words.dropFirst() {
      guard let line = number(word) else {
        show(Array("Invalid argument:'".utf8) + word + Array("'".utf8))
        continue
      }
      if line == 0 {
        breakpoints.removeAll()
        show("All breakpoints removed.")
      } else if line > 0 {
        if breakpoints.count == Interpreter.breakpointsMax {
          show("Too many breakpoints set.")
        } else if line > source.count {
          show("Breakpoint line out of range.")
        } else if !breakpoints.contains(Int32(line)) {
          breakpoints.append(Int32(line))
          showSource(line)
        }
      } else if let index = breakpoints.firstIndex(of: Int32(truncatingIfNeeded: -line)) {
        breakpoints.remove(at: index)
        show("Breakpoint removed.")
      } else {
        show("No breakpoint in the specified line.")
      }
    }
  }

  func setLength(_ words: [[UInt8]]) {
    guard words.count == 2 else {
      return show("<value> replies are trimmed at \(valueBytesMax) bytes.")
    }
    hasHinted = true
    let length = number(words[1]) ?? 0
    valueBytesMax = length == 0 ? 0 : max(length, 60)
    show(
      valueBytesMax == 0
        ? "<value> replies are now unlimited." : "<value> replies are now trimmed at \(valueBytesMax) bytes.")
  }

  private func number(_ word: [UInt8]) -> Int? { Int(String(decoding: word, as: UTF8.self)) }

  func showHelp() {
    for line in Self.help { show(line) }
  }

  private static let help = [
    "Redis Lua debugger help:",
    "[h]elp               Show this help.",
    "[s]tep               Run current line and stop again.",
    "[n]ext               Alias for step.",
    "[c]ontinue           Run till next breakpoint.",
    "[l]ist               List source code around current line.",
    "[l]ist [line]        List source code around [line].",
    "                     line = 0 means: current position.",
    "[l]ist [line] [ctx]  In this form [ctx] specifies how many lines",
    "                     to show before/after [line].",
    "[w]hole              List all source code. Alias for 'list 1 1000000'.",
    "[p]rint              Show all the local variables.",
    "[p]rint <var>        Show the value of the specified variable.",
    "                     Can also show global vars KEYS and ARGV.",
    "[b]reak              Show all breakpoints.",
    "[b]reak <line>       Add a breakpoint to the specified line.",
    "[b]reak -<line>      Remove breakpoint from the specified line.",
    "[b]reak 0            Remove all breakpoints.",
    "[t]race              Show a backtrace.",
    "[e]val <code>        Execute some Lua code (in a different callframe).",
    "[r]edis <cmd>        Execute a Redis command.",
    "[m]axlen [len]       Trim logged Redis replies and Lua var dumps to len.",
    "                     Specifying zero as <len> means unlimited.",
    "[a]bort              Stop the execution of the script. In sync",
    "                     mode dataset changes will be retained.",
    "",
    "Debugger functions you can call from Lua scripts:",
    "redis.debug()        Produce logs in the debugger console.",
    "redis.breakpoint()   Stop execution like if there was a breakpoint in the",
    "                     next line of code.",
  ]
}
