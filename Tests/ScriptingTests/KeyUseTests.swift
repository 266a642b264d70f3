import RESP
import Testing

@testable import Scripting

struct KeyUseTests {
  private func isDeclaredOnly(_ text: String) -> Bool {
    ByteView.with(Array(text.utf8)) { KeyUse.isDeclaredOnly($0) }
  }

  @Test(arguments: [
    "return 1", "return redis.call('get', KEYS[1])", "return #KEYS",
    "if redis.call(\"get\", KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) else return 0 end",
    "local key = KEYS[1]\nlocal n = redis.call('INCR', key)\nif n == 1 then redis.call('EXPIRE', key, 10) end return n",
    "-- redis.call('get', 'x')\nreturn redis.pcall('hget', KEYS[2], 'f')",
  ])
  func plainScripts(_ text: String) { #expect(isDeclaredOnly(text)) }

  @Test(arguments: [
    "return redis.call('get', 'x')", "return redis.call('get', ARGV[1])",
    "return redis.call('get', KEYS[1] .. ':x')", "return redis.call(ARGV[1], KEYS[1])",
    "local call = redis.call return call('get', 'x')", "KEYS[1] = 'x' return redis.call('get', KEYS[1])",
    "local key = KEYS[1] key = 'x' return redis.call('get', key)",
    "local key = KEYS[1] local a a, key = 1, 'x' return redis.call('get', key)",
    "local key = KEYS[1] .. 'x' return redis.call('get', key)",
    "local key = KEYS[1] for key in pairs(ARGV) do redis.call('get', key) end",
    "local key = KEYS[1] local f = function(key) redis.call('get', key) end f('x')",
    "return redis.call('del', KEYS[1], 'x')", "return redis.call('mget', KEYS[1], 'x')", "return redis.call('keys', '*')",
    "return _G['redis'].call('get', 'x')", "table.insert(KEYS, 'x') return redis.call('get', KEYS[1])",
    "return loadstring('return redis.call([[get]], [[x]])')()", "local k = KEYS k[1] = 'x'",
    "return redis.call([[get]], KEYS[1])", "return redis['call']('get', 'x')",
    "return redis.call('get', (KEYS[1]))", "local key = KEYS[1] or 'x' return redis.call('get', key)",
  ])
  func anythingElse(_ text: String) { #expect(!isDeclaredOnly(text)) }
}
