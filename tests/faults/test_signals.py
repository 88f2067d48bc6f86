"""Signals that arrive in the main thread during a call, at every point where Python handles one."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from concurrent.futures import CancelledError
from pathlib import Path
from types import FrameType
from typing import Any, Callable

import pytest

import gradio_client_sync
from gradio_client_sync import Client, GradioClientError, JobTimeoutError
from tests.support.listeners import BOUND
from tests.support.scripted import (
    CLOSE,
    IncomingRequest,
    ScriptedApp,
    completed,
    config_of,
    dependency,
)

PACKAGE = str(Path(gradio_client_sync.__file__).parent)
ENDPOINTS = ["/queued", "/direct"]


class SignalAt:
    """Call a handler at the nth point of the package in this thread; a context manager.

    The points are where functions begin, and where C functions return. There the interpreter
    handles signals, but not between taking a lock and entering the block that it guards.

    Attributes:
        called: Whether the handler was called.
    """

    def __init__(self, number: int, handler: Callable[[], object]) -> None:
        self._left = number
        self._handler = handler
        self.called = False

    def _count(self, frame: FrameType, event: str, _: object) -> None:
        if event in ("call", "c_return") and frame.f_code.co_filename.startswith(PACKAGE):
            self._left -= 1
            if self._left == 0:
                sys.setprofile(None)
                self.called = True
                self._handler()

    def __enter__(self) -> SignalAt:
        sys.setprofile(self._count)
        return self

    def __exit__(self, *_: object) -> None:
        sys.setprofile(None)


def interrupt() -> None:
    raise KeyboardInterrupt


@pytest.fixture
def server() -> Iterator[ScriptedApp]:
    answer = {"data": ["x"]}

    def data(x: IncomingRequest) -> None:
        x.start_stream()
        x.send(completed("e1", "x"), CLOSE)
        x.end_stream()

    config = config_of(dependency(0, "queued"), dependency(1, "direct", queue=False))
    with ScriptedApp(config) as app:
        app.scripts["POST /queue/join"] = lambda x: x.answer({"event_id": "e1"})
        app.scripts["GET /queue/data"] = data
        app.scripts["POST /run/direct"] = lambda x: x.answer(answer)
        yield app


@pytest.fixture(autouse=True)
def no_handlers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ignore the signal handler of pytest-timeout, for which each call would make a job."""
    monkeypatch.setattr("gradio_client_sync._calls.unqueued.getsignal", {}.get)


# The collector closes a socket that was just being made or accepted.
@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_ctrl_c_anywhere_in_a_call_frees_the_slot(server: ScriptedApp, endpoint: str) -> None:
    """With ``max_workers=1``, Ctrl-C anywhere in a call leaves the slot free for the next call."""
    number, called = 0, True
    with Client(server.url, max_workers=1) as app:
        while called:
            number += 1
            try:
                with SignalAt(number, interrupt) as point:
                    app.predict(endpoint, ["x"])
            except KeyboardInterrupt:
                pass
            called = point.called
            assert app.predict(endpoint, ["x"], timeout=BOUND)[0] == "x", number
    assert number > 50


@pytest.mark.parametrize("endpoint", ENDPOINTS)
@pytest.mark.parametrize("method", ["predict", "submit"])
def test_handler_may_close_the_client_anywhere_in_a_call(
    server: ScriptedApp, endpoint: str, method: str
) -> None:
    """A handler may call close() anywhere in a call: the call ends, and nothing deadlocks."""
    number, called = 0, True
    while called:
        number += 1
        with Client(server.url) as app:
            app.predict(endpoint, ["x"])
            result: Any = None
            try:
                with SignalAt(number, app.close) as point:
                    result = getattr(app, method)(endpoint, ["x"])
                if method == "submit":
                    result = result.result(BOUND)
            except JobTimeoutError:  # nothing ended the call
                raise
            except (GradioClientError, CancelledError):
                assert point.called
            else:
                assert result[0] == "x"
            called = point.called
    assert number > 30
