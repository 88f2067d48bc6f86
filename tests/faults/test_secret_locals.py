"""Programs that show the variables of each frame show no secret of the client.

Some show the frames of an error, others those of all threads while they run.
"""

from __future__ import annotations

import base64
import os
import sys
import traceback
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any, Callable, Optional

import pytest
import requests
from requests.adapters import HTTPAdapter
from requests.auth import HTTPBasicAuth

import gradio_client_sync
from gradio_client_sync import Client, GradioClientError, Pool
from gradio_client_sync._tracebacks import SWITCH
from tests.conftest import SERVERS
from tests.support.file_app import FileApp
from tests.support.gateway import Gateway, ResponseForm
from tests.support.hub.hub import Account, LocalHub, proxy_of
from tests.support.scripted import IncomingRequest, config_of, dependency, scripted
from tests.support.servers.plugin import ServerPool

SECRET = "sesame-0123456789"
BASIC = base64.b64encode(f"me:{SECRET}".encode()).decode()
JWT = ".signed-"  # in the signatures of the local Hub
PACKAGE = os.path.join(os.path.dirname(gradio_client_sync.__file__), "")


def options() -> dict[str, Any]:
    session = requests.Session()
    session.headers["X-Session"] = SECRET
    return {
        "hf_token": SECRET,
        "allow_insecure_token": True,
        "auth": ("me", SECRET),
        "http_auth": ("me", SECRET),
        "headers": {"X-Key": SECRET},
        "cookies": {"key": SECRET},
        "oauth_token": SECRET,
        "session": session,
        "retries": 0,
    }


def dumped(exc: BaseException) -> Iterator[str]:
    """Yield the variables of each frame of an exception, and of those that led to it.

    Frames of this module are left out: they are the user's, who has the secrets.
    """
    seen: set[int] = set()
    waiting: list[BaseException | None] = [exc]
    while waiting:
        one = waiting.pop()
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        waiting += [one.__cause__, one.__context__]
        for frame, line in traceback.walk_tb(one.__traceback__):
            if frame.f_code.co_filename != __file__:
                for name, value in frame.f_locals.items():
                    attributes = getattr(value, "__dict__", {})
                    yield f"{frame.f_code.co_name}:{line} {name} = {value!r} {attributes!r}"


def failure(call: Callable[[], object]) -> BaseException:
    with pytest.raises((GradioClientError, TypeError, ValueError)) as caught:
        call()
    return caught.value


@pytest.mark.client_only
@pytest.mark.parametrize("switch", ["", "full"])
def test_frames_show_no_secrets(monkeypatch: pytest.MonkeyPatch, switch: str) -> None:
    """No variable of the package's frames is left in an error, nor in its hidden causes."""
    monkeypatch.setenv(SWITCH, switch)
    failures = [
        failure(lambda: Client("http://127.0.0.1:9", **options())),
        failure(lambda: Client("http://127.0.0.1:9", **{**options(), "retries": "x"})),
        failure(lambda: Client("http://127.0.0.1:9", **options(), colour="red")),
        failure(lambda: Client(f"http://127.0.0.1:9/?token={SECRET}")),
        failure(lambda: Client(f"nohttp://127.0.0.1:9/?token={SECRET}")),
        failure(lambda: Client(f"http://me:{SECRET}@127.0.0.1:9")),
        failure(lambda: Client(f"http://127.0.0.1:9?token={SECRET}", colour="red")),
        failure(lambda: Pool([f"http://me:{SECRET}@127.0.0.1:9"])),
        failure(lambda: Pool(f"http://127.0.0.1:9?token={SECRET}")),
        failure(lambda: Pool([f"http://127.0.0.1:9?token={SECRET}"] * 2)),
    ]
    config = config_of(dependency(0, "add"), dependency(1, "run", queue=False))
    with scripted(config, join=lambda x: x.break_off()) as app:
        app.scripts["POST /run/run"] = lambda x: x.break_off()
        with Client(app.url, **options()) as client:
            failures += [
                failure(lambda: client.predict("/run", ["x"])),
                failure(lambda: client.predict("/add", ["x"], headers={"X-Call": SECRET})),
                failure(lambda: client.submit("/add", ["x"]).result()),
            ]
    shown = [text for exc in failures for text in dumped(exc)]
    shown += [f"{exc!r} {vars(exc)}" for exc in failures]
    assert [text for text in shown if SECRET in text] == []


