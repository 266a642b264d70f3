"""Large values are written into snapshots in slices: nobody waits for them but who changes them."""
import os
import random
import threading

import pytest

from test_persistence import DEBUG, LOGGED, client, crash, restart, settle_files

MEMBERS = 60_000
# Elements that compress, and some that do not.
KEYS = ("set", "hash", "times", "sorted", "list", "string", "noise", "stream", "plain")


def fill(server, factor=1):
    """Values that are large, or as many times as large."""
    noise = random.Random(7)
    with client(server) as connection:
        for start in range(0, MEMBERS * factor, 20_000):
            numbers = range(start, start + 20_000)
            pipeline = connection.pipeline(transaction=False)
            pipeline.sadd("set", *(f"member:{number}" for number in numbers))
            pipeline.hset("hash", mapping={f"field:{number}": "v" * (number % 40) for number in numbers})
            pipeline.zadd("sorted", {f"member:{number}": number / 3 for number in numbers})
            pipeline.rpush("list", *(f"element {number} " + "x" * (number % 60) for number in numbers))
            pipeline.execute()
        pipeline = connection.pipeline(transaction=False)
        for number in range(20_000):
            pipeline.hset("times", f"field:{number}", number)
            if number % 3 == 0:
                pipeline.execute_command("HPEXPIREAT", "times", 4_000_000_000_000 + number, "FIELDS", 1, f"field:{number}")
            pipeline.xadd("stream", {"number": number, "text": "t" * (number % 50)}, id=f"{number + 1}-1")
        pipeline.xgroup_create("stream", "group", "5-1")
        pipeline.xreadgroup("group", "reader", {"stream": ">"}, count=3000)
        pipeline.set("string", b"".join(b"%d " % number for number in range(700_000 * factor)))
        pipeline.set("noise", noise.randbytes(factor * 3 << 20))
        pipeline.rpush("plain", *(noise.randbytes(300_000) + bytes(100_000) for _ in range(5 * factor)))
        pipeline.expire("sorted", 1_000_000)
        pipeline.execute_command("DEBUG", "POPULATE", 20_000)
        pipeline.execute()
        assert connection.object("encoding", "plain") == b"quicklist"
        return digests(connection)


def digests(connection):
    return dict(zip(KEYS, connection.execute_command("DEBUG", "DIGEST-VALUE", *KEYS)))


@pytest.mark.parametrize("shards, format", [(1, "single"), (3, "single"), (3, "shards")])
def test_large_values_are_saved_in_slices(start, shards, format, long_tests):
    server = start(*DEBUG, "--snapshot-format", format, shards=shards)
    expected = fill(server, 6)
    with client(server) as connection:
        connection.config_resetstat()
        connection.bgsave()
        settle_files(connection)
        info = connection.info("shards")
        assert connection.info("persistence")["rdb_last_bgsave_status"] == "ok"
        worst = max(info[f"shard{index}"]["longest_turn_usec"] for index in range(shards)) / 1000
        print(f"longest turn {worst} ms")
        # At once they take several hundred.
        assert worst < (5 if long_tests else 60)
    crash(server)
    with client(restart(start, server, *DEBUG, shards=shards)) as connection:
        assert connection.dbsize() == len(KEYS) + 20_000
        assert digests(connection) == expected


CHANGES = {
    "set": ("SADD", "set", "another"), "hash": ("HSET", "hash", "another", 1), "times": ("HDEL", "times", "field:0"),
    "sorted": ("ZADD", "sorted", 1, "another"), "list": ("LPUSH", "list", "another"), "string": ("APPEND", "string", "more"),
    "noise": ("SETRANGE", "noise", 1000, "changed"), "stream": ("XADD", "stream", "*", "a", 1), "plain": ("LPOP", "plain"),
}


@pytest.mark.parametrize("shards", [1, 3])
@pytest.mark.parametrize("how", ["commands", "transaction", "delete", "flush"])
def test_what_changes_meanwhile_is_saved_as_it_was(start, shards, how):
    server = start(*DEBUG, shards=shards)
    expected = fill(server)
    failures = []

    def change(command):
        try:
            with client(server) as connection:
                connection.execute_command(*command)
        except Exception as error:
            failures.append(error)

    with client(server) as connection:
        connection.bgsave()
        if how == "commands":
            changers = [threading.Thread(target=change, args=(command,)) for command in CHANGES.values()]
            for changer in changers:
                changer.start()
            assert connection.scard("set") >= MEMBERS
            for changer in changers:
                changer.join()
        elif how == "transaction":
            pipeline = connection.pipeline(transaction=True)
            for command in CHANGES.values():
                pipeline.execute_command(*command)
            pipeline.execute()
        elif how == "delete":
            connection.unlink(*KEYS)
        else:
            connection.flushdb()
        assert not failures
        settle_files(connection)
        assert connection.info("persistence")["rdb_last_bgsave_status"] == "ok"
        after = digests(connection)
    assert all(after[key] != expected[key] for key in KEYS)
    crash(server)
    with client(restart(start, server, *DEBUG, shards=shards)) as connection:
        assert digests(connection) == expected
        assert connection.dbsize() == len(KEYS) + 20_000


@pytest.mark.parametrize("shards", [1, 3])
def test_a_rewrite_beside_changes_of_large_values_loses_nothing(start, shards):
    server = start(*LOGGED, shards=shards)
    fill(server)
    with client(server) as connection:
        settle_files(connection)
        connection.bgrewriteaof()
        for command in CHANGES.values():
            connection.execute_command(*command)
        settle_files(connection)
        expected = digests(connection)
    crash(server)
    with client(restart(start, server, *LOGGED, shards=shards)) as connection:
        assert digests(connection) == expected


def test_a_cancelled_snapshot_lets_go_of_large_values(start):
    server = start(*DEBUG)
    fill(server)
    with client(server) as connection:
        connection.config_set("rdb-key-save-delay", 10_000)
        connection.bgsave()
        connection.flushall()
        settle_files(connection)
        connection.config_set("rdb-key-save-delay", 0)
    expected = fill(server)
    with client(server) as connection:
        assert connection.save()
    assert not [name for name in os.listdir(server.directory) if name.startswith("temp-")]
    crash(server)
    with client(restart(start, server, *DEBUG)) as connection:
        assert digests(connection) == expected
