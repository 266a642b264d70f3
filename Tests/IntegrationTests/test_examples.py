"""The example packages, built and run as packages outside this one."""
import socket
import subprocess
import time
from pathlib import Path

import pytest
import redis

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "docs" / "Examples" / "Leaderboard"
# Kept between runs: the first builds all of Martlet.
PLACE = ["--package-path", PACKAGE, "--scratch-path", ROOT / ".build-examples"]


def swift(*arguments):
    done = subprocess.run(
        ["swift", arguments[0], *PLACE, *arguments[1:]], capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_leaderboard():
    assert swift("run", "--quiet", "Leaderboard").splitlines() == [
        "20 of 32 reports counted", "20 messages seen", "gift: integer(3)",
        "1. edsger 63", "2. barbara 62", "3. grace 55"]


@pytest.fixture(params=[1, 3])
def extended_server(request, tmp_path):
    swift("build", "--product", "leaderboard-server")
    binary = Path(swift("build", "--show-bin-path").strip()) / "leaderboard-server"
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = subprocess.Popen(
        [binary, "--port", str(port), "--shards", str(request.param), "--dir", tmp_path, "--appendonly", "yes",
         "--enable-debug-command", "yes"],
        stdout=subprocess.DEVNULL)
    client = redis.Redis(port=port, decode_responses=True)
    for _ in range(200):
        try:
            client.ping()
            break
        except redis.ConnectionError:
            time.sleep(0.05)
    yield client
    server.terminate()
    assert server.wait(20) == 0


def test_a_server_with_procedures(extended_server):
    client = extended_server
    client.zadd("board", {"ada": 10, "grace": 5})
    assert client.fcall("gift", 1, "board", "ada", "grace", 3) == 3
    assert client.fcall("GIFT", 1, "board", "ada", "grace", 100) == 7
    assert client.zrange("board", 0, -1, withscores=True) == [("ada", 0), ("grace", 15)]
    with pytest.raises(redis.ResponseError, match="usage: gift"):
        client.fcall("gift", 0)
    with pytest.raises(redis.ResponseError, match="Function not found"):
        client.fcall("none", 0)
    with pytest.raises(redis.ResponseError, match="Can not execute a script with write flag"):
        client.fcall_ro("gift", 1, "board", "ada", "grace", 1)
    client.set("text", "x")
    with pytest.raises(redis.ResponseError, match="WRONGTYPE"):
        client.fcall("gift", 1, "text", "ada", "grace", 1)
    with client.pipeline(transaction=True) as pipe:
        pipe.fcall("gift", 1, "board", "grace", "ada", 1)
        pipe.zscore("board", "ada")
        assert pipe.execute() == [1, 1.0]
    listed = client.function_list()
    assert "SWIFT" in str(listed) and "gift" in str(listed)
    # The log has what was done, not the call.
    client.execute_command("DEBUG", "LOADAOF")
    assert client.zrange("board", 0, -1, withscores=True) == [("ada", 1), ("grace", 14)]
