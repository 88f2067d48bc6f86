"""Deadlines and alarms, and what a job's deadline does."""

from __future__ import annotations

import itertools
import logging
import math
import re
import threading
import time

import pytest

from gradio_client_sync import Client, JobTimeoutError
from gradio_client_sync._transport.deadlines import NEVER, Alarms, Deadline
from gradio_client_sync._transport.retries import (
    LONGEST_ASKED,
    Retries,
    may_ask_again,
    was_not_taken,
)
from gradio_client_sync.errors import ConnectFailedError, HTTPStatusError
from tests.listening import BOUND
from tests.scripted import CLOSE, Exchange, Gate, completed, scripted


def joined(exchange: Exchange) -> None:
    exchange.answer({"event_id": "e1"})


def finished(exchange: Exchange) -> None:
    exchange.start_stream()
    exchange.send(completed("e1", "x"), CLOSE)
    exchange.end_stream()


def test_deadline_clips_waits() -> None:
    """A wait is never longer than what is left, and never none at all."""
    assert NEVER.clip(None) is None and NEVER.clip(5) == 5 and NEVER.left == math.inf
    soon = Deadline.after(1)
    assert 0 < soon.left <= 1 and soon.clip(0.5) == 0.5
    clipped = soon.clip(None)
    assert clipped is not None and clipped <= 1
    assert Deadline(1, time.monotonic() - 1).clip(9) == 0.001


def test_alarms_ring_in_order_and_can_be_called_off() -> None:
    """The earliest rings first, also when it was set last; one that was called off does not."""
    alarms, rung, done = Alarms(), [], threading.Event()
    alarms.set(Deadline.after(0.2), done.set)
    alarms.set(Deadline.after(0.1), lambda: rung.append("second"))
    call_off = alarms.set(Deadline.after(0.05), lambda: rung.append("never"))
    alarms.set(Deadline.after(0.01), lambda: rung.append("first"))
    call_off()
    assert done.wait(BOUND)
    alarms.close()
    assert rung == ["first", "second"]


def test_retries_pause_for_longer_each_time_within_the_deadline() -> None:
    """Pauses grow, end with the count, heed what was asked for, and fit into the deadline."""
    error = ConnectFailedError("gone", _passing=True)
    retries = Retries(3)
    pauses = [retries.pause(error, NEVER) for _ in range(4)]
    assert pauses[3] is None
    assert all(0.125 * 2**n <= (pause or 0) <= 0.25 * 2**n for n, pause in enumerate(pauses[:3]))
    assert Retries(3).pause(error, Deadline.after(0.01)) is None
    asked = HTTPStatusError("busy", status_code=503, retry_after=7.0)
    assert Retries(1).pause(asked, NEVER) == 7.0
    asked.retry_after = LONGEST_ASKED + 1
    assert Retries(1).pause(asked, NEVER) is None


def test_retries_are_for_what_had_no_effect() -> None:
    """A request that left is not sent again, unless it only asks; nor what does not mend."""
    left = ConnectFailedError("broke off", sent=True, _passing=True)
    assert may_ask_again(left) and not was_not_taken(left)
    assert not may_ask_again(ConnectFailedError("no certificate"))
    assert was_not_taken(HTTPStatusError("gateway", status_code=502))
    assert not may_ask_again(HTTPStatusError("gateway", status_code=504))


def test_deadline_of_the_client_is_for_calls_that_set_none() -> None:
    """`timeout` overrules `deadline`, and infinity lifts it."""
    gate, numbers = Gate(), itertools.count(1)

    def join(exchange: Exchange) -> None:
        exchange.answer({"event_id": f"e{next(numbers)}"})

    def held(exchange: Exchange) -> None:
        gate.pass_through()
        finished(exchange)

    with scripted(join=join, data=held) as server, Client(server.url, deadline=0.2) as app:
        job = app.submit("/echo", ["x"], timeout=math.inf)
        gate.wait_until_reached()
        with pytest.raises(JobTimeoutError) as caught:
            app.predict("/echo", ["x"])
        assert caught.value.timeout == 0.2
        late = app.submit("/echo", ["x"], timeout=0.1)
        assert isinstance(late.exception(BOUND), JobTimeoutError)
        assert late.status.stage == "error" and not late.cancelled() and late.done()
        gate.open()
        assert job.result(BOUND)[0] == "x"


def test_log_tells_the_life_of_a_job_and_no_secret(caplog: pytest.LogCaptureFixture) -> None:
    """Number, event and duration are told; payload, token and session are not."""
    caplog.set_level(logging.DEBUG, "gradio_client_sync")
    with scripted(join=joined, data=finished) as server:
        with Client(server.url, headers={"Authorization": "Bearer hush"}) as app:
            job = app.submit("/echo", ["payload"])
            assert job.result(BOUND)[0] == "x"
            timings = job.timings
            session_hash = app.session_hash
    for step in ("begins ('/echo')", "is at the server as event e1", "is done (114 bytes)"):
        assert re.search(rf"job 1 {re.escape(step)} after \d+\.\d{{3}} s", caplog.text), step
    assert not any(secret in caplog.text for secret in ("hush", "payload", session_hash))
    assert timings.done is not None and timings.bytes > 0
