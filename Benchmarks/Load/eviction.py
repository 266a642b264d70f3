#!/usr/bin/env python3
"""What a limit of memory costs.

Hit rate of a cache with room for a fifth of the keys, whose requests follow Zipf's law (0.99), and how many keys it
holds, all servers with the same `maxmemory`; and how much of the resident set lies beyond `maxmemory` while values of
ever other sizes come and go.
"""
import argparse
import itertools
import random
import sys

import markdown
import peers
import servers

POLICIES = ["allkeys-lru", "allkeys-lfu"]
BATCH = 64
VALUE = b"x" * 32
CHURN_SIZES = [100, 700, 250, 3000, 100, 1500, 250]
RESIDENT_GOAL = 1.1


def trace(keys, requests, seed=1):
    """Names in the order of the requests; which names are frequent is drawn."""
    draw = random.Random(seed)
    names = [b"key:%08d" % index for index in range(keys)]
    draw.shuffle(names)
    weights = list(itertools.accumulate(1 / rank ** 0.99 for rank in range(1, keys + 1)))
    return draw.choices(names, cum_weights=weights, k=requests)


def encode(*words):
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%b\r\n" % (len(word), word) for word in words)


def hit_rate(server, requests):
    """Of the second half; what was missed is set."""
    hits = 0
    with server.connect() as connection:
        file = connection.makefile("rb")
        for at in range(0, len(requests), BATCH):
            batch = requests[at:at + BATCH]
            connection.sendall(b"".join(encode(b"GET", name) for name in batch))
            missed = []
            for name in batch:
                if file.readline() == b"$-1\r\n":
                    missed.append(name)
                else:
                    file.readline()
            if missed:
                connection.sendall(b"".join(encode(b"SET", name, VALUE) for name in missed))
                for _ in missed:
                    reply = file.readline()
                    if reply != b"+OK\r\n":
                        raise RuntimeError(f"{server.name}: {reply}")
            if at >= len(requests) // 2:
                hits += len(batch) - len(missed)
    return hits / (len(requests) - len(requests) // 2)


def churned_resident_bytes(server, limit):
    """Values of ever other sizes, each time enough to replace all twice: the largest resident sets when a size is through, and
    at any moment."""
    after = worst = 0
    text = b"x" * (2 * max(CHURN_SIZES))
    with server.connect() as connection:
        number = 0
        for size in CHURN_SIZES:
            draw = random.Random(size)
            written = 0
            while written < 2 * limit:
                batch = []
                for _ in range(BATCH):
                    count = draw.randrange(size // 2, size * 3 // 2)
                    batch.append(encode(b"SET", b"key:%d" % number, text[:count]))
                    written += count + 64
                    number += 1
                connection.sendall(b"".join(batch))
                missing = BATCH * len(b"+OK\r\n")
                while missing:
                    missing -= len(connection.recv(missing))
                worst = max(worst, server.resident_bytes())
            after = max(after, server.resident_bytes())
    return after, worst


def limited(make, limit, policy):
    server = make()
    server.command("CONFIG", "SET", "maxmemory", str(limit), "maxmemory-policy", policy, "maxmemory-samples", "10")
    return server


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keys", type=int, default=500_000)
    parser.add_argument("--requests", type=int, default=1_500_000)
    parser.add_argument("--limit", type=int, default=7 << 20, help="room for about a fifth of the keys")
    parser.add_argument("--churn-limit", type=int, default=512 << 20)
    parser.add_argument("--shards", type=int, nargs="*", default=[1])
    parser.add_argument("--peers", nargs="*", default=["redis8"], choices=peers.NAMES)
    parser.add_argument("--only", choices=["hits", "churn"])
    options = parser.parse_args()
    makers = [lambda shards=shards: servers.martlet(shards) for shards in options.shards]
    makers += [lambda name=name: servers.peer(name) for name in options.peers]
    if options.only != "churn":
        requests = trace(options.keys, options.requests)
        rows = []
        for policy in POLICIES:
            found = []
            for make in makers:
                with limited(make, options.limit, policy) as server:
                    found.append((server.name, hit_rate(server, requests), int(server.command("DBSIZE")[1:])))
            best = max((rate for name, rate, _ in found if not name.startswith("Martlet")), default=0)
            for name, rate, held in found:
                goal = f"≥ {best * 100:.2f} %, {markdown.verdict(rate >= best)}" if name.startswith("Martlet") else ""
                rows.append([name, policy, f"{rate * 100:.2f} %", f"{held:,}", goal])
        markdown.section(
            f"Zipf(0.99) over {options.keys:,} keys, {options.limit >> 20} MiB, {options.requests:,} requests",
            ["server", "policy", "hits", "keys held", "goal"], rows)
    if options.only != "hits":
        rows = []
        for make in makers:
            with limited(make, options.churn_limit, "allkeys-lru") as server:
                after, worst = (size / options.churn_limit for size in churned_resident_bytes(server, options.churn_limit))
                goal = (f"≤ {RESIDENT_GOAL}, {markdown.verdict(worst <= RESIDENT_GOAL)}"
                        if server.name.startswith("Martlet") else "")
                rows.append([server.name, f"{after:.3f}", f"{worst:.3f}", goal])
        markdown.section(f"Resident set over maxmemory ({options.churn_limit >> 20} MiB), sizes in turn",
                         ["server", "largest when a size is through", "largest", "goal"], rows)
    return 0


if __name__ == "__main__":
    sys.exit(main())