def secrets_in(value: object, name: str, seen: dict[int, object]) -> Iterator[str]:
    """Yield where a value, its items or the attributes of our objects show a secret.

    Args:
        value: The value.
        name: The name of its variable.
        seen: Values by their id, which are not looked at again.
    """
    if id(value) in seen:
        return
    seen[id(value)] = value
    if isinstance(value, (str, bytes)):
        text = value if isinstance(value, str) else value.decode("latin-1")
        if SECRET in text or BASIC in text or JWT in text:
            yield name
    else:
        inner: list[tuple[str, object]] = []
        if isinstance(value, dict):
            inner += [(f"[{key!r}]", one) for key, one in list(value.items())]
        elif isinstance(value, (list, tuple, set, frozenset, deque)):
            inner += [(f"[{n}]", one) for n, one in enumerate(list(value))]
        elif not isinstance(value, type):
            inner.append((" as repr", repr(value)))
        if type(value).__module__.startswith(gradio_client_sync.__name__):
            inner += [(f".{key}", one) for key, one in list(getattr(value, "__dict__", {}).items())]
            slots = {slot for cls in type(value).__mro__ for slot in vars(cls).get("__slots__", ())}
            inner += [(f".{slot}", getattr(value, slot, None)) for slot in slots]
        for key, one in inner:
            yield from secrets_in(one, name + key, seen)


def running() -> set[str]:
    """Return where the frames of the package in all threads show a secret."""
    found, seen = set(), {}
    for stack in sys._current_frames().values():
        frame: Optional[FrameType] = stack
        while frame is not None:
            code = frame.f_code
            if code.co_filename.startswith(PACKAGE):
                for name, value in list(frame.f_locals.items()):
                    place = f"{Path(code.co_filename).name}:{code.co_name}: {name}"
                    found.update(secrets_in(value, place, seen))
            frame = frame.f_back
    return found


#: Endpoints that want the token of their user.
ASKING = {
    f"/{name}": {"parameters": [], "returns": [], "oauth_token": "required"}
    for name in ("direct", "file")
}


class WatchingApp(FileApp):
    """An app with a login that looks at the frames of the client during each request."""

    def __init__(self) -> None:
        super().__init__("json", app_id=1)
        self.shown: set[str] = set()
        self.scripts["GET /config"] = self.read_config
        self.scripts["GET /info"] = lambda x: x.answer({"named_endpoints": ASKING})
        self.tokens: list[str] = []
        self.scripts["POST /login"] = lambda x: x.answer(
            {}, headers={"Set-Cookie": f"access-token={SECRET}"}
        )

    def _below_prefix(self, path: str) -> str:
        self.shown |= running()
        return super()._below_prefix(path)

    def run(self, x: IncomingRequest) -> None:
        self.tokens.append(x.json["oauth_token"])
        super().run(x)

    def join(self, x: IncomingRequest) -> None:
        self.tokens.append(x.json["oauth_token"])
        super().join(x)

    def read_config(self, x: IncomingRequest) -> None:
        if "access-token" in (x.headers.get("cookie") or ""):
            x.answer(self.config)
        else:
            x.answer({"detail": "Not authenticated"}, 401)


class Mounted(HTTPAdapter):
    """An adapter of the user."""


def with_session(**attributes: Any) -> requests.Session:
    session = requests.Session()
    session.headers["X-Session"] = SECRET
    session.cookies.set("session", SECRET, domain="127.0.0.1")
    for name, value in attributes.items():
        setattr(session, name, value)
    return session


def mounted() -> requests.Session:
    session = with_session()
    session.mount("http://", Mounted())
    return session


VARIANTS: dict[str, Callable[[], dict[str, Any]]] = {
    "token": lambda: {"token": SECRET, "allow_insecure_token": True},
    "pair": lambda: {"http_auth": ("me", SECRET)},
    "object": lambda: {"http_auth": HTTPBasicAuth("me", SECRET)},
    "session": lambda: {"session": with_session(auth=("me", SECRET))},
    "adapter": lambda: {"session": mounted()},
}


