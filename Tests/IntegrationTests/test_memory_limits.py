"""`maxmemory`: what goes, what is refused, and who is told."""
import random
import time

import pytest

from support.resp import Connection

OOM = "OOM command not allowed when used memory > 'maxmemory'."
POLICIES = [
    "allkeys-lru", "allkeys-lfu", "allkeys-random", "volatile-lru", "volatile-lfu", "volatile-random", "volatile-ttl"]


class Client(Connection):
    """Replies as plain values, status replies and errors as text."""

    def __call__(self, *arguments):
        return self.plain(super().__call__(*arguments))

    @staticmethod
    def plain(reply):
        if reply.kind in "+-":
            return reply.value.decode()
        return [Client.plain(item) for item in reply.value] if reply.kind == "*" and reply.value is not None else reply.plain()

    def all(self, commands):
        """The distinct replies to many commands."""
        replies = set()
        commands = list(commands)
        for at in range(0, len(commands), 500):
            replies.update(self.pipeline(commands[at:at + 500]))
        return replies


def info(client, section="memory"):
    text = client("INFO", section).decode()
    return dict(line.split(":", 1) for line in text.splitlines() if ":" in line)


def used(client):
    return int(info(client)["used_memory"])


@pytest.fixture
def limited(start, shards):
    """A server that may use a little more than it does."""
    server = start(shards=shards)
    client = Client(server.address, timeout=20)

    def limit(policy, more=4 << 20):
        client("CONFIG", "SET", "maxmemory-policy", policy, "maxmemory", used(client) + more)
        return client

    limit.address = server.address
    yield limit
    client("CONFIG", "SET", "maxmemory", 0)
    client.close()


@pytest.mark.parametrize("policy", POLICIES)
def test_memory_stays_within_the_limit(limited, policy):
    client = limited(policy)
    limit = int(client("CONFIG", "GET", "maxmemory")[1])
    for at in range(0, 40_000, 200):
        assert client.all(
            ("SET", f"key:{index}", "x" * random.randrange(10, 400), "EX", 1000 + index)
            for index in range(at, at + 200)) == {b"+OK\r\n"}
        assert used(client) < limit + (256 << 10)
    assert int(info(client, "stats")["evicted_keys"]) > 1000
    assert client("DBSIZE") > 5000


def test_without_a_policy_commands_that_need_memory_are_refused(limited):
    client = limited("noeviction", more=1 << 20)
    refused = 0
    for index in range(400):
        refused += client("SET", f"k{index}", "x" * 8192) == OOM
    assert refused > 200
    assert client("GET", "k0") == b"x" * 8192
    stats = info(client, "stats")
    assert stats["evicted_keys"] == "0"
    assert client("DEL", *[f"k{index}" for index in range(50)]) == 50
    assert client("SET", "k", "v") == "OK"


def fill(client):
    index = 0
    while client("SET", f"fill:{index}", "x" * 4096) == "OK" and index < 2000:
        index += 1
    while client("RPUSH", "fill", "x" * 16) != OOM and index < 2000:
        index += 1


def test_transactions_without_room(limited):
    client = limited("noeviction", more=1 << 20)
    other = Client(limited.address, timeout=20)
    other("MULTI")
    other("SET", "a", "1")
    reader = Client(limited.address, timeout=20)
    reader("MULTI")
    reader("GET", "a")
    fill(client)
    assert other("EXEC") == "EXECABORT Transaction discarded because of: " + OOM
    assert reader("EXEC") == [None]
    other("MULTI")
    assert other("SET", "a", "1") == OOM
    assert other("EXEC") == "EXECABORT Transaction discarded because of previous errors."
    other("MULTI")
    assert other("PING") == OOM
    assert other("DISCARD") == "OK"
    other.close()
    reader.close()


def test_scripts_without_room(limited):
    client = limited("noeviction", more=1 << 20)
    client("SET", "a", "1")
    fill(client)
    assert client("EVAL", "return redis.call('set', KEYS[1], ARGV[1])", 1, "a", "2").startswith(OOM)
    assert client("EVAL", "return redis.call('get', KEYS[1])", 1, "a") == b"1"
    # What has begun to write goes on.
    assert client("EVAL", "redis.call('del', KEYS[1]) return redis.call('set', KEYS[1], 'n')", 1, "a") == "OK"
    reply = client("EVAL", "#!lua\nreturn 1", 0)
    assert reply == "OOM allow-oom flag is not set on the script, can not run it when used memory > 'maxmemory'"
    assert client("EVAL", "#!lua flags=allow-oom\nreturn redis.call('set', KEYS[1], 'm')", 1, "a") == "OK"
    assert client("EVAL", "#!lua flags=no-writes\nreturn redis.call('get', KEYS[1])", 1, "a") == b"m"


def test_an_eviction_is_told_before_the_reply_that_caused_it(limited):
    client = limited("allkeys-random", more=1 << 20)
    listener = Client(limited.address, timeout=20)
    client("CONFIG", "SET", "notify-keyspace-events", "Ee")
    listener("SUBSCRIBE", "__keyevent@0__:evicted")
    for index in range(4000):
        client("SET", f"key:{index}", "x" * 500)
    evicted = int(info(client, "stats")["evicted_keys"])
    assert evicted > 100
    for _ in range(evicted):
        message = listener.read().plain()
        assert message[:2] == [b"message", b"__keyevent@0__:evicted"]
        assert message[2].startswith(b"key:")
    listener.close()


def test_a_watched_key_that_is_evicted_has_changed(limited):
    client = limited("allkeys-random", more=1 << 20)
    watcher = Client(limited.address, timeout=20)
    watcher("SET", "watched", "x")
    watcher("WATCH", "watched")
    index = 0
    while client("EXISTS", "watched"):
        client("SET", f"key:{index}", "x" * 500)
        index += 1
    watcher("MULTI")
    watcher("PING")
    assert watcher("EXEC") is None
    watcher.close()


