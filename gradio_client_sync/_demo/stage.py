"""The screen of the demo, and the process of its app.

`DemoScreen` uses the features of a terminal. Without a terminal, it prints plain lines.
`AppProcess` runs a copy of ``app.txt``. That file is Python source, but it is data and not a module
of this package: it imports Gradio, which no module of the package does, and another Python may run
it.
"""

from __future__ import annotations

import json
import os
import queue
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources
from itertools import cycle
from pathlib import Path
from typing import TYPE_CHECKING, Callable

from .._terminal.escapes import understands_escapes
from .._transport.signal_safe import new_lock
from ..errors import ConnectFailedError

if TYPE_CHECKING:
    from types import TracebackType

    from ..events import Status

BOLD, DIM, CODE = "1", "2", "36"  # style numbers of terminals; 36 is cyan
NARROWEST, WIDEST = 60, 96  # columns
METER = 20  # blocks of a full bar

START_TIMEOUT = 120.0  # s; importing Gradio from a cold disk takes long
STOP_TIMEOUT = 5.0  # s
FRAME = 0.1  # s between two frames of the spinner
SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
LOCAL = "127.0.0.1,localhost"
_NEW_GROUP = getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)  # the new session of Windows
LOG_TAIL = 20  # lines of the app's log that are shown if it does not start


# -- the screen


class DemoScreen:
    """Standard output, with colours and a line that changes if it is a terminal.

    Listeners print from several threads, so a lock guards all writes.

    Attributes:
        live: Whether a line can be drawn over.
        color: Whether to use colours.
        width: The width of the output in columns.
    """

    def __init__(self) -> None:
        self.live = sys.stdout.isatty() and os.environ.get("TERM") != "dumb"
        self.color = understands_escapes(sys.stdout) and not os.environ.get("NO_COLOR")
        self.width = max(NARROWEST, min(shutil.get_terminal_size().columns, WIDEST))
        self._line = ""  # the text of `redraw` that is visible now
        self._lock = new_lock()

    def style(self, text: str, code: str) -> str:
        """Return the text with a style, or unchanged if there are no colours."""
        return f"\x1b[{code}m{text}\x1b[0m" if self.color and text else text

    def say(self, text: str) -> None:
        """Print lines in place of the text that `redraw` has drawn."""
        with self._lock:
            print(self._erase() + text, flush=True)
            self._line = ""

    def redraw(self, text: str | Callable[[], str]) -> None:
        """Draw a line over the last one. Without a terminal, print it if it has changed."""
        with self._lock:
            line = text() if callable(text) else text
            if self.live:
                line = line[: self.width - 1]  # a wrapped line could not be drawn over
            if line != self._line:
                print(self._erase() + line, end="" if self.live else "\n", flush=True)
                self._line = line

    def end_line(self) -> None:
        """Keep the drawn line, and continue on the next one."""
        with self._lock:
            if self.live and self._line:
                print(flush=True)
            self._line = ""

    def _erase(self) -> str:
        """Return the characters that erase the drawn line."""
        return f"\r{' ' * len(self._line)}\r" if self.live and self._line else ""


screen = DemoScreen()


def say(*words: object) -> None:
    """Print words like `print`, in place of the text that `redraw` has drawn."""
    screen.say(" ".join(map(str, words)))


def redraw(text: str | Callable[[], str]) -> None:
    """Draw a line over the last one.

    A function is called with the lock held. So if several threads draw, an older text never
    replaces a newer one.
    """
    screen.redraw(text)


def meter(done: int | None, total: int | None) -> str:
    """Return a bar of blocks."""
    full = round(METER * (done or 0) / (total or 1))
    return "█" * full + "░" * (METER - full)


def position(status: Status) -> str:
    """Describe the state of a job in one or two words."""
    if status.stage == "complete":
        return "done"
    if status.position is None:
        return "joining"
    if status.size is None:  # no longer in the queue
        return "baking"
    return f"{status.position} ahead" if status.position else "next"


# -- the app's process


