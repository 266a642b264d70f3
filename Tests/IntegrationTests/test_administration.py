"""CONFIG, INFO, DEBUG, MEMORY, TIME and SHUTDOWN, on one shard and on three."""
import time

from support.resp import ServerClosed


def ask(connection, *words):
    return connection(*words).plain()


def information(connection, *sections):
    lines = ask(connection, "INFO", *sections).decode().split("\r\n")
    return dict(line.split(":", 1) for line in lines if ":" in line)


def configuration(connection, *patterns):
    words = [word.decode() for word in ask(connection, "CONFIG", "GET", *patterns)]
    return dict(zip(words[::2], words[1::2]))


def test_config_set_changes_all_or_nothing(server):
    with server.connect() as connection:
        assert ask(connection, "CONFIG", "SET", "maxmemory", "100mb", "timeout", "10") == b"OK"
        expected = {"maxmemory": str(100 << 20), "timeout": "10"}
        assert configuration(connection, "maxmemory", "timeout") == expected
        assert connection("CONFIG", "SET", "maxmemory", "1", "timeout", "x").is_error
        assert configuration(connection, "maxmemory", "timeout") == expected
        assert ask(connection, "CONFIG", "SET", "maxmemory", "0", "timeout", "0") == b"OK"


def test_info_adds_shards_up(server, shards):
    with server.connect() as connection:
        for number in range(60):
            connection("SET", f"key:{number}", number)
        fields = information(connection, "everything")
        assert fields["db0"] == "keys=60,expires=0,avg_ttl=0,subexpiry=0"
        assert fields["redis_version"] == "7.4.0"
        assert fields["mem_allocator"].startswith("jemalloc-")
        assert int(fields["used_memory"]) > 0
        assert int(fields["total_commands_processed"]) >= 60
        for shard in range(shards):
            assert not fields[f"shard{shard}"].startswith("keys=0,"), "a shard without keys"


def test_resetstat_starts_from_zero(server):
    with server.connect() as connection:
        connection("GET", "missing")
        connection("CONFIG", "RESETSTAT")
        fields = information(connection, "stats", "commandstats")
        assert fields["keyspace_misses"] == "0"
        assert "cmdstat_get" not in fields


def test_config_rewrite_needs_a_file(server):
    with server.connect() as connection:
        reply = connection("CONFIG", "REWRITE")
        assert reply.value == b"ERR The server is running without a config file"


def test_debug_needs_permission(server):
    with server.connect() as connection:
        assert connection("DEBUG", "DIGEST").value.startswith(b"ERR DEBUG command not allowed.")


def test_debug_works_on_all_shards(start):
    server = start("--enable-debug-command", "yes", shards=3)
    with server.connect() as connection:
        assert ask(connection, "DEBUG", "POPULATE", 50, "k", 10) == b"OK"
        assert ask(connection, "DBSIZE") == 50
        before = ask(connection, "DEBUG", "DIGEST")
        for number in range(50):
            assert ask(connection, "DEBUG", "OBJECT", f"k:{number}").startswith(b"Value at:0x")
        connection("DEL", "k:7")
        assert ask(connection, "DEBUG", "DIGEST") != before


def test_memory_usage_finds_the_key_on_any_shard(server):
    with server.connect() as connection:
        for number in range(10):
            connection("SET", f"m:{number}", "x" * 100)
            assert ask(connection, "MEMORY", "USAGE", f"m:{number}") > 100
        assert ask(connection, "MEMORY", "USAGE", "missing") is None


def test_time_is_now(server):
    with server.connect() as connection:
        seconds, microseconds = (int(word) for word in ask(connection, "TIME"))
        assert abs(seconds - time.time()) < 5
        assert 0 <= microseconds < 1_000_000


def test_shutdown_ends_the_process_without_reply(start):
    server = start()
    connection = server.connect()
    try:
        connection("SHUTDOWN", "NOSAVE")
        raise AssertionError("SHUTDOWN replied")
    except (ServerClosed, ConnectionResetError):
        pass
    assert server.process.wait(5) == 0
