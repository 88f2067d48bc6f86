"""Gateways that send a server's responses in another form, each a form that real gateways use.

Most forms change nothing for users: the values are the same. If the messages of a queue cannot get
through, or arrive in another order, each job still ends once, with the right outcome.
"""

from __future__ import annotations

import concurrent.futures
import uuid
from typing import NamedTuple

import pytest

from gradio_client_sync import Client, JobTimeoutError
from tests.conftest import SERVERS
from tests.support.gateway import Gateway, ResponseForm, doubled, swapped
from tests.support.listeners import BOUND, LATE
from tests.support.servers.plugin import ServerPool

pytestmark = pytest.mark.gradio

VERSIONS = [v for v in ("3.50.2", "4.0.2", "4.44.1", "6.31.0") if v in SERVERS]
LIMIT = 2.0  # s; for jobs whose messages never get through
JOBS = 4


class Case(NamedTuple):
    """A form, the servers on which no message gets through, and whether all values arrive."""

    form: ResponseForm
    never: frozenset[str] = frozenset()
    steps: bool = True


POLLED = frozenset({"4.0.2"})  # it requests a job's data over the stream, and waits for them

CASES = {
    "close-delimited": Case(ResponseForm("close")),
    "one request per connection": Case(ResponseForm(close=True)),
    "compressed": Case(ResponseForm(gzip=True)),
    "compressed, close-delimited": Case(ResponseForm("close", gzip=True)),
    "latin-1": Case(ResponseForm(charset="iso-8859-1")),
    "utf-16": Case(ResponseForm(charset="utf-16")),
    "a charset that there is not": Case(ResponseForm(charset='"no such"')),
    "CRLF": Case(ResponseForm(line_end=b"\r\n")),
    "CR": Case(ResponseForm(line_end=b"\r")),
    "BOM": Case(ResponseForm(preface=b"\xef\xbb\xbf")),
    "comments, retry and names": Case(
        ResponseForm(
            preface=b"retry: 1\n\n: hello\n\n", between=b": still there\n\nid: 7\nevent: x\n\n"
        )
    ),
    "blocks of 4 kB": Case(ResponseForm(block=4096), POLLED),
    "whole": Case(ResponseForm(block=0), POLLED),
    "whole, with its length": Case(ResponseForm("length"), POLLED),
    "chunk extensions and trailers": Case(
        ResponseForm(extension=b';name="value"', trailer=b"X-Checksum: 1\r\n")
    ),
    "100 before the answer": Case(ResponseForm(before=b"HTTP/1.1 100 Continue\r\n\r\n")),
    "each message twice": Case(ResponseForm(messages=doubled), steps=False),
    "messages out of order": Case(ResponseForm(messages=swapped), steps=False),
    "websocket in fragments": Case(ResponseForm(pieces=3)),
}


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", CASES)
def test_each_job_ends_once_behind_a_gateway(
    server_pool: ServerPool, version: str, name: str
) -> None:
    """Behind a gateway, a job has the right values or none, and no function runs twice."""
    case, server = CASES[name], server_pool.get(version)
    texts = [f"ü\u2028{number} {uuid.uuid4().hex}" for number in range(JOBS)]
    never = version in case.never
    limit = LIMIT if never else BOUND
    before = server.control.executions()
    with Gateway(server.url, case.form) as gateway, Client(gateway.url) as app:
        jobs = [app.submit("/echo", [text], timeout=limit) for text in texts]
        steps = app.submit("/tokens", [5], timeout=limit)
        concurrent.futures.wait([*jobs, steps], limit + LATE)
        errors = [job.exception(0) for job in [*jobs, steps]]
        if never:
            assert all(isinstance(error, JobTimeoutError) for error in errors), errors
        else:
            assert errors == [None] * (JOBS + 1)
            assert [job.result()[0] for job in jobs] == texts
            last = " ".join(f"tok{n}" for n in range(5))
            assert steps.result()[0] == last
            if case.steps:
                values = [data[0] for data in steps]
                assert values[:5] == [" ".join(f"tok{n}" for n in range(k)) for k in range(1, 6)]
            made = app.predict("/make_file", [100_000], timeout=BOUND)[0]
            assert len(made.read(timeout=BOUND)) == 100_000
            assert app.predict("/file", [b"sent"], timeout=BOUND)[0].read() == b"sent"
    ran = server.control.executions()
    assert ran.get("echo", 0) - before.get("echo", 0) == (0 if never else JOBS)
