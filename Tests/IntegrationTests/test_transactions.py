"""Transactions and waiting clients over real sockets, several clients at once, with one shard and with three."""
import random
import threading

import pytest
import redis

from support.resp import encode

ACCOUNTS = [f"account{index}" for index in range(12)]


def client(server):
    host, port = server.address
    return redis.Redis(host=host, port=port, decode_responses=True)


@pytest.fixture
def empty(server):
    with client(server) as connection:
        connection.flushall()
    return server


def run_all(*bodies):
    """Runs the bodies on threads of their own and gives on what one of them raises."""
    failures = []

    def guarded(body):
        try:
            body()
        except Exception as failure:
            failures.append(failure)

    threads = [threading.Thread(target=guarded, args=(body,)) for body in bodies]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not any(thread.is_alive() for thread in threads), "a client waits for ever"
    assert not failures, failures


def wait_for_blocked(connection, count):
    """The server says how many clients wait; asking is the only way to know."""
    while connection.info("clients")["blocked_clients"] < count:
        pass


def test_transfers_by_watch_conserve_the_total(empty):
    with client(empty) as setup:
        setup.mset({account: 100 for account in ACCOUNTS})
    done = threading.Event()
    sums = set()

    def transfer(seed):
        draw = random.Random(seed)
        with client(empty) as connection:
            for _ in range(150):
                source, target = draw.sample(ACCOUNTS, 2)
                with connection.pipeline() as pipeline:
                    try:
                        pipeline.watch(source, target)
                        amounts = [int(pipeline.get(source)), int(pipeline.get(target))]
                        pipeline.multi()
                        pipeline.mset({source: amounts[0] - 1, target: amounts[1] + 1})
                        pipeline.execute()
                    except redis.WatchError:
                        continue

    def watch():
        with client(empty) as connection:
            while not done.is_set():
                sums.add(sum(map(int, connection.mget(ACCOUNTS))))

    watcher = threading.Thread(target=watch)
    watcher.start()
    run_all(*(lambda seed=seed: transfer(seed) for seed in range(4)))
    done.set()
    watcher.join()
    assert sums == {100 * len(ACCOUNTS)}


def test_mset_is_never_seen_half(empty):
    def write(value):
        with client(empty) as connection:
            for _ in range(300):
                connection.mset({account: value for account in ACCOUNTS})

    def read():
        with client(empty) as connection:
            for _ in range(300):
                assert len(set(connection.mget(ACCOUNTS))) == 1

    run_all(lambda: write("a"), lambda: write("b"), read, read)


def test_elements_that_move_are_neither_lost_nor_doubled(empty):
    keys = [f"list{index}" for index in range(6)]
    with client(empty) as setup:
        setup.rpush(keys[0], *range(50))
        setup.sadd("set0", *range(50))

    def move(seed):
        draw = random.Random(seed)
        with client(empty) as connection:
            for _ in range(300):
                connection.lmove(draw.choice(keys), draw.choice(keys), draw.choice(["LEFT", "RIGHT"]), "LEFT")
                connection.smove(f"set{draw.randrange(4)}", f"set{draw.randrange(4)}", draw.randrange(50))
                if draw.random() < 0.2:
                    try:
                        connection.rename(draw.choice(keys), "elsewhere")
                        connection.renamenx("elsewhere", draw.choice(keys))
                    except redis.ResponseError as error:
                        assert "no such key" in str(error)

    with client(empty) as connection:
        run_all(*(lambda seed=seed: move(seed) for seed in range(4)))
        members = [member for index in range(4) for member in connection.smembers(f"set{index}")]
        assert sorted(map(int, members)) == list(range(50))
        elements = [element for key in [*keys, "elsewhere"] for element in connection.lrange(key, 0, -1)]
        # RENAME replaces what is there, so some may be gone, but none is there twice.
        assert len(elements) == len(set(elements))


def test_every_element_reaches_one_waiting_client(empty):
    popped = []

    def pop(count):
        with client(empty) as connection:
            for _ in range(count):
                _, element = connection.blpop([f"queue{index}" for index in range(4)], timeout=30)
                popped.append(int(element))

    def push(start):
        with client(empty) as connection:
            for value in range(start, start + 100):
                connection.rpush(f"queue{value % 4}", value)

    run_all(*(lambda: pop(50) for _ in range(4)), lambda: push(0), lambda: push(100))
    assert sorted(popped) == list(range(200))


