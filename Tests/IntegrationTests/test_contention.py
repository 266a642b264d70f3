"""Many clients that want the same keys: over several processes, with 1, 2 and 4 shards.

Each client process speaks the protocol directly and reports what it saw; the test compares what all of them say.
"""
import random
import time

import pytest

from support.clients import run_processes
from support.resp import encode

KEYS = [f"key{index}" for index in range(20)]


@pytest.fixture(scope="module", params=[1, 2, 4], ids=lambda count: f"shards{count}")
def shards(request):
    return request.param


# Overlapping transactions

def increment_five(connect, seed, seconds):
    """One of fifty clients: transactions of five INCR each, one after the other. When each ended and how long it took."""
    draw = random.Random(seed)
    ends = []
    with connect() as connection:
        end = time.monotonic() + seconds
        while (start := time.monotonic()) < end:
            commands = [("MULTI",), *(("INCR", key) for key in draw.sample(KEYS, 5)), ("EXEC",)]
            replies = connection.pipeline(commands)
            assert replies[-1].startswith(b"*5\r\n"), replies[-1]
            now = time.monotonic()
            ends.append((now, now - start))
    return ends


def mset_and_mget_five(connect, seed, seconds):
    """As above with MSET, MGET, RENAME and watched transactions between the others."""
    draw = random.Random(seed)
    ends = []
    with connect() as connection:
        end = time.monotonic() + seconds
        while (start := time.monotonic()) < end:
            keys = draw.sample(KEYS, 5)
            kind = draw.randrange(3)
            if kind == 0:
                connection("MGET", *keys)
            elif kind == 1:
                connection("MSET", *(word for key in keys for word in (f"other-{key}", seed)))
            else:
                connection.pipeline([("WATCH", *keys), ("MULTI",), ("INCR", keys[0]), ("EXEC",)])
            now = time.monotonic()
            ends.append((now, now - start))
    return ends


