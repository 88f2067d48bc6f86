"""`FakeApp`, called by our own client with every protocol."""

from __future__ import annotations

import concurrent.futures
import dataclasses
import datetime
import itertools
import json
import queue
import threading
import urllib.request
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
import pytest
import requests

from gradio_client_sync import (
    AppError,
    AuthenticationError,
    Client,
    EndpointNotFoundError,
    Log,
    QueueFullError,
    Status,
)
from gradio_client_sync.testing import FakeApp, State

PROTOCOLS = ("ws", "sse", "sse_v1", "sse_v2", "sse_v2.1", "sse_v3")
SEVERAL_6 = ("4.44.1", "5.50.0")


@pytest.fixture(params=PROTOCOLS)
def fake(request: pytest.FixtureRequest) -> Iterator[FakeApp]:
    with FakeApp(protocol=request.param) as app:
        yield app


@pytest.fixture
def app(fake: FakeApp) -> Iterator[Client]:
    with Client(fake.url) as client:
        yield client


def test_fake_app_signature_becomes_the_endpoint(fake: FakeApp) -> None:
    """Parameters, defaults, choices and returns come from the function's signature."""

    @fake.endpoint("/paint")
    def paint(text: str, size: int = 3, color: Literal["red", "blue"] = "red") -> tuple[str, int]:
        """Paint a text."""
        return f"{text} in {color}", size

    with Client(fake.url) as app:
        result = app.predict("/paint", ["x"])
        assert list(result) == ["x in red", 3]
        assert fake.calls[-1].payload == {"text": "x", "size": 3, "color": "red"}
        assert app.predict("/paint", {"text": "y", "color": "blue"})[0] == "y in blue"
        described = app.view_api()["named_endpoints"]["/paint"]
        assert [p["parameter_name"] for p in described["parameters"]] == ["text", "size", "color"]
        assert [p["parameter_has_default"] for p in described["parameters"]] == [False, True, True]
        assert described["parameters"][2]["python_type"]["type"] == "Literal['red', 'blue']"
        with pytest.raises(AppError, match="not in the list of choices"):
            app.predict("/paint", ["x", 3, "green"])


class Answer(NamedTuple):
    label: str
    score: float


def test_fake_app_generator_streams(fake: FakeApp) -> None:
    """A generator's values arrive complete, in order; edits have the form of the protocol."""
    values = [{"a": [1, 2, 3], "s": "x"}, {"a": [1], "s": "xy", "n": None}, {"a": [2, [3]]}]

    @fake.endpoint("/grow")
    def grow(n: int) -> Iterator[tuple[Any, str]]:
        for index in range(n):
            yield values[index], "tok " * index

    @fake.endpoint("/none")
    def none() -> Iterator[str]:
        yield from ()

    with Client(fake.url) as app:
        job = app.submit("/grow", [3])
        seen = [list(data) for data in job]
        assert seen[:3] == [[value, "tok " * i] for i, value in enumerate(values)]
        assert list(job.result()) == [values[2], "tok tok "]
        assert app.predict("/none")[0] is None


def test_fake_app_named_tuple_names_outputs() -> None:
    """The fields of a `NamedTuple` are the outputs' labels; a plain function is its own name."""
    with FakeApp() as fake:

        @fake.endpoint
        def judge(text: str) -> Answer:
            return Answer(text, 0.5)

        with Client(fake.url) as app:
            returns = app.view_api()["named_endpoints"]["/judge"]["returns"]
            assert [value["label"] for value in returns] == ["label", "score"]
            assert list(app.predict("/judge", ["cat"])) == ["cat", 0.5]


