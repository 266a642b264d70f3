"""Function libraries are kept as data is: in logs and snapshots, with other numbers of shards, and as other servers' files."""
import pytest
import redis

import peers
from test_persistence import DEBUG, LOGGED, client, crash, restart, settle_files

INCREMENT = """#!lua name=%s
redis.register_function('%s', function(keys, args) return redis.call('INCRBY', keys[1], args[1]) end)
"""


def load(connection, name):
    return connection.function_load(INCREMENT % (name, "add_" + name))


def names(connection):
    return sorted(library[1].decode() for library in connection.function_list())


@pytest.mark.parametrize("before, after", [(1, 1), (3, 2)])
def test_logs_have_the_changes_in_their_order(start, before, after):
    server = start(*LOGGED, "--appendfsync", "always", shards=before)
    # Connections on different threads.
    clients = [client(server) for _ in range(6)]
    for round in range(20):
        for index, connection in enumerate(clients):
            name = f"lib{index}"
            if round % 3 == 2:
                connection.function_delete(name)
            else:
                connection.function_load(INCREMENT % (name, f"add_{name}_{round}"), replace=True)
    dump = clients[0].function_dump()
    clients[1].function_flush()
    clients[2].function_restore(dump)
    assert clients[3].fcall("add_lib3_19", 1, "k", 5) == 5
    expected = clients[0].function_list(withcode=True)
    assert len(expected) == 6
    for connection in clients:
        connection.close()
    crash(server)
    again = restart(start, server, *LOGGED, shards=after)
    with client(again) as connection:
        assert connection.function_list(withcode=True) == expected
        assert connection.fcall("add_lib3_19", 1, "k", 1) == 6


@pytest.mark.parametrize("preamble", ["yes", "no"])
def test_a_rewrite_keeps_them(start, preamble):
    server = start(*LOGGED, "--aof-use-rdb-preamble", preamble, shards=3)
    with client(server) as connection:
        load(connection, "before")
        connection.bgrewriteaof()
        settle_files(connection)
        load(connection, "after")
        connection.execute_command("DEBUG", "LOADAOF")
        assert names(connection) == ["after", "before"]
    server.terminate()
    again = restart(start, server, *LOGGED, shards=2)
    with client(again) as connection:
        assert names(connection) == ["after", "before"]


@pytest.mark.parametrize("shards", [1, 3])
def test_snapshots_keep_them(start, shards):
    server = start(*DEBUG, shards=shards)
    with client(server) as connection:
        load(connection, "one")
        load(connection, "two")
        connection.set("k", 1)
        connection.execute_command("DEBUG", "RELOAD")
        assert names(connection) == ["one", "two"]
        # What is there already is an error, unless it is to be replaced.
        with pytest.raises(redis.ResponseError, match="Error trying to load the RDB dump"):
            connection.execute_command("DEBUG", "RELOAD", "NOSAVE", "NOFLUSH")
        connection.execute_command("DEBUG", "RELOAD", "NOSAVE", "NOFLUSH", "MERGE")
        assert names(connection) == ["one", "two"]
    server.terminate()
    again = restart(start, server, shards=4 - shards)
    with client(again) as connection:
        assert connection.fcall("add_two", 1, "k", 1) == 2


@pytest.mark.parametrize("name", peers.NAMES)
def test_other_servers_read_ours_and_we_read_theirs(start, name):
    try:
        binary = peers.binary(name)
    except peers.Unavailable as reason:
        pytest.skip(f"{name} cannot be fetched: {reason}")
    server = start(shards=2)
    with client(server) as connection:
        load(connection, "ours")
        connection.set("k", 1)
        connection.save()
    server.terminate()
    other = start.start(binary, "--dir", server.directory)
    with client(other) as connection:
        assert connection.fcall("add_ours", 1, "k", 1) == 2
        load(connection, "theirs")
        connection.save()
    other.process.terminate()
    other.process.wait(10)
    with client(restart(start, server, shards=3)) as connection:
        assert names(connection) == ["ours", "theirs"]
        assert connection.fcall("add_theirs", 1, "k", 1) == 3
