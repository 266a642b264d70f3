"""EVAL of small random scripts: replies to and from Lua in both protocols, errors, and what the libraries make of values.

What has no order of its own (the pairs of a table) is kept to one pair; numbers with fractions are such as all print alike.
"""
from ..table import Table

TABLE = Table("scripts")
command = TABLE.command

NUMBERS = ("0", "1", "-1", "7", "255", "256", "-129", "65536", "1e9", "-2147483649", "4294967296", "9007199254740992", "0.5", "-2.25", "3.99", "-0.75", "1e15")
TEXTS = ("", "a", "x y", "OK", "1", "-5", "3.5", "nil", "a\\0b", "\\255\\254", "line\\nbreak", "\\r\\n", "-ERR x", "quote\\\"s", "\\\\", "/path", "ä")
TEXTS_WITHOUT_NUL = tuple(text for text in TEXTS if "\\0" not in text)
JSON = ("[]", "{}", "[1,2,3]", '{"a":1}', '{"a":[1,{"b":null}]}', "null", "true", '"x"', "1.5e3", "-0", "[1,", "", "{'a':1}", '"\\\\u00e9\\\\n"', '"\\\\ud83d\\\\ude00"', "[[[[]]]]",
        "nan", "[1]x", '{"a"}', " 7 ", "1e400", "tru", "0x10", "[,]")
FORMATS = ("b", "B", "h", "H", "i", "I", "l", "L", "f", "d", "s", "x", "i1", "I2", "i4", "i8", ">i4", "<i2", ">h", "!4ib", "c0", "c3", "bs", "Hd", "ic2", "=i", "z", "i40", "")
COMMANDS = (
    "'SET', {k}, {v}", "'GET', {k}", "'INCR', {k}", "'INCRBYFLOAT', {k}, '0.5'", "'APPEND', {k}, {v}", "'STRLEN', {k}", "'DEL', {k}", "'EXISTS', {k}, {k}", "'TYPE', {k}",
    "'RPUSH', {k}, {v}, {v}", "'LRANGE', {k}, 0, -1", "'LPOP', {k}", "'LLEN', {k}", "'HSET', {k}, 'f', {v}", "'HGET', {k}, 'f'", "'HMGET', {k}, 'f', 'g'", "'HINCRBY', {k}, 'f', 3",
    "'ZADD', {k}, 1.5, 'm'", "'ZSCORE', {k}, 'm'", "'ZRANGE', {k}, 0, -1, 'WITHSCORES'", "'SADD', {k}, 'm'", "'SISMEMBER', {k}, 'm'", "'MGET', {k}, {k}", "'ECHO', {v}", "'PING'",
    "'SETEX', {k}, 0, 1", "'GET'", "'NOTHING', 1", "'GET', {k}, {k}, {k}", "'OBJECT', 'NOTHING'", "'SUBSCRIBE', 'x'", "'MULTI'", "'EVAL', 'return 1', 0", "", "{{}}", "'GET', true", "{n}, 1",
)


def text(draw, texts=TEXTS):
    return '"' + draw.choice(texts) + '"'


def key(draw):
    return draw.choice(("KEYS[1]", "KEYS[1]", "KEYS[2]", "'" + draw.key() + "'"))


def call(draw, functions=("redis.call", "redis.pcall", "redis.pcall")):
    words = draw.choice(COMMANDS).format(k=key(draw), v=draw.choice((text(draw), draw.choice(NUMBERS), "ARGV[1]")), n=draw.choice(NUMBERS))
    return f"{draw.choice(functions)}({words})"


def scalar(draw):
    return draw.choice((draw.choice(NUMBERS), text(draw), text(draw), "true", "false", "ARGV[1]", "ARGV[2]", "#KEYS", "#ARGV"))


def values(draw, depth):
    return ", ".join(value(draw, depth + 1) for _ in range(draw.random.randint(0, 3)))


def value(draw, depth=0):
    """An expression."""
    if depth > 3 or draw.chance(0.35):
        return scalar(draw)
    return draw.choice((
        lambda: "{" + values(draw, depth) + "}",
        lambda: "{" + values(draw, depth) + "}",
        lambda: f"{{ok = {text(draw)}}}",
        lambda: f"{{err = {text(draw)}}}",
        lambda: "{double = " + draw.choice(("0.5", "-2.25", "3", "1/0", "-1/0", "1e10")) + "}",
        lambda: f"{{map = {{[{scalar(draw)}] = {value(draw, depth + 1)}}}}}",
        lambda: f"{{set = {{[{scalar(draw)}] = true}}}}",
        lambda: f"{{big_number = {text(draw)}}}",
        lambda: f"{{verbatim_string = {{string = {text(draw)}, format = 'txt'}}}}",
        lambda: f"redis.error_reply({text(draw)})",
        lambda: f"redis.status_reply({text(draw)})",
        lambda: f"redis.sha1hex({scalar(draw)})",
        lambda: call(draw),
        lambda: call(draw),
        lambda: "nil",
        lambda: bits(draw),
        lambda: library(draw, depth),
    ))()


