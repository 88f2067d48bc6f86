"""A job in a notebook: a line that changes in place until the job ends, then its result.

IPython can change its output only through a display handle, and it gives a handle only to output
that it displays itself. So ``Job._ipython_display_`` calls this module if IPython is loaded.
"""

from __future__ import annotations

import importlib
import sys
import time
from concurrent.futures import CancelledError
from typing import TYPE_CHECKING, Any

from .._basics.words import called
from .._protocol.queue.standing import stage_in_words
from .cards import bundle, data_html, shows_html
from .markup import DIM, FULL, MONO, PROSE, SHADE, WRAP, Html, element, join, text
from .structures import number_in

if TYPE_CHECKING:
    from ..events import Data, Progress, Status, Upload
    from .shown import ShownJob

PACE = 0.1  # s between two drawings, at least; the last one is always drawn

_DOTS = {"complete": "#3a9d4a", "failed": "#c44e52", "cancelled": "#b58a2a"}
_WAITING = frozenset(("joining the queue", "in the queue"))
_ERROR = f"{PROSE};border-left:3px solid #c44e52;padding:.1em 0 .1em .8em;margin:.3em 0"


def show(job: ShownJob) -> bool:
    """Show a job and its progress; return ``False`` if only text can be shown."""
    if "IPython" not in sys.modules or not shows_html():
        return False
    display = importlib.import_module("IPython.display").display
    was_done = job.done()
    handle = display(job_bundle(job), raw=True, display_id=True)
    if was_done:
        return True
    line = _Line(job, handle)
    job.on("upload", line.on_upload).on("status", line.on_status)
    job.add_done_callback(line.on_done)
    if job.done():
        # It has ended since it was drawn. The listeners may get its events only later, after the
        # end of the cell.
        handle.update(job_bundle(job), raw=True)
    return True


def job_bundle(job: ShownJob) -> dict[str, Any]:
    """Return the display of a job in its present state, with the result if it has ended."""
    return bundle(repr(job), lambda: _job_html(job))


def _job_html(job: ShownJob) -> Html:
    done = job.done()  # before the line: the job may end meanwhile
    line = line_html(job, job.status, None)
    return join([line, _outcome_html(job)]) if done else line


class _Line:
    """Draws the line of a job when an event arrives, and its result when it ends.

    The result is drawn with the last status, so before a thread that waits for the job continues:
    tools that run a notebook without a browser take no output after the end of a cell.
    """

    def __init__(self, job: ShownJob, handle: Any) -> None:
        self._job = job
        self._handle = handle
        self._upload: Upload | None = None
        self._drawn = 0.0
        self._has_result = False
        self._final: Html | None = None  # once the job has ended without a result

    def on_upload(self, upload: Upload) -> None:
        self._upload = upload
        self._draw(self._job.status)

    def on_status(self, status: Status) -> None:
        if status.position is not None or status.stage != "pending":
            self._upload = None
        result = self._job._final() if status.stage == "complete" else None
        if result is not None:
            self._has_result = True
            self._update(join([line_html(self._job, status, None), _result_html(result)]))
        elif status.stage == "error":
            message = ": ".join(filter(None, (status.title, status.message)))
            self._update(join([line_html(self._job, status, None), error_html("", message)]))
        else:
            self._draw(status)
        if self._final is not None:  # the job was cancelled, maybe while this thread was drawing
            self._update(self._final)

    def on_done(self, _: object) -> None:
        """Draw a job that has ended without a result: only now its error is known."""
        if not self._has_result or self._job.cancelled() or self._job.exception() is not None:
            self._final = _job_html(self._job)
            self._update(self._final)

    def _draw(self, status: Status) -> None:
        now = time.monotonic()
        if status.stage in ("complete", "error") or now - self._drawn >= PACE:
            self._drawn = now
            self._update(line_html(self._job, status, self._upload))

    def _update(self, html: Html) -> None:
        shown = {"text/plain": repr(self._job), "text/html": html}
        self._handle.update(shown, raw=True)


# -- the line


