"""Progress bars of tqdm for jobs and downloads: a line in a terminal, a widget in a notebook.

`ProgressBars` uses the public events of a job, so the job does not know about it. A job has one
line. It shows how much of the files is sent, then the position in the queue, then the app's own
progress. If the app nests another bar, there is a line for it below. Everything is drawn on
standard error. The state is used by the threads that run listeners, cancel the job and wait for
it. It is guarded by tqdm's own lock, which all drawing needs anyway.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Callable

from .._basics.words import called
from ..errors import MissingDependencyError
from .plaintext import fitted, plain

if TYPE_CHECKING:
    from ..events import ObservedJob, Progress, Status, Upload

LONGEST_TEXT = 40  # columns for the app's name of a step
DEEPEST = 4  # lines for nested bars

_WORDS = "{desc} [{elapsed}]"
_PERCENT = "{desc}: {percentage:3.0f}%|{bar}| [{elapsed}<{remaining}]"
_BYTES: dict[str, Any] = {"unit": "B", "unit_scale": True, "unit_divisor": 1024}
_STEPS: dict[str, Any] = {"unit": "it", "unit_scale": False, "unit_divisor": 1000}

# A job never goes back to an earlier phase, even if events of that phase arrive late.
_JOINING, _SENDING, _WAITING, _RUNNING, _ENDED = range(5)


def tqdm_class() -> Any:
    """Return the tqdm class for a terminal or for a notebook.

    Raises:
        MissingDependencyError: tqdm is not installed.
    """
    try:
        from tqdm.auto import tqdm
    except ImportError as exc:
        raise MissingDependencyError(
            "Progress bars need tqdm: pip install 'gradio-client-sync[progress]'. Without it, "
            "use your own listener: job.on('status', …), download(progress=…).",
            extra="progress",
        ) from exc
    return tqdm


class ProgressBars:
    """The progress bars of one job.

    Raises:
        MissingDependencyError: tqdm is not installed.
    """

    def __init__(self) -> None:
        self._tqdm = tqdm_class()
        self._lock = self._tqdm.get_lock()
        self._phase = _JOINING
        self._name = ""
        self._bars: list[Any] = []  # the job's line, then the nested bars
        self._has_progress = False  # the app has sent progress bars
        self._began = 0.0
        self._job: ObservedJob | None = None

    def watch(self, job: ObservedJob) -> None:
        """Draw the progress of a job, from now to its end."""
        self._job = job
        name = job.endpoint if isinstance(job.endpoint, str) else called(job.endpoint)
        self._name = shown(name)
        with self._lock:
            line = self._open(f"{self._name}: joining", _WORDS, leave=True)
            self._bars.append(line)
            self._began = line.start_t
        job.on("upload", self._on_upload).on("status", self._on_status)
        # The last status of a cancelled job comes later, or never, so wait for the future too.
        job.add_done_callback(lambda _: self.close())

    def close(self) -> None:
        """Finish the line with the outcome of the job; closing again does nothing."""
        job = self._job
        if job is None:
            return
        if job.cancelled() or not job.done():
            self._finish("cancelled" if job.cancelled() else "left")
        else:
            self._finish("failed" if job.exception() is not None else "done")

    # -- events of the job --------------------------------------------------------

    def _on_upload(self, event: Upload) -> None:
        with self._lock:
            if self._phase <= _SENDING:
                self._phase = _SENDING
                text = f"{self._name}: sending"
                self._draw(0, text, None, event.done_bytes, event.total_bytes, _BYTES)

    def _on_status(self, status: Status) -> None:
        if status.stage in ("complete", "error"):
            outcome = "failed" if status.stage == "error" else "cancelled"
            unsuccessful = outcome == "failed" or status.success is False
            self._finish(outcome if unsuccessful else "done")
            return
        with self._lock:
            bars = (status.progress_data or [])[:DEEPEST]
            waits = status.position is not None and status.size is not None
            runs = bool(bars) or (status.position is not None and not waits)
            runs = runs or status.stage != "pending"
            phase = _RUNNING if runs else _WAITING if waits else _JOINING
            if phase < self._phase or phase == _JOINING:
                return
            self._phase = phase
            if bars:
                self._has_progress = True
                for depth, bar in enumerate(bars):
                    self._draw_progress(depth, bar)
                self._close_below(len(bars))
            elif waits:
                self._set_text(f"in the queue, {_ahead(status)}{_eta(status)}")
            elif not self._has_progress:
                self._set_text(f"{_STAGES.get(status.stage, 'running')}{_eta(status)}")

    # -- drawing, under tqdm's lock -----------------------------------------------

    def _open(self, text: str, form: str | None, **options: Any) -> Any:
        return self._tqdm(
            desc=text,
            bar_format=form,
            file=sys.stderr,
            miniters=0,  # redraw by time, not by the number of steps
            dynamic_ncols=True,
            **options,
        )

    def _set_text(self, text: str) -> None:
        self._draw(0, f"{self._name}: {text}", _WORDS, 0, None, _STEPS)

    def _draw_progress(self, depth: int, bar: Progress) -> None:
        desc = shown(bar.desc or "")
        head = f"{self._name}: {desc}" if desc else self._name
        text = f"{'  ' * depth}{desc or shown('…')}" if depth else head
        done, total, share = _finite(bar.index), _finite(bar.length), _finite(bar.progress)
        if done is None and share is not None:
            self._draw(depth, text, _PERCENT, 100 * share, 100, _STEPS)
        else:
            unit = f" {shown(bar.unit or 'steps')}"
            self._draw(depth, text, None, done or 0, total, {**_STEPS, "unit": unit})

    def _draw(
        self,
        depth: int,
        text: str,
        form: str | None,
        done: float,
        total: float | None,
        options: dict[str, Any],
    ) -> None:
        """Update a line: redraw it at once if its form has changed, otherwise at tqdm's pace."""
        opens = depth == len(self._bars)
        if opens:
            self._bars.append(self._open(text, form, total=total, leave=False, **options))
        line = self._bars[depth]
        form_before = (line.bar_format, line.total)
        at_once = opens or form_before != (form, total) or done == total != line.n
        at_once = at_once or (form == _WORDS and line.desc != text)
        for name, value in options.items():
            setattr(line, name, value)
        line.set_description_str(text, refresh=False)
        if form_before != (form, total):
            line.bar_format = form
            line.total = total
            line.reset(total)
        if not line.update(done - line.n) and at_once:
            line.refresh()

    def _close_below(self, depth: int) -> None:
        while len(self._bars) > max(depth, 1):
            self._bars.pop().close()

    def _finish(self, outcome: str) -> None:
        with self._lock:
            if self._phase == _ENDED or not self._bars:
                return
            self._phase = _ENDED
            self._close_below(1)
            line = self._bars.pop()
            line.start_t = self._began
            line.set_description_str(f"{self._name}: {outcome}", refresh=False)
            if line.bar_format == _WORDS:
                line.total = 1  # a terminal does not show it; a widget gets its colour from it
            if outcome == "done" and line.total:
                line.update(line.total - line.n)  # apps often stop counting before the end
            line.close()


