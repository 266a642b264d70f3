"""Commands whose keys lie on several shards: a key named more than once must survive being brought together."""


def test_a_key_named_twice_is_kept(server):
    with server.connect() as client:
        for index in range(50):
            names = [f"{kind}{index}" for kind in "abcd"]
            words = [word for name in [*names, names[0]] for word in (name, name)]
            words[-1] = "last"
            assert client.raw("MSETNX", *words) == b":1\r\n"
            assert client("MGET", *names).plain() == [b"last", *(name.encode() for name in names[1:])]
            assert client.raw("BITOP", "OR", names[0], names[0], names[1]) == b":4\r\n"
            assert client.raw("EXISTS", *names) == b":4\r\n"


def test_a_renamed_key_moves_between_shards_with_its_time_to_live(server):
    with server.connect() as client:
        for index in range(50):
            client.raw("SET", f"from{index}", "value", "PX", "100000")
            assert client.raw("RENAME", f"from{index}", f"to{index}") == b"+OK\r\n"
            assert client.raw("EXISTS", f"from{index}") == b":0\r\n"
            assert client.raw("GET", f"to{index}") == b"$5\r\nvalue\r\n"
            assert int(client.raw("PTTL", f"to{index}")[1:-2]) > 90_000
