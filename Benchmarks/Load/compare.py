#!/usr/bin/env python3
"""Server CPU per request, Martlet beside its peers, in one run.

GET and SET of 64-byte values on random keys, all of them present, 50 clients, at several pipeline depths. The figure is
the server's CPU time (user and system) divided by requests. Rounds are interleaved, so that a slow minute of the
machine hits everyone; medians are compared. First part: one shard, server and generator each pinned to a core. Second
part: two shards against one, nothing pinned.
"""
import argparse
import csv
import statistics
import subprocess
import sys
from contextlib import ExitStack

import loading
import markdown
import peers
import servers

CLIENTS = 50
VALUE_BYTES = 64
PIPELINES = (1, 16, 100)
REQUESTS = {1: 100_000, 16: 800_000, 100: 2_000_000}
SERVER_CPU, GENERATOR_CPU = 0, 1
SECONDS_MAX = 300
# What the one-shard figures should reach, relative to the best peer.
GOALS = {1: 0.85, 16: 0.65, 100: 0.40}
SHARDS_GOAL = 1.6


def measure(server, test, pipeline, requests, keys, pinned):
    """One run of redis-benchmark; (CPU microseconds per request, requests per second)."""
    words = [test, "key:__rand_int__"] + (["v" * VALUE_BYTES] if test == "SET" else [])
    command = ["taskset", "-c", str(GENERATOR_CPU)] if pinned else []
    command += ["redis-benchmark", "-p", str(server.port), "-n", str(requests), "-c", str(CLIENTS), "-P", str(pipeline),
                "-r", str(keys), "--csv", *words]
    before = server.cpu_seconds()
    done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS_MAX, check=True)
    used = server.cpu_seconds() - before
    rate = float(list(csv.reader(done.stdout.splitlines()))[-1][1])
    return used / requests * 1e6, rate


def medians(running, test, pipeline, requests, options, pinned):
    """Interleaved rounds; {server: (CPU microseconds, requests per second)}."""
    runs = {server: [] for server in running}
    for _ in range(options.rounds):
        for server in running:
            runs[server].append(measure(server, test, pipeline, requests, options.keys, pinned))
    return {server: tuple(statistics.median(column) for column in zip(*results)) for server, results in runs.items()}


def workloads(options):
    for test in ("GET", "SET"):
        for pipeline in PIPELINES:
            yield test, pipeline, max(1000, int(REQUESTS[pipeline] * options.scale))


def preload(running, options):
    for server in running:
        loading.load(server.address, options.keys, VALUE_BYTES, key=loading.BENCHMARK_KEY)


def cell(result):
    return f"{result[0]:.3f} µs ({result[1]:,.0f}/s)"


def compare_with_peers(options):
    """One shard beside the peers; true when every ratio reaches its goal."""
    with ExitStack() as stack:
        martlet = stack.enter_context(servers.martlet(1, SERVER_CPU))
        others = [stack.enter_context(servers.peer(name, SERVER_CPU)) for name in options.peers]
        running = [martlet, *others]
        # The oldest peer is shown for scale; it is not the one to beat unless it is alone.
        rivals = [server for server in others if server.name != "Redis 7.0"] or others
        preload(running, options)
        rows, reached = [], True
        for test, pipeline, requests in workloads(options):
            found = medians(running, test, pipeline, requests, options, pinned=True)
            ratio = found[martlet][0] / min(found[server][0] for server in rivals)
            reached = reached and ratio <= GOALS[pipeline]
            rows.append([f"{test}, pipeline {pipeline}", *(cell(found[server]) for server in running), f"{ratio:.2f}",
                         f"≤ {GOALS[pipeline]:.2f}"])
        markdown.section("Server CPU per request, one shard, pinned",
                         ["workload", *(server.name for server in running), "ratio to the best peer", "goal"], rows)
    return reached


def compare_shards(options):
    """Two shards beside one, nothing pinned: half of all keys are on the other shard."""
    with ExitStack() as stack:
        one, two = running = [stack.enter_context(servers.martlet(shards)) for shards in (1, 2)]
        preload(running, options)
        rows, reached = [], True
        for test, pipeline, requests in workloads(options):
            found = medians(running, test, pipeline, requests, options, pinned=False)
            ratio = found[two][0] / found[one][0]
            reached = reached and ratio <= SHARDS_GOAL
            rows.append([f"{test}, pipeline {pipeline}", cell(found[one]), cell(found[two]), f"{ratio:.2f}",
                         f"≤ {SHARDS_GOAL:.2f}"])
        markdown.section("Server CPU per request, two shards beside one, unpinned",
                         ["workload", one.name, two.name, "ratio", "goal"], rows)
    return reached


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--keys", type=int, default=1_000_000)
    parser.add_argument("--scale", type=float, default=1.0, help="factor on the number of requests")
    parser.add_argument("--peers", nargs="*", default=list(peers.NAMES), choices=peers.NAMES)
    parser.add_argument("--part", choices=("peers", "shards"), help="only one of the two parts")
    options = parser.parse_args()
    reached = True
    if options.part != "shards":
        reached = compare_with_peers(options) and reached
    if options.part != "peers":
        reached = compare_shards(options) and reached
    return 0 if reached else 1


if __name__ == "__main__":
    sys.exit(main())