def test_waiting_clients_are_served_in_their_order(empty):
    with client(empty) as control:
        order = []
        threads = []
        for index in range(5):
            def wait(index=index):
                with client(empty) as connection:
                    order.append((index, connection.blpop("line", timeout=30)[1]))
            threads.append(threading.Thread(target=wait))
            threads[-1].start()
            wait_for_blocked(control, index + 1)
        control.rpush("line", *range(5))
        for thread in threads:
            thread.join(30)
        assert sorted(order) == [(index, str(index)) for index in range(5)]


@pytest.mark.parametrize("command", [
    ("BLPOP", "a", "b", "0"), ("BLMOVE", "a", "b", "LEFT", "RIGHT", "0"), ("BZPOPMIN", "a", "b", "0"),
    ("XREAD", "BLOCK", "0", "STREAMS", "a", "b", "$", "$"), ("BLMPOP", "0", "2", "a", "b", "LEFT"),
])
def test_a_waiting_client_can_be_unblocked_timed_out_and_killed(empty, command):
    with client(empty) as control, client(empty) as waiter:
        # A client of redis-py would connect anew and wait again.
        connection = waiter.connection_pool.get_connection()
        connection.send_command("CLIENT", "ID")
        identity = connection.read_response()
        for action, expected in ((lambda: control.client_unblock(identity), None),
                                 (lambda: control.client_unblock(identity, error=True), redis.ResponseError),
                                 (lambda: control.client_kill_filter(_id=identity), redis.ConnectionError)):
            connection.send_command(*command)
            wait_for_blocked(control, 1)
            action()
            if expected is None:
                assert not connection.read_response()
            else:
                with pytest.raises(expected):
                    connection.read_response()
            assert control.info("clients")["blocked_clients"] == 0


def test_a_client_that_stalls_after_multi_delays_nobody(empty):
    with client(empty) as control, client(empty) as stalled:
        connection = stalled.connection_pool.get_connection()
        for words in (("MULTI",), ("MSET", *[word for account in ACCOUNTS for word in (account, "0")])):
            connection.send_command(*words)
            connection.read_response()
        control.mset({account: 1 for account in ACCOUNTS})
        assert set(control.mget(ACCOUNTS)) == {"1"}
        connection.send_command("EXEC")
        assert connection.read_response() == ["OK"]
        assert set(control.mget(ACCOUNTS)) == {"0"}


def test_a_transaction_with_commands_of_every_kind(empty):
    with client(empty) as connection, connection.pipeline(transaction=True) as pipeline:
        pipeline.set("a", 1).incr("a").mset({"b": 2, "c": 3}).mget("a", "b", "c").rename("a", "d")
        pipeline.execute_command("CONFIG", "GET", "maxmemory")
        pipeline.dbsize().select(1).set("x", 1).dbsize().select(0).exists("x", "d").keys("*").flushall().dbsize()
        replies = pipeline.execute()
    assert replies[:5] == [True, 2, True, ["2", "2", "3"], True]
    assert replies[6:12] == [3, True, True, 1, True, 1]
    assert sorted(replies[12]) == ["b", "c", "d"]
    assert replies[13:] == [True, 0]


def test_a_call_that_fails_when_served_leaves_the_element_to_the_next(server):
    def wait_for_waiting(count):
        while b"blocked_clients:%d\r" % count not in client("INFO", "clients").value:
            pass

    with server.connect() as client, server.connect() as first, server.connect() as second:
        client("SET", "{t}string", "x")
        first.send(encode(("BRPOPLPUSH", "{t}list", "{t}string", "0")))
        wait_for_waiting(1)
        second.send(encode(("BRPOPLPUSH", "{t}list", "{t}target", "0")))
        wait_for_waiting(2)
        client("LPUSH", "{t}list", "foo")
        assert first.read().value.startswith(b"WRONGTYPE")
        assert second.read().value == b"foo"
        assert client("LRANGE", "{t}target", 0, -1).plain() == [b"foo"]
