"""Servers as the benchmarks run them: alone on loopback, without persistence, measured through /proc.

CPU time is the scheduler's own nanosecond count, summed over threads. On a machine that others use too it is the
figure that stays: requests per second do not.
"""
import os
import re
import selectors
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import peers

REPOSITORY = Path(__file__).resolve().parent.parent.parent


def martlet_binary():
    return os.environ.get("MARTLET_SERVER", str(REPOSITORY / ".build/release/martlet-server"))


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """One running server; a context manager that ends it by its pid."""

    READY_SECONDS_MAX = 30

    def __init__(self, name, command, cpus=None, options=(), directory=None):
        """`options` come last, so they win. Works in `directory`, which stays, else in one of its own."""
        self.name = name
        self.port = free_port()
        self._directory = None if directory else tempfile.TemporaryDirectory()
        self.directory = directory or self._directory.name
        pinned = ["taskset", "-c", str(cpus)] if cpus is not None else []
        self._process = subprocess.Popen(
            [*pinned, *command, "--port", str(self.port), "--save", "", "--appendonly", "no", *options],
            cwd=self.directory, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        try:
            self._await_ready()
        except BaseException:
            self.stop()
            raise

    @property
    def pid(self):
        return self._process.pid

    @property
    def address(self):
        return ("127.0.0.1", self.port)

    def connect(self):
        connection = socket.create_connection(self.address, 120)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection

    def command(self, *words):
        """One command; the first line of its reply."""
        request = b"*%d\r\n" % len(words)
        for word in words:
            request += b"$%d\r\n%b\r\n" % (len(word.encode()), word.encode())
        with self.connect() as connection:
            connection.sendall(request)
            return connection.makefile("rb").readline()

    def cpu_seconds(self):
        total = 0
        for thread in os.listdir(f"/proc/{self.pid}/task"):
            try:
                total += int(Path(f"/proc/{self.pid}/task/{thread}/schedstat").read_text().split()[0])
            except FileNotFoundError:
                pass
        return total / 1e9

    def children_cpu_seconds(self):
        """Of children that have ended: forked savers."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[13]) + int(fields[14])) / os.sysconf("SC_CLK_TCK")

    def info(self, section="persistence"):
        """INFO as a dictionary of strings."""
        with self.connect() as connection:
            connection.sendall(f"INFO {section}\r\n".encode())
            stream = connection.makefile("rb")
            text = stream.read(int(stream.readline()[1:])).decode()
        return dict(line.split(":", 1) for line in text.splitlines() if ":" in line)

    def resident_bytes(self):
        status = Path(f"/proc/{self.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) * 1024

    def stop(self):
        self._process.terminate()
        try:
            self._process.wait(15)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()
        if self._directory:
            self._directory.cleanup()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def _await_ready(self):
        log, deadline = b"", time.monotonic() + self.READY_SECONDS_MAX
        with selectors.DefaultSelector() as selector:
            selector.register(self._process.stdout, selectors.EVENT_READ)
            while b"eady to accept connections" not in log:
                if not selector.select(max(0, deadline - time.monotonic())):
                    raise RuntimeError(f"{self.name} is not ready after {self.READY_SECONDS_MAX} s:\n{log.decode()}")
                data = os.read(self._process.stdout.fileno(), 65536)
                if not data:
                    raise RuntimeError(f"{self.name} ended:\n{log.decode()}")
                log += data


def martlet(shards=1, cpus=None, **keywords):
    name = f"Martlet, {shards} shard{'s' if shards > 1 else ''}"
    return Server(name, [martlet_binary(), "--shards", str(shards)], cpus, **keywords)


def peer(name, cpus=None, **keywords):
    titles = {"redis7": "Redis 7.0", "redis8": "Redis 8.2", "valkey9": "Valkey 9.1"}
    return Server(titles[name], [peers.binary(name)], cpus, **keywords)
