"""Load generators, as people run them to judge a server: redis-benchmark, and martlet-benchmark."""
import csv
import getpass
import itertools
import json
import re
import shutil
import signal
import socket
import subprocess
import threading
import time
import xml.etree.ElementTree as ElementTree

import pytest

from conftest import server_binary
from support.process import free_port

TESTS = "ping,set,get,incr,mset"


@pytest.mark.skipif(shutil.which("redis-benchmark") is None, reason="redis-benchmark is not installed")
@pytest.mark.parametrize("pipeline", [1, 16])
def test_redis_benchmark_runs_clean(server, pipeline):
    done = subprocess.run(
        ["redis-benchmark", "-p", str(server.port), "-t", TESTS, "-n", "10000", "-P", str(pipeline), "-r", "1000",
         "--csv"], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert "ERR" not in done.stdout + done.stderr
    rates = {row["test"]: float(row["rps"]) for row in csv.DictReader(done.stdout.splitlines())}
    assert len(rates) == 6
    assert all(rate > 0 for rate in rates.values())


def benchmark(server, *words, code=0, address=None, timeout=120, **keywords):
    """Runs martlet-benchmark to its end."""
    binary = server_binary().with_name("martlet-benchmark")
    where = address or ["-p", str(server.port)]
    done = subprocess.run([binary, *where, *map(str, words)], capture_output=True, text=True, timeout=timeout,
                          **keywords)
    assert done.returncode == code, done.stdout + done.stderr
    return done


def report(server, *words, **keywords):
    """The runs of martlet-benchmark's JSON."""
    return json.loads(benchmark(server, "--json", "-", *words, **keywords).stdout)["runs"]


def calls(connection):
    """How often each command ran, without those that ask."""
    text = connection("INFO", "commandstats").decode()
    return {name: int(count) for name, count in re.findall(r"cmdstat_(\S+):calls=(\d+)", text)
            if name not in ("info", "ping", "config|resetstat")}


@pytest.fixture
def counted(start, shards):
    server = start("--enable-debug-command", "yes", shards=shards)
    connection = server.connect()
    server.client = lambda *words: connection(*words).plain()
    return server


@pytest.mark.parametrize("shape", [
    "-c 1 -n 1", "-c 7 -P 3 -n 1000", "-c 50 -P 16 -n 10007 --threads 2", "-c 3 -P 100 -n 20"])
def test_exactly_as_many_commands_arrive_as_were_asked_for(counted, shape):
    requests = int(re.search(r"-n (\d+)", shape)[1])
    (run,) = report(counted, *shape.split(), "-t", "get")
    assert run["requests"] == requests
    assert run["errors"] == 0
    assert calls(counted.client) == {"get": requests}


def test_transactions_count_as_one(counted):
    (run,) = report(counted, "-n", 500, "-P", 4, "-r", 100, "-t", "multi")
    assert run["requests"] == 500
    assert calls(counted.client) == {"multi": 500, "set": 500, "get": 500, "exec": 500}


@pytest.mark.parametrize("pipeline", [8, 500])
def test_a_mix_keeps_its_weights_and_reports_each_part(counted, pipeline):
    (run,) = report(counted, "-n", 20_000, "-P", pipeline, "-r", 1000, "--mix", "get=3,set=1")
    parts = {part["test"]: part["requests"] for part in run["tests"]}
    assert sum(parts.values()) == 20_000
    assert abs(parts["GET"] - 15_000) < 500
    assert calls(counted.client) == {"get": parts["GET"], "set": parts["SET"]}


def test_preloading_writes_each_key_once_with_its_time_to_live(counted):
    report(counted, "-n", 10, "-t", "get", "-r", 1234, "--preload", "--ttl", 100, "-d", "5-9", "--threads", 3)
    assert counted.client("DBSIZE") == 1234
    assert counted.client("TTL", "key:000000001233") in range(1, 101)
    assert counted.client("STRLEN", "key:000000000000") in range(5, 10)
    assert calls(counted.client)["set"] == 1234


def test_the_same_seed_sends_the_same(counted):
    digests = []
    for seed in (5, 5, 6):
        report(counted, "-c", 1, "-n", 2000, "-t", "set", "-r", 10_000, "--distribution", "zipf", "--seed", seed, "-d", "1-100")
        digests.append(counted.client("DEBUG", "DIGEST"))
        counted.client("FLUSHALL")
    assert digests[0] == digests[1] != digests[2]


def test_keys_of_one_request_share_their_tag(counted):
    report(counted, "-n", 300, "-t", "mset", "-r", 1000, "--key-tags", 8)
    keys = [key.decode() for key in counted.client("KEYS", "*")]
    assert {re.fullmatch(r"key:\{(\d{4})\}:\d{12}", key)[1] for key in keys} == {f"{tag:04}" for tag in range(8)}
    assert all(int(key[-12:]) % 8 == int(key[5:9]) for key in keys)


def test_every_test_runs_clean(counted):
    text = benchmark(counted, "--help").stdout
    names = re.search(r"^Tests: (.*)$", text, re.M)[1].split()
    assert len(names) > 35
    runs = report(counted, "-n", 300, "-c", 5, "-P", 4, "-r", 100, "--preload", "--ttl", 50, "-t", ",".join(names))
    assert [run["requests"] for run in runs] == [300] * len(names)
    assert {run["test"]: run["errors"] for run in runs if run["errors"]} == {}


def test_any_command_may_be_given(counted):
    benchmark(counted, "-n", 100, "-r", 50, "-d", 20, "-q", "HSET", "hash", "field:__rand_int__", "<__data__>")
    assert counted.client("HLEN", "hash") in range(30, 51)
    assert counted.client("HSTRLEN", "hash", counted.client("HKEYS", "hash")[0]) == 22
    benchmark(counted, "-n", 1, "-x", "SET", "from-input", input="some text")
    assert counted.client("GET", "from-input") == b"some text"


def test_connections_begin_as_told(counted):
    client = counted.client
    client("CONFIG", "SET", "requirepass", "secret")
    benchmark(counted, "-a", "secret", "--dbnum", 3, "-3", "-n", 10, "-t", "set", "-q")
    benchmark(counted, "-u", f"redis://:secret@127.0.0.1:{counted.port}/4", "-n", 10, "-t", "set", "-q")
    assert set(re.findall(r"db(\d):keys=1", client("INFO", "keyspace").decode())) == {"3", "4"}
    refused = benchmark(counted, "-a", "wrong", "-n", 10, "-t", "set", code=1)
    assert "WRONGPASS" in refused.stderr
    assert "NOAUTH" in benchmark(counted, "-n", 10, "-t", "set", code=1).stderr


def test_a_unix_socket_works_too(start, tmp_path):
    path = tmp_path / "socket"
    start("--unixsocket", path)
    benchmark(None, "-n", 1000, "-P", 5, "-t", "set,get", address=["-s", path])


@pytest.mark.skipif(shutil.which("redis-benchmark") is None, reason="redis-benchmark is not installed")
def test_csv_has_the_shape_of_redis_benchmarks(counted):
    options = ["-p", str(counted.port), "-n", "1000", "-t", "ping,set,lpush", "--csv"]
    theirs = subprocess.run(["redis-benchmark", *options], capture_output=True, text=True, timeout=60, check=True).stdout
    ours = benchmark(counted, *options).stdout

    def shape(text):
        return re.sub(r"\d+\.\d+", lambda number: "0." + "0" * len(number[0].partition(".")[2]), text)

    assert shape(ours) == shape(theirs)


def test_an_open_loop_charges_a_pause_to_everyone_who_was_due(counted):
    """A server that stands still for half of a second: one of 1000 requests a second sees it, and 500 should have."""

    def pause():
        time.sleep(0.7)
        counted.connect()("CLIENT", "PAUSE", "500", "ALL")

    pausing = threading.Thread(target=pause)
    pausing.start()
    (run,) = report(counted, "-c", 1, "-t", "ping_mbulk", "--rate", 1000, "--duration", 2.5)
    pausing.join()
    latency = run["latency_ms"]
    assert run["requests"] + run["unsent"] == pytest.approx(2500, abs=20)
    assert latency["max"] > 400
    assert latency["p90"] > 150
    assert latency["p50"] < 100
    # A closed loop beside it: two or three of all requests have waited.
    pausing = threading.Thread(target=pause)
    pausing.start()
    (run,) = report(counted, "-c", 1, "-t", "ping_mbulk", "--duration", 2)
    pausing.join()
    assert run["latency_ms"]["max"] > 400
    assert run["latency_ms"]["p99"] < 100


@pytest.mark.parametrize("rate,connections", [(2000, 10), (20_000, 50), (300, 2)])
def test_an_open_loop_keeps_its_rate(counted, rate, connections):
    (run,) = report(counted, "-c", connections, "-P", 10, "-t", "get", "--rate", rate, "-n", rate, "--threads", 2)
    assert run["requests"] == rate
    assert run["seconds"] == pytest.approx(1, rel=0.1)
    assert calls(counted.client) == {"get": rate}
    (run,) = report(counted, "-c", connections, "-t", "get", "--rate", rate, "--duration", 1)
    assert run["requests"] + run["unsent"] == pytest.approx(rate, rel=0.02)
    assert run["unsent"] < rate * 0.1


def test_duration_and_warm_up_bound_the_run(counted):
    began = time.monotonic()
    (run,) = report(counted, "-t", "set", "--duration", 0.6, "--warmup", 0.4, "--interval", 0.1)
    assert 0.9 < time.monotonic() - began < 5
    assert run["seconds"] == pytest.approx(0.6, abs=0.1)
    assert len(run["series"]) in (6, 7)
    assert run["requests"] < calls(counted.client)["set"]
    assert sum(point["requests_per_second"] * 0.1 for point in run["series"][:5]) <= run["requests"]


def test_error_replies_are_counted_and_shown(counted):
    counted.client("SET", "text", "x")
    done = benchmark(counted, "-n", 70, "-P", 3, "-c", 4, "-q", "LPUSH", "text", "x", code=1)
    assert "LPUSH text x: 70 errors from the server, such as: WRONGTYPE Operation against" in done.stderr
    (run,) = report(counted, "-n", 70, "LPUSH", "text", "x", code=1)
    assert run["errors"] == 70
    assert run["first_error"].startswith("WRONGTYPE")


def test_failures_are_told_in_one_line(counted, tmp_path):
    gone = benchmark(None, "-n", 1, address=["-p", "1"], code=1)
    assert gone.stderr == "martlet-benchmark: Could not connect to the server at 127.0.0.1:1: Connection refused\n"
    assert "Unknown option --wrong" in benchmark(counted, "--wrong", code=1).stderr
    assert "There is no test foo" in benchmark(counted, "-t", "foo", code=1).stderr
    assert "Cannot write" in benchmark(counted, "-n", 1, "-t", "get", "--json", tmp_path / "no" / "file", code=1).stderr
    counted.client("CONFIG", "SET", "maxclients", 10)
    assert "martlet-benchmark: " in benchmark(counted, "-n", 1000, "-c", 50, "-t", "get", code=1).stderr


def test_a_server_that_goes_away_ends_the_run(counted, tmp_path):
    killing = threading.Timer(1.2, counted.process.kill)
    killing.start()
    done = benchmark(counted, "-t", "ping_mbulk,set", "-n", 10**9, "--duration", 0.7, "--threads", 2,
                     "--json", tmp_path / "report", code=1, timeout=20)
    killing.join()
    assert "The server closed a connection" in done.stderr
    # What was finished before is not lost.
    assert [run["test"] for run in json.loads((tmp_path / "report").read_text())["runs"]] == ["PING_MBULK"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_is_reported(counted, number):
    binary = server_binary().with_name("martlet-benchmark")
    running = subprocess.Popen([binary, "-p", str(counted.port), "-t", "set,get", "--duration", "60", "--json", "-"],
                               stdout=subprocess.PIPE, text=True)
    time.sleep(0.6)
    running.send_signal(number)
    output, _ = running.communicate(timeout=10)
    assert running.returncode == 130
    (run,) = json.loads(output)["runs"]
    assert run["test"] == "SET"
    assert run["requests"] == calls(counted.client)["set"]


def test_idle_connections_stay_until_the_end(counted):
    binary = server_binary().with_name("martlet-benchmark")
    running = subprocess.Popen([binary, "-p", str(counted.port), "-I", "-c", "20"], stdout=subprocess.PIPE, text=True)
    assert running.stdout.readline() == "Keeping 20 idle connections open; stop with Ctrl-C\n"
    assert counted.client("INFO", "clients").decode().count("connected_clients:21\r\n") == 1
    running.terminate()
    assert running.wait(10) == 130


def test_charts_are_images(counted, tmp_path):
    chart = tmp_path / "chart.svg"
    benchmark(counted, "-t", "get,set", "--duration", 0.5, "--interval", 0.05, "--svg", chart, "-q")
    image = ElementTree.parse(chart).getroot()
    assert image.tag.endswith("svg")
    assert len(image.findall(".//{*}polyline")) == 6


def test_replies_larger_than_any_buffer_are_followed(counted):
    counted.client("SET", "large", "x" * 3_000_000)
    (run,) = report(counted, "-n", 60, "-c", 20, "-P", 2, "GET", "large")
    assert run["requests"] == 60
    benchmark(counted, "-n", 50, "-c", 5, "-d", 1_000_000, "-t", "set", "-q")


def test_invalidations_are_no_replies(counted):
    (run,) = report(counted, "-3", "--enable-tracking", "-n", 5000, "-P", 4, "-r", 10, "--mix", "get=1,set=1")
    assert run["requests"] == 5000


@pytest.fixture
def memcached():
    """memcached on a free port, if it is installed."""
    binary = shutil.which("memcached")
    if binary is None:
        pytest.skip("memcached is not installed")
    port = free_port()
    process = subprocess.Popen([binary, "-p", str(port), "-l", "127.0.0.1", "-U", "0", "-u", getpass.getuser()])
    for _ in range(100):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            break
        except OSError:
            time.sleep(0.05)
    yield ["-p", str(port), "--memcached"]
    process.terminate()
    process.wait()


def test_memcached_is_loaded_by_its_own_protocol(memcached):
    runs = report(None, "-t", "set,get,del", "-n", 5000, "-P", 10, "-r", 500, "-d", "0-2000", address=memcached)
    assert [(run["test"], run["requests"], run["errors"]) for run in runs] == [
        ("SET", 5000, 0), ("GET", 5000, 0), ("DEL", 5000, 0)]
    large = benchmark(None, "-t", "set", "-n", 5, "-d", 3_000_000, address=memcached, code=1)
    assert "SERVER_ERROR object too large for cache" in large.stderr


def test_a_server_of_another_protocol_is_named(counted, memcached):
    assert "The server is no memcached" in benchmark(counted, "--memcached", "-n", 1, code=1).stderr
    assert "The server's reply to PING is none" in benchmark(None, "-n", 1, address=memcached[:2], code=1).stderr


def test_a_comparison_has_tables_charts_and_all_rounds(tmp_path):
    binary = server_binary()
    files = {kind: tmp_path / f"out.{kind}" for kind in ("markdown", "svg", "json")}
    done = subprocess.run(
        [binary.with_name("martlet-benchmark"), "compare", "--server", binary, "--peers", "none", "--shards", "1,2",
         "-t", "get,incr", "-P", "1,8", "--rounds", "2", "--duration", "0.1", "-r", "2000", "-c", "10",
         *itertools.chain(*(("--" + kind, path) for kind, path in files.items()))],
        capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert done.stdout == files["markdown"].read_text()
    tables = done.stdout.split("\n### ")
    assert [table.splitlines()[0] for table in tables[1:]] == [
        "Martlet, 2 shards beside Martlet, 1 shard",
        "Everybody: throughput, p50 / p99 / p99.9 in milliseconds, CPU per request", "Resident bytes per key"]
    assert [line.split(" | ")[0] for line in tables[1].splitlines()[4:] if line] == [
        "| GET, pipeline 1", "| GET, pipeline 8", "| INCR, pipeline 1", "| INCR, pipeline 8"]
    results = json.loads(files["json"].read_text())
    assert all(len(load["turns"]) == 4 for load in results["loads"])
    assert all(turn["requests_per_second"] > 0 and turn["cpu_us_per_request"] > 0
               for load in results["loads"] for turn in load["turns"])
    assert ElementTree.parse(files["svg"]).getroot().tag.endswith("svg")
