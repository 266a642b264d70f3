"""CONFIG, INFO, DEBUG, MEMORY, TIME and SHUTDOWN, on one shard and on three."""
import time

import pytest


def text(value):
    return value.decode() if isinstance(value, (bytes, bytearray)) else str(value)


def information(connection, *sections):
    lines = text(connection("INFO", *sections)).split("\r\n")
    return dict(line.split(":", 1) for line in lines if ":" in line)


def pairs(reply):
    words = [text(word) for word in reply]
    return dict(zip(words[::2], words[1::2]))


def test_config_set_changes_all_or_nothing(server):
    with server.connect() as connection:
        connection("CONFIG", "SET", "maxmemory", "100mb", "timeout", "10")
        assert pairs(connection("CONFIG", "GET", "maxmemory", "timeout")) == {
            "maxmemory": str(100 << 20), "timeout": "10"}
        with pytest.raises(Exception):
            reply = connection("CONFIG", "SET", "maxmemory", "1", "timeout", "x")
            if "failed" in text(reply):
                raise ValueError(reply)
        assert pairs(connection("CONFIG", "GET", "maxmemory"))["maxmemory"] == str(100 << 20)
        connection("CONFIG", "SET", "maxmemory", "0", "timeout", "0")


def test_info_adds_shards_up(server):
    with server.connect() as connection:
        for number in range(20):
            connection("SET", f"key:{number}", number)
        fields = information(connection, "everything")
        assert fields["db0"] == "keys=20,expires=0,avg_ttl=0,subexpiry=0"
        assert fields["redis_version"] == "7.4.0"
        assert fields["mem_allocator"].startswith("jemalloc-")
        assert int(fields["used_memory"]) > 0
        assert int(fields["total_commands_processed"]) >= 20


def test_resetstat_starts_from_zero(server):
    with server.connect() as connection:
        connection("GET", "missing")
        connection("CONFIG", "RESETSTAT")
        fields = information(connection, "stats", "commandstats")
        assert fields["keyspace_misses"] == "0"
        assert "cmdstat_get" not in fields


def test_config_rewrite_needs_a_file(start, tmp_path):
    path = tmp_path / "server.conf"
    server = start()
    with server.connect() as connection:
        try:
            reply = text(connection("CONFIG", "REWRITE"))
        except Exception as error:
            reply = str(error)
        assert "running without a config file" in reply or path.exists()


def test_debug_needs_permission_then_works_on_all_shards(start):
    server = start("--enable-debug-command", "yes", shards=3)
    with server.connect() as connection:
        connection("DEBUG", "POPULATE", 50, "k", 10)
        assert connection("DBSIZE") == 50
        before = connection("DEBUG", "DIGEST")
        assert text(connection("DEBUG", "OBJECT", "k:7")).startswith("Value at:0x")
        connection("DEL", "k:7")
        assert connection("DEBUG", "DIGEST") != before


def test_memory_usage_finds_the_key_on_any_shard(server):
    with server.connect() as connection:
        for number in range(10):
            connection("SET", f"m:{number}", "x" * 100)
            assert connection("MEMORY", "USAGE", f"m:{number}") > 100
        assert connection("MEMORY", "USAGE", "missing") is None


def test_time_is_now(server):
    with server.connect() as connection:
        seconds, microseconds = (int(word) for word in connection("TIME"))
        assert abs(seconds - time.time()) < 5
        assert 0 <= microseconds < 1_000_000


def test_shutdown_ends_the_process_without_reply(start):
    server = start()
    connection = server.connect()
    try:
        connection("SHUTDOWN", "NOSAVE")
    except Exception:
        pass
    deadline = time.time() + 5
    while server.is_running and time.time() < deadline:
        time.sleep(0.05)
    assert not server.is_running
