"""Start apps without importing Gradio each time: one process per release imports it and forks.

The import takes 2 to 3 s of CPU time, and a release has up to twenty apps and combinations of
options in one run. A forked app (`preloaded`) takes a tenth of that. It runs in its own process, so
it can be stopped, suspended and killed alone. Only Linux has all that this needs.
"""

from __future__ import annotations

import atexit
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

SCRIPT = Path(__file__).with_name("preloaded.py")
START_TIMEOUT = 120.0  # s; a bound for failures: the first import in a cold environment takes long

available = sys.platform == "linux" and hasattr(os, "pidfd_open")


class ForkedProcess:
    """A process that `ForkServer` has started; it has the members of `subprocess.Popen` in use.

    Attributes:
        pid: The number of the process.
        stdin: Its standard input.
        stdout: Its standard output.
    """

    def __init__(self, server: ForkServer, pid: int, stdin: IO[bytes], stdout: IO[bytes]) -> None:
        self.pid = pid
        self.stdin: IO[bytes] | None = stdin
        self.stdout: IO[bytes] | None = stdout
        self._server, self._lock = server, threading.Lock()
        self._ended = os.pidfd_open(pid)  # the number stays its own until `ForkServer.wait`
        self._code: int | None = None

    def poll(self) -> int | None:
        """Return the exit code; ``None`` while the process runs."""
        try:
            return self.wait(0)
        except subprocess.TimeoutExpired:
            return None

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the end of the process, and return its exit code."""
        with self._lock:
            if self._code is None:
                poll = select.poll()  # which also works with numbers above 1024
                poll.register(self._ended, select.POLLIN)
                if not poll.poll(None if timeout is None else timeout * 1000):
                    raise subprocess.TimeoutExpired("a forked app", timeout or 0)
                self._code = self._server.wait(self.pid)
                os.close(self._ended)
            return self._code

    def send_signal(self, number: int) -> None:
        """Send a signal, unless the process has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """Kill the process, unless it has ended."""
        self.send_signal(signal.SIGKILL)


class ForkServer:
    """A process that has imported Gradio; safe to use from several threads.

    Args:
        python: The interpreter that has Gradio.
    """

    def __init__(self, python: Path) -> None:
        self._lock = threading.Lock()
        # Each message arrives as a whole.
        self._connection, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [str(python), "-I", "-X", "utf8", str(SCRIPT), str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
            )
        self._connection.settimeout(START_TIMEOUT)
        if self._connection.recv(100) != b"ready":
            raise RuntimeError(f"Gradio cannot be imported by {python}; see the error above.")
        self._connection.settimeout(None)

    def start(
        self, arguments: Sequence[str], folder: Path, environment: Mapping[str, str], errors: int
    ) -> ForkedProcess:
        """Run an app in a new process.

        Args:
            arguments: The path of the app, and its arguments.
            folder: The working directory of the app.
            environment: All environment variables of the app.
            errors: The number of the file to which the app writes its errors.
        """
        request = {"arguments": [*arguments], "folder": str(folder), "environment": {**environment}}
        stdin, write = os.pipe()
        read, stdout = os.pipe()
        with self._lock:
            try:
                socket.send_fds(
                    self._connection, [json.dumps(request).encode()], [stdin, stdout, errors]
                )
                pid = int(self._connection.recv(100))
            finally:
                os.close(stdin)
                os.close(stdout)
        return ForkedProcess(self, pid, os.fdopen(write, "wb"), os.fdopen(read, "rb"))

    def wait(self, pid: int) -> int:
        """Return the exit code of a process that has ended."""
        with self._lock:
            self._connection.sendall(json.dumps({"wait": pid}).encode())
            return int(self._connection.recv(100))

    def close(self) -> None:
        """End the process. The apps that it has started end with their standard input."""
        self._connection.close()
        self._process.wait()


_running: dict[Path, ForkServer] = {}
_lock = threading.Lock()


def fork_server(python: Path) -> ForkServer:
    """Return the one process that imports Gradio with this interpreter; start it if needed."""
    with _lock:
        if python not in _running:
            _running[python] = ForkServer(python)
        return _running[python]


@atexit.register
def close_all() -> None:
    """End all these processes."""
    with _lock:
        while _running:
            _running.popitem()[1].close()
