"""A RESP client that hides nothing.

Client libraries turn replies into their language's values and so lose what a compatibility test looks for: whether a
null was `$-1` or `_`, a simple string or a bulk one. This one hands over the bytes of each reply as they came, and on
request a tree that still names every type.
"""
import socket
from typing import NamedTuple


class Reply(NamedTuple):
    """One reply: its type byte, and its payload (bytes, int, None or a list of replies)."""

    kind: str
    value: object

    @property
    def is_error(self):
        return self.kind in "-!"

    def plain(self):
        """The reply as ordinary Python values, for tests that do not care about types."""
        if self.kind in "*~>" and self.value is not None:
            return [item.plain() for item in self.value]
        if self.kind == "%":
            pairs = iter(self.value)
            return {key.plain(): value.plain() for key, value in zip(pairs, pairs)}
        return self.value


class ServerClosed(ConnectionError):
    """The server ended the connection where a reply was due."""


def encode(arguments):
    """One command as an array of bulk strings."""
    parts = [b"*%d\r\n" % len(arguments)]
    for argument in arguments:
        data = to_bytes(argument)
        parts.append(b"$%d\r\n%b\r\n" % (len(data), data))
    return b"".join(parts)


def to_bytes(argument):
    return argument if isinstance(argument, bytes) else str(argument).encode()


_LINE_TYPES = b"+-:_#,("
_BULK_TYPES = b"$=!"
_AGGREGATES = {b"*"[0]: 1, b"~"[0]: 1, b">"[0]: 1, b"%"[0]: 2}


def read_raw(file):
    """Reads exactly one reply from a buffered binary file and returns its bytes."""
    pieces = []
    _read_into(file, pieces)
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)


def _read_into(file, pieces):
    line = file.readline()
    if not line.endswith(b"\r\n"):
        raise ServerClosed(f"connection ended inside a reply: {line!r}")
    pieces.append(line)
    kind = line[0]
    if kind in _LINE_TYPES:
        return
    count = int(line[1:-2])
    if kind in _BULK_TYPES:
        if count >= 0:
            body = file.read(count + 2)
            if len(body) < count + 2:
                raise ServerClosed("connection ended inside a bulk string")
            pieces.append(body)
        return
    if kind == b"|"[0]:
        for _ in range(2 * count + 1):
            _read_into(file, pieces)
        return
    if kind not in _AGGREGATES:
        raise ValueError(f"not a reply: {line!r}")
    for _ in range(max(count, 0) * _AGGREGATES[kind]):
        _read_into(file, pieces)


def parse(raw):
    """The typed tree of one reply."""
    reply, end = _parse_at(raw, 0)
    if end != len(raw):
        raise ValueError(f"bytes after the reply: {raw[end:end + 40]!r}")
    return reply


def _parse_at(raw, start):
    end = raw.index(b"\r\n", start)
    kind, text, position = chr(raw[start]), raw[start + 1:end], end + 2
    if kind in "+-,#(":
        return Reply(kind, text), position
    if kind == ":":
        return Reply(kind, int(text)), position
    if kind == "_":
        return Reply(kind, None), position
    count = int(text)
    if kind in "$=!":
        if count < 0:
            return Reply(kind, None), position
        return Reply(kind, raw[position:position + count]), position + count + 2
    if count < 0:
        return Reply(kind, None), position
    items = []
    for _ in range(count * (2 if kind in "%|" else 1)):
        item, position = _parse_at(raw, position)
        items.append(item)
    if kind == "|":
        return _parse_at(raw, position)
    return Reply(kind, items), position


class Connection:
    """One client connection over TCP or a unix socket."""

    def __init__(self, address, timeout=30, protocol=2):
        if isinstance(address, str):
            self.socket = socket.socket(socket.AF_UNIX)
            self.socket.settimeout(timeout)
            self.socket.connect(address)
        else:
            self.socket = socket.create_connection(address, timeout)
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.file = self.socket.makefile("rb", buffering=1 << 16)
        if protocol == 3:
            self("HELLO", 3)

    def send(self, data):
        self.socket.sendall(data)

    def read_raw(self):
        return read_raw(self.file)

    def read(self):
        return parse(self.read_raw())

    def raw(self, *arguments):
        """Sends one command and returns the reply's bytes."""
        self.send(encode(arguments))
        return self.read_raw()

    def __call__(self, *arguments):
        """Sends one command and returns the typed reply."""
        return parse(self.raw(*arguments))

    def pipeline(self, commands):
        """Sends all commands in one write and returns the raw replies."""
        self.send(b"".join(encode(command) for command in commands))
        return [self.read_raw() for _ in commands]

    def read_to_end(self):
        """Whatever the server sends until it closes; a reset counts as an end."""
        try:
            return self.file.read()
        except ConnectionResetError:
            return b""

    def close(self):
        self.file.close()
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
