"""When files are written, what is said about them, and what happens when that fails."""
import os
import shutil
import signal
import time

import pytest
import redis

from conftest import server_binary
from test_persistence import DEBUG, LOGGED, check, client, crash, digest, restart, settle_files


def info(connection):
    return connection.info("persistence")


def say(plain, *words):
    """The reply as it comes."""
    return plain.raw(*words).decode()


def wait_until(condition, seconds=20):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


@pytest.mark.parametrize("shards", [1, 3])
def test_a_failed_snapshot_stops_writes_until_one_succeeds(start, shards):
    server = start("--save", "3600 1000000", shards=shards)
    with client(server) as connection, server.connect() as plain:
        connection.set("key", 1)
        assert say(plain, "MULTI") + say(plain, "SET", "key", 2) == "+OK\r\n+QUEUED\r\n"
        os.mkdir(f"{server.directory}/dump.rdb")
        connection.bgsave()
        wait_until(lambda: info(connection)["rdb_last_bgsave_status"] == "err")
        for words in (("SET", "key", 2), ("EVAL", "return redis.call('set', KEYS[1], 2)", 1, "key"), ("DEL", "key")):
            with pytest.raises(redis.ResponseError, match="MISCONF"):
                connection.execute_command(*words)
        assert connection.get("key") == b"1"
        assert connection.eval("return redis.call('get', KEYS[1])", 1, "key") == b"1"
        assert say(plain, "EXEC").startswith("-EXECABORT Transaction discarded because of: MISCONF")
        connection.config_set("stop-writes-on-bgsave-error", "no")
        connection.set("key", 3)
        connection.config_set("stop-writes-on-bgsave-error", "yes")
        with pytest.raises(redis.ResponseError, match="MISCONF"):
            connection.set("key", 4)
        with pytest.raises(redis.ResponseError):
            connection.save()
        os.rmdir(f"{server.directory}/dump.rdb")
        assert connection.save()
        connection.set("key", 5)
        assert not [name for name in os.listdir(server.directory) if name.startswith("temp-")]


def test_save_points_save(start):
    server = start("--save", "1 10")
    with client(server) as connection:
        before = connection.lastsave()
        for number in range(9):
            connection.set(f"key {number}", 1)
        time.sleep(1.2)
        assert info(connection)["rdb_changes_since_last_save"] == 9 and connection.lastsave() == before
        connection.set("the tenth", 1)
        wait_until(lambda: info(connection)["rdb_changes_since_last_save"] == 0)
        assert info(connection)["rdb_saves"] == 1 and connection.lastsave() > before
        connection.config_set("save", "")
        for number in range(20):
            connection.set(f"key {number}", 1)
        time.sleep(1.5)
        assert info(connection)["rdb_saves"] == 1


def test_snapshots_and_rewrites_wait_for_each_other(start):
    server = start("--appendonly", "yes")
    with client(server) as connection, server.connect() as plain:
        settle_files(connection)
        connection.mset({f"key {number}": number for number in range(100)})
        connection.config_set("rdb-key-save-delay", 100_000)
        assert "started" in say(plain, "BGREWRITEAOF")
        assert "already in progress" in say(plain, "BGREWRITEAOF")
        assert say(plain, "BGSAVE").startswith("-ERR")
        assert "scheduled" in say(plain, "BGSAVE", "SCHEDULE")
        connection.config_set("rdb-key-save-delay", 0)
        wait_until(lambda: info(connection)["rdb_saves"] == 1)
        settle_files(connection)
        connection.config_set("rdb-key-save-delay", 100_000)
        assert "started" in say(plain, "BGSAVE")
        assert "already in progress" in say(plain, "BGSAVE")
        assert "scheduled" in say(plain, "BGREWRITEAOF")
        assert info(connection)["aof_rewrite_scheduled"] == 1
        rewrites = info(connection)["aof_rewrites"]
        connection.config_set("rdb-key-save-delay", 0)
        wait_until(lambda: info(connection)["aof_rewrites"] == rewrites + 1)


def test_a_stop_can_be_called_off(start):
    server = start("--save", "3600 1", *DEBUG)
    with client(server) as connection, server.connect() as plain:
        connection.mset({f"key {number}": number for number in range(200)})
        connection.config_set("rdb-key-save-delay", 100_000)
        server.process.send_signal(signal.SIGTERM)
        assert server.wait_for_log("Saving the final RDB snapshot")
        assert say(plain, "SHUTDOWN", "ABORT") == "+OK\r\n"
        assert server.wait_for_log("Shutdown manually aborted")
        assert "No shutdown in progress" in say(plain, "SHUTDOWN", "ABORT")
        connection.set("key 0", "goes on")
        connection.config_set("rdb-key-save-delay", 0)
    server.terminate()
    with client(restart(start, server)) as connection:
        assert connection.get("key 0") == b"goes on"


@pytest.mark.parametrize("shards", [1, 3])
def test_libraries_are_in_all_files(start, shards):
    server = start(*LOGGED, shards=shards)
    text = "#!lua name=kept\nredis.register_function('kept', function() return 7 end)"
    with client(server) as connection:
        settle_files(connection)
        connection.function_load(text)
        assert connection.execute_command("WAITAOF", 1, 0, 0) == [1, 0]
    crash(server)
    again = restart(start, server, *LOGGED, shards=shards)
    with client(again) as connection:
        assert connection.fcall("kept", 0) == 7
        for preamble in ("yes", "no"):
            connection.config_set("aof-use-rdb-preamble", preamble)
            connection.bgrewriteaof()
            settle_files(connection)
            connection.execute_command("DEBUG", "LOADAOF")
            assert connection.fcall("kept", 0) == 7
        connection.save()
    crash(again)
    with client(restart(start, server, *DEBUG, shards=4 - shards)) as connection:
        assert connection.fcall("kept", 0) == 7


