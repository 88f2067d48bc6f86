"""`record` and `replay`: the same code gets the same results offline."""

from __future__ import annotations

import concurrent.futures
import itertools
import json
import pickle
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from gradio_client_sync import (
    AppError,
    Client,
    GradioClientError,
    Job,
    QueueFullError,
    Status,
    cli,
    compat,
)
from gradio_client_sync.testing import FakeApp, ReplayError, record, replay
from gradio_client_sync.testing.plans import When
from tests.support.servers.server import Server

SECRET = "very-secret-token"
PROTOCOLS = ("ws", "sse", "sse_v1", "sse_v2", "sse_v3")


def story(url: str, source: Path, folder: Path) -> list[Any]:
    """Use every part of the public API, and return the results."""
    out: list[Any] = []
    with Client(url, headers={"Authorization": f"Bearer {SECRET}"}, download_dir=folder) as app:
        out.append(app.predict("/add", [1, 2])[0])
        out.append(app.function("/add")(a=1, b=2))
        stages: list[str] = []
        job = app.submit("/count", {"n": 3})
        job.on("status", lambda status: stages.append(status.stage))
        out += [[data[0] for data in job], job.result()[0], stages[-1]]
        out.append(Path(app.predict("/copy", [source])[0]).read_text())
        out.append(app.predict("/direct", ["abc"])[0])
        for name, error in (("/fail", AppError), ("/full", QueueFullError)):
            with pytest.raises(error) as caught:
                app.predict(name)
            out.append(str(caught.value))
        out.append(_cancelled(app.submit("/endless")))
        jobs = [app.submit("/add", [n, n]) for n in range(4)]
        out.append([job.result()[0] for job in jobs])
        out.append(app.url)
    return out


def _cancelled(job: Job) -> str:
    for data in job:
        if data[0] == "2":
            job.cancel()
            break
    with pytest.raises(concurrent.futures.CancelledError):
        job.result()
    return "cancelled"


def fill(fake: FakeApp) -> None:
    @fake.endpoint("/add")
    def add(a: float, b: float = 1) -> float:
        return a + b

    @fake.endpoint("/count")
    def count(n: int) -> Iterator[str]:
        for index in range(n):
            yield "tok " * index

    @fake.endpoint("/copy")
    def copy(document: Path) -> Path:
        return document

    @fake.endpoint("/direct", queue=False)
    def direct(text: str) -> str:
        return text[::-1]

    @fake.endpoint("/fail")
    def fail() -> str:
        fake.error("boom")

    @fake.endpoint("/full")
    def full() -> str:
        return ""

    @fake.endpoint("/endless")
    def endless() -> Iterator[str]:
        for index in itertools.count():
            yield str(index)

    fake.fail("/full", QueueFullError)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_replay_gives_what_was_recorded(protocol: str, tmp_path: Path) -> None:
    """With every protocol, the same code runs offline, and no secret is in the recording."""
    path, source = tmp_path / "tapes" / "story.jsonl", tmp_path / "in.txt"
    source.write_text("hello")
    with FakeApp(protocol=protocol) as fake:
        fill(fake)
        url = fake.url
        with record(path):
            recorded = story(url, source, tmp_path / "one")
    assert SECRET not in path.read_text()
    with replay(path):
        assert story(url, source, tmp_path / "two") == recorded
        with Client(url) as app:
            with pytest.raises(ReplayError, match=r"nearest is call 1, .*\[1\]: 7, but 2 was rec"):
                app.predict("/add", [1, 7])
            with pytest.raises(ReplayError, match="more often than the 1 times"):
                app.predict("/add", [3, 3])


