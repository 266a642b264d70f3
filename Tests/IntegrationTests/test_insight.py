"""SLOWLOG, COMMANDLOG, LATENCY, MONITOR, HOTKEYS, CLIENT LIST and long turns, on one shard and on three."""
import re
import socket
import threading
import time

import pytest

LINE = re.compile(rb'^\+\d{10}\.\d{6} \[(\d+) ([^\]]+)\]((?: ".*")+)\r\n$')


def ask(connection, *words):
    return connection(*words).plain()


def configure(connection, **values):
    for name, value in values.items():
        assert ask(connection, "CONFIG", "SET", name.replace("_", "-"), value) == b"OK"


def wait_until(condition, seconds=10):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.02)
    return condition()


# The slow log, and the logs of what is large


def test_slow_log_holds_the_commands_of_all_shards_in_order(server):
    with server.connect() as connection:
        configure(connection, slowlog_log_slower_than=0, slowlog_max_len=200)
        ask(connection, "CLIENT", "SETNAME", "app")
        ask(connection, "SLOWLOG", "RESET")
        for number in range(40):
            ask(connection, "SET", f"key:{number}", "v")
        entries = [entry for entry in ask(connection, "SLOWLOG", "GET", -1) if entry[3][0] == b"SET"]
        configure(connection, slowlog_log_slower_than=10000, slowlog_max_len=128)
        assert sorted(entry[3][1] for entry in entries) == sorted(b"key:%d" % n for n in range(40))
        numbers = [entry[0] for entry in entries]
        assert numbers == sorted(numbers, reverse=True) and len(set(numbers)) == 40
        assert all(entry[5] == b"app" and entry[4].startswith(b"127.0.0.1:") for entry in entries)


def test_slow_log_is_bounded(server):
    with server.connect() as connection:
        configure(connection, slowlog_log_slower_than=0, slowlog_max_len=7)
        connection.pipeline([("SET", f"key:{n}", n) for n in range(300)])
        assert ask(connection, "SLOWLOG", "LEN") == 7
        assert len(ask(connection, "SLOWLOG", "GET", -1)) == 7
        configure(connection, slowlog_log_slower_than=10000, slowlog_max_len=128)


def test_long_words_are_cut_and_secrets_left_out(server):
    with server.connect() as connection:
        configure(connection, slowlog_log_slower_than=0, slowlog_max_len=128)
        ask(connection, "SLOWLOG", "RESET")
        ask(connection, "SET", "k", "x" * 200)
        ask(connection, "DEL", *[f"{{t}}{n}" for n in range(40)])
        connection("AUTH", "secret")
        connection("CONFIG", "SET", "masterauth", "secret")
        connection("HELLO", "2", "AUTH", "default", "secret")
        words = [entry[3] for entry in ask(connection, "SLOWLOG", "GET", -1)]
        configure(connection, slowlog_log_slower_than=10000, masterauth="")
        assert [b"SET", b"k", b"x" * 128 + b"... (72 more bytes)"] in words
        trimmed = next(entry for entry in words if entry[0] == b"DEL")
        assert len(trimmed) == 32 and trimmed[-1] == b"... (10 more arguments)"
        assert not any(b"secret" in word for entry in words for word in entry)
        assert [b"AUTH", b"(redacted)"] in words


