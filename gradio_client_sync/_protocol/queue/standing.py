"""Where a job stands, in words for people: in the queue, running, and for how long.

The stage of a status is ``"pending"`` also while the function runs, until it gives a value. That is
the protocol's word, and would mislead people who wait.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ...events import Status


def stage_in_words(status: Status, *, started: bool = False) -> str:
    """Return the stage of a job as people call it.

    Args:
        status: The latest status of the job.
        started: Whether the function is known to run. Not every status says it.

    Returns:
        ``"joining the queue"``, ``"in the queue"`` or ``"running"`` instead of ``"pending"``.
        Other stages are returned as they are.
    """
    if status.stage != "pending":
        return status.stage
    waits = status.position is not None and status.size is not None
    if started or status.progress_data or not status.queue:
        return "running"
    if waits:
        return "in the queue"
    return "joining the queue" if status.position is None else "running"


def whereabouts(status: Status | None, times: Mapping[str, float], now: float) -> str:
    """Return where a job is, as the end of a sentence with "it is" or "it was".

    Args:
        status: The latest status of the job.
        times: The times of the job's steps, as `Timings` names them.
        now: The present time on the same clock.

    Example:
        >>> whereabouts(None, {"started": 1.0}, 5.2)
        'running (4.2 s so far)'
    """
    if "started" in times:
        return f"running ({spent(now - times['started'])} so far)"
    if "queued" in times:
        position = status.position if status is not None else None
        at = f" at position {position}" if position else ""
        return f"in the queue{at} ({spent(now - times['queued'])} so far)"
    return "being sent to the app"


def spent(seconds: float) -> str:
    """Return a duration for people, with few digits."""
    seconds = max(seconds, 0.0)
    return f"{round(seconds, 2 if seconds < 1 else 1 if seconds < 100 else None):g} s"