def test_fake_app_files_go_in_and_out(fake: FakeApp, tmp_path: Path) -> None:
    """A function gets the path of an uploaded file, and returns paths or bytes."""

    @fake.endpoint("/copy")
    def copy(document: Path, more: list[Path]) -> tuple[Path, list[Path]]:
        return document, more

    @fake.endpoint("/draw", components={"photo": "image", "return": "image"})
    def draw(photo: Path) -> bytes:
        return photo.read_bytes() + b"!"

    @fake.endpoint("/film", components={"return": "video"})
    def film() -> bytes:
        return b"film"

    source = tmp_path / "größe #1.txt"
    source.write_bytes(b"content")
    with Client(fake.url, download_dir=tmp_path / "down") as app:
        one, several = app.predict("/copy", [source, [b"a", b"b"]])
        assert Path(one).read_bytes() == b"content"
        assert [Path(file).read_bytes() for file in several] == [b"a", b"b"]
        given = fake.calls[-1].payload["document"]
        assert isinstance(given, Path) and given.read_bytes() == b"content"
        picture = app.predict("/draw", [source])[0]
        assert Path(picture).read_bytes() == b"content!"
        film = app.predict("/film")[0]
        film = film["video"] if isinstance(film, dict) else film
        assert Path(film[0] if isinstance(film, list) else film).read_bytes() == b"film"


def test_fake_app_state_stays_in_the_session(fake: FakeApp) -> None:
    """State is kept for each session; callers neither pass nor receive it."""

    @fake.endpoint("/tally")
    def tally(step: int, seen: State[int] = 0) -> tuple[State[int], int]:
        return seen + step, seen + step

    with Client(fake.url) as one, Client(fake.url) as two:
        assert [one.predict("/tally", [2])[0] for _ in range(3)] == [2, 4, 6]
        assert list(two.predict("/tally", [5])) == [5]


def test_fake_app_errors_logs_and_progress(fake: FakeApp) -> None:
    """A function fails, logs and reports its progress like one of Gradio."""

    @fake.endpoint("/work")
    def work(text: str) -> str:
        fake.progress((1, 4), "first")
        fake.log(text, "warning")
        fake.error(text, title="Oops", duration=7)

    @fake.endpoint("/crash")
    def crash() -> str:
        raise LookupError("missing")

    with Client(fake.url) as app:
        events: list[Any] = []
        job = app.submit("/work", ["boom"]).on("log", events.append).on("status", events.append)
        with pytest.raises(AppError, match="boom") as caught:
            job.result()
        newest = fake.calls[-1]
        assert caught.value.message == "boom"
        assert caught.value.title == ("Oops" if app.config["version"] >= "5" else "Error")
        assert [e.log for e in events if isinstance(e, Log)] == ["boom"]
        steps = [e.progress_data[0] for e in events if isinstance(e, Status) and e.progress_data]
        assert (steps[0].index, steps[0].length, steps[0].desc) == (1, 4, "first")
        assert newest.error is not None and newest.outputs == []
        with pytest.raises(AppError, match="missing"):
            app.predict("/crash")


def test_fake_app_direct_batch_and_unnamed(fake: FakeApp) -> None:
    """Functions that skip the queue, batch functions, and functions that only have a number."""

    @fake.endpoint("/direct", queue=False)
    def direct(text: str) -> str:
        return text[::-1]

    @fake.endpoint("/batch", batch=True)
    def batch(texts: list[str], n: list[float]) -> tuple[list[str], list[float]]:
        return [text.upper() for text in texts], n

    @fake.endpoint()
    def unnamed(text: str) -> str:
        return f"unnamed {text}"

    @fake.endpoint("/secret", visibility="private")
    def secret(text: str) -> str:
        return text

    with Client(fake.url) as app:
        assert app.predict("/direct", ["abc"])[0] == "cba"
        assert list(app.predict("/batch", ["abc", 2])) == ["ABC", 2]
        assert app.predict(2, ["x"])[0] == "unnamed x"
        assert fake.calls[-1].endpoint == 2
        with pytest.raises(EndpointNotFoundError):
            app.predict("/secret", ["x"])
        assert "/secret" not in str(app.view_api())


@pytest.mark.parametrize("version", ["3.16.2", "3.50.2", "4.12.0", "6.31.0"])
def test_fake_app_asks_for_a_login(version: str) -> None:
    """Without the right user and password, nothing can be called."""
    with FakeApp(version=version, auth=("me", "secret-word")) as fake:

        @fake.endpoint("/echo")
        def echo(text: str) -> str:
            return text

        with pytest.raises(AuthenticationError):
            Client(fake.url)
        with pytest.raises(AuthenticationError):
            Client(fake.url, auth=("me", "wrong-word"))
        with Client(fake.url, auth=("me", "secret-word")) as app:
            assert app.predict("/echo", ["hi"])[0] == "hi"


