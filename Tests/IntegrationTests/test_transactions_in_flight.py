"""What CLIENT PAUSE, KILL, REPLY, shutdown and clients of bad manners do while transactions are on their way.

With 1, 2 and 4 shards; the keys of every transaction are spread over all of them.
"""
import threading
import time

import pytest

from support.clients import run_processes
from support.resp import ServerClosed, encode

KEYS = [f"key{index}" for index in range(16)]


@pytest.fixture(scope="module", params=[1, 2, 4], ids=lambda count: f"shards{count}")
def shards(request):
    return request.param


def set_all(value):
    return ("MSET", *(word for key in KEYS for word in (key, value)))


def read_all(connection):
    return [reply.value for reply in connection("MGET", *KEYS).value]


def values_while(server, body):
    """Runs `body` while another client reads all keys again and again; the sets of values it has seen at a time."""
    done = threading.Event()
    seen, slowest = [], [0.0]

    def look():
        with server.connect() as connection:
            while not seen or not done.is_set():
                start = time.monotonic()
                seen.append(len(set(read_all(connection))))
                slowest[0] = max(slowest[0], time.monotonic() - start)

    with server.connect() as connection:
        connection(*set_all("start"))
    thread = threading.Thread(target=look)
    thread.start()
    try:
        body()
    finally:
        done.set()
        thread.join(60)
    assert not thread.is_alive(), "a reader waits for ever"
    return set(seen), slowest[0]


def write_until_closed(connect, number):
    """Writes all keys by turns as MSET and as a transaction, several at a time, until the connection ends."""
    with connect() as connection:
        try:
            for round_ in range(1 << 40):
                value = f"{number}-{round_}"
                connection.pipeline([("CLIENT", "ID"), set_all(value), ("MULTI",), set_all(value), ("GET", KEYS[0]), ("EXEC",)])
        except (ServerClosed, ConnectionError):
            return round_
    return None


def test_a_blocked_move_does_not_touch_its_watched_target(server):
    """A client that waits to move something has changed nothing: who watches the target goes through."""
    for index in range(20):
        source, target, value = f"source{index}", f"target{index}", f"value{index}"
        with server.connect() as control, server.connect() as blocked, server.connect() as watching:
            control("SET", value, "x")
            blocked.send(encode(("BLMOVE", source, target, "RIGHT", "LEFT", 0)))
            wait_for_blocked(control)
            assert watching.pipeline([("WATCH", target), ("MULTI",), ("GET", value)])[0] == b"+OK\r\n"
            assert watching("EXEC").plain() == [b"x"]
            # And once it has moved something, it has.
            assert watching.pipeline([("WATCH", target), ("MULTI",), ("GET", value)])[0] == b"+OK\r\n"
            control("LPUSH", source, "element")
            assert blocked.read().plain() == b"element"
            assert watching("EXEC").plain() is None


def wait_for_blocked(control):
    while b"blocked_clients:1\r\n" not in control("INFO", "clients").value:
        pass


def test_killed_clients_leave_whole_transactions(server):
    def kill_them():
        with server.connect() as control:
            for round_ in range(6):
                clients = []
                for number in range(4):
                    connection = server.connect()
                    identity = connection("CLIENT", "ID").value
                    for value in range(50):
                        connection.send(encode(("MULTI",)) + encode(set_all(f"{round_}-{number}-{value}")) + encode(("EXEC",)))
                    clients.append((connection, identity))
                for connection, identity in clients:
                    control("CLIENT", "KILL", "ID", identity)
                for connection, _ in clients:
                    connection.read_to_end()
                    connection.close()

    assert values_while(server, kill_them)[0] == {1}


def test_clients_that_vanish_leave_whole_transactions(server):
    """Closed without a word, or with half a command sent, while transactions of theirs are under way."""
    def vanish():
        for round_ in range(40):
            connection = server.connect()
            connection.send(encode(("WATCH", *KEYS)) + encode(("MULTI",)) + encode(set_all(f"x{round_}")) + encode(("EXEC",)))
            connection.send(encode(set_all(f"y{round_}")) + encode(set_all("half"))[:-20])
            connection.close()

    assert values_while(server, vanish)[0] == {1}


def test_a_pause_holds_whole_transactions_back(server):
    with server.connect() as control, server.connect() as writer, server.connect() as reader:
        control(*set_all("before"))
        assert control("CLIENT", "PAUSE", 10_000, "WRITE").value == b"OK"
        writer.pipeline([("MULTI",)])
        writer.send(encode(set_all("after")) + encode(("EXEC",)))
        # Reading goes on, in transactions too; what is held back is not begun.
        replies = reader.pipeline([("MULTI",), ("MGET", *KEYS), ("EXEC",)])
        assert replies[-1].count(b"before") == len(KEYS)
        assert set(read_all(reader)) == {b"before"}
        control("CLIENT", "UNPAUSE")
        assert writer.read().value == b"QUEUED"
        assert writer.read().plain() == [b"OK"]
        assert set(read_all(reader)) == {b"after"}


