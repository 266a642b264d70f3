"""Where the server listens and whom it lets in."""
import os
import socket
import stat

import pytest
import redis

from support.process import free_port
from support.resp import Connection


def test_a_unix_socket_with_its_permissions(start, tmp_path):
    path = str(tmp_path / "s.sock")
    server = start("--unixsocket", path, "--unixsocketperm", "700")
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o700
    with Connection(path) as local, server.connect() as remote:
        assert local.raw("SET", "key", "value") == b"+OK\r\n"
        assert remote("GET", "key").value == b"value"


def test_port_0_leaves_the_unix_socket_alone(start, tmp_path):
    path = str(tmp_path / "s.sock")
    server = start("--unixsocket", path, port=0)
    with Connection(path) as connection:
        assert connection.raw("PING") == b"+PONG\r\n"
        assert connection("CONFIG", "GET", "port").plain() == [b"port", b"0"]
    assert server.terminate() == 0
    assert not os.path.exists(path)


def test_ipv6_beside_ipv4(start):
    if not socket.has_ipv6 or not os.path.exists("/proc/net/if_inet6"):
        pytest.skip("no IPv6 here")
    server = start("--bind", "127.0.0.1", "::1", port=free_port(socket.AF_INET6, "::1"))
    with Connection(("::1", server.port)) as six, server.connect() as four:
        assert six.raw("SET", "key", "six") == b"+OK\r\n"
        assert four("GET", "key").value == b"six"


def own_address():
    """An address of this machine other than loopback, if it has one; nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return None
        address = probe.getsockname()[0]
        return None if address.startswith("127.") else address


def test_protected_mode_refuses_strangers_while_there_is_no_password(start):
    address = own_address()
    if address is None:
        pytest.skip("this machine has no address but loopback")
    server = start("--bind", "0.0.0.0", "--protected-mode", "yes")
    with Connection((address, server.port)) as stranger:
        assert stranger.read_to_end().startswith(b"-DENIED ")
    with server.connect() as friend:
        assert friend.raw("CONFIG", "SET", "protected-mode", "no") == b"+OK\r\n"
    with Connection((address, server.port)) as stranger:
        assert stranger.raw("PING") == b"+PONG\r\n"


def test_a_password_is_asked_for(start, shards):
    server = start("--requirepass", "secret", shards=shards)
    with server.connect() as connection:
        assert connection.raw("GET", "key") == b"-NOAUTH Authentication required.\r\n"
        assert connection.raw("AUTH", "wrong") == (
            b"-WRONGPASS invalid username-password pair or user is disabled.\r\n")
        assert connection("HELLO", "3").value.startswith(b"NOAUTH HELLO must be called with the client already auth")
        assert connection.raw("AUTH", "secret") == b"+OK\r\n"
        assert connection.raw("GET", "key") == b"$-1\r\n"
        assert connection.raw("RESET") == b"+RESET\r\n"
        assert connection.raw("GET", "key").startswith(b"-NOAUTH")
        assert not connection("HELLO", "3", "AUTH", "default", "secret").is_error
        assert connection.raw("GET", "key") == b"_\r\n"
    with redis.Redis(port=server.port, password="secret") as client:
        assert client.ping()