@pytest.mark.parametrize("version", SEVERAL_6)
def test_fake_app_is_any_release(version: str) -> None:
    """A release within a protocol can be chosen; its routes and fields are those of the release."""
    with FakeApp(version=version) as fake:

        @fake.endpoint("/count")
        def count(n: int) -> Iterator[dict[str, Any]]:
            for index in range(n):
                yield {"a": list(range(n - index))}

        with Client(fake.url) as app:
            assert app.config["version"] == version
            assert next(data[0] for data in app.submit("/count", [2])) == {"a": [0, 1]}
            assert app.predict("/count", [3])[0] == {"a": [0]}


def test_fake_app_cancel_stops_a_generator(fake: FakeApp) -> None:
    """A cancelled job raises `CancelledError`, and the app's generator is closed."""
    closed = threading.Event()

    @fake.endpoint("/endless")
    def endless() -> Iterator[str]:
        try:
            for index in itertools.count():
                yield str(index)
        finally:
            closed.set()

    with Client(fake.url) as app:
        job = app.submit("/endless")
        next(iter(job))
        job.cancel()
        with pytest.raises(concurrent.futures.CancelledError):
            job.result()
        assert closed.wait(10)
        assert fake.calls[-1].cancelled


def test_fake_app_queue_is_limited() -> None:
    """With `max_size`, further jobs are refused; positions are those of the queue."""
    with FakeApp(max_size=1) as fake:

        @fake.endpoint("/slow", concurrency=1)
        def slow(n: int) -> int:
            return n

        gate = fake.hold("/slow")
        with Client(fake.url) as app:
            first = app.submit("/slow", [1])
            gate.wait_until_reached()
            second = app.submit("/slow", [2])
            queued: queue.SimpleQueue[Status] = queue.SimpleQueue()
            second.on("status", lambda s: queued.put(s) if s.position is not None else None)
            assert queued.get(timeout=10).position == 0
            with pytest.raises(QueueFullError):
                app.predict("/slow", [3])
            gate.open()
            assert [first.result()[0], second.result()[0]] == [1, 2]


def test_fake_app_simple_api_and_page() -> None:
    """``/call`` and the page with the config work as for ``curl`` and a browser."""
    with FakeApp() as fake:

        @fake.endpoint("/grow")
        def grow(n: int) -> Iterator[str]:
            for index in range(1, n + 1):
                yield "x" * index

        base = f"{fake.url}/gradio_api/call/grow"
        body = json.dumps({"data": [2]}).encode()
        posted = urllib.request.urlopen(urllib.request.Request(base, body), timeout=10)
        event_id = json.load(posted)["event_id"]
        text = urllib.request.urlopen(f"{base}/{event_id}", timeout=10).read().decode()
        assert text == (
            'event: generating\ndata: ["x"]\n\nevent: generating\ndata: ["xx"]\n\n'
            'event: complete\ndata: ["xx"]\n\n'
        )
        page = urllib.request.urlopen(fake.url, timeout=10).read()
        assert b"window.gradio_config" in page


def test_fake_app_restart_forgets() -> None:
    """After a restart, sessions and state are new, and clients continue."""
    with FakeApp() as fake:

        @fake.endpoint("/tally")
        def tally(seen: State[int] = 0) -> tuple[int, State[int]]:
            return seen + 1, seen + 1

        with Client(fake.url) as app:
            assert [app.predict("/tally")[0] for _ in range(2)] == [1, 2]
            fake.restart()
            assert app.predict("/tally")[0] == 1