def test_commandlog_knows_large_requests_and_replies(server):
    with server.connect() as connection:
        configure(connection, commandlog_request_larger_than=10000, commandlog_reply_larger_than=20000)
        for number in range(6):
            ask(connection, "SET", f"large:{number}", "x" * 30000)
            ask(connection, "GET", f"large:{number}")
            ask(connection, "SET", f"small:{number}", "x")
        requests = ask(connection, "COMMANDLOG", "GET", -1, "large-request")
        replies = ask(connection, "COMMANDLOG", "GET", -1, "LARGE-REPLY")
        configure(connection, commandlog_request_larger_than=1 << 20, commandlog_reply_larger_than=1 << 20)
        assert {entry[3][1] for entry in requests} == {b"large:%d" % n for n in range(6)}
        assert all(30000 <= entry[2] <= 30100 for entry in requests)
        assert {tuple(entry[3]) for entry in replies} == {(b"GET", b"large:%d" % n) for n in range(6)}
        assert all(entry[2] == 30010 for entry in replies)
        assert ask(connection, "COMMANDLOG", "LEN", "large-reply") == 6
        assert ask(connection, "COMMANDLOG", "RESET", "large-reply") == b"OK"
        assert ask(connection, "COMMANDLOG", "LEN", "large-reply") == 0
        assert connection("COMMANDLOG", "LEN", "wide").value.startswith(b"ERR type should be one of")


# Latency


def test_latency_events_and_long_turns(start, shards):
    server = start("--enable-debug-command", "yes", "--latency-monitor-threshold", 20, shards=shards)
    with server.connect() as connection:
        ask(connection, "DEBUG", "SLEEP", "0.05")
        latest = {event[0]: event for event in ask(connection, "LATENCY", "LATEST")}
        assert latest[b"command"][2] >= 50
        assert latest[b"turn-command"][2] >= 50
        history = ask(connection, "LATENCY", "HISTORY", "command")
        assert len(history) == 1 and history[0][1] >= 50
        assert b"command - high" in ask(connection, "LATENCY", "GRAPH", "command")
        assert b"turn-command" in ask(connection, "LATENCY", "DOCTOR")
        info = ask(connection, "INFO", "shards").decode()
        assert sum(int(n) for n in re.findall(r"long_turns_shard\d+:.*?command=(\d+)", info)) >= 1
        assert max(int(n) for n in re.findall(r"longest_turn_usec=(\d+)", info)) >= 50000
        assert ask(connection, "LATENCY", "RESET", "command", "nothing") == 1
        assert ask(connection, "LATENCY", "HISTORY", "command") == []


def test_histograms_and_percentiles_add_up(server):
    with server.connect() as connection:
        ask(connection, "CONFIG", "RESETSTAT")
        connection.pipeline([("SET", f"key:{n}", n) for n in range(500)])
        name, details = ask(connection, "LATENCY", "HISTOGRAM", "set")
        assert name == b"set" and details[1] == 500
        steps = details[3]
        assert steps[-1] == 500 and steps[1::2] == sorted(steps[1::2])
        stats = ask(connection, "INFO", "latencystats").decode()
        p50, p99, p999 = map(float, re.search(r"usec_set:p50=([\d.]+),p99=([\d.]+),p99.9=([\d.]+)", stats).groups())
        assert 0 < p50 <= p99 <= p999
        configure(connection, latency_tracking="no")
        assert "usec_set" not in ask(connection, "INFO", "latencystats").decode()
        configure(connection, latency_tracking="yes")


# MONITOR


class Monitor:
    """Collects the lines of a client in MONITOR mode."""

    def __init__(self, server):
        self.socket = socket.create_connection(server.address)
        self.socket.sendall(b"MONITOR\r\n")
        self.file = self.socket.makefile("rb")
        assert self.file.readline() == b"+OK\r\n"

    def lines(self, count):
        self.socket.settimeout(10)
        return [self.file.readline() for _ in range(count)]


