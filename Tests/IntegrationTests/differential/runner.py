"""Sends a stream to both servers and compares what comes back."""
import random
from collections import deque
from dataclasses import dataclass

from support.resp import Connection, encode, parse, to_bytes

from . import payload
from .comparison import TIME_TOLERANCE_SECONDS, equal_scores, same
from .families import ALL
from .stream import Stream, one
from .table import FullScan, Step, Transfer

CHUNK_MAX = 64
HISTORY = 25
REPLY_SECONDS_MAX = 10
DATABASES = (0, 1, 2, 15)
# The kinds of value, as payloads begin with them, that 7.2 brought: sets in listpacks, and streams.
KINDS_OF_7_2 = (20, 21)

# How the contents of a key are read, by type. Types whose order is free are sorted first.
READERS = {
    b"string": (lambda key: ("GET", key), False),
    b"list": (lambda key: ("LRANGE", key, 0, -1), False),
    b"set": (lambda key: ("SMEMBERS", key), True),
    b"hash": (lambda key: ("HGETALL", key), True),
    b"zset": (lambda key: ("ZRANGE", key, 0, -1, "WITHSCORES"), False),
    b"stream": (lambda key: ("XRANGE", key, "-", "+"), False),
}


@dataclass
class Mismatch:
    """One difference, with what led to it."""

    seed: int
    index: int
    what: str
    tested: bytes
    oracle: bytes
    history: list

    def __str__(self):
        lines = [f"seed {self.seed}, command {self.index}: {self.what}"]
        lines += [f"    {index:>7}  {show(command)}" for index, command in self.history]
        lines += [f"  tested: {clip(self.tested)}", f"  oracle: {clip(self.oracle)}"]
        return "\n".join(lines)


def show(command):
    return " ".join(clip(to_bytes(argument), 90) for argument in command)


def clip(data, limit=600):
    text = repr(data).removeprefix("b")
    return text if len(text) <= limit else f"{text[:limit]}... ({len(data)} bytes)"


