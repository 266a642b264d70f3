"""Many connections, silent ones, and ones that never read: memory stays bounded and others are served."""
import resource
import time

import pytest

from support.process import resident_bytes
from support.resp import ServerClosed, encode

MEGABYTE = 1 << 20


def test_idle_connections_cost_little(start, shards, long_tests):
    count = 10_000 if long_tests else 2_000
    needed = count + 500
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < needed:
        pytest.skip(f"{needed} open files are needed, the limit is {hard}")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, needed), hard))
    server = start("--maxclients", count + 100, shards=shards)
    before = resident_bytes(server.pid)
    connections = []
    try:
        for _ in range(count):
            connections.append(server.connect())
        for connection in connections:
            connection.send(b"PING\r\n")
        assert all(connection.read_raw() == b"+PONG\r\n" for connection in connections)
        growth = resident_bytes(server.pid) - before
        assert growth < 16 * MEGABYTE + count * 24 * 1024, f"{growth / count:.0f} bytes a connection"
        assert connections[0].raw("PING") == b"+PONG\r\n"
    finally:
        for connection in connections:
            connection.close()


def test_a_client_that_never_reads_is_dropped_and_delays_nobody(start, shards):
    server = start("--client-output-buffer-limit", "normal", "16mb", "0", "0", shards=shards)
    with server.connect() as reader, server.connect() as silent:
        reader("SET", "large", b"v" * 100_000)
        before, worst, peak = resident_bytes(server.pid), 0, 0
        silent.socket.setblocking(False)
        request = encode(["GET", "large"]) * 10
        # As much as one receive holds: replies of 150 MB.
        silent.socket.send(request * 150)
        for _ in range(400):
            try:
                silent.socket.send(request)
            except BlockingIOError:
                pass
            except (BrokenPipeError, ConnectionResetError):
                break
            start_time = time.perf_counter()
            assert reader.raw("PING") == b"+PONG\r\n"
            worst = max(worst, time.perf_counter() - start_time)
            peak = max(peak, resident_bytes(server.pid))
        assert worst < 0.1, f"PING took {worst * 1000:.0f} ms"
        assert peak - before < 100 * MEGABYTE, f"grew by {(peak - before) / MEGABYTE:.0f} MB"


def test_a_request_that_never_ends_is_bounded(start):
    server = start("--client-query-buffer-limit", "4mb")
    with server.connect() as connection, server.connect() as bystander:
        before = resident_bytes(server.pid)
        try:
            connection.send(b"*3\r\n$3\r\nSET\r\n$3\r\nkey\r\n$100000000\r\n")
            for _ in range(50):
                connection.send(b"v" * MEGABYTE)
        except (BrokenPipeError, ConnectionResetError):
            pass
        else:
            pytest.fail("50 MB were taken although the limit is 4 MB")
        assert resident_bytes(server.pid) - before < 64 * MEGABYTE
        assert bystander.raw("EXISTS", "key") == b":0\r\n"


def test_maxclients_refuses_the_next_one(start, shards):
    server = start("--maxclients", 10, shards=shards)
    connections = [server.connect() for _ in range(10)]
    for connection in connections:
        assert connection.raw("PING") == b"+PONG\r\n"
    with server.connect() as refused:
        assert refused.read_to_end() == b"-ERR max number of clients reached\r\n"
    connections.pop().close()
    # The server learns of the close in its own time; a new client is served as soon as it has.
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            with server.connect() as another:
                if another.raw("PING") == b"+PONG\r\n":
                    break
        except (ServerClosed, ConnectionResetError, BrokenPipeError):
            pass
    else:
        pytest.fail("the place of a closed connection was not given away")
    for connection in connections:
        connection.close()


def test_an_idle_client_is_closed_after_the_timeout(start):
    server = start("--timeout", 1)
    with server.connect(timeout=10) as connection:
        assert connection.raw("PING") == b"+PONG\r\n"
        begin = time.monotonic()
        assert connection.read_to_end() == b""
        assert 0.9 < time.monotonic() - begin < 5
