#!/usr/bin/env python3
"""What it costs clients that somebody looks on at others: SET and GET with notifications and tracking off, and with each on
for things that do not concern these clients. One server, interleaved rounds; each round begins with another way.
"""
import argparse
import statistics

import compare
import markdown
import servers
import workloads


def encode(*words):
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%b\r\n" % (len(word), word) for word in words)


class Ways:
    """How the server is looked on, one after the other."""

    NAMES = ("nobody looks on", "notifications on, no subscriber", "a client tracks other keys")

    def __init__(self, server):
        self._server = server
        self._tracker = None

    def set(self, name):
        self._server.command("CONFIG", "SET", "notify-keyspace-events", "KEA" if "notifications" in name else "")
        if self._tracker:
            self._tracker.close()
            self._tracker = None
        if "tracks" in name:
            self._tracker = self._server.connect()
            self._tracker.sendall(encode(b"HELLO", b"3") + encode(b"CLIENT", b"TRACKING", b"on", b"BCAST", b"PREFIX", b"other:"))
            while b"+OK" not in self._tracker.recv(65536):
                pass


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keys", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--requests", type=int, default=1_000_000)
    options = parser.parse_args()
    chosen = [workload for workload in workloads.ALL if workload.name in ("SET, pipeline 16", "GET, pipeline 16")]
    rows = []
    with servers.martlet(1, compare.SERVER_CPU) as server:
        ways = Ways(server)
        for workload in chosen:
            workload.fill(server, options.keys)
            costs = {name: [] for name in Ways.NAMES}
            for number in range(options.rounds):
                for offset in range(len(Ways.NAMES)):
                    name = Ways.NAMES[(number + offset) % len(Ways.NAMES)]
                    ways.set(name)
                    costs[name].append(compare.measure(server, workload, options.requests, options.keys, True)[0])
            off = statistics.median(costs[Ways.NAMES[0]])
            for name in Ways.NAMES:
                cost = statistics.median(costs[name])
                rows.append([workload.name, name, f"{cost:.3f}", f"{cost / off:.3f}"])
    markdown.section("What looking on costs others", ["command", "who looks on", "µs of CPU a request", "ratio"], rows)


if __name__ == "__main__":
    main()
