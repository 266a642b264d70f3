#!/usr/bin/env python3
"""Server CPU per request, Martlet beside its peers, in one run.

50 clients send the workloads of workloads.py, on random keys or elements, all of them present. The figure is the server's
CPU time (user and system) divided by requests. Rounds are interleaved, so that a slow minute of the machine hits everyone;
medians are compared. First part: one shard, server and generator each pinned to a core. Second part: two shards against
one, nothing pinned.
"""
import argparse
import csv
import statistics
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import markdown
import peers
import servers
import workloads

CLIENTS = 50
SERVER_CPU, GENERATOR_CPU = 0, 1
SECONDS_MAX = 300
TRANSACTIONS = Path(__file__).with_name("transactions.py")


def measure(server, workload, requests, keys, pinned):
    """One run of the generator; (CPU microseconds per request, requests per second)."""
    command = ["taskset", "-c", str(GENERATOR_CPU)] if pinned else []
    if workload.words == ("MULTI",):
        command += [sys.executable, str(TRANSACTIONS), *map(str, (server.port, requests, CLIENTS, keys, len(workloads.VALUE)))]
    else:
        command += ["redis-benchmark", "-p", str(server.port), "-n", str(requests), "-c", str(CLIENTS),
                    "-P", str(workload.pipeline), "-r", str(keys), "--csv", *workload.words]
    if workload.before:
        workload.before(server)
    before = server.cpu_seconds()
    done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS_MAX, check=True)
    used = server.cpu_seconds() - before
    last = list(csv.reader(done.stdout.splitlines()))[-1]
    return used / requests * 1e6, float(last[1] if len(last) > 1 else last[0])


def medians(running, workload, options, pinned):
    """Interleaved rounds; {server: (CPU microseconds, requests per second)}."""
    requests = max(1000, int(workload.requests * options.scale))
    if workload.before:
        requests = min(requests, workload.requests)
    runs = {server: [] for server in running}
    for _ in range(options.rounds):
        for server in running:
            runs[server].append(measure(server, workload, requests, options.keys, pinned))
    return {server: tuple(statistics.median(column) for column in zip(*results)) for server, results in runs.items()}


def chosen(options, goal):
    """The workloads that have such a goal and that `--only` names."""
    return [workload for workload in workloads.ALL if getattr(workload, goal) is not None
            and (not options.only or any(word.lower() in workload.name.lower() for word in options.only))
            and not any(word.lower() in workload.name.lower() for word in options.skip)]


def preload(running, selected, options):
    for fill in dict.fromkeys(workload.fill for workload in selected if workload.fill):
        for server in running:
            fill(server, options.keys)


def cell(result):
    return f"{result[0]:.3f} µs ({result[1]:,.0f}/s)"


def verdict(ratio, goal):
    return f"{ratio:.2f}", f"≤ {goal:.2f}, {markdown.verdict(ratio <= goal)}"


def progress(row):
    """Shows a finished row while the table is still being measured."""
    print(" | ".join(row), file=sys.stderr, flush=True)


def compare_with_peers(options):
    """One shard beside the peers; true when every ratio reaches its goal."""
    with ExitStack() as stack:
        martlet = stack.enter_context(servers.martlet(1, SERVER_CPU))
        others = [stack.enter_context(servers.peer(name, SERVER_CPU)) for name in options.peers]
        running = [martlet, *others]
        # The oldest peer is shown for scale; it is not the one to beat unless it is alone.
        rivals = [server for server in others if server.name != "Redis 7.0"] or others
        selected = chosen(options, "goal")
        preload(running, selected, options)
        rows, reached = [], True
        for workload in selected:
            found = medians(running, workload, options, pinned=True)
            ratio = found[martlet][0] / min(found[server][0] for server in rivals)
            reached = reached and ratio <= workload.goal
            rows.append([workload.name, *(cell(found[server]) for server in running), *verdict(ratio, workload.goal)])
            progress(rows[-1])
        markdown.section("Server CPU per request, one shard, pinned",
                         ["workload", *(server.name for server in running), "ratio to the best peer", "goal"], rows)
    return reached


def compare_shards(options):
    """Two shards beside one, nothing pinned: half of all keys are on the other shard."""
    with ExitStack() as stack:
        one, two = running = [stack.enter_context(servers.martlet(shards)) for shards in (1, 2)]
        selected = chosen(options, "shards_goal")
        preload(running, selected, options)
        rows, reached = [], True
        for workload in selected:
            found = medians(running, workload, options, pinned=False)
            ratio = found[two][0] / found[one][0]
            reached = reached and ratio <= workload.shards_goal
            rows.append([workload.name, cell(found[one]), cell(found[two]), *verdict(ratio, workload.shards_goal)])
            progress(rows[-1])
        markdown.section("Server CPU per request, two shards beside one, unpinned",
                         ["workload", one.name, two.name, "ratio", "goal"], rows)
    return reached


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--keys", type=int, default=1_000_000)
    parser.add_argument("--scale", type=float, default=1.0, help="factor on the number of requests")
    parser.add_argument("--peers", nargs="*", default=list(peers.NAMES), choices=peers.NAMES)
    parser.add_argument("--only", nargs="*", help="only workloads whose name contains one of these")
    parser.add_argument("--skip", nargs="*", default=[], help="no workloads whose name contains one of these")
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
