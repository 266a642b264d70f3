"""DEBUG DIGEST and DIGEST-VALUE are those of Redis, for the same data in whatever encoding."""
import shutil

import pytest

OPTIONS = ("--enable-debug-command", "yes")

DATA = [
    ("SET", "text", "hello"), ("SET", "number", "12345"), ("SET", "float", "1.5"), ("APPEND", "raw", "x" * 100),
    ("SET", "expires", "x", "EX", "10000"), ("SET", "", ""), ("PFADD", "hll", *range(50)), ("SETBIT", "bits", 77, 1),
    ("RPUSH", "list", "a", "1", "-5", "b" * 70), ("RPUSH", "long list", *(f"element {n}" for n in range(2000))),
    ("SADD", "integers", *range(-9, 300)), ("SADD", "small set", "a", "b", "3"),
    ("SADD", "large set", *(f"m{n}" for n in range(1000))),
    ("HSET", "hash", "f", "v", "g", "12", "", "x"), ("HSET", "large hash", *(f"w{n}" for n in range(2000))),
    ("ZADD", "zset", "1", "a", "2.5", "b", "-inf", "c", "inf", "d", "0.1", "e", "1e300", "f"),
    ("ZADD", "large zset", *(word for n in range(500) for word in (f"{n}.25", f"m{n}"))),
    ("GEOADD", "geo", "13.361389", "38.115556", "Palermo"),
    ("XADD", "stream", "1-1", "f", "v"), ("XADD", "stream", "1-2", "g", "12", "h", "x"), ("XDEL", "stream", "1-1"),
    ("XADD", "long stream", "1-1", "a", "b"), *(("XADD", "long stream", f"{n}-0", "a", n) for n in range(2, 300)),
    ("XGROUP", "CREATE", "stream", "g", "0"), ("EXPIRE", "hash", "10000"),
]


def fill(connection):
    assert str(connection("DEBUG", "DIGEST")) == str(connection("DEBUG", "DIGEST"))
    for command in DATA:
        connection(*command)
    connection("SELECT", "3")
    connection("SET", "elsewhere", "x")
    connection("SADD", "set", "1", "2")
    connection("SELECT", "0")


@pytest.mark.parametrize("shards", [1, 3])
def test_digests_are_those_of_redis(start, shards):
    binary = shutil.which("redis-server")
    if binary is None:
        pytest.skip("redis-server is not installed")
    servers = [start(*OPTIONS, shards=shards), start.start(binary, *OPTIONS)]
    ours, theirs = connections = [server.connect() for server in servers]
    assert ours("DEBUG", "DIGEST") == theirs("DEBUG", "DIGEST")
    for connection in connections:
        fill(connection)
    for key in dict.fromkeys(command[1] for command in DATA if command[0] != "XGROUP"):
        assert ours("DEBUG", "DIGEST-VALUE", key) == theirs("DEBUG", "DIGEST-VALUE", key), key
    assert ours("DEBUG", "DIGEST") == theirs("DEBUG", "DIGEST")
    ours("SET", "text", "other")
    assert ours("DEBUG", "DIGEST") != theirs("DEBUG", "DIGEST")
