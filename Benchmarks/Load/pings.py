"""A PING loop in a process of its own: how long does another client wait while the server is busy?

It pings once a millisecond. Run in the process that loads the server it would measure the interpreter's lock.
"""
import json
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

INTERVAL_SECONDS = 0.001


class PingLoop:
    """Pings from entering to leaving; then `latencies` holds sorted milliseconds."""

    def __init__(self, address):
        self.latencies = []
        self._address = address

    def __enter__(self):
        self._process = subprocess.Popen(
            [sys.executable, Path(__file__), self._address[0], str(self._address[1])], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, text=True)
        assert self._process.stdout.readline() == "pinging\n", "the PING loop did not start"
        return self

    def __exit__(self, *_):
        output, _ = self._process.communicate()
        self.latencies = sorted(json.loads(output)) if output else []

    def percentile(self, percent):
        return self.latencies[min(len(self.latencies) - 1, int(len(self.latencies) * percent / 100))]

    def summary(self):
        """p50, p99, p99.9 and the maximum, in milliseconds."""
        return [self.percentile(50), self.percentile(99), self.percentile(99.9), self.latencies[-1]]

    def __str__(self):
        return "p50 {:.2f} ms, p99 {:.2f} ms, p99.9 {:.2f} ms, max {:.2f} ms".format(*self.summary())


def ping_until_stdin_ends(host, port):
    connection = socket.create_connection((host, port), 60)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    ended = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), ended.set()), daemon=True).start()
    latencies = []
    print("pinging", flush=True)
    while True:
        start = time.perf_counter()
        connection.sendall(b"PING\r\n")
        reply = connection.recv(64)
        latencies.append((time.perf_counter() - start) * 1000)
        assert reply == b"+PONG\r\n", reply
        if ended.wait(INTERVAL_SECONDS):
            break
    print(json.dumps(latencies))


if __name__ == "__main__":
    ping_until_stdin_ends(sys.argv[1], int(sys.argv[2]))
