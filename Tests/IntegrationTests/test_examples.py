"""The example packages, built and run as packages outside this one."""
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_the_leaderboard():
    package = ROOT / "docs" / "Examples" / "Leaderboard"
    # Kept between runs: the first builds all of Martlet.
    command = ["swift", "run", "--quiet", "--package-path", package, "--scratch-path", ROOT / ".build-examples"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "20 of 32 reports counted", "20 messages seen", "1. barbara 65", "2. edsger 60", "3. grace 55"]
