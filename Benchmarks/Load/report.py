#!/usr/bin/env python3
"""Writes the figures of docs/benchmarks.md from runs of this code.

    report.py                            everything, which takes some hours with nothing else running
    report.py --only compare,memory      these sections
    report.py --resume                   what has not been measured of this commit yet
    report.py --quick --only embedded    smaller counts, to try the tools out: such figures say so
    report.py --render                   nothing is run: the document from the data that is there

Each section of the document has a benchmark of its own, whose tables stand between markers; prose around them stays. What was
measured is kept in docs/benchmarks-data, a file each, with the command, the commit, the date and the machine; charts are in
docs/charts. A section is written as soon as it is measured, so that an interrupted run has lost one section at most. The summary of
goals is of all data that is there. Benchmarks that miss goals are no failure of this tool; those that fail are.
"""
import argparse
import datetime
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import charts
import markdown
import peers

REPOSITORY = Path(__file__).resolve().parent.parent.parent
DOCUMENT = REPOSITORY / "docs/benchmarks.md"
DATA = REPOSITORY / "docs/benchmarks-data"
CHARTS = REPOSITORY / "docs/charts"
SECONDS_MAX = 3 * 3600


@dataclass(frozen=True)
class Section:
    name: str
    command: tuple
    # What makes a quick run of it.
    quick: tuple = ()
    # Written by the tool itself, with the places that stand for files: {markdown}, {json}, {svg}.
    files: tuple = ()
    # Exit codes that say that the benchmark has run, goals reached or not.
    codes: tuple = (0, 1)
    # (chart's file, function of the tables that draws it)
    chart: tuple = field(default=None)


def load(tool, *options):
    return ("python3", f"Benchmarks/Load/{tool}.py", *options)


_COMPARE = (".build/release/martlet-benchmark", "compare")
_WRITTEN = ("--markdown", "{markdown}", "--json", "{json}", "--svg", "{svg}")
_OTHERS = "mset,mget,multi,eval,lpush,hset,sadd,zadd,xadd"
_QUICK_COMPARE = ("--rounds", "1", "--duration", "0.1", "-r", "10000")
_NEW_PEERS = ("--peers", "redis8", "valkey9")

SECTIONS = [
    Section("generators", load("generators", "--rounds", "3"), ("--rounds", "1", "--pipelines", "16"),
            chart=("generators.svg", lambda tables: charts.of_columns(
                tables[0], ["redis-benchmark", "martlet-benchmark"], "CPU of the generator per request, µs"))),
    Section("compare", (*_COMPARE, "--rounds", "3", "--duration", "0.6", *_WRITTEN), _QUICK_COMPARE, files=("compare.svg",)),
    Section("compare-others", (*_COMPARE, "-t", _OTHERS, "-P", "1,16", "-r", "100000", "--rounds", "3", "--duration", "0.3",
                               "--peers", "redis8,valkey9", *_WRITTEN),
            ("-t", "mset,xadd", *_QUICK_COMPARE), files=("compare-others.svg",)),
    Section("cpu", load("compare", "--part", "peers", "--skip", "EVALSHA", "--rounds", "3", *_NEW_PEERS),
            ("--rounds", "1", "--scale", "0.1", "--keys", "20000"),
            chart=("cpu.svg", lambda tables: charts.of_ratios(
                tables[0], "ratio to the best peer", "CPU per request, as part of the best peer's"))),
    Section("scripts", load("compare", "--part", "peers", "--only", "EVALSHA", "--rounds", "3", *_NEW_PEERS),
            ("--rounds", "1", "--scale", "0.1", "--keys", "20000")),
    Section("shards", load("compare", "--part", "shards", "--rounds", "3"),
            ("--rounds", "1", "--scale", "0.1", "--keys", "20000")),
    Section("memory", load("memory", *_NEW_PEERS), ("--keys", "200000"),
            chart=("memory.svg", lambda tables: charts.of_columns(
                tables[0], ["no TTL", "TTL"], "Resident bytes per key"))),
    Section("elements", load("datatypes"), ("--elements", "50000"),
            chart=("elements.svg", lambda tables: charts.of_ratios(
                tables[0], "ratio to the best peer", "Resident bytes per element, as part of the best peer's"))),
    Section("pauses", load("pauses"), ("--inserts", "500000", "--listed", "200000")),
    Section("stalls", load("stalls"), ("--elements", "50000")),
    Section("persistence", load("persistence"), ("--rounds", "1", "--keys", "200000", "--requests", "2000")),
    Section("eviction", load("eviction"), ("--keys", "50000", "--requests", "150000", "--limit", str(1 << 20),
                                           "--churn-limit", str(10 << 20))),
    Section("observing", load("observing"), ("--rounds", "1", "--keys", "10000", "--requests", "20000")),
    Section("publish", load("publish"), ("--rounds", "1", "--subscribers", "100", "--messages", "64")),
    Section("embedded", ("swift", "run", "-c", "release", "--package-path", "Benchmarks/Embedded", "--scratch-path",
                         ".build-embedded", "Embedded", "--rounds", "5"), ("--rounds", "1"),
            chart=("embedded.svg", lambda tables: charts.of_columns(
                tables[0], ["ns, median"], "A call of the library, ns"))),
    Section("scaling", load("scaling"), ("--keys", "20000", "--requests", "10000")),
    Section("micro", load("micro"), ("--filter", "Parser"), chart=("micro.svg", lambda tables: charts.of_columns(
        tables[0], ["ns a call"], "Micro-benchmarks, ns a call"))),
]


