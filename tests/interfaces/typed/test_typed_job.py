"""`typed_job`: a typed job has everything that a job has, and plain values."""

from __future__ import annotations

import asyncio
import concurrent.futures
import gc
import inspect
import weakref

import pytest

from gradio_client_sync import AppError, Client, Job, TypedJob
from gradio_client_sync.events import Data


def test_typed_job_has_what_a_job_has() -> None:
    """Each public member of `Job` is one of `TypedJob`, with the same parameters."""
    members = [name for name in dir(Job) if not name.startswith("_")]
    assert set(dir(Job)) <= set(dir(TypedJob))
    for name in members:
        own, typed = inspect.getattr_static(Job, name), inspect.getattr_static(TypedJob, name)
        assert type(own) is type(typed), name
        if inspect.isfunction(own):
            assert list(inspect.signature(own).parameters) == list(
                inspect.signature(typed).parameters
            ), name
        assert inspect.getdoc(getattr(TypedJob, name)), name


@pytest.mark.gradio
def test_typed_job_shows_the_state_of_its_job(app: Client) -> None:
    """Properties, events and listeners are those of the job; values are plain."""
    call = app.function("/count").submit(3)
    received: list[Data] = []
    assert call.on("data", received.append) is call
    assert list(call)[:3] == ["0", "1", "2"]
    assert call.result(5) == "2"
    job = call.job
    assert isinstance(call, Job) and type(job) is Job
    assert (
        (call.endpoint, call.fn_index) == (job.endpoint, job.fn_index) == ("/count", job.fn_index)
    )
    assert call.event_id == job.event_id and call.status is job.status
    assert [data.data for data in call.outputs] == [data.data for data in job.outputs]
    assert call.timings == job.timings
    assert call.done() and not call.running() and not call.cancelled() and not call.cancel()
    assert call.exception() is None
    assert [data[0] for data in received][:3] == ["0", "1", "2"]
    assert call.off("data", received.append) is call and call.destroy() is call


@pytest.mark.client_only
@pytest.mark.gradio
def test_typed_job_is_a_future(app: Client) -> None:
    """`wait`, `as_completed`, `wrap_future` and callbacks work with typed jobs."""
    add = app.function("/add")
    calls = [add.submit(1, 2), add.submit(3, 4)]
    assert concurrent.futures.wait(calls, 60).done == set(calls)
    assert set(concurrent.futures.as_completed(calls, 60)) == set(calls)
    ended: list[object] = []
    calls[0].add_done_callback(ended.append)
    assert ended == [calls[0]]

    async def sums() -> list[object]:
        return list(await asyncio.gather(*map(asyncio.wrap_future, [add.submit(1, 2)])))

    assert asyncio.run(sums()) == [3]
    failing = app.function("/fail").submit("no luck")
    assert concurrent.futures.wait([failing], 60).done == {failing}
    assert isinstance(failing.exception(), AppError)


@pytest.mark.client_only
@pytest.mark.gradio
def test_typed_job_can_be_cancelled(app: Client, key: str) -> None:
    """A cancelled typed job is cancelled for `wait` too, whichever of both was cancelled."""
    for through in ("call", "job"):
        call = app.function("/hold").submit(key)
        assert (call if through == "call" else call.job).cancel()
        assert concurrent.futures.wait([call], 60).done == {call}
        assert call.cancelled() and call.job.cancelled()


@pytest.mark.client_only
@pytest.mark.gradio
def test_typed_job_is_freed_without_the_collector(app: Client) -> None:
    """A job that has ended keeps no cycle with its typed job."""
    gc.disable()
    try:
        call = app.function("/add").submit(1, 2)
        concurrent.futures.wait([call], 60)
        freed = weakref.ref(call)
        del call
        assert freed() is None
    finally:
        gc.enable()
