"""Transactions on 50 connections, each sent and answered in one piece: MULTI, five SETs of random keys, EXEC.

    transactions.py PORT COUNT CLIENTS KEYS VALUE_BYTES

A process of its own, so that it can be pinned. Prints transactions per second.
"""
import random
import selectors
import socket
import sys
import time

SETS = 5
REPLY = b"+OK\r\n" + b"+QUEUED\r\n" * SETS + b"*%d\r\n" % SETS + b"+OK\r\n" * SETS
VARIANTS = 5000


def _word(text):
    return b"$%d\r\n%b\r\n" % (len(text), text)


def _transaction(keys, value):
    sets = b"".join(
        b"*3\r\n$3\r\nSET\r\n" + _word(b"key:%012d" % random.randrange(keys)) + _word(value) for _ in range(SETS))
    return b"*1\r\n$5\r\nMULTI\r\n" + sets + b"*1\r\n$4\r\nEXEC\r\n"


def run(port, count, clients, keys, value_bytes):
    # Made beforehand, so that the generator is quick.
    transactions = [_transaction(keys, b"v" * value_bytes) for _ in range(min(count, VARIANTS))]
    received, sent, done = {}, 0, 0
    started = time.monotonic()
    with selectors.EpollSelector() as selector:
        for _ in range(clients):
            connection = socket.create_connection(("127.0.0.1", port))
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            selector.register(connection, selectors.EVENT_READ)
            received[connection] = b""
            connection.sendall(transactions[sent % len(transactions)])
            sent += 1
        while done < count:
            for key, _ in selector.select():
                connection = key.fileobj
                data = connection.recv(65536)
                received[connection] += data
                if not data or not REPLY.startswith(received[connection]):
                    sys.exit(f"unexpected reply: {received[connection][:200]!r}")
                if received[connection] == REPLY:
                    received[connection] = b""
                    done += 1
                    if sent < count:
                        connection.sendall(transactions[sent % len(transactions)])
                        sent += 1
    print(f"{count / (time.monotonic() - started):.1f}")


if __name__ == "__main__":
    run(*map(int, sys.argv[1:]))
