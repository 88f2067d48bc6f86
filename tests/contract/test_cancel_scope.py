"""A worker is shielded from a cancellation until the server would act on it."""

from __future__ import annotations

from typing import Any, Callable

import pytest

from gradio_client_sync import GradioClientError
from gradio_client_sync._calls.cancel_scope import CancelScope
from gradio_client_sync._job.control import JobControl
from gradio_client_sync._job.event_log import EventLog
from gradio_client_sync._protocol.queue.exchange import Exchange, JobState
from gradio_client_sync._transport.base import Aborted
from tests.core.test_decode import scribe_for

FACTORY = scribe_for()
QUEUED, BEGUN = JobState(accepted=True, queued=True), JobState(accepted=True, begun=True)


class Parts:
    """What a scope calls, as a list of names in order. Only a job that runs can be stopped."""

    def __init__(self, *, begins_soon: bool = False, threads: bool = True) -> None:
        self.calls: list[str] = []
        self.strategy = self
        self._begins_soon = begins_soon
        self._threads = threads
        log = EventLog(FACTORY, 10, lambda task: task(), pending=FACTORY.status(1.0, "pending"))
        self.control = JobControl("/f", 0, log)
        parts: Any = self
        exchange = Exchange(FACTORY, {})
        self.scope = CancelScope(self.control, parts, exchange, parts, parts, self._start)

    def takes_effect(self, endpoint: object, state: JobState) -> bool:
        return state.begun

    def leave(self, endpoint: object, job: object) -> list[str]:
        self.calls.append("leave")
        return ["event"]

    def cancel_due(self, endpoint: object, due: list[str]) -> None:
        self.calls.append(f"cancel {due}")

    def begins_soon(self, exchange: object) -> bool:
        return self._begins_soon

    def abort(self) -> None:
        self.calls.append("abort")

    def release_slot(self, control: JobControl) -> None:
        self.calls.append("release slot")

    def _start(self, task: Callable[[], None]) -> None:
        if not self._threads:
            raise GradioClientError("no more threads")
        task()

    @property
    def released(self) -> bool:
        self.control.start()
        return self.control.wait_released(0.0)


def test_cancellation_ends_the_wait_of_a_job_that_runs() -> None:
    """The worker's channel is aborted where the server acts on a cancellation."""
    parts = Parts()
    parts.scope.shield_until_effective(BEGUN)
    parts.control.cancel()
    assert parts.calls == ["abort"]


def test_cancelled_job_in_the_queue_releases_others() -> None:
    """While the server ignores a cancellation, its worker waits, and nothing else does."""
    parts = Parts()
    parts.scope.shield_until_effective(QUEUED)
    parts.control.cancel()
    assert parts.calls == ["leave", "cancel ['event']", "release slot"]
    assert parts.released


def test_job_that_is_about_to_begin_keeps_its_slot() -> None:
    """The server can be informed soon, so that the thread that cancelled may wait for it."""
    parts = Parts(begins_soon=True)
    parts.scope.shield_until_effective(QUEUED)
    parts.control.cancel()
    assert parts.calls == ["leave", "cancel ['event']"]
    assert not parts.released


def test_shield_ends_when_the_job_begins() -> None:
    """A job that was cancelled in the queue is aborted by its worker once it has begun."""
    parts = Parts()
    parts.scope.shield_until_effective(QUEUED)
    parts.control.cancel()
    parts.scope.shield_until_effective(QUEUED)
    with pytest.raises(Aborted):
        parts.scope.shield_until_effective(BEGUN)
    assert "abort" not in parts.calls


def test_cancellation_before_the_shield_counts() -> None:
    """A job that was cancelled before the scope was set is treated as if cancelled after."""
    parts = Parts()
    parts.control.cancel()
    parts.scope.shield_until_effective(QUEUED)
    assert parts.calls == ["leave", "cancel ['event']", "release slot"]
    with pytest.raises(Aborted):
        parts.scope.shield_until_effective(BEGUN)


def test_scope_without_threads_releases_the_canceller() -> None:
    """If no thread can be started, the thread that cancels does not wait for the server."""
    parts = Parts(threads=False)
    parts.scope.shield_until_effective(QUEUED)
    parts.control.cancel()
    assert parts.calls == []
    assert parts.released