def test_a_lowered_limit_is_reached_by_itself(limited):
    client = limited("allkeys-lru", more=64 << 20)
    base = used(client)
    client.all(("SET", f"key:{index}", "x" * 200) for index in range(60_000))
    limit = base + (used(client) - base) // 3
    client("CONFIG", "SET", "maxmemory", limit)
    deadline = time.time() + 10
    while used(client) > limit + (64 << 10) and time.time() < deadline:
        time.sleep(0.02)
    assert used(client) <= limit + (64 << 10)
    assert client("DBSIZE") > 5000


def test_a_full_shard_takes_the_room_of_the_others(start):
    server = start(shards=3)
    client = Client(server.address, timeout=20)
    base = used(client)
    client("CONFIG", "SET", "maxmemory-policy", "allkeys-lru", "maxmemory", base + (12 << 20))
    client.all(("SET", f"old:{index}", "x" * 200) for index in range(30_000))
    time.sleep(2.1)
    # All of one shard.
    assert client.all(("SET", f"{{tag}}:{index}", "x" * 200) for index in range(40_000)) == {b"+OK\r\n"}
    new = sum(client("EXISTS", *[f"{{tag}}:{i}" for i in range(at, at + 1000)]) for at in range(0, 40_000, 1000))
    # More than a third of the room by far.
    assert new > 20_000
    assert used(client) < base + (12.5 * (1 << 20))
    client.close()


def test_the_log_makes_again_what_is_left(start, shards):
    server = start("--appendonly", "yes", shards=shards)
    client = Client(server.address, timeout=20)
    client("CONFIG", "SET", "maxmemory-policy", "allkeys-random", "maxmemory", used(client) + (2 << 20))
    value = "x" * 300
    assert client.all(
        ("SET", f"key:{index}", value) if index % 3 else ("MSET", f"key:{index}", value, f"other:{index}", value)
        for index in range(10_000)) == {b"+OK\r\n"}
    assert int(info(client, "stats")["evicted_keys"]) > 1000
    client("CONFIG", "SET", "maxmemory", 0)
    digest = client("DEBUG", "DIGEST")
    client("DEBUG", "LOADAOF")
    assert client("DEBUG", "DIGEST") == digest
    client.close()


def test_frequency_and_idle_time_are_told(start):
    client = Client(start().address, timeout=20)
    client("SET", "k", "v")
    assert "maxmemory policy is not selected" in client("OBJECT", "FREQ", "k")
    assert client("OBJECT", "IDLETIME", "k") == 0
    client("CONFIG", "SET", "maxmemory-policy", "allkeys-lfu")
    client("SET", "f", "v")
    assert client("OBJECT", "FREQ", "f") == 5
    for _ in range(300):
        client("GET", "f")
    assert 8 < client("OBJECT", "FREQ", "f") < 40
    assert "maxmemory policy is selected" in client("OBJECT", "IDLETIME", "f")
    client.close()


@pytest.mark.parametrize("number", [1, 3])
def test_the_resident_set_follows_the_limit_when_sizes_change(start, number):
    """Values of ever other sizes, each time enough to replace all: what they leave half empty is given back, and
    counts meanwhile."""
    server = start(shards=number)
    limit = 48 << 20
    with Client(server.address, timeout=20) as client:
        base = int(info(client)["used_memory_rss"])
        client("CONFIG", "SET", "maxmemory", limit, "maxmemory-policy", "allkeys-lru")
        key = peak = overrun = 0
        for size in [50, 700, 100, 3000, 60]:
            written = 0
            while written < 1.5 * limit:
                commands = [("SET", f"key:{key + index}", "x" * random.randrange(size // 2, size * 2)) for index in range(500)]
                key += 500
                written += sum(len(command[2]) + 64 for command in commands)
                client.all(commands)
                seen = info(client)
                peak = max(peak, int(seen["used_memory_rss"]))
                overrun = max(overrun, int(seen["mem_page_overrun"]))
            end = time.monotonic() + 8
            while (rss := int(info(client)["used_memory_rss"])) - base > 1.1 * limit:
                assert time.monotonic() < end, f"{size}: {(rss - base) / limit}"
                time.sleep(0.05)
        assert peak - base < 1.5 * limit, (peak - base) / limit
        # Keys went for pages, up to the bound; and not for all time.
        assert 0 < overrun <= limit // 4
        end = time.monotonic() + 8
        while int(info(client)["mem_page_overrun"]):
            assert time.monotonic() < end
            time.sleep(0.05)


def test_no_command_is_refused_for_pages(start):
    """Holes of a size that is no longer used, where nothing may be evicted: only what is allocated counts."""
    limit = 64 << 20
    with Client(start(shards=1).address, timeout=20) as client:
        client("CONFIG", "SET", "activedefrag", "no")
        client.all([("SET", f"key:{number}", "x" * 100) for number in range(300_000)])
        client.all([("DEL", f"key:{number}") for number in range(300_000) if number % 8])
        client("CONFIG", "SET", "maxmemory", limit // 2, "maxmemory-policy", "volatile-lru")
        seen = info(client)
        assert int(seen["allocator_active"]) > limit // 2 and int(seen["mem_page_overrun"]) > 0
        assert client("SET", "one", "more") == "OK"
        assert client("DBSIZE") == 300_000 // 8 + 1
        client("CONFIG", "SET", "maxmemory-policy", "noeviction")
        assert int(info(client)["mem_page_overrun"]) == 0
        assert client("SET", "one", "more") == "OK"