def plain(draw, depth=0):
    """What the libraries encode."""
    if depth > 3 or draw.chance(0.4):
        return draw.choice((scalar(draw), scalar(draw), "cjson.null"))
    if draw.chance(0.3):
        return f"{{[{draw.choice(('1', '2', '3', text(draw)))}] = {plain(draw, depth + 1)}}}"
    return "{" + ", ".join(plain(draw, depth + 1) for _ in range(draw.random.randint(0, 3))) + "}"


def library(draw, depth):
    form = draw.choice(FORMATS)
    return draw.choice((
        lambda: f"cjson.encode({plain(draw)})",
        lambda: f"cjson.encode({plain(draw)})",
        lambda: f"cjson.decode('{draw.choice(JSON)}')",
        lambda: f"cjson.encode(cjson.decode('{draw.choice(JSON)}'))",
        lambda: f"cmsgpack.pack({plain(draw).replace('cjson.null', 'nil')})",
        lambda: f"cjson.encode(cmsgpack.unpack(cmsgpack.pack({plain(draw).replace('cjson.null', '1')})))",
        lambda: f"{{cmsgpack.unpack({text(draw)})}}",
        lambda: f"struct.pack('{form}', {draw.choice(NUMBERS)}, {draw.choice(NUMBERS)})",
        lambda: f"struct.pack('{form}', {text(draw)}, {scalar(draw)})",
        lambda: f"{{struct.unpack('{form}', {draw.choice((text(draw), 'string.rep(ARGV[1], 9)'))})}}",
        lambda: f"struct.size('{form}')",
        # %s ends with the first NUL in Lua 5.1, in LuaJIT it does not.
        lambda: f"string.format('%s:%d:%5.2f:%x:%q', {text(draw, TEXTS_WITHOUT_NUL)}, {draw.choice(NUMBERS)}, 2.5, 255, {text(draw)})",
        lambda: f"tostring({draw.choice(NUMBERS)})",
        lambda: f"tonumber({text(draw)})",
    ))()


def bits(draw):
    name = draw.choice(("band", "bor", "bxor", "bnot", "lshift", "rshift", "arshift", "rol", "ror", "bswap", "tobit", "tohex"))
    count = 1 if name in ("bnot", "bswap", "tobit") else 2
    return f"bit.{name}({', '.join(draw.choice(NUMBERS[:11]) for _ in range(count))})"


def script(draw):
    start = draw.choice(("", "", "", "redis.setresp(3) ", "redis.setresp(2) ", "#!lua\n", "#!lua flags=no-writes\n", "-- comment\n\n"))
    return start + draw.choice((
        lambda: f"return {value(draw)}",
        lambda: f"return {value(draw)}",
        lambda: f"return {call(draw)}",
        lambda: f"local reply = {call(draw)} return reply",
        lambda: f"local reply = {call(draw, ('redis.pcall',))} if type(reply) == 'table' and reply.err then return reply.err end return reply",
        lambda: f"local reply = {call(draw)}\nreturn {{type(reply), reply}}",
        lambda: f"{call(draw)}\n{call(draw)}\nreturn {value(draw)}",
        lambda: f"local ok, problem = pcall(function() return {call(draw)} end) return {{ok, type(problem) == 'table' and problem.err or problem}}",
        lambda: f"error({text(draw)})",
        lambda: f"error({{err = {text(draw)}}})",
        lambda: f"return {library(draw, 0)}",
        lambda: f"local result = {library(draw, 0)}\nreturn result",
        lambda: f"redis.setresp({draw.choice(NUMBERS)}) return 1",
        lambda: f"for index, name in ipairs(KEYS) do redis.call('INCR', name) end return {value(draw)}",
        lambda: f"return {value(draw)}, {value(draw)}",
        lambda: "return",
    ))()


for _name, _weight in (("EVAL", 4), ("EVAL_RO", 1)):
    @command(_name, _weight)
    def _(draw):
        return [script(draw), "2", draw.key(), draw.key(), draw.value(), draw.value()]


@command("EVAL", 0.2)
def _(draw):
    return draw.choice((["return 1"], ["return 1", "x"], ["return 1", "-1"], ["return 1", "2", "k"], ["return 1", "0"], ["retur 1", "0"], ["return (", "0"],
                        ["#!nothing\nreturn 1", "0"], ["#!lua flags=x\nreturn 1", "0"], ["#!lua x=y\nreturn 1", "0"], ["", "0"]))


@command("EVALSHA", 0.1)
def _(draw):
    return draw.choice((["e0e1f9fabfc9d4800c877a703b823ac0578ff8db", "0"], ["E0E1F9FABFC9D4800C877A703B823AC0578FF8DB", "0"], ["x", "0"]))


@command("SCRIPT", 0.2)
def _(draw):
    return draw.choice((["EXISTS", "e0e1f9fabfc9d4800c877a703b823ac0578ff8db", "x"], ["LOAD", "return 1"], ["LOAD", "return ("], ["EXISTS"], ["NOTHING"], ["FLUSH", "x"]))
