"""Maps, pools, other processes, `compat` and recordings show no secret in variables, either."""

from __future__ import annotations

import concurrent.futures
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from IPython.core.ultratb import VerboseTB
from rich.console import Console
from rich.traceback import Traceback

from gradio_client_sync import Client, GradioClientError, Pool, compat
from gradio_client_sync._basics.secret import SentSecret
from gradio_client_sync._tracebacks import SWITCH
from gradio_client_sync.testing import FakeApp, record, replay
from tests.support.file_app import FileApp
from tests.support.scripted import IncomingRequest
from tests.support.secret_watch import BASIC, SECRET, WatchingApp, dumped, running, secrets_in

pytestmark = pytest.mark.client_only


def options() -> dict[str, Any]:
    return {
        "auth": ("me", SECRET),
        "headers": {"X-Key": SECRET},
        "cookies": {"key": SECRET},
        "oauth_token": SECRET,
        "token": SECRET,
        "allow_insecure_token": True,
        "retries": 0,
    }


def headers() -> dict[str, str]:
    return {"X-Call": SECRET}


def source(app: FileApp) -> str:
    return f"{app.url}/?token={SECRET}"


class Workers(concurrent.futures.Executor):
    """Workers like those of a process, whose frames the test can see."""

    _max_workers = 2

    def __init__(self) -> None:
        self._threads = concurrent.futures.ThreadPoolExecutor(2)

    def submit(self, function: Any, /, *args: Any, **kwargs: Any) -> Any:
        return self._threads.submit(function, *pickle.loads(pickle.dumps(args)), **kwargs)

    def shutdown(self, *args: Any, **kwargs: Any) -> None:
        self._threads.shutdown()


#: One call at a time, because a thread that writes a request has its head in a variable.
ITEMS: dict[str, Any] = {"payloads": [["a"], ["b"]], "in_flight": 1}


def in_threads(client: Client) -> object:
    with concurrent.futures.ThreadPoolExecutor(1) as threads:
        return outcomes(client.map("/direct", **ITEMS, headers=headers(), executor=threads))


MAPS: dict[str, Callable[[Client], object]] = {
    "direct": lambda x: outcomes(x.map("/direct", **ITEMS, headers=headers())),
    "queued": lambda x: outcomes(x.map("/file", **ITEMS, headers=headers())),
    "function": lambda x: outcomes(
        x.function("/direct").with_options(headers=headers()).map(["a"])
    ),
    "threads": in_threads,
}


def outcomes(calls: Any) -> list[str]:
    """Return the results of a map, which may be functions' bare values."""
    found = [str(one if isinstance(one, str) else one[0]) for one in calls]
    assert list(secrets_in(calls, "map", {})) == []
    return found


@pytest.mark.parametrize("way", MAPS)
def test_maps_show_no_secrets(way: str) -> None:
    """Neither do the scheduler, the callers and the items."""
    with WatchingApp() as app:
        with Client(source(app), **options()) as client:
            assert MAPS[way](client) == (["a"] if way == "function" else ["a", "b"])
            assert list(secrets_in(client, "client", {})) == []
        assert app.shown == set()


def test_pool_shows_no_secrets() -> None:
    """Neither do its replicas."""
    with WatchingApp() as first, WatchingApp() as second:
        with Pool([source(first), source(second)], **options()) as pool:
            for app in (first, second):
                app.shown.clear()  # the replicas log in at the same time
            assert pool.predict("/file", ["x"], headers=headers())[0] == "x"
            assert outcomes(pool.map("/direct", **ITEMS, headers=headers())) == ["a", "b"]
            assert list(secrets_in(pool, "pool", {})) == []
            assert SECRET not in f"{pool} {pool.status()}"
        assert first.shown | second.shown == set()


class CompatApp(WatchingApp):
    """An app that looks at no frame during a request for its description.

    The `repr` of the client is the description, so it would wait for this response.
    """

    def _below_prefix(self, path: str) -> str:
        if path.endswith("/info"):
            return FileApp._below_prefix(self, path)
        return super()._below_prefix(path)


class OpenApp(CompatApp):
    """An app without a login, which a worker in another process can call."""

    def __init__(self) -> None:
        super().__init__()
        self.scripts["GET /info"] = lambda x: x.answer({"named_endpoints": {}})

    def read_config(self, x: IncomingRequest) -> None:
        x.answer(self.config)

    def run(self, x: IncomingRequest) -> None:
        FileApp.run(self, x)


def test_workers_show_no_secrets() -> None:
    """The headers of the calls go to the workers, where no frame shows them."""
    with OpenApp() as app:
        with Client(app.url) as client, Workers() as workers:
            calls = client.map("/direct", **ITEMS, headers=headers(), executor=workers)
            assert outcomes(calls) == ["a", "b"]
        assert app.shown == set()
        assert "\n".join(app.heads).count(f"X-Call: {SECRET}") == 2


def test_secret_for_a_worker_is_pickled_and_hidden() -> None:
    """Its pickle has the value, and the copy hides it as well."""
    sent = SentSecret({"X-Call": SECRET})
    copy = pickle.loads(pickle.dumps(sent))
    assert copy.reveal() == {"X-Call": SECRET}
    assert list(secrets_in([sent, copy], "sent", {})) == []


