"""Which replies count as equal.

Bytes, in nearly all cases. What may differ is listed here, each with its reason, and nothing else is forgiven.
"""
import re

from support.resp import parse, to_bytes

# A reply that counts down while the two servers are asked one after the other.
TIME_TOLERANCE_SECONDS = 10

# What newer servers answer otherwise on purpose: command, the oracle's reply, the other right reply, the reason.
_ARGUMENTS_FIRST = "since 7.2 the arguments are checked before a missing key answers"
_GETKEYS_ARITY = "since 7.2 COMMAND GETKEYS takes a command without arguments"
_STRICT_CURSOR = "newer servers take no empty or negative number for a cursor"
NEWER_REPLIES = [
    ("HSCAN", rb"(?s).*", rb"-ERR invalid cursor\r\n", _STRICT_CURSOR),
    ("BITCOUNT", rb"(:0|-WRONGTYPE .*)\r\n", rb"-ERR (syntax error|value is not an integer or out of range)\r\n", _ARGUMENTS_FIRST),
    ("BITPOS", rb"(:(0|-1)|-WRONGTYPE .*)\r\n", rb"-ERR (syntax error|value is not an integer or out of range|The bit argument .*)\r\n",
     _ARGUMENTS_FIRST),
    ("COMMAND", rb"-ERR wrong number of arguments for 'command\|getkeys' command\r\n",
     rb"-ERR (The command has no key arguments|Invalid number of arguments specified for command)\r\n", _GETKEYS_ARITY),
]


def same(command, left, right):
    """Whether the tested server's reply `left` agrees with the oracle's reply `right`."""
    if left == right:
        return True
    name = to_bytes(command[0]).upper().decode(errors="replace")
    if any(newer == name and re.fullmatch(old, right) and re.fullmatch(new, left)
           for newer, old, new, _ in NEWER_REPLIES):
        return True
    a, b = parse(left), parse(right)
    rule = _RULES.get(name)
    return rule is not None and a.kind == b.kind and not a.is_error and rule(command, a, b)


def _within(tolerance):
    def rule(_, a, b):
        """Negative answers (no key, no time to live) are exact."""
        return min(a.value, b.value) >= 0 and abs(a.value - b.value) <= tolerance
    return rule


def _unordered(_, a, b):
    return sorted(item.value for item in a.value) == sorted(item.value for item in b.value)


def _any_key(_, a, b):
    """Any key may be drawn, but one must be if there is any."""
    return (a.value is None) == (b.value is None)


def _pairs(reply):
    items = [item.value for item in reply.value]
    return sorted(items) if reply.kind == "%" else sorted(zip(items[::2], items[1::2], strict=True))


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


_RULES = {
    "TTL": _within(TIME_TOLERANCE_SECONDS),
    "PTTL": _within(TIME_TOLERANCE_SECONDS * 1000),
    "EXPIRETIME": _within(TIME_TOLERANCE_SECONDS),
    "PEXPIRETIME": _within(TIME_TOLERANCE_SECONDS * 1000),
    "KEYS": _unordered,
    "RANDOMKEY": _any_key,
    "HGETALL": _unordered_pairs,
    "HKEYS": _unordered,
    "HVALS": _unordered,
    "HSCAN": _hscan,
    "HRANDFIELD": _random_fields,
    "HELLO": _hello,
    "OBJECT": _object,
}
