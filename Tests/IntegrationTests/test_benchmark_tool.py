"""redis-benchmark, as people run it to judge a server, ends without an error."""
import csv
import shutil
import subprocess

import pytest

TESTS = "ping,set,get,incr,mset"


@pytest.mark.skipif(shutil.which("redis-benchmark") is None, reason="redis-benchmark is not installed")
@pytest.mark.parametrize("pipeline", [1, 16])
def test_redis_benchmark_runs_clean(server, pipeline):
    done = subprocess.run(
        ["redis-benchmark", "-p", str(server.port), "-t", TESTS, "-n", "10000", "-P", str(pipeline), "-r", "1000",
         "--csv"], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert "ERR" not in done.stdout + done.stderr
    rates = {row["test"]: float(row["rps"]) for row in csv.DictReader(done.stdout.splitlines())}
    assert len(rates) == 6
    assert all(rate > 0 for rate in rates.values())
