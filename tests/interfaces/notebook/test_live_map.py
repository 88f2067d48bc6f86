"""`live_map`: a map in a notebook, from before its first call to its end."""

from __future__ import annotations

import sys
import threading
from typing import Any

import pytest

from gradio_client_sync import AppError, Client
from gradio_client_sync._many.tally import Tally
from gradio_client_sync._notebook.live_map import PACE, _Drawing, map_bundle, map_html
from gradio_client_sync.many import Outcome
from gradio_client_sync.testing import FakeApp
from tests.interfaces.notebook.test_notebook import check

pytestmark = pytest.mark.once


def tally(total: int | None, *errors: BaseException | None) -> Tally:
    """Return a map that runs, with a result or an error of each item so far."""
    made = Tally("/f", total)
    made.begin()
    for index, error in enumerate(errors):
        made.add(Outcome(index, [], None, error, 0.1, 1))
    return made


def words(shown: Tally) -> str:
    return check(map_html(shown)).words


def test_map_says_what_it_does() -> None:
    """A line has the counts, and the time that is left while that can be known."""
    assert words(Tally("/f", 3)) == "● /f not started · 3 items · a loop over it starts the calls"
    assert words(Tally("/f", None)) == "● /f not started · a loop over it starts the calls"
    running = tally(4, None, None)
    running.in_flight = lambda: 2
    assert words(running).startswith("● /f running · 2 of 4 items · ")
    assert " left · 2 in flight" in words(running) and "50%" in map_html(running)
    unknown = tally(None, None)
    assert words(unknown).startswith("● /f running · 1 item · ") and "left" not in words(unknown)
    running.end("cancelled")
    assert words(running).startswith("● /f cancelled · 2 of 4 items · took ")
    assert "in flight" not in words(running) and "50%" not in map_html(running)


def test_map_shows_failures_and_its_error() -> None:
    """The first failures are below the line, escaped; of a map that has failed, its error."""
    shown = tally(9, *[AppError(f"<b>{index}</b>") for index in range(7)], None, None)
    shown.end("complete")
    text = words(shown)
    assert text.startswith("● /f complete · 9 items · took ") and " · 7 failed" in text
    assert "item 0: AppError: <b>0</b>" in text and text.endswith("and 2 more")
    failed = tally(9, AppError("no"))
    failed.end("failed", AppError("no"))
    assert words(failed).startswith("● /f failed · 1 of 9 items · took ")
    assert words(failed).endswith("AppError: no")


class Handle:
    """What IPython updates."""

    def __init__(self) -> None:
        self.shown: list[str] = []
        self.entered, self.goes_on = threading.Event(), threading.Event()
        self.goes_on.set()

    def update(self, bundle: dict[str, Any], *, raw: bool) -> None:
        html = bundle["text/html"]
        self.entered.set()
        assert raw and self.goes_on.wait(30)
        self.shown.append(check(html).words)


def test_map_is_drawn_last_in_its_final_state() -> None:
    """A thread that draws an older state when the map ends does not replace the newer one."""
    shown, handle = tally(2, None), Handle()
    handle.goes_on.clear()
    drawing = _Drawing(shown, handle, "running")
    drawing._drawn -= 2 * PACE  # it is time to draw again
    shown.watch(drawing.on_change)
    worker = threading.Thread(target=shown.add, args=(Outcome(1, [], None, None, 0.1, 1),))
    worker.start()
    assert handle.entered.wait(30)
    ends = threading.Thread(target=shown.end, args=("complete",))
    ends.start()
    handle.goes_on.set()
    for thread in (worker, ends):
        thread.join(30)
    assert [one.split()[2] for one in handle.shown] == ["running", "complete"]


def test_map_is_drawn_when_it_begins_however_soon() -> None:
    """The first item may take minutes. What changes after that is drawn at the next pace."""
    shown, handle = Tally("/f", 3), Handle()
    drawing = _Drawing(shown, handle, "not started")
    shown.watch(drawing.on_change)
    drawing.on_change()
    assert handle.shown == []
    shown.begin()
    assert [one.split()[2] for one in handle.shown] == ["running"]


def test_map_of_an_app_has_its_states(monkeypatch: pytest.MonkeyPatch) -> None:
    """A map that is displayed again shows its present state; its text is for terminals."""
    with FakeApp() as fake:

        @fake.endpoint("/half")
        def half(number: int) -> float:
            if number % 2:
                fake.error("odd")
            return number / 2

        with Client(fake.url) as app:
            halves = app.map("/half", [[0], [1], [2]], on_error="return")
            assert "not started · 3 items" in check(str(halves._repr_html_())).words
            assert halves._repr_mimebundle_()["text/plain"] == repr(halves)
            assert len(list(halves)) == 3
            assert "complete" in str(halves._repr_html_())
            assert "item 1: AppError: " in check(str(halves._repr_html_())).words
            assert repr(halves) == "<Map of '/half': 2 of 3 done, 1 failed, 0 in flight>"

            failing = app.map("/half", [[1]])
            with pytest.raises(AppError):
                next(failing)
            assert "failed" in check(str(failing._repr_html_())).words
            left = app.map("/half", ([n * 2] for n in range(1000)), in_flight=1)
            for _ in left:
                break
            assert "cancelled" in check(str(left._repr_html_())).words
            payloads = [[0], [2]]
            zipped = app.map("/half", payloads)
            assert len(list(zip(payloads, zipped))) == 2
            zipped.cancel()
            assert "complete" in check(str(zipped._repr_html_())).words
    monkeypatch.delitem(sys.modules, "IPython", raising=False)
    with pytest.raises(NotImplementedError):
        halves._ipython_display_()  # without IPython, it is the text that is printed
    assert (
        map_bundle(Tally("/f", None))["text/plain"]
        == "<Map of '/f': 0 done, 0 failed, 0 in flight>"
    )
