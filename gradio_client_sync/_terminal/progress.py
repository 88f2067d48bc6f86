"""Bars of tqdm for jobs and downloads: a line in a terminal, a widget in a notebook.

`ProgressBars` listens to a job like anyone else, so a job knows nothing of it. A job has one
line, which says in turn how much of its files is sent, where it stands in the queue, and how
far the app is by its own account; a bar that the app nests in another has a line below.
Everything is drawn on standard error. What is shared between the threads that tell, cancel
and wait is guarded by tqdm's own lock, which all of its drawing needs anyhow.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Callable

from ..errors import MissingDependencyError
from .plaintext import plain, short

if TYPE_CHECKING:
    from ..events import ObservedJob, Progress, Status, Upload

LONGEST_TEXT = 40  # columns of what an app calls its steps
DEEPEST = 4  # lines for bars that an app nests in each other

_WORDS = "{desc} [{elapsed}]"
_SHARE = "{desc}: {percentage:3.0f}%|{bar}| [{elapsed}<{remaining}]"
_BYTES: dict[str, Any] = {"unit": "B", "unit_scale": True, "unit_divisor": 1024}
_THINGS: dict[str, Any] = {"unit": "it", "unit_scale": False, "unit_divisor": 1000}

# A job does not go back to an earlier phase, whatever order late news comes in.
_JOINING, _SENDING, _WAITING, _RUNNING, _ENDED = range(5)


def _tqdm() -> Any:
    """The class of bars that suits the place.

    Raises:
        MissingDependencyError: There is no tqdm.
    """
    try:
        from tqdm.auto import tqdm
    except ImportError as exc:
        raise MissingDependencyError(
            "Progress bars need tqdm: pip install 'gradio-client-sync[progress]'. Without it, "
            "listen for yourself: job.on('status', …), download(progress=…).",
            extra="progress",
        ) from exc
    return tqdm


class ProgressBars:
    """The bars of one job.

    Raises:
        MissingDependencyError: There is no tqdm.
    """

    def __init__(self) -> None:
        self._tqdm = _tqdm()
        self._lock = self._tqdm.get_lock()
        self._phase = _JOINING
        self._name = ""
        self._bars: list[Any] = []  # the job's line, then what is nested
        self._counts = False  # the app has bars of its own
        self._began = 0.0
        self._job: ObservedJob | None = None

    def watch(self, job: ObservedJob) -> None:
        """Draw a job from now on to its end."""
        self._job = job
        name = job.endpoint if isinstance(job.endpoint, str) else f"fn_index {job.endpoint}"
        self._name = short(plain(name), LONGEST_TEXT)
        with self._lock:
            line = self._open(f"{self._name}: joining", _WORDS, leave=True)
            self._bars.append(line)
            self._began = line.start_t
        job.on("upload", self._on_upload).on("status", self._on_status)
        # A job that is cancelled tells its last status later, and perhaps to nobody.
        job.add_done_callback(lambda _: self.close())

    def close(self) -> None:
        """Leave the line as it is, with how the job went; closing again does nothing."""
        job = self._job
        if job is None:
            return
        if job.cancelled() or not job.done():
            self._end("cancelled" if job.cancelled() else "left")
        else:
            self._end("failed" if job.exception() is not None else "done")

    # -- what the job tells -------------------------------------------------------

    def _on_upload(self, event: Upload) -> None:
        with self._lock:
            if self._phase <= _SENDING:
                self._phase = _SENDING
                look = f"{self._name}: sending"
                self._draw(0, look, None, event.done_bytes, event.total_bytes, _BYTES)

    def _on_status(self, status: Status) -> None:
        if status.stage in ("complete", "error"):
            gone = "failed" if status.stage == "error" else "cancelled"
            self._end(gone if gone == "failed" or status.success is False else "done")
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
                self._counts = True
                for depth, bar in enumerate(bars):
                    self._draw_progress(depth, bar)
                self._close_below(len(bars))
            elif waits:
                self._say(f"in the queue, {_ahead(status)}{_eta(status)}")
            elif not self._counts:
                self._say(f"{_STAGES.get(status.stage, 'running')}{_eta(status)}")

    # -- drawing, under tqdm's lock -----------------------------------------------

    def _open(self, text: str, form: str | None, **options: Any) -> Any:
        return self._tqdm(
            desc=text,
            bar_format=form,
            file=sys.stderr,
            miniters=0,  # bars are drawn by time, however large the steps
            dynamic_ncols=True,
            **options,
        )

    def _say(self, text: str) -> None:
        self._draw(0, f"{self._name}: {text}", _WORDS, 0, None, _THINGS)

    def _draw_progress(self, depth: int, bar: Progress) -> None:
        told = short(plain(bar.desc or ""), LONGEST_TEXT)
        head = f"{self._name}: {told}" if told else self._name
        text = f"{'  ' * depth}{told or '…'}" if depth else head
        done, total, share = _finite(bar.index), _finite(bar.length), _finite(bar.progress)
        if done is None and share is not None:
            self._draw(depth, text, _SHARE, 100 * share, 100, _THINGS)
        else:
            unit = f" {short(plain(bar.unit or 'steps'), LONGEST_TEXT)}"
            self._draw(depth, text, None, done or 0, total, {**_THINGS, "unit": unit})

    def _draw(
        self,
        depth: int,
        text: str,
        form: str | None,
        done: float,
        total: float | None,
        options: dict[str, Any],
    ) -> None:
        """Bring a line up to date: drawn at once if its form is new, else at tqdm's pace."""
        opens = depth == len(self._bars)
        if opens:
            self._bars.append(self._open(text, form, total=total, leave=False, **options))
        line = self._bars[depth]
        look = (line.bar_format, line.total)
        at_once = opens or look != (form, total) or done == total != line.n
        at_once = at_once or (form == _WORDS and line.desc != text)
        for name, value in options.items():
            setattr(line, name, value)
        line.set_description_str(text, refresh=False)
        if look != (form, total):
            line.bar_format = form
            line.total = total
            line.reset(total)
        if not line.update(done - line.n) and at_once:
            line.refresh()

    def _close_below(self, depth: int) -> None:
        while len(self._bars) > max(depth, 1):
            self._bars.pop().close()

    def _end(self, word: str) -> None:
        with self._lock:
            if self._phase == _ENDED or not self._bars:
                return
            self._phase = _ENDED
            self._close_below(1)
            line = self._bars.pop()
            line.start_t = self._began
            line.set_description_str(f"{self._name}: {word}", refresh=False)
            if line.bar_format == _WORDS:
                line.total = 1  # not seen in a terminal; a widget gets a colour by it
            if word == "done" and line.total:
                line.update(line.total - line.n)  # apps seldom count to the very end
            line.close()


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
    """A number that a bar can show: apps may send any."""
    return number if number is not None and 0 <= number < 1e300 else None


@contextmanager
def download_bar(name: str, size_bytes: int | None) -> Iterator[Callable[[int, Any], None]]:
    """A bar for a file that is fetched; gives what is to be told of it.

    Raises:
        MissingDependencyError: There is no tqdm.
    """
    with _tqdm()(
        desc=short(plain(name), LONGEST_TEXT),
        total=size_bytes,
        file=sys.stderr,
        miniters=0,
        dynamic_ncols=True,
        **_BYTES,
    ) as bar:

        def tell(done: int, total: int | None) -> None:
            if total is not None and total != bar.total:
                bar.reset(total)
            bar.update(done - bar.n)

        yield tell
