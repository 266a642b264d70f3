"""Which replies count as equal.

Bytes, in nearly all cases. What may differ is listed here, each with its reason, and nothing else is forgiven.
"""
import re

from support.resp import parse, to_bytes

# A reply that counts down while the two servers are asked one after the other.
TIME_TOLERANCE_SECONDS = 10

# What newer servers answer otherwise on purpose: command, the oracle's reply, the other right reply, the reason.
_ARGUMENTS_FIRST = "since 7.2 the arguments are checked before the key"
_WITHSCORE = "since 7.2 ZRANK and ZREVRANK take WITHSCORE"
_GETKEYS_ARITY = "since 7.2 COMMAND GETKEYS takes a command without arguments"
_STRICT_CURSOR = "newer servers take no empty or negative number for a cursor"
NEWER_REPLIES = [
    ("HSCAN", rb"(?s).*", rb"-ERR invalid cursor\r\n", _STRICT_CURSOR),
    ("BITCOUNT", rb"(:0|-WRONGTYPE .*)\r\n", rb"-ERR (syntax error|value is not an integer or out of range)\r\n", _ARGUMENTS_FIRST),
    ("BITPOS", rb"(:(0|-1)|-WRONGTYPE .*)\r\n", rb"-ERR (syntax error|value is not an integer or out of range|The bit argument .*)\r\n",
     _ARGUMENTS_FIRST),
    ("ZRANK", rb"-ERR wrong number of arguments for 'zrank' command\r\n", rb"-ERR syntax error\r\n", _WITHSCORE),
    ("ZREVRANK", rb"-ERR wrong number of arguments for 'zrevrank' command\r\n", rb"-ERR syntax error\r\n", _WITHSCORE),
    ("OBJECT", rb"\$9\r\n(quicklist|hashtable)\r\n", rb"\$8\r\nlistpack\r\n", "since 7.2 small lists and sets are listpacks"),
    *((name, rb"(?s)[:*$_].*", rb"-ERR value is out of range, value must between .*\r\n", "newer servers refuse the least integer")
      for name in ("LREM", "LPOS")),
    ("OBJECT", rb"\$3\r\nraw\r\n", rb"\$6\r\nembstr\r\n", "BITOP of Redis 8 leaves even short results raw"),
    ("OBJECT", rb"\$10\r\nlistpackex\r\n", rb"\$8\r\nlistpack\r\n",
     "Redis adds times as soon as one is asked for, whether a field gets it or not"),
    *((name, rb"-ERR timeout is negative\r\n", rb"-ERR timeout is out of range\r\n", "since 7.2 large times are told from negative ones")
      for name in ("BLPOP", "BRPOP", "BLMPOP", "BLMOVE", "BRPOPLPUSH", "BZPOPMIN", "BZPOPMAX", "BZMPOP")),
    ("SSCAN", rb"(?s).*", rb"-ERR invalid cursor\r\n", _STRICT_CURSOR),
    ("OBJECT", rb"\$8\r\nlistpack\r\n", rb"\$8\r\nskiplist\r\n",
     "since 7.2 the words of the first ZADD decide, members given twice included"),
    ("ZSCAN", rb"(?s)\*2\r\n.*", rb"-ERR invalid cursor\r\n", "a cursor is an unsigned number, not what strtoul makes of words"),
    ("COMMAND", rb"-ERR wrong number of arguments for 'command\|getkeys' command\r\n",
     rb"-ERR (The command has no key arguments|Invalid number of arguments specified for command)\r\n", _GETKEYS_ARITY),
    ("XREAD", rb"-ERR Unbalanced .*\r\n", rb"-ERR Unbalanced .*\r\n", "7.2 names the command"),
    ("XREADGROUP", rb"-ERR Unbalanced .*\r\n", rb"-ERR Unbalanced .*\r\n", "7.2 names the command"),
    ("XREADGROUP", rb"-ERR Invalid stream ID .*\r\n", rb"-ERR The \+ ID is meaningless .*\r\n", "7.4 has the ID +"),
    ("XREAD", rb"-ERR Invalid stream ID .*\r\n", rb"(?s)([*%_]|-WRONGTYPE |-ERR The > ).*", "7.4 has the ID +"),
    ("XSETID", rb"-ERR .* smaller than the target stream top item\r\n",
     rb"-ERR .* smaller than current max_deleted_entry_id\r\n", "7.2 looks at deleted entries first"),
    *((name, rb"-ERR Error compiling script .*\r\n", rb"-ERR Error compiling script .*\r\n", "LuaJIT takes bytes beyond ASCII for letters")
      for name in ("EVAL", "EVAL_RO")),
    ("XINFO", rb"(?s).*Prints this help.*", rb"(?s).*Print this help.*", "7.2 corrected the text"),
    ("XGROUP", rb"(?s).*Prints this help.*", rb"(?s).*Print this help.*", "7.2 corrected the text"),
]


