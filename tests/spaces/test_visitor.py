"""The mark of a Gradio app's visitor is sent with calls for this visitor only."""

from __future__ import annotations

import contextlib
import contextvars
import os
import subprocess
import sys
import types
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests

import gradio_client_sync as package
from gradio_client_sync import Client
from gradio_client_sync._spaces.visitor import HEADER, visitor_headers
from tests.conftest import SERVERS
from tests.support.hub.hub import LocalHub, proxy_of
from tests.support.hub.space_proxy import SpaceProxy
from tests.support.listeners import BOUND
from tests.support.servers.environments import prepare
from tests.support.servers.server import Server

pytestmark = pytest.mark.gradio

FRONT = Path(__file__).parents[1] / "support" / "hub" / "front.py"
FIVE = (5, "5", "5.0")


@pytest.fixture
def visitor(monkeypatch: pytest.MonkeyPatch) -> contextvars.ContextVar[Any]:
    """Return the request that Gradio handles, in the form that Gradio keeps it."""
    request: contextvars.ContextVar[Any] = contextvars.ContextVar("request", default=None)
    context = types.ModuleType("gradio.context")
    context.LocalContext = type("LocalContext", (), {"request": request})  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "gradio.context", context)
    return request


def test_visitor_mark_is_sent_with_their_call_only(
    hub: LocalHub, server: Server, visitor: contextvars.ContextVar[Any]
) -> None:
    """The mark that is read when a call is made is sent with it, and not with the next one."""
    space = hub.add("alice/gpu", app=server.url)
    with Client("alice/gpu") as app:
        for mark in ("one", None, "two", None):
            headers = {} if mark is None else {HEADER: mark}
            reset = visitor.set(types.SimpleNamespace(headers=headers))
            app.predict("/add", [2, 3])
            app.predict("/direct", ["a"])
            visitor.reset(reset)
        app.predict("/add", [2, 3])
    seen = proxy_of(space).seen
    # Before 4.9 the data is posted by another request, which joins nothing.
    joins = [p.headers.get(HEADER) for p in proxy_of(space).requests_to("/queue/join")]
    direct = [p.headers.get(HEADER) for p in proxy_of(space).requests_to("/run/")]
    assert joins == ["one", None, "two", None, None]
    assert direct == ["one", None, "two", None]
    assert sum(HEADER in request.headers for request in seen) == 4


def test_visitor_mark_is_sent_to_spaces_only(
    newest: Server, visitor: contextvars.ContextVar[Any]
) -> None:
    """Apps that are not Spaces get no mark."""
    plain = SpaceProxy(newest.url, lambda request: None)
    try:
        with Client(plain.url) as app:
            visitor.set(types.SimpleNamespace(headers={HEADER: "one"}))
            app.predict("/add", [2, 3])
    finally:
        plain.close()
    assert all(HEADER not in request.headers for request in plain.seen)


@pytest.mark.parametrize(
    "request_",
    [
        None,
        types.SimpleNamespace(headers=None),
        types.SimpleNamespace(headers={}),
        types.SimpleNamespace(headers={HEADER: 3}),
        types.SimpleNamespace(headers=types.SimpleNamespace()),
        object(),
    ],
)
def test_visitor_mark_is_missing_without_a_visitor(
    visitor: contextvars.ContextVar[Any], request_: Any
) -> None:
    """Without a request, or without a mark in it, no mark is sent."""
    visitor.set(request_)
    assert visitor_headers() == {}


def test_visitor_without_gradio_is_no_visitor() -> None:
    """Without Gradio, nothing is imported to find a visitor."""
    assert "gradio" not in sys.modules
    assert visitor_headers() == {}
    assert "gradio" not in sys.modules


#: The newest release for each way in which Gradio accepts the settings of its queue.
FRONTS = [v for v in SERVERS if v >= "4"]
FRONTS = list({version.partition(".")[0]: version for version in FRONTS}.values())


@contextlib.contextmanager
def front(version: str, hub: LocalHub, space: str) -> Iterator[str]:
    """Yield the URL of a real Gradio app that calls a Space for its visitors."""
    folders = {str(Path(module.__file__ or "").parents[1]) for module in (package, requests)}
    environment = {n: v for n, v in os.environ.items() if n not in ("PYTHONPATH", "HF_TOKEN")}
    with subprocess.Popen(
        [prepare(version), "-I", FRONT, *folders, space],
        env={**environment, "HF_ENDPOINT": hub.url},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.communicate(timeout=BOUND)


@pytest.mark.parametrize("version", FRONTS)
def test_visitor_of_a_real_app_is_passed_on(hub: LocalHub, newest: Server, version: str) -> None:
    """In all kinds of functions of an app, calls of a Space carry the right visitor's mark."""
    space = hub.add("alice/gpu", app=newest.url)
    calls = {"ask": 1, "submit": 1, "wait": 1, "thread": 1, "stream": 2, "stream_async": 2}
    with front(version, hub, "alice/gpu") as url:
        for name, times in calls.items():
            joined = len(proxy_of(space).requests_to("/queue/join"))
            for mark in ("one", None, "two", "one"):
                headers = {} if mark is None else {HEADER: mark}
                with Client(url, headers=headers) as visitor:
                    assert visitor.predict(f"/{name}", [2, 3])[0] in FIVE
                joins = proxy_of(space).requests_to("/queue/join")[joined:]
                assert [p.headers.get(HEADER) for p in joins] == [mark] * times, name
                joined += times
        proxy_of(space).seen.clear()
        marks = [f"visitor {number}" for number in range(8)]
        with contextlib.ExitStack() as stack, ThreadPoolExecutor(len(marks)) as pool:
            visitors = [stack.enter_context(Client(url, headers={HEADER: mark})) for mark in marks]
            for answer in pool.map(lambda visitor: visitor.predict("/ask", [2, 3])[0], visitors):
                assert answer in FIVE
    joins = proxy_of(space).requests_to("/queue/join")
    assert sorted(str(request.headers.get(HEADER)) for request in joins) == marks
    others = [request for request in proxy_of(space).seen if "/queue/join" not in request.path]
    assert all(HEADER not in request.headers for request in others)
