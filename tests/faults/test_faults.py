"""Every fault, on servers of three generations: each job ends once, correctly and in time.

The app counts how often its functions ran. The counts show whether a job ran twice, and whether an
error that says "it cannot have run" is right.
"""

from __future__ import annotations

import concurrent.futures
import gzip
import time
import uuid
from typing import Literal, NamedTuple

import pytest

from gradio_client_sync import (
    BrokenStreamError,
    Client,
    ConnectFailedError,
    GradioClientError,
    HTTPStatusError,
    Job,
    JobTimeoutError,
    RateLimitError,
)
from tests.conftest import SERVERS
from tests.support.fault_proxy import Fault, FaultProxy, page
from tests.support.listeners import BOUND, LATE
from tests.support.servers.plugin import ServerPool
from tests.support.servers.server import Server

pytestmark = pytest.mark.gradio

VERSIONS = [version for version in ("3.50.2", "4.44.1", "6.31.0") if version in SERVERS]

#: One release for each other protocol: sse, sse_v1, sse_v2 and sse_v2.1. They run with ``-m long``.
OTHERS = [version for version in ("4.0.2", "4.12.0", "4.19.2", "4.21.0") if version in SERVERS]
WS = {"3.50.2"}

ACTIONS: tuple[Literal["cut", "reset", "stall"], ...] = ("cut", "reset", "stall")

DEADLINE = 1.0  # s; for calls that never end by themselves

JOBS = 4


#: Servers whose jobs all share one stream, and join by a POST.
SHARED = ("4.12.0", "4.19.2", "4.21.0", "4.44.1", "6.31.0")
SSE = frozenset(SHARED)


class Case(NamedTuple):
    """A fault, the errors with which an affected job may end, and the servers that it affects."""

    fault: Fault
    ends: tuple[type[BaseException], ...] = ()
    only: frozenset[str] = frozenset(("3.50.2", "4.0.2", *SHARED))


JOIN = b"/queue/join"
DATA = b"/queue/data"

CASES = {
    # Faults before the app has the job: it is sent again, and the user does not notice.
    "join reset once": Case(Fault(JOIN, action="reset"), (BrokenStreamError,)),
    "join reset at a handshake": Case(Fault(JOIN, 2, action="reset"), only=frozenset(WS)),
    "502 in a burst": Case(Fault(JOIN, 3, page("502 Bad Gateway"))),
    "503 in a burst": Case(Fault(JOIN, 3, page("503 Service Unavailable"))),
    "503 to wait for": Case(Fault(JOIN, 1, page("503 Service Unavailable", "Retry-After: 1"))),
    "429 once": Case(Fault(JOIN, 1, page("429 Too Many Requests", "Retry-After: 0"))),
    "429 without end": Case(
        Fault(JOIN, 99, page("429 Too Many Requests", "Retry-After: 3600")), (RateLimitError,)
    ),
    "502 without end": Case(Fault(JOIN, 99, page("502 Bad Gateway")), (HTTPStatusError,)),
    "504 once": Case(Fault(JOIN, 1, page("504 Gateway Timeout")), (HTTPStatusError,)),
    "page with 200": Case(Fault(JOIN, 1, page("200 OK")), (GradioClientError,)),
    "page, compressed": Case(
        Fault(JOIN, 1, page("200 OK", "Content-Encoding: gzip", body=gzip.compress(b"<html>"))),
        (GradioClientError,),
    ),
    "no gzip that says so": Case(
        Fault(JOIN, 1, page("200 OK", "Content-Encoding: gzip")), (GradioClientError,)
    ),
    "no HTTP at all": Case(Fault(JOIN, 1, b"\x15\x03\x01\x00\x02\x02\x28"), (ConnectionError,)),
    # The response to the join is lost, so nobody can know whether the job runs.
    "join's answer cut": Case(
        Fault(JOIN, 1, after=b"event_id", offset=4), (BrokenStreamError,), SSE
    ),
    "join's answer reset": Case(
        Fault(JOIN, 1, after=b"HTTP/1.1 200", action="reset"), (BrokenStreamError,), SSE
    ),
    "join stalls": Case(Fault(JOIN, 1, action="stall"), (JobTimeoutError,)),
    "join's answer stalls": Case(
        Fault(JOIN, 1, after=b"HTTP/1.1", offset=9, action="stall"), (JobTimeoutError,)
    ),
    "everything drips": Case(Fault(b"", 99, pace=0.01), (JobTimeoutError,)),
    # The stream of the session does not open.
    "stream reset before it opens": Case(Fault(DATA, 1, action="reset"), (BrokenStreamError,), SSE),
    "stream 502 in a burst": Case(Fault(DATA, 2, page("502 Bad Gateway")), (), SSE),
    "stream is a page": Case(Fault(DATA, 1, page("200 OK")), (BrokenStreamError,), SSE),
    "stream stalls": Case(Fault(DATA, 1, action="stall"), (JobTimeoutError,), SSE),
    "stream cut within a character": Case(
        Fault(b"/queue/", 9, after="ü".encode(), offset=1), (BrokenStreamError,)
    ),
}


