"""What can be changed about a server from outside: where it listens, what its commands and its process are called."""
import socket
import subprocess
import time

import pytest

from conftest import server_binary
from support.process import free_port
from support.resp import Connection


@pytest.fixture(params=[1, 3], ids=lambda count: f"shards{count}")
def running(start, request):
    return start("--bind", "127.0.0.1", shards=request.param)


def is_refused(port, host="127.0.0.1"):
    try:
        Connection((host, port), timeout=2).close()
    except ConnectionRefusedError:
        return True
    return False


def test_another_port_takes_the_place_of_the_first(running):
    port = free_port()
    with running.connect() as old:
        assert old("CONFIG", "SET", "port", port).value == b"OK"
        with Connection(("127.0.0.1", port)) as new:
            assert new("PING").value == b"PONG"
            assert new("CONFIG", "GET", "port").plain()[1] == str(port).encode()
            assert f"tcp_port:{port}\r\n".encode() in new("INFO", "server").value
        assert is_refused(running.port)
        # Who is connected stays.
        assert old("PING").value == b"PONG"


def test_a_port_in_use_changes_nothing(running):
    with running.connect() as connection, socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = other.getsockname()[1]
        reply = connection("CONFIG", "SET", "maxclients", 77, "port", taken)
        assert reply.value == (b"ERR CONFIG SET failed (possibly related to argument 'port') - "
                               b"Unable to listen on this port. Check server logs.")
        assert connection("CONFIG", "GET", "port").plain()[1] == str(running.port).encode()
        assert connection("CONFIG", "GET", "maxclients").plain()[1] != b"77"
        assert running.wait_for_log(f":{taken}: bind: Address already in use")
        with running.connect() as again:
            assert again("PING").value == b"PONG"


def test_other_addresses_take_the_place_of_the_first(running):
    with running.connect() as connection:
        assert is_refused(running.port, "127.0.0.2")
        assert connection("CONFIG", "SET", "bind", "127.0.0.1 127.0.0.2").value == b"OK"
        assert not is_refused(running.port, "127.0.0.2") and not is_refused(running.port)
        assert connection("CONFIG", "SET", "bind", "127.0.0.2").value == b"OK"
        assert is_refused(running.port) and not is_refused(running.port, "127.0.0.2")
        assert connection("CONFIG", "SET", "bind", "*").value == b"OK"
        assert not is_refused(running.port)
        # An address behind a dash may be missing; others may not.
        assert connection("CONFIG", "SET", "bind", "127.0.0.1 -192.0.2.1").value == b"OK"
        for addresses in ("192.0.2.1", "127.0.0.1 192.0.2.1", "999.999.999.999"):
            reply = connection("CONFIG", "SET", "bind", addresses)
            assert reply.value == (b"ERR CONFIG SET failed (possibly related to argument 'bind') - "
                                   b"Failed to bind to specified addresses.")
            assert not is_refused(running.port)
        assert connection("CONFIG", "GET", "bind").plain()[1] == b"127.0.0.1 -192.0.2.1"


def test_a_server_may_stop_listening_and_begin_again(running):
    with running.connect() as connection:
        assert connection("CONFIG", "SET", "bind", "").value == b"OK"
        assert connection("CONFIG", "GET", "bind").plain()[1] == b""
        assert is_refused(running.port)
        assert connection("CONFIG", "SET", "bind", "127.0.0.1").value == b"OK"
        assert not is_refused(running.port)
        assert connection("CONFIG", "SET", "port", 0).value == b"OK"
        assert is_refused(running.port)
        assert connection("CONFIG", "SET", "port", running.port).value == b"OK"
        for _ in range(20):  # every thread gets connections of the new listener
            assert not is_refused(running.port)


def test_listeners_change_while_clients_come_and_go(running):
    ports = [running.port, free_port()]
    with running.connect() as control:
        for round_ in range(20):
            port = ports[round_ % 2]
            control("CONFIG", "SET", "port", port)
            with Connection(("127.0.0.1", port)) as client:
                assert client("ECHO", round_).value == str(round_).encode()


