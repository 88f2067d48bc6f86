"""The line of a job in a notebook, which changes in place until the job ends.

IPython can change its output only through a display handle, and it gives a handle only to output
that it displays itself. So ``Job._ipython_display_`` calls this module if IPython is loaded.
"""

from __future__ import annotations

import importlib
import sys
import time
from typing import TYPE_CHECKING, Any

from .._protocol.queue.standing import stage_in_words
from .._words import called
from .cards import bundle, shows_html
from .markup import DIM, FULL, MONO, SHADE, Html, element, text
from .structures import number_in

if TYPE_CHECKING:
    from ..events import ObservedJob, Progress, Status, Upload

PACE = 0.1  # s between two drawings, at least; the last one is always drawn

_DOTS = {"complete": "#3a9d4a", "error": "#c44e52", "pending": "#999", "cancelled": "#b58a2a"}


def show(job: ObservedJob) -> bool:
    """Show a job and its progress; return ``False`` if only text can be shown."""
    if "IPython" not in sys.modules or not shows_html():
        return False
    display = importlib.import_module("IPython.display").display
    handle = display(job_bundle(job), raw=True, display_id=True)
    if not job.done():
        line = _Line(job, handle)
        job.on("upload", line.on_upload).on("status", line.on_status)
    return True


def job_bundle(job: ObservedJob) -> dict[str, Any]:
    """Return the display of a job in its present state."""
    return bundle(repr(job), lambda: job_html(job, job.status, None))


class _Line:
    """Draws the line of a job when an event arrives."""

    def __init__(self, job: ObservedJob, handle: Any) -> None:
        self._job = job
        self._handle = handle
        self._upload: Upload | None = None
        self._drawn = 0.0

    def on_upload(self, upload: Upload) -> None:
        self._upload = upload
        self._draw(self._job.status)

    def on_status(self, status: Status) -> None:
        if status.position is not None or status.stage != "pending":
            self._upload = None
        self._draw(status)

    def _draw(self, status: Status) -> None:
        now = time.monotonic()
        if status.stage in ("complete", "error") or now - self._drawn >= PACE:
            self._drawn = now
            html = job_html(self._job, status, self._upload)
            shown = {"text/plain": repr(self._job), "text/html": html}
            self._handle.update(shown, raw=True)


def job_html(job: ObservedJob, status: Status, upload: Upload | None) -> Html:
    """Return the line of a job as HTML."""
    stage = "cancelled" if job.cancelled() else status.stage
    words = stage_in_words(status) if stage == "pending" else stage
    dot = element("span", text("●"), style=f"color:{_DOTS.get(stage, '#4c8bf5')}")
    name = element("code", text(_name(job.endpoint), 80), style=f"{MONO};background:transparent")
    parts = [dot, text(" "), name, text(" "), element("b", text(words))]
    details = "" if stage == "cancelled" else _details(status, upload)
    if details:
        parts.append(element("span", text(f" · {details}", 500), style=DIM))
    share, label = _share(status, upload)
    if share is not None and stage not in ("complete", "error", "cancelled"):
        full = element("div", style=f"width:{100 * share:.4g}%;height:.5em;{FULL}")
        parts.append(element("div", full, style=f"{SHADE};max-width:24em;margin:.2em 0"))
        parts.append(element("div", text(label, 200), style=f"{DIM};font-size:85%"))
    return element("div", *parts)


def _name(endpoint: str | int) -> str:
    return endpoint if isinstance(endpoint, str) else called(endpoint)


def _details(status: Status, upload: Upload | None) -> str:
    if upload is not None:
        return "sending files"
    details = []
    if status.position is not None and status.size is not None:
        details.append(f"{status.position} ahead" if status.position else "next")
    if status.eta is not None and status.stage not in ("complete", "error"):
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
