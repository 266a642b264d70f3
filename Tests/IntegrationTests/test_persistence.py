"""What is kept survives restarts and crashes: append-only files, snapshots, with other numbers of shards, and as other
servers' files."""
import glob
import os
import random
import shutil
import signal
import subprocess
import threading
import time

import pytest
import redis

import peers
from conftest import server_binary
from differential import families
from differential.stream import Stream
from differential.table import Step
from support.resp import encode
from test_differential import SEED

DEBUG = ("--enable-debug-command", "yes")
LOGGED = (*DEBUG, "--appendonly", "yes")


def client(server):
    return redis.Redis(port=server.port, socket_timeout=30)


def crash(server):
    """kill -9."""
    server.process.send_signal(signal.SIGKILL)
    server.process.wait(10)


def restart(start, server, *options, **keywords):
    """Another server over the files of one that has ended."""
    again = start.start(
        server_binary(), "--shards", keywords.pop("shards", 1), "--dir", server.directory, *options, **keywords)
    again.directory = server.directory
    return again


def fill(server, seed, count):
    """Random commands on all types; no key expires by itself afterwards."""
    tables = [table for table in families.ALL if table.family not in ("connection", "server")]
    with server.connect() as connection:
        pending = 0
        for step in Stream(seed, tables).steps(count):
            if not isinstance(step, Step):
                continue
            connection.send(b"".join(encode(command) for command in step.commands))
            pending += step.replies
            while pending > 50:
                connection.read_raw()
                pending -= 1
        while pending:
            connection.read_raw()
            pending -= 1
    settle(server)


def settle(server):
    with client(server) as connection:
        for index in range(16):
            connection.execute_command("SELECT", index)
            for key in connection.scan_iter(count=1000):
                connection.persist(key)
        connection.execute_command("SELECT", 0)


