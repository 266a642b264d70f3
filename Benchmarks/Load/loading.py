"""Fills a server through pipelined raw sockets: keys of 11 bytes, values of any size."""
import socket
import sys

# Keys as they are numbered: 11 bytes, and the form that redis-benchmark makes of `key:__rand_int__`.
SHORT_KEY = b"k:%09d"
BENCHMARK_KEY = b"key:%012d"
BATCH = 1000
# Batches sent ahead of their replies: enough to keep the server busy, too few to fill its buffers.
WINDOW = 4


def set_batch(numbers, value, key, option=b""):
    """One buffer of SET commands; `option` may hold words that are appended to each command."""
    words = option.split()
    head = b"*%d\r\n$3\r\nSET\r\n$%d\r\n" % (3 + len(words), len(key % 0))
    tail = b"\r\n$%d\r\n%b\r\n" % (len(value), value) + b"".join(b"$%d\r\n%b\r\n" % (len(word), word) for word in words)
    pattern = head + key + tail
    return b"".join([pattern % number for number in numbers])


def load(address, count, value_bytes=32, option=b"", modulo=None, key=SHORT_KEY):
    """Sends SETs for `count` numbered keys and reads every reply.

    With `modulo` the numbers go round: the same keys are written again and nothing grows.
    """
    value = b"v" * value_bytes
    in_flight = 0
    with socket.create_connection(address, 120) as connection:
        for start in range(0, count, BATCH):
            size = min(BATCH, count - start)
            first = start % modulo if modulo else start
            connection.sendall(set_batch(range(first, first + size), value, key, option))
            in_flight += size
            if in_flight > BATCH * WINDOW:
                _read_oks(connection, size)
                in_flight -= size
        _read_oks(connection, in_flight)


def encode(words):
    """One command as RESP."""
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%b\r\n" % (len(word), word) for word in words)


def load_elements(address, count, head, words, elements=100):
    """Adds `count` elements to one value, `elements` a command: `head`, then `words(number)` for each."""
    with socket.create_connection(address, 120) as connection:
        for start in range(0, count, elements):
            numbers = range(start, min(start + elements, count))
            connection.sendall(encode([*head, *(word for number in numbers for word in words(number))]))
            _read_line(connection)


def load_commands(address, count, command):
    """Sends one command `count` times, each reply a bulk string."""
    with socket.create_connection(address, 120) as connection:
        replies = connection.makefile("rb")
        for start in range(0, count, BATCH):
            size = min(BATCH, count - start)
            connection.sendall(encode(command) * size)
            for _ in range(2 * size):
                if replies.readline()[:1] in (b"-", b""):
                    raise RuntimeError(f"{command[0].decode()} was refused")


def _read_line(connection):
    line = b""
    while not line.endswith(b"\n"):
        data = connection.recv(4096)
        if not data or data.startswith(b"-"):
            raise RuntimeError(f"unexpected reply: {line + data!r}")
        line += data


def _read_oks(connection, count):
    expected = b"+OK\r\n" * count
    received = b""
    while len(received) < len(expected):
        data = connection.recv(len(expected) - len(received))
        if not data:
            raise ConnectionError("the server closed while it was being loaded")
        received += data
    if received != expected:
        raise RuntimeError(f"unexpected reply: {received[:100]!r}")


if __name__ == "__main__":
    # PORT COUNT VALUE_BYTES MODULO: a process of its own, so that loading does not disturb who measures.
    port, count, value_bytes, modulo = map(int, sys.argv[1:])
    load(("127.0.0.1", port), count, value_bytes, modulo=modulo or None)
