"""How each generation of servers stops a job: the requests, without a server."""

from __future__ import annotations

from typing import Any

import pytest

from gradio_client_sync._protocol.api.endpoint import EndpointTable
from gradio_client_sync._protocol.dialect import dialect_of
from gradio_client_sync._protocol.queue.exchange import JobState
from gradio_client_sync._protocol.routes import Routes
from gradio_client_sync._session.cancelling import (
    CancelRouteStrategy,
    CancelStrategy,
    ResetStrategy,
    StopRequest,
    strategy_for,
)
from tests.support.scripted import config_of, dependency

URL = "http://host"
PLAIN, GENERATOR, CANCELLABLE = 0, 1, 2

#: A job that waits, is in the queue, runs, and has a first value.
SENT = JobState()
ACCEPTED = JobState(accepted=True)
QUEUED = JobState(accepted=True, queued=True)
BEGUN = JobState(accepted=True, queued=True, begun=True)
GENERATING = BEGUN._replace(stage="generating")


def config(version: str, protocol: str, *, generator: int = GENERATOR) -> dict[str, Any]:
    kinds = [{"generator": number == generator, "cancel": False} for number in range(4)]
    return config_of(
        dependency(PLAIN, "plain", types=kinds[0]),
        dependency(GENERATOR, "generator", types=kinds[1]),
        dependency(CANCELLABLE, "cancellable", types=kinds[2]),
        dependency(3, "stop", types=kinds[3], cancels=[CANCELLABLE]),
        version=version,
        protocol=protocol,
        api_prefix="",
    )


def parts(version: str, protocol: str = "sse_v3") -> tuple[CancelStrategy, EndpointTable]:
    """Return the strategy for a server, and the functions of an app on it."""
    dialect = dialect_of(config(version, protocol))
    strategy = strategy_for(dialect, Routes(URL), "session")
    return strategy, EndpointTable(config(version, protocol), dialect)


def endpoint(table: EndpointTable, number: int) -> Any:
    found = table.numbered(number)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("version", "protocol", "kind"),
    [
        ("3.23.0", "ws", CancelStrategy),
        ("3.50.2", "ws", CancelStrategy),
        ("4.0.2", "sse", ResetStrategy),
        ("4.30.0", "sse_v3", ResetStrategy),
        ("4.31.0", "sse_v3", CancelRouteStrategy),
        ("6.31.0", "sse_v3", CancelRouteStrategy),
    ],
)
def test_strategy_follows_the_generation(
    version: str, protocol: str, kind: type[CancelStrategy]
) -> None:
    """The dialect's way to cancel selects the strategy."""
    assert type(parts(version, protocol)[0]) is kind


@pytest.mark.parametrize("number", [PLAIN, GENERATOR, CANCELLABLE])
@pytest.mark.parametrize("state", [SENT, QUEUED, GENERATING])
def test_closing_takes_effect_at_any_time(number: int, state: JobState) -> None:
    """Where closing the connection stops a job, it does so in every state, and needs no request."""
    strategy, table = parts("3.50.2", "ws")
    function = endpoint(table, number)
    assert strategy.takes_effect(function, state)
    assert strategy.stop_job(function, "event", table) is None
    assert not strategy.can_stop_function(function)
    assert strategy.stop_function(function, ["event"], table) == []


@pytest.mark.parametrize(
    ("number", "state", "takes_effect"),
    [
        (PLAIN, SENT, True),
        (PLAIN, ACCEPTED._replace(accepted=None), True),
        (PLAIN, QUEUED, True),
        (PLAIN, BEGUN, True),
        (GENERATOR, SENT, True),
        (GENERATOR, QUEUED, False),
        (GENERATOR, BEGUN, False),
        (GENERATOR, GENERATING, True),
        (CANCELLABLE, SENT, True),
        (CANCELLABLE, ACCEPTED, False),
        (CANCELLABLE, QUEUED, False),
        (CANCELLABLE, BEGUN, True),
    ],
)
def test_reset_needs_a_value_and_cancelling_events_a_job_that_runs(
    number: int, state: JobState, takes_effect: bool
) -> None:
    """Servers before 4.31 ignore requests about jobs that wait or have not yielded yet."""
    strategy, table = parts("4.12.0", "sse_v1")
    assert strategy.takes_effect(endpoint(table, number), state) is takes_effect


def test_reset_stops_one_generator() -> None:
    """``/reset`` names one job; other functions have no such request."""
    strategy, table = parts("4.12.0", "sse_v1")
    request = strategy.stop_job(endpoint(table, GENERATOR), "event", table)
    assert request == StopRequest(f"{URL}/reset", {"event_id": "event"})
    for number in (PLAIN, CANCELLABLE):
        assert strategy.stop_job(endpoint(table, number), "event", table) is None


def test_reset_stops_what_the_app_has_made_a_generator() -> None:
    """After a change of the app, a generator may run under the number of a plain function."""
    strategy, table = parts("4.12.0", "sse_v1")
    changed = config("4.12.0", "sse_v1", generator=PLAIN)
    now = EndpointTable(changed, dialect_of(changed))
    request = strategy.stop_job(endpoint(table, PLAIN), "event", now)
    assert request == StopRequest(f"{URL}/reset", {"event_id": "event"})


def test_cancelling_events_stop_a_function() -> None:
    """Before 4.31 an app's own cancelling event stops the function, if the app has one."""
    strategy, table = parts("4.12.0", "sse_v1")
    function = endpoint(table, CANCELLABLE)
    assert strategy.can_stop_function(function)
    assert not strategy.can_stop_function(endpoint(table, PLAIN))
    body = {"session_hash": "session", "fn_index": 3, "data": []}
    assert strategy.stop_function(function, ["one", "two"], table) == [
        StopRequest(f"{URL}/run/predict", body)
    ]


def test_cancelling_events_of_an_earlier_app_are_not_called() -> None:
    """Their numbers may belong to any event of the app as it is now."""
    strategy, table = parts("4.12.0", "sse_v1")
    changed = config("4.12.0", "sse_v1", generator=CANCELLABLE)
    now = EndpointTable(changed, dialect_of(changed))
    assert strategy.stop_function(endpoint(table, CANCELLABLE), ["one"], now) == []


@pytest.mark.parametrize(
    ("version", "state", "takes_effect"),
    [
        ("4.31.0", QUEUED, False),
        ("6.13.0", QUEUED, False),
        ("6.13.0", BEGUN, True),
        ("6.14.0", SENT, True),
        ("6.31.0", QUEUED, True),
    ],
)
def test_cancel_route_stops_waiting_jobs_since_6_14(
    version: str, state: JobState, takes_effect: bool
) -> None:
    """Earlier servers run a job that was cancelled while it waited in their queue."""
    strategy, table = parts(version)
    assert strategy.takes_effect(endpoint(table, PLAIN), state) is takes_effect


@pytest.mark.parametrize("number", [PLAIN, GENERATOR, CANCELLABLE])
def test_cancel_route_stops_every_function(number: int) -> None:
    """``/cancel`` is requested for each job, and stops all jobs of the function."""
    strategy, table = parts("6.31.0")
    function = endpoint(table, number)
    assert strategy.stop_job(function, "one", table) is None
    assert strategy.can_stop_function(function)
    body = {"session_hash": "session", "fn_index": number}
    assert strategy.stop_function(function, ["one", "two"], table) == [
        StopRequest(f"{URL}/cancel", {**body, "event_id": "one"}),
        StopRequest(f"{URL}/cancel", {**body, "event_id": "two"}),
    ]
