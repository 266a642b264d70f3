"""The metrics port: HTTP's bounds, Prometheus text, the dashboard's figures, and the page in a real browser."""
import http.client
import json
import re
import shutil
import socket
import subprocess
import time

import pytest

from support.process import free_port

SAMPLE = re.compile(r'^([a-z_:][a-z0-9_:]*)(?:\{((?:[a-z_]+="(?:[^"\\]|\\.)*",?)*)\})? (\S+)$')


class Metrics:
    def __init__(self, server, port):
        self.server = server
        self.port = port

    def get(self, path, method="GET"):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request(method, path)
            response = connection.getresponse()
            return response.status, dict(response.getheaders()), response.read()
        finally:
            connection.close()

    def raw(self, data, seconds=5):
        """What comes back until the server closes, or until nothing comes for a while."""
        with socket.create_connection(("127.0.0.1", self.port), seconds) as client:
            client.sendall(data)
            received = b""
            client.settimeout(seconds)
            try:
                while part := client.recv(65536):
                    received += part
            except TimeoutError:
                pass
            except ConnectionResetError:
                pass
            return received

    def samples(self):
        values = {}
        for line in self.get("/metrics")[2].decode().splitlines():
            if not line.startswith("#"):
                name, labels, value = SAMPLE.match(line).groups()
                values[name + ("{" + labels + "}" if labels else "")] = float(value)
        return values


@pytest.fixture
def metrics(start, shards):
    port = free_port()
    return Metrics(start("--metrics-port", port, "--slowlog-log-slower-than", 0, shards=shards), port)


def work(server):
    with server.connect() as connection:
        connection.pipeline([("SET", f"key:{n}", n) for n in range(100)])
        connection.pipeline([("GET", f"key:{n}") for n in range(150)])
        connection("NOSUCH")
        connection("SET", "a<b>\"\\&", "1")
    time.sleep(1.3)  # each shard tells about itself once a second


def test_prometheus_text(metrics, shards):
    work(metrics.server)
    status, headers, body = metrics.get("/metrics")
    assert status == 200 and headers["Content-Type"].startswith("text/plain; version=0.0.4")
    types = re.findall(r"^# TYPE (\S+) (\S+)$", body.decode(), re.M)
    assert len(types) == len({name for name, _ in types}), "a metric is declared twice"
    values = metrics.samples()
    assert values["redis_up"] == 1
    assert values['redis_db_keys{db="db0"}'] == 101
    assert values['redis_commands_total{cmd="set"}'] == 101
    assert values['redis_commands_latencies_usec_bucket{cmd="set",le="+Inf"}'] == 101
    assert values["redis_keyspace_hits_total"] == 100 and values["redis_keyspace_misses_total"] == 50
    assert values["redis_commands_processed_total"] >= 251
    assert values['redis_errors_total{err="ERR"}'] == 1
    assert values["redis_memory_used_bytes"] > 0 and values["redis_uptime_in_seconds"] >= 1
    assert sum(values[f'martlet_shard_keys{{shard="{n}"}}'] for n in range(shards)) == 101
    assert f'martlet_shard_long_turns_total{{shard="{shards - 1}",cause="command"}}' in values


def test_figures_of_the_dashboard(metrics, shards):
    work(metrics.server)
    status, headers, body = metrics.get("/data.json?now")
    assert status == 200 and headers["Content-Type"].startswith("application/json")
    data = json.loads(body)
    assert len(data["shards"]) == shards
    assert sum(shard["keys"] for shard in data["shards"]) == 101
    assert data["info"]["db0"].startswith("keys=101,")
    assert {command["name"]: command["calls"] for command in data["commands"]}["get"] == 150
    assert any(entry["words"].startswith("SET a<b>\"\\&") or entry["words"] for entry in data["slowlog"])
    counts = [count for _, count in data["latency"]]
    assert counts == sorted(counts) and counts[-1] >= 251


def test_methods_and_paths(metrics):
    assert metrics.get("/health")[2] == b"ok\n"
    assert metrics.get("/nothing")[0] == 404
    status, headers, body = metrics.get("/", "HEAD")
    assert status == 200 and body == b"" and int(headers["Content-Length"]) > 10000
    status, headers, _ = metrics.get("/", "DELETE")
    assert status == 405 and headers["Allow"] == "GET, HEAD"


def test_connections_stay_open_and_requests_queue(metrics):
    request = b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n"
    answer = metrics.raw(request * 20 + b"GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert answer.count(b"HTTP/1.1 200 OK") == 21
    assert answer.count(b"Connection: close") == 1


@pytest.mark.parametrize(
    "request_bytes, status",
    [
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
        (b"GET / HTTP/3.0\r\nHost: a\r\n\r\n", 505),
        (b"GET /\r\n\r\n", 400),
        (b"*1\r\n$4\r\nPING\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\nBad Name: x\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\x00\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello", 413),
        (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 413),
        (b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n", 400),
        (b"GET /" + b"a" * 3000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", 414),
        (b"GET / HTTP/1.1\r\nHost: a\r\n" + b"x: y\r\n" * 70 + b"\r\n", 431),
        (b"GET / HTTP/1.1\r\nHost: a\r\nx: " + b"y" * 10000, 431),
    ],
)
def test_bad_requests_are_refused_and_the_connection_closed(metrics, request_bytes, status):
    answer = metrics.raw(request_bytes)
    assert answer.startswith(b"HTTP/1.1 %d " % status), answer[:100]
    assert b"Connection: close" in answer
    assert metrics.get("/health")[0] == 200


def test_a_request_may_come_byte_by_byte(metrics):
    with socket.create_connection(("127.0.0.1", metrics.port), 5) as client:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in b"GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n":
            client.sendall(bytes([byte]))
            time.sleep(0.001)
        assert client.makefile("rb").read().endswith(b"ok\n")


def test_connections_are_bounded_and_the_server_unimpressed(metrics):
    clients = [socket.create_connection(("127.0.0.1", metrics.port), 5) for _ in range(100)]
    with metrics.server.connect() as connection:
        assert connection("PING").plain() == b"PONG"
    clients[-1].settimeout(5)
    assert clients[-1].recv(1) == b"", "the hundredth connection was kept"
    for client in clients:
        client.close()
    time.sleep(0.2)
    assert metrics.get("/health")[0] == 200


def test_it_is_off_and_local_by_default(start):
    server = start()
    with server.connect() as connection:
        assert connection("CONFIG", "GET", "metrics-port").plain() == [b"metrics-port", b"0"]
        assert connection("CONFIG", "GET", "metrics-bind").plain() == [b"metrics-bind", b"127.0.0.1"]
        assert connection("CONFIG", "SET", "metrics-port", "1").is_error


def test_the_page_works_in_a_browser(metrics, tmp_path):
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        pytest.skip("no Chromium is installed")
    work(metrics.server)
    page = subprocess.run(
        [browser, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path}",
         "--virtual-time-budget=4000", "--dump-dom", f"http://127.0.0.1:{metrics.port}/"],
        capture_output=True, timeout=120, check=True).stdout.decode()
    assert 'class="live"' in page
    body = re.search(r'<tbody id="shards">(.*?)</tbody>', page, re.S).group(1)
    assert body.count("<tr>") == len(json.loads(metrics.get("/data.json")[2])["shards"])
    assert 'a&lt;b&gt;' in page or "SET" in page
    assert "<polyline" in page
