"""A map in a notebook: a line with its counts that changes in place until the map ends.

Items end on worker threads, and the thread that reads the outcomes ends the map. One thread draws
at a time, so that an older state never replaces a newer one.
"""

from __future__ import annotations

import importlib
import sys
import time
from typing import TYPE_CHECKING, Any

from .._basics.words import counted
from .._transport.signal_safe import SafeCondition, new_lock
from .cards import bundle, shows_html
from .live import PACE, bar_html, error_html, head_html, seconds_text
from .markup import DIM, PROSE, WRAP, Html, element, text

if TYPE_CHECKING:
    from .shown import ShownMap

_DOTS = {
    "not started": "#999",
    "running": "#4c8bf5",
    "complete": "#3a9d4a",
    "failed": "#c44e52",
    "cancelled": "#b58a2a",
}
_ENDED = ("complete", "failed", "cancelled")


def show(shown: ShownMap) -> bool:
    """Show a map and how far it is; return ``False`` if only text can be shown."""
    if "IPython" not in sys.modules or not shows_html():
        return False
    display = importlib.import_module("IPython.display").display
    phase = shown.phase
    handle = display(map_bundle(shown), raw=True, display_id=True)
    if phase not in _ENDED:
        drawing = _Drawing(shown, handle, phase)
        shown.watch(drawing.on_change)
        drawing.on_change()  # it may have begun or ended meanwhile
    return True


def map_bundle(shown: ShownMap) -> dict[str, Any]:
    """Return the display of a map in its present state."""
    return bundle(repr(shown), lambda: map_html(shown))


class _Drawing:
    """Draws a map when it begins and ends, and meanwhile at most every `PACE` seconds.

    The end is drawn before the thread that reads the outcomes continues: tools that run a notebook
    without a browser take no output after the end of a cell.

    Args:
        shown: The map.
        handle: What IPython gave for its display.
        phase: The phase in which it was displayed.
    """

    def __init__(self, shown: ShownMap, handle: Any, phase: str) -> None:
        self._map = shown
        self._handle = handle
        self._phase = phase  # that was drawn last
        self._drawn = time.monotonic()
        self._lock = new_lock()
        self._free = SafeCondition(self._lock)
        self._draws = False  # a thread draws

    def on_change(self) -> None:
        phase = self._map.phase
        if phase in _ENDED:
            self._free.wait_for(self._claim)
        else:
            with self._lock:
                is_due = phase != self._phase or time.monotonic() - self._drawn >= PACE
                if not is_due or not self._claim():
                    return
                self._phase = phase
        try:
            self._handle.update(map_bundle(self._map), raw=True)
        finally:
            with self._lock:
                self._drawn, self._draws = time.monotonic(), False
                self._free.notify_all()

    def _claim(self) -> bool:
        """Return whether this thread may draw now. With the lock."""
        is_free, self._draws = not self._draws, True
        return is_free


def map_html(shown: ShownMap) -> Html:
    """Return a map as HTML: a line, a bar while it runs, its error, and the first failures."""
    phase = shown.phase
    ended = phase in _ENDED
    count = shown.done + shown.failed
    parts = head_html(shown.endpoint, _DOTS[phase], phase)
    parts.append(element("span", text(f" · {_details(shown, count)}"), style=DIM))
    if not ended and count and shown.total:
        parts.append(bar_html(min(count / shown.total, 1.0)))
    if ended and shown.error is not None:
        parts.append(error_html(*shown.error))
    elif shown.failures:
        parts.append(_failures_html(shown))
    return element("div", *parts, style=WRAP)


def _details(shown: ShownMap, count: int) -> str:
    if shown.phase == "not started":
        items = "" if shown.total is None else f"{counted(shown.total, 'item')} · "
        return f"{items}a loop over it starts the calls"
    ended = shown.phase in _ENDED
    of = "" if shown.total in (None, count) else f" of {shown.total:,}"
    details = [f"{count:,}{of} items" if of or count != 1 else "1 item"]
    if ended:
        details.append(f"took {seconds_text(shown.seconds)}")
    rate = shown.rate
    if rate:
        details.append(f"{rate:.1f}/s" if rate < 100 else f"{rate:,.0f}/s")
    left = shown.left
    if not ended and left:
        details.append(f"about {seconds_text(left)} left")
    counts = [(shown.failed, "failed"), (shown.replayed, "from the journal")]
    if not ended:
        counts.append((shown.in_flight(), "in flight"))
    details += [f"{number:,} {what}" for number, what in counts if number]
    return " · ".join(details)


def _failures_html(shown: ShownMap) -> Html:
    failures = list(shown.failures)
    rows = [
        element("div", text(f"item {one.item}: {one.name}: {one.message}", 500), style=PROSE)
        for one in failures
    ]
    if shown.failed > len(failures):
        rows.append(element("div", text(f"and {shown.failed - len(failures):,} more"), style=DIM))
    summary = element("summary", text("failures"), style="cursor:pointer")
    return element("details", summary, *rows, style="margin:.2em 0 .2em 1.1em")
