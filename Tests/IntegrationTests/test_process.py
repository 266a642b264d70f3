"""The server as a process: arguments, messages, exit codes, signals, and its idle hours."""
import re
import signal
import subprocess
import time

import pytest

from conftest import server_binary
from support.process import cpu_seconds
from support.resp import encode


def run(*arguments, directory=None):
    return subprocess.run([server_binary(), *arguments], cwd=directory, text=True, timeout=30, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def test_version():
    done = run("--version")
    assert done.returncode == 0
    assert re.search(r"v=\d+\.\d+\.\d+", done.stdout)


def test_help():
    assert "--version" in run("--help").stdout


def test_an_unknown_directive_is_named(tmp_path):
    done = run("--nothing-like-this", "1", directory=tmp_path)
    assert done.returncode == 1
    assert "FATAL CONFIG FILE ERROR" in done.stdout
    assert "nothing-like-this" in done.stdout
    assert "Bad directive or wrong number of arguments" in done.stdout


def test_a_bad_line_of_the_file_is_named(tmp_path):
    (tmp_path / "bad.conf").write_text("# a comment\nport 0\nmaxclients many\n")
    done = run("bad.conf", directory=tmp_path)
    assert done.returncode == 1
    assert "at line 3" in done.stdout
    assert ">>> 'maxclients many'" in done.stdout
    assert "argument couldn't be parsed into an integer" in done.stdout


def test_a_missing_file_is_fatal(tmp_path):
    done = run("missing.conf", directory=tmp_path)
    assert done.returncode == 1
    assert "can't open config file" in done.stdout


def test_directives_come_from_stdin(start):
    server = start(stdin="maxclients 77\n# comment\ntimeout 13\n")
    with server.connect() as connection:
        assert connection("CONFIG", "GET", "maxclients").plain() == [b"maxclients", b"77"]
        assert connection("CONFIG", "GET", "timeout").plain() == [b"timeout", b"13"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_gracefully(start, shards, number):
    """Replies that are on their way are finished: whatever arrived by the end is a row of whole replies."""
    server = start(shards=shards)
    count = 5000
    with server.connect() as connection, server.connect() as idle:
        idle("PING")
        connection.send(b"".join(encode(["SET", f"key:{index}", "v" * 100]) for index in range(count)))
        assert connection.read_raw() == b"+OK\r\n"
        server.process.send_signal(number)
        rest = connection.read_to_end()
        assert rest == b"+OK\r\n" * (len(rest) // 5)
        assert idle.read_to_end() == b""
    assert server.process.wait(30) == 0


def test_a_port_in_use_is_fatal(start, tmp_path):
    server = start()
    done = run("--port", str(server.port), "--bind", "127.0.0.1", directory=tmp_path)
    assert done.returncode == 1
    assert "Address already in use" in done.stdout


def test_shutdown_closes_the_connection_without_a_reply(start, shards):
    server = start(shards=shards)
    with server.connect() as connection:
        connection.send(encode(["SHUTDOWN", "NOSAVE"]))
        assert connection.read_to_end() == b""
    assert server.process.wait(30) == 0


def test_an_idle_server_takes_no_cpu(start, shards):
    server = start(shards=shards)
    with server.connect() as connection:
        connection("PING")
        before = cpu_seconds(server.pid)
        time.sleep(2)
        used = cpu_seconds(server.pid) - before
    assert used <= 0.02, f"{used * 1000:.1f} ms of CPU in 2 s"
