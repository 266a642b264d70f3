import RESP
import Testing

@testable import Scripting

/// Answers calls of scripts in tests: `echo` at once, `later` later.
private final class TestHost: ScriptHost {
  var messages: [String] = []

  func call(_ words: Arguments, _ reply: inout ReplyWriter) -> ScriptCallOutcome {
    if words[0].matches("echo") {
      reply.bulk(words[1])
      return .replied
    }
    if words[0].matches("later") { return .waits }
    if words[0].matches("fail") {
      reply.error("WRONGTYPE not this")
      return .replied
    }
    reply.raw("ERR no such command")
    return .refused
  }

  func showToDebugger(_ text: ByteView) { messages.append("shown \(text.string)") }
  func log(level: Int, _ message: ByteView) { messages.append("\(level) \(message.string)") }
  func mayCall(_ words: Arguments) -> Bool? { words[0].matches("echo") ? true : nil }
}

struct InterpreterTests {
  private let host = TestHost()

  /// Runs a script to its end, giving `+late` to calls that wait, and returns its reply, or its error behind `!`.
  private func run(
    _ text: String, keys: [String] = [], arguments: [String] = [], protocolVersion: Int = 2,
    slicesMax: Int = 50
  ) -> String {
    let interpreter = Interpreter(host: host, version: "7.4.0", callsMayWait: true)
    guard let script = ByteView.with(Array(text.utf8), { interpreter.compile($0) }) else {
      return "?" + String(decoding: interpreter.error, as: UTF8.self)
    }
    var state = Arguments.with(keys.map { Array($0.utf8) }) { keys in
      Arguments.with(arguments.map { Array($0.utf8) }) { arguments in
        interpreter.begin(script, isFunction: false, keys: keys, arguments: arguments)
      }
    }
    var slices = 0
    while true {
      switch state {
      case .waits(let run): state = interpreter.resume(run, with: ByteView("+late\r\n"))
      case .paused(let run):
        slices += 1
        if slices > slicesMax {
          interpreter.abandon(run)
          return "endless"
        }
        state = interpreter.resume(run)
      case .done:
        var reply = ReplyWriter(protocolVersion: protocolVersion)
        interpreter.writeResult(to: &reply)
        return reply.bytes.string.replacing("\r\n", with: " ")
      case .failed:
        let place = interpreter.errorPlace.map {
          " on \(String(decoding: $0.source, as: UTF8.self)):\($0.line)"
        }
        return "!" + String(decoding: interpreter.error, as: UTF8.self) + (place ?? "")
      case .ended: return "ended"
      case .stopped: return "stopped"
      }
    }
  }

  @Test(arguments: [
    ("return 1.9", ":1 "), ("return 'a'", "$1 a "), ("return true", ":1 "), ("return false", "$-1 "),
    ("return nil", "$-1 "), ("return {1,2,nil,4}", "*2 :1 :2 "), ("return {ok='fine'}", "+fine "),
    ("return {err='ERR bad'}", "-ERR bad "), ("return {double=3.5}", "$3 3.5 "),
    ("return {map={a=1}}", "*2 $1 a :1 "), ("return KEYS[1]..ARGV[1]", "$2 ka "), ("", "$-1 "),
  ])
  func valuesBecomeReplies(_ text: String, _ reply: String) {
    #expect(run(text, keys: ["k"], arguments: ["a"]) == reply)
  }

  @Test(arguments: [
    ("return redis.call('echo', 'hi')", "$2 hi "), ("return redis.call('echo', 12)", "$2 12 "),
    ("local r = redis.pcall('fail') return r.err", "$18 WRONGTYPE not this "),
    ("local ok, e = pcall(redis.call, 'fail') return e.err", "$18 WRONGTYPE not this "),
    ("local x = redis.call('fail') return x", "!WRONGTYPE not this on @user_script:1"),
    ("return redis.call('later')", "+late "),
    ("return pcall(function() return redis.call('later') end)", ":1 "),
    ("for v in coroutine.wrap(function() coroutine.yield(redis.call('later').ok) end) do return v end", "$4 late "),
    ("local t = {3,1,2} table.sort(t, function(a, b) redis.call('later') return a < b end) return t", "*3 :1 :2 :3 "),
    ("return (string.gsub('ab', '%w', function(c) return redis.call('later').ok .. c end))", "$10 latealateb "),
  ])
  func callsAreAnswered(_ text: String, _ reply: String) { #expect(run(text) == reply) }

  @Test(arguments: [
    "redis.call = 1", "redis = 1", "x = 1", "string.format = 1", "rawset(_G, 'x', 1)",
    "setmetatable(redis, {})", "table.insert(redis, 1)", "getmetatable('').__index = 1",
    "getmetatable(_G).__index = 1", "cjson.encode = 1",
  ])
  func sharedTablesCannotBeChanged(_ text: String) {
    let outcome = run(text)
    #expect(outcome.contains("Attempt to modify a readonly table"), "\(outcome)")
  }

  @Test(arguments: [
    "io", "package", "require", "dofile", "loadfile", "print", "getfenv", "setfenv", "jit", "ffi",
    "newproxy", "debug", "module",
  ])
  func dangerousGlobalsAreMissing(_ name: String) {
    #expect(run("return \(name)").contains("nonexistent global variable '\(name)'"))
    #expect(run("return os.\(name)") == "$-1 ")
  }

  @Test func bytecodeIsRefused() {
    #expect(run("return tostring(load(string.dump(function() return 1 end)))") == "$3 nil ")
  }

  @Test(arguments: [
    "while true do end", "while true do pcall(function() while true do end end) end",
    "local t = setmetatable({}, {__index = function() while true do end end}) return t.x",
    "table.sort({1,2,3}, function() while true do end end)",
  ])
  func endlessLoopsPause(_ text: String) { #expect(run(text, slicesMax: 5) == "endless") }

  @Test func greedIsRefused() {
    #expect(run("return string.rep('x', 2e9)").contains("not enough memory"))
    #expect(run("local function f() return f() + 1 end return f()").contains("stack overflow"))
  }

  @Test func librariesOfScripts() {
    #expect(run("return cjson.encode({1,2,{a=true}})") == "$16 [1,2,{\"a\":true}] ")
    #expect(run("return cjson.decode('{\"a\":[1,{\"b\":null}]}').a[1]") == ":1 ")
    #expect(run("return cmsgpack.unpack(cmsgpack.pack({a={1,2}})).a[2]") == ":2 ")
    #expect(run("return struct.unpack('>I2', struct.pack('>I2', 513))") == ":513 ")
    #expect(run("return bit.band(7, 10)") == ":2 ")
    #expect(run("return redis.sha1hex('')") == "$40 da39a3ee5e6b4b0d3255bfef95601890afd80709 ")
  }

  @Test func digests() {
    let id = ByteView.with(Array("abc".utf8)) { ScriptID(of: $0) }
    #expect(String(decoding: id.digits, as: UTF8.self) == "a9993e364706816aba3e25717850c26c9cd0d89d")
    #expect(ByteView.with(id.digits) { ScriptID($0) } == id)
    #expect(ByteView.with([UInt8](repeating: 0x67, count: 40)) { ScriptID($0) } == nil)
  }
}
