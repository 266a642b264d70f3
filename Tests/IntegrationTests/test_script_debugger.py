"""SCRIPT DEBUG SYNC: a client runs a script step by step, and looks at it. What redis-cli --ldb-sync-mode speaks."""
import subprocess

import pytest
import redis

from test_transactions import client, empty  # noqa: F401

SCRIPT = """local first = redis.call('GET', KEYS[1])
local list = {1, 'two', {name = true}}
for turn = 1, 3 do
  redis.call('INCR', KEYS[2])
end
local function twice(number)
  return number * 2
end
return {first, twice(21)}
"""


class Session:
    """One client in a session; each command is answered with lines."""

    def __init__(self, server, script=SCRIPT, keys=("a", "b"), arguments=()):
        host, port = server.address
        self.connection = redis.Connection(host=host, port=port, decode_responses=True, socket_timeout=20)
        self.connection.connect()
        sessions.append(self)
        assert self("SCRIPT", "DEBUG", "SYNC") == "OK"
        self.start = self("EVAL", script, len(keys), *keys, *arguments)

    def __call__(self, *words):
        self.connection.send_command(*words)
        return self.connection.read_response()

    def end(self):
        """The reply of the script, after which the server closes the connection."""
        try:
            reply = self.connection.read_response()
        except redis.ResponseError as error:
            reply = error
        with pytest.raises(redis.ConnectionError):
            self.connection.read_response()
        self.connection.disconnect()
        return reply


@pytest.fixture
def values(empty):
    with client(empty) as connection:
        connection.mset({"a": "one", "b": "5"})
        yield connection
    # Others wait for as long as one of them stands still.
    while sessions:
        sessions.pop().connection.disconnect()


sessions = []


def test_it_stops_at_each_line(values, empty):
    session = Session(empty)
    assert session.start == ["* Stopped at 1, stop reason = step over", "-> 1   local first = redis.call('GET', KEYS[1])"]
    assert session("next") == [
        "<redis> GET a", '<reply> "one"', "* Stopped at 2, stop reason = step over", "-> 2   local list = {1, 'two', {name = true}}"]
    assert session("print", "first") == ['<value> "one"']
    assert session("s")[0] == "* Stopped at 3, stop reason = step over"
    assert session("print") == ['<value> first = "one"', '<value> list = {1; "two"; {["name"]=true}}']
    assert session("p", "KEYS") == ['<value> {"a"; "b"}']
    assert session("p", "nothing") == ["No such variable."]
    assert session("n")[0] == "* Stopped at 4, stop reason = step over"
    assert session("c") == ["<endsession>"]
    assert session.end() == ["one", 42]
    assert values.get("b") == "8"


def test_breakpoints(values, empty):
    session = Session(empty)
    assert session("break", "4", "7", "99") == ["  #4     redis.call('INCR', KEYS[2])", "  #7     return number * 2", "Breakpoint line out of range."]
    assert session("continue") == ["* Stopped at 4, stop reason = break point", "->#4     redis.call('INCR', KEYS[2])"]
    assert session("b", "-4") == ["Breakpoint removed."]
    assert session("b") == ["1 breakpoints set:", "  #7     return number * 2"]
    assert session("c")[0] == "* Stopped at 7, stop reason = break point"
    assert session("trace")[:4] == ["In twice:", "->#7     return number * 2", "From top level:", "   9   return {first, twice(21)}"]
    assert session("print") == ["<value> number = 21"]
    assert session("print", "first") == ['<value> "one"']
    assert session("b", "0") == ["All breakpoints removed."]
    assert session("c") == ["<endsession>"]
    assert session.end() == ["one", 42]