class AppProcess:
    """The process of the app, as a context manager.

    The app runs until its standard input ends. `stop` ends the input. If this process dies, the
    operating system ends it. So the app never continues to run alone.

    Args:
        python: An interpreter with Gradio.

    Attributes:
        url: The URL of the app.
        version: The Gradio release of the app.

    Raises:
        ConnectFailedError: The app did not start. Its log is on standard error.
    """

    def __init__(self, python: str) -> None:
        found = shutil.which(python)
        if found is None:
            raise ConnectFailedError(
                f"The demo's app cannot start: there is no Python {python!r}. Pass a Python with "
                "Gradio as --python."
            )
        self._folder = tempfile.TemporaryDirectory(prefix="gradio-client-sync-demo-")
        folder = Path(self._folder.name)
        app, self._log = folder / "bakery.py", folder / "log.txt"
        source = resources.files(__package__).joinpath("app.txt")
        app.write_text(source.read_text(encoding="utf-8"), encoding="utf-8")
        try:
            with self._log.open("wb") as log:
                self._process = subprocess.Popen(
                    [os.path.abspath(found), "-X", "utf8", str(app)],
                    cwd=folder,
                    env=_environment(folder),
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=log,
                    # Ctrl-C must reach only this process, which cancels its jobs first.
                    start_new_session=True,
                    creationflags=_NEW_GROUP,
                )
        except OSError as exc:
            self._folder.cleanup()
            raise ConnectFailedError(f"{python!r} cannot run the demo's app: {exc}") from exc
        self._output: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self._reader = threading.Thread(target=self._read, name="demo-output", daemon=True)
        self._reader.start()
        try:
            ready = self._wait_until_ready()
        except BaseException:
            self._end(grace=0)
            raise
        self.url: str = ready["url"]
        self.version: str = ready["version"]

    @property
    def pid(self) -> int:
        """The id of the process."""
        return self._process.pid

    def stop(self) -> int:
        """End the app, and return its exit code. If it does not end in time, kill it."""
        return self._end(STOP_TIMEOUT)

    def __enter__(self) -> AppProcess:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._end(STOP_TIMEOUT if exc is None else 0)

    def _read(self) -> None:
        stdout = self._process.stdout
        assert stdout is not None  # noqa: S101 - it is a pipe
        with stdout:
            self._output.put(stdout.readline())

    def _wait_until_ready(self) -> dict[str, str]:
        """Wait for the first output of the app, its URL and version, and show a spinner."""
        line = b""
        # Short waits without a terminal, too: on Windows, Ctrl-C takes effect only between them.
        for _, frame in zip(range(round(START_TIMEOUT / FRAME)), cycle(SPINNER)):
            screen.redraw(f"{frame if screen.live else ''} Starting the app …".strip())
            try:
                line = self._output.get(timeout=FRAME)
            except queue.Empty:
                continue
            break
        if line:
            ready: dict[str, str] = json.loads(line)
            return ready
        self._process.kill()  # it may hang
        code = self._process.wait()
        log = self._log.read_text(encoding="utf-8", errors="replace").splitlines()
        say("The log of the app:")
        print("\n".join(log[-LOG_TAIL:]), file=sys.stderr, flush=True)
        raise ConnectFailedError(
            f"The demo's app did not start (exit code {code}). Its log is above."
        )

    def _end(self, grace: float) -> int:
        try:
            if self._process.stdin is not None:
                self._process.stdin.close()
            return self._process.wait(grace)
        except subprocess.TimeoutExpired:
            return self._kill()
        except BaseException:  # such as a second Ctrl-C
            self._kill()
            raise
        finally:
            self._reader.join()
            try:
                self._folder.cleanup()
            except OSError:
                pass  # on Windows, a file that another program reads cannot be removed

    def _kill(self) -> int:
        self._process.kill()
        return self._process.wait()


def _environment(folder: Path) -> dict[str, str]:
    """Return the environment of the app. Its Gradio variables keep the app on this machine."""
    variables = {name: value for name, value in os.environ.items() if name[:7] != "GRADIO_"}
    return {
        **variables,
        "GRADIO_ANALYTICS_ENABLED": "False",
        "GRADIO_SSR_MODE": "False",  # SSR would start Node
        "GRADIO_TEMP_DIR": str(folder / "files"),
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "HF_HUB_OFFLINE": "1",
        "DO_NOT_TRACK": "1",
    }


@contextmanager
def direct_connections() -> Iterator[None]:
    """Connect to this machine without a proxy, here and in the app."""
    names = ("no_proxy", "NO_PROXY")
    before = {name: os.environ.get(name) for name in names}
    hosts = ",".join(filter(None, [*before.values(), LOCAL]))
    os.environ.update(dict.fromkeys(names, hosts))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
