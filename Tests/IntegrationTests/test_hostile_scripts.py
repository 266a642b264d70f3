"""Scripts that mean harm: they end by an error or are killed, nobody else waits for long, and the server lives on."""
import threading
import time

import pytest
import redis

from conftest import server_binary
from support.process import Server
from test_transactions import client, empty  # noqa: F401

THRESHOLD_MILLISECONDS = 50
# What others may wait: for one function of C that takes long, on a busy machine.
PING_SECONDS_MAX = 2
PATIENCE_SECONDS = 20

# These go on until they are killed.
ENDLESS = {
    "loop": "while true do end",
    "caught errors": "while true do pcall(function() error('x') end) end",
    "caught recursion": "local function f() return pcall(f) + 1 end while true do pcall(f) end",
    "refused calls": "while true do redis.pcall('nonsense') end",
    "calls": "while true do redis.call('GET', KEYS[1]) end",
    "calls without keys": "while true do redis.call('GET', 'x') end",
    "large texts": "while true do local text = string.rep('x', 1e8) end",
    "large tables": "while true do local t = {} for i = 1, 1e5 do t[i] = i end end",
    "comparing": "local a, b = string.rep('x', 1e8) .. 'a', string.rep('x', 1e8) .. 'b' while true do local c = a < b end",
    "garbage": "local t = {} for i = 1, 2e6 do t[i] = {} end while true do collectgarbage() end",
    "a coroutine": "coroutine.wrap(function() while true do end end)()",
    "tostring": "return tostring(setmetatable({}, {__tostring = function() while true do end end}))",
    "index": "return setmetatable({}, {__index = function() while true do end end}).x",
    "concatenation": "return setmetatable({}, {__concat = function() while true do end end}) .. 'x'",
    "equality": "local m = {__eq = function() while true do end end} return setmetatable({}, m) == setmetatable({}, m)",
    "sort with an order": "table.sort({3, 2, 1}, function() while true do end end)",
    "sort of tables": "local m = {__lt = function() while true do end end} table.sort({setmetatable({}, m), setmetatable({}, m)})",
    "long sort": "local t = {} for i = 1, 3e6 do t[i] = -i end while true do table.sort(t) end",
    "gsub with a function": "string.gsub('x', 'x', function() while true do end end)",
    "gsub with a table": "string.gsub('x', 'x', setmetatable({}, {__index = function() while true do end end}))",
    "patterns": "local text = string.rep('a', 2000) while true do pcall(string.find, text, '.-.-.-b') end",
    "searches": "local text = string.rep('a', 1e7) while true do text:find('b', 1, true) end",
    "digests": "local text = string.rep('a', 1e6) while true do redis.sha1hex(text) end",
    "encoding": "local t = {} for i = 1, 1e5 do t[i] = {i} end while true do cjson.encode(t) end",
    "decoding": "local text = '[' .. string.rep('[],', 1e5) .. '1]' while true do cjson.decode(text) end",
    "inserting": "local t = {} while true do table.insert(t, 1, 1) end",
    "removing": "local t = {} for i = 1, 1e6 do t[i] = i end while true do t[#t + 1] = table.remove(t, 1) end",
    "compiling": "local text = string.rep('x = 1 ', 60000) while true do loadstring(text) end",
    "packing": "local t = {} for i = 1, 15 do t = {t, t, t} end while true do pcall(cmsgpack.pack, t) end",
    "looking for the largest": "local t = {} for i = 1, 1e6 do t[i] = i end while true do table.maxn(t) end",
}

