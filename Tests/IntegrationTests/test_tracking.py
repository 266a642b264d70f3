"""Clients are told when what they cache has changed, on whichever thread they and the keys are."""
import time

KEYS = [f"key{index}" for index in range(30)]


def client_id(connection):
    return connection("CLIENT", "ID").value


def test_each_key_read_is_invalidated_once(server):
    with server.connect(protocol=3) as reader, server.connect() as writer:
        reader("CLIENT", "TRACKING", "ON")
        for key in KEYS:
            reader("GET", key)
        reader("MGET", *KEYS)
        for key in KEYS:
            writer("SET", key, 1)
            assert reader.read().plain() == [b"invalidate", [key.encode()]]
            writer("SET", key, 2)
        assert reader("PING").value == b"PONG"


def test_several_keys_in_a_transaction_are_tracked(server):
    with server.connect(protocol=3) as reader, server.connect() as writer:
        reader("CLIENT", "TRACKING", "ON")
        reader("MULTI")
        for key in KEYS:
            reader("GET", key)
        reader("EXEC")
        writer("DEL", *KEYS)
        for key in KEYS:
            writer("SET", key, 1)
        found = {reader.read().plain()[1][0] for _ in KEYS}
        assert found == {key.encode() for key in KEYS}


def test_another_client_is_told_instead(server):
    for _ in range(4):
        with server.connect() as reader, server.connect() as told, server.connect() as writer:
            told("SUBSCRIBE", "__redis__:invalidate")
            told_id = None
            for line in writer("CLIENT", "LIST").value.splitlines():
                if b"flags=P" in line:
                    told_id = int(line.split()[0].split(b"=")[1])
            assert reader("CLIENT", "TRACKING", "ON", "REDIRECT", told_id).value == b"OK"
            assert reader("CLIENT", "GETREDIR").value == told_id
            reader("GET", "k")
            writer("SET", "k", 1)
            assert told.read().plain() == [b"message", b"__redis__:invalidate", [b"k"]]
            writer("FLUSHALL")
            assert told.read().plain() == [b"message", b"__redis__:invalidate", None]
        time.sleep(0.05)


def test_broadcasts_tell_of_every_key_with_the_prefix(server):
    with server.connect(protocol=3) as reader, server.connect() as writer:
        reader("CLIENT", "TRACKING", "ON", "BCAST", "PREFIX", "a:", "PREFIX", "b:", "NOLOOP")
        for index in range(20):
            writer("SET", f"c:{index}", 1)
            writer("SET", f"a:{index}", 1)
            assert reader.read().plain() == [b"invalidate", [b"a:%d" % index]]
            assert reader("SET", f"a:{index}", 1).value == b"OK"
        assert reader("PING").value == b"PONG"


def test_expiry_and_flushes_invalidate(server):
    with server.connect(protocol=3) as reader, server.connect() as writer:
        reader("CLIENT", "TRACKING", "ON")
        writer("SET", "k", 1, "PX", 100)
        reader("GET", "k")
        assert reader.read().plain() == [b"invalidate", [b"k"]]
        writer("FLUSHALL")
        assert reader.read().plain() == [b"invalidate", None]


def test_the_table_stays_within_its_limit(start):
    server = start("--tracking-table-max-keys", 10, shards=2)
    with server.connect(protocol=3) as reader:
        reader("CLIENT", "TRACKING", "ON")
        reader("MGET", *[f"key{index}" for index in range(100)])
        found = {reader.read().plain()[1][0] for _ in range(90)}
        assert len(found) == 90


def test_what_a_transaction_writes_before_it_reads_stays_tracked(server):
    with server.connect(protocol=3) as reader, server.connect() as writer:
        reader("CLIENT", "TRACKING", "ON")
        reader("MULTI")
        reader("SET", "k", 1)
        reader("GET", "k")
        assert reader("EXEC").plain() == [b"OK", b"1"]
        assert reader("PING").value == b"PONG"
        writer("SET", "k", 2)
        assert reader.read().plain() == [b"invalidate", [b"k"]]


def test_what_scripts_read_is_tracked(server):
    with server.connect(protocol=3) as reader, server.connect() as writer:
        reader("CLIENT", "TRACKING", "ON", "NOLOOP")
        for key in KEYS[:6]:
            reader("EVAL", "redis.call('SET', KEYS[1], 1); redis.call('SET', KEYS[2], 1); return redis.call('GET', KEYS[1])", 2, key, f"other{key}")
            writer("SET", f"other{key}", 2)
            writer("SET", key, 2)
            assert reader.read().plain() == [b"invalidate", [key.encode()]]
            # Its own change is not told.
            reader("GET", key)
            reader("EVAL", "return redis.call('SET', KEYS[1], 3)", 1, key)
            assert reader("PING").value == b"PONG"


def test_the_table_is_limited_over_all_shards(server):
    with server.connect(protocol=3) as reader, server.connect() as writer:
        reader("CLIENT", "TRACKING", "ON")
        for index in range(100):
            reader("GET", f"limited{index}")
        writer("CONFIG", "SET", "tracking-table-max-keys", 10)
        gone = {reader.read().plain()[1][0] for _ in range(90)}
        assert len(gone) == 90
        assert reader("PING").value == b"PONG"
        writer("CONFIG", "SET", "tracking-table-max-keys", 1000000)
