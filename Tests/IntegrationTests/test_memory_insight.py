"""What takes memory, what is told of it, and what is freed when."""
import time

import pytest

from support.resp import Connection

STATS = """peak.allocated total.allocated startup.allocated replication.backlog replica.fullsync.buffer
clients.slaves clients.normal cluster.links aof.buffer lua.caches functions.caches script.VMs db.0
overhead.db.hashtable.lut overhead.db.hashtable.rehashing db.dict.rehashing.count overhead.total keys.count
keys.bytes-per-key dataset.bytes dataset.percentage peak.percentage allocator.allocated allocator.active
allocator.resident allocator.muzzy allocator-fragmentation.ratio allocator-fragmentation.bytes allocator-rss.ratio
allocator-rss.bytes rss-overhead.ratio rss-overhead.bytes fragmentation fragmentation.bytes""".split()


def info(connection, section="memory"):
    text = connection("INFO", section).value.decode()
    return dict(line.split(":", 1) for line in text.splitlines() if ":" in line)


def until(condition, seconds=5):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


@pytest.fixture
def client(start, shards):
    server = start(shards=shards)
    connection = Connection(server.address, timeout=20)
    connection.address = server.address
    yield connection
    connection.close()


def test_memory_stats_has_the_fields_of_redis(client):
    client("SET", "a", 1)
    client("EVAL", "return 1", 0)
    client("HELLO", 3)
    reply = client("MEMORY", "STATS").plain()
    names = [name.decode() for name in (reply if isinstance(reply, dict) else reply[::2])]
    assert names == STATS
    assert reply[b"lua.caches"] > 0 and reply[b"keys.count"] == 1


@pytest.mark.parametrize("directive, expected", [("no", 0), ("yes", 1)])
def test_lazyfree_decides_what_del_leaves_for_later(client, directive, expected):
    client("CONFIG", "SET", "lazyfree-lazy-user-del", directive)
    client("CONFIG", "RESETSTAT")
    client("SADD", "set", *[f"member{n}" for n in range(200)])
    client("DEL", "set")
    until(lambda: info(client)["lazyfree_pending_objects"] == "0")
    assert info(client)["lazyfreed_objects"] == str(expected)


def test_unlink_leaves_all_but_small_values_for_later(client):
    client("CONFIG", "RESETSTAT")
    client("SADD", "small", 1, 2, "c")
    client("SADD", "set", *[f"member{n}" for n in range(200)])
    assert client("UNLINK", "small").value == 1
    assert client("UNLINK", "set").value == 1
    until(lambda: info(client)["lazyfree_pending_objects"] == "0")
    assert info(client)["lazyfreed_objects"] == "1"


def test_events_nobody_hears_take_no_memory(client):
    def change(count):
        for start in range(0, count, 500):
            keys = [f"{n:0100}" for n in range(start, start + 500)]
            client.pipeline([("SET", key, 1) for key in keys] + [("DEL", key) for key in keys])

    client("CONFIG", "SET", "notify-keyspace-events", "KEA")
    change(500)
    before = int(info(client)["used_memory"])
    change(6000)
    assert int(info(client)["used_memory"]) < before + (400 << 10)


def test_clients_are_closed_while_other_shards_have_their_replies(client):
    client("CONFIG", "SET", "maxmemory-clients", "3mb")
    client("CLIENT", "NO-EVICT", "ON")
    for n in range(12):
        client("SET", n, "x" * 100_000)
    for attempt in range(15):
        readers = [Connection(client.address, timeout=20) for _ in range(12)]
        for number, reader in enumerate(readers):
            commands = b"".join(b"*3\r\n$4\r\nMGET\r\n$1\r\n%d\r\n$1\r\n%d\r\n" % (n % 10, (n + 1) % 10) for n in range(number % 4 * 10 + 1))
            try:
                reader.send(commands)
            except OSError:
                pass
        assert client("PING").value == b"PONG"
        for reader in readers:
            reader.close()
    assert int(info(client, "stats")["evicted_clients"]) > 0


@pytest.mark.parametrize("command, key", [("HRANDFIELD", "hash"), ("SRANDMEMBER", "set"), ("ZRANDMEMBER", "zset")])
def test_a_reply_beyond_the_output_limit_is_not_made(client, command, key):
    client("HSET", "hash", "a", "b")
    client("SADD", "set", "a")
    client("ZADD", "zset", 1, "a")
    client("CONFIG", "SET", "client-output-buffer-limit", "normal 1000000 0 0")
    start = time.monotonic()
    with Connection(client.address, timeout=20) as other:
        with pytest.raises((ConnectionError, EOFError, OSError)):
            other(command, key, -999999999)
    assert time.monotonic() - start < 2
    assert client("PING").value == b"PONG"


def test_pages_become_free_when_most_keys_are_gone(client):
    """Three keys of four go, all over the pages; the values that are left come together, and stay what they are."""
    client("CONFIG", "SET", "activedefrag", "no", "active-defrag-ignore-bytes", "1mb", "active-defrag-cycle-min", 50,
           "active-defrag-cycle-max", 50)
    for at in range(0, 200_000, 1000):
        client.pipeline([("SET", f"key:{index}", "v" * 90) for index in range(at, at + 1000)])
    client("HSET", "hash", *range(20_000))
    client("ZADD", "zset", *range(20_000))
    client("RPUSH", "list", *range(20_000))
    for at in range(0, 200_000, 4000):
        client("DEL", *(f"key:{index}" for index in range(at, at + 4000) if index % 4))
    digest = client("DEBUG", "DIGEST").value
    sparse = int(info(client)["allocator_active"])
    assert "Fragmentation" in client("MEMORY", "DOCTOR").value.decode()
    assert "CONFIG SET activedefrag yes" in client("MEMORY", "DOCTOR").value.decode()
    assert int(info(client, "stats")["active_defrag_hits"]) == 0
    client("CONFIG", "SET", "activedefrag", "yes")
    until(lambda: int(info(client)["allocator_active"]) < sparse - (9 << 20), seconds=20)
    until(lambda: info(client)["active_defrag_running"] == "0", seconds=20)
    stats = info(client, "stats")
    assert int(stats["active_defrag_hits"]) > 10_000 and int(stats["active_defrag_misses"]) > 0
    assert int(stats["active_defrag_key_hits"]) > 0
    assert int(stats["total_active_defrag_time"]) > 0 and int(stats["current_active_defrag_time"]) == 0
    assert client("DEBUG", "DIGEST").value == digest
    client("CONFIG", "SET", "activedefrag", "no")


def test_times_to_live_are_told(client):
    for index in range(50):
        client("SET", f"brief:{index}", "v", "PX", 100_000)
        client("SET", f"long:{index}", "v", "PX", 300_000)
    until(lambda: 190_000 < int(info(client, "keyspace")["db0"].split("avg_ttl=")[1].split(",")[0]) <= 200_000)
