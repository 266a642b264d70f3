"""Martlet answers random streams of commands as Redis does; see `differential/`."""
import os

import pytest

import peers
from conftest import hash_seeds, server_binary
from differential import families
from differential.runner import Run
from support.process import Server

SEED = int(os.environ.get("MARTLET_SEED", "20240601"))


@pytest.fixture(scope="module", params=hash_seeds(), ids=lambda seed: f"hash-{seed}")
def module_server(request, shards, tmp_path_factory):
    """As everywhere, but which key is on which shard and in which order SCAN finds it can be had again."""
    server = Server(
        server_binary(), tmp_path_factory.mktemp("server"), "--shards", shards, "--hash-seed", request.param)
    server.description = f"--shards {shards} --hash-seed {request.param}"
    yield server
    server.stop()


def check(server, oracle, seed, count, protocol, tables):
    found = Run(server.address, oracle.address, seed, protocol, tables, mismatches_max=5).run(count)
    assert not found, "\n\n".join([f"RESP{protocol}, {server.description}", *map(str, found)])


def streams(long_tests):
    """Seeds and lengths: two seconds or so a case, or a minute."""
    return [(SEED + index, 50_000) for index in range(5)] if long_tests else [(SEED, 12_000)]


@pytest.mark.parametrize("protocol", [2, 3])
def test_random_streams_get_the_replies_of_redis_7(server, oracle, protocol, long_tests):
    for seed, count in streams(long_tests):
        check(server, oracle, seed + 1000 * protocol, count, protocol, families.ALL)


@pytest.fixture(scope="module", params=sorted(families.NEWER))
def newer_oracle(request, tmp_path_factory):
    try:
        binary = peers.binary(request.param)
    except peers.Unavailable as reason:
        pytest.skip(f"{request.param} cannot be fetched: {reason}")
    oracle = Server(binary, tmp_path_factory.mktemp(request.param))
    yield request.param, oracle
    oracle.stop()


@pytest.mark.parametrize("protocol", [2, 3])
def test_newer_commands_get_the_replies_of_the_server_that_has_them(server, newer_oracle, protocol, long_tests):
    name, oracle = newer_oracle
    for seed, count in streams(long_tests):
        check(server, oracle, seed, count // 4, protocol, families.NEWER[name])
