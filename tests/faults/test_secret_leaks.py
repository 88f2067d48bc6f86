"""Servers that repeat what they received: no error shows a secret of the client."""

from __future__ import annotations

import pickle
import traceback
from collections.abc import Iterator
from typing import Any, Callable

import pytest

from gradio_client_sync import Client, GradioClientError
from tests.support.canary.plugin import Canary
from tests.support.scripted import IncomingRequest, config_of, dependency, scripted

PASSWORD, OAUTH = "pa55word-canary", "oauth-token-canary"
STATUSES = (400, 401, 403, 404, 422, 429, 500, 503)


def echo(status: int) -> Callable[[IncomingRequest], None]:
    def answer(exchange: IncomingRequest) -> None:
        text = f"you sent {exchange.headers} {exchange.body!r}"
        later = {"Retry-After": "600"}  # longer than any wait; otherwise a 429 would be retried
        exchange.answer({"detail": text}, status, headers=later if status == 429 else None)

    return answer


class Secretive:
    """A client with secrets, and the texts of its errors."""

    def __init__(self, canary: Canary) -> None:
        self.secrets: list[str] = [PASSWORD, OAUTH]
        self._canary = canary
        self.shown: list[str] = []

    def options(self, url: str) -> dict[str, Any]:
        options = self._canary.options(url)
        self.secrets += [options["hf_token"]]
        self.secrets += [*options["cookies"].values(), *options["headers"].values()]
        return {**options, "oauth_token": OAUTH, "retries": 0}

    def fail(self, call: Callable[[], object]) -> None:
        with pytest.raises(GradioClientError) as caught:
            call()
        error = caught.value
        self.shown += [str(error), repr(error), str(vars(error)), str(pickle.dumps(error))]
        self.shown += traceback.format_exception(type(error), error, error.__traceback__)


@pytest.fixture
def secretive(canary: Canary) -> Iterator[Secretive]:
    """Check at the end of the test that no secret was shown."""
    secretive = Secretive(canary)
    yield secretive
    assert secretive.shown
    text = "\n".join(secretive.shown)
    assert [secret for secret in secretive.secrets if secret in text] == []


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize(
    "route", ["GET /config", "POST /login", "POST /queue/join", "POST /run/add"]
)
def test_errors_show_no_secrets_that_a_response_repeats(
    secretive: Secretive, route: str, status: int
) -> None:
    """An error for a refused request does not show secrets that the response repeats."""
    config = config_of(dependency(0, "add", queue=route != "POST /run/add"))
    with scripted(config) as app:
        options = secretive.options(app.url)
        if route == "POST /login":
            app.scripts["GET /config"] = echo(401)
            app.scripts["GET /"] = echo(401)
            options["auth"] = ("user", PASSWORD)
        app.scripts[route] = echo(status)
        if route in ("GET /config", "POST /login"):
            secretive.fail(lambda: Client(app.url, **options))
        else:
            with Client(app.url, **options) as client:
                secretive.fail(lambda: client.predict("/add", ["x"]))
        assert app.count(route)


@pytest.mark.parametrize("status", STATUSES)
def test_errors_show_no_secrets_that_a_handshake_repeats(secretive: Secretive, status: int) -> None:
    """An error for a refused websocket does not show secrets that the response repeats."""
    config = config_of(dependency(0, "add"), protocol="ws", version="3.50.2")
    with scripted(config) as app:
        app.scripts["GET /queue/join"] = echo(status)
        with Client(app.url, **secretive.options(app.url)) as client:
            secretive.fail(lambda: client.predict("/add", ["x"]))
        assert app.count("GET /queue/join") == 1
