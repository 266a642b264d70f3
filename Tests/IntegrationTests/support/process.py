"""A server under test as a child process."""
import os
import re
import socket
import subprocess
import threading

from .resp import Connection


def free_port(family=socket.AF_INET, host="127.0.0.1"):
    """A port that was free a moment ago."""
    with socket.socket(family) as probe:
        probe.bind((host, 0))
        return probe.getsockname()[1]


class Server:
    """A server that runs in the foreground and logs to stdout.

    Readiness is the log line that every Redis-compatible server prints, so nothing here polls. The process is ended
    by its own pid and by nothing broader.
    """

    READY = "eady to accept connections"  # Redis 7.0 writes a small r for a Unix socket

    def __init__(self, binary, directory, *options, port=None, stdin=None, prefix=(), start_timeout=30, ready=READY):
        self.port = free_port() if port is None else port
        self.directory = str(directory)
        arguments = [*prefix, str(binary)]
        if stdin is not None:
            arguments.append("-")
        arguments += ["--port", str(self.port), "--dir", self.directory, "--save", ""]
        arguments += [str(option) for option in options]
        self.log_lines = []
        self._changed = threading.Condition()
        self._ended = False
        self.process = subprocess.Popen(
            arguments, cwd=self.directory, stdin=subprocess.DEVNULL if stdin is None else subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        threading.Thread(target=self._collect_log, daemon=True).start()
        if stdin is not None:
            self.process.stdin.write(stdin.encode())
            self.process.stdin.close()
        if not self.wait_for_log(ready, start_timeout):
            self.stop()
            raise RuntimeError(f"the server did not start: {' '.join(arguments)}\n{self.log}")

    @property
    def pid(self):
        return self.process.pid

    @property
    def address(self):
        return ("127.0.0.1", self.port)

    @property
    def log(self):
        return "".join(self.log_lines)

    @property
    def is_running(self):
        return self.process.poll() is None

    def connect(self, **options):
        return Connection(self.address, **options)

    def wait_for_log(self, text, timeout=30):
        """Waits until a log line contains `text`; false when the log ends or the time is over first."""
        with self._changed:
            self._changed.wait_for(lambda: self._ended or text in self.log, timeout)
            return text in self.log

    def terminate(self, timeout=30):
        """SIGTERM; returns the exit code."""
        self.process.terminate()
        return self.process.wait(timeout)

    def stop(self):
        """Ends the process whatever state it is in."""
        if self.is_running:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def _collect_log(self):
        for line in self.process.stdout:
            with self._changed:
                self.log_lines.append(line.decode(errors="replace"))
                self._changed.notify_all()
        with self._changed:
            self._ended = True
            self._changed.notify_all()


def resident_bytes(pid):
    with open(f"/proc/{pid}/status") as status:
        return int(re.search(r"VmRSS:\s+(\d+)", status.read()).group(1)) * 1024


def cpu_seconds(pid):
    """CPU time of all threads, user and system, from the scheduler's nanosecond counters."""
    total = 0
    for thread in os.listdir(f"/proc/{pid}/task"):
        try:
            with open(f"/proc/{pid}/task/{thread}/schedstat") as schedstat:
                total += int(schedstat.read().split()[0])
        except FileNotFoundError:
            pass
    return total / 1e9
