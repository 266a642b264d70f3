#!/usr/bin/env python3
"""Bytes per element of each data type, Martlet beside its peers: growth of the resident set over the payload too.

Every value is loaded through one pipelined connection. Before growth is counted, a little of it is loaded and
flushed again, so that what a server takes to start and to serve at all (buffers, code) is left out. The goal is to be at or below the better peer.
"""
import argparse
import socket
import sys

import markdown
import peers
import servers

BATCH = 500
WARM_UP = 30_000
SETTLE_PINGS = 200


def encode(*words):
    words = [word if isinstance(word, bytes) else str(word).encode() for word in words]
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%b\r\n" % (len(word), word) for word in words)


def hashes(count):
    """Hashes of ten fields; an element is a field."""
    for number in range(count // 10):
        yield encode("HSET", f"h:{number:08d}", *(word for field in range(10) for word in (
            f"field{field}", f"value{(number * 10 + field) % 99991}")))


def member_set(count):
    for number in range(count):
        yield encode("SADD", "set", f"member:{number:09d}")


def sorted_set(count):
    for number in range(count):
        yield encode("ZADD", "zset", (number * 7919) % 1_000_003, f"member:{number:09d}")


def stream(count):
    for number in range(count):
        yield encode("XADD", "stream", f"{1_700_000_000_000 + number}-0", "sensor", number % 1000, "value", number)


def element_list(count):
    for number in range(count):
        yield encode("RPUSH", "list", f"element:{number:08d}")


WORKLOADS = {
    "hash of 10 fields": hashes,
    "set, 16-byte members": member_set,
    "sorted set, 16-byte members": sorted_set,
    "stream, 2 fields an entry": stream,
    "list, 16-byte elements": element_list,
}


def load(address, commands):
    """Sends all commands, one batch behind its replies."""
    with socket.create_connection(address, 120) as connection:
        replies = connection.makefile("rb")
        batch, waiting = [], 0

        def send():
            nonlocal waiting
            connection.sendall(b"".join(batch))
            skip(replies, waiting)
            waiting = len(batch)
            batch.clear()

        for command in commands:
            batch.append(command)
            if len(batch) == BATCH:
                send()
        send()
        skip(replies, waiting)


def skip(replies, count):
    for _ in range(count):
        line = replies.readline()
        if line[:1] == b"-" or not line:
            raise RuntimeError(f"unexpected reply: {line!r}")
        if line[:1] == b"$":
            replies.read(int(line[1:]) + 2)


def settle(server):
    """Time for what happens in the background, such as freeing."""
    for _ in range(SETTLE_PINGS):
        server.command("PING")


def bytes_per_element(make, workload, count):
    with make() as server:
        load(server.address, WORKLOADS[workload](min(WARM_UP, count)))
        server.command("FLUSHALL")
        settle(server)
        before = server.resident_bytes()
        load(server.address, WORKLOADS[workload](count))
        settle(server)
        return server.name, (server.resident_bytes() - before) / count


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--elements", type=int, default=1_000_000)
    parser.add_argument("--peers", nargs="*", default=["redis8", "valkey9"], choices=peers.NAMES)
    parser.add_argument("--only", nargs="*", default=list(WORKLOADS), choices=list(WORKLOADS))
    options = parser.parse_args()
    makers = [lambda: servers.martlet(1), *(lambda name=name: servers.peer(name) for name in options.peers)]
    rows, names, reached = [], [], True
    for workload in options.only:
        results = [bytes_per_element(make, workload, options.elements) for make in makers]
        names, sizes = zip(*results)
        best = min(sizes[1:], default=sizes[0])
        is_reached = sizes[0] <= best
        reached = reached and is_reached
        rows.append([workload, *(f"{size:.1f}" for size in sizes), f"{sizes[0] / best:.2f}",
                     f"≤ 1.00, {markdown.verdict(is_reached)}"])
    markdown.section(f"Resident bytes per element, {options.elements:,} elements",
                     ["value", *names, "ratio to the best peer", "goal"], rows)
    return 0 if reached else 1


if __name__ == "__main__":
    sys.exit(main())
