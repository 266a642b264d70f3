"""Messages between clients, on one thread and on several."""
import threading
import time

import pytest

from support.resp import Connection, encode


def info(client, field):
    for line in client("INFO", "everything").value.splitlines():
        if line.startswith(field.encode() + b":"):
            return int(line.split(b":")[1])
    raise AssertionError(field)


def subscribed(server, *command, count=1, **options):
    connection = server.connect(**options)
    connection(*command)
    for _ in range(count - 1):
        connection.read()
    return connection


def test_a_confirmed_subscriber_gets_what_is_published_from_then_on(server):
    with server.connect() as client:
        for number in range(200):
            # Of its own: whether the last one's subscriber is gone yet is not the question.
            name = b"news%d" % number
            with server.connect() as subscriber:
                assert subscriber("SUBSCRIBE", name).plain() == [b"subscribe", name, 1]
                assert client("PUBLISH", name, number).value == 1
                assert subscriber.read().plain() == [b"message", name, b"%d" % number]


def test_receivers_are_counted_over_all_threads(server):
    subscribers = [subscribed(server, "SUBSCRIBE", "a") for _ in range(20)]
    subscribers += [subscribed(server, "PSUBSCRIBE", "?") for _ in range(10)]
    subscribers += [subscribed(server, "PSUBSCRIBE", "?", "*", count=2) for _ in range(5)]
    with server.connect() as client:
        assert client("PUBLISH", "a", "x").value == 20 + 10 + 10
        assert client("PUBLISH", "bb", "x").value == 5
        assert client("SPUBLISH", "a", "x").value == 0
        assert client("PUBSUB", "NUMSUB", "a", "b").plain() == [b"a", 20, b"b", 0]
        assert client("PUBSUB", "NUMPAT").value == 2
        assert client("PUBSUB", "CHANNELS").plain() == [b"a"]
        for subscriber in subscribers[:20]:
            assert subscriber("UNSUBSCRIBE").plain() == [b"message", b"a", b"x"]
            assert subscriber.read().plain() == [b"unsubscribe", b"a", 0]
        assert client("PUBLISH", "a", "x").value == 20
        for subscriber in subscribers:
            subscriber.close()
        deadline = time.monotonic() + 5
        while client("PUBLISH", "a", "x").value and time.monotonic() < deadline:
            time.sleep(0.01)
        assert client("PUBLISH", "a", "x").value == 0
        assert client("PUBSUB", "CHANNELS").plain() == []


