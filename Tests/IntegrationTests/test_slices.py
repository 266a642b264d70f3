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
