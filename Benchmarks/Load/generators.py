#!/usr/bin/env python3
"""What the load generators themselves cost: martlet-benchmark beside redis-benchmark.

Both load the same server with 50 clients, GET and SET on random keys, in turns; generator and server are pinned to a core each. The
figure is the generator's CPU time (user and system) divided by requests.
"""
import argparse
import resource
import statistics
import subprocess
import sys
from pathlib import Path

import loading
import markdown
import servers

SERVER_CPU, GENERATOR_CPU = 0, 1
KEYS = 1_000_000
GOAL = 1.5
REQUESTS = {1: 200_000, 16: 2_000_000, 100: 3_000_000}


def cpu_seconds(command):
    """CPU time that a process took from its start to its end."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(["taskset", "-c", str(GENERATOR_CPU), *command], check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--pipelines", type=int, nargs="*", default=list(REQUESTS), choices=list(REQUESTS))
    options = parser.parse_args()
    ours = str(Path(servers.martlet_binary()).with_name("martlet-benchmark"))
    rows, reached = [], True
    with servers.martlet(1, SERVER_CPU) as server:
        loading.load(server.address, KEYS, 3, key=loading.BENCHMARK_KEY)
        for pipeline in options.pipelines:
            requests = REQUESTS[pipeline]
            for test in ("get", "set"):
                costs = {"redis-benchmark": [], ours: []}
                for _ in range(options.rounds):
                    for binary, found in costs.items():
                        found.append(cpu_seconds([binary, "-p", str(server.port), "-c", "50", "-P", str(pipeline), "-q",
                                                  "-n", str(requests), "-r", str(KEYS), "-t", test]) / requests * 1e6)
                theirs, mine = (statistics.median(found) for found in costs.values())
                is_reached = theirs / mine >= GOAL
                reached = reached and is_reached
                rows.append([f"{test.upper()}, pipeline {pipeline}", f"{theirs:.3f} µs", f"{mine:.3f} µs",
                             f"{theirs / mine:.2f}",
                             f"≥ {GOAL}, {markdown.verdict(is_reached)}"])
    markdown.section("Requests per CPU second of the generator",
                     ["workload", "redis-benchmark", "martlet-benchmark", "ratio", "goal"], rows)
    return 0 if reached else 1


if __name__ == "__main__":
    sys.exit(main())
