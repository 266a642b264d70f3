"""What the load comparison sends: each workload by name, with what it needs beforehand and what it should reach.

`__rand_int__` becomes twelve random digits below the number of keys, a new one at each place, as redis-benchmark does it.
"""
import hashlib
from dataclasses import dataclass
from typing import Callable, Optional, Tuple

import loading

VALUE = "v" * 64
KEY = "key:__rand_int__"
ELEMENT = "element:__rand_int__"
# Entries that one run of XREADGROUP reads; each run begins anew.
STREAM_ENTRIES = 200_000

RATE_LIMITER = """
local count = redis.call('INCR', KEYS[1])
if count == 1 then redis.call('EXPIRE', KEYS[1], ARGV[2]) end
return count <= tonumber(ARGV[1]) and 1 or 0
"""
COMPARE_AND_DELETE = """
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0
"""
THOUSAND_READS = "for i = 1, 1000 do redis.call('GET', KEYS[1]) end return 1"
TWO_WRITES = "redis.call('SET', KEYS[1], ARGV[1]) redis.call('SET', KEYS[2], ARGV[1]) return 1"


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


def _scripts(server, keys):
    for text in (RATE_LIMITER, COMPARE_AND_DELETE, THOUSAND_READS, TWO_WRITES):
        server.command("SCRIPT", "LOAD", text)


def _script(name, text, *words, requests=200_000, goal=0.6, **more):
    digest = hashlib.sha1(text.encode()).hexdigest()
    return Workload(f"EVALSHA: {name}", ("EVALSHA", digest, *words), 16, requests, goal, fill=_scripts, **more)


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
    _script("rate limiter", RATE_LIMITER, "1", "limit:__rand_int__", "100", "60", shards_goal=1.6),
    _script("compare and delete", COMPARE_AND_DELETE, "1", KEY, "other", shards_goal=1.6),
    _script("1,000 GETs", THOUSAND_READS, "1", KEY, requests=2_000),
    # With two shards, half of all pairs of keys are apart.
    _script("SET of two keys", TWO_WRITES, "2", KEY, KEY, VALUE, shards_goal=4.0),
]