def test_overlapping_transactions_starve_nobody(server, long_tests):
    seconds = 60 if long_tests else 3
    bodies = [(increment_five, (seed, seconds)) for seed in range(40)]
    bodies += [(mset_and_mget_five, (seed, seconds)) for seed in range(10)]
    results = run_processes(server.address, bodies)
    assert all(results), "a client got nothing done"
    slowest = max(duration for ends in results for _, duration in ends)
    assert slowest < 1, f"a transaction waited {slowest:.2f} s"

    # Steady: no second of the run does much less than the median second.
    ends = sorted(end for client in results for end, _ in client)
    first = ends[0]
    per_second = [0] * seconds
    for end in ends:
        if end - first < seconds:
            per_second[int(end - first)] += 1
    median = sorted(per_second)[seconds // 2]
    assert min(per_second[:seconds - 1]) > median / 4, per_second

    # Every INCR of every transaction counts, once.
    with server.connect() as connection:
        total = sum(int(reply.value or 0) for reply in connection("MGET", *KEYS).value)
    watched = total - 5 * sum(map(len, results[:40]))
    assert 0 <= watched <= sum(map(len, results[40:]))


# Conservation

def transfer(connect, seed, count):
    """WATCH two accounts, read them, MULTI, MSET, EXEC; how many transfers went through."""
    draw = random.Random(seed)
    done = 0
    with connect() as connection:
        for _ in range(count):
            source, target = draw.sample(KEYS, 2)
            connection("WATCH", source, target)
            amounts = [int(reply.value) for reply in connection("MGET", source, target).value]
            commands = [("MULTI",), ("SET", source, amounts[0] - 1), ("SET", target, amounts[1] + 1), ("EXEC",)]
            done += connection.pipeline(commands)[-1].startswith(b"*2\r\n")
    return done


MOVE = """
if tonumber(redis.call('GET', KEYS[1])) <= 0 then return 0 end
redis.call('DECR', KEYS[1])
return redis.call('INCR', KEYS[2]) and 1
"""


def transfer_by_script(connect, seed, count):
    """The same by scripts: some say which keys they use, some don't, some fail in the middle of a refused transfer."""
    draw = random.Random(seed)
    undeclared = MOVE.replace("KEYS", "ARGV")
    failing = "redis.call('GET', KEYS[1]) redis.call('SET', KEYS[2])"
    done = 0
    with connect() as connection:
        for _ in range(count):
            pair = draw.sample(KEYS, 2)
            kind = draw.randrange(5)
            if kind == 0:
                assert connection("EVAL", failing, 2, *pair).is_error
            else:
                reply = connection("EVAL", undeclared, 0, *pair) if kind == 1 else connection("EVAL", MOVE, 2, *pair)
                done += reply.value
    return done


def sum_up(connect, seed, count):
    with connect() as connection:
        return {sum(int(reply.value) for reply in connection("MGET", *KEYS).value) for _ in range(count)}


@pytest.mark.parametrize("transfer", [transfer, transfer_by_script])
def test_transfers_between_processes_conserve_the_total(server, long_tests, transfer):
    count = 5000 if long_tests else 200
    with server.connect() as connection:
        connection("MSET", *(word for key in KEYS for word in (key, 100)))
    results = run_processes(
        server.address, [(transfer, (seed, count)) for seed in range(5)] + [(sum_up, (0, count)), (sum_up, (1, count))])
    assert sum(results[:5]) > 0
    assert set().union(*results[5:]) == {100 * len(KEYS)}


def write_all(connect, value, count):
    with connect() as connection:
        for round_ in range(count):
            connection("MSET", *(word for key in KEYS for word in (key, f"{value}-{round_}")))


def read_all(connect, seed, count):
    with connect() as connection:
        for _ in range(count):
            values = {reply.value for reply in connection("MGET", *KEYS).value}
            if len(values) != 1:
                return values
    return None


def test_mset_is_never_seen_half_by_other_processes(server, long_tests):
    count = 10_000 if long_tests else 300
    results = run_processes(
        server.address, [(write_all, (name, count)) for name in "abc"] + [(read_all, (n, count)) for n in range(3)])
    assert results[3:] == [None] * 3


def move_elements(connect, seed, count):
    """Moves between lists, sets and names, which all go round in circles."""
    draw = random.Random(seed)
    with connect() as connection:
        for _ in range(count):
            lists = [f"list{draw.randrange(6)}" for _ in range(2)]
            sides = [draw.choice(["LEFT", "RIGHT"]) for _ in range(2)]
            sets = [f"set{draw.randrange(6)}" for _ in range(2)]
            names = [f"name{draw.randrange(8)}" for _ in range(2)]
            connection("LMOVE", *lists, *sides)
            connection("SMOVE", *sets, draw.randrange(40))
            connection("RENAMENX", *names)
            connection("COPY", names[0], f"copy-{seed}", "REPLACE")


def look_at_moving(connect, seed, count):
    """Looks at all lists, sets and names in transactions; each look must find everything once."""
    with connect() as connection:
        for _ in range(count):
            looks = [("LRANGE", f"list{index}", 0, -1) for index in range(6)]
            looks += [("SMEMBERS", f"set{index}") for index in range(6)]
            looks += [("MGET", *(f"name{index}" for index in range(8)))]
            for command in [("MULTI",), *looks]:
                connection(*command)
            replies = connection("EXEC").plain()
            elements = sorted(int(element) for part in replies[:6] for element in part)
            members = sorted(int(member) for part in replies[6:12] for member in part)
            names = sorted(value for value in replies[12] if value is not None)
            if elements != list(range(40)) or members != list(range(40)) or names != [b"x", b"y", b"z"]:
                return replies
    return None


def test_what_moves_between_keys_is_there_once(server, long_tests):
    count = 5000 if long_tests else 150
    with server.connect() as connection:
        connection("RPUSH", "list0", *range(40))
        connection("SADD", "set0", *range(40))
        connection("MSET", "name0", "x", "name1", "y", "name2", "z")
    results = run_processes(
        server.address,
        [(move_elements, (seed, count)) for seed in range(4)] + [(look_at_moving, (seed, count)) for seed in range(2)])
    assert results[4:] == [None, None]


# Waiting

def pop_all(connect, number, count):
    """Pops from a random selection of queues, by random commands, until nothing comes, from whichever; what it got."""
    draw = random.Random(number)
    got = []
    with connect() as connection:
        values = [number]
        while True:
            # Who got nothing asks all of them before it gives up.
            size = 3 if values else 4
            queues = [f"queue{index}" for index in draw.sample(range(4), size)]
            kind = draw.randrange(3) if values else 0
            if kind == 0:
                reply = connection("BLPOP", *queues, 1).plain()
                values = reply and reply[1:]
            elif kind == 1:
                reply = connection("BLMPOP", 1, 3, *queues, "LEFT", "COUNT", 2).plain()
                values = reply and reply[1]
            else:
                reply = connection("BLMOVE", queues[0], f"taken{number}", "LEFT", "RIGHT", 1).plain()
                values = reply and [reply]
            if not values and size == 4:
                return got
            got += map(int, values or [])


def push_all(connect, start, count):
    draw = random.Random(start)
    with connect() as connection:
        for value in range(start, start + count):
            queue = f"queue{draw.randrange(4)}"
            if draw.randrange(4):
                connection("RPUSH", queue, value)
            else:
                connection.pipeline([("MULTI",), ("RPUSH", queue, value), ("INCR", "pushed"), ("EXEC",)])


def test_every_element_reaches_one_waiting_process(server, long_tests):
    count = 5000 if long_tests else 150
    results = run_processes(
        server.address,
        [(pop_all, (number, count)) for number in range(6)] + [(push_all, (start * count, count)) for start in range(3)])
    assert sorted(value for got in results[:6] for value in got) == list(range(3 * count))


def test_waiting_processes_are_served_in_their_order(server):
    """One key, ten clients on whatever threads: the first that waits gets the first element, and so on."""
    with server.connect() as control:
        for _ in range(20):
            waiting = [server.connect() for _ in range(10)]
            for index, connection in enumerate(waiting):
                command = [("BLPOP", "line", 0), ("BLMPOP", 0, 1, "line", "LEFT"), ("BLMOVE", "line", "end", "LEFT", "LEFT", 0),
                           ("BLPOP", "other", "line", 0)][index % 4]
                connection.send(encode(command))
                wait_for_blocked(control, index + 1)
            control("RPUSH", "line", *range(10))
            for index, connection in enumerate(waiting):
                reply = connection.read().plain()
                while isinstance(reply, list):
                    reply = reply[-1]
                assert int(reply) == index
                connection.close()


def wait_for_blocked(control, count):
    """The server says how many clients wait; asking is the only way to know."""
    while f"blocked_clients:{count}\r\n".encode() not in control("INFO", "clients").value:
        pass
