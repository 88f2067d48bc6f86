"""Get the events that the Gradio JavaScript client emits, to compare our events with them.

`events.mjs` runs both clients: 2.7.0 for servers from 4.0 on, and 0.2.1 for 3.x. They are installed
from `package-lock.json` into a folder outside the clone, which all runs share. A changed lock or
script gives a new folder; an unchanged one is ready at once. This needs Node, and for the first
installation also npm and the network. Run ``python -m tests.support.oracle.oracle`` to install the
clients before the tests.
"""

from __future__ import annotations

import collections
import contextlib
import hashlib
import itertools
import json
import os
import queue
import shutil
import subprocess
import tempfile
import threading
from pathlib import Path
from typing import IO, Any, Sequence

from tests.support.servers.environments import cache_folder

FOLDER = Path(__file__).parent
PACKAGE = ("package.json", "package-lock.json", "events.mjs")
SCRIPT = "events.mjs"
TIMEOUT = 60.0  # s until a submission counts as endless; a bound for failures
GRACE = 15.0  # s more until the process itself counts as stuck
LOG_TAIL = 40  # lines of standard error that an error quotes


class OracleError(RuntimeError):
    """The JavaScript client threw, did not end, or could not be run.

    Attributes:
        events: The events that it emitted before that.
    """

    def __init__(self, message: str, events: Sequence[dict[str, Any]] = ()) -> None:
        super().__init__(message)
        self.events = list(events)