# MARK: What is measured on

def output_of(*command):
    done = subprocess.run(command, capture_output=True, text=True, cwd=REPOSITORY)
    return done.stdout.strip() if done.returncode == 0 else ""


def first_line(text):
    return text.splitlines()[0] if text else "unknown"


def package_version(name):
    return output_of("dpkg-query", "-W", "-f", "${Version}", name) or "unknown"


def machine():
    """(what, value) pairs."""
    cpus = re.findall(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    memory = int(re.search(r"MemTotal:\s+(\d+)", Path("/proc/meminfo").read_text())[1]) / (1 << 20)
    system = dict(line.split("=", 1) for line in Path("/etc/os-release").read_text().splitlines() if "=" in line)
    rows = [
        ("processors", f"{os.cpu_count()} × {cpus[0] if cpus else platform.machine()}"
                       f"{', virtual' if 'hypervisor' in Path('/proc/cpuinfo').read_text() else ''}"),
        ("memory", f"{memory:.0f} GiB"),
        ("kernel", "Linux " + re.match(r"[\d.]*", platform.release())[0]),
        ("system", system.get("PRETTY_NAME", "unknown").strip('"')),
        ("compiler", first_line(output_of("swiftc", "--version")).split(" (")[0]),
        ("jemalloc", package_version("libjemalloc2")),
        ("liburing", package_version("liburing2")),
    ]
    for name in peers.NAMES:
        try:
            version = output_of(peers.binary(name), "--version")
            found = re.search(r"v=(\S+)", version)
            rows.append((name, found[1] if found else first_line(version)))
        except peers.Unavailable:
            rows.append((name, "not found"))
    rows.append(("memcached", output_of("memcached", "--version").removeprefix("memcached ") or "not found"))
    return rows


def commit():
    revision = output_of("git", "rev-parse", "--short=10", "HEAD")
    changed = output_of("git", "status", "--porcelain", "--", "Sources", "Benchmarks", "Package.swift")
    return revision + (", changed" if changed else "")


# MARK: Running

def measure(section, options, data, facts):
    """Runs a section's benchmark; its data, or None if it failed."""
    with tempfile.TemporaryDirectory() as directory:
        places = {kind: str(Path(directory) / f"{section.name}.{kind}") for kind in ("markdown", "json", "svg")}
        command = [*section.command, *(section.quick if options.quick else ())]
        print(f"== {section.name}: {shown(section, options.quick)}", file=sys.stderr, flush=True)
        done = subprocess.run([word.format(**places) for word in command], cwd=REPOSITORY, stdout=subprocess.PIPE, text=True,
                              timeout=SECONDS_MAX)
        written = Path(places["markdown"])
        text = written.read_text() if written.exists() else done.stdout
        tables = markdown.tables(text)
        if done.returncode not in section.codes or not tables:
            print(f"{section.name} failed with {done.returncode}:\n{done.stdout}", file=sys.stderr)
            return None
        raw = Path(places["json"])
        if not options.quick:
            for name in section.files:
                shutil.copy(places["svg"], CHARTS / name)
        result = {
            "section": section.name, "command": shown(section, options.quick), "quick": options.quick, "commit": facts["commit"],
            "date": datetime.date.today().isoformat(), "machine": dict(facts["machine"]), "text": text.strip(), "tables": tables,
        }
        if raw.exists():
            result["raw"] = json.loads(raw.read_text())
        data.mkdir(parents=True, exist_ok=True)
        (data / f"{section.name}.json").write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n")
        return result


def shown(section, is_quick):
    """The command as a person would type it."""
    words, skip = [], False
    for word in [*section.command, *(section.quick if is_quick else ())]:
        if skip:
            skip = False
        elif word in ("--markdown", "--json", "--svg"):
            skip = True
        else:
            words.append(word)
    return " ".join(words)


# MARK: Writing

def row_name(table, row):
    """What a row is about: its first cell, and the second one where that is no figure."""
    head = f"{table['header'][0]} {row[0]}" if table["header"][0] == "pipeline" else row[0]
    words = [head] + ([row[1]] if table["header"][0] in ("server", "", "pipeline") and not re.match(r"[-\d]", row[1]) else [])
    return ", ".join(word for word in words if word)


def verdicts(result):
    """(benchmark, what, its figures, goal with the verdict) of everything that has a goal."""
    found = []
    for table in result["tables"]:
        for row in table["rows"]:
            for head, cell in zip(table["header"], row):
                if re.search(r"\b(reached|missed)\b", cell):
                    figures = "; ".join(f"{other} {value}" for other, value in zip(table["header"], row)
                                        if value and other != head and re.match(
                                            r"ratio|ns, median|p99.9$|max$|no TTL|TTL|hits|model off|memory grows|CPU|time", other))
                    found += [(table["title"] or result["section"], row_name(table, row), figures, goal.strip())
                              for goal in cell.split(";")]
    return found


def standing(results):
    """Sentences about where one shard is ahead of the best peer of `compare`, and where not."""
    sentences = []
    for what, is_better in (("requests a second", lambda ratio: ratio > 1), ("CPU per request", lambda ratio: ratio < 1),
                            ("p99", lambda ratio: ratio < 1)):
        ahead, behind = 0, []
        for table in (table for result in results for table in result["tables"]):
            if "best peer" not in table["header"] or what not in table["header"]:
                continue
            for row in table["rows"]:
                cell = row[table["header"].index(what)]
                if is_better(float(cell.split()[0])):
                    ahead += 1
                else:
                    behind.append(f"{row[0]} ({cell.split()[0]} of {row[1]})")
        if ahead or behind:
            sentences.append(f"- {what}: better in {ahead} of {ahead + len(behind)} loads"
                             + (f"; not in {', '.join(behind)}." if behind else "."))
    return ["One shard beside the best peer of each load of `martlet-benchmark compare`:", "", *sentences, ""] if sentences else []


def summary(results):
    """Goals missed and reached, and which peers are ahead where."""
    everything = [entry for result in results for entry in verdicts(result)]
    missed = [entry for entry in everything if "missed" in entry[3]]
    lines = [f"{len(everything) - len(missed)} of {len(everything)} goals are reached. Missed:" if missed
             else f"All {len(everything)} goals are reached.", ""]
    if missed:
        lines += [markdown.table(["benchmark", "what", "measured", "goal"], missed), ""]
    lines += standing(results)
    lines.append("A goal is what was set out for before measuring, mostly a part of what the best peer needs.")
    return "\n".join(lines)


def origin(result):
    quick = " A quick run, to try the tool out: the figures say little." if result["quick"] else ""
    return f"`{result['command']}`, {result['date']}, commit {result['commit']}.{quick}"


def body(section, result):
    lines = [origin(result)]
    other = {key: value for key, value in result["machine"].items()}
    if other.get("processors") != dict(machine_now()).get("processors"):
        lines.append(f"Measured on another machine: {other.get('processors')}.")
    for name in [*section.files, *([section.chart[0]] if section.chart else [])]:
        if (CHARTS / name).exists():
            lines.append(f"![{section.name}](charts/{name})")
    lines.append(re.sub(r"^### ", "#### ", result["text"], flags=re.MULTILINE))
    return "\n\n".join(lines)


_machine = None


def machine_now():
    global _machine
    if _machine is None:
        _machine = machine()
    return _machine


def fill(text, name, content):
    """The document with new content between the markers of a section."""
    pattern = re.compile(rf"(<!-- measured: {re.escape(name)} -->\n).*?(<!-- end -->)", re.DOTALL)
    if not pattern.search(text):
        raise SystemExit(f"{DOCUMENT} has no place for {name}: <!-- measured: {name} --> and <!-- end -->")
    return pattern.sub(lambda match: f"{match[1]}\n{content}\n\n{match[2]}", text, count=1)


def render(document, data):
    """Writes all data that is there into the document."""
    text = document.read_text()
    results = []
    for section in SECTIONS:
        path = data / f"{section.name}.json"
        if path.exists():
            result = json.loads(path.read_text())
            results.append(result)
            if section.chart and not result["quick"]:
                name, draw = section.chart
                (CHARTS / name).write_text(draw(result["tables"]))
            text = fill(text, section.name, body(section, result))
    if results:
        newest = max(results, key=lambda result: result["date"])
        text = fill(text, "machine", markdown.table(["", ""], list(newest["machine"].items())))
        text = fill(text, "summary", summary(results))
    document.write_text(text)


def main():
    names = [section.name for section in SECTIONS]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", help=f"sections, separated by commas: {', '.join(names)}")
    parser.add_argument("--resume", action="store_true", help="leave out what was measured of this commit")
    parser.add_argument("--quick", action="store_true", help="smaller counts")
    parser.add_argument("--render", action="store_true", help="run nothing")
    parser.add_argument("--document", type=Path, default=DOCUMENT, help="instead of docs/benchmarks.md")
    parser.add_argument("--data", type=Path, default=DATA, help="instead of docs/benchmarks-data")
    options = parser.parse_args()
    chosen = options.only.split(",") if options.only else names
    unknown = set(chosen) - set(names)
    if unknown:
        parser.error(f"no such section: {', '.join(sorted(unknown))}; there are {', '.join(names)}")
    if options.render:
        render(options.document, options.data)
        return 0
    if not (REPOSITORY / ".build/release/martlet-benchmark").exists():
        parser.error("build first: swift build -c release")
    facts = {"machine": machine_now(), "commit": commit()}
    failed = []
    for section in SECTIONS:
        if section.name not in chosen:
            continue
        path = options.data / f"{section.name}.json"
        if options.resume and path.exists():
            before = json.loads(path.read_text())
            if before["commit"] == facts["commit"] and before["quick"] == options.quick:
                continue
        if measure(section, options, options.data, facts) is None:
            failed.append(section.name)
        else:
            render(options.document, options.data)
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
