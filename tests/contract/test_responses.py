"""The outcome of a job that ends by a response or a failure, and not by a message of the queue."""

from __future__ import annotations

from typing import Any

import pytest

from gradio_client_sync import errors
from gradio_client_sync._calls.responses import ENDINGS, FAILURES, ending_of
from gradio_client_sync._protocol.queue.exchange import Exchange
from gradio_client_sync._session.session import Refused
from gradio_client_sync._transport.base import Aborted, Lost
from gradio_client_sync._transport.failures import Answer
from gradio_client_sync.errors import (
    BrokenStreamError,
    ConnectFailedError,
    GradioClientError,
    HTTPStatusError,
    ProtocolError,
    QueueFullError,
    RateLimitError,
    UploadError,
    ValidationError,
)
from tests.core.test_decode import scribe_for


def answer(status: int, body: bytes = b"{}") -> Answer:
    return Answer(status, "application/json", body, "http://h/queue/join", {})


FULL, INVALID = b'{"detail":"Queue is full."}', b'{"detail":[{"loc":["x"],"msg":"too short"}]}'
LIMITED = {"url": "http://h", "status_code": 429, "body": ""}

#: Each failure, whether the server had the job, the class of the error that results, `broken` of
#: the status, and whether the function may still run.
ENDS: list[tuple[Exception, bool, type[Exception], bool | None, bool]] = [
    (Refused(answer(503, FULL)), False, QueueFullError, None, False),
    (Refused(answer(503)), False, HTTPStatusError, False, False),
    (Refused(answer(422, INVALID)), False, ValidationError, None, False),
    (Refused(answer(400, b'{"detail":"it fails"}')), False, ValidationError, None, False),
    (Refused(answer(400, b'{"detail":""}')), False, ValidationError, None, False),
    (Refused(answer(400, b'{"detail":{}}')), False, HTTPStatusError, False, False),
    (Refused(answer(400, b"<h1>bad</h1>")), False, HTTPStatusError, False, False),
    (Refused(answer(404)), False, HTTPStatusError, False, False),
    (Lost("the stream ended"), True, BrokenStreamError, True, True),
    (ConnectFailedError("no route", sent=False), False, ConnectFailedError, True, False),
    (ConnectFailedError("no response", sent=True), False, BrokenStreamError, True, False),
    (RateLimitError("slow down", **LIMITED), False, RateLimitError, False, False),
    (HTTPStatusError("bad", **LIMITED), False, HTTPStatusError, None, True),
    (UploadError("no room"), False, UploadError, None, True),
    (ProtocolError("what?"), True, ProtocolError, None, True),
]


@pytest.mark.parametrize(
    ("failure", "accepted", "error", "broken", "loses"), ENDS, ids=lambda value: str(value)[:30]
)
def test_failure_ends_the_job(
    failure: Exception,
    accepted: bool,
    error: type[Exception],
    broken: bool | None,
    loses: bool,
) -> None:
    """Each failure becomes one error, and the status says what it means."""
    exchange = Exchange(scribe_for(), {})
    if accepted:
        exchange.accept()
    ending = ending_of(failure)
    finish = ending.finish(exchange, failure)
    (status,) = finish.events
    final: Any = status
    assert type(finish.error) is error and ending.loses is loses
    assert (final.stage, final.broken) == ("error", broken)
    assert finish.error is not None and finish.error.endpoint == "/f"
    assert exchange.finished and finish.data is None


def test_table_reaches_every_error_and_every_row() -> None:
    """Each row of the table is used: the first match counts, so no row may hide a later one."""
    for index, ending in enumerate(ENDINGS):
        assert not any(issubclass(ending.of, earlier.of) for earlier in ENDINGS[:index])
    public = [e for e in vars(errors).values() if isinstance(e, type)]
    own = [e for e in public if issubclass(e, GradioClientError)]
    assert len(own) > 20 and all(issubclass(e, FAILURES) for e in own)
    assert not issubclass(Aborted, FAILURES)  # nobody waits for the end of that job