def test_fake_app_refuses_mistakes_of_the_test() -> None:
    """A wrong protocol, endpoint or signature is an error where the test makes it."""
    with pytest.raises(ValueError, match="speaks 'ws'"):
        FakeApp(protocol="sse_v3", version="3.50.2")
    with pytest.raises(ValueError, match="not one of"):
        FakeApp(protocol="sse_v9")
    with FakeApp() as fake:
        with pytest.raises(TypeError, match="takes \\*values"):

            @fake.endpoint("/x")
            def many(*values: str) -> str:
                return ""

        with pytest.raises(ValueError, match="no endpoint '/nope'"):
            fake.fail("/nope", 502)
        with pytest.raises(RuntimeError, match="inside of a function"):
            fake.log("x")


def test_fake_app_asynchronous_functions() -> None:
    """Functions and generators with ``async`` run, too."""
    with FakeApp() as fake:

        @fake.endpoint
        async def add(a: float, b: float) -> float:
            return a + b

        @fake.endpoint
        async def count(n: int) -> AsyncIterator[int]:
            for index in range(n):
                yield index

        with Client(fake.url) as app:
            assert app.predict("/add", [1, 2])[0] == 3
            assert [data[0] for data in app.submit("/count", [2])][:2] == [0, 1]


def test_fake_app_converts_values_as_gradio_does() -> None:
    """Dates, sets, NumPy and dataclasses become JSON; values without a JSON form are errors."""

    @dataclasses.dataclass
    class Point:
        x: int
        y: float

    with FakeApp() as fake:

        @fake.endpoint("/several")
        def several() -> tuple[Any, Any, Any, Any]:
            return Point(1, float("nan")), datetime.date(2020, 1, 2), {"a": {3}}, np.arange(3)

        @fake.endpoint("/nothing")
        def nothing() -> Any:
            return object()

        @fake.endpoint("/direct", queue=False)
        def direct() -> Any:
            return {"key": [object()]}

        @fake.endpoint("/size")
        def size(content: bytes) -> int:
            return len(content)

        with Client(fake.url) as app:
            values = app.predict("/several")
            assert values == [{"x": 1, "y": None}, "2020-01-02", {"a": [3]}, [0, 1, 2]]
            for name in ("/nothing", "/direct"):
                with pytest.raises(AppError, match="returned object for 'output'"):
                    app.predict(name)
            assert app.predict("/size", [b"four"])[0] == 4


def test_fake_app_serves_pages_of_other_origins() -> None:
    """A browser lets a page of another origin send headers and cookies, and read parts of files."""
    origin = {"Origin": "http://127.0.0.1:1"}
    with FakeApp() as fake:
        asks = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "x-own"}
        allowed = requests.options(f"{fake.url}/config", headers={**origin, **asks}).headers
        path = requests.post(
            f"{fake.url}/gradio_api/upload", files={"files": ("a.txt", b"hello")}, headers=origin
        ).json()[0]
        part = requests.get(
            f"{fake.url}/gradio_api/file={path}", headers={**origin, "Range": "bytes=1-2"}
        )
    assert allowed["Access-Control-Allow-Origin"] == origin["Origin"]
    assert allowed["Access-Control-Allow-Credentials"] == "true"
    assert allowed["Access-Control-Allow-Headers"] == "x-own"
    assert allowed["Access-Control-Allow-Methods"] == "POST"
    assert (part.status_code, part.text) == (206, "el")
    assert part.headers["Content-Range"] == "bytes 1-2/5"
    assert "Content-Range" in part.headers["Access-Control-Expose-Headers"]


def test_fake_app_knows_types_that_are_defined_in_a_test() -> None:
    """Annotations are text here; one that cannot be evaluated does not affect the others."""
    Size = Literal["small", "large"]  # noqa: N806 - a type

    class Made(NamedTuple):
        size: str
        count: int

    with FakeApp() as fake:

        @fake.endpoint
        def make(size: Size, count: int, other: Unknown = None) -> Made:  # type: ignore[name-defined]  # noqa: F821
            return Made(size, count)

        with Client(fake.url) as app:
            described = app.view_api()["named_endpoints"]["/make"]
            assert [p["component"] for p in described["parameters"]] == [
                "Dropdown",
                "Number",
                "JSON",
            ]
            assert [p["label"] for p in described["returns"]] == ["size", "count"]
            assert app.predict("/make", ["large", 2]) == ["large", 2]
