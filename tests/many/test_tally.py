"""`Tally`: how far a map is, from its start to its end."""

from __future__ import annotations

import pytest

from gradio_client_sync import AppError
from gradio_client_sync._many.tally import KEPT, Tally
from gradio_client_sync.many import Outcome

pytestmark = pytest.mark.once


def outcome(index: int, error: BaseException | None = None, *, replayed: bool = False) -> Outcome:
    return Outcome(index, [], None if error else [index], error, 0.1, 1, replayed)


def test_tally_counts_and_keeps_the_first_failures() -> None:
    """It keeps a few failures as text, so that a map of a million items stays small."""
    tally = Tally("/f", 20)
    tally.begin()
    for index in range(2 * KEPT):
        tally.add(outcome(index, AppError(f"no {index}") if index % 2 else None))
    tally.add(outcome(2 * KEPT, replayed=True))
    assert (tally.done, tally.failed, tally.replayed) == (KEPT + 1, KEPT, 1)
    assert tally.failures[0] == (1, "AppError", "no 1")
    for index in range(KEPT):
        tally.add(outcome(index, AppError("more")))
    assert len(tally.failures) == KEPT and tally.failures[-1].message != "more"
    assert repr(tally) == "<Map of '/f': 6 of 20 done, 10 failed, 0 in flight>"


def test_tally_knows_rate_and_time_left() -> None:
    """Items from the journal count for neither. Without a total, no time is left."""
    tally = Tally("/f", 4)
    assert (tally.seconds, tally.rate, tally.left) == (0.0, 0.0, None)
    tally.begin()
    tally.add(outcome(0, replayed=True))
    assert tally.rate == 0.0 and tally.left is None
    tally.add(outcome(1))
    tally.end("failed", AppError("no"))
    tally._began -= 2  # as if it had run longer
    assert tally.rate == pytest.approx(1 / tally.seconds)
    assert tally.left == pytest.approx(2 * tally.seconds)
    assert tally.error == ("AppError", "no")
    unknown = Tally(3, None)
    unknown.begin()
    unknown.add(outcome(0))
    assert unknown.left is None and "fn_index 3" in repr(unknown)


@pytest.mark.parametrize(
    ("total", "phase"), [(2, "complete"), (3, "cancelled"), (None, "cancelled")]
)
def test_tally_of_a_loop_that_stops_after_the_last_item(total: int | None, phase: str) -> None:
    """``zip(payloads, map)`` does not ask for what comes after the last one."""
    tally = Tally("/f", total)
    tally.begin()
    tally.add(outcome(0))
    tally.add(outcome(1))
    tally.end("cancelled")
    tally.end("failed", AppError("later"))
    assert tally.phase == phase and tally.error is None


def test_tally_calls_watchers_and_survives_them(caplog: pytest.LogCaptureFixture) -> None:
    """A display that fails is logged."""
    seen: list[str] = []

    def fails() -> None:
        raise RuntimeError("no display")

    tally = Tally("/f", 1)
    tally.watch(fails)
    tally.watch(lambda: seen.append(tally.phase))
    tally.begin()
    tally.begin()
    tally.add(outcome(0))
    tally.end("complete")
    assert seen == ["running", "running", "complete"]
    assert [record.getMessage() for record in caplog.records] == [
        "the display of a map has failed"
    ] * 3