@pytest.mark.parametrize("protocol", ["ws", "sse_v3"])
def test_replay_for_all_interfaces(
    protocol: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`map`, `compat`, the command line, and calls of several threads are replayed."""
    path, source = tmp_path / "interfaces.jsonl", tmp_path / "in.txt"
    source.write_text("hello")

    def run(url: str) -> list[Any]:
        with Client(url) as app:
            payloads = [{"a": n, "b": n} for n in range(5)]
            out = [[data[0] for data in app.map("/add", payloads)]]
            with concurrent.futures.ThreadPoolExecutor(4) as pool:
                out.append(list(pool.map(lambda n: app.predict("/add", [n, 9])[0], range(4))))
        with compat.Client(url, verbose=False) as old:
            job = old.submit(3, api_name="/count")
            out += [old.predict(2, b=3, api_name="/add"), job.result(), job.outputs()]
            file = old.predict(compat.handle_file(str(source)), api_name="/copy")
            out.append(Path(file).read_text())
        for command in (["predict", url, "/add", "2", "5"], ["stream", url, "/count", "2"]):
            out.append((cli.main(command), capsys.readouterr().out))
        return out

    with FakeApp(protocol=protocol) as fake:
        fill(fake)
        with record(path):
            recorded = run(fake.url)
        count = len(fake.calls)
        with replay(path):
            assert run(fake.url) == recorded
        assert len(fake.calls) == count
    assert recorded[:4] == [[0, 2, 4, 6, 8], [9, 10, 11, 12], 5, "tok tok "]


FAULTS: list[tuple[Any, When | None]] = [
    (QueueFullError, None),
    (502, "join"),
    ("disconnect", "join"),
    ("restart", "running"),
    (AppError("bad", title="Oops"), None),
    (404, "download"),
    ("disconnect", "download"),
]


@pytest.mark.parametrize("protocol", ["ws", "sse", "sse_v3"])
def test_replay_fails_as_what_was_recorded(protocol: str, tmp_path: Path) -> None:
    """A failure at any point of a call is replayed, and the same file can be sent again."""
    source = tmp_path / "in.txt"
    source.write_text("hello")

    def run(url: str, folder: Path) -> list[Any]:
        out: list[Any] = []
        with Client(url, retries=0, download_dir=folder) as app:
            for _ in range(2):
                try:
                    out.append(Path(app.predict("/copy", [source])[0]).read_text())
                except GradioClientError as exc:
                    out.append((type(exc), getattr(exc, "title", None)))
        return out

    for number, (fault, when) in enumerate(FAULTS):
        path = tmp_path / f"{number}.jsonl"
        with FakeApp(protocol=protocol) as fake:
            fill(fake)
            fake.fail("/copy", fault, when=when)
            url = fake.url
            with record(path):
                recorded = run(url, tmp_path / f"{number}a")
        assert recorded[1] == "hello"
        assert recorded[0] != "hello" or fault == "disconnect"
        with replay(path):
            assert run(url, tmp_path / f"{number}b") == recorded, fault


def server_component(app: Client) -> int:
    """Return the number of the component that has a function."""
    (number,) = (c["id"] for c in app.config["components"] if c["props"].get("server_fns"))
    return int(number)


@pytest.mark.parametrize("speed", [None, 50])
def test_replay_of_a_real_app(newest: Server, tmp_path: Path, speed: float | None) -> None:
    """The messages of a real Gradio app are replayed, also for the command line."""
    path = tmp_path / "real.jsonl"

    def run() -> list[Any]:
        with Client(newest.url) as app:
            values = [[list(data) for data in app.submit("/structure", [4])]]
            values.append([data[0] for data in app.submit("/tokens", [3])])
            values.append([app.predict("/counter")[0] for _ in range(2)])
            job = app.submit("/stream", ["0", 1])
            for n in "12":
                job.send_chunk([n, 1])
            job.close_stream()
            values.append([job.result()[0], *(data[0] for data in job.outputs)])
            values += [app.component_server(server_component(app), "describe", n) for n in "ab"]
            with pytest.raises(AppError) as caught:
                app.predict("/fail", ["bad"])
            return [*values, str(caught.value), caught.value.title, str(app.view_api())]

    with record(path):
        recorded = run()
        assert cli.main(["predict", newest.url, "/add", "2", "3"]) in (0, None)
    with replay(path, speed=speed):
        assert run() == recorded
        with Client(newest.url) as app, pytest.raises(ReplayError, match=r"of component .* 'c' is"):
            app.component_server(server_component(app), "describe", "c")
        assert cli.main(["predict", newest.url, "/add", "2", "3"]) in (0, None)
    with replay(path), Client(newest.url) as app:
        with pytest.raises(ReplayError, match=r"Input 1 of call \d+ .*\[0\]: '7', but '1' was"):
            app.submit("/stream", ["0", 1]).send_chunk(["7", 1])


def test_replay_scrubs_texts(tmp_path: Path) -> None:
    """A scrubber changes texts and names of files before they are written and compared."""
    path, source = tmp_path / "scrubbed.jsonl", tmp_path / "Ada.txt"
    source.write_text("content")

    def scrub(text: str) -> str:
        return text.replace("Ada", "NAME")

    def run(url: str) -> list[Any]:
        with Client(url, download_dir=tmp_path / "in") as app:
            file = app.predict("/copy", [source])[0]
            said = [
                app.predict("/greet", ["Ada"], event_data=data)[0] for data in ("Ada", {"index": 1})
            ]
            return [Path(file).read_text(), file.orig_name, *said]

    with FakeApp() as fake:
        fill(fake)

        @fake.endpoint("/greet")
        def greet(name: str) -> str:
            return f"Hello {name}, {fake.calls[-1].event_data}"

        with record(path, scrub=scrub):
            assert run(fake.url) == [
                "content",
                "Ada.txt",
                "Hello Ada, Ada",
                "Hello Ada, {'index': 1}",
            ]
        url = fake.url
    assert "Ada" not in path.read_text()
    assert "Ada" not in str(list((tmp_path / "scrubbed.files").iterdir()))
    with replay(path, scrub=scrub):
        assert run(url) == ["content", "NAME.txt", "Hello NAME, NAME", "Hello NAME, {'index': 1}"]
        with Client(url) as app, pytest.raises(ReplayError, match=r"differ in event_data: 2, but"):
            app.predict("/greet", ["Ada"], event_data=2)


def test_replay_finds_calls_whose_payload_has_a_secret(tmp_path: Path) -> None:
    """A header's secret in a payload is not written, and any value fits it in a replay."""
    path = tmp_path / "secret.jsonl"

    def run(url: str, more: str = "") -> Any:
        with Client(url, headers={"Authorization": f"Bearer {SECRET}"}) as app:
            return app.predict("/say", [f"it is {SECRET}{more}"])[0]

    with FakeApp() as fake:

        @fake.endpoint("/say")
        def say(text: str) -> str:
            return text

        @fake.endpoint("/other")
        def other() -> str:
            return ""

        url = fake.url
        with record(path):
            assert run(url) == f"it is {SECRET}"
    assert SECRET not in path.read_text()
    with replay(path):
        assert run(url) == "it is ***"
    with replay(path), Client(url) as app:
        with pytest.raises(ReplayError, match=r"differ in \[0\]: 'it was', but 'it is \*\*\*' was"):
            app.predict("/say", ["it was"])
        with pytest.raises(ReplayError, match="A call of '/other' is not in"):
            app.predict("/other")


def test_replay_can_be_edited_by_hand(tmp_path: Path) -> None:
    """A recording is lines of JSON; a changed value is what the next replay gives."""
    path = tmp_path / "edited.jsonl"
    with FakeApp() as fake:
        fill(fake)
        url = fake.url
        with record(path), Client(url) as app:
            app.predict("/add", [2, 3])
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert lines[0]["cassette"] == 1
    lines[-1]["message"]["output"]["data"] = [7]
    path.write_text("\n".join(map(json.dumps, lines)))
    with replay(path), Client(url) as app:
        seen: list[Status] = []
        job = app.submit("/add", [2, 3]).on("status", seen.append)
        assert job.result()[0] == 7


def test_replay_error_says_what_is_wrong(tmp_path: Path) -> None:
    """A recording that is missing, or has no such app, is a clear error."""
    path = tmp_path / "none.jsonl"
    with pytest.raises(ReplayError, match="no recording"), replay(path):
        pass
    path.write_text('{"cassette": 1}\n')
    with replay(path), pytest.raises(ReplayError, match="has no app at"):
        Client("http://127.0.0.1:9")
    assert str(pickle.loads(pickle.dumps(ReplayError("x")))) == "x"


@pytest.mark.parametrize("protocol", ["ws", "sse_v3"])
def test_recording_of_clients_that_were_made_before(protocol: str, tmp_path: Path) -> None:
    """An older client cannot be recorded, and raises an error. It can use a replay."""
    path = tmp_path / "older.jsonl"
    with FakeApp(protocol=protocol) as fake:
        fill(fake)
        with Client(fake.url) as older:
            with record(path):
                with pytest.raises(ReplayError, match="made before the recording began"):
                    older.predict("/add", [1, 2])
                with Client(fake.url) as app:
                    app.predict("/add", [3, 4])
            count = len(fake.calls)
            with replay(path):
                assert older.predict("/add", [3, 4])[0] == 7
            assert len(fake.calls) == count
            assert older.predict("/add", [3, 4])[0] == 7
            assert len(fake.calls) == count + 1


class SpiedAdapter(requests.adapters.HTTPAdapter):
    """An adapter of the user that counts its requests."""

    sent = 0

    def send(self, *args: Any, **options: Any) -> requests.Response:
        self.sent += 1
        return super().send(*args, **options)


@pytest.mark.parametrize("protocol", ["ws", "sse", "sse_v3"])
def test_recording_hides_the_headers_of_a_call(protocol: str, tmp_path: Path) -> None:
    """If an app repeats a header of one call, the secret in it is not written."""
    path = tmp_path / "headers.jsonl"
    with FakeApp(protocol=protocol) as fake:

        @fake.endpoint("/who")
        def who() -> str:
            return fake.calls[-1].headers["x-visitor"]

        with record(path), Client(fake.url) as app:
            assert app.predict("/who", headers={"X-Visitor": SECRET})[0] == SECRET
    assert SECRET not in path.read_text()
    with replay(path), Client(fake.url) as app:
        assert app.predict("/who")[0] == "***"


@pytest.mark.parametrize("protocol", ["ws", "sse", "sse_v3"])
def test_recording_ends_before_a_call(protocol: str, tmp_path: Path) -> None:
    """A call without an end waits in the replay, too. If its end was removed, it is an error."""
    path = tmp_path / "open.jsonl"
    with FakeApp(protocol=protocol) as fake:
        fill(fake)
        fake.hold("/add", when="queued", position=3)
        with record(path):
            app = Client(fake.url)
            job = app.submit("/add", [1, 2])
            _until_third(job)
        app.close()
    assert json.loads(path.read_text().splitlines()[-1])["unfinished"] is True
    with replay(path), Client(fake.url) as app:
        job = app.submit("/add", [1, 2])
        _until_third(job)
        assert not job.done()
    path.write_text("\n".join(path.read_text().splitlines()[:-1]))
    with replay(path), Client(fake.url) as app:
        with pytest.raises(ReplayError, match=r"Call 1 of the recording .* has no end"):
            app.predict("/add", [1, 2])


def _until_third(job: Job) -> None:
    seen = threading.Event()
    job.on("status", lambda status: seen.set() if status.position == 3 else None)
    assert seen.wait(10)


def test_recording_is_written_at_the_end_of_its_block(tmp_path: Path) -> None:
    """Until then, an earlier one stays. Blocks may be nested, and end in any order."""
    path = tmp_path / "one.jsonl"
    with FakeApp() as fake:
        fill(fake)
        with record(path), Client(fake.url) as app:
            app.predict("/add", [1, 1])
        before = path.read_text()
        with record(path), Client(fake.url) as app:
            app.predict("/add", [2, 2])
            assert path.read_text() == before
            with record(tmp_path / "inner.jsonl"), Client(fake.url) as inner:
                inner.predict("/add", [3, 3])
            app.predict("/add", [4, 4])
        first, second = record(tmp_path / "first.jsonl"), record(tmp_path / "second.jsonl")
        first.__enter__()
        second.__enter__()
        first.__exit__(None, None, None)
        with Client(fake.url) as app:
            app.predict("/add", [5, 5])
        second.__exit__(None, None, None)
        with Client(fake.url) as app:
            app.predict("/add", [6, 6])
    written = {p.name: _payloads(p) for p in tmp_path.iterdir()}
    assert written == {
        "one.jsonl": [[2, 2], [4, 4]],
        "inner.jsonl": [[3, 3]],
        "first.jsonl": [],
        "second.jsonl": [[5, 5]],
    }


def _payloads(path: Path) -> list[Any]:
    lines = map(json.loads, path.read_text().splitlines())
    return [line["payload"] for line in lines if "payload" in line]


@pytest.mark.parametrize("protocol", ["ws", "sse_v3"])
def test_replay_needs_no_login_and_no_adapter(protocol: str, tmp_path: Path) -> None:
    """Requests to a recording do not use the user's login function, adapter or proxy."""
    path, adapter = tmp_path / "login.jsonl", SpiedAdapter()
    session, asked = requests.Session(), []
    session.mount("http://", adapter)

    def login(request: requests.PreparedRequest) -> requests.PreparedRequest:
        asked.append(request.url)
        request.headers["Authorization"] = f"Bearer {SECRET}"
        return request

    def run(url: str) -> list[Any]:
        with Client(url, http_auth=login, session=session) as app:
            return [app.predict("/add", [1, 2])[0], [data[0] for data in app.submit("/count", [2])]]

    with FakeApp(protocol=protocol) as fake:
        fill(fake)
        url = fake.url
        with record(path):
            recorded = run(url)
    assert asked and adapter.sent and SECRET not in path.read_text()
    count = len(asked), adapter.sent
    with replay(path):
        assert run(url) == recorded
        with Client(url, proxies={"http": "http://127.0.0.1:9"}) as app:
            with pytest.raises(ReplayError, match="more often than the 1 times"):
                app.predict("/add", [1, 2])
    assert count == (len(asked), adapter.sent)