# These end by themselves; some of their errors are caught where they can be.
FAILING = {
    "recursion": "local function f() return f() + 1 end return f()",
    "coroutines in coroutines": "local function f() coroutine.wrap(f)() end f()",
    "a gigabyte": "return string.rep('x', 2e9)",
    "more and more": "local text = 'x' while true do text = text .. text end",
    "many texts": "local t = {} while true do t[#t + 1] = string.rep('x', 1e6) .. #t end",
    "a pattern": "return string.find(string.rep('a', 100000), '.-.-.-.-b')",
    "optional items": "return string.find(string.rep('a', 30), string.rep('a*', 30) .. 'b')",
    "gmatch": "for x in string.rep('a', 100000):gmatch('.-.-.-b') do end",
    "gsub": "return string.gsub(string.rep('a', 100000), '.-.-.-b', '')",
    "gsub with a function": "return string.gsub(string.rep('a', 100000), '.-.-.-b', function() end)",
    "deep JSON": "local t = {} for i = 1, 1e5 do t = {t} end return cjson.encode(t)",
    "deep JSON allowed": "cjson.encode_max_depth(2147483647) local t = {} for i = 1, 1e6 do t = {t} end return cjson.encode(t)",
    "deep JSON to read": "return cjson.decode(string.rep('[', 1e6))",
    "deep JSON to read allowed": "cjson.decode_max_depth(2147483647) return cjson.decode(string.rep('[', 1e6))",
    "JSON of one table in many places": "local t = {} for i = 1, 60 do t = {t, t} end return cjson.encode(t)",
    "MessagePack of one table in many places": "local t = {} for i = 1, 15 do t = {t, t, t, t, t, t, t, t, t} end return cmsgpack.pack(t)",
    "a result of one table in many places": "local t = {} for i = 1, 60 do t = {t, t} end return t",
    "a large chunk": "return loadstring(string.rep('x = 1 ', 1e6))()",
    "MessagePack that lies": "return cmsgpack.unpack('\\221\\255\\255\\255\\255x')",
    "deep MessagePack": "return cmsgpack.unpack(string.rep('\\145', 1e6))",
    "many values": "return unpack({}, 1, 1e8)",
    "very many values": "return unpack({}, -2147483648, 2147483647)",
    "many bytes": "return string.byte(string.rep('x', 1e7), 1, -1)",
    "struct sizes": "return struct.pack('c900000000', 'x')",
    "struct fields": "return struct.unpack(string.rep('b', 1e6), string.rep('x', 1e6))",
    "a cycle": "local t = {} t[1] = t return t",
    "a deep result": "local t = {} for i = 1, 1e6 do t = {t} end return t",
    "an index of itself": "local t = {} return setmetatable(t, {__index = t}).x",
    "a reader": "load(function() while true do end end) error('it came back')",
    "format": "string.format('%s', setmetatable({}, {__tostring = function() while true do end end})) error('it came back')",
    "an error that is a table": "error(setmetatable({}, {__tostring = function() while true do end end, __index = error}))",
    "an error in an error": "error(setmetatable({}, {__tostring = function() error('x') end}))",
    "an error handler": "local ok, e = xpcall(function() error('x') end, function() while true do end end) error('it came back')",
}

# Nothing of this may be there, or do anything.
HOLES = [
    "getmetatable('').__index.upper = nil", "getmetatable('').__index = nil", "getmetatable('').x = 1", "string.upper = nil", "setmetatable('', {})",
    "redis.call = nil", "rawset(redis, 'call', nil)", "setmetatable(redis, {})", "getmetatable(redis).__index = nil", "rawset(getmetatable(redis), 'x', 1)",
    "table.insert(redis, 1)", "redis.x = 1", "_G.x = 1", "rawset(_G, 'x', 1)", "setmetatable(_G, {})", "getmetatable(_G).__index = nil", "KEYS = nil", "x = 1", "cjson.x = 1",
    "math.random = nil", "function pcall() end", "return x", "getfenv(1)", "setfenv(1, {})", "debug.sethook()", "debug.getregistry()", "newproxy(true)", "print('x')",
    "dofile('/etc/passwd')", "loadfile('/etc/passwd')", "require('os')", "module('x')", "io.open('/etc/passwd')", "os.execute('true')", "os.exit()", "os.getenv('PATH')",
    "package.loadlib('x', 'x')", "jit.on()", "ffi.new('int')", "string.dump(function() end)()", "return loadstring('\\27LJ\\2\\0\\0')()", "return load(string.char(27) .. 'Lua')()",
    "return load(function() return nil end)().x", "coroutine.yield()", "setmetatable({}, {__gc = 1}).x.y = 1", "table.clear(redis)", "table.move({}, 1, 1, 1, redis).x.y = 1",
    "for name in pairs(redis) do redis[name] = nil end", "local f = loadstring('x = 1') f()", "return coroutine.running().x", "cjson.decode = nil", "string.locate('x', 'x')",
]


@pytest.fixture
def impatient(empty):
    with client(empty) as connection:
        connection.config_set("busy-reply-threshold", THRESHOLD_MILLISECONDS)
        yield empty
        connection.config_set("busy-reply-threshold", 5000)


class Watch:
    """Runs a script, while others, on all threads, ask whether the server is there."""

    def __init__(self, server, script):
        self.outcome, self.busy_count, self.longest_seconds = None, 0, 0
        self.clients = [client(server) for _ in range(4)]
        host, port = server.address
        self.runner = redis.Redis(host=host, port=port, decode_responses=True, socket_timeout=PATIENCE_SECONDS)
        for connection in [*self.clients, self.runner]:
            connection.ping()
        self.thread = threading.Thread(target=self.run, args=(script,), daemon=True)
        self.thread.start()

    def run(self, script):
        try:
            self.outcome = self.runner.eval(script, 1, "key")
        except redis.RedisError as error:
            self.outcome = error

    def timed(self, connection, *command):
        begin = time.monotonic()
        try:
            return connection.execute_command(*command)
        except redis.ResponseError as error:
            # As redis-py calls what begins with BUSY.
            self.busy_count += "BUSY" in str(error)
            return error
        finally:
            self.longest_seconds = max(self.longest_seconds, time.monotonic() - begin)

    def until_it_ends(self, kills):
        end = time.monotonic() + PATIENCE_SECONDS
        while self.thread.is_alive():
            assert time.monotonic() < end, "it goes on and on"
            for connection in self.clients:
                self.timed(connection, "PING")
            if kills and self.busy_count:
                self.timed(self.clients[0], "SCRIPT", "KILL")
        assert self.longest_seconds < PING_SECONDS_MAX
        for connection in [*self.clients, self.runner]:
            assert connection.ping()
            connection.close()
        return self.outcome


