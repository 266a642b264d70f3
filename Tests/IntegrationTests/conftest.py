"""Fixtures: the server under test, an oracle to compare it with, and factories for both.

`MARTLET_SERVER` names another binary than the release build; `MARTLET_LONG_TESTS=1` lifts the short bounds.
"""
import itertools
import os
import shutil
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parent.parent
sys.path.insert(0, str(HERE))
sys.path.insert(0, str(REPOSITORY / "Benchmarks" / "Load"))

from support.process import Server  # noqa: E402

_started_key = pytest.StashKey[list]()


def server_binary():
    path = Path(os.environ.get("MARTLET_SERVER", REPOSITORY / ".build/release/martlet-server"))
    if not path.exists():
        pytest.exit(f"no server at {path}: build it with `swift build -c release`, or set MARTLET_SERVER", 2)
    return path.resolve()


class Fleet:
    """Starts servers and remembers them, so that each is stopped and its log can be shown."""

    def __init__(self, make_directory):
        self.servers = []
        self._make_directory = make_directory

    def __call__(self, *options, shards=1, **keywords):
        return self.start(server_binary(), "--shards", shards, *options, **keywords)

    def start(self, binary, *options, **keywords):
        server = Server(binary, self._make_directory(), *options, **keywords)
        self.servers.append(server)
        return server

    def stop(self):
        for server in self.servers:
            server.stop()


@pytest.fixture(scope="session")
def long_tests():
    return os.environ.get("MARTLET_LONG_TESTS") == "1"


@pytest.fixture
def start(tmp_path, request):
    """A factory: `start("--maxclients", 10, shards=2)` runs one more server for this test."""
    counter = itertools.count()

    def make_directory():
        directory = tmp_path / f"server-{next(counter)}"
        directory.mkdir()
        return directory

    fleet = Fleet(make_directory)
    request.node.stash[_started_key] = fleet.servers
    yield fleet
    fleet.stop()


def hash_seeds():
    """What the tested servers hash keys with: one fixed seed, or with the long tests some others too."""
    fixed = os.environ.get("MARTLET_HASH_SEED", "martlet")
    return [fixed, "a", "b", "c"] if os.environ.get("MARTLET_LONG_TESTS") == "1" else [fixed]


@pytest.fixture(scope="module", params=[1, 3], ids=lambda count: f"shards{count}")
def shards(request):
    return request.param


@pytest.fixture(scope="module")
def module_server(shards, tmp_path_factory):
    server = Server(server_binary(), tmp_path_factory.mktemp("server"), "--shards", shards)
    yield server
    server.stop()


@pytest.fixture
def server(module_server, request):
    """The module's server, emptied; it must outlive every test."""
    request.node.stash[_started_key] = [module_server]
    with module_server.connect() as connection:
        connection("FLUSHALL")
    yield module_server
    assert module_server.is_running, "the server died"


@pytest.fixture(scope="session")
def oracle(tmp_path_factory):
    """Redis 7.0 from Debian."""
    binary = shutil.which("redis-server")
    if binary is None:
        pytest.skip("redis-server is not installed: run Scripts/install-dependencies --tests")
    oracle = Server(binary, tmp_path_factory.mktemp("oracle"))
    yield oracle
    oracle.stop()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """A failed test shows the end of its servers' logs."""
    report = yield
    if report.failed:
        for server in item.stash.get(_started_key, []):
            report.sections.append((f"log of server {server.pid}", "".join(server.log_lines[-40:])))
    return report