class Run:
    """One stream on one pair of connections."""

    def __init__(self, tested, oracle, seed, protocol=2, tables=ALL, mismatches_max=1):
        self.seed = seed
        self.protocol = protocol
        self.tested = Connection(tested, timeout=REPLY_SECONDS_MAX)
        self.oracle = Connection(oracle, timeout=REPLY_SECONDS_MAX)
        self.pair = (self.tested, self.oracle)
        self.mismatches_max = mismatches_max
        self.mismatches = []
        self.index = 0
        self._history = deque(maxlen=HISTORY)
        # The cuts have their own generator: the commands of a seed stay the same however they are sent.
        self._cuts = random.Random(seed ^ 0x5EED)
        self.is_old = self.oracle("COMMAND", "INFO", "xdelex").value[0].value is None
        self.tables = [table for table in tables if self._is_known(table)]

    def run(self, count):
        """Sends `count` steps; returns the mismatches, at most `mismatches_max`."""
        self._reset()
        try:
            self._send_all(count)
        except (OSError, ValueError) as error:
            # No reply, a closed connection, or bytes that are no reply: nothing can be compared any more.
            self.mismatches.append(self._mismatch(f"{type(error).__name__}: {error}", b"", b""))
        for connection in self.pair:
            connection.close()
        return self.mismatches

    def _send_all(self, count):
        chunk, limit = [], self._chunk_limit()
        for step in Stream(self.seed, self.tables).steps(count):
            if isinstance(step, Step):
                chunk.append(step)
                if len(chunk) < limit:
                    continue
            self._flush(chunk)
            chunk, limit = [], self._chunk_limit()
            if isinstance(step, FullScan):
                self._compare_scan(step)
            elif isinstance(step, Transfer):
                self._transfer(step)
            if len(self.mismatches) >= self.mismatches_max:
                return
        self._flush(chunk)
        if not self.mismatches:
            self._compare_contents()

    def _is_known(self, table):
        if table.requires is None:
            return True
        return all(connection("COMMAND", "INFO", table.requires).value[0].value for connection in self.pair)

    def _chunk_limit(self):
        return self._cuts.choice((1, 2, 5, 16, self._cuts.randint(1, CHUNK_MAX)))

    def _reset(self):
        for connection in self.pair:
            connection("RESET")
            connection("FLUSHALL")
            connection("HELLO", self.protocol)

    def _record(self, what, tested, oracle):
        """Notes a mismatch and empties both servers, so that what follows is not its consequence."""
        self.mismatches.append(self._mismatch(what, tested, oracle))
        self._reset()

    def _mismatch(self, what, tested, oracle):
        return Mismatch(self.seed, self.index, what, tested, oracle, list(self._history))

    def _flush(self, chunk):
        if not chunk:
            return
        data = b"".join(encode(command) for step in chunk for command in step.commands)
        for connection in self.pair:
            self._send_cut(connection, data)
        first = None
        try:
            for step in chunk:
                first = self._compare_replies(step, first)
        finally:
            # Also when a later reply never comes: the first difference is what explains it.
            if first is not None:
                self.mismatches.append(first)
        if first is not None:
            self._reset()

    def _compare_replies(self, step, first):
        """Reads the replies of one step; returns the chunk's first mismatch."""
        for command in step.commands:
            self.index += 1
            self._history.append((self.index, command))
        for number in range(step.replies):
            tested, oracle = self.tested.read_raw(), self.oracle.read_raw()
            command = step.commands[number if len(step.commands) == step.replies else -1]
            if first is None and not same(command, tested, oracle, self.is_old):
                first = self._mismatch(show(command), tested, oracle)
        return first

    def _send_cut(self, connection, data):
        """In up to three writes, so that commands are cut anywhere."""
        cuts = sorted(self._cuts.randrange(len(data)) for _ in range(self._cuts.randint(0, 2)))
        for start, end in zip([0, *cuts], [*cuts, len(data)]):
            if end > start:
                connection.send(data[start:end])

    def _compare_scan(self, step):
        self.index += 1
        self._history.append((self.index, ("SCAN", "0", *step.options)))
        found = [self._scan(connection, step.options) for connection in self.pair]
        if found[0] != found[1]:
            self._record(f"full SCAN {show(step.options)}", repr(found[0]).encode(), repr(found[1]).encode())

    def _scan(self, connection, options):
        cursor, found = b"0", set()
        while True:
            reply = connection("SCAN", cursor, *options)
            if reply.is_error:
                return reply
            cursor = reply.value[0].value
            found.update(item.value for item in reply.value[1].value)
            if cursor == b"0":
                return sorted(found)

    def _transfer(self, step):
        self.index += 1
        self._history.append((self.index, ("DUMP", step.source)))
        payloads = [connection("DUMP", step.source) for connection in self.pair]
        if (payloads[0].value is None) != (payloads[1].value is None):
            self._record(f"DUMP {step.source!r}", repr(payloads[0]).encode(), repr(payloads[1]).encode())
            return
        if payloads[0].value is None:
            return
        versions = [payload.version(item.value) for item in payloads]
        # Redis 7.0 does not know what 7.2 writes; the other way always works.
        from_tested = step.from_tested and not (self.is_old and payloads[0].value[0] in KINDS_OF_7_2)
        data = payloads[0 if from_tested else 1].value
        if not payload.has_valid_checksum(data):
            self._record(f"checksum of DUMP {step.source!r}", data, b"")
            return
        data = payload.with_version(data, min(versions))
        command = ("RESTORE", step.target, 0, data, "REPLACE")
        self._flush([one(*command), one("GET", step.target)])

    def _compare_contents(self):
        for connection in self.pair:
            connection("RESET")
        for database in DATABASES:
            for connection in self.pair:
                connection("SELECT", database)
            names = [sorted(item.value for item in connection("KEYS", "*").value) for connection in self.pair]
            if names[0] != names[1]:
                self._record(f"keys of database {database}", repr(names[0]).encode(), repr(names[1]).encode())
                return
            for key in names[0]:
                self._compare_key(database, key)

    def _compare_key(self, database, key):
        kinds = [connection("TYPE", key) for connection in self.pair]
        read, unordered = READERS[kinds[1].value]
        values = [connection(*read(key)) for connection in self.pair]
        if unordered:
            values = [sorted(map(repr, value.value)) for value in values]
        times = [connection("PTTL", key).value for connection in self.pair]
        close = times[0] == times[1] or (
            min(times) >= 0 and abs(times[0] - times[1]) <= TIME_TOLERANCE_SECONDS * 1000)
        agree = values[0] == values[1] or kinds[1].value == b"zset" and equal_scores(*values)
        if kinds[0] != kinds[1] or not agree or not close:
            self._record(f"database {database}, key {key!r}", repr((kinds[0], values[0], times[0])).encode(),
                         repr((kinds[1], values[1], times[1])).encode())