def test_monitor_sees_each_clients_commands_in_order(server):
    monitor = Monitor(server)
    clients, each = 4, 200

    def work(number):
        with server.connect() as connection:
            connection.pipeline([("SET", f"{number}:{n}", n) for n in range(each)])

    threads = [threading.Thread(target=work, args=(number,)) for number in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seen = {}
    for line in monitor.lines(clients * each):
        database, source, words = LINE.match(line).groups()
        assert database == b"0"
        seen.setdefault(source, []).append(words)
    assert len(seen) == clients
    for words in seen.values():
        number = re.match(rb' "SET" "(\d)', words[0]).group(1)
        assert words == [b' "SET" "%s:%d" "%d"' % (number, n, n) for n in range(each)]


def test_monitor_shows_a_transaction_before_its_exec(server):
    monitor = Monitor(server)
    with server.connect() as connection:
        connection("MULTI")
        for number in range(5):
            connection("SET", f"key:{number}", "a\n\x01\"\\")
        connection("SELECT", "2")
        connection("GET", "b")
        connection("EXEC")
        connection("AUTH", "user", "secret")
        connection("CONFIG", "GET", "nothing")
        connection("NOSUCH")
        connection("GET")
        connection("PING")
    words = [LINE.match(line).groups() for line in monitor.lines(11)]
    assert [word[2] for word in words] == (
        [b' "MULTI"'] + [b' "SET" "key:%d" "a\\n\\x01\\"\\\\"' % n for n in range(5)]
        + [b' "SELECT" "2"', b' "GET" "b"', b' "EXEC"', b' "AUTH" "(redacted)" "(redacted)"', b' "PING"'])
    assert words[7][0] == b"2" and words[9][0] == b"2"


def test_reset_ends_monitor_mode(server):
    with server.connect() as connection, server.connect() as other:
        assert ask(connection, "MONITOR") == b"OK"
        reply = connection("GET", "a")
        assert reply.value == b"ERR Replica can't interact with the keyspace"
        assert b"flags=O" in next(
            line for line in ask(other, "CLIENT", "LIST").split(b"\n") if b"cmd=get" in line or b"flags=O" in line)
        # What the other client did comes first.
        replies = [connection("RESET").value]
        while replies[-1] != b"RESET":
            replies.append(connection.read().value)
        assert ask(other, "SET", "a", "1") == b"OK"
        assert ask(connection, "GET", "a") == b"1"


def test_a_monitor_that_does_not_read_is_cut_off(start, shards):
    server = start("--client-output-buffer-limit", "normal 4mb 0 0", shards=shards)
    monitor = Monitor(server)
    with server.connect() as connection:
        value = "x" * 100_000
        for _ in range(400):
            connection("SET", "key", value)
        assert wait_until(lambda: b"flags=O" not in ask(connection, "CLIENT", "LIST"))
        fields = ask(connection, "INFO", "everything").decode()
        assert int(re.search(r"client_output_buffer_limit_disconnections:(\d+)", fields).group(1)) == 1
        assert ask(connection, "PING") == b"PONG"
    monitor.socket.close()


# Hot keys


def test_hot_keys_are_found(server):
    with server.connect() as connection:
        ask(connection, "HOTKEYS", "RESET")
        for _ in range(1500):
            connection.pipeline(
                [("GET", "hot")] * 20 + [("INCR", "warm")] * 8 + [("GET", f"cold:{n}") for n in range(20)])
        keys = ask(connection, "HOTKEYS", "GET", "COUNT", 2)
        fields = [dict(zip(key[::2], key[1::2])) for key in keys]
        assert [entry[b"key"] for entry in fields] == [b"hot", b"warm"]
        assert 25 < float(fields[0][b"percent"]) < 60
        assert fields[0][b"uses-per-second"] > fields[1][b"uses-per-second"] > 0
        shard = fields[0][b"shard"]
        only = ask(connection, "HOTKEYS", "GET", "SHARD", shard)
        assert all(dict(zip(key[::2], key[1::2]))[b"shard"] == shard for key in only)
        assert connection("HOTKEYS", "GET", "SHARD", 99).is_error
        assert ask(connection, "HOTKEYS", "RESET") == b"OK"
        assert ask(connection, "HOTKEYS", "GET") == []


# Clients


def fields_of(line):
    return dict(part.split(b"=", 1) for part in line.strip().split(b" "))


def test_client_info_tells_the_truth(server):
    with server.connect() as connection:
        before = fields_of(ask(connection, "CLIENT", "INFO"))
        connection("SET", "a", "x" * 1000)
        connection("GET", "a")
        after = fields_of(ask(connection, "CLIENT", "INFO"))
        assert int(after[b"tot-cmds"]) - int(before[b"tot-cmds"]) == 3
        assert int(after[b"tot-net-in"]) - int(before[b"tot-net-in"]) > 1000
        assert int(after[b"tot-net-out"]) - int(before[b"tot-net-out"]) > 1000
        assert int(after[b"rbp"]) >= 1000
        connection("MULTI")
        connection("SET", "a", "y" * 500)
        with server.connect() as other:
            line = next(
                line for line in ask(other, "CLIENT", "LIST").split(b"\n") if b"id=" + after[b"id"] + b" " in line)
        queued = fields_of(line)
        assert queued[b"multi"] == b"1" and int(queued[b"multi-mem"]) >= 500 and queued[b"flags"] == b"x"


def test_info_does_not_wait_for_a_shard_that_is_busy(start):
    server = start("--enable-debug-command", "yes", shards=3)
    connections = [server.connect() for _ in range(3)]
    time.sleep(1.2)  # every shard has told about itself once
    sleeper = threading.Thread(target=lambda: connections[0]("DEBUG", "SLEEP", "1"))
    sleeper.start()
    time.sleep(0.1)
    begun = time.monotonic()
    text = ask(connections[1], "INFO", "everything").decode()
    assert time.monotonic() - begun < 0.7
    assert "shard0:" in text and "shard1:" in text and "shard2:" in text
    sleeper.join()


@pytest.mark.parametrize("command", ["SLOWLOG", "COMMANDLOG", "LATENCY", "HOTKEYS"])
def test_help(server, command):
    with server.connect() as connection:
        lines = ask(connection, command, "HELP")
        assert lines[0].startswith(command.encode()) and lines[-2] == b"HELP"
        assert connection(command, "NOSUCH").value == f"ERR unknown subcommand 'NOSUCH'. Try {command} HELP.".encode()


def test_three_slow_readers_at_once_and_nobody_else_minds(start):
    """A subscriber, a MONITOR and a client with large replies, none of whom reads: memory is bounded, others are served."""
    limits = "normal 4mb 0 0 pubsub 1mb 0 0"
    server = start("--client-output-buffer-limit", limits, shards=2)
    words = [["SUBSCRIBE", "c"], ["MONITOR"], ["PING"]]
    slow = [server.connect() for _ in words]
    with server.connect() as client, server.connect() as quick:
        client("SET", "large", "x" * 1_000_000)
        for connection, request in zip(slow, words):
            connection(*request)
        before = memory_used(client)
        slow[2].socket.setblocking(False)
        largest = 0
        longest = []
        end = time.monotonic() + 20
        gone = 0
        while gone < 3:
            assert time.monotonic() < end, gone
            try:
                slow[2].socket.send(b"*2\r\n$3\r\nGET\r\n$5\r\nlarge\r\n" * 3)
            except OSError:
                pass
            client("PUBLISH", "c", "x" * 100_000)
            client("SET", "other", "y" * 100_000)
            begin = time.monotonic()
            assert quick("PING").value == b"PONG"
            longest.append(time.monotonic() - begin)
            fields = dict(line.split(":", 1) for line in client("INFO").value.decode().splitlines() if ":" in line)
            gone = int(fields["client_output_buffer_limit_disconnections"])
            largest = max(largest, int(fields["used_memory"]) - before)
        # Two limits of 4 MB, one of 1 MB, what is being sent meanwhile and the replies to those who read.
        assert largest < 24 << 20
        longest.sort()
        assert longest[len(longest) * 9 // 10] < 0.05
        assert client("DBSIZE").value == 2
    for connection in slow:
        connection.close()


def memory_used(client):
    text = client("INFO", "memory").value.decode()
    return int(text.split("used_memory:")[1].split()[0])