def test_messages_of_one_publisher_stay_in_order(server):
    subscribers = [subscribed(server, "SUBSCRIBE", "c") for _ in range(9)]

    def publish(number):
        with server.connect() as client:
            for start in range(0, 2000, 100):
                client.pipeline([("PUBLISH", "c", f"{number}:{start + index}") for index in range(100)])

    threads = [threading.Thread(target=publish, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    for subscriber in subscribers:
        last = [-1, -1, -1]
        for _ in range(6000):
            publisher, number = map(int, subscriber.read().plain()[2].split(b":"))
            assert number == last[publisher] + 1
            last[publisher] = number
    for thread in threads:
        thread.join()


def test_messages_of_different_kinds_come_in_the_order_of_their_publishing(server):
    """Subscribers of several channels and a pattern, of both protocols; long messages among short ones."""
    subscribers = [subscribed(server, "SUBSCRIBE", "a", "b", count=2, protocol=2 + number % 2) for number in range(6)]
    for subscriber in subscribers:
        subscriber("PSUBSCRIBE", "[ab]")
    sent = [(b"aab"[number % 3 : number % 3 + 1], b"%d" % number * (1 if number % 50 else 20_000)) for number in range(400)]
    with server.connect() as client:
        for start in range(0, len(sent), 40):
            counts = client.pipeline([("PUBLISH", channel, message) for channel, message in sent[start : start + 40]])
            assert counts == [b":12\r\n"] * 40
    for subscriber in subscribers:
        for channel, message in sent:
            assert subscriber.read().plain() == [b"message", channel, message]
            assert subscriber.read().plain() == [b"pmessage", b"[ab]", channel, message]
        subscriber.close()


def test_one_own_message_comes_before_the_end_of_the_subscription(server):
    with server.connect(protocol=3) as client:
        commands = [("SUBSCRIBE", "own"), ("PUBLISH", "own", "1"), ("UNSUBSCRIBE", "own"), ("PUBLISH", "own", "2"), ("PING",)]
        client.send(b"".join(encode(words) for words in commands))
        replies = [client.read().plain() for _ in range(6)]
        assert [reply for reply in replies if not isinstance(reply, list)] == [1, 0, b"PONG"]
        assert replies.index([b"subscribe", b"own", 1]) < replies.index([b"message", b"own", b"1"])


def test_an_unsubscribed_client_has_got_what_was_published_before(server):
    with server.connect() as client:
        for number in range(200):
            with server.connect() as subscriber:
                subscriber("SUBSCRIBE", "c")
                assert client("PUBLISH", "c", number).value == 1
                subscriber.send(encode(("UNSUBSCRIBE", "c")))
                assert subscriber.read().plain() == [b"message", b"c", b"%d" % number]
                assert subscriber.read().plain() == [b"unsubscribe", b"c", 0]


@pytest.mark.parametrize("kind", ["", "P", "S"])
def test_a_confirmed_end_of_all_subscriptions_is_known_to_every_thread(server, kind):
    publish = "SPUBLISH" if kind == "S" else "PUBLISH"
    with server.connect() as client:
        for number in range(100):
            names = [b"%d:%d" % (number, index) for index in range(3)]
            with server.connect() as subscriber:
                subscriber(f"{kind}SUBSCRIBE", *names)
                for _ in names[1:]:
                    subscriber.read()
                ended = {subscriber(f"{kind}UNSUBSCRIBE").plain()[1]}
                ended |= {subscriber.read().plain()[1] for _ in names[1:]}
                assert ended == set(names)
                assert [client(publish, name, "x").value for name in names] == [0, 0, 0]


def test_a_resp2_subscriber_may_do_little_else(server):
    subscriber = subscribed(server, "SUBSCRIBE", "c")
    error = subscriber("GET", "k")
    assert error.is_error and error.value.startswith(b"ERR Can't execute 'get': only (P|S)SUBSCRIBE")
    assert subscriber("PING").plain() == [b"pong", b""]
    assert subscriber("PING", "x").plain() == [b"pong", b"x"]
    assert subscriber("RESET").value == b"RESET"
    assert subscriber("GET", "k").value is None
    with server.connect() as client:
        assert client("PUBLISH", "c", "x").value == 0


def test_a_resp3_subscriber_gets_pushes_between_whole_replies(server):
    subscriber = server.connect(protocol=3)
    subscriber("SUBSCRIBE", "c")
    subscriber("MULTI")
    subscriber("SET", "{a}", "1")
    subscriber("PUBLISH", "c", "own")
    subscriber("GET", "{a}")
    assert subscriber("EXEC").plain() == [b"OK", 1, b"1"]
    assert subscriber.read().plain() == [b"message", b"c", b"own"]
    subscriber.close()


@pytest.mark.parametrize("number", [1, 3])
@pytest.mark.parametrize("limit", ["1mb 0 0", "0 256kb 1"])
def test_a_slow_subscriber_is_cut_off_and_nobody_else_minds(start, number, limit):
    server = start("--client-output-buffer-limit", f"pubsub {limit}", shards=number)
    slow = [subscribed(server, "SUBSCRIBE", "c") for _ in range(3)]
    with server.connect() as client, server.connect() as quick:
        quick("SUBSCRIBE", "c")
        message = b"x" * 100_000
        deadline = time.monotonic() + 20
        longest = 0
        while client("PUBLISH", "c", message).value > 1 and time.monotonic() < deadline:
            assert quick.read().plain()[2] == message
            begin = time.monotonic()
            client("PING")
            longest = max(longest, time.monotonic() - begin)
        assert client("PUBLISH", "c", "y").value == 1
        # The figures of a shard that is busy, here with freeing what the clients left, may be a second old.
        while info(client, "client_output_buffer_limit_disconnections") < 3:
            assert time.monotonic() < deadline
        assert info(client, "client_output_buffer_limit_disconnections") == 3
        assert info(client, "pubsub_clients") == 1
    for connection in slow:
        connection.close()


def test_a_publisher_faster_than_other_threads_waits(start):
    server = start(shards=2)
    subscribers = [subscribed(server, "SUBSCRIBE", "c") for _ in range(20)]

    def drain(subscriber):
        for _ in range(3000):
            subscriber.read()

    readers = [threading.Thread(target=drain, args=(subscriber,)) for subscriber in subscribers]
    for reader in readers:
        reader.start()
    with server.connect() as client:
        message = b"x" * 10_000
        replies = client.pipeline([("PUBLISH", "c", message)] * 3000)
        assert replies == [b":20\r\n"] * 3000
    for reader in readers:
        reader.join()
