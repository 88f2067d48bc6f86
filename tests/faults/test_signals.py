"""Signals that strike the main thread within a call, at every place where Python hears of one."""

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


class Strike:
    """Does something at the nth place of the package that this thread comes by; a context manager.

    Places are where functions begin and where those in C return: there the interpreter looks for
    signals, and not between taking a lock and what it guards.

    Attributes:
        struck: That place was come by.
    """

    def __init__(self, number: int, handler: Callable[[], object]) -> None:
        self._left = number
        self._handler = handler
        self.struck = False

    def _look(self, frame: FrameType, event: str, _: object) -> None:
        if event in ("call", "c_return") and frame.f_code.co_filename.startswith(PACKAGE):
            self._left -= 1
            if self._left == 0:
                sys.setprofile(None)
                self.struck = True
                self._handler()

    def __enter__(self) -> Strike:
        sys.setprofile(self._look)
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
    """The alarm that ends tests which hang would have a job made for each call."""
    monkeypatch.setattr(
        "gradio_client_sync._connection.connection.handlers_may_raise", lambda: False
    )


# A socket that was just being made, or taken, is closed by the collector.
@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_ctrl_c_anywhere_in_a_call_costs_no_place(server: ScriptedApp, endpoint: str) -> None:
    """Of the one job that there may be at a time; the next call finds it free."""
    number, struck = 0, True
    with Client(server.url, max_workers=1) as app:
        while struck:
            number += 1
            try:
                with Strike(number, interrupt) as strike:
                    app.predict(endpoint, ["x"])
            except KeyboardInterrupt:
                pass
            struck = strike.struck
            assert app.predict(endpoint, ["x"], timeout=BOUND)[0] == "x", number
    assert number > 50


@pytest.mark.parametrize("endpoint", ENDPOINTS)
@pytest.mark.parametrize("method", ["predict", "submit"])
def test_handler_may_close_the_client_anywhere_in_a_call(
    server: ScriptedApp, endpoint: str, method: str
) -> None:
    """The call ends by that, and nothing waits for itself."""
    number, struck = 0, True
    while struck:
        number += 1
        with Client(server.url) as app:
            app.predict(endpoint, ["x"])
            result: Any = None
            try:
                with Strike(number, app.close) as strike:
                    result = getattr(app, method)(endpoint, ["x"])
                if method == "submit":
                    result = result.result(BOUND)
            except JobTimeoutError:  # nobody ended it
                raise
            except (GradioClientError, CancelledError):
                assert strike.struck
            else:
                assert result[0] == "x"
            struck = strike.struck
    assert number > 30
