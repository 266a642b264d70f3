import RESP
import Testing

@testable import Scripting

/// Which scripts are seen to name only declared keys. What is refused wrongly costs time; what is accepted wrongly costs
/// atomicity: so most of these try to get past it.
struct KeyUseTests {
  private func isDeclaredOnly(_ text: String) -> Bool {
    ByteView.with(Array(text.utf8)) { KeyUse.isDeclaredOnly($0) }
  }

  @Test(arguments: [
    "", "return 1", "return redis.call('get', KEYS[1])", "return #KEYS", "return KEYS", "return;",
    "if redis.call(\"get\", KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) else return 0 end",
    "local key = KEYS[1]\nlocal n = redis.call('INCR', key)\nif n == 1 then redis.call('EXPIRE', key, 10) end return n",
    "-- redis.call('get', 'x')\nreturn redis.pcall('hget', KEYS[2], 'f')",
    // Any index.
    "for i = 1, #KEYS do redis.call('incr', KEYS[i]) end", "return redis.call('get', KEYS[tonumber(ARGV[1]) % 2 + 1])",
    "return redis.call('get', KEYS[redis.call('get', KEYS[1])])", "return redis.call('get', KEYS[#KEYS])",
    "return redis.call('get', (KEYS[1]))", "return redis.call('get', KEYS.x)",
    // All keys.
    "return redis.call('del', unpack(KEYS))", "return redis.call('MGET', unpack(KEYS, 2, #KEYS))",
    "return redis.call('sinterstore', KEYS[1], unpack(KEYS, 2))", "local unpack = unpack return redis.call('exists', unpack(KEYS))",
    "local unpack = unpack or table.unpack return redis.call('touch', unpack(KEYS))",
    "for i, key in ipairs(KEYS) do redis.call('set', key, i) end",
    "local ipairs = ipairs for _, key in ipairs(KEYS) do redis.call('incr', key) end",
    "for _, key in pairs(KEYS) do if key then redis.call('incr', key) end end",
    // Aliases.
    "local a, b = KEYS[1], KEYS[2] return redis.call('rename', a, b)", "local a, b = unpack(KEYS) return redis.call('get', b)",
    "local key = KEYS[1] or KEYS[2] return redis.call('get', key)",
    "local key = ARGV[1] == 'x' and KEYS[1] or KEYS[2] return redis.call('get', key)",
    "local key if ARGV[1] then key = KEYS[1] else key = KEYS[2] end return redis.call('get', key)",
    "local key = KEYS[1] local function f() return redis.call('get', key) end return f()",
    "local key = KEYS[1] local f = function(other) return redis.call('get', key) .. other end return f('x')",
    "local call = redis.call return call('get', KEYS[1])", "local call, pcall = redis.call, redis.pcall return pcall('get', KEYS[1])",
    "local r = redis return r.call('get', KEYS[1])", "local keys = KEYS return redis.call('get', keys[1])",
    "local server = server return server.call('get', KEYS[1])", "return pcall(redis.call, 'get', KEYS[1])",
    "local a a = KEYS[1] local b = a return redis.call('get', b)",
    // Functions whose calls are all known.
    "local function get(key) return redis.call('get', key) end return get(KEYS[1])",
    "local function get(key, field) return redis.call('hget', key, field) end return {get(KEYS[1], 'a'), get(KEYS[2], ARGV[1])}",
    "local function sum(keys) local n = 0 for _, key in ipairs(keys) do n = n + redis.call('strlen', key) end return n end return sum(KEYS)",
    "local function down(key, n) if n == 0 then return 0 end redis.call('incr', key) return down(key, n - 1) end return down(KEYS[1], 5)",
    "local function never(key) redis.call('get', key) end",
    "local function first(list) local key = list[1] return redis.call('get', key) end local all = KEYS return first(all)",
    // Keys at known places.
    "return redis.call('rename', KEYS[1], KEYS[2])", "return redis.call('mset', KEYS[1], 'x', KEYS[2], ARGV[1])",
    "return redis.call('sunion', KEYS[1], KEYS[2])", "return redis.call('zunionstore', KEYS[1], 2, KEYS[2], KEYS[3], 'weights', 1, 2)",
    "return redis.call('zunionstore', KEYS[1], #KEYS - 1, unpack(KEYS, 2))", "return redis.call('sintercard', #KEYS, unpack(KEYS))",
    "local n = 2 return redis.call('zinter', n, KEYS[1], KEYS[2], 'withscores')", "return redis.call('object', 'encoding', KEYS[1])",
    "return redis.call('xgroup', 'create', KEYS[1], 'g', '$', 'mkstream')", "return redis.call('bitop', 'and', KEYS[1], KEYS[2], KEYS[3])",
    "return redis.call('zadd', KEYS[1], unpack(ARGV))", "return redis.call('lmove', KEYS[1], KEYS[2], 'left', 'right')",
    "local cmd = 'get' return redis.call(cmd, KEYS[1])", "return redis.call('time')[1] .. redis.call('publish', 'x', 'y')",
    "return redis.call'time'",
    // Long texts and comments.
    "--[[ redis.call('get', 'x') ]] return redis.call([[get]], KEYS[1])", "--[==[ ]] ]=] KEYS = 1 ]==] return redis.call([=[get]=], KEYS[1])",
    "return [[ _G ]]", "return redis.call('set', KEYS[1], [==[ ]] ]=] ]==])", "--[ not long\nreturn redis.call('get', KEYS[1])",
    "return redis.call('set', KEYS[1], 'it\\'s \\\\') -- \\'", "return 'ä', \"ö\" -- ü",
    "local t = {KEYS[1], a = KEYS[2], [KEYS[3]] = 1; #KEYS} return t", "return cjson.encode(KEYS) .. table.concat(KEYS, ',')",
    "redis.log(redis.LOG_WARNING, 'x') return redis.error_reply('y')", "local x = .5 + 0x1F * 1e-3 ^ 2 return not x",
    "local s = 'x' return s:rep(3):upper(), ('x'):rep(2), #s, -1", "repeat local n = 1 until n == 1",
    "while false do break end do local x = 1 end", "local t = {} t.x, t['y'] = 1, 2 function t.f() end function t:g(a) return self.x end return t",
    "return redis.call('set', KEYS[1], 'a' .. 1 .. 'b' .. tostring(KEYS[2]))", "local a = KEYS[1];(function() end)()",
  ])
  func followed(_ text: String) { #expect(isDeclaredOnly(text)) }

  @Test(arguments: [
    "return redis.call('get', 'x')", "return redis.call('get', ARGV[1])", "return redis.call('get', ...)",
    "return redis.call('get', KEYS[1] .. ':x')", "return redis.call(ARGV[1], KEYS[1])", "return redis.call(unpack(KEYS))",
    "return redis.call('get', KEYS)", "return redis.call('get', #KEYS)", "return redis.call('get', tostring(KEYS[1]))",
    "return redis.call('get', {KEYS[1]})", "return redis.call('get', KEYS[1] or 'x')", "return redis.call('get', ARGV[1] or KEYS[1])",
    "return redis.call('get', 'x' and ARGV[1])", "return redis.call('get', select(2, 'x', ARGV[1]))",
    // KEYS changed or lost.
    "KEYS[1] = 'x' return redis.call('get', KEYS[1])", "KEYS[ARGV[1]] = 'x' return redis.call('get', KEYS[1])",
    "local a a, KEYS[1] = 1, 'x' return redis.call('get', KEYS[1])", "KEYS[1], KEYS[2] = 'x', 'y' return redis.call('get', KEYS[1])",
    "KEYS.x = 'x' return redis.call('get', KEYS.x)", "(KEYS)[1] = 'x' return redis.call('get', KEYS[1])",
    "KEYS = {'x'} return redis.call('get', KEYS[1])", "local KEYS = {'x'} return redis.call('get', KEYS[1])",
    "local k = KEYS k[1] = 'x' return redis.call('get', KEYS[1])", "table.insert(KEYS, 'x') return redis.call('get', KEYS[2])",
    "rawset(KEYS, 1, 'x') return redis.call('get', KEYS[1])", "table.sort(KEYS)", "setmetatable(KEYS, {__index = ARGV}) return redis.call('get', KEYS[9])",
    "local t = {KEYS} t[1][1] = 'x' return redis.call('get', KEYS[1])", "local t = {} t.k = KEYS t.k[1] = 'x' return redis.call('get', KEYS[1])",
    "local t = {} t.k, t.l = 1, KEYS", "local t = {} local a a, t.x = 1, KEYS", "local f = function() return KEYS end f()[1] = 'x' return redis.call('get', KEYS[1])",
    "local _, k = ipairs(KEYS) k[1] = 'x' return redis.call('get', KEYS[1])", "for k in pairs({KEYS}) do end",
    "local k = KEYS or {} k[1] = 'x' return redis.call('get', KEYS[1])", "local k = (KEYS) k[1] = 'x' return redis.call('get', KEYS[1])",
    "local k if ARGV[1] then k = KEYS else k = {} end k[1] = 'x' return redis.call('get', KEYS[1])",
    "function KEYS.x() end", "function KEYS:x() end", "function KEYS() end", "KEYS:x()", "for KEYS in pairs(ARGV) do redis.call('get', KEYS[1]) end",
    "pcall(rawset, KEYS, 1, 'x') return redis.call('get', KEYS[1])", "coroutine.wrap(function(k) k[1] = 'x' end)(KEYS)",
    "local function f(k) k[1] = 'x' end f(KEYS) return redis.call('get', KEYS[1])", "local function f(...) local k = ... k[1] = 'x' end f(KEYS)",
    "local function f(k) return k end f(KEYS)[1] = 'x'", "(function(k) k[1] = 'x' end)(KEYS)", "local function f(a) end f(1, KEYS)",
    "local t = {} function t.f(k) k[1] = 'x' end t.f(KEYS)", "local t = setmetatable({}, {__call = function(t, k) k[1] = 'x' end}) t(KEYS)",
    // Other names for things.
    "local call = redis.call return call('get', 'x')", "local call = redis.call call = ARGV[1] return call('get', KEYS[1])",
    "local call = redis.call local f = function() return call end return f()('get', 'x')", "local t = {redis.call} return t[1]('get', 'x')",
    "local t = {call = redis.call} return t.call('get', 'x')", "return redis['call']('get', 'x')", "return redis['ca' .. 'll']('get', 'x')",
    "local name = 'call' return redis[name]('get', 'x')", "local r = redis return r.call('get', 'x')", "local redis = {call = redis.call} redis.call('get', 'x')",
    "return (redis).call('get', 'x')", "return (redis.call)('get', 'x')", "return _G['redis'].call('get', 'x')", "return _G.redis.call('get', 'x')",
    "for k, v in pairs(_G) do end", "return server.call('get', 'x')", "local f = loadstring f('x')", "return loadstring('return redis.call([[get]], [[x]])')()",
    "return pcall(redis.call, 'get', 'x')", "local pcall = function(f, ...) return f('get', 'x') end return pcall(redis.call, 'get', KEYS[1])",
    "return xpcall(redis.call, print)", "for k, v in pairs(redis) do end", "return redis:call('get')", "return select(1, redis).call('get', 'x')",
    "local unpack = function() return 'x' end return redis.call('get', unpack(KEYS))", "local ipairs = function() return f end for i, k in ipairs(KEYS) do redis.call('get', k) end",
    "local unpack = unpack unpack = ARGV[1] return redis.call('get', unpack(KEYS))", "return redis.call('get', table.unpack(KEYS))",
    "local table = {concat = function(k) k[1] = 'x' end} table.concat(KEYS) return redis.call('get', KEYS[1])",
    // Aliases that are something else, too.
    "local key = KEYS[1] key = 'x' return redis.call('get', key)", "local key = KEYS[1] local a a, key = 1, 'x' return redis.call('get', key)",
    "local key = KEYS[1] .. 'x' return redis.call('get', key)", "local a, b = KEYS[1] .. 'x', KEYS[1] return redis.call('get', a)",
    "local a, b = KEYS[1], f() return redis.call('get', b)", "local a, b, c = KEYS[1], unpack(ARGV) return redis.call('get', c)",
    "local key = KEYS[1] for key in pairs(ARGV) do redis.call('get', key) end", "local key = KEYS[1] for key = 1, 2 do redis.call('get', key) end",
    "local key = KEYS[1] local f = function(key) redis.call('get', key) end f('x')", "local key = KEYS[1] do local key = 'x' redis.call('get', key) end",
    "local key = KEYS[1] local function f() key = 'x' end f() return redis.call('get', key)", "local key = KEYS[1] function key() end return redis.call('get', key)",
    "local key = KEYS[1] local key = key .. 'x' return redis.call('get', key)", "do local key = KEYS[1] end return redis.call('get', key)",
    "for key in ipairs(KEYS) do redis.call('get', key) end", "for i, key, c in ipairs(KEYS) do redis.call('get', c) end",
    "for i, key in ipairs(KEYS) do key = key .. 'x' redis.call('get', key) end", "for i, key in ipairs(KEYS), 'x' do redis.call('get', key) end",
    "for i, key in ipairs(ARGV) do redis.call('get', key) end", "repeat local key = 'x' until redis.call('get', key)",
    "local key = KEYS[1] repeat local key = 'x' until redis.call('get', key)",
    // Functions that get something else somewhere.
    "local function get(key) return redis.call('get', key) end return get(KEYS[1]) .. get('x')",
    "local function get(key) return redis.call('get', key) end local other = get return other('x')",
    "local function get(key) return redis.call('get', key) end return pcall(get, 'x')",
    "local get = function(a, key) return redis.call('get', key) end return get(KEYS[1], f())",
    "local get = function(a, key) return redis.call('get', key) end return get(f())", "local get = function(key) return redis.call('get', key) end get = f",
    "local function get(key) redis.call('get', key) end (get)('x')", "local function get(...) return redis.call('get', ...) end return get('x')",
    "local function get(key) key = key .. 'x' return redis.call('get', key) end return get(KEYS[1])", "local function f(n, key) if n then f(nil, 'x') end redis.call('get', key) end f(1, KEYS[1])",
    "local t = {} function t:get(key) return redis.call('get', key) end t:get('x')", "local t = {get = function(key) return redis.call('get', key) end}",
    "local function f(call) call('get', 'x') end f(redis.call)",
    // Keys elsewhere in a command.
    "return redis.call('del', KEYS[1], 'x')", "return redis.call('mget', KEYS[1], 'x')", "return redis.call('mset', KEYS[1], 1, 'x', 2)",
    "return redis.call('mset', unpack(ARGV))", "return redis.call('mset', KEYS[1], 1, unpack(ARGV))", "return redis.call('rename', KEYS[1], 'x')",
    "return redis.call('rename', 'x', KEYS[1])", "return redis.call('zunionstore', KEYS[1], 2, KEYS[2], 'x')", "return redis.call('zunionstore', 'x', 1, KEYS[1])",
    "return redis.call('zunionstore', KEYS[1], ARGV[1], KEYS[2], 'x')", "return redis.call('zunionstore', KEYS[1], '2', KEYS[2], 'x')",
    "local n = 1 n = 2 return redis.call('zinter', n, KEYS[1], 'x')", "return redis.call('sintercard', #KEYS, unpack(ARGV))", "return redis.call('sintercard', unpack(ARGV))",
    "return redis.call('del', unpack(KEYS), unpack(ARGV))", "return redis.call('del', KEYS[1], f())", "return redis.call('eval', 'x', 1, KEYS[1])",
    "return redis.call('sort', KEYS[1], 'by', 'x*')", "return redis.call('sort_ro', KEYS[1], 'get', 'x*')", "return redis.call('georadius', KEYS[1], 1, 1, 1, 'm', 'store', 'x')",
    "return redis.call('xread', 'streams', 'x', 0)", "return redis.call('object', ARGV[1], KEYS[1])", "return redis.call('object', 'encoding', 'x')",
    "return redis.call('bitop', 'and', KEYS[1], KEYS[2], 'x')", "return redis.call('keys', '*')", "return redis.call('scan', 0)", "return redis.call('randomkey')",
    "return redis.call('flushall')", "return redis.call('dbsize')", "return redis.call('select', 1)", "return redis.call('swapdb', 0, 1)", "return redis.call('nonsense', KEYS[1])",
    "return redis.call('migrate', 'h', 1, KEYS[1], 0, 1)", "return redis.call('blpop', 'x', KEYS[1], 0)", "return redis.call('get', (unpack(ARGV)))", "redis.call()",
    // What the interpreter would read otherwise.
    "--\rreturn redis.call('get', 'x')", "return redis.call([[get]], [[x]])", "--[[ ]] return redis.call('get', 'x') --[[ ]]", "--[=[ ]] ]=] return redis.call('get', 'x')",
    "--[=\nreturn redis.call('get', 'x')", "-- \\\nreturn redis.call('get', 'x')", "local s = 'x\\'' redis.call('get', 'x') -- '", "local s = 'x\\\\' redis.call('get', 'x') -- '",
    "local s = [[x\\]] redis.call('get', 'x') --]]", "local s = '\\z\n' redis.call('get', 'x')", "#!\nreturn redis.call('get', 'x')", "\u{FEFF}return redis.call('get', 'x')",
    "local ä = redis.call", "goto x ::x::", "return 1 + ", "return redis.call('g\\101t', 'x')", "local x = 'a\nb'", "return 0x1p+redis.call('get', 'x')", "x = 1", "return 1 return 2", "if", "redis.call",
    "return\0", "end", "local function f(key) end end redis.call('get', 'x')",
    String(repeating: "(", count: 5000) + "1", "return " + String(repeating: "- ", count: 5001) + "1", String(repeating: "do ", count: 5000),
    "local x " + String(repeating: "x=x{", count: 3000), "return x" + String(repeating: ".x", count: 3000), "return x" + String(repeating: "()", count: 3000),
    "return 1" + String(repeating: " .. 1", count: 3000), "return 1" + String(repeating: " or 1", count: 3000), "--" + String(repeating: "x", count: 70_000),
  ])
  func notFollowed(_ text: String) { #expect(!isDeclaredOnly(text)) }

  @Test func hugeTextsTakeNoTime() {
    let parameters = (0..<5000).map { "a\($0)" }.joined(separator: ",")
    #expect(!isDeclaredOnly("local function f(\(parameters)) end " + String(repeating: "f()", count: 8000)))
    let chain = (1..<2000).map { "local a\($0) " }.joined()
      + (1..<2000).map { "a\($0) = a\($0 + 1) " }.joined()
    #expect(!isDeclaredOnly(chain))
    let aliases = "local a0 = KEYS[1] " + (1..<2000).map { "local a\($0) = a\($0 - 1) " }.joined()
    #expect(isDeclaredOnly(aliases + "return redis.call('get', a1999)"))
  }

  @Test func longSumsAreNoMatter() {
    #expect(isDeclaredOnly("return 1" + String(repeating: " + 1", count: 5000)))
  }
}

struct LibraryKeyUseTests {
  private func isDeclaredOnly(_ text: String) -> Bool {
    ByteView.with(Array(text.utf8)) { KeyUse.isDeclaredOnly(library: $0) }
  }

  @Test(arguments: [
    "redis.register_function('f', function(keys, args) return redis.call('get', keys[1]) end)",
    "redis.register_function{function_name = 'f', callback = function(keys) return redis.call('del', unpack(keys)) end, flags = {'no-writes'}}",
    "local function f(keys, args) return redis.call('set', keys[1], args[1]) end redis.register_function('f', f)",
    "local f = function(k, a) return redis.call('get', k[1]) end redis.register_function('f', f) redis.register_function('g', f)",
    "local function get(key) return redis.call('get', key) end redis.register_function('f', function(keys) return get(keys[1]) end)",
    "local prefix = 'x:' local call, limit = redis.call, 10 redis.register_function('f', function(keys) return call('set', keys[1], prefix .. limit) end)",
    "local function all(keys) for _, key in ipairs(keys) do redis.call('incr', key) end end "
      + "redis.register_function('f', function(keys) all(keys) end) redis.register_function('g', function(other) all(other) end)",
    "redis.register_function('f', function(keys) local t = {} for i = 1, #keys do t[i] = redis.call('get', keys[i]) end return t end)",
    "redis.register_function('f', function() return 'hello' end) return 1", "local x = 1",
  ])
  func followed(_ text: String) { #expect(isDeclaredOnly(text)) }

  @Test(arguments: [
    "redis.register_function('f', function(keys, args) return redis.call('get', args[1]) end)",
    "redis.register_function('f', function(keys, args) return redis.call('get', 'x') end)",
    "redis.register_function('f', function(keys, args) return redis.call('get', KEYS[1]) end)",
    "redis.register_function('f', function(keys, args) return keys end)",
    "redis.register_function('f', function(keys, args) keys[1] = 'x' return redis.call('get', keys[1]) end)",
    "redis.register_function('f', function(keys, args) keys = args return redis.call('get', keys[1]) end)",
    "local k redis.register_function('f', function(keys, args) k = keys[1] end) redis.register_function('g', function() redis.call('get', k) end)",
    "local k redis.register_function('f', function(keys, args) if k then redis.call('get', k[1]) end k = keys end)",
    "local t = {} redis.register_function('f', function(keys) if t.f then t.f() end t.f = function() redis.call('get', keys[1]) end end)",
    "local function reg() local k redis.register_function('f', function(keys) if k then redis.call('get', k) end k = keys[1] end) end reg()",
    "local function reg(k) redis.register_function('f', function(keys) if k[1] then redis.call('get', k[1]) end k[1] = keys[1] end) end reg({})",
    "local f = function(keys) return redis.call('get', keys[1]) end local g = f redis.register_function('f', g) redis.register_function('g', function() f({'x'}) end)",
    "local function f(keys) return redis.call('get', keys[1]) end redis.register_function('f', f) redis.register_function('g', function() return f({'x'}) end)",
    "local function f(keys) return redis.call('get', keys[1]) end redis.register_function('f', f) redis.register_function('g', function(keys, args) return f(args) end)",
    "local t = {callback = function(keys) return redis.call('get', keys[1]) end, function_name = 'f'} redis.register_function(t)",
    "local register = redis.register_function register('f', function(keys) return redis.call('get', keys[1]) end)",
    "for i = 1, 2 do redis.register_function('f' .. i, function(keys) return redis.call('get', i) end) end",
    "redis.register_function('f', function(keys, args) return redis.call('get', keys[1] .. 'x') end)",
    "redis.register_function{callback = function(keys) redis.call('get', keys[1]) end, Callback = function(keys) redis.call('get', 'x') end}",
    "local count = 0 redis.register_function('f', function(keys) count = count + 1 return count end)",
    "local w = coroutine.wrap(function() end) redis.register_function('f', function(keys) w(keys) end)",
    "redis.register_function('f', function(...) local keys = ... return redis.call('get', keys[1]) end)",
  ])
  func notFollowed(_ text: String) { #expect(!isDeclaredOnly(text)) }

  @Test func aLibraryKnowsIt() throws {
    let text = "#!lua name=lib\nredis.register_function('f', function(keys) return redis.call('get', keys[1]) end)"
    let library = try ByteView.with(Array(text.utf8)) { (text) throws(LibraryError) in try FunctionLibrary(text) }
    #expect(library.namesOnlyDeclaredKeys)
  }
}
