"""Where a job stands, in words for people."""

from __future__ import annotations

from typing import Any

import pytest

from gradio_client_sync._protocol.queue.standing import spent, stage_in_words, whereabouts
from gradio_client_sync.events import Progress
from tests.core.test_decode import scribe_for


def status(stage: Any = "pending", **fields: Any) -> Any:
    """Return a status of a job."""
    return scribe_for().status(0.0, stage, **fields)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, "joining the queue"),
        ({"position": 2, "size": 5}, "in the queue"),
        ({"position": 0, "size": 1}, "in the queue"),
        ({"position": 0}, "running"),
        ({"progress_data": [Progress(0.5, 1, 2, "steps", "d")]}, "running"),
        ({"queue": False}, "running"),
        ({"stage": "generating"}, "generating"),
        ({"stage": "complete"}, "complete"),
    ],
)
def test_stage_tells_whether_the_function_runs(fields: dict[str, Any], words: str) -> None:
    """``pending`` is not shown to people."""
    assert stage_in_words(status(**fields)) == words


def test_started_job_runs_whatever_its_last_status_says() -> None:
    """A status of the queue may come after the start."""
    assert stage_in_words(status(position=1, size=2), started=True) == "running"


@pytest.mark.parametrize(
    ("latest", "times", "words"),
    [
        (None, {}, "being sent to the app"),
        (None, {"queued": 1.0}, "in the queue (9 s so far)"),
        (status(position=3, size=5), {"queued": 1.0}, "in the queue at position 3 (9 s so far)"),
        (status(position=0, size=5), {"queued": 1.0}, "in the queue (9 s so far)"),
        (status(), {"queued": 1.0, "started": 5.75}, "running (4.2 s so far)"),
    ],
)
def test_whereabouts_has_the_position_and_the_time(
    latest: Any, times: dict[str, float], words: str
) -> None:
    """A job in the queue has a position, a running one a time since its start."""
    assert whereabouts(latest, times, 10.0) == words


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(-1, "0 s"), (0.254, "0.25 s"), (4.0, "4 s"), (61.26, "61.3 s"), (1e4, "10000 s")],
)
def test_durations_have_few_digits(seconds: float, text: str) -> None:
    """A duration is rounded as people would."""
    assert spent(seconds) == text
