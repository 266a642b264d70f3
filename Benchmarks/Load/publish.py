#!/usr/bin/env python3
"""What a delivered message costs: PUBLISH to many subscribers, in processor time of the server for each message and receiver.

Martlet runs with two shards, which deliver side by side. Two shapes: one publisher that waits for each reply, and one that
pipelines.
"""
import argparse
import selectors
import socket
import threading
import time

import markdown
import servers

CHANNEL = b"channel"
GOAL = 0.6


def encode(*words):
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%b\r\n" % (len(word), word) for word in words)


class Subscribers:
    """Connections that read and count bytes on a thread of their own."""

    def __init__(self, server, count):
        self._selector = selectors.DefaultSelector()
        self._connections = [server.connect() for _ in range(count)]
        for connection in self._connections:
            connection.sendall(encode(b"SUBSCRIBE", CHANNEL))
        confirmation = len(b"*3\r\n$9\r\nsubscribe\r\n$7\r\nchannel\r\n:1\r\n")
        for connection in self._connections:
            received = b""
            while len(received) < confirmation:
                received += connection.recv(confirmation - len(received))
            connection.setblocking(False)
            self._selector.register(connection, selectors.EVENT_READ)
        self.received = 0

    def expect(self, byte_count):
        """Reads until all have got that much together."""
        self.received = 0
        self._thread = threading.Thread(target=self._read, args=(byte_count,))
        self._thread.start()

    def _read(self, byte_count):
        buffer = bytearray(1 << 16)
        while self.received < byte_count:
            for key, _ in self._selector.select():
                try:
                    self.received += key.fileobj.recv_into(buffer)
                except BlockingIOError:
                    pass

    def wait(self):
        self._thread.join()

    def close(self):
        self._selector.close()
        for connection in self._connections:
            connection.close()


def publish(connection, message, count, pipeline):
    batch = encode(b"PUBLISH", CHANNEL, message) * pipeline
    for _ in range(count // pipeline):
        connection.sendall(batch)
        missing = pipeline
        while missing:
            data = connection.recv(65536)
            if not data:
                raise ConnectionError("the server closed the publisher's connection")
            missing -= data.count(b"\r\n")


def measure(server, subscribers, messages, message_bytes, pipeline):
    """Nanoseconds of the server's processor time for each delivered message."""
    receivers = Subscribers(server, subscribers)
    message = b"x" * message_bytes
    size = len(encode(b"message", CHANNEL, message))
    with server.connect() as publisher:
        receivers.expect(size * subscribers * pipeline)
        publish(publisher, message, pipeline, pipeline)
        receivers.wait()
        receivers.expect(size * subscribers * messages)
        begin, start = server.cpu_seconds(), time.monotonic()
        publish(publisher, message, messages, pipeline)
        receivers.wait()
        seconds = time.monotonic() - start
        cost = (server.cpu_seconds() - begin) * 1e9 / (messages * subscribers)
    receivers.close()
    return cost, messages * subscribers / seconds


def contenders(shards):
    yield "Martlet", lambda: servers.martlet(shards)
    for name in ("redis8", "valkey9"):
        yield name, lambda name=name: servers.peer(name)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--subscribers", type=int, default=1000)
    parser.add_argument("--messages", type=int, default=512)
    parser.add_argument("--message-bytes", type=int, default=64)
    parser.add_argument("--shards", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    rows = []
    for pipeline in (1, 16):
        best = {}
        for _ in range(options.rounds):
            for name, make in contenders(options.shards):
                with make() as server:
                    cost, rate = measure(
                        server, options.subscribers, options.messages, options.message_bytes, pipeline)
                    if name not in best or cost < best[name][0]:
                        best[name] = (cost, rate)
        other = min(cost for name, (cost, _) in best.items() if name != "Martlet")
        for name, (cost, rate) in best.items():
            ratio = cost / other
            goal = f"≤ {GOAL}, {markdown.verdict(ratio <= GOAL)}" if name == "Martlet" else ""
            rows.append([str(pipeline), name, f"{cost:.0f}", f"{rate:,.0f}", f"{ratio:.2f}", goal])
    markdown.section(
        f"PUBLISH of {options.message_bytes} bytes to {options.subscribers} subscribers",
        ["pipeline", "server", "ns of CPU a delivery", "deliveries/s", "ratio to the better peer", "goal"], rows)


if __name__ == "__main__":
    main()
