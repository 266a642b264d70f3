"""kill -9 at any moment: what was acknowledged is there afterwards, transactions are whole, and nobody has to help."""
import os
import random
import re
import shutil
import signal
import subprocess
import threading
import time

import pytest
import redis

from conftest import server_binary
from test_differential import SEED
from test_persistence import LOGGED, client, crash, restart, settle_files

ALWAYS = (*LOGGED, "--appendfsync", "always")
NAMES = "abcd"
SCRIPT = "for _, key in ipairs(KEYS) do redis.call('SET', key, ARGV[1]) end"
ROUNDS = 400
# Goes on for many slices.
LONG_SCRIPT = f"""
for round = 1, {ROUNDS} do
  for _, key in ipairs(KEYS) do redis.call('INCR', key) end
  local sum = 0
  for number = 1, 3000 do sum = sum + number end
end
"""
# Names that no look at the text proves: it takes all shards.
LONG_SCRIPT_OF_ANY_KEYS = LONG_SCRIPT.replace("'INCR', key", "'INCR', key .. ''")


class Writer:
    """Sets the same value at four keys, on any shards, by other means each time, and knows what it was promised."""

    def __init__(self, number):
        self.number = number
        self.keys = [f"{name}:{number}" for name in NAMES]
        self.acknowledged = 0
        # Values with the time at which they were acknowledged.
        self.times = []

    def run(self, server):
        try:
            with client(server) as connection:
                value = self.acknowledged
                while True:
                    value += 1
                    self.write(connection, value)
                    self.acknowledged = value
                    self.times.append((value, time.monotonic()))
        except (redis.RedisError, OSError):
            pass

    def write(self, connection, value):
        if value % 3 == 0:
            connection.mset({key: value for key in self.keys})
        elif value % 3 == 1:
            with connection.pipeline() as transaction:
                for key in self.keys:
                    transaction.set(key, value)
                transaction.rpush(f"list:{self.number}", value)
                transaction.execute()
        else:
            connection.eval(SCRIPT, len(self.keys), *self.keys, value)

    def check(self, connection, least=None):
        """All of it is there, from `least` on at any rate."""
        least = self.acknowledged if least is None else least
        found = {connection.get(key) for key in self.keys}
        assert len(found) == 1, (self.number, found)
        current = int(found.pop() or 0)
        assert least <= current <= self.acknowledged + 1, (self.number, least, self.acknowledged, current)
        elements = [int(element) for element in connection.lrange(f"list:{self.number}", 0, -1)]
        assert elements == list(range(1, current + 1, 3)), (self.number, current, elements[-3:])
        self.acknowledged = current
        self.times = []


class LongScripts:
    """Runs scripts that are suspended many times, alone and between other commands."""

    def __init__(self, number):
        self.keys = [f"{name}:{number}" for name in NAMES]
        self.count = 0
        self.runs = [
            lambda connection: connection.eval(LONG_SCRIPT, len(self.keys), *self.keys),
            lambda connection: connection.eval(LONG_SCRIPT_OF_ANY_KEYS, len(self.keys), *self.keys),
            self.in_transaction,
        ]

    def in_transaction(self, connection):
        with connection.pipeline() as transaction:
            transaction.incrby(self.keys[0], ROUNDS)
            transaction.eval(LONG_SCRIPT, len(self.keys) - 1, *self.keys[1:])
            transaction.execute()

    def run(self, server):
        try:
            with client(server) as connection:
                while True:
                    self.runs[self.count % len(self.runs)](connection)
                    self.count += 1
        except (redis.RedisError, OSError):
            pass

    def check(self, connection):
        found = {int(connection.get(key) or 0) for key in self.keys}
        assert len(found) == 1, found
        count, rest = divmod(found.pop(), ROUNDS)
        assert rest == 0 and self.count <= count <= self.count + 1, (count, rest, self.count)
        self.count = count


def load_until_crash(server, writers, seconds, beside=None):
    """Returns when that was."""
    threads = [threading.Thread(target=writer.run, args=(server,)) for writer in writers]
    if beside:
        threads.append(threading.Thread(target=beside, args=(server,)))
    for thread in threads:
        thread.start()
    threads[0].join(seconds)
    crashed = time.monotonic()
    crash(server)
    for thread in threads:
        thread.join()
    return crashed