def same(command, left, right, is_old):
    """Whether the tested server's reply `left` agrees with the oracle's reply `right`.

    `is_old`: whether the oracle is Redis 7.0.
    """
    if left == right:
        return True
    name = to_bytes(command[0]).upper().decode(errors="replace")
    if any(newer == name and re.fullmatch(old, right) and re.fullmatch(new, left)
           for newer, old, new, _ in NEWER_REPLIES):
        return True
    a, b = parse(left), parse(right)
    if name.startswith(_SCORED) and equal_scores(a, b):
        return True
    rule = _RULES_7_0.get(name) if is_old and name in _RULES_7_0 else _RULES.get(name)
    return rule is not None and a.kind == b.kind and not a.is_error and rule(command, a, b)


# Since 7.2 the shortest text that gives the same number is printed, not 17 digits.
_SCORED = ("Z", "BZ", "GEO")


def equal_scores(a, b):
    if isinstance(a.value, list) and isinstance(b.value, list):
        return len(a.value) == len(b.value) and all(map(equal_scores, a.value, b.value))
    if a.value == b.value:
        return True
    try:
        return float(a.value) == float(b.value)
    except (TypeError, ValueError):
        return False


def _within(tolerance):
    def rule(_, a, b):
        """Negative answers (no key, no time to live) are exact."""
        return min(a.value, b.value) >= 0 and abs(a.value - b.value) <= tolerance
    return rule


def _each_within(tolerance):
    def rule(_, a, b):
        """Of each field; those that do not expire are exact."""
        return len(a.value) == len(b.value) and all(
            x.value == y.value or min(x.value, y.value) >= 0 and abs(x.value - y.value) <= tolerance
            for x, y in zip(a.value, b.value))
    return rule


def _unordered(_, a, b):
    return sorted(item.value for item in a.value) == sorted(item.value for item in b.value)


def _any_key(_, a, b):
    """Any key may be drawn, but one must be if there is any."""
    return (a.value is None) == (b.value is None)


def _random_members(_, a, b):
    """Any members may be drawn, but as many."""
    if isinstance(a.value, list):
        return len(a.value) == len(b.value)
    return (a.value is None) == (b.value is None)


def _member_scan(_, a, b):
    """A scan of all members at once: their order is each server's own."""
    def pairs(reply):
        items = [item.value for item in reply.value[1].value]
        return sorted((member, float(score)) for member, score in zip(items[::2], items[1::2]))
    return a.value[0].value == b.value[0].value and pairs(a) == pairs(b)


def _found_places(_, a, b):
    """Members at the same distance come in any order."""
    return isinstance(a.value, list) and sorted(map(repr, a.value)) == sorted(map(repr, b.value))
def _pairs(reply):
    items = [item.value for item in reply.value]
    return sorted(items) if reply.kind == "%" else sorted(zip(items[::2], items[1::2], strict=True))


def _drawn_members(_, a, b):
    """Without a count any member may be drawn; with one, the streams ask for all."""
    return (a.value is None) == (b.value is None) if b.kind == "$" or b.value is None else _unordered(_, a, b)


def _sscan(_, a, b):
    """A count beyond the number of members: all come at once."""
    return a.value[0].value == b.value[0].value and _unordered(_, a.value[1], b.value[1])


def _sort(command, a, b):
    """BY a name without `*` leaves the elements as they are, and those of a set are in no order."""
    words = [to_bytes(word).lower() for word in command]
    constant = any(word == b"by" and b"*" not in name for word, name in zip(words, words[1:]))
    return constant and a.kind == "*" and len(a.value) == len(b.value)


def _unordered_pairs(_, a, b):
    return _pairs(a) == _pairs(b)


def _hscan(_, a, b):
    """A count beyond the number of fields: all come at once."""
    return a.value[0].value == b.value[0].value and _pairs(a.value[1]) == _pairs(b.value[1])


def _random_fields(command, a, b):
    """Any fields may be drawn, all of them where as many are asked for."""
    if b.kind != "*" or b.value is None:
        return (a.value is None) == (b.value is None)
    return len(a.value) == len(b.value) and all(x.kind == y.kind for x, y in zip(a.value, b.value))


def _hello(_, a, b):
    """Name, version, modules and connection id are each server's own; the fields and the protocol are not."""
    a, b = _fields(a), _fields(b)
    free = {b"server", b"version", b"modules", b"id"}
    return a.keys() == b.keys() and all(a[key] == b[key] for key in a.keys() - free)


def _fields(reply):
    items = iter(reply.value)
    return {key.value: value for key, value in zip(items, items)}


def _object(command, a, b):
    """Idle time runs on, and help texts grow; everything else is exact.

    The oracle keeps one object for each small integer, with one clock for all keys that hold it: its idle time may be
    any number of seconds too long.
    """
    subcommand = to_bytes(command[1]).upper() if len(command) > 1 else b""
    return subcommand == b"HELP" or subcommand == b"IDLETIME" and 0 <= a.value <= b.value + TIME_TOLERANCE_SECONDS


