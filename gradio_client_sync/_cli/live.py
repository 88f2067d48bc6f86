"""The live view on standard error while a job runs: queue, ETA, progress bars and messages.

Nothing is shown if standard error is not a terminal. Listeners are called in a job's thread, and
results are printed by the main thread; `Screen` keeps their lines apart.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, TextIO

import click

from .._terminal.escapes import understands_escapes
from .._terminal.plaintext import columns, plain

if TYPE_CHECKING:
    from ..events import Log, Progress, Status
    from ..job import Job
    from .screen import Screen

METER = 20  # blocks of a full bar
MOST_BARS = 5
LEVELS = {"info": "cyan", "success": "green", "warning": "yellow", "error": "red"}


def has_colors(stream: TextIO) -> bool:
    """Return whether to use colours on a stream: on terminals, unless the user forbids them."""
    return not os.environ.get("NO_COLOR") and understands_escapes(stream)


def painted(text: str, color: str, stream: TextIO) -> str:
    """Return the text in a colour, if the stream has colours."""
    return click.style(text, fg=color) if has_colors(stream) else text


class Live:
    """The live view of a job.

    Args:
        screen: Where to show it.
    """

    def __init__(self, screen: Screen) -> None:
        self._screen = screen

    def watch(self, job: Job) -> None:
        """Show the state of a job, from now to its end."""
        if self._screen.is_live:
            job.on("status", self._on_status).on("log", self._on_log)

    def end(self) -> None:
        """Remove the drawing and draw nothing after this."""
        self._screen.end()

    def _on_status(self, status: Status) -> None:
        over = status.stage in ("complete", "error")
        self._screen.draw([] if over else status_lines(status))

    def _on_log(self, log: Log) -> None:
        self._screen.message(message_line(log))


def message_line(log: Log) -> str:
    """Return the line for a message of the app: its level, its title if it has one, and its text.

    Servers send the level as the title if the app gives none.
    """
    level = painted(plain(log.level), LEVELS.get(log.level, "white"), sys.stderr)
    title = plain(log.title or "")
    own_title = f"{title}: " if title.lower() not in ("", plain(log.level).lower()) else ""
    return f"{level}  {own_title}{plain(log.log)}"


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
    return [f"{line}, about {status.eta:.0f} s" if (status.eta or 0) >= 0.5 else line]


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