def test_a_pause_of_writes_holds_back_what_was_queued_before_it(server):
    with server.connect() as control, server.connect() as writer, server.connect() as reader:
        control(*set_all("before"))
        writer.pipeline([("MULTI",), set_all("after")])
        reader.pipeline([("MULTI",), ("MGET", *KEYS)])
        control("CLIENT", "PAUSE", 10_000, "WRITE")
        writer.send(encode(("EXEC",)))
        assert set(reader("EXEC").plain()[0]) == {b"before"}
        assert set(read_all(control)) == {b"before"}
        control("CLIENT", "UNPAUSE")
        assert writer.read().plain() == [b"OK"]
        assert set(read_all(control)) == {b"after"}


def test_pausing_all_the_time_delays_but_breaks_nothing(server):
    def write_through_pauses():
        stop = threading.Event()

        def pause():
            with server.connect() as control:
                while not stop.is_set():
                    control("CLIENT", "PAUSE", 20, "ALL")
                    time.sleep(0.03)
                control("CLIENT", "UNPAUSE")

        pauser = threading.Thread(target=pause)
        pauser.start()
        with server.connect() as connection:
            for value in range(30):
                replies = connection.pipeline([("MULTI",), set_all(value), ("EXEC",), set_all(-value)])
                assert replies[2:] == [b"*1\r\n+OK\r\n", b"+OK\r\n"]
        stop.set()
        pauser.join()

    assert values_while(server, write_through_pauses)[0] == {1}


def test_silent_clients_have_their_transactions_done(server):
    with server.connect() as silent, server.connect() as reader:
        commands = [("CLIENT", "REPLY", "OFF")]
        for value in range(50):
            commands += [("MULTI",), set_all(value), ("EXEC",), ("MGET", *KEYS), ("WATCH", *KEYS), ("UNWATCH",)]
        commands += [("CLIENT", "REPLY", "ON")]
        silent.send(b"".join(map(encode, commands)))
        assert silent.read().value == b"OK"
        assert set(read_all(reader)) == {b"49"}
        skipped = [("CLIENT", "REPLY", "SKIP"), set_all("skipped"), ("MGET", KEYS[0], KEYS[1])]
        silent.send(b"".join(map(encode, skipped)))
        assert silent.read().plain() == [b"skipped"] * 2


def test_a_client_that_never_reads_delays_nobody(server, long_tests):
    """Its own transactions and large replies pile up; everybody else's go on."""
    with server.connect() as control:
        control("CONFIG", "SET", "client-output-buffer-limit", "normal 0 0 0")
        control("SET", "large", "x" * 100_000)
    greedy = server.connect()
    stalled = server.connect()
    stalled.pipeline([("WATCH", *KEYS), ("MULTI",), set_all("stalled")])
    flood = b"".join(map(encode, [("MULTI",), ("MGET", *["large"] * 10, *KEYS), set_all("greedy"), ("EXEC",)]))
    greedy.socket.settimeout(0.5)
    try:
        for _ in range(2000):
            greedy.send(flood)
    except TimeoutError:
        pass  # the server has stopped taking what it sends

    def work():
        with server.connect() as connection:
            for value in range(2000 if long_tests else 300):
                connection.pipeline([set_all(value), ("MULTI",), set_all(value), ("MGET", *KEYS), ("EXEC",)])

    kinds, slowest = values_while(server, work)
    assert kinds == {1}
    assert slowest < 1
    assert stalled("EXEC").plain() is None
    greedy.close()
    stalled.close()


@pytest.mark.parametrize("signal", ["term", "command"])
def test_a_shutdown_answers_or_closes_every_client(start, shards, signal):
    """Clients of transactions, and ones that wait, when the server stops: it ends cleanly and in time."""
    server = start(shards=shards)
    waiting = [server.connect() for _ in range(3)]
    for connection, command in zip(waiting, [("BLPOP", *KEYS, 0), ("BLMOVE", KEYS[0], KEYS[1], "LEFT", "LEFT", 0), ("WAIT", 1, 0)]):
        connection.send(encode(command))
    half = server.connect()
    half.pipeline([("MULTI",), set_all("never")])

    def stop():
        time.sleep(1.5)
        if signal == "term":
            server.process.terminate()
        else:
            with server.connect() as control:
                control.send(encode(("SHUTDOWN", "NOSAVE")))
                control.read_to_end()

    stopper = threading.Thread(target=stop)
    stopper.start()
    rounds = run_processes(server.address, [(write_until_closed, (number,)) for number in range(4)])
    stopper.join()
    assert all(rounds), rounds
    assert server.process.wait(10) == 0
    for connection in [*waiting, half]:
        connection.read_to_end()
        connection.close()
