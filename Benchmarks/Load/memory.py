#!/usr/bin/env python3
"""Growth of the resident set per key: keys of 11 bytes, values of 32, without and with a time to live.

Growth is counted from the empty server, so what a server takes to start is left out.
"""
import argparse
import sys

import loading
import markdown
import peers
import servers

VALUE_BYTES = 32
GOALS = {"no TTL": 70, "TTL": 80}
OPTIONS = {"no TTL": b"", "TTL": b"EX 1000000"}


def bytes_per_key(make, keys, option):
    with make() as server:
        before = server.resident_bytes()
        loading.load(server.address, keys, VALUE_BYTES, option)
        return server.name, (server.resident_bytes() - before) / keys


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keys", type=int, default=2_000_000)
    parser.add_argument("--shards", type=int, nargs="*", default=[1, 2])
    parser.add_argument("--peers", nargs="*", default=list(peers.NAMES), choices=peers.NAMES)
    options = parser.parse_args()
    makers = [lambda shards=shards: servers.martlet(shards) for shards in options.shards]
    martlets = len(makers)
    makers += [lambda name=name: servers.peer(name) for name in options.peers]
    rows, reached = [], True
    for index, make in enumerate(makers):
        row, goals = [], []
        for kind, option in OPTIONS.items():
            name, size = bytes_per_key(make, options.keys, option)
            row.append(f"{size:.1f}")
            if index < martlets:
                is_reached = size <= GOALS[kind]
                reached = reached and is_reached
                goals.append(f"{kind} ≤ {GOALS[kind]}: {markdown.verdict(is_reached)}")
        rows.append([name, *row, "; ".join(goals)])
    markdown.section(f"Resident bytes per key, {options.keys:,} keys", ["server", *OPTIONS, "goals"], rows)
    return 0 if reached else 1


if __name__ == "__main__":
    sys.exit(main())
