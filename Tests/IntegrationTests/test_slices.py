"""Reads of large values are done in slices: the key stands still meanwhile, and everybody else is served."""
import threading

import pytest
import redis

ELEMENTS = 300_000
READS = {
    "smembers": ("large:set", ["smembers", "large:set"]),
    "hgetall": ("large:hash", ["hgetall", "large:hash"]),
    "hkeys": ("large:hash", ["hkeys", "large:hash"]),
    "hvals": ("large:hash", ["hvals", "large:hash"]),
    "lrange": ("large:list", ["lrange", "large:list", "0", "-1"]),
    "zrange": ("large:sorted", ["zrange", "large:sorted", "0", "-1"]),
}


def connect(server):
    host, port = server.address
    return redis.Redis(host=host, port=port, decode_responses=True)


def fill(connection):
    for start in range(0, ELEMENTS, 10_000):
        numbers = range(start, start + 10_000)
        connection.sadd("large:set", *(f"member:{number}" for number in numbers))
        connection.hset("large:hash", mapping={f"field:{number}": number for number in numbers})
        connection.rpush("large:list", *numbers)
        connection.zadd("large:sorted", {number: number // 2 for number in numbers})


@pytest.mark.parametrize("shards", [1, 3])
def test_large_reads_are_whole_and_let_others_pass(start, shards):
    server = start(shards=shards)
    with connect(server) as setup:
        fill(setup)
        numbers = [str(number) for number in range(ELEMENTS)]
        assert setup.smembers("large:set") == {f"member:{number}" for number in numbers}
        assert setup.hgetall("large:hash") == {f"field:{number}": number for number in numbers}
        assert sorted(setup.hvals("large:hash"), key=int) == numbers
        assert set(setup.hkeys("large:hash")) == {f"field:{number}" for number in numbers}
        assert setup.lrange("large:list", 0, -1) == numbers
        assert setup.lrange("large:list", 5, -7) == numbers[5:-6]
        sorted_numbers = sorted(numbers, key=lambda text: (int(text) // 2, text))
        assert setup.zrange("large:sorted", 0, -1) == sorted_numbers
        assert setup.zrange("large:sorted", 7, -3, desc=True) == sorted_numbers[::-1][7:-2]
        scored = [(text, int(text) // 2) for text in sorted_numbers]
        assert setup.zrevrange("large:sorted", 0, -1, withscores=True) == scored[::-1]
        assert setup.zrangebyscore("large:sorted", 11, "(100000", withscores=True) == scored[22:200000]
        assert setup.zrevrangebyscore("large:sorted", "+inf", 11, start=100, num=250000) == sorted_numbers[22:][::-1][100:250100]
        assert setup.zrange("large:sorted", "-", "+", bylex=True, offset=1, num=200000) == sorted_numbers[1:200001]


@pytest.mark.parametrize("shards", [1, 3])
def test_a_write_waits_for_a_large_read_and_what_follows_keeps_its_order(start, shards):
    server = start(shards=shards)
    with connect(server) as setup:
        fill(setup)
    for name, (key, words) in READS.items():
        with connect(server) as reader, connect(server) as other:
            stop = threading.Event()

            def change():
                flag = 0
                while not stop.is_set():
                    flag += 1
                    if key == "large:set":
                        # The two are always changed together, so no read may see one without the other.
                        with other.pipeline() as pipeline:
                            pipeline.sadd(key, "left", "right") if flag % 2 else pipeline.srem(key, "left", "right")
                            pipeline.execute()
                    elif key == "large:sorted":
                        # One goes to and fro between the ends.
                        other.zadd(key, {"wanderer": flag % 2 * ELEMENTS})
                    elif key == "large:hash":
                        other.hset(key, mapping={"field:0": flag, "field:1": flag})
                    else:
                        other.lset(key, 0, flag)

            thread = threading.Thread(target=change)
            thread.start()
            try:
                for _ in range(3):
                    with reader.pipeline(transaction=False) as pipeline:
                        pipeline.echo("before")
                        pipeline.execute_command(*words)
                        pipeline.echo("after")
                        before, reply, after = pipeline.execute()
                    assert (before, after) == ("before", "after"), name
                    if name == "smembers":
                        assert ("left" in reply) == ("right" in reply)
                    elif name == "zrange":
                        assert ("wanderer" in reply) == (len(reply) > ELEMENTS) and reply.count("wanderer") <= 1
                    elif name == "hgetall":
                        assert reply["field:0"] == reply["field:1"] or reply["field:0"] == "0"
                    assert len(reply) >= ELEMENTS
            finally:
                stop.set()
                thread.join()


def test_a_key_does_not_expire_in_the_middle_of_its_reading(start):
    server = start(shards=1)
    with connect(server) as connection, connect(server) as other:
        fill(connection)
        for delay in range(1, 40, 3):
            connection.copy("large:set", "going", replace=True)
            connection.pexpire("going", delay)
            replies = []
            thread = threading.Thread(target=lambda: replies.append(connect(server).smembers("going")))
            thread.start()
            while thread.is_alive():
                other.exists("going")
            thread.join()
            assert len(replies[0]) in (0, ELEMENTS)


def test_a_client_that_leaves_while_its_reply_is_made_holds_no_key(start):
    server = start(shards=1)
    with connect(server) as connection:
        fill(connection)
        for _ in range(5):
            gone = connect(server)
            link = gone.connection_pool.get_connection()
            link.send_command("smembers", "large:set")
            link.disconnect()
        assert connection.sadd("large:set", "one more") in (0, 1)
        assert connection.ping()


@pytest.mark.parametrize("shards", [1, 3])
def test_large_values_are_combined_sorted_and_copied_and_the_log_has_it_all(start, shards):
    server = start("--appendonly", "yes", "--enable-debug-command", "yes", shards=shards)
    half = ELEMENTS // 2
    lower = {f"member:{number}" for number in range(half)}
    both = {f"member:{number}" for number in range(ELEMENTS)}
    with connect(server) as setup:
        fill(setup)
        for start_number in range(half, ELEMENTS + half, 10_000):
            setup.sadd("other:set", *(f"member:{number}" for number in range(start_number, start_number + 10_000)))
        upper = both - lower
        beyond = {f"member:{number}" for number in range(half, ELEMENTS + half)}
        # Sets: with two of them members are looked up, with many what was seen is remembered.
        assert setup.sinter("large:set", "other:set") == upper
        assert setup.sdiff("large:set", "other:set") == lower
        assert setup.sdiff("large:set", *["other:set"] * 8) == lower
        assert setup.sunion("large:set", "other:set") == both | beyond
        assert setup.sunion("large:set", *["other:set"] * 5) == both | beyond
        assert setup.sintercard(2, ["large:set", "other:set"]) == half
        assert setup.sintercard(2, ["large:set", "other:set"], limit=7) == 7
        assert setup.sinterstore("inter", "large:set", "other:set") == half
        assert setup.sdiffstore("diff", "large:set", "other:set") == half
        # A destination that is a source as well.
        assert setup.sunionstore("diff", "diff", "inter") == ELEMENTS
        assert setup.smembers("diff") == both
        # Sorted sets, with plain sets among them.
        assert setup.zunionstore("zunion", {"large:sorted": 2, "large:set": 3}) == 2 * ELEMENTS
        assert setup.zscore("zunion", "member:5") == 3 and setup.zscore("zunion", "5") == 4
        assert setup.zrank("zunion", str(ELEMENTS - 1)) == 2 * ELEMENTS - 1
        assert setup.zinter(["large:sorted", "zunion"], withscores=True)[-2:] == [
            (str(number), number // 2 * 3) for number in (ELEMENTS - 2, ELEMENTS - 1)]
        assert setup.zdiffstore("zdiff", ["zunion", "large:set"]) == ELEMENTS
        assert setup.zintercard(2, ["zdiff", "large:sorted"]) == ELEMENTS
        assert setup.zrangestore("zrange", "large:sorted", 10, -11) == ELEMENTS - 20
        assert setup.zremrangebyrank("zrange", 0, half) == half + 1
        assert setup.zremrangebyscore("zrange", "-inf", half // 2 + 50) > 0
        assert setup.zremrangebyrank("zdiff", 0, -1) == ELEMENTS and not setup.exists("zdiff")
        # SORT: by number and by letters, up and down.
        numbers = [str(number) for number in range(ELEMENTS)]
        assert setup.sort("large:list", desc=True) == numbers[::-1]
        assert setup.sort("large:set", alpha=True, start=5, num=100) == sorted(both)[5:105]
        assert setup.sort("large:sorted", alpha=True, desc=True, store="sorted") == ELEMENTS
        assert setup.lrange("sorted", 0, -1) == sorted(numbers, reverse=True)
        assert setup.sort("large:sorted", by="nosort", desc=True, start=0, num=2) == [str(ELEMENTS - 1), str(ELEMENTS - 2)]
        with pytest.raises(redis.ResponseError, match="can't be converted into double"):
            setup.sort("large:set")
        # Copies, with their time to live.
        for name in ("set", "hash", "list", "sorted"):
            setup.expire(f"large:{name}", 100_000)
            assert setup.copy(f"large:{name}", f"copied:{name}")
            assert not setup.copy(f"large:{name}", f"copied:{name}")
            assert 99_000 < setup.ttl(f"copied:{name}") <= 100_000
            digests = setup.execute_command("DEBUG", "DIGEST-VALUE", f"large:{name}", f"copied:{name}")
            assert digests[0] == digests[1]
        names = sorted(setup.keys("*"))
        before = {name: setup.execute_command("DEBUG", "DIGEST-VALUE", name) for name in names}
        # From the log, all of it.
        assert setup.execute_command("DEBUG", "LOADAOF")
    with connect(server) as again:
        assert sorted(again.keys("*")) == names
        assert {name: again.execute_command("DEBUG", "DIGEST-VALUE", name) for name in names} == before


@pytest.mark.parametrize("order", ["relaxed", "strict"])
@pytest.mark.parametrize("shards", [1, 3])
def test_a_pipeline_of_long_commands_keeps_its_order(start, shards, order):
    server = start("--pipeline-order", order, shards=shards)
    with connect(server) as setup:
        fill(setup)
        for _ in range(3):
            with setup.pipeline(transaction=False) as pipeline:
                pipeline.copy("large:set", "first")
                pipeline.sdiffstore("second", ["first", "none"])
                pipeline.srem("second", "member:0")
                pipeline.sunionstore("second", ["second", "first"])
                pipeline.scard("second")
                pipeline.zunionstore("third", ["second", "large:sorted"])
                pipeline.zrangestore("third", "third", 0, ELEMENTS - 1)
                pipeline.zcard("third")
                pipeline.delete("first", "second", "third")
                pipeline.sinter("second", "large:set")
                replies = pipeline.execute()
            assert replies == [
                True, ELEMENTS, 1, ELEMENTS, ELEMENTS, 2 * ELEMENTS, ELEMENTS, ELEMENTS, 3, set()]
