"""Start one real Gradio server as a subprocess, and control its functions.

The control requests use the HTTP client of the standard library and not the package under test. So
a test can compare what the server received with what the client reports.
"""

from __future__ import annotations

import http.cookiejar
import json
import os
import queue
import shutil
import signal
import subprocess
import tempfile
import threading
import urllib.parse
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.support.servers.environments import prepare
from tests.support.servers.fork_server import ForkedProcess, available, fork_server

APP = Path(__file__).with_name("app.py")
COMPONENTS = Path(__file__).with_name("components.py")
CHATS = Path(__file__).with_name("chats.py")
HIDDEN = Path(__file__).with_name("hidden.py")
DRAWN = Path(__file__).with_name("drawn.py")
MISTAKES = Path(__file__).with_name("mistakes.py")
PRINTED = Path(__file__).with_name("printed.py")
EXAMPLES = Path(__file__).with_name("examples.py")
RECIPES = Path(__file__).with_name("recipes.py")
DESCRIPTIONS = Path(__file__).with_name("descriptions.py")
SPOKEN = Path(__file__).with_name("spoken.py")
START_TIMEOUT = 90.0  # s; a bound for failures: the first import in a cold environment takes long
STOP_TIMEOUT = 10.0  # s
ANSWER_TIMEOUT = 30.0  # s; more than the 20 s that the app's `await_` functions take at most
LOG_TAIL = 40  # lines of the log that an error quotes


class ServerStartError(RuntimeError):
    """The server ended or printed nothing, instead of reporting that it is ready."""


