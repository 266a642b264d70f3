#!/usr/bin/env python3
"""How long a PING waits beside one command on a value of millions of elements.

A PING once a millisecond on one connection, while another runs SMEMBERS, SINTERSTORE, SORT, ... and reads all of the reply. A value
that is deleted is given the time until nothing of it is left to be freed. One row a command, each in a server that holds what it needs.
"""
import argparse
import sys
import time

import loading
import markdown
import peers
import servers
from pings import PingLoop

GOAL_MS = 5
BUFFER_BYTES = 1 << 20
# What is freed in the background is looked for this often.
POLL_SECONDS = 0.01

COMMANDS = [
    (b"SMEMBERS", b"{v}set"),
    (b"SINTERSTORE", b"{v}stored", b"{v}set", b"{v}other"),
    (b"SUNION", b"{v}set", b"{v}other"),
    (b"HGETALL", b"{v}hash"),
    (b"ZRANGE", b"{v}zset", b"0", b"-1", b"WITHSCORES"),
    (b"ZUNIONSTORE", b"{v}stored", b"2", b"{v}zset", b"{v}other"),
    (b"SORT", b"{v}list", b"STORE", b"{v}stored"),
    (b"SORT", b"{v}set", b"ALPHA"),
    (b"COPY", b"{v}set", b"{v}stored", b"REPLACE"),
    (b"DEL", b"{v}set", b"{v}other", b"{v}hash", b"{v}zset", b"{v}list"),
]


def fill(server, count):
    """A set, one that shares half of its members, a hash, a sorted set and a list, in no order."""
    member = b"element:%012d"
    shuffled = 7_368_787  # a prime: numbers times it, modulo the count, come in no order
    load = lambda name, command, words: loading.load_elements(server.address, count, [command, name], words)
    load(b"{v}set", b"SADD", lambda number: (member % number,))
    load(b"{v}other", b"SADD", lambda number: (member % (number + count // 2),))
    load(b"{v}hash", b"HSET", lambda number: (member % number, b"v" * 16))
    load(b"{v}zset", b"ZADD", lambda number: (b"%d" % (number * shuffled % count), member % number))
    load(b"{v}list", b"RPUSH", lambda number: (b"%d" % (number * shuffled % count),))


def run(server, words):
    """Runs a command to the last byte of its reply, and of its freeing."""
    with server.connect() as connection:
        # The reply of the ECHO behind it is the end of the reply.
        end = b"$3\r\nend\r\n"
        connection.sendall(loading.encode(words) + loading.encode((b"ECHO", b"end")))
        buffer, tail = memoryview(bytearray(BUFFER_BYTES)), b""
        while not tail.endswith(end):
            count = connection.recv_into(buffer)
            assert count, "the server closed the connection"
            tail = (tail + bytes(buffer[max(0, count - len(end)):count]))[-len(end):]
    while int(server.info("memory").get("lazyfree_pending_objects", 0)):
        time.sleep(POLL_SECONDS)


def rows(server, count, is_measured):
    fill(server, count)
    for words in COMMANDS:
        with PingLoop(server.address) as loop:
            started = time.monotonic()
            run(server, words)
            seconds = time.monotonic() - started
        figures = loop.summary()
        is_reached = figures[2] <= GOAL_MS
        yield is_reached, [server.name, b" ".join(words[:1]).decode() + (" ALPHA" if b"ALPHA" in words else ""), f"{seconds:.2f}",
                           *(f"{figure:.2f}" for figure in figures),
                           f"p99.9 ≤ {GOAL_MS}, {'reached' if is_reached else 'missed'}" if is_measured else ""]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--elements", type=int, default=2_000_000)
    parser.add_argument("--shards", type=int, nargs="*", default=[1, 2])
    parser.add_argument("--peers", nargs="*", default=["redis8"], choices=peers.NAMES)
    options = parser.parse_args()
    table, reached = [], True
    makers = [(True, lambda shards=shards: servers.martlet(shards)) for shards in options.shards]
    makers += [(False, lambda name=name: servers.peer(name)) for name in options.peers]
    for is_measured, make in makers:
        with make() as server:
            for is_reached, row in rows(server, options.elements, is_measured):
                reached = reached and (is_reached or not is_measured)
                table.append(row)
                print(" | ".join(row), file=sys.stderr, flush=True)
    markdown.section(f"PING beside a command on {options.elements:,} elements, milliseconds",
                     ["server", "command", "seconds", "p50", "p99", "p99.9", "max", "goal"], table)
    return 0 if reached else 1


if __name__ == "__main__":
    sys.exit(main())
