"""HELLO, AUTH, CLIENT and COMMAND over the wire: replies as Redis gives them, and effects on other connections."""
import time

import pytest

from support.resp import encode

SAME_AS_REDIS = [
    "ECHO x", "ECHO", "SELECT 1", "SELECT a", "SELECT 16", "SELECT -1", "SELECT 99999999999", "SELECT 0",
    "HELLO 4", "HELLO x", "HELLO 3 AUTH", "HELLO 3 FOO", "HELLO 2 SETNAME", "HELLO 3 AUTH nobody x",
    "AUTH a b c", "AUTH x", "AUTH default x", "AUTH nobody x",
    "CLIENT", "CLIENT NOPE", "CLIENT SETNAME", "CLIENT SETNAME a\nb", "CLIENT GETNAME", "CLIENT SETNAME me",
    "CLIENT GETNAME", "CLIENT REPLY nope", "CLIENT NO-EVICT x", "CLIENT NO-EVICT on",
    "CLIENT UNBLOCK a", "CLIENT UNBLOCK 1 x", "CLIENT UNBLOCK 1 2 3", "CLIENT UNBLOCK 1",
    "CLIENT PAUSE a", "CLIENT PAUSE -1", "CLIENT PAUSE 10 x", "CLIENT PAUSE 1 2 3", "CLIENT UNPAUSE",
    "CLIENT KILL x", "CLIENT KILL ID 0", "CLIENT KILL TYPE x", "CLIENT KILL USER x", "CLIENT KILL SKIPME x",
    "CLIENT KILL a b c", "CLIENT KILL ID 999999", "CLIENT KILL TYPE master",
    "CLIENT LIST TYPE x", "CLIENT LIST TYPE pubsub", "CLIENT LIST ID a", "CLIENT LIST ID", "CLIENT LIST ID 99999",
    "COMMAND NOPE", "COMMAND GETKEYS GET a b", "COMMAND GETKEYS NOPE a", "COMMAND GETKEYS PING a",
    "COMMAND GETKEYS MSET a 1 b 2", "COMMAND GETKEYSANDFLAGS SET a b",
    "COMMAND GETKEYSANDFLAGS SET a b GET", "COMMAND GETKEYSANDFLAGS SORT a STORE b",
    "COMMAND LIST x", "COMMAND LIST FILTERBY x y", "COMMAND LIST FILTERBY MODULE x",
    "COMMAND LIST FILTERBY ACLCAT nope", "COMMAND LIST FILTERBY PATTERN incrbyf*", "COMMAND COUNT x",
    "COMMAND INFO nope", "COMMAND INFO get mset nope echo select client|id client|list",
    "COMMAND DOCS nope",
]


@pytest.mark.parametrize("protocol", [2, 3])
def test_replies_are_those_of_redis(server, oracle, protocol):
    with server.connect(protocol=protocol) as ours, oracle.connect(protocol=protocol) as theirs:
        for line in SAME_AS_REDIS:
            words = line.split(" ")
            assert ours.raw(*words) == theirs.raw(*words), line


def test_reset_and_quit(server):
    with server.connect() as client:
        client("CLIENT", "SETNAME", "x")
        client("SELECT", "3")
        assert client.raw("RESET") == b"+RESET\r\n"
        assert client.raw("CLIENT", "GETNAME") == b"$-1\r\n"
        client.send(encode(["QUIT"]))
        assert client.read_to_end() == b"+OK\r\n"


def test_a_password_is_asked_for(start, shards):
    server = start("--requirepass", "secret", shards=shards)
    with server.connect() as client:
        assert client.raw("GET", "x").startswith(b"-NOAUTH Authentication required.")
        assert client.raw("HELLO", "3").startswith(b"-NOAUTH HELLO must be called")
        for wrong in ["secre", "secret1", "secretsecret", ""]:
            assert client.raw("AUTH", wrong).startswith(b"-WRONGPASS")
        assert client.raw("AUTH", "other", "secret").startswith(b"-WRONGPASS")
        assert client.raw("AUTH", "secret") == b"+OK\r\n"
        assert client.raw("GET", "x") == b"$-1\r\n"
        client("RESET")
        assert client.raw("GET", "x").startswith(b"-NOAUTH")
        assert client.raw("HELLO", "3", "AUTH", "default", "secret", "SETNAME", "me").startswith(b"%7\r\n")


