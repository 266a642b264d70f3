#!/usr/bin/env python3
"""What more processors than this machine has would give: costs are measured with one shard and with two, and a formula
tells what 1 to 64 shards do, each on a processor of its own, with enough clients.

A command costs its thread

    c + a / P + x f + e (1 / n - 1 / n1) + p k / n + q (N - 1) / n

microseconds: `c` by itself, `a` for each batch of `P` that comes in one segment (system calls, TCP, its part of the turn),
`f` more when it belongs to another shard, which is the case for x = (N - 1) / N of all, and `e` for each turn that there would not be with
one shard: those parcels wake the thread for. A turn has `n` commands, with one shard `n1`. It sends a parcel each way to each shard
that it has something for: k = 2 (N - 1) (1 - (1 - 1 / N)^n) are to be expected. `c`, `a`, `f`, `e` and `n1` are measured, by the pipeline's
depth; depths that the fit has not seen check it. A parcel's own cost `p` and a look at a mailbox `q` are assumed, because with two shards a turn
never has more than one of each. So is `n` for more shards: their threads are busy, a command takes three turns to the other shard and
back, so a third of what all clients have sent is in each turn.

A command with keys on D of the shards costs (D - 1) h more than with all of them on one; MSET of ten keys tells h.
Commands that claim all shards (FLUSHALL, scripts whose keys nobody knows) run one after the other, whatever N is.
"""
import argparse
import csv
import subprocess
from contextlib import ExitStack

import markdown
import servers
import workloads

CLIENTS = 50
FITTED, CHECKED = (1, 16, 100), (4, 40)
SHARDS = (1, 2, 4, 8, 16, 32, 64)
# A parcel: some five cache lines that change processors on their way there and back, and its share of allocations.
PARCEL_MICROSECONDS = 0.5
# A look at a mailbox that is empty: two loads, mostly from the thread's own cache.
LOOK_MICROSECONDS = 0.005
TURNS_A_FOREIGN_COMMAND = 3
SECONDS_MAX = 120
# How far off the model may be at depths that its fit has not seen.
OFF_MAX = 0.15


class Run:
    """One load on one server."""

    def __init__(self, server, words, pipeline, requests, keys):
        before, cpu = self.traffic(server), server.cpu_seconds()
        command = ["redis-benchmark", "-p", str(server.port), "-n", str(requests), "-c", str(CLIENTS), "-P", str(pipeline),
                   "-r", str(keys), "--csv", *words]
        done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS_MAX, check=True)
        self.cost = (server.cpu_seconds() - cpu) / requests * 1e6
        self.rate = float(list(csv.reader(done.stdout.splitlines()))[-1][1])
        turns, foreign = (after - earlier for after, earlier in zip(self.traffic(server), before))
        self.commands_a_turn = requests / turns
        self.foreign_share = foreign / requests

    @staticmethod
    def traffic(server):
        shards = [dict(pair.split("=") for pair in text.split(","))
                  for name, text in server.info("shards").items() if name.startswith("shard")]
        return [sum(int(shard[field]) for shard in shards) for field in ("turns", "foreign_commands")]


def least_squares(rows, values):
    """The two weights that make sums of the columns come closest to the values, in proportion to these."""
    rows = [[cell / value for cell in row] for row, value in zip(rows, values)]
    (aa, ab), (_, bb) = [[sum(row[i] * row[j] for row in rows) for j in (0, 1)] for i in (0, 1)]
    (u, v) = [sum(row[i] for row in rows) for i in (0, 1)]
    determinant = aa * bb - ab * ab
    return (u * bb - v * ab) / determinant, (aa * v - ab * u) / determinant


def spread(shards, keys):
    """How many shards some random keys are on."""
    return shards * (1 - (1 - 1 / shards) ** keys)


