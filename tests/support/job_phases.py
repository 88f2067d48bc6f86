"""The phases of a job: hold a job in one, cancel it, check that the server has stopped it."""

from __future__ import annotations

import contextlib
import json
import urllib.request
from collections.abc import Iterator, Mapping

from gradio_client_sync import Client, Job
from tests.support.fault_proxy import Fault, FaultProxy
from tests.support.listeners import BOUND
from tests.support.servers.plugin import ServerPool
from tests.support.servers.server import Server

FAULTS = {
    "uploading": Fault(b"/upload", action="stall"),
    "downloading": Fault(b"/file=", after=b"\r\n\r\n", offset=1_000_000, action="stall"),
}


@contextlib.contextmanager
def held_in(phase: str, server: Server, key: str) -> Iterator[str]:
    """Yield a URL at which a call stays in ``phase``."""
    with contextlib.ExitStack() as stack:
        url = server.url
        if phase in FAULTS:
            url = stack.enter_context(FaultProxy(server.url, FAULTS[phase])).url
        elif phase == "queued":
            app = stack.enter_context(Client(server.url))
            app.submit("/hold", [f"{key} before"])
            assert server.control.await_started(f"{key} before")
        yield url


def server_for(phase: str, pool: ServerPool, version: str) -> Server:
    """Return the usual server, or one that runs one job at a time if ``phase`` needs it."""
    return pool.get(version, **({"queue_size": 10} if phase == "queued" else {}))


def assert_stopped(phase: str, server: Server, key: str, executed: Mapping[str, int]) -> None:
    """Check that nothing of the call with ``key`` runs, or starts later.

    Args:
        phase: The phase in which the call was stopped.
        server: The server of the call.
        key: The key of the call.
        executed: How often the server had executed each function before the call.
    """
    control = server.control
    if phase in ("streaming", "listening"):
        assert control.await_stopped(key)
    elif phase == "running" and server.version != "3.50.2":  # this release cannot stop a coroutine
        assert control.await_stopped(key)
        assert control.ledger(key)["cancelled"] == 1
    elif phase == "queued":
        # The only worker runs queued jobs in order. If the stopped job were still in the queue, it
        # would run before this call.
        control.release(f"{key} before")
        with Client(server.url) as app:
            app.predict("/echo", ["x"], timeout=BOUND)
        assert control.ledger(key)["started"] == 0
    elif phase == "uploading":
        assert control.executions().get("digest") == executed.get("digest")


def cancel_from_outside(app: Client, server: Server, job: Job) -> None:
    """Cancel a job of a session as another client of the session does."""
    body = {"session_hash": app.session_hash, "fn_index": job.fn_index, "event_id": job.event_id}
    request = urllib.request.Request(
        f"{server.url}{app.config.get('api_prefix', '')}/cancel",
        json.dumps(body).encode(),
        {"Content-Type": "application/json"},
    )
    urllib.request.urlopen(request, timeout=BOUND).close()