def test_client_list_and_kill_reach_all_threads(server):
    clients = [server.connect() for _ in range(4)]
    with server.connect() as me:
        ids = [client.raw("CLIENT", "ID")[1:-2].decode() for client in clients]
        text = me.raw("CLIENT", "LIST").decode()
        assert all(f"id={id} " in text for id in ids)
        assert "cmd=client|list user=default" in text
        assert "qbuf=26 " in text
        assert me.raw("CLIENT", "LIST", "ID", *ids).decode().count("id=") == len(ids)
        assert me.raw("CLIENT", "KILL", "ID", ids[0]) == b":1\r\n"
        assert clients[0].read_to_end() == b""
        address = clients[1].raw("CLIENT", "INFO").decode().split("addr=")[1].split(" ")[0]
        assert me.raw("CLIENT", "KILL", address) == b"+OK\r\n"
        assert clients[1].read_to_end() == b""
        assert me.raw("CLIENT", "KILL", "TYPE", "normal", "MAXAGE", "1000") == b":0\r\n"
        me.send(encode(["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "no"]))
        assert me.read_to_end() == b":3\r\n"


def test_reply_modes(server):
    with server.connect() as client:
        client.send(encode(["CLIENT", "REPLY", "SKIP"]) + encode(["SET", "a", "1"]) + encode(["GET", "a"]))
        assert client.read_raw() == b"$1\r\n1\r\n"
        client.send(encode(["CLIENT", "REPLY", "OFF"]))
        for key in range(20):
            client.send(encode(["SET", f"k{key}", "1"]))
        client.send(encode(["CLIENT", "REPLY", "ON"]) + encode(["ECHO", "x"]))
        assert client.read_raw() == b"+OK\r\n"
        assert client.read_raw() == b"$1\r\nx\r\n"


def test_pause_holds_writes_back_until_it_ends(server):
    with server.connect() as me, server.connect() as other:
        assert me.raw("CLIENT", "PAUSE", "60000", "WRITE") == b"+OK\r\n"
        assert me.raw("CLIENT", "PAUSE", "10", "WRITE") == b"+OK\r\n"
        other.send(encode(["SET", "p", "1"]) + encode(["GET", "p"]))
        time.sleep(0.2)
        assert me.raw("GET", "p") == b"$-1\r\n"
        assert me.raw("CLIENT", "UNPAUSE") == b"+OK\r\n"
        assert other.read_raw() == b"+OK\r\n"
        assert other.read_raw() == b"$1\r\n1\r\n"
        begin = time.monotonic()
        assert me.raw("CLIENT", "PAUSE", "300") == b"+OK\r\n"
        assert other.raw("PING") == b"+PONG\r\n"
        assert time.monotonic() - begin > 0.25


def test_no_touch_keeps_the_idle_time(server):
    with server.connect() as client:
        keys = ["t1", "t2", "t3", "t4"]
        for key in keys:
            client("SET", key, "1")
        time.sleep(2.1)
        client("CLIENT", "NO-TOUCH", "on")
        for key in keys:
            client("GET", key)
            assert int(client.raw("OBJECT", "IDLETIME", key)[1:-2]) >= 2
            client("TOUCH", key)
            assert int(client.raw("OBJECT", "IDLETIME", key)[1:-2]) < 2


def test_command_describes_every_command(server):
    with server.connect() as client:
        count = int(client.raw("COMMAND", "COUNT")[1:-2])
        for command in [["COMMAND"], ["COMMAND", "INFO"]]:
            assert client.raw(*command).startswith(b"*%d\r\n" % count)
        assert b"\r\nconfig|get\r\n" in client.raw("COMMAND", "LIST")
        assert client.raw("COMMAND", "DOCS").startswith(b"*%d\r\n" % (2 * count))
        assert b"doc_flags" in client.raw("COMMAND", "DOCS", "quit")
