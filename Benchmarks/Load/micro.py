#!/usr/bin/env python3
"""The micro-benchmarks beside their thresholds.

    micro.py                 measures and compares; exit code 1 if one is worse than its threshold allows
    micro.py --update        measures, and makes what it finds the thresholds
    micro.py --filter Hash   some of them, by a regular expression

They are those of Benchmarks/*Benchmarks, run by `swift package benchmark` with ENABLE_BENCHMARKS set. Thresholds (Benchmarks/Thresholds)
are times relative to a yardstick that runs beside each, and counts of allocations; how far off each may be is said in the benchmarks.
"""
import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import markdown

REPOSITORY = Path(__file__).resolve().parent.parent.parent
THRESHOLDS = REPOSITORY / "Benchmarks/Thresholds"
BASELINE = "measured"
TIME = "Time of 1000 calls (ns)"
RELATIVE = "Time a call (millionths of the yardstick)"
ALLOCATIONS = "Allocations of 1000 calls"
WORSE, BETTER = 2, 4


def benchmark(*words, quiet=True):
    """Runs the package's plugin; its exit code and what it has printed."""
    command = ["swift", "package", "--scratch-path", ".build-benchmarks", "--allow-writing-to-package-directory", "benchmark", *words]
    done = subprocess.run(command, cwd=REPOSITORY, env={**os.environ, "ENABLE_BENCHMARKS": "1"}, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if not quiet:
        print(done.stdout, file=sys.stderr)
    return done.returncode, done.stdout


def exported(directory):
    """Figures by benchmark, as the tool writes thresholds: TARGET.NAME.p90.json."""
    return {spelled(path).removesuffix(".p90.json"): json.loads(path.read_text())
            for path in sorted(Path(directory).glob("*.p90.json"))}


def spelled(path):
    """A file's name with the spaces of the benchmark's name: the tool writes it without them, and looks for it with them."""
    return path.name.replace("_", " ")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--update", action="store_true", help="make what is measured the thresholds")
    parser.add_argument("--filter", default=".*", help="only benchmarks whose names this regular expression matches")
    options = parser.parse_args()
    chosen = ("--filter", options.filter, "--no-progress")
    code, text = benchmark("baseline", "update", BASELINE, *chosen, "--quiet")
    if code != 0:
        sys.exit(f"the benchmarks failed:\n{text}")
    if options.update:
        code, text = benchmark("thresholds", "update", BASELINE, *chosen, "--path", str(THRESHOLDS))
        if code != 0:
            sys.exit(f"the thresholds can't be written:\n{text}")
        for path in THRESHOLDS.glob("*.p90.json"):
            # Of the machine that measured; nobody else's.
            figures = json.loads(path.read_text())
            figures.pop(TIME, None)
            path.unlink()
            path.with_name(spelled(path)).write_text(json.dumps(figures, indent=2, sort_keys=True) + "\n")
    check, report = benchmark("thresholds", "check", BASELINE, *chosen, "--path", str(THRESHOLDS))
    if check not in (0, WORSE, BETTER):
        sys.exit(f"the thresholds can't be checked:\n{report}")
    with tempfile.TemporaryDirectory() as directory:
        code, text = benchmark("baseline", "read", BASELINE, *chosen, "--format", "metricP90AbsoluteThresholds", "--path", directory)
        measured = exported(directory)
        if not measured:
            sys.exit(f"nothing was measured:\n{text}")
    limits = exported(THRESHOLDS)
    rows = []
    for name, figures in measured.items():
        limit = limits.get(name, {})
        rows.append([name.partition(".")[2], f"{figures[TIME] / 1000:,.1f}", f"{figures[RELATIVE]:,}",
                     f"{limit[RELATIVE]:,}" if RELATIVE in limit else "",
                     f"{figures[ALLOCATIONS] / 1000:g}" if ALLOCATIONS in figures else "",
                     f"{limit[ALLOCATIONS] / 1000:g}" if ALLOCATIONS in limit else ""])
    markdown.section("Micro-benchmarks", ["", "ns a call", "of the yardstick, millionths", "threshold", "allocations a call", "threshold"],
                     rows)
    if check == WORSE:
        print(report, file=sys.stderr)
        print("\nSome are worse than their thresholds allow.")
    elif check == BETTER:
        print("\nNone is worse than its threshold allows; some are better.")
    else:
        print("\nAll are within their thresholds.")
    return 1 if check == WORSE else 0


if __name__ == "__main__":
    sys.exit(main())