class Model:
    def __init__(self, one, two):
        """From runs by depth, with one shard and with two."""
        depths = [depth for depth in FITTED]
        self.command, self.batch = least_squares([(1, 1 / depth) for depth in depths], [one[depth].cost for depth in depths])
        self.one, self.two = one, two
        rows = [(two[depth].foreign_share, self.more_turns(depth, two[depth].commands_a_turn)) for depth in depths]
        # What two shards cost more than one.
        self.foreign, self.turn = least_squares(
            rows, [two[depth].cost - one[depth].cost - self.parcels(2, two[depth].commands_a_turn) for depth in depths])

    def more_turns(self, depth, commands):
        return 1 / commands - 1 / self.one[depth].commands_a_turn

    @staticmethod
    def parcels(shards, commands):
        """What parcels and looks for them cost a command."""
        parcels = 2 * (shards - 1) * (1 - (1 - 1 / shards) ** commands)
        return (PARCEL_MICROSECONDS * parcels + LOOK_MICROSECONDS * (shards - 1)) / commands

    def cost(self, shards, depth, commands=None):
        """Microseconds of a processor for each command; `commands` a turn, if that is known."""
        cost = self.command + self.batch / depth
        if shards == 1:
            return cost
        commands = commands or max(1, CLIENTS * depth / TURNS_A_FOREIGN_COMMAND)
        cost += (shards - 1) / shards * self.foreign + self.turn * self.more_turns(depth, commands)
        return cost + self.parcels(shards, commands)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keys", type=int, default=1_000_000)
    parser.add_argument("--requests", type=int, default=150_000, help="at depth 1; more at the others")
    options = parser.parse_args()
    get, mset = ("GET", workloads.KEY), ("MSET", *[workloads.KEY, workloads.VALUE] * 10)
    every_shard = ("EVAL", "return redis.call('SET', 'key:' .. ARGV[1], 'x')", "0", "__rand_int__")
    with ExitStack() as stack:
        running = {shards: stack.enter_context(servers.martlet(shards)) for shards in (1, 2)}
        for server in running.values():
            Run(server, ("SET", workloads.KEY, workloads.VALUE), 50, 2 * options.keys, options.keys)
        runs = {shards: {depth: Run(server, get, depth, int(options.requests * depth ** 0.6), options.keys)
                         for depth in (*FITTED, *CHECKED)} for shards, server in running.items()}
        sets = {shards: Run(server, mset, 1, options.requests // 3, options.keys) for shards, server in running.items()}
        claims = {shards: Run(server, every_shard, 1, options.requests // 5, options.keys) for shards, server in running.items()}
    model = Model(runs[1], runs[2])
    print(f"\nc {model.command:.3f} µs a command, a {model.batch:.2f} µs a batch, f {model.foreign:.3f} µs a foreign command, "
          f"e {model.turn:.2f} µs a turn more; p {PARCEL_MICROSECONDS} and q {LOOK_MICROSECONDS} µs assumed")
    rows = []
    for depth in sorted(runs[1]):
        one, two = runs[1][depth], runs[2][depth]
        modelled = model.cost(1, depth), model.cost(2, depth, two.commands_a_turn)
        off = [cost / run.cost - 1 for cost, run in zip(modelled, (one, two))]
        is_close = max(map(abs, off)) <= OFF_MAX
        rows.append([depth, f"{one.cost:.3f}", f"{modelled[0]:.3f}", f"{two.cost:.3f}", f"{modelled[1]:.3f}",
                     f"{one.commands_a_turn:.1f}", f"{two.commands_a_turn:.1f}", ", ".join(f"{part:+.0%}" for part in off),
                     "fitted" if depth in FITTED else f"off by ≤ {OFF_MAX:.0%}, {markdown.verdict(is_close)}"])
    markdown.section(
        "GET: measured and modelled, CPU microseconds per command",
        ["pipeline", "1 shard", "model", "2 shards", "model", "commands a turn, 1 shard", "2 shards", "model off by", "check"], rows)
    markdown.section(
        "GET on more processors: million a second, and how much of N times one shard that is",
        ["shards", *(f"pipeline {depth}" for depth in FITTED)],
        [[shards, *(f"{shards / model.cost(shards, depth):.2f} ({model.cost(1, depth) / model.cost(shards, depth):.0%})"
                    for depth in FITTED)] for shards in SHARDS])
    hop = (sets[2].cost - sets[1].cost) / (spread(2, 10) - 1)
    mset_cost = {shards: sets[1].cost + (spread(shards, 10) - 1) * hop for shards in SHARDS}
    shares = (0, 0.01, 0.1, 1)
    markdown.section(
        f"GET and MSET of 10 keys at pipeline 1 (h {hop:.2f} µs): million commands a second by the share of MSET",
        ["shards", "shards of an MSET", *(f"{share:.0%}" for share in shares)],
        [[shards, f"{spread(shards, 10):.1f}",
          *(f"{shards / ((1 - share) * model.cost(shards, 1) + share * mset_cost[shards]):.2f}" for share in shares)]
         for shards in SHARDS])
    markdown.section(
        "Scripts whose keys nobody knows: one after the other",
        ["shards", "a second", "so all commands together, if they are 1 % of these"],
        [[shards, f"{run.rate:,.0f}", f"≤ {run.rate * 100:,.0f}" if shards > 1 else "no limit of their own"]
         for shards, run in claims.items()])


if __name__ == "__main__":
    main()
