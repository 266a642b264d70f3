"""What the load comparison sends: each workload by name, with what it needs beforehand and what it should reach.

`__rand_int__` becomes twelve random digits below the number of keys, a new one at each place, as redis-benchmark does it.
"""
from dataclasses import dataclass
from typing import Callable, Optional, Tuple

import loading

VALUE = "v" * 64
KEY = "key:__rand_int__"
ELEMENT = "element:__rand_int__"
# Entries that one run of XREADGROUP reads; each run begins anew.
STREAM_ENTRIES = 200_000


@dataclass(frozen=True)
class Workload:
    name: str
    words: Tuple[str, ...]
    pipeline: int
    requests: int
    # CPU per request at most, relative to the best peer; and of two shards, relative to one.
    goal: Optional[float] = None
    shards_goal: Optional[float] = None
    # Fills the server once; runs before each measurement, uncounted.
    fill: Optional[Callable] = None
    before: Optional[Callable] = None


def _strings(server, keys):
    loading.load(server.address, keys, len(VALUE), key=loading.BENCHMARK_KEY)


def _elements(*head, with_field=None):
    """Fills one big value: `head`, then per element what `with_field` gives and its name."""

    def fill(server, keys):
        def words(number):
            element = b"element:%012d" % number
            return (element,) if with_field is None else with_field(number, element)

        loading.load_elements(server.address, keys, [word.encode() for word in head], words)

    return fill


def _pair(number, element):
    return element, b"v" * 16


def _score(number, element):
    return b"%d" % number, element


def _stream(server, keys):
    loading.load_commands(server.address, STREAM_ENTRIES, [b"XADD", b"read", b"*", b"field", b"value"])


def _new_group(server):
    server.command("XGROUP", "DESTROY", "read", "group")
    server.command("XGROUP", "CREATE", "read", "group", "0")


def _strings_at(pipeline, requests, goal):
    shape = dict(pipeline=pipeline, requests=requests, goal=goal, shards_goal=1.6, fill=_strings)
    yield Workload(f"GET, pipeline {pipeline}", ("GET", KEY), **shape)
    yield Workload(f"SET, pipeline {pipeline}", ("SET", KEY, VALUE), **shape)


def _element(name, *words, goal=0.7, requests=400_000, **more):
    return Workload(f"{name}, pipeline 16", words, 16, requests, goal, **more)


_HASH, _SET = _elements("HSET", "hash", with_field=_pair), _elements("SADD", "set")
_SORTED_SET, _LIST = _elements("ZADD", "zset", with_field=_score), _elements("RPUSH", "long")

ALL = [
    *_strings_at(1, 100_000, 0.85),
    *_strings_at(16, 800_000, 0.65),
    *_strings_at(100, 2_000_000, 0.40),
    Workload("MSET of 10", ("MSET", *[KEY, VALUE] * 10), 1, 60_000, 0.7, 2.0, _strings),
    Workload("MGET of 10", ("MGET", *[KEY] * 10), 1, 60_000, 0.7, 2.0, _strings),
    # No generator's built-in: transactions.py sends it.
    Workload("MULTI, 5 SET, EXEC", ("MULTI",), 1, 30_000, 0.7, 2.5, _strings),
    _element("LPUSH", "LPUSH", "list", ELEMENT, goal=0.6),
    _element("RPOP", "RPOP", "list", goal=0.6),
    _element("HSET", "HSET", "hash", ELEMENT, "v" * 16, fill=_HASH),
    _element("HGET", "HGET", "hash", ELEMENT, fill=_HASH),
    _element("SADD", "SADD", "set", ELEMENT, fill=_SET),
    _element("SISMEMBER", "SISMEMBER", "set", ELEMENT, fill=_SET),
    _element("ZADD", "ZADD", "zset", "__rand_int__", ELEMENT, fill=_SORTED_SET),
    _element("ZRANK", "ZRANK", "zset", ELEMENT, fill=_SORTED_SET),
    _element("ZRANGE of 10", "ZRANGE", "zset", "500000", "500009", fill=_SORTED_SET),
    _element("ZRANGE of 100", "ZRANGE", "zset", "500000", "500099", goal=0.8, requests=100_000, fill=_SORTED_SET),
    _element("LRANGE of 100", "LRANGE", "long", "0", "99", goal=0.8, requests=100_000, fill=_LIST),
    _element("XADD", "XADD", "stream", "*", "field", "value"),
    _element("XREADGROUP of 10", "XREADGROUP", "GROUP", "group", "consumer", "COUNT", "10", "STREAMS", "read", ">",
             requests=STREAM_ENTRIES // 10, fill=_stream, before=_new_group),
    _element("PFADD", "PFADD", "log", ELEMENT),
]
