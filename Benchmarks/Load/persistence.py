#!/usr/bin/env python3
"""What keeping the data costs: append-only files, snapshots, and reading them again, beside peers on the same disk.

Directories are made under --directory, which has to be on a real disk. CPU seconds are the scheduler's, forked children included.

SETs come from martlet-benchmark for every server: at pipeline 1 redis-benchmark takes more CPU a request than the servers do, so that it
would be what is measured (`generators.py` has both). `--generator redis-benchmark` takes that one.
"""
import argparse
import csv
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

import loading
import markdown
import peers
import servers
from pings import PingLoop

CLIENTS = 50
VALUE_BYTES = 64
ALWAYS_GOAL = 2.0
EVERYSEC_GOAL = 1.15
GROWTH_GOAL = 0.05
PING_GOAL_MS = 2.0
LOAD_GOAL = 0.6
SHARDS_LOAD_GOAL = 0.65


def makers(options):
    """(name for rows, function that starts it with such options), Martlet first."""
    found = [lambda shards=shards, **keywords: servers.martlet(shards, **keywords) for shards in options.shards]
    return found + [lambda name=name, **keywords: servers.peer(name, **keywords) for name in options.peers]


def generator_binary(name):
    return name if name == "redis-benchmark" else str(Path(servers.martlet_binary()).with_name(name))


def drive(server, requests, pipeline, options):
    """SETs; (requests per second, CPU microseconds a request)."""
    before = server.cpu_seconds()
    done = subprocess.run(
        [generator_binary(options.generator), "-p", str(server.port), "-n", str(requests), "-c", str(CLIENTS), "-P", str(pipeline),
         "-r", "100000", "-d", str(VALUE_BYTES), "--csv", "-t", "set"],
        capture_output=True, text=True, timeout=170, check=True)
    return float(list(csv.reader(done.stdout.splitlines()))[-1][1]), (server.cpu_seconds() - before) / requests * 1e6


def directory_in(options, stack):
    path = tempfile.mkdtemp(dir=options.directory)
    stack.callback(shutil.rmtree, path, True)
    return path


def measure_always(options):
    """Throughput when every reply waits for the disk."""
    with ExitStack() as stack:
        running = [stack.enter_context(make(directory=directory_in(options, stack),
                                            options=("--appendonly", "yes", "--appendfsync", "always")))
                   for make in makers(options)]
        rows, is_reached = [], True
        for pipeline, requests in ((1, options.requests), (16, options.requests * 8)):
            runs = {server: [] for server in running}
            for _ in range(options.rounds):
                for server in running:
                    runs[server].append(drive(server, requests, pipeline, options)[0])
            found = {server: statistics.median(values) for server, values in runs.items()}
            martlets = running[:len(options.shards)]
            rivals = [server for server in running if server.name == "Redis 8.2"] or running[len(martlets):]
            for server in martlets:
                ratio = found[server] / max(found[rival] for rival in rivals)
                if server is martlets[-1]:
                    is_reached = is_reached and ratio >= ALWAYS_GOAL
                rows.append([f"pipeline {pipeline}", server.name, f"{found[server]:,.0f}",
                             *(f"{found[other]:,.0f}" for other in running[len(martlets):]), f"{ratio:.2f}",
                             f"≥ {ALWAYS_GOAL}, {markdown.verdict(ratio >= ALWAYS_GOAL)}"])
        markdown.section("SET with `appendfsync always`, requests per second",
                         ["", "server", "", *(server.name for server in running[len(martlets):]), "ratio to Redis 8.2", "goal"], rows)
    return is_reached


def measure_everysec(options):
    """CPU a SET, with and without append-only files."""
    rows, is_reached = [], True
    for make in makers(options):
        with ExitStack() as stack:
            plain = stack.enter_context(make(directory=directory_in(options, stack)))
            logged = stack.enter_context(make(directory=directory_in(options, stack),
                                              options=("--appendonly", "yes", "--appendfsync", "everysec",
                                                       "--auto-aof-rewrite-percentage", "0")))
            for pipeline, requests in ((1, options.requests * 5), (16, options.requests * 40)):
                runs = {server: [] for server in (plain, logged)}
                for _ in range(options.rounds):
                    for server, values in runs.items():
                        values.append(drive(server, requests, pipeline, options)[1])
                without, beside = (statistics.median(values) for values in runs.values())
                is_martlet = plain.name.startswith("Martlet")
                reached = beside / without <= EVERYSEC_GOAL
                is_reached = is_reached and (reached or not is_martlet)
                rows.append([plain.name, f"pipeline {pipeline}", f"{without:.3f} µs", f"{beside:.3f} µs", f"{beside / without:.2f}",
                             f"≤ {EVERYSEC_GOAL}, {markdown.verdict(reached)}" if is_martlet else ""])
    markdown.section("CPU a SET without and with `appendfsync everysec`",
                     ["server", "", "without", "with", "ratio", "goal"], rows)
    return is_reached


class WriteLoad:
    """A process that overwrites existing keys until it is told to stop."""

    def __init__(self, server, keys):
        self._server, self._keys = server, keys

    def __enter__(self):
        self._process = subprocess.Popen(
            ["redis-benchmark", "-p", str(self._server.port), "-n", "100000000", "-c", "4", "-P", "4", "-r", str(self._keys),
             "-d", "32", "-q", "SET", "key:__rand_int__", "v" * 32], stdout=subprocess.DEVNULL)
        return self

    def __exit__(self, *_):
        self._process.terminate()
        self._process.wait()