def test_commands_and_expressions(values, empty):
    session = Session(empty, arguments=["x"])
    assert session("redis", "SET", "c", "3") == ["<redis> SET c 3", '<reply> "+OK"']
    assert session("redis", "MGET", "a", "c", "d") == ["<redis> MGET a c d", '<reply> ["one","3",NULL]']
    assert session("r", "LPUSH", "a", "x") == [
        "<redis> LPUSH a x", '<reply> "-WRONGTYPE Operation against a key holding the wrong kind of value"']
    assert session("redis", *["test"] * 100)[1].startswith("<error> ERR Unknown Redis command called from script")
    assert session("eval", "redis.call('INCR', 'c')") == ["<retval> 4"]
    assert session("e", "#KEYS", "..", "ARGV[1]") == ['<retval> "2x"']
    assert session("e", "local t = {} t[1] = t return t")[0].count("{") == 10
    assert "attempt to" in session("e", "nil + 1")[0]
    assert session("e", "x = 1")[0].startswith("<error>")
    assert session("nonsense\0") == ["<error> Unknown Redis Lua debugger command or wrong number of arguments."]
    assert session("help")[0] == "Redis Lua debugger help:"
    assert len(session("list", "5", "1")) == 3 and len(session("whole")) == 9
    assert session("maxlen", "60") == ["<value> replies are now trimmed at 60 bytes."]
    assert session("e", "string.rep('x', 100)") == ['<retval> "' + "x" * 50 + " ..."]
    assert session("abort") == ["<endsession>"]
    assert "script aborted for user request script: " in str(session.end())
    assert values.get("c") == "4" and values.get("b") == "5"


def test_what_the_script_says(values, empty):
    session = Session(empty, "redis.debug('value', {1, 2})\nif redis.breakpoint() then\nredis.call('GET', KEYS[1])\nend\nreturn 1")
    assert session("c") == ['<debug> line 1: "value", {1; 2}', "* Stopped at 3, stop reason = redis.breakpoint() called", "-> 3   redis.call('GET', KEYS[1])"]
    assert session("c") == ["<endsession>"]
    assert session.end() == 1


def test_coroutines_and_caught_errors(values, empty):
    script = "local f = coroutine.wrap(function()\nlocal inner = redis.call('GET', KEYS[1])\ncoroutine.yield(inner)\nend)\nlocal ok = pcall(function()\nerror('x')\nend)\nreturn {f(), ok}"
    session = Session(empty, script)
    session("b", "3", "6")
    assert session("c")[0] == "* Stopped at 6, stop reason = break point"
    assert session("c")[0] == "* Stopped at 3, stop reason = break point"
    assert session("p", "inner") == ['<value> "one"']
    assert session("c") == ["<endsession>"]
    assert session.end() == ["one", None]


def test_an_endless_loop_stops(values, empty):
    values.config_set("busy-reply-threshold", 50)
    session = Session(empty, "local turns = 0\nwhile true do\nturns = turns + 1\nend")
    assert "timeout reached, infinite loop?" in session("c")[0]
    assert session("a") == ["<endsession>"]
    assert "aborted" in str(session.end())
    values.config_set("busy-reply-threshold", 5000)


def test_others_wait_and_whoever_goes_away_leaves_the_script_to_itself(values, empty):
    session = Session(empty)
    # The session has read and written nothing yet; what others ask about data waits for its end.
    values.connection_pool.connection_kwargs["socket_timeout"] = 20
    with client(empty) as other:
        assert other.ping()
    session.connection.disconnect()
    assert values.get("b") == "8"
    assert values.eval("return redis.breakpoint()", 0) is None


def test_modes(values, empty):
    with client(empty) as connection:
        with pytest.raises(redis.ResponseError, match="not supported"):
            connection.execute_command("SCRIPT", "DEBUG", "YES")
        with pytest.raises(redis.ResponseError, match="YES/SYNC/NO"):
            connection.execute_command("SCRIPT", "DEBUG", "MAYBE")
        connection.execute_command("SCRIPT", "DEBUG", "SYNC")
        with pytest.raises(redis.ResponseError, match="EVAL instead of EVALSHA"):
            connection.evalsha("0" * 40, 0)
        connection.execute_command("SCRIPT", "DEBUG", "NO")
        assert connection.eval("return 1", 0) == 1


def test_redis_cli(values, empty, tmp_path):
    script = tmp_path / "script.lua"
    script.write_text(SCRIPT)
    host, port = empty.address
    result = subprocess.run(
        ["redis-cli", "-h", host, "-p", str(port), "--ldb-sync-mode", "--eval", script, "a", "b"],
        input="n\nprint first\nc\nquit\n", capture_output=True, text=True, timeout=20)
    assert '<value> "one"' in result.stdout, result
    assert "Lua debugging session ended" in result.stdout