class Server:
    """One running Gradio server; a context manager.

    Args:
        version: A version of `environments.VERSIONS`.
        auth: ``"user:password"``; the app then requires this login.
        mount: Path such as ``"/app"``, below which a FastAPI app mounts the Gradio app.
        queue_size: How many jobs may wait; all functions then share one worker.
        root_path: Gradio's ``root_path``.
        max_file_size: Gradio's ``max_file_size``, such as ``"1kb"``; for servers since 4.28.
        show_error: Whether the app sends the text of any exception, or only that of ``gr.Error``.
        app: Another app instead of the tests' own, and its options; `control` works only if it
            has the same control functions.
        fresh: Start a new interpreter, instead of a fork of one that has imported Gradio.

    Attributes:
        url: URL of the app, with the mount path and without a slash at the end.
        version: The version that the server reports.
        process: The subprocess.
        log: The file of its standard error, which `stop` removes.
        control: The app's direct functions.
    """

    def __init__(
        self,
        version: str,
        *,
        auth: str | None = None,
        mount: str | None = None,
        queue_size: int | None = None,
        root_path: str | None = None,
        max_file_size: str | None = None,
        show_error: bool = True,
        app: Sequence[str | Path] = (APP,),
        fresh: bool = False,
    ) -> None:
        options = {
            "auth": auth,
            "mount": mount,
            "queue-size": queue_size,
            "root-path": root_path,
            "max-file-size": max_file_size,
        }
        given = [f"--{name}={value}" for name, value in options.items() if value is not None]
        python = prepare(version)
        self._folder = Path(tempfile.mkdtemp(prefix=f"gradio-{version}-"))
        self.log = self._folder / "stderr.log"
        arguments = [*map(str, app), *given, *(() if show_error else ("--hide-errors",))]
        environment = {
            **os.environ,
            "GRADIO_TEMP_DIR": str(self._folder / "files"),
            "TMPDIR": str(self._folder),  # the folder for 3.23's files
        }
        self.process: subprocess.Popen[bytes] | ForkedProcess
        with self.log.open("wb") as log:
            if available and not fresh:
                self.process = fork_server(python).start(
                    arguments, self._folder, environment, log.fileno()
                )
            else:
                self.process = subprocess.Popen(
                    # -I: ignore the PYTHON… variables, and do not import from the app's folder
                    [str(python), "-I", "-X", "utf8", *arguments],
                    cwd=self._folder,
                    env=environment,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=log,
                )
        try:
            ready = self._await_ready()
        except BaseException:
            self.kill()
            raise
        self.url: str = ready["url"]
        self.version: str = ready["version"]
        self.control = ServerControl(self.url, self.version, auth=auth)

    def _await_ready(self) -> dict[str, str]:
        """Return the message that the app prints when it is ready."""
        stdout = self.process.stdout
        assert stdout is not None
        lines: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        reader = threading.Thread(target=lambda: lines.put(stdout.readline()), daemon=True)
        reader.start()
        try:
            line = lines.get(timeout=START_TIMEOUT)
        except queue.Empty:
            line = b""
        if not line:
            self.process.kill()  # this also wakes the thread that reads the output
        reader.join()
        if not line:
            tail = self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-LOG_TAIL:]
            raise ServerStartError(
                f"The server did not start (exit code {self.process.wait()}):\n" + "\n".join(tail)
            )
        ready: dict[str, str] = json.loads(line)
        return ready

    def pause(self) -> None:
        """Suspend the server's process, because an idle server of Gradio 6 uses 4 % of a core."""
        if hasattr(signal, "SIGSTOP"):
            self.process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Resume a suspended server."""
        if hasattr(signal, "SIGCONT"):
            self.process.send_signal(signal.SIGCONT)

    def stop(self) -> None:
        """Stop the server by closing its standard input; kill it if that takes too long."""
        self._close_pipes()
        self.resume()
        try:
            self.process.wait(STOP_TIMEOUT)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self._folder, ignore_errors=True)

    def kill(self) -> None:
        """Kill the server at once, as in a crash."""
        self.process.kill()
        self.process.wait()
        self._close_pipes()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _close_pipes(self) -> None:
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *exc: object) -> None:
        self.stop()


class ServerControl:
    """The app's control functions, called by direct requests. Safe to use from several threads.

    A key identifies the calls of one test: choose a new one for each (`uuid.uuid4().hex`).
    """

    def __init__(self, url: str, version: str, *, auth: str | None = None) -> None:
        self._url = url
        self._prefix = "/gradio_api" if int(version.split(".")[0]) >= 5 else ""
        self._auth = auth
        self._opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}),  # the server is on this machine
            urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()),
        )
        self._login_lock = threading.Lock()

    def call(self, name: str, *data: Any) -> Any:
        """Return the first output of the direct function ``name``."""
        self._login()
        body = json.dumps({"data": list(data)}).encode()
        answer = self._post(f"{self._prefix}/run/{name}", body, "application/json")
        return json.loads(answer)["data"][0]

    def release(self, key: str) -> bool:
        """Open the gate of ``key``: held functions return and endless generators end."""
        return bool(self.call("release", key))

    def ledger(self, key: str) -> dict[str, int]:
        """Return how often calls with ``key`` started, finished, were cancelled, and ticked.

        If ``key`` is the session hash of a session, return how often it was ``unloaded``.
        """
        counts: dict[str, int] = json.loads(self.call("ledger", key))
        return counts

    def executions(self) -> dict[str, int]:
        """Return how often each queued function has been called since the server started."""
        counts: dict[str, int] = json.loads(self.call("executions"))
        return counts

    def await_started(self, key: str, count: int = 1) -> bool:
        """Wait until ``count`` calls with ``key`` have started; ``False`` after 20 s."""
        return bool(self.call("await_count", key, "started", count))

    def await_unloaded(self, session_hash: str, count: int = 1) -> bool:
        """Wait until a session has ended ``count`` times; ``False`` after 20 s."""
        return bool(self.call("await_count", session_hash, "unloaded", count))

    def await_stopped(self, key: str) -> bool:
        """Wait until the calls with ``key`` end or become silent; ``False`` after 15 s.

        A generator is silent if the server has requested no value from it for 0.7 s.
        """
        return bool(self.call("await_stopped", key))

    def _login(self) -> None:
        """Log in before the first call, if the app requires it."""
        with self._login_lock:
            if self._auth is None:
                return
            username, password = self._auth.split(":", 1)
            form = urllib.parse.urlencode({"username": username, "password": password}).encode()
            self._post("/login", form, "application/x-www-form-urlencoded")
            self._auth = None

    def _post(self, path: str, body: bytes, kind: str) -> bytes:
        request = urllib.request.Request(
            self._url + path, body, {"Content-Type": kind, "Connection": "close"}
        )
        with self._opener.open(request, timeout=ANSWER_TIMEOUT) as response:
            answer: bytes = response.read()
        return answer