def test_commands_can_be_renamed_and_taken_away(start, oracle):
    renames = ["--rename-command", "get", "fetch", "--rename-command", "FLUSHALL", "", "--rename-command", "config", "x" * 40]
    server = start(*renames)
    reference = start.start(oracle.process.args[0], *renames)
    calls = [
        ("SET", "a", "1"), ("FETCH", "a"), ("fetch",), ("GET", "a"), ("FLUSHALL",), ("CONFIG", "GET", "port"),
        ("X" * 40, "GET", "maxmemory"), ("x" * 40,), ("x" * 41,), ("COMMAND", "GETKEYS", "fetch", "a"), ("COMMAND", "INFO", "get"),
        ("COMMAND", "INFO", "flushall"), ("MULTI",), ("FLUSHALL",), ("FETCH", "a"), ("EXEC",), ("COMMAND", "LIST", "FILTERBY", "PATTERN", "flushal*"),
    ]
    with server.connect() as ours, reference.connect() as theirs:
        for call in calls:
            assert ours(*call) == theirs(*call), call
        for connection in (ours, theirs):
            names = connection("COMMAND", "LIST").plain()
            assert b"get" in names and b"flushall" not in names and b"fetch" not in names and b"config|get" in names
            info = connection("COMMAND", "INFO", "fetch").value[0].value
            assert info[0].value == b"get"


@pytest.mark.parametrize("options, text", [
    (("--rename-command", "nosuch", "x"), "'rename-command \"nosuch\" \"x\"'\nNo such command in rename-command"),
    (("--rename-command", "get", "set"), "'rename-command \"get\" \"set\"'\nTarget command name already exists"),
    (("--rename-command", "get"), "'rename-command \"get\"'\nBad directive or wrong number of arguments"),
    (("--port",), "'port'\nwrong number of arguments"),
    (("--port", "6379", "6380"), "'port \"6379\" \"6380\"'\nwrong number of arguments"),
    (("--port", "--loglevel", "verbose"), "'port \"--loglevel\" \"verbose\"'\nwrong number of arguments"),
    (("--port", "--bla", "--loglevel", "verbose"), "'port \"--bla\"'\nargument couldn't be parsed into an integer"),
    (("--bla",), "'bla'\nBad directive or wrong number of arguments"),
    (("--shutdown-on-sigint",), "argument(s) must be one of the following"),
    (("--replicaof", "127.0.0.1", "abc"), "'replicaof \"127.0.0.1\" \"abc\"'\nInvalid master port"),
    (("--maxmemory", "1x"), "'maxmemory \"1x\"'\nargument must be a memory value"),
    (("--save", "a", "b"), "'save \"a\" \"b\"'\nInvalid save parameters"),
])
def test_a_bad_command_line_is_refused_as_by_redis(oracle, tmp_path, options, text):
    for binary in (str(server_binary()), oracle.process.args[0]):
        result = subprocess.run([binary, *options], cwd=tmp_path, capture_output=True, text=True, timeout=30)
        assert result.returncode == 1, binary
        output = result.stdout + result.stderr
        assert "*** FATAL CONFIG FILE ERROR" in output, output
        assert text in output, output


# The process' title

def title(pid):
    with open(f"/proc/{pid}/cmdline", "rb") as file:
        return file.read().rstrip(b"\0")


def test_the_process_title_says_where_it_listens(running):
    assert title(running.pid) == f"{server_binary()} 127.0.0.1:{running.port}".encode()
    with running.connect() as connection:
        connection("CONFIG", "SET", "proc-title-template", "x {title} {port} {tls-port} {unixsocket}{config-file}")
        assert title(running.pid) == f"x {server_binary()} {running.port} 0".encode()
        reply = connection("CONFIG", "SET", "proc-title-template", "{nosuch}")
        assert reply.value == (b"ERR CONFIG SET failed (possibly related to argument 'proc-title-template') - "
                               b"template format is invalid or contains unknown variables")
        connection("CONFIG", "SET", "proc-title-template", "y" * 100_000)
        assert set(title(running.pid)) == set(b"y")


def test_the_title_may_stay_as_it_is(start):
    server = start("--set-proc-title", "no", "--proc-title-template", "x")
    assert title(server.pid).split(b"\0")[1:3] == [b"--port", str(server.port).encode()]


# Buffers

def test_a_clients_reply_buffer_shrinks_while_it_is_idle(running):
    def size(control):
        for line in control("CLIENT", "LIST").value.split(b"\n"):
            if b"name=idle " in line:
                return int(line.split(b" rbs=")[1].split()[0])

    with running.connect() as control, running.connect() as idle:
        control("SET", "large", "x" * 32768)
        idle("CLIENT", "SETNAME", "idle")
        control("DEBUG", "REPLYBUFFER", "PEAK-RESET-TIME", 100)
        end = time.monotonic() + 10
        while size(control) > 2000 and time.monotonic() < end:
            time.sleep(0.05)
        assert 1024 <= size(control) < 2000
        control("DEBUG", "REPLYBUFFER", "PEAK-RESET-TIME", "NEVER")
        idle("GET", "large")
        idle("PING")
        assert size(control) == 16384
        control("DEBUG", "REPLYBUFFER", "PEAK-RESET-TIME", "RESET")