def test_compat_shows_no_secrets(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Its attributes can be read and set by their names, and nothing else shows them."""
    more = {"cookies": {"k": SECRET}, "headers": {"X-H": SECRET}, "auth": ("me", SECRET)}
    with CompatApp() as app:
        positional = (source(app), None, 40, True, ("me", SECRET), more)
        with compat.Client(
            *positional, headers={"X-Key": SECRET}, oauth_token=SECRET, download_files=tmp_path
        ) as client:
            assert client.predict("x", api_name="/direct", headers=headers()) == "x"
            job = client.submit("y", api_name="/file", headers=headers())
            assert job.result() == "y"
            assert list(secrets_in([client, job], "compat", {})) == []
            assert client.headers == {"X-H": SECRET, "X-Key": SECRET}
            assert (client.oauth_token, client.cookies["k"]) == (SECRET, SECRET)
            assert client.src == f"{source(app)}/"
            client.headers["X-Later"] = SECRET
            client.predict("x", api_name="/direct")
            assert list(secrets_in(client, "compat", {})) == []
        assert app.shown == set()
        assert f"X-Later: {SECRET}" in app.heads[-1]
    assert SECRET not in capsys.readouterr().out


def test_recordings_have_no_secrets(tmp_path: Path) -> None:
    """Neither the file, nor frames that record, nor the server that plays it."""
    path = tmp_path / "calls.jsonl"
    with WatchingApp() as app:
        with record(path), Client(source(app), **options()) as client:
            assert client.predict("/direct", ["x"], headers=headers())[0] == "x"
            assert client.submit("/file", ["y"], headers=headers()).result()[0] == "y"
        assert app.shown == set()
        address = source(app)
    text = path.read_text(encoding="utf-8")
    assert SECRET not in text and BASIC not in text and "access-token" not in text
    shown: set[str] = set()
    with replay(path), Client(address, **options()) as client:
        assert client.predict("/direct", ["x"], headers=headers())[0] == "x"
        job = client.submit("/file", ["y"], headers=headers())
        job.on("status", lambda status: shown.update(running()))
        assert job.result()[0] == "y"
    assert shown == set()


def test_fake_app_shows_no_secrets() -> None:
    """Frames of a function that runs, and calls that a test looks at later."""
    shown: set[str] = set()
    with FakeApp() as fake:

        @fake.endpoint("/direct", queue=False)
        def direct(text: str) -> str:
            shown.update(running())
            return text

        with Client(f"{fake.url}?token={SECRET}", headers={"X-Key": SECRET}) as client:
            assert client.predict("/direct", ["x"])[0] == "x"
        assert shown == set()
        assert list(secrets_in(fake.calls[0], "call", {})) == []
        assert fake.calls[0].headers["x-key"] == SECRET


def shown_by_rich(exc: BaseException) -> str:
    console = Console(width=4000)
    with console.capture() as capture:
        console.print(Traceback.from_exception(type(exc), exc, exc.__traceback__, show_locals=True))
    return capture.get()


SHOWN_BY: dict[str, Callable[[BaseException], str]] = {
    "rich": shown_by_rich,
    "IPython": lambda exc: str(VerboseTB().text(type(exc), exc, exc.__traceback__)),
    "pytest": lambda exc: str(
        pytest.ExceptionInfo.from_exception(exc).getrepr(showlocals=True, style="long")
    ),
}


def failing_map(client: Client) -> BaseException:
    with pytest.raises(GradioClientError) as caught:
        list(client.map("/direct", [["a"], ["b"]], headers=headers()))
    return caught.value


def failing_pool(client: Client) -> BaseException:
    with Pool([client.source], headers={"X-Key": SECRET}) as pool:
        with pytest.raises(GradioClientError) as caught:
            pool.predict("/direct", ["a"], headers=headers())
    return caught.value


def failing_compat(client: Client) -> BaseException:
    with compat.Client(client.source, headers={"X-Key": SECRET}, verbose=False) as other:
        with pytest.raises(GradioClientError) as caught:
            other.predict("a", api_name="/direct", headers=headers())
    return caught.value


@pytest.mark.parametrize("fail", [failing_map, failing_pool, failing_compat])
def test_programs_show_no_secrets_of_a_failed_call(
    monkeypatch: pytest.MonkeyPatch, fail: Callable[[Client], BaseException]
) -> None:
    """What rich, IPython and pytest print for an error that began on another thread."""
    monkeypatch.setenv(SWITCH, "full")  # otherwise no frame of the package is left
    with OpenApp() as app:
        app.scripts["POST /run/direct"] = lambda x: x.answer({"detail": SECRET}, 500)
        with Client(source(app), headers={"X-Key": SECRET}) as client:
            exc = fail(client)
            texts = {program: show(exc) for program, show in SHOWN_BY.items()}
        texts["frames"] = "\n".join(dumped(exc, __file__))
        assert all("/direct" in texts[program] for program in SHOWN_BY)
        assert [program for program, text in texts.items() if SECRET in text] == []
