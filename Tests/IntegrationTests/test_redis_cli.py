"""The modes of the real redis-cli, on one shard and on three."""
import os
import pty
import re
import select
import shutil
import subprocess
import time

import pytest


@pytest.fixture
def cli(server):
    binary = shutil.which("redis-cli")
    if binary is None:
        pytest.skip("redis-cli is not installed: run Scripts/install-dependencies --tests")

    def run(*options, seconds=None, stdin=b""):
        """Runs it to its end, or on a terminal for some seconds; what it wrote."""
        command = [binary, "-p", str(server.port), *options]
        if seconds is None:
            return subprocess.run(
                command, input=stdin, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60).stdout.decode()
        terminal, other_end = pty.openpty()
        process = subprocess.Popen(command, stdin=other_end, stdout=other_end, stderr=other_end)
        os.close(other_end)
        end = time.monotonic() + seconds
        text = b""
        while (left := end - time.monotonic()) > 0:
            if select.select([terminal], [], [], left)[0]:
                text += os.read(terminal, 65536)
        process.kill()
        process.wait(10)
        os.close(terminal)
        return text.decode()

    return run


def fill(server):
    with server.connect() as connection:
        connection.pipeline([("SET", f"key:{n}", "x" * (n + 1)) for n in range(300)])
        connection("RPUSH", "list", *range(500))
        connection("HSET", "hash", *range(100))
        connection("SADD", "set", *range(70))
        connection("ZADD", "zset", 1, "a", 2, "b")
        connection("XADD", "stream", "*", "a", "b")


def test_stat(server, cli):
    fill(server)
    text = cli("--stat", "-i", "0.1", seconds=1)
    rows = [line.split() for line in text.splitlines() if re.match(r"^\d", line)]
    assert len(rows) >= 3 and all(row[0] == "305" for row in rows)
    requests = [int(row[4]) for row in rows]
    assert requests == sorted(requests) and requests[-1] > requests[0]


def test_latency(cli):
    text = cli("--latency", seconds=1)
    figures = re.findall(r"min: (\d+), max: (\d+), avg: ([\d.]+) \((\d+) samples\)", text)[-1]
    lowest, highest, average, samples = map(float, figures)
    assert lowest <= average <= highest and samples > 10


def test_latency_distribution(cli):
    assert "\x1b[" in cli("--latency-dist", "-i", "0.3", seconds=1.5)


def test_latency_history(cli):
    assert re.search(r"min: \d+, max: \d+, avg: [\d.]+ \(\d+ samples\)", cli("--latency-history", "-i", "0.3", seconds=1.5))


def test_bigkeys(server, cli):
    fill(server)
    text = cli("--bigkeys")
    assert "Sampled 305 keys in the keyspace!" in text
    assert re.search(r"""Biggest +string found '?"?key:299"?'? has 300 bytes""", text)
    assert re.search(r"""Biggest +list found '?"?list"?'? has 500 items""", text)
    assert re.search(r"""Biggest +hash found '?"?hash"?'? has 50 fields""", text)
    assert re.search(r"""Biggest +set found '?"?set"?'? has 70 members""", text)
    assert "1 streams with 1 entries" in text


def test_memkeys(server, cli):
    fill(server)
    text = cli("--memkeys")
    assert "Sampled 305 keys in the keyspace!" in text and re.search(r"Biggest +string found", text)


def test_hotkeys(server, cli):
    fill(server)
    with server.connect() as connection:
        assert "LFU maxmemory policy" in cli("--hotkeys")
        connection("CONFIG", "SET", "maxmemory-policy", "allkeys-lfu")
        try:
            connection.pipeline([("GET", "key:77")] * 20_000)
            text = cli("--hotkeys")
        finally:
            connection("CONFIG", "SET", "maxmemory-policy", "noeviction")
    assert "Sampled 305 keys in the keyspace!" in text
    assert re.search(r"""hot key found with counter: (\d+)\s+keyname: "?key:77"?""", text)


def test_scan(server, cli):
    fill(server)
    assert len(set(cli("--scan").split())) == 305
    assert sorted(cli("--scan", "--pattern", "key:1?").split()) == [f"key:1{n}" for n in range(10)]


def test_pipe(server, cli):
    commands = b"".join(b"*3\r\n$3\r\nSET\r\n$%d\r\n%s\r\n$1\r\nv\r\n" % (len(b"p:%d" % n), b"p:%d" % n) for n in range(5000))
    text = cli("--pipe", stdin=commands)
    assert "errors: 0, replies: 5000" in text
    with server.connect() as connection:
        assert connection("DBSIZE").value == 5000


def test_monitor(server, cli):
    def run():
        with server.connect() as connection:
            for number in range(20):
                connection("SET", f"key:{number}", "v")

    process = subprocess.Popen(
        ["redis-cli", "-p", str(server.port), "MONITOR"], stdout=subprocess.PIPE)
    assert process.stdout.readline() == b"OK\n"
    run()
    lines = [process.stdout.readline().decode() for _ in range(20)]
    process.terminate()
    process.wait(10)
    for number, line in enumerate(lines):
        assert re.match(rf'^\d+\.\d{{6}} \[0 127\.0\.0\.1:\d+\] "SET" "key:{number}" "v"\n$', line)


def test_intrinsic_latency_and_info(cli):
    assert "redis_version:" in cli("INFO", "server")
    assert "Max latency so far" in cli("--intrinsic-latency", "1")