@pytest.mark.parametrize("preamble", ["yes", "no"])
def test_logs_tell_the_time(start, preamble):
    # What was acknowledged is in the file of a server that is killed.
    server = start(
        *LOGGED, "--appendfsync", "always", "--aof-timestamp-enabled", "yes", "--aof-use-rdb-preamble", preamble)
    with client(server) as connection:
        settle_files(connection)
        connection.set("key", 1)
    crash(server)
    directory = f"{server.directory}/appendonlydir"
    with open(f"{directory}/appendonly.aof.1.incr.aof", "rb") as file:
        first = file.readline()
    assert first.startswith(b"#TS:") and abs(int(first[4:]) - time.time()) < 60
    assert check(server_binary(), "--check-aof", directory).returncode == 0
    if shutil.which("redis-check-aof"):
        assert check("redis-check-aof", f"{directory}/appendonly.aof.manifest").returncode == 0
    with client(restart(start, server, *LOGGED)) as connection:
        assert connection.get("key") == b"1"


# Redis 7.2's fields, in its order.
FIELDS = """loading async_loading current_cow_peak current_cow_size current_cow_size_age current_fork_perc
current_save_keys_processed current_save_keys_total rdb_changes_since_last_save rdb_bgsave_in_progress rdb_last_save_time
rdb_last_bgsave_status rdb_last_bgsave_time_sec rdb_current_bgsave_time_sec rdb_saves rdb_last_cow_size
rdb_last_load_keys_expired rdb_last_load_keys_loaded aof_enabled aof_rewrite_in_progress aof_rewrite_scheduled
aof_last_rewrite_time_sec aof_current_rewrite_time_sec aof_last_bgrewrite_status aof_rewrites
aof_rewrites_consecutive_failures aof_last_write_status aof_last_cow_size module_fork_in_progress
module_fork_last_cow_size aof_current_size aof_base_size aof_pending_rewrite aof_buffer_length aof_pending_bio_fsync
aof_delayed_fsync""".split()


def test_info_has_all_fields(start):
    server = start("--appendonly", "yes")
    with client(server) as connection:
        found = list(info(connection))
        assert [name for name in FIELDS if name not in found] == []
        assert [name for name in found if name in FIELDS] == FIELDS
        connection.mset({f"key {number}": number for number in range(50)})
        settle_files(connection)
        connection.config_set("rdb-key-save-delay", 20_000)
        connection.bgsave()
        wait_until(lambda: info(connection)["current_save_keys_processed"] > 0)
        assert info(connection)["current_save_keys_total"] == 50 and 0 < info(connection)["current_fork_perc"] <= 100
        connection.config_set("rdb-key-save-delay", 0)


@pytest.mark.parametrize("shards", [1, 3])
def test_a_slow_start_shows_how_far_it_is(start, shards):
    server = start(*DEBUG, shards=shards)
    with client(server) as connection:
        connection.execute_command("DEBUG", "POPULATE", 50_000)
        expected = digest(server)
        connection.save()
    crash(server)
    again = restart(start, server, *DEBUG, "--key-load-delay", 100, shards=shards, ready="Loading RDB produced by")
    with again.connect() as plain:
        def fields():
            return dict(line.split(":") for line in say(plain, "INFO", "persistence").split("\r\n") if ":" in line)

        wait_until(lambda: int(fields().get("loading_loaded_bytes", 0)) > 0)
        found = fields()
        assert found["loading"] == "1" and int(found["loading_rdb_used_mem"]) > 0
        assert 0 < int(found["loading_loaded_bytes"]) <= int(found["loading_total_bytes"])
        assert say(plain, "GET", "key:1").startswith("-LOADING")
        assert say(plain, "CONFIG", "SET", "key-load-delay", 0) == "+OK\r\n"
        wait_until(lambda: fields()["loading"] == "0")
        assert fields()["rdb_last_load_keys_loaded"] == "50000"
        assert digest(again) == expected


@pytest.mark.parametrize("shards", [2, 3])
def test_several_shards_go_on_from_one_log(start, shards):
    """What one shard or a Redis has written stays as it is until the first rewrite."""
    server = start(*LOGGED)
    with client(server) as connection:
        settle_files(connection)
        connection.mset({f"key {number}": number for number in range(100)})
    crash(server)
    directory = f"{server.directory}/appendonlydir"
    before = {name: os.stat(f"{directory}/{name}").st_mtime_ns for name in os.listdir(directory) if "manifest" not in name}
    for round in range(3):
        server = restart(start, server, *LOGGED, shards=shards)
        with client(server) as connection:
            for number in range(100):
                assert connection.incr(f"key {number}") == number + round + 1
            expected = digest(server)
        crash(server)
        assert check(server_binary(), "--check-aof", directory).returncode == 0
        assert all(os.stat(f"{directory}/{name}").st_mtime_ns == time for name, time in before.items())
    server = restart(start, server, *LOGGED, shards=shards)
    with client(server) as connection:
        assert digest(server) == expected
        connection.bgrewriteaof()
        settle_files(connection)
        assert not any(name in os.listdir(directory) for name in before)
    crash(server)
    server = restart(start, server, *LOGGED, shards=shards)
    assert digest(server) == expected
    crash(server)
    assert digest(restart(start, server, *LOGGED, shards=1)) == expected
