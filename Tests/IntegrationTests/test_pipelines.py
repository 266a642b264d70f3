"""A client that pipelines commands over several shards is told what one that waits for each reply would be told."""
import hashlib
import random
import threading

import pytest

from support.resp import encode

KEYS = [f"key{index}" for index in range(12)]

SWAP = "local old = redis.call('GET', KEYS[1]) redis.call('SET', KEYS[1], ARGV[1]) return old"
COPY = "local value = redis.call('GET', KEYS[1]) redis.call('SET', KEYS[2], ARGV[1]) return value"
# The same with names that the text does not tell.
HIDDEN_COPY = "local get, key = 'GET', ARGV[2] local value = redis.call(get, key) redis.call('SET', ARGV[3], ARGV[1]) return value"
# Takes longer than others should wait, and than a turn.
SLOW_SWAP = "local old = redis.call('GET', KEYS[1]) for i = 1, 300000 do end redis.call('SET', KEYS[1], ARGV[1]) return old"
WRONG = "redis.call('LPUSH', KEYS[1], 'x') return 1"


@pytest.fixture(scope="module", params=[1, 2, 4], ids=lambda count: f"shards{count}")
def shards(request):
    return request.param


class Model:
    """What the commands used here do."""

    def __init__(self):
        self.values = {}

    def run(self, words):
        name, keys = words[0], words[1:]
        match name:
            case "SET":
                self.values[keys[0]] = keys[1].encode()
                return b"OK"
            case "GET":
                return self.values.get(keys[0])
            case "MSET":
                for key, value in zip(keys[::2], keys[1::2]):
                    self.values[key] = value.encode()
                return b"OK"
            case "MGET":
                return [self.values.get(key) for key in keys]
            case "DEL":
                return len([self.values.pop(key) for key in set(keys) if key in self.values])
            case "EXISTS":
                return sum(key in self.values for key in keys)
            case "RENAME":
                if keys[0] not in self.values:
                    return b"ERR no such key"
                self.values[keys[1]] = self.values.pop(keys[0])
                return b"OK"
            case "DBSIZE":
                return len(self.values)
            case "EVAL" if words[1] == WRONG:
                # The value of a key that is there is none that can be pushed to.
                digest = hashlib.sha1(WRONG.encode()).hexdigest()
                return f"WRONGTYPE Operation against a key holding the wrong kind of value script: {digest}, on @user_script:1.".encode()
            case "EVAL":
                count = int(words[2])
                keys, value = (words[3:3 + count], words[3 + count]) if count else (words[4:], words[3])
                old = self.values.get(keys[0])
                self.values[keys[-1]] = value.encode()
                return old


def draw_command(draw, value):
    keys = draw.sample(KEYS, draw.randint(2, 4))
    match draw.randrange(20):
        case 12 | 13 | 14: return ("EVAL", SWAP, "1", keys[0], value)
        case 15 | 16: return ("EVAL", COPY, "2", *keys[:2], value)
        case 17: return ("EVAL", HIDDEN_COPY, "0", value, *keys[:2])
        case 18: return ("EVAL", SLOW_SWAP if draw.random() < 0.1 else SWAP, "1", keys[0], value)
        case 19: return ("EVAL", WRONG, "1", "always there")
        case 0 | 1 | 2 | 3: return ("MSET", *(word for key in keys for word in (key, value)))
        case 4 | 5 | 6 | 7: return ("MGET", *keys)
        case 8: return ("SET", keys[0], value)
        case 9: return ("GET", keys[0])
        case 10: return ("DEL", *keys)
        case _: return draw.choice([("EXISTS", *keys), ("RENAME", *keys[:2]), ("DBSIZE",)])


@pytest.mark.parametrize("order", ["relaxed", "strict"])
def test_replies_are_those_of_one_command_after_the_other(server, order, long_tests):
    done = threading.Event()

    def read():
        """Keeps the keys claimed, so that transactions come late and have to begin anew."""
        with server.connect() as connection:
            while not done.is_set():
                connection.pipeline([("MGET", *KEYS)] * 8)

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    try:
        draw, model = random.Random(order), Model()
        with server.connect() as connection:
            connection("CONFIG", "SET", "pipeline-order", order)
            model.run(("SET", "always there", "x"))
            connection("SET", "always there", "x")
            for round_ in range(2000 if long_tests else 60):
                commands = [draw_command(draw, f"{round_}-{index}") for index in range(draw.randint(1, 60))]
                connection.send(b"".join(map(encode, commands)))
                for command in commands:
                    assert connection.read().plain() == model.run(command), (round_, command)
            connection("CONFIG", "SET", "pipeline-order", "relaxed")
    finally:
        done.set()
        for reader in readers:
            reader.join()


def test_silent_and_closing_clients_have_their_pipelines_done(server):
    with server.connect() as connection:
        commands = [("CLIENT", "REPLY", "OFF")] + [("MSET", key, "x", f"other-{key}", "y") for key in KEYS]
        connection.send(b"".join(map(encode, [*commands, ("CLIENT", "REPLY", "ON"), ("MGET", *KEYS)])))
        assert connection.read().value == b"OK"
        assert connection.read().plain() == [b"x"] * len(KEYS)
        skipped = [word for key in KEYS for word in (("CLIENT", "REPLY", "SKIP"), ("MSET", key, "z", f"other-{key}", "y"))]
        connection.send(b"".join(map(encode, [*skipped, ("MGET", *KEYS)])))
        assert connection.read().plain() == [b"z"] * len(KEYS)
        leaving = server.connect()
        leaving.send(b"".join(encode(("MSET", key, "last", f"other-{key}", "y")) for key in KEYS) + encode(("QUIT",)))
        assert leaving.read_to_end() == b"+OK\r\n" * (len(KEYS) + 1)
        assert connection("MGET", *KEYS).plain() == [b"last"] * len(KEYS)