def line_html(job: ShownJob, status: Status, upload: Upload | None) -> Html:
    """Return the line of a job as HTML.

    Args:
        job: The job.
        status: Its latest status.
        upload: The latest progress of its files, if they are being sent.
    """
    phase = _phase(job, status)
    parts = head_html(job.endpoint, _dot(phase), phase)
    ended = phase in _DOTS
    details = _took(job) if ended else _details(status, upload)
    if details:
        parts.append(element("span", text(f" · {details}", 500), style=DIM))
    share, label = _share(status, upload)
    if share is not None and not ended:
        parts.append(bar_html(share))
        parts.append(element("div", text(label, 200), style=f"{DIM};font-size:85%"))
    return element("div", *parts, style=WRAP)


def head_html(endpoint: str | int, color: str, phase: str) -> list[Html]:
    """Return the beginning of a line: a dot, the name of the endpoint, and what happens there."""
    name = endpoint if isinstance(endpoint, str) else called(endpoint)
    code = element("code", text(name, 80), style=f"{MONO};background:transparent")
    dot = element("span", text("●"), style=f"color:{color}")
    return [dot, text(" "), code, text(" "), element("b", text(phase))]


def bar_html(share: float) -> Html:
    """Return a bar, of which this share is full."""
    full = element("div", style=f"width:{100 * share:.4g}%;height:.5em;{FULL}")
    return element("div", full, style=f"{SHADE};max-width:24em;margin:.2em 0")


def _phase(job: ShownJob, status: Status) -> str:
    """Return what the job does, in words: `Status.stage` is "pending" also while it runs."""
    if job.cancelled():
        return "cancelled"
    if status.stage == "error":
        return "failed"
    if status.stage != "pending" and status.success is False:
        return "cancelled"
    return stage_in_words(status, started=job.timings.started is not None)


def _dot(phase: str) -> str:
    return _DOTS.get(phase, "#999" if phase in _WAITING else "#4c8bf5")


def _took(job: ShownJob) -> str:
    """Return how long the job took, in the queue and after it."""
    times = job.timings
    # The last status arrives just before the job has ended.
    total = job._age() if times.done is None else times.done
    whole = f"took {seconds_text(total)}"
    if times.started is None or times.queued is None:
        return whole
    waited = seconds_text(max(times.started - times.queued, 0.0))
    return f"{whole}: {waited} in the queue, {seconds_text(total - times.started)} running"


def seconds_text(seconds: float) -> str:
    """Return a time for people."""
    if seconds < 0.0995:
        return f"{1000 * seconds:.0f} ms"
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    if seconds < 119.5:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


# -- the outcome


def _outcome_html(job: ShownJob) -> Html:
    """Return the result of a job that has ended, or its error."""
    try:
        error = job.exception()
    except CancelledError as exc:
        return error_html("", str(exc)) if str(exc) else Html("")
    if error is not None:
        return error_html(type(error).__name__, str(error))
    return _result_html(job.result())


def _result_html(result: Data) -> Html:
    shown = result._repr_mimebundle_()
    # A single Altair figure is offered without HTML, and a handle that is updated has one type.
    html = Html(shown["text/html"]) if "text/html" in shown else data_html(result)
    return element("div", html, style="margin:.3em 0 .3em 1.1em")


def error_html(name: str, message: str) -> Html:
    """Return an error: the name of its class, if that is known, and its text."""
    parts = [element("b", text(name)), text(": ")] if name else []
    return element("div", *parts, text(message), style=_ERROR)


def _details(status: Status, upload: Upload | None) -> str:
    if upload is not None:
        return "sending files"
    details = []
    if status.position is not None and status.size is not None:
        details.append(f"{status.position} ahead" if status.position else "next")
    if status.eta is not None:
        details.append(f"about {status.eta:.0f} s")
    if status.message:
        details.append(status.message)
    return " · ".join(details)


def _share(status: Status, upload: Upload | None) -> tuple[float | None, str]:
    if upload is not None:
        total = upload.total_bytes
        unit = "byte" if total == 1 else "bytes"
        label = f"{upload.done_bytes:,} of {total:,} {unit}" if total else f"{upload.done_bytes:,}"
        return (upload.done_bytes / total if total else None), label
    bars = status.progress_data
    return _bar(bars[0]) if bars else (None, "")


def _bar(bar: Progress) -> tuple[float | None, str]:
    label = bar.desc or ""
    done, total = number_in(bar.index, 0.0, 1e300), number_in(bar.length, 0.0, 1e300)
    if done is not None and total:
        label = f"{label} {bar.index} of {bar.length} {bar.unit or 'steps'}".strip()
        return min(done / total, 1.0), label
    return number_in(bar.progress, 0.0, 1.0), label