class Oracle:
    """A running Node process that submits jobs with the JavaScript client; a context manager.

    Safe to use from several threads: their submissions run in parallel.
    """

    def __init__(self) -> None:
        installed = self.prepare()
        self._process = subprocess.Popen(
            [_command("node"), str(installed / SCRIPT)],
            cwd=installed,
            env=_environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            errors="replace",
        )
        stdin, stdout, stderr = self._process.stdin, self._process.stdout, self._process.stderr
        assert stdin is not None
        assert stdout is not None
        assert stderr is not None
        self._requests: IO[str] = stdin
        self._log: collections.deque[str] = collections.deque(maxlen=LOG_TAIL)
        self._lock = threading.Lock()
        self._numbers = itertools.count(1)
        self._waiting: dict[int, queue.SimpleQueue[dict[str, Any] | None]] = {}
        self._ended = False
        self._readers = (
            threading.Thread(target=self._read_answers, args=(stdout,), daemon=True),
            threading.Thread(target=self._log.extend, args=(stderr,), daemon=True),
        )
        for reader in self._readers:
            reader.start()

    @staticmethod
    def available() -> str | None:
        """Return ``None`` if the oracle can be run, else what is missing."""
        if shutil.which("node") is None:
            return "the JavaScript clients need Node 18 or later: there is no node on PATH"
        if not installation_path().exists() and shutil.which("npm") is None:
            return "installing the JavaScript clients needs npm: there is none on PATH"
        return None

    @staticmethod
    def prepare() -> Path:
        """Return the folder of the installed clients; install them if this lock is new.

        Safe to call from several processes at once: the first complete installation is kept.

        Raises:
            OracleError: There is no Node or npm, or no network for the first installation.
        """
        missing = Oracle.available()
        if missing is not None:
            raise OracleError(missing)
        installed = installation_path()
        if not installed.exists():
            _install(installed)
        return installed

    def events(
        self,
        client: str,
        url: str,
        endpoint: str | int,
        payload: Sequence[Any] | dict[str, Any] | None = None,
        *,
        cancel_after: int | None = None,
        chunks: Sequence[Sequence[Any]] | None = None,
        event_data: Any = None,
        trigger_id: int | None = None,
        session: str | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float = TIMEOUT,
    ) -> list[dict[str, Any]]:
        """Submit a job and return all its events, in order, as JSON.

        Args:
            client: ``"2"`` for 2.7.0 or ``"0"`` for 0.2.1.
            url: URL of an app on this machine.
            endpoint: API name with its slash, or fn_index.
            payload: Values by position, or with 2.7.0 also by name. 0.2.1 needs a value for each
                state component, 2.7.0 for none.
            cancel_after: The number of data events after which to cancel; 0 cancels once the job is
                accepted.
            chunks: Further inputs of a streaming endpoint, with 2.7.0: one is sent after each
                data event, without values for state, and then the stream is closed.
            event_data: The data of the app's event that the call stands for.
            trigger_id: The component of that event.
            session: Submissions with the same name share a session of the app.
            auth: User and password, with 2.7.0.
            timeout: Seconds after which the job counts as endless.

        Raises:
            OracleError: The client threw instead of emitting an event, or the job did not end.
        """
        number = next(self._numbers)
        request = {
            "id": number,
            "client": client,
            "url": url,
            "endpoint": endpoint,
            "payload": payload,
            "cancel_after": cancel_after,
            "chunks": chunks,
            "event_data": event_data,
            "trigger_id": trigger_id,
            "session": session,
            "auth": auth,
            "timeout": timeout,
        }
        answers: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
        with self._lock:
            if self._ended:
                raise self._failure("The process has ended")
            self._waiting[number] = answers
            try:
                self._requests.write(json.dumps(request) + "\n")
                self._requests.flush()
            except OSError as exc:
                del self._waiting[number]
                raise self._failure("The process has ended") from exc
        try:
            answer = answers.get(timeout=timeout + GRACE)
        except queue.Empty:
            raise self._failure(f"No answer within {timeout + GRACE:g} s") from None
        finally:
            with self._lock:
                self._waiting.pop(number, None)
        if answer is None:
            raise self._failure("The process ended")
        events: list[dict[str, Any]] = answer["events"]
        if answer["error"] is not None:
            raise self._failure(f"{endpoint} at {url}: {answer['error']}", events)
        return events

    def close(self) -> None:
        """End the process; running submissions fail."""
        with self._lock:
            self._ended = True
            # the process has ended already, and has not read all of a request
            with contextlib.suppress(OSError):
                self._requests.close()
            busy = bool(self._waiting)
        if busy:
            self._process.kill()
        try:
            self._process.wait(GRACE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        for reader in self._readers:
            reader.join()
        for pipe in (self._process.stdout, self._process.stderr):
            if pipe is not None:
                pipe.close()

    def __enter__(self) -> Oracle:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def _read_answers(self, lines: IO[str]) -> None:
        """Give each response to the thread that waits for it, and the process's end to all."""
        for line in lines:
            answer: dict[str, Any] = json.loads(line)
            with self._lock:
                waiting = self._waiting.get(answer["id"])
            if waiting is not None:
                waiting.put(answer)
        with self._lock:
            self._ended = True
            left = list(self._waiting.values())
        for waiting in left:
            waiting.put(None)

    def _failure(self, message: str, events: Sequence[dict[str, Any]] = ()) -> OracleError:
        """Return an error that ends with the last lines of standard error."""
        return OracleError("\n".join([message, *map(str.rstrip, tuple(self._log))]), events)


def installation_path() -> Path:
    """Return where the clients of this lock are or will be installed."""
    digest = hashlib.sha256()
    for name in PACKAGE:
        digest.update((FOLDER / name).read_bytes())
    return cache_folder().parent / "oracle" / digest.hexdigest()[:12]


def _install(installed: Path) -> None:
    """Install into a new folder and give it its final name."""
    installed.parent.mkdir(parents=True, exist_ok=True)
    building = Path(tempfile.mkdtemp(prefix=f"{installed.name}-", dir=installed.parent))
    try:
        for name in PACKAGE:
            shutil.copyfile(FOLDER / name, building / name)
        done = subprocess.run(
            [_command("npm"), "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
            cwd=building,
            env=_environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )
        if done.returncode != 0:
            raise OracleError(
                "Installing the JavaScript clients failed at `npm ci`; a first installation "
                f"needs the package registry.\n{done.stderr.strip()}"
            )
        try:
            building.rename(installed)
        except OSError:
            if not installed.exists():  # another run was faster: use its installation
                raise
    finally:
        shutil.rmtree(building, ignore_errors=True)


def _command(name: str) -> str:
    """Return the path of a program, which on Windows may be a script with its own extension."""
    found = shutil.which(name)
    if found is None:
        raise OracleError(f"there is no {name} on PATH")
    return found


def _environment() -> dict[str, str]:
    """Return the environment without the variables that make Node load other code."""
    return {name: value for name, value in os.environ.items() if name != "NODE_OPTIONS"}


if __name__ == "__main__":
    print(Oracle.prepare())
