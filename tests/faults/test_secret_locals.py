"""Programs that report errors with the variables of each frame show no secret of the client."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from typing import Any, Callable

import pytest
import requests

from gradio_client_sync import Client, GradioClientError
from gradio_client_sync._tracebacks import SWITCH
from tests.support.scripted import config_of, dependency, scripted

pytestmark = pytest.mark.client_only

SECRET = "sesame-0123456789"


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


@pytest.mark.parametrize("switch", ["", "full"])
def test_frames_show_no_secrets(monkeypatch: pytest.MonkeyPatch, switch: str) -> None:
    """No variable of the package's frames is left in an error, nor in its hidden causes."""
    monkeypatch.setenv(SWITCH, switch)
    failures = [
        failure(lambda: Client("http://127.0.0.1:9", **options())),
        failure(lambda: Client("http://127.0.0.1:9", **{**options(), "retries": "x"})),
        failure(lambda: Client("http://127.0.0.1:9", **options(), colour="red")),
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
    assert [text for text in shown if SECRET in text] == []
