"""The live view on standard error while a job runs: queue, ETA, progress bars and messages.

Nothing is shown if standard error is not a terminal. Listeners are called in a job's thread, and
results are printed by the main thread. So all drawing is done under a lock.
"""

from __future__ import annotations

import os
import shutil
import sys
import threading
from typing import TYPE_CHECKING

import click

from .._terminal.plaintext import columns, plain, short

if TYPE_CHECKING:
    from ..events import Log, Progress, Status
    from ..job import Job

METER = 20  # blocks of a full bar
MOST_BARS = 5
LEVELS = {"info": "cyan", "success": "green", "warning": "yellow", "error": "red"}


def has_colors(stream: object) -> bool:
    """Return whether to use colours on a stream: on terminals, unless the user forbids them."""
    is_terminal = bool(getattr(stream, "isatty", bool)())
    return is_terminal and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def painted(text: str, color: str, stream: object) -> str:
    """Return the text in a colour, if the stream has colours."""
    return click.style(text, fg=color) if has_colors(stream) else text


class Live:
    """The live view of a job.

    Args:
        quiet: Show nothing.
    """

    def __init__(self, *, quiet: bool = False) -> None:
        self._out = sys.stderr
        self._on = not quiet and self._out.isatty() and os.environ.get("TERM") != "dumb"
        self._drawn = 0  # lines
        self._ended = False
        self._lock = threading.Lock()

    def watch(self, job: Job) -> None:
        """Show the state of a job, from now to its end."""
        if self._on:
            job.on("status", self._on_status).on("log", self._on_log)

    def clear(self) -> None:
        """Remove the drawing, so that other text can be written."""
        with self._lock:
            self._draw([])

    def end(self) -> None:
        """Remove the drawing and draw nothing after this."""
        with self._lock:
            self._draw([])
            self._ended = True

    def _on_status(self, status: Status) -> None:
        with self._lock:
            over = status.stage in ("complete", "error")
            self._draw([] if over else status_lines(status))

    def _on_log(self, log: Log) -> None:
        with self._lock:
            self._draw([])
            level = painted(plain(log.level), LEVELS.get(log.level, "white"), self._out)
            title = f"{plain(log.title)}: " if log.title else ""
            self._out.write(f"{level}  {title}{plain(log.log)}\n")
            self._out.flush()

    def _draw(self, lines: list[str]) -> None:
        """Draw lines over the last drawing."""
        if not self._on or self._ended or (not lines and not self._drawn):
            return
        width = shutil.get_terminal_size().columns - 1  # a line that wraps cannot be overwritten
        up = f"\x1b[{self._drawn - 1}A" if self._drawn > 1 else ""
        text = "\r\n".join(short(line, width) for line in lines)
        self._out.write(f"\r{up}\x1b[J{text}")
        self._out.flush()
        self._drawn = len(lines)


def status_lines(status: Status) -> list[str]:
    """Return the lines for a status: the app's progress bars, or one line of text."""
    bars = [bar(one) for one in (status.progress_data or [])[:MOST_BARS]]
    if bars:
        return bars
    if status.stage == "pending" and status.position is not None and status.size is not None:
        ahead = f"{status.position} ahead" if status.position else "next"
        line = f"In the queue: {ahead}"
    elif status.stage == "pending" and status.position is None:
        line = "Joining"
    else:
        line = "Running"
    return [f"{line}, about {status.eta:.0f} s" if status.eta else line]


def bar(progress: Progress) -> str:
    """Return the line for one progress bar of the app."""
    done = progress.progress
    if done is None and progress.index is not None and progress.length:
        done = progress.index / progress.length
    full = round(METER * min(max(done or 0.0, 0.0), 1.0))
    meter = "█" * full + "░" * (METER - full)
    if progress.index is None:
        count = f"{done:.0%}" if done is not None else ""
    else:
        of = f"/{progress.length}" if progress.length is not None else ""
        count = f"{progress.index}{of} {plain(progress.unit or '')}".rstrip()
    return "  ".join(filter(columns, (meter, count, plain(progress.desc or ""))))
