"""The clients people use work unchanged: redis-cli, redis-py (sync, asyncio, both parsers, RESP3)."""
import asyncio
import json
import shutil
import subprocess

import pytest
import redis
import redis.asyncio
from redis._parsers import _HiredisParser, _RESP2Parser

pytestmark = pytest.mark.skipif(shutil.which("redis-cli") is None, reason="redis-cli is not installed")


def redis_cli(server, *arguments, stdin=None):
    done = subprocess.run(["redis-cli", "-p", str(server.port), *map(str, arguments)], input=stdin, text=True,
                          capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout.rstrip("\n")


def test_redis_cli_runs_a_command_given_as_arguments(server):
    assert redis_cli(server, "SET", "key", "a value") == "OK"
    assert redis_cli(server, "GET", "key") == "a value"
    assert redis_cli(server, "-n", 3, "EXISTS", "key") == "0"
    assert redis_cli(server, "NOTHING") .startswith("ERR unknown command 'NOTHING'")


def test_redis_cli_runs_commands_from_stdin(server):
    commands = 'SET a 1\nINCR a\nSET b "two words"\nGET b\nSELECT 1\nDBSIZE\nECHO "\\x41"\n'
    assert redis_cli(server, stdin=commands).splitlines() == ["OK", "2", "OK", "two words", "OK", "0", "A"]


def test_redis_cli_takes_the_last_argument_from_stdin(server):
    assert redis_cli(server, "-x", "SET", "key", stdin="from stdin") == "OK"
    assert redis_cli(server, "GET", "key") == "from stdin"


def test_redis_cli_speaks_resp3(server):
    redis_cli(server, "MSET", "a", 1, "b", 2)
    assert redis_cli(server, "-3", "--no-raw", "MGET", "a", "b", "c").splitlines() == ['1) "1"', '2) "2"', "3) (nil)"]


def test_redis_cli_prints_json(server):
    redis_cli(server, "MSET", "a", 1, "b", "x")
    assert json.loads(redis_cli(server, "--json", "MGET", "a", "b", "c")) == ["1", "x", None]


def test_redis_cli_scans(server):
    names = {f"key:{index}" for index in range(1000)}
    with server.connect() as connection:
        connection.pipeline([("SET", name, 1) for name in names])
    assert set(redis_cli(server, "--scan").splitlines()) == names
    some = redis_cli(server, "--scan", "--pattern", "key:12*").splitlines()
    assert set(some) == {name for name in names if name.startswith("key:12")}


def test_redis_cli_pipes_mass_insertion(server):
    data = "".join(f"SET pipe:{index} {index}\r\n" for index in range(2000))
    assert "errors: 0, replies: 2000" in redis_cli(server, "--pipe", stdin=data)
    assert redis_cli(server, "GET", "pipe:1999") == "1999"


@pytest.fixture(params=[2, 3], ids=lambda protocol: f"resp{protocol}")
def protocol(request):
    return request.param


@pytest.mark.parametrize("parser", [_HiredisParser, _RESP2Parser], ids=["hiredis", "python"])
def test_redis_py_with_either_parser(server, parser):
    pool = redis.ConnectionPool(port=server.port, parser_class=parser, protocol=2)
    with redis.Redis(connection_pool=pool) as client:
        basic_flow(client)


def test_redis_py(server, protocol):
    with redis.Redis(port=server.port, protocol=protocol) as client:
        basic_flow(client)


def basic_flow(client):
    assert client.ping()
    assert client.set("key", "value", ex=100)
    assert client.get("key") == b"value"
    assert 98 <= client.ttl("key") <= 100
    assert client.set("key", "other", nx=True) is None
    assert client.mset({f"m{index}": index for index in range(50)})
    assert client.mget([f"m{index}" for index in range(51)]) == [*(b"%d" % index for index in range(50)), None]
    assert client.incrby("counter", 5) == 5
    assert client.incrbyfloat("real", 0.5) == 0.5
    assert client.append("key", b"\x00\xff") == 7
    assert client.getrange("key", -2, -1) == b"\x00\xff"
    assert client.delete(*(f"m{index}" for index in range(50))) == 50
    assert set(client.scan_iter()) == {b"key", b"counter", b"real"}
    assert client.dbsize() == 3
    assert client.bitfield("bits").set("u8", "#1", 200).get("u8", "#1").execute() == [0, 200]
    pipeline = client.pipeline(transaction=False)
    for index in range(300):
        pipeline.set(f"p{index}", index)
        pipeline.get(f"p{index}")
    assert pipeline.execute() == [reply for index in range(300) for reply in (True, b"%d" % index)]
    with pytest.raises(redis.ResponseError, match="value is not an integer or out of range"):
        client.incr("key")
    payload = client.dump("key")
    assert client.restore("copy", 0, payload)
    assert client.get("copy") == client.get("key")
    assert client.client_setname("tester") and client.client_getname() in ("tester", b"tester")
    assert "redis_version" in client.info()
    assert client.config_get("maxclients")["maxclients"]
    assert client.flushall()


def test_redis_py_asyncio(server, protocol):
    asyncio.run(concurrent_flow(server.port, protocol))


async def concurrent_flow(port, protocol):
    """Fifty tasks share a pool; each sees its own writes, and one counter sees all of them."""
    client = redis.asyncio.Redis(port=port, protocol=protocol, max_connections=20)
    gate = asyncio.Semaphore(20)

    async def work(number):
        async with gate:
            for index in range(20):
                key = f"{number}:{index}"
                await client.set(key, number)
                assert await client.get(key) == b"%d" % number
                await client.incr("counter")

    await asyncio.gather(*(work(number) for number in range(50)))
    assert await client.get("counter") == b"1000"
    assert await client.dbsize() == 1001
    await client.aclose()