def save(server):
    """BGSAVE; (seconds, CPU seconds children included, peak resident bytes with forked children's private memory)."""
    before, start, peak = server.cpu_seconds() + server.children_cpu_seconds(), time.monotonic(), 0
    server.command("BGSAVE")
    while True:
        peak = max(peak, server.resident_bytes() + child_private_bytes(server.pid))
        if server.info()["rdb_bgsave_in_progress"] == "0":
            break
        time.sleep(0.02)
    return time.monotonic() - start, server.cpu_seconds() + server.children_cpu_seconds() - before, peak


def child_private_bytes(pid):
    """Of forked children, what is not shared with their parent."""
    total = 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        try:
            for child in (task / "children").read_text().split():
                text = Path(f"/proc/{child}/smaps_rollup").read_text()
                total += sum(int(line.split()[1]) * 1024 for line in text.splitlines() if line.startswith("Private_"))
        except OSError:
            pass
    return total


def measure_snapshots(options):
    """BGSAVE beside writes."""
    rows, is_reached = [], True
    best = None
    for make in reversed(makers(options)):
        with ExitStack() as stack:
            server = stack.enter_context(make(directory=directory_in(options, stack)))
            loading.load(server.address, options.keys, 32, key=loading.BENCHMARK_KEY)
            idle_seconds, idle_cpu, _ = save(server)
            with WriteLoad(server, options.keys):
                with PingLoop(server.address) as loop:
                    time.sleep(3)
                quiet = loop.percentile(99.9)
                resident = server.resident_bytes()
                with PingLoop(server.address) as loop:
                    seconds, _, peak = save(server)
                beside = loop.percentile(99.9)
            growth = peak / resident - 1
            is_martlet = server.name.startswith("Martlet")
            reached = growth <= GROWTH_GOAL and beside - quiet <= PING_GOAL_MS and (best is None or idle_cpu <= best)
            if is_martlet:
                is_reached = is_reached and reached
            else:
                best = min(best or idle_cpu, idle_cpu)
            rows.append([server.name, f"{idle_seconds:.2f} s", f"{idle_cpu:.2f} s", f"{seconds:.2f} s", f"{growth:.1%}",
                         f"{quiet:.2f} ms", f"{beside:.2f} ms", markdown.verdict(reached) if is_martlet else ""])
    markdown.section(
        f"BGSAVE of {options.keys:,} keys",
        ["server", "alone", "CPU alone", "beside writes", "memory grows", "PING p99.9 before", "during", "goals"], rows[::-1])
    return is_reached


def measure_loading(options):
    """The start over the same `dump.rdb`, written by Redis."""
    with ExitStack() as stack:
        directory = directory_in(options, stack)
        writer = "redis8" if "redis8" in options.peers else "redis7"
        with servers.peer(writer, directory=directory) as server:
            loading.load(server.address, options.keys, 32, key=loading.BENCHMARK_KEY)
            server.command("SAVE")
        figures = []
        for make in makers(options):
            used, taken = [], []
            for _ in range(options.rounds):
                start = time.monotonic()
                with make(directory=directory) as server:
                    taken.append(time.monotonic() - start)
                    used.append(server.cpu_seconds())
                    assert f":{options.keys}" in server.command("DBSIZE").decode()
            figures.append((server.name, statistics.median(used), statistics.median(taken)))
    rival = next((used for name, used, _ in figures if name == "Redis 8.2"), figures[-1][1])
    rows, is_reached = [], True
    for index, (name, used, taken) in enumerate(figures):
        goal = ""
        if index == 0:
            reached = used / rival <= LOAD_GOAL
            goal = f"CPU ≤ {LOAD_GOAL}, {markdown.verdict(reached)}"
        elif name.startswith("Martlet"):
            reached = taken / figures[0][2] <= SHARDS_LOAD_GOAL
            goal = f"time ≤ {SHARDS_LOAD_GOAL} of 1 shard's, {markdown.verdict(reached)}"
        else:
            reached = True
        is_reached = is_reached and reached
        rows.append([name, f"{used:.2f} s", f"{taken:.2f} s", f"{used / rival:.2f}", f"{taken / figures[0][2]:.2f}", goal])
    markdown.section(f"Loading {options.keys:,} keys from one dump.rdb",
                     ["server", "CPU", "time", "CPU to Redis 8.2's", "time to 1 shard's", "goal"], rows)
    return is_reached


PARTS = {"always": measure_always, "everysec": measure_everysec, "snapshots": measure_snapshots, "loading": measure_loading}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--parts", nargs="*", default=list(PARTS), choices=PARTS)
    parser.add_argument("--keys", type=int, default=5_000_000)
    parser.add_argument("--requests", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--shards", type=int, nargs="*", default=[1, 2])
    parser.add_argument("--peers", nargs="*", default=["redis8"], choices=peers.NAMES)
    parser.add_argument("--generator", default="martlet-benchmark", choices=["martlet-benchmark", "redis-benchmark"])
    parser.add_argument("--directory", default=tempfile.gettempdir())
    options = parser.parse_args()
    reached = [PARTS[part](options) for part in options.parts]
    return 0 if all(reached) else 1


if __name__ == "__main__":
    sys.exit(main())