def rewrite_again_and_again(server):
    try:
        with client(server) as connection:
            while True:
                try:
                    connection.bgrewriteaof()
                    connection.bgsave()
                except redis.ResponseError:
                    pass
                time.sleep(0.002)
    except (redis.RedisError, OSError):
        pass


@pytest.mark.parametrize("beside", [None, rewrite_again_and_again], ids=["plain", "rewriting"])
@pytest.mark.parametrize("shards", [1, 2, 4])
def test_nothing_acknowledged_is_lost(start, shards, beside, long_tests):
    server = start(*ALWAYS, shards=shards)
    draw = random.Random(SEED + shards)
    writers = [Writer(number) for number in range(6)]
    with client(server) as connection:
        connection.mset({f"key:{index}": f"value:{index}" for index in range(3_000)})
    for _ in range(100 if long_tests else 2):
        load_until_crash(server, writers, draw.uniform(0.05, 0.5), beside)
        server = restart(start, server, *ALWAYS, shards=shards)
        with client(server) as connection:
            for writer in writers:
                writer.check(connection)
            assert connection.get("key:2999") == b"value:2999"


@pytest.mark.parametrize("shards", [1, 2])
def test_a_script_of_many_slices_is_whole_or_absent(start, shards, long_tests):
    server = start(*ALWAYS, shards=shards)
    draw = random.Random(SEED + shards)
    writers = [LongScripts(number) for number in range(2)]
    for _ in range(60 if long_tests else 4):
        load_until_crash(server, writers, draw.uniform(0.1, 0.4))
        server = restart(start, server, *ALWAYS, shards=shards)
        with client(server) as connection:
            for writer in writers:
                writer.check(connection)


def test_the_log_says_a_script_of_many_slices_as_one_transaction(start):
    server = start(*LOGGED)
    with client(server) as connection:
        connection.select(3)
        connection.set("before", 1)
        connection.eval(LONG_SCRIPT, 1, "counted")
        assert connection.info("commandstats")["cmdstat_incr"]["calls"] == ROUNDS
        connection.execute_command("WAITAOF", 1, 0, 0)
    with open(f"{server.directory}/appendonlydir/appendonly.aof.1.incr.aof", "rb") as file:
        log = file.read()
    body = log[log.index(b"MULTI"):log.index(b"EXEC")]
    assert log.count(b"MULTI") == log.count(b"EXEC") == 1
    assert body.count(b"INCR") == log.count(b"INCR") == ROUNDS
    crash(server)
    with client(restart(start, server, *LOGGED)) as connection:
        connection.select(3)
        assert connection.get("counted") == b"%d" % ROUNDS


def announcements(path):
    """What the lines are made of that room is made of, once for each time the server has begun to."""
    with open(path, "rb") as file:
        return re.findall(rb"^#FILLER:([0-9a-f]{32})$", file.read(), re.MULTILINE)


def write_until_room_is_made(connection, path):
    """Returns how many keys that took."""
    deadline = time.monotonic() + 30
    before = len(announcements(path))
    count = 0
    while time.monotonic() < deadline:
        for _ in range(500):
            connection.set(f"key:{count}", "v" * (count % 3000))
            count += 1
        if len(announcements(path)) > before:
            return count
    raise AssertionError("no room was made ahead")


def test_others_read_a_log_with_room_ahead(start, tmp_path):
    """What a crash leaves of it, and that a stop leaves nothing."""
    server = start(*ALWAYS)
    path = f"{server.directory}/appendonlydir/appendonly.aof.1.incr.aof"
    with client(server) as connection:
        count = write_until_room_is_made(connection, path)
    crash(server)
    assert os.path.getsize(path) >= 1 << 20
    checked = subprocess.run(
        ["redis-check-aof", f"{server.directory}/appendonlydir/appendonly.aof.manifest"], capture_output=True, text=True)
    assert checked.returncode == 0 and "are valid" in checked.stdout, checked.stdout
    checked = subprocess.run(
        [server_binary(), "--check-aof", f"{server.directory}/appendonlydir"], capture_output=True, text=True)
    assert checked.returncode == 0, checked.stdout
    other = tmp_path / "redis"
    shutil.copytree(f"{server.directory}/appendonlydir", other / "appendonlydir")
    with client(start.start("redis-server", "--dir", str(other), "--appendonly", "yes", "--aof-load-truncated", "no")) as connection:
        assert connection.dbsize() == count
    server = restart(start, server, *ALWAYS, "--aof-load-truncated", "no")
    with client(server) as connection:
        assert connection.dbsize() == count
        connection.set("one", "more")
        write_until_room_is_made(connection, path)
        count = connection.dbsize()
    server.process.send_signal(signal.SIGTERM)
    server.process.wait(30)
    with open(path, "rb") as file:
        log = file.read()
    assert len(announcements(path)) == 2 and not any(b"\n#" + digits in log for digits in announcements(path))
    with client(restart(start, server, *ALWAYS)) as connection:
        assert connection.dbsize() == count and connection.get("one") == b"more"