def use(client: Client) -> None:
    """Call, upload and download, with headers for the calls."""
    headers = {"X-Call": SECRET}
    assert client.predict("/direct", ["x"], headers=headers)[0] == "x"
    assert client.submit("/file", ["y"], headers=headers).result()[0] == "y"
    call = client.function("/direct").with_options(headers=headers).with_options(headers=None)
    assert call("z") == "z"
    assert client.predict("/file", [b"content"])[0].read() == b"content"
    assert list(secrets_in(client, "client", {})) == []
    assert list(secrets_in(vars(call), "function", {})) == []


@pytest.mark.client_only
@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("is_proxied", [False, True])
def test_running_frames_show_no_secrets(variant: str, is_proxied: bool) -> None:
    """Nor do attributes of our objects, while the client logs in, calls, uploads and downloads."""
    given = {
        "auth": ("me", SECRET),
        "headers": {"X-Key": SECRET},
        "cookies": {"key": SECRET},
        "oauth_token": SECRET,
        "retries": 0,
        **VARIANTS[variant](),
    }
    with WatchingApp() as app:
        source = app.url
        if is_proxied:
            given["proxies"] = {"http": app.url.replace("//", f"//me:{SECRET}@")}
            source = "http://app.example"
        with Client(f"{source}/?token={SECRET}", **given) as client:
            app.shown |= running()
            use(client)
        assert app.shown == set()
        assert app.tokens == [SECRET] * 4
        sent = "\n".join(app.heads)
        assert sent.count(f"X-Key: {SECRET}") == len(app.heads)
        assert sent.count(f"X-Call: {SECRET}") == 3
        assert sent.count(f"?token={SECRET}") == 4
        assert sent.count(f"Proxy-Authorization: Basic {BASIC}") == is_proxied * len(app.heads)


class WatchingGateway(Gateway):
    """A gateway that looks at the frames of the client during each request."""

    shown: frozenset[str] = frozenset()

    def refuse(self, head: str) -> Optional[bytes]:
        self.shown |= running()
        return None


@pytest.mark.gradio
@pytest.mark.skipif("3.50.2" not in SERVERS, reason="needs a server with websockets")
@pytest.mark.parametrize("variant", VARIANTS)
def test_running_handshakes_show_no_secrets(server_pool: ServerPool, variant: str) -> None:
    """Nor does the handshake of a websocket."""
    given = {"headers": {"X-Key": SECRET}, "cookies": {"key": SECRET}, **VARIANTS[variant]()}
    with WatchingGateway(server_pool.get("3.50.2").url, ResponseForm()) as gate:
        with Client(f"{gate.url}?token={SECRET}", **given) as client:
            assert client.predict("/add", [2, 3], headers={"X-Call": SECRET})[0] == 5
            assert list(secrets_in(client, "client", {})) == []
        assert gate.shown == set()
        assert sum(f"?token={SECRET}" in one for one in gate.requests) == 1


@pytest.mark.client_only
def test_frames_that_wait_for_a_space_show_no_secrets(hub: LocalHub) -> None:
    """A status callback is called from frames that hold the token."""
    shown: set[str] = set()
    statuses = []

    def on_status(status: object) -> None:
        statuses.append(status)
        shown.update(running())

    with scripted() as app:
        hub.accounts[SECRET] = Account("alice")
        hub.add("alice/asleep", "SLEEPING", "RUNNING", app=app.url)
        with Client("alice/asleep", hf_token=SECRET, status_callback=on_status) as client:
            assert list(secrets_in(client, "client", {})) == []
    assert statuses != []
    assert shown == set()


@pytest.mark.client_only
def test_running_frames_of_a_private_space_show_no_signature(hub: LocalHub) -> None:
    """Streams of a private Space have a signature in their URL, which opens it like the token."""
    with WatchingApp() as app:
        hub.accounts[SECRET] = Account("alice")
        space = hub.add("alice/secret", app=app.url, private=True)
        given: dict[str, Any] = {"auth": ("me", SECRET), "oauth_token": SECRET}
        with Client("alice/secret", token=SECRET, **given) as client:
            assert client.submit("/file", ["y"], headers={"X-Call": SECRET}).result()[0] == "y"
            assert list(secrets_in(client, "client", {})) == []
        assert any(JWT in request.query.get("__sign", "") for request in proxy_of(space).seen)
        assert app.shown == set()