def settle_files(connection):
    """Waits until no files are being written but logs."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        info = connection.info("persistence")
        if not any(info[field] for field in ("aof_rewrite_in_progress", "aof_rewrite_scheduled", "rdb_bgsave_in_progress")):
            return
        time.sleep(0.02)
    raise AssertionError("files are still being written")


def digest(server):
    with client(server) as connection:
        return connection.execute_command("DEBUG", "DIGEST")


@pytest.mark.parametrize("before, after", [(1, 1), (3, 3), (1, 3), (3, 2)])
def test_the_log_says_what_happened(start, before, after, long_tests):
    server = start(*LOGGED, shards=before)
    fill(server, SEED, 20_000 if long_tests else 4_000)
    expected = digest(server)
    assert int(expected, 16) != 0
    crash(server)
    again = restart(start, server, *LOGGED, shards=after)
    assert digest(again) == expected


@pytest.mark.parametrize("preamble, shards", [("yes", 1), ("yes", 3), ("no", 1), ("no", 3)])
def test_a_rewrite_beside_writes_loses_nothing(start, shards, preamble):
    server = start(*LOGGED, "--aof-use-rdb-preamble", preamble, shards=shards)
    fill(server, SEED + 1, 2_000)
    with client(server) as connection:
        connection.execute_command("DEBUG", "POPULATE", 20_000)
        connection.bgrewriteaof()
    fill(server, SEED + 2, 2_000)
    with client(server) as connection:
        settle_files(connection)
    expected = digest(server)
    crash(server)
    assert digest(restart(start, server, *LOGGED, shards=shards)) == expected


@pytest.mark.parametrize("before, after", [(1, 1), (3, 3), (3, 1), (1, 4)])
def test_a_snapshot_is_what_there_was(start, before, after):
    server = start(*DEBUG, shards=before)
    fill(server, SEED + 3, 4_000)
    expected = digest(server)
    with client(server) as connection:
        assert connection.save()
    crash(server)
    assert digest(restart(start, server, *DEBUG, shards=after)) == expected


def test_a_snapshot_may_be_a_file_a_shard(start):
    server = start(*DEBUG, "--snapshot-format", "shards", shards=3)
    fill(server, SEED + 5, 2_000)
    with client(server) as connection:
        connection.save()
        connection.set("second", 1)
        expected = digest(server)
        connection.save()
    crash(server)
    parts = glob.glob(f"{server.directory}/dump.s*.rdb")
    assert len(parts) == 3 and not os.path.exists(f"{server.directory}/dump.rdb")
    for part in parts:
        assert check(server_binary(), "--check-rdb", part).returncode == 0
    again = restart(start, server, *DEBUG, shards=2)
    assert digest(again) == expected
    with client(again) as connection:
        connection.save()
    crash(again)
    assert glob.glob(f"{server.directory}/dump*") == [f"{server.directory}/dump.rdb"]
    assert digest(restart(start, server, *DEBUG, shards=1)) == expected


def test_a_snapshot_is_of_one_instant(start):
    """Pairs of keys on different shards that change together, while snapshots are taken."""
    server = start(*DEBUG, shards=3)
    done = threading.Event()

    def write():
        with client(server) as connection:
            value = 0
            while not done.is_set():
                value += 1
                connection.mset({f"pair:{index}": value for index in range(12)})

    with client(server) as connection:
        connection.execute_command("DEBUG", "POPULATE", 50_000)
        writer = threading.Thread(target=write)
        writer.start()
        try:
            for _ in range(5):
                assert connection.save()
                shutil.copy(f"{server.directory}/dump.rdb", f"{server.directory}/copy.rdb")
        finally:
            done.set()
            writer.join()
    again = start.start(
        server_binary(), "--shards", 2, "--dir", server.directory, "--dbfilename", "copy.rdb")
    with client(again) as connection:
        values = connection.mget([f"pair:{index}" for index in range(12)])
        assert len(set(values)) == 1 and values[0] is not None


def test_a_torn_end_is_cut_off(start):
    server = start(*LOGGED)
    with client(server) as connection:
        connection.set("whole", 1)
        connection.set("torn", 2)
    server.terminate()
    path = f"{server.directory}/appendonlydir/appendonly.aof.1.incr.aof"
    with open(path, "rb") as file:
        content = file.read()
    with open(path, "wb") as file:
        file.write(content[:-5])
    again = restart(start, server, *LOGGED)
    with client(again) as connection:
        assert connection.get("whole") == b"1" and connection.get("torn") is None
        connection.set("after", 3)
        assert connection.execute_command("WAITAOF", 1, 0, 0) == [1, 0]
    crash(again)
    with client(restart(start, server, *LOGGED)) as connection:
        assert connection.get("after") == b"3"


def test_a_broken_file_is_refused_with_its_offset(start):
    server = start(*DEBUG)
    with client(server) as connection:
        connection.set("key", "value" * 10)
        connection.save()
    server.terminate()
    path = f"{server.directory}/dump.rdb"
    with open(path, "rb") as file:
        content = bytearray(file.read())
    content[-3] ^= 0xFF
    with open(path, "wb") as file:
        file.write(content)
    # It listens before it loads, and ends when that fails.
    broken = None
    try:
        broken = restart(start, server, *DEBUG)
    except RuntimeError as error:
        assert "checksum" in str(error) and "offset" in str(error)
    assert broken is None


def check(*arguments):
    return subprocess.run(arguments, capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize("shards", [1, 3])
def test_files_are_what_checkers_expect(start, shards):
    server = start(*LOGGED, shards=shards)
    fill(server, SEED + 4, 1_000)
    with client(server) as connection:
        make_every_type(connection)
        connection.save()
        connection.bgrewriteaof()
        settle_files(connection)
        connection.set("behind", 1)
    server.terminate()
    directory = f"{server.directory}/appendonlydir"
    assert check(server_binary(), "--check-rdb", f"{server.directory}/dump.rdb").returncode == 0
    whole = check(server_binary(), "--check-aof", directory)
    assert whole.returncode == 0 and "valid" in whole.stdout, whole.stdout
    for tool, path in (("redis-check-rdb", f"{server.directory}/dump.rdb"),
                       ("redis-check-aof", f"{directory}/appendonly.aof.manifest")):
        if shutil.which(tool) and (shards == 1 or "rdb" in tool):
            result = check(tool, path)
            assert result.returncode == 0, result.stdout + result.stderr
    last = max(glob.glob(f"{directory}/*.incr.aof"), key=os.path.getsize)
    with open(last, "ab") as file:
        file.write(b"*3\r\n$3\r\nSET\r\n$1\r\nx")
    assert check(server_binary(), "--check-aof", directory).returncode == 1
    assert check(server_binary(), "--check-aof", directory, "--fix").returncode == 0
    assert check(server_binary(), "--check-aof", directory).returncode == 0
    with open(f"{server.directory}/dump.rdb", "r+b") as file:
        file.seek(-20, os.SEEK_END)
        file.write(b"\x00\xff")
    broken = check(server_binary(), "--check-rdb", f"{server.directory}/dump.rdb")
    assert broken.returncode == 1 and "offset" in broken.stdout


@pytest.mark.parametrize("name", peers.NAMES)
def test_files_go_to_other_servers_and_come_back(start, name):
    try:
        binary = peers.binary(name)
    except peers.Unavailable as reason:
        pytest.skip(f"{name} cannot be fetched: {reason}")
    server = start(*DEBUG, shards=3)
    with client(server) as connection:
        make_every_type(connection)
        expected = contents(connection)
        connection.save()
    server.terminate()
    other = start.start(binary, "--dir", server.directory)
    with client(other) as connection:
        assert contents(connection) == expected
        connection.set("theirs", "too")
        expected = contents(connection)
        connection.save()
    other.process.terminate()
    other.process.wait(10)
    with client(restart(start, server, *DEBUG, shards=2)) as connection:
        assert contents(connection) == expected


def make_every_type(connection):
    connection.set("string", "value")
    connection.set("number", 12345)
    connection.set("long", "x" * 100_000)
    connection.set("expiring", 1, px=10_000_000)
    connection.rpush("list", *range(10), "text")
    connection.rpush("longlist", *(f"element {number}" * 20 for number in range(2000)))
    connection.sadd("intset", 1, 2, 3, 1 << 40)
    connection.sadd("set", "a", "b", "c")
    connection.sadd("largeset", *(f"member {number}" for number in range(1000)))
    connection.hset("hash", mapping={"field": "value", "number": 1})
    connection.hset("largehash", mapping={f"field {number}": number for number in range(1000)})
    connection.zadd("zset", {"a": 1, "b": 2.5, "c": float("inf")})
    connection.zadd("largezset", {f"member {number}": number / 3 for number in range(1000)})
    connection.pfadd("hll", *range(100))
    for number in range(300):
        connection.xadd("stream", {"number": number})
    connection.xgroup_create("stream", "group", 0)
    connection.xreadgroup("group", "consumer", {"stream": ">"}, count=10)
    connection.xdel("stream", connection.xrange("stream", count=1)[0][0])


def contents(connection):
    """All keys of the database with what they hold."""
    found = {}
    for key in sorted(connection.keys()):
        kind = connection.type(key)
        value = {
            b"string": connection.get, b"list": lambda key: connection.lrange(key, 0, -1),
            b"set": lambda key: sorted(connection.smembers(key)), b"hash": connection.hgetall,
            b"zset": lambda key: connection.zrange(key, 0, -1, withscores=True),
            b"stream": lambda key: (
                connection.xrange(key), connection.xinfo_groups(key), connection.xpending(key, "group")),
        }[kind](key)
        found[key] = (kind, value, connection.pttl(key) > 0)
    return found


def test_memory_stays_while_a_snapshot_is_taken(start):
    """No fork: a snapshot beside writes does not double what is used."""
    from support.process import resident_bytes

    server = start(*DEBUG, shards=2)
    with client(server) as connection:
        connection.execute_command("DEBUG", "POPULATE", 300_000, "key", 100)
        before = resident_bytes(server.pid)
        connection.bgsave()
        with connection.pipeline(transaction=False) as batch:
            for number in range(60_000):
                batch.set(f"key:{number}", "changed" * 10)
            batch.execute()
        peak = resident_bytes(server.pid)
        assert server.wait_for_log("Background saving terminated with success")
        assert max(peak, resident_bytes(server.pid)) < before * 1.4


def test_waitaof_tells_when_the_disk_has_it(start):
    server = start(*LOGGED, "--appendfsync", "everysec", shards=2)
    with client(server) as connection:
        connection.set("key", 1)
        assert connection.execute_command("WAITAOF", 1, 0, 0) == [1, 0]
        assert connection.execute_command("WAITAOF", 0, 1, 50) == [1, 0]
    plain = start(*DEBUG)
    with client(plain) as connection, pytest.raises(redis.ResponseError, match="appendonly is disabled"):
        connection.execute_command("WAITAOF", 1, 0, 0)


@pytest.mark.parametrize("shards", [1, 2])
def test_what_follows_a_call_that_might_have_waited_is_logged(start, shards):
    server = start(*LOGGED, shards=shards)
    with client(server) as connection, connection.pipeline(transaction=False) as batch:
        for index in range(20):
            batch.rpush(f"list:{index}", 1, 2)
            batch.execute_command("LMPOP", 1, f"list:{index}", "LEFT")
            batch.blpop(f"list:{index}", 1)
            batch.set(f"key:{index}", index)
        batch.execute()
        expected = connection.dbsize()
        assert connection.execute_command("WAITAOF", 1, 0, 0) == [1, 0]
    crash(server)
    with client(restart(start, server, *LOGGED, shards=shards)) as connection:
        assert connection.dbsize() == expected == 20