@pytest.mark.parametrize("name", ENDLESS)
def test_what_does_not_end_is_killed(impatient, name):
    watch = Watch(impatient, ENDLESS[name])
    outcome = watch.until_it_ends(kills=True)
    assert watch.busy_count and "killed by user" in str(outcome)


@pytest.mark.parametrize("name", FAILING)
def test_what_asks_for_too_much_fails(impatient, name):
    outcome = Watch(impatient, FAILING[name]).until_it_ends(kills=False)
    assert isinstance(outcome, redis.ResponseError), outcome


def test_holes_are_shut(empty):
    with client(empty) as connection:
        for script in HOLES:
            with pytest.raises(redis.ResponseError):
                connection.eval(script, 0)
                pytest.fail(f"it works: {script}")
        # Nothing is left of it.
        assert connection.eval(
            "return {('x'):upper(), redis.call('ECHO', 'y'), type(pcall), cjson.encode({1}), tostring(rawget(_G, 'x'))}", 0
        ) == ["X", "y", "function", "[1]", "nil"]


# What the deprecated functions must not lead to, where the server has them.
DEPRECATED_HOLES = [
    "setfenv(0, {})", "setfenv(1, {})", "(function() setfenv(2, {}) end)()", "setfenv(redis.call, {})", "setfenv(redis.error_reply, {})",
    "setfenv(pcall, {})", "setfenv(table.sort, {})", "setfenv(coroutine.wrap, {})", "setfenv(string.gsub, {})", "getfenv(0).x = 1", "getfenv(1).x = 1",
    "getfenv(redis.call).dofile('/etc/passwd')", "getfenv(table.sort).dofile('/etc/passwd')", "getfenv(string.gsub).loadfile('/etc/passwd')",
    "getfenv(table.sort).pcall = nil", "getfenv(coroutine.wrap(function() end)).x = 1", "rawset(getfenv(1), 'x', 1)", "setmetatable(getfenv(), {})",
    "newproxy(setmetatable({}, {}))", "return newproxy(true).x", "setfenv(function() return pcall end, {})()()",
    "getmetatable(getmetatable(newproxy(true)).__index).x = 1", "setfenv(loadstring('x = 1'), _G)()",
]


@pytest.fixture(scope="module")
def deprecated(tmp_path_factory):
    server = Server(server_binary(), tmp_path_factory.mktemp("deprecated"), "--lua-enable-deprecated-api", "yes")
    yield server
    server.stop()


def test_deprecated_functions_open_nothing(deprecated):
    with client(deprecated) as connection:
        for script in DEPRECATED_HOLES:
            with pytest.raises(redis.ResponseError):
                connection.eval(script, 0)
                pytest.fail(f"it works: {script}")
        assert connection.eval("return {('x'):upper(), redis.call('ECHO', 'y'), type(pcall), tostring(rawget(_G, 'x'))}", 0) == [
            "X", "y", "function", "nil"]


def test_deprecated_functions_work_on_what_a_script_has_made(deprecated):
    with client(deprecated) as connection:
        assert connection.eval("return setfenv(function() return x end, {x = 7})()", 0) == 7
        assert connection.eval("local f = loadstring('x = 5 return x') local e = {} setfenv(f, e)() return {e.x, getfenv(f) == e and 1}", 0) == [5, 1]
        assert connection.eval("local function f() setfenv(1, {y = 3}) return y end return f()", 0) == 3
        assert connection.eval("return {getfenv(1) == _G, getfenv() == _G, getfenv(pcall) == _G, getfenv(0) == _G}", 0) == [1, 1, 1, 1]
        proxy = "local p = newproxy(true) local m = getmetatable(p) "
        assert connection.eval(proxy + "m.__index = {a = 1} m.__call = function(_, b) return b + p.a end return p(4)", 0) == 5
        assert connection.eval(proxy + "m.__len = 1 m.__tostring = function() return 'mine' end return {type(p), tostring(p), type(newproxy())}", 0) == [
            "userdata", "mine", "userdata"]
        # What is still there for the next call of the same script.
        assert [connection.eval("local f = setfenv(function() return a end, {a = #KEYS}) return f()", count, *"xy"[:count]) for count in (0, 2, 1)] == [0, 2, 1]


def test_finalisers_are_not_called(deprecated):
    with client(deprecated) as connection:
        assert connection.eval(
            "for _ = 1, 1000 do getmetatable(newproxy(true)).__gc = function() while true do end end end for _ = 1, 5 do collectgarbage() end return 1", 0) == 1
