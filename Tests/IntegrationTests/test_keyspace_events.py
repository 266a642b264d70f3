"""Keyspace events are those of Redis, in its order, whatever the command."""
import os
import time

import pytest

from differential import families
from differential.stream import Stream
from differential.table import Step
from support.resp import Connection

SEED = int(os.environ.get("MARTLET_SEED", "20240601"))
# Whose effects are drawn by lot, that make a consumer where 7.0 does not (as 7.2 does), or that change how the connection or
# the server works.
LEFT_OUT = {
    b"spop", b"config", b"client", b"reset", b"quit", b"hello", b"auth", b"select", b"debug", b"shutdown", b"multi",
    b"xclaim", b"xautoclaim", b"exec", b"discard", b"watch", b"unwatch", b"subscribe", b"psubscribe", b"swapdb", b"publish", b"wait", b"object"}
# An element that moves is taken from where it was before it is where it goes, which two shards can't tell of in the
# other order.
REORDERED = {b"lmove", b"rpoplpush", b"blmove", b"brpoplpush"}


class Listener:
    """A client, and a subscriber that gets all events."""

    def __init__(self, address):
        self.client = Connection(address, timeout=10)
        self.subscriber = Connection(address, timeout=10)
        self.client("FLUSHALL")
        self.client("CONFIG", "SET", "notify-keyspace-events", "KEAn")
        self.client("DEBUG", "SET-ACTIVE-EXPIRE", "0")
        self.subscriber("PSUBSCRIBE", "__key*")
        self.subscriber("SUBSCRIBE", "end")

    def __call__(self, *command):
        """The events of one command."""
        self.client.raw(*command)
        return self.events()

    def events(self):
        self.client("PUBLISH", "end", "end")
        events = []
        while True:
            message = self.subscriber.read().plain()
            if message[0] == b"message":
                return events
            events.append((message[2], message[3]))

    def close(self):
        self.client("CONFIG", "SET", "notify-keyspace-events", "")
        self.client("DEBUG", "SET-ACTIVE-EXPIRE", "1")
        self.client.close()
        self.subscriber.close()


@pytest.fixture
def pair(start, oracle):
    pair = Listener(start().address), Listener(oracle.address)
    yield pair
    for listener in pair:
        listener.close()


def name(command):
    word = command[0]
    return (word if isinstance(word, bytes) else str(word).encode()).lower()


def told(events):
    """The events that can be compared: a consumer is created by each XREADGROUP from 7.2 on, before only if it reads something."""
    return [(channel, event) for channel, event in events if b"xgroup-createconsumer" not in channel + event]


def test_random_commands_have_the_events_of_redis_7(pair, long_tests):
    differences = []
    for step in Stream(SEED, families.ALL).steps(40_000 if long_tests else 4_000):
        if not isinstance(step, Step) or step.replies != len(step.commands):
            continue
        for command in step.commands:
            if name(command) in LEFT_OUT or b"block" in [name([word]) for word in command]:
                continue
            found, expected = (told(listener(*command)) for listener in pair)
            if name(command) in REORDERED:
                found.sort()
                expected.sort()
            if found != expected:
                differences.append((command, found, expected))
    assert not differences, "\n".join(
        f"{command}\n  tested {found}\n  oracle {expected}" for command, found, expected in differences[:20])


@pytest.mark.parametrize("number", [1, 3])
def test_every_shard_publishes(start, number):
    listener = Listener(start(shards=number).address)
    for index in range(50):
        listener.client("SET", f"key{index}", "x")
    time.sleep(0.1)
    channels = [channel for channel, _ in listener.events() if channel.startswith(b"__keyspace")]
    new = [b"__keyspace@0__:key%d" % index for index in range(50)]
    assert sorted(channels) == sorted(new * 2)
    listener.close()


@pytest.mark.parametrize("number", [1, 3])
def test_expiry_is_an_event_though_nobody_looks(start, number):
    server = start("--notify-keyspace-events", "Ex", shards=number)
    with server.connect() as subscriber, server.connect() as client:
        subscriber("PSUBSCRIBE", "*")
        for index in range(20):
            client("SET", f"key{index}", "x", "PX", 50)
        found = {subscriber.read().plain()[3] for _ in range(20)}
        assert found == {b"key%d" % index for index in range(20)}


def test_events_come_before_a_message_sent_after_them(start):
    server = start("--notify-keyspace-events", "KA")
    with server.connect() as subscriber, server.connect() as client:
        subscriber("PSUBSCRIBE", "*")
        client.pipeline([command for index in range(100)
                         for command in (("SET", f"key{index}", "x"), ("PUBLISH", "done", index))])
        for index in range(100):
            assert subscriber.read().plain()[3] == b"set"
            assert subscriber.read().plain()[3] == b"%d" % index


MISSES = [("GET", "k"), ("MGET", "k", "l"), ("EXISTS", "k"), ("TYPE", "k"), ("TTL", "k"), ("STRLEN", "k"), ("LLEN", "k"),
          ("HGET", "k", "f"), ("SMEMBERS", "k"), ("ZSCORE", "k", "m"), ("XLEN", "k"), ("DUMP", "k"), ("GETRANGE", "k", 0, 1),
          ("SET", "k", "v"), ("DEL", "l"), ("LPUSH", "l", 1), ("GETDEL", "m"), ("GETEX", "m"), ("INCR", "n")]


def test_a_missing_key_is_an_event_where_it_is_in_redis_7(pair):
    for listener in pair:
        listener.client("CONFIG", "SET", "notify-keyspace-events", "KEm")
    tested, oracle = pair
    for command in MISSES:
        assert tested(*command) == oracle(*command), command