def test_with_everysec_at_most_two_seconds_are_lost(start, long_tests):
    options = (*LOGGED, "--appendfsync", "everysec")
    server = start(*options, shards=2)
    writers = [Writer(number) for number in range(4)]
    for _ in range(10 if long_tests else 1):
        crashed = load_until_crash(server, writers, 2.5)
        server = restart(start, server, *options, shards=2)
        with client(server) as connection:
            for writer in writers:
                old = [value for value, when in writer.times if when < crashed - 2]
                writer.check(connection, max(old, default=0))


def copy_of_files(server, name):
    """What the disk has at this moment, as another server's directory."""
    directory = f"{server.directory}/{name}"
    os.mkdir(directory)
    shutil.copytree(f"{server.directory}/appendonlydir", f"{directory}/appendonlydir")
    return directory


class Remains:
    """Files for `restart`."""

    def __init__(self, directory):
        self.directory = directory


@pytest.mark.parametrize("shards", [1, 3])
def test_a_crash_between_the_new_names_and_the_manifest(start, shards):
    """Bases that no manifest names yet, half-written temporary files, and a manifest that was about to be replaced."""
    server = start(*ALWAYS, shards=shards)
    with client(server) as connection:
        connection.mset({f"key:{index}": index for index in range(100)})
        settle_files(connection)
    before = Remains(copy_of_files(server, "before"))
    with client(server) as connection:
        connection.bgrewriteaof()
        settle_files(connection)
    crash(server)
    files = f"{server.directory}/appendonlydir"
    old = f"{before.directory}/appendonlydir"
    for name in os.listdir(files):
        if "base" in name:
            shutil.copy(f"{files}/{name}", f"{old}/{name}")
    shutil.copy(f"{files}/appendonly.aof.manifest", f"{old}/appendonly.aof.manifest.tmp")
    with open(f"{old}/temp-rewriteaof-bg-1.0", "wb") as file:
        file.write(b"REDIS0010half")
    again = restart(start, before, *ALWAYS, shards=shards)
    with client(again) as connection:
        assert connection.dbsize() == 100
        connection.set("key:100", 100)
        connection.bgrewriteaof()
        settle_files(connection)
    crash(again)
    with client(restart(start, before, *ALWAYS, shards=shards)) as connection:
        assert connection.dbsize() == 101


def test_a_crash_while_old_files_are_deleted(start):
    server = start(*ALWAYS, "--aof-disable-auto-gc", "yes", shards=2)
    with client(server) as connection:
        connection.mset({f"key:{index}": index for index in range(100)})
        connection.bgrewriteaof()
        settle_files(connection)
        connection.set("key:100", 100)
    crash(server)
    files = f"{server.directory}/appendonlydir"
    with open(f"{files}/appendonly.aof.manifest") as manifest:
        history = [line.split()[1] for line in manifest if " type h" in line]
    assert history
    os.remove(f"{files}/{history[0]}")
    with client(restart(start, server, *ALWAYS, shards=2)) as connection:
        assert connection.dbsize() == 101


@pytest.mark.parametrize("shards", [1, 2])
def test_a_crash_during_a_snapshot_leaves_the_one_before(start, shards):
    options = ("--enable-debug-command", "yes")
    server = start(*options, shards=shards)
    with client(server) as connection:
        connection.execute_command("DEBUG", "POPULATE", 5_000)
        connection.save()
        connection.config_set("rdb-key-save-delay", 1000)
        connection.set("later", 1)
        connection.bgsave()
        time.sleep(0.1)
        assert connection.info("persistence")["rdb_bgsave_in_progress"] == 1
    crash(server)
    with client(restart(start, server, *options, shards=shards)) as connection:
        assert connection.dbsize() == 5_000