#: The stream breaks off before and within each message, in each way.
BREAKS = {
    f"stream {action} {where} message {nth}": Case(
        Fault(b"/queue/", 9, after=b'"msg"', nth=nth, offset=offset, action=action),
        # A reset drops data that the client has not read, also the handshake of a websocket.
        (BrokenStreamError, JobTimeoutError, *([ConnectFailedError] if nth == 1 else [])),
    )
    for nth in (1, 2, 3)
    for action in ACTIONS
    for where, offset in (("before", -7), ("within", 9))
}
CASES.update(BREAKS)

#: The faults of `BREAKS` that the usual run includes; ``-m long`` includes all.
OFTEN = {
    *("stream cut within message 1", "stream cut before message 2", "stream cut within message 3"),
    *("stream reset within message 2", "stream stall within message 1"),
}
NAMES = [
    pytest.param(name, marks=pytest.mark.long) if name in BREAKS and name not in OFTEN else name
    for name in CASES
]


def books(server: Server) -> int:
    return server.control.executions().get("echo", 0)


def may_have_run(error: BaseException) -> bool:
    """Return whether the job may have run, according to its error."""
    if isinstance(error, BrokenStreamError):
        return error.accepted is not False
    if isinstance(error, ConnectFailedError):
        return error.sent
    return not isinstance(error, HTTPStatusError)


@pytest.mark.parametrize(
    "version", [*VERSIONS, *(pytest.param(other, marks=pytest.mark.long) for other in OTHERS)]
)
@pytest.mark.parametrize("name", NAMES)
def test_each_job_ends_once(server_pool: ServerPool, version: str, name: str) -> None:
    """With any fault, each job ends once, with an outcome that the table allows."""
    case = CASES[name]
    if version not in case.only:
        return
    server = server_pool.get(version)
    before = books(server)
    with FaultProxy(server.url) as proxy, Client(proxy.url) as app:
        assert app.predict("/echo", ["first"], timeout=BOUND)[0] == "first"
        proxy.fault = case.fault
        began = time.monotonic()
        texts = [f"ü{number} {uuid.uuid4().hex}" for number in range(JOBS)]
        limit = DEADLINE if JobTimeoutError in case.ends else BOUND
        jobs = [app.submit("/echo", [text], timeout=limit) for text in texts]
        _, pending = concurrent.futures.wait(jobs, limit + LATE)
        assert not pending, f"{len(pending)} jobs hang"
        assert time.monotonic() - began < limit + LATE
        errors = [job.exception() for job in jobs]
        good = [job.result()[0] for job, error in zip(jobs, errors) if error is None]
        assert set(good) <= set(texts)
        bad = [error for error in errors if error is not None]
        for error in bad:
            assert isinstance(error, case.ends), repr(error)
            assert isinstance(error, GradioClientError)
            assert error.endpoint == "/echo"
        assert proxy.struck, "the fault affected no request"
        proxy.fault = None
        if not isinstance(jobs[-1].exception(), JobTimeoutError):
            assert app.predict("/echo", ["next"], timeout=BOUND)[0] == "next"
            good.append("next")
    ran = books(server) - before - 1  # without the first call
    assert len(good) <= ran <= len(good) + sum(map(may_have_run, bad)), (ran, errors)


@pytest.mark.parametrize("version", VERSIONS)
def test_lost_job_is_sent_again_where_that_is_allowed(
    server_pool: ServerPool, version: str
) -> None:
    """With ``idempotent`` a lost job is sent again and gives all values; without, it raises."""
    server = server_pool.get(version)
    with FaultProxy(server.url) as proxy, Client(proxy.url) as app:
        for idempotent in (False, True):
            proxy.struck = 0
            proxy.fault = Fault(b"/queue/", 1, after=b"process_generating", nth=2)
            if version not in WS:
                proxy.fault.request = DATA
            job = app.submit("/tokens", [5], idempotent=idempotent, timeout=BOUND)
            if idempotent:
                expected = [" ".join(f"tok{n}" for n in range(k)) for k in range(1, 6)]
                assert [data[0] for data in job][-6:] == [*expected, expected[-1]]
            else:
                with pytest.raises(BrokenStreamError) as caught:
                    job.result()
                assert caught.value.accepted is True
            assert proxy.struck == 1


def test_refused_connection_is_a_connection_error(server_pool: ServerPool) -> None:
    """A refused connection raises `ConnectFailedError` with ``sent`` False."""
    with FaultProxy(server_pool.get(VERSIONS[-1]).url) as proxy:
        url = proxy.url
    with pytest.raises(ConnectFailedError) as caught:
        Client(url, retries=1)
    assert caught.value.sent is False


@pytest.mark.parametrize("version", VERSIONS)
def test_dead_connections_are_not_reused(server_pool: ServerPool, version: str) -> None:
    """A job is not sent on a pooled connection that has ended since the last call."""
    server = server_pool.get(version)
    with FaultProxy(server.url) as proxy, Client(proxy.url) as app:
        for _ in range(3):
            before = books(server)
            jobs: list[Job] = [app.submit("/echo", ["x"], timeout=BOUND) for _ in range(JOBS)]
            concurrent.futures.wait(jobs, BOUND)
            assert [job.result()[0] for job in jobs] == ["x"] * JOBS
            assert books(server) - before == JOBS
            proxy.cut()