_CLOCKS = {b"idle", b"inactive", b"seen-time", b"active-time"}
_NODES = {b"radix-tree-keys", b"radix-tree-nodes"}


def _is_close(a, b):
    return isinstance(a, int) and isinstance(b, int) and min(a, b) >= 0 and abs(a - b) <= TIME_TOLERANCE_SECONDS * 1000


def _plain(reply):
    """Nested lists and dictionaries, whichever protocol; what XINFO says of streams, groups and consumers is maps."""
    if reply.kind not in "*%" or reply.value is None:
        return reply.value
    items = [_plain(item) for item in reply.value]
    if items and isinstance(items[0], bytes) and items[0] in (b"length", b"name") and len(items) % 2 == 0:
        return dict(zip(items[::2], items[1::2]))
    return items


def _stream_info(_, a, b):
    return _same_info(_plain(a), _plain(b), is_old=False)


def _stream_info_7_0(_, a, b):
    return _same_info(_plain(a), _plain(b), is_old=True)


def _same_info(a, b, is_old):
    """Times and nodes (Redis keeps some whose entries are all deleted) are each server's own.

    Since 7.2 a consumer has a time of activity, and exists from its first request on, served or not; and `entries-read`
    and `lag` are counted otherwise when entries were deleted.
    """
    if isinstance(a, dict) and isinstance(b, dict):
        newer = {b"inactive", b"active-time"} if is_old else set()
        free = _NODES | ({b"entries-read", b"lag"} if is_old else set())
        if is_old and isinstance(b.get(b"consumers"), int):
            free.add(b"consumers")
        return set(a) - newer == set(b) and all(
            key in free or (key in _CLOCKS and _is_close(a[key], b[key])) or _same_info(a[key], b[key], is_old)
            for key in b)
    if isinstance(a, list) and isinstance(b, list):
        if is_old and len(a) > len(b):
            names = [item[b"name"] for item in b if isinstance(item, dict)]
            a = [item for item in a if not isinstance(item, dict) or item[b"name"] in names or not _is_idle(item)]
        return len(a) == len(b) and all(_same_info(x, y, is_old) for x, y in zip(a, b))
    return a == b or _is_close(a, b) and min(a, b) > 10**11


def _is_idle(consumer):
    return not consumer.get(b"pel-count", consumer.get(b"pending"))


def _pending(_, a, b):
    """Of each entry the milliseconds since its delivery are each server's own."""
    a, b = _plain(a), _plain(b)
    if a is None or b is None or len(a) != len(b):
        return False
    return all(isinstance(x, list) and isinstance(y, list) and len(x) == len(y) == 4 and _is_close(x[2], y[2])
               and x[:2] == y[:2] and x[3] == y[3] for x, y in zip(a, b))


def _new_consumer_7_0(command, a, b):
    """A consumer that asked and got nothing exists since 7.2."""
    return to_bytes(command[1]).upper() == b"CREATECONSUMER" and (a.value, b.value) == (0, 1)


_RULES = {
    "XINFO": _stream_info,
    "XPENDING": _pending,
    "TTL": _within(TIME_TOLERANCE_SECONDS),
    "PTTL": _within(TIME_TOLERANCE_SECONDS * 1000),
    "EXPIRETIME": _within(TIME_TOLERANCE_SECONDS),
    "PEXPIRETIME": _within(TIME_TOLERANCE_SECONDS * 1000),
    "HTTL": _each_within(TIME_TOLERANCE_SECONDS),
    "HPTTL": _each_within(TIME_TOLERANCE_SECONDS * 1000),
    "HEXPIRETIME": _each_within(TIME_TOLERANCE_SECONDS),
    "HPEXPIRETIME": _each_within(TIME_TOLERANCE_SECONDS * 1000),
    "KEYS": _unordered,
    "RANDOMKEY": _any_key,
    "ZRANDMEMBER": _random_members,
    "ZSCAN": _member_scan,
    "GEOSEARCH": _found_places,
    "GEORADIUS": _found_places,
    "GEORADIUS_RO": _found_places,
    "GEORADIUSBYMEMBER": _found_places,
    "GEORADIUSBYMEMBER_RO": _found_places,
    "HGETALL": _unordered_pairs,
    "HKEYS": _unordered,
    "SMEMBERS": _unordered,
    "SINTER": _unordered,
    "SUNION": _unordered,
    "SDIFF": _unordered,
    "SRANDMEMBER": _random_fields,
    "SPOP": _drawn_members,
    "SSCAN": _sscan,
    "SORT": _sort,
    "SORT_RO": _sort,
    "HVALS": _unordered,
    "HSCAN": _hscan,
    "HRANDFIELD": _random_fields,
    "HELLO": _hello,
    "OBJECT": _object,
}

_RULES_7_0 = {
    "XINFO": _stream_info_7_0,
    "XGROUP": _new_consumer_7_0,
}
