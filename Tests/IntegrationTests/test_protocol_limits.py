"""Bad and odd input: the sender gets Redis' error or is disconnected, and nobody else notices."""
import socket

import pytest

from support.resp import ServerClosed, encode

END = encode(["ECHO", "the end of this exchange"])
END_REPLY = b"$24\r\nthe end of this exchange\r\n"

BAD = {
    "count not a number": b"*abc\r\n",
    "count too large": b"*2147483648\r\n",
    "count beyond 64 bits": b"*99999999999999999999\r\n",
    "no dollar": b"*1\r\nPING\r\n",
    "bulk length not a number": b"*1\r\n$abc\r\n",
    "bulk length negative": b"*1\r\n$-1\r\n",
    "bulk length too large": b"*2\r\n$4\r\nECHO\r\n$536870913\r\n",
    "bulk length beyond 64 bits": b"*2\r\n$4\r\nECHO\r\n$99999999999999999999\r\n",
    "bulk length empty": b"*1\r\n$\r\n",
    "unbalanced quotes": b'SET key "value\r\n',
    "quote followed by text": b'SET key "value"more\r\n',
    "single quote unbalanced": b"SET key 'value\r\n",
}

ODD = {
    "negative count": b"*-1\r\n",
    "zero count": b"*0\r\n",
    "empty lines": b"\r\n\r\n\n",
    "spaces only": b"   \r\n",
    "garbage": b"\xff\xfe garbage \x01\r\n",
    "inline": b"SET key value\r\nGET key\r\n",
    "inline, bare newlines": b"SET key value\nGET key\n",
    "inline, quotes": b'SET key "two words\\x41\\n\\t\\\\"\r\nGET key\r\nSET key \'it\\\'s\'\r\nGET key\r\n',
    "inline, empty argument": b'SET key ""\r\nGET key\r\n',
    "inline, spaces around": b"  SET   key   value  \r\nGET key\r\n",
    "mixed": b"PING\r\n*1\r\n$4\r\nPING\r\nPING\r\n",
    "empty command name": b"*1\r\n$0\r\n\r\n",
}


def exchange(server, data):
    """Sends bytes and a last command; returns all that comes until that one is answered or the connection closed."""
    with server.connect() as connection:
        connection.send(data + END)
        received = []
        try:
            while not received or received[-1] != END_REPLY:
                received.append(connection.read_raw())
        except (ServerClosed, ConnectionResetError):
            received.append(b"closed")
        return received


@pytest.mark.parametrize("data", [*BAD.values(), *ODD.values()], ids=[*BAD, *ODD])
def test_odd_input_gets_the_oracles_reply(server, oracle, data):
    assert exchange(server, data) == exchange(oracle, data)


@pytest.mark.parametrize("data", BAD.values(), ids=BAD)
def test_a_protocol_error_closes_only_its_own_connection(server, data):
    with server.connect() as bystander:
        received = exchange(server, data)
        assert received[0].startswith(b"-ERR Protocol error") and received[-1] == b"closed"
        assert bystander.raw("PING") == b"+PONG\r\n"


@pytest.mark.parametrize("start, error", [
    (b"", b"too big inline request"), (b"*", b"too big mbulk count string"), (b"*1\r\n$", b"too big bulk count string")])
def test_a_line_without_an_end_is_refused(server, start, error):
    with server.connect() as connection:
        try:
            connection.send(start + b"1" * 70_000)
        except (BrokenPipeError, ConnectionResetError):
            pass
        assert error in connection.read_to_end()


def test_half_a_command_then_close_harms_nobody(server):
    command = encode(["SET", "half", "v" * 1000])
    with server.connect() as bystander:
        for cut in range(1, len(command), 37):
            with server.connect() as connection:
                connection.send(command[:cut])
        assert bystander.raw("EXISTS", "half") == b":0\r\n"


def test_replies_are_complete_when_the_client_closes_its_half(server):
    with server.connect() as connection:
        connection.send(encode(["PING"]) * 100)
        connection.socket.shutdown(socket.SHUT_WR)
        assert connection.read_to_end() == b"+PONG\r\n" * 100


PIPELINE = (encode(["SET", "key", "a\r\nb"]) + b"GET key\r\n" + encode(["APPEND", "key", ""]) + b'SET "other key" 1\r\n'
            + encode(["INCRBY", "other key", "41"]) + encode(["MGET", "key", "other key", "none"]) + encode(["NOTHING"])
            + encode(["SETRANGE", "key", "6", "xyz"]) + b"\r\n" + encode(["GETDEL", "key"]) + encode(["DEL", "other key"]))
PIPELINE_REPLIES = 10


def split_replies(connection, bystander, pieces):
    """Sends piece by piece; a round trip of another client between them lets the server see each by itself."""
    for piece in pieces:
        connection.send(piece)
        bystander.raw("PING")
    return [connection.read_raw() for _ in range(PIPELINE_REPLIES)]


def test_a_pipeline_may_be_cut_anywhere(server):
    with server.connect() as connection, server.connect() as bystander:
        whole = split_replies(connection, bystander, [PIPELINE])
        for cut in range(1, len(PIPELINE)):
            assert split_replies(connection, bystander, [PIPELINE[:cut], PIPELINE[cut:]]) == whole, f"cut at {cut}"
        bytes_apart = [PIPELINE[index:index + 1] for index in range(len(PIPELINE))]
        assert split_replies(connection, bystander, bytes_apart) == whole


def test_a_bulk_string_of_many_buffers_arrives_whole(server):
    value = bytes(range(256)) * (20 << 12)
    with server.connect() as connection:
        assert connection.raw("SET", "large", value) == b"+OK\r\n"
        assert connection("GET", "large").value == value


def test_the_largest_bulk_length_is_a_directive(start):
    server = start("--proto-max-bulk-len", "1mb")
    assert exchange(server, b"*2\r\n$4\r\nECHO\r\n$1048577\r\n")[0] == b"-ERR Protocol error: invalid bulk length\r\n"


def test_before_authentication_requests_are_small(start):
    server = start("--requirepass", "secret")
    for data, error in ((b"*11\r\n", b"unauthenticated multibulk length"),
                        (b"*2\r\n$4\r\nAUTH\r\n$16385\r\n", b"unauthenticated bulk length")):
        assert exchange(server, data)[0] == b"-ERR Protocol error: " + error + b"\r\n"


def test_any_number_is_a_cursor(server):
    """Clients may make cursors up: what is walked then is open, but it ends."""
    with server.connect() as connection:
        for number in range(600):
            connection("ZADD", "scores", number, f"member {number}")
            connection("SADD", "members", f"member {number}")
            connection("HSET", "fields", f"field {number}", number)
        for words in (["SCAN"], ["ZSCAN", "scores"], ["SSCAN", "members"], ["HSCAN", "fields"]):
            for bit in range(64):
                for cursor in (1 << bit, (1 << bit) * 3 // 2 + 1, (1 << bit) * 2 - 1):
                    assert len(connection(*words, cursor)) == 2
            assert connection.raw(*words, 1 << 64) == b"-ERR invalid cursor\r\n"
