"""Mistakes in a test that uses a `FakeApp`: the line with the mistake raises an error."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Callable

import pytest

from gradio_client_sync import Client
from gradio_client_sync.testing import FakeApp

pytestmark = pytest.mark.once


class OddError(Exception):
    def __init__(self, one: str, two: str) -> None:
        super().__init__(one, two)


def echo(text: str, count: int = 1) -> str:
    return text * count


def pair(text: str, count: int = 1) -> tuple[str, int]:
    return text, count


def fails(text: object = object()) -> str:
    return ""


@pytest.fixture
def fake() -> Iterator[FakeApp]:
    with FakeApp() as app:
        app.endpoint(echo)
        yield app


MISTAKES: list[tuple[Callable[[FakeApp], Any], str]] = [
    (lambda f: f.fail("/echo", 502, times=0), "times=0 affects no call"),
    (lambda f: f.fail(-1, 502), "no endpoint -1"),
    (lambda f: f.fail("/echo", OddError), r"OddError\(message\) fails: "),
    (lambda f: f.fail("/echo", 502, when="running"), "Use when='join' or 'queued' or 'download'"),
    (lambda f: f.hold("/echo", when="runing"), "when='runing' is not one of"),  # type: ignore[arg-type]
    (lambda f: f.hold("/echo", position=3), "a position and an ETA when='queued'"),
    (lambda f: f.hold("/echo", times=-1), "times=-1 affects no call"),
    (
        lambda f: f.endpoint("/x", components={"txt": "image"})(echo),
        "has 'txt', but the function has no",
    ),
    (lambda f: f.endpoint("/x", components={"text": {"lines": 2}})(echo), "needs a 'type'"),
    (
        lambda f: f.endpoint("/x", visibility="secret"),
        "is not one of public, undocumented",
    ),  # type: ignore[call-overload]
    (lambda f: f.endpoint("/x", concurrency=0), "concurrency=0 lets no call run"),
    (lambda f: f.endpoint("/x")(fails), "has the default object for 'text', which has no form"),
    (lambda f: f.endpoint(functools.partial(echo)), "has no name. Use endpoint"),
    (lambda f: f.endpoint(3), "name of an endpoint is text, not 3"),  # type: ignore[call-overload]
    (lambda f: f.endpoint("/echo")(fails), "has the parameters \\(text, count\\)"),
    (lambda f: f.endpoint("/echo")(pair), "has 1 outputs, and this function returns 2"),
    (lambda f: f.endpoint("/echo", queue=False)(echo), "can be replaced, but not its options"),
    (lambda f: FakeApp(version="latest"), "'latest' is not a Gradio release"),
    (lambda f: FakeApp(version="2.9.4"), "'2.9.4' is not a Gradio release"),
    (lambda f: FakeApp(auth="me:pw"), "a tuple of a user name and a password"),  # type: ignore[arg-type]
]


@pytest.mark.parametrize(("mistake", "text"), MISTAKES, ids=[text for _, text in MISTAKES])
def test_mistakes_are_errors_where_they_are_made(
    fake: FakeApp, mistake: Callable[[FakeApp], Any], text: str
) -> None:
    """The error names the mistake, and the app continues without the call."""
    with pytest.raises((TypeError, ValueError), match=text):
        mistake(fake)
    with Client(fake.url) as app:
        assert app.predict("/echo", ["x"])[0] == "x"


def test_any_signature_can_be_an_endpoint(fake: FakeApp, tmp_path: Path) -> None:
    """Positional and keyword-only parameters, no annotations, and defaults that become JSON."""
    source = tmp_path / "default.txt"
    source.write_text("content")

    @fake.endpoint
    def kinds(a, /, b={3}, *, c: Path = source):  # type: ignore[no-untyped-def]  # noqa: B006
        return f"{a} {b} {c.read_text()}"

    fake.endpoint("/bound")(functools.partial(echo, count=2))
    with Client(fake.url) as app:
        assert app.predict("/kinds", ["x"])[0] == "x [3] content"
        assert app.predict("/kinds", {"a": "y", "b": None})[0] == "y None content"
        assert app.predict("/bound", ["x"])[0] == "xx"
