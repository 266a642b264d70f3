#!/usr/bin/env python3
"""How long others wait: PING once a millisecond on one connection while another keeps the server busy.

Three times: while keys are inserted, while KEYS * runs over half of them, and while FLUSHALL drops those. Inserting is
compared with Redis writing the same number of times over keys that exist, where no table grows.
"""
import argparse
import subprocess
import sys
from pathlib import Path

import loading
import markdown
import peers
import servers
from pings import PingLoop

VALUE_BYTES = 32
STEADY_KEYS = 1_000_000
INSERT_GOAL_MS = 2
PAUSE_GOAL_MS = 5


def load_apart(server, count, modulo=0):
    """Loads from a process of its own."""
    subprocess.run([sys.executable, Path(loading.__file__), str(server.port), str(count), str(VALUE_BYTES), str(modulo)],
                   check=True)


def during(server, work):
    with PingLoop(server.address) as loop:
        work()
    return loop.summary()


def list_all_keys(server, count):
    with server.connect() as connection:
        read_all_keys(connection, count)


def read_all_keys(connection, count):
    """KEYS *, read to the last byte without looking at it."""
    connection.sendall(b"KEYS *\r\n")
    header = b""
    while not header.endswith(b"\r\n"):
        header += connection.recv(1)
    assert header == b"*%d\r\n" % count, header
    remaining = count * len(b"$11\r\n%b\r\n" % (loading.SHORT_KEY % 0))
    buffer = memoryview(bytearray(1 << 20))
    while remaining:
        received = connection.recv_into(buffer, min(remaining, len(buffer)))
        assert received, "closed before the reply's end"
        remaining -= received


def measure(server, inserts, listed):
    """Percentiles while inserting, while listing, while dropping."""
    growing = during(server, lambda: load_apart(server, inserts))
    server.command("FLUSHALL")
    load_apart(server, listed)
    return {
        f"insert {inserts:,} keys": growing,
        f"KEYS * over {listed:,}": during(server, lambda: list_all_keys(server, listed)),
        f"FLUSHALL of {listed:,}": during(server, lambda: server.command("FLUSHALL")),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--inserts", type=int, default=10_000_000)
    parser.add_argument("--listed", type=int, default=5_000_000)
    parser.add_argument("--shards", type=int, nargs="*", default=[1, 2])
    parser.add_argument("--peers", nargs="*", default=["redis8"], choices=peers.NAMES)
    options = parser.parse_args()
    rows, reached = [], True
    with servers.peer("redis8" if "redis8" in options.peers else "redis7") as steady:
        load_apart(steady, STEADY_KEYS)
        base = during(steady, lambda: load_apart(steady, options.inserts, STEADY_KEYS))
        rows.append([steady.name, f"overwrite {options.inserts:,} times", *(f"{figure:.2f}" for figure in base), ""])
    makers = [(True, lambda shards=shards: servers.martlet(shards)) for shards in options.shards]
    makers += [(False, lambda name=name: servers.peer(name)) for name in options.peers]
    for is_martlet, make in makers:
        with make() as server:
            for index, (work, figures) in enumerate(measure(server, options.inserts, options.listed).items()):
                goal, figure = (base[2] + INSERT_GOAL_MS, figures[2]) if index == 0 else (PAUSE_GOAL_MS, figures[3])
                is_reached = figure <= goal
                reached = reached and (not is_martlet or is_reached)
                mark = (f"{'p99.9' if index == 0 else 'max'} ≤ {goal:.2f}, {markdown.verdict(is_reached)}"
                        if is_martlet else "")
                rows.append([server.name, work, *(f"{figure:.2f}" for figure in figures), mark])
    markdown.section("PING beside work, milliseconds", ["server", "work", "p50", "p99", "p99.9", "max", "goal"], rows)
    return 0 if reached else 1


if __name__ == "__main__":
    sys.exit(main())
