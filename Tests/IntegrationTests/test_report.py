"""The tool that writes docs/benchmarks.md: tables go between the markers, what is written by hand stays."""
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

LOAD = Path(__file__).resolve().parents[2] / "Benchmarks" / "Load"
sys.path.insert(0, str(LOAD))

import charts  # noqa: E402
import markdown  # noqa: E402
import report  # noqa: E402


def data_of(section, table, **more):
    return {"section": section, "command": "a command", "quick": False, "commit": "0123456789", "date": "2020-02-02",
            "machine": {"processors": "a machine"}, "text": table, "tables": markdown.tables(table), **more}


MEMORY = "### Resident bytes per key\n\n" + markdown.table(
    ["server", "no TTL", "TTL", "goals"],
    [["Martlet, 1 shard", "65.8", "81.0", "no TTL ≤ 70: reached; TTL ≤ 80: missed"], ["Redis 8.2", "91.1", "111.6", ""]])


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A copy of the document, with data and charts of its own."""
    document, data, pictures = tmp_path / "benchmarks.md", tmp_path / "data", tmp_path / "charts"
    document.write_text(report.DOCUMENT.read_text())
    data.mkdir()
    pictures.mkdir()
    monkeypatch.setattr(report, "CHARTS", pictures)
    return document, data, pictures


def test_every_section_has_its_place():
    text = report.DOCUMENT.read_text()
    names = [section.name for section in report.SECTIONS] + ["machine", "summary"]
    assert sorted(re.findall(r"<!-- measured: (\S+) -->", text)) == sorted(names)
    assert text.count("<!-- end -->") == len(names)


def test_tables_are_replaced_and_prose_stays(place):
    document, data, pictures = place
    before = document.read_text()
    (data / "memory.json").write_text(json.dumps(data_of("memory", MEMORY)))
    report.render(document, data)
    report.render(document, data)
    after = document.read_text()
    section = re.search(r"<!-- measured: memory -->(.*?)<!-- end -->", after, re.DOTALL)[1]
    assert "| Martlet, 1 shard | 65.8 | 81.0 |" in section and "`a command`, 2020-02-02, commit 0123456789" in section
    assert section.count("#### Resident bytes per key") == 1
    assert (pictures / "memory.svg").read_text().startswith("<svg")

    def prose(text):
        return re.sub(r"<!-- measured: \S+ -->.*?<!-- end -->", "", text, flags=re.DOTALL)
    assert prose(after) == prose(before)


def test_goals_are_summed_up_misses_included(place):
    document, data, _ = place
    both = MEMORY.replace("81.0", "79.0").replace("TTL ≤ 80: missed", "TTL ≤ 80: reached")
    (data / "memory.json").write_text(json.dumps(data_of("memory", both)))
    report.render(document, data)
    assert "All 2 goals are reached." in document.read_text()
    (data / "memory.json").write_text(json.dumps(data_of("memory", MEMORY)))
    report.render(document, data)
    summary = re.search(r"<!-- measured: summary -->(.*?)<!-- end -->", document.read_text(), re.DOTALL)[1]
    assert "1 of 2 goals are reached." in summary
    assert "| Resident bytes per key | Martlet, 1 shard | no TTL 65.8; TTL 81.0 | TTL ≤ 80: missed |" in summary


def test_losses_against_peers_are_named(place):
    document, data, _ = place
    table = "### Beside its peers\n\n" + markdown.table(
        ["load", "best peer", "requests a second", "CPU per request", "p99"],
        [["GET", "Valkey 9.1.2", "1.63 (1.58–1.70)", "0.59 (0.58–0.59)", "1.28 (0.67–1.06)"],
         ["SET", "Redis 8.2.3", "0.90 (0.80–1.00)", "0.87 (0.87–0.87)", "0.85 (0.74–0.94)"]])
    (data / "compare.json").write_text(json.dumps(data_of("compare", table)))
    report.render(document, data)
    text = document.read_text()
    assert "- requests a second: better in 1 of 2 loads; not in SET (0.90 of Redis 8.2.3)." in text
    assert "- CPU per request: better in 2 of 2 loads." in text
    assert "- p99: better in 1 of 2 loads; not in GET (1.28 of Valkey 9.1.2)." in text


def test_tables_are_read_as_they_are_written():
    text = "### One\n\n" + markdown.table(["a", "b"], [["1", "2"], ["3", ""]]) + "\n\ntext\n\n" + markdown.table(["c"], [["4"]])
    assert markdown.tables(text) == [
        {"title": "One", "header": ["a", "b"], "rows": [["1", "2"], ["3", ""]]}, {"title": "One", "header": ["c"], "rows": [["4"]]}]


def test_charts_have_a_bar_for_each_number():
    table = {"header": ["server", "x", "y"], "rows": [["one", "1,024 µs", "2"], ["two", "", "3.5 (4/s)"]]}
    drawing = charts.of_columns(table, ["x", "y"], "A < B")
    assert drawing.count('fill="#444"') == 3 and "1,024" in drawing and "A &lt; B" in drawing


def test_unknown_sections_are_named():
    done = subprocess.run([sys.executable, LOAD / "report.py", "--only", "nonsense"], capture_output=True, text=True)
    assert done.returncode == 2 and "no such section: nonsense" in done.stderr
