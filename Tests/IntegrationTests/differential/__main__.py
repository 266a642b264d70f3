"""Replays one stream against two servers that already run."""
import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from . import families  # noqa: E402
from .runner import Run  # noqa: E402


def main():
    parser = argparse.ArgumentParser(prog="differential", description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=20_000, help="steps in the stream")
    parser.add_argument("--streams", type=int, default=1, help="streams, with consecutive seeds")
    parser.add_argument("--shards", type=int, help="only for the record: what the tested server was started with")
    parser.add_argument("--port-a", type=int, required=True, help="the server under test")
    parser.add_argument("--port-b", type=int, required=True, help="the oracle")
    parser.add_argument("--protocol", type=int, choices=(2, 3), default=2)
    parser.add_argument("--mismatches", type=int, default=5, help="how many to collect before stopping")
    parser.add_argument("--family", action="append", choices=sorted(families.BY_NAME),
                        help="default: all that Redis 7.0 has")
    options = parser.parse_args()
    tables = [families.BY_NAME[name] for name in options.family] if options.family else families.ALL
    found = 0
    for seed in range(options.seed, options.seed + options.streams):
        run = Run(("127.0.0.1", options.port_a), ("127.0.0.1", options.port_b), seed, options.protocol, tables,
                  options.mismatches)
        for mismatch in run.run(options.count):
            found += 1
            print(mismatch)
    print(f"{options.streams} streams of {options.count} steps, {found} mismatches")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