def shown(text: str) -> str:
    """Return a text of the app as a bar shows it."""
    return fitted(plain(text), LONGEST_TEXT, sys.stderr)


_STAGES = {"generating": "generating", "streaming": "streaming"}


def _ahead(status: Status) -> str:
    position, size = status.position, status.size
    if not position:
        return "next"
    return f"{position} ahead of {size}" if size is not None else f"{position} ahead"


def _eta(status: Status) -> str:
    eta = _finite(status.eta)
    return f", about {eta:.0f} s" if eta is not None and eta >= 0.5 else ""


def _finite(number: float | None) -> float | None:
    """Return a number that a bar can show, else ``None``: apps may send any number."""
    return number if number is not None and 0 <= number < 1e300 else None


@contextmanager
def download_bar(name: str, size_bytes: int | None) -> Iterator[Callable[[int, Any], None]]:
    """Show a progress bar for a download; yield a function that updates it.

    Args:
        name: The name of the file.
        size_bytes: The size of the file, if it is known.

    Raises:
        MissingDependencyError: tqdm is not installed.
    """
    with tqdm_class()(
        desc=shown(name),
        total=size_bytes,
        file=sys.stderr,
        miniters=0,
        dynamic_ncols=True,
        **_BYTES,
    ) as bar:

        def update(done: int, total: int | None) -> None:
            if total is not None and total != bar.total:
                bar.reset(total)
            bar.update(done - bar.n)

        yield update
