"""Headers that a function returns: each request has those of its moment."""

from __future__ import annotations

import itertools
import pickle
import re
from collections.abc import Mapping
from typing import Any

import pytest
import requests

from gradio_client_sync import AuthenticationError, Client
from gradio_client_sync._connection.address import http_options
from gradio_client_sync._options import Options
from gradio_client_sync._transport.request_context import RequestContext
from gradio_client_sync.compat import Client as CompatClient
from gradio_client_sync.compat import handle_file
from tests.contract.test_options import GIVEN
from tests.support.file_app import FileApp

pytestmark = pytest.mark.once

ROUTES = {"upload", "queue/join", "queue/data", "file="}


def sent(app: FileApp, name: str) -> dict[str, str]:
    """Return the value of a header in the requests so far, by route, and forget the requests."""
    found = [re.search(rf"(?im)^{name}: *(.*?)\r?$", head) for head in app.heads]
    values = {
        next(part for part in (*ROUTES, "") if part in route): "" if value is None else value[1]
        for route, value in zip(app.requests, found)
    }
    app.requests.clear()
    app.heads.clear()
    values.pop("", None)
    return values


def test_headers_of_a_function_are_those_of_the_moment() -> None:
    """Uploads, calls, streams and downloads have the headers that the function returns then."""
    now = {"X-Key": "one", "User-Agent": "me"}
    with FileApp() as app, Client(app.url, headers=lambda: now) as client:
        assert re.search("(?m)^User-Agent: me\r?$", app.heads[0])
        sent(app, "x-key")
        for value in ("two", "three"):
            now["X-Key"] = value
            client.predict("/file", [value.encode()])[0].read()
            assert sent(app, "x-key") == dict.fromkeys(ROUTES, value)
        now.clear()
        client.predict("/file", [b"x"], headers={"x-key": "call"})
        assert sent(app, "x-key")["queue/join"] == "call"


def test_headers_of_compat_change_for_all_requests(tmp_path: Any) -> None:
    """A script may change, delete and replace the headers of a client, as of `gradio_client`."""
    path = tmp_path / "a.txt"
    with FileApp() as app:
        with CompatClient(app.url, verbose=False, headers={"X-Key": "1"}) as client:
            for number, change in enumerate(
                (
                    lambda: client.headers.update({"X-Key": "2"}),
                    lambda: client.headers.pop("X-Key"),
                    lambda: setattr(client, "headers", {"X-Key": "3"}),
                )
            ):
                change()
                path.write_text(str(number), encoding="utf-8")
                sent(app, "x-key")
                client.predict(handle_file(path), api_name="/file")
                assert sent(app, "x-key") == dict.fromkeys(ROUTES, ("2", "", "3")[number])


def test_function_for_headers_that_fails() -> None:
    """A wrong result is found at once; later, a call raises an error without the values."""
    good: Any = {"X-Key": "1"}
    for wrong in (3, {"X": 3}, {"X Y": "secret"}):
        with pytest.raises((TypeError, ValueError), match=r"headers (must|has)"):
            Client("http://127.0.0.1:9", headers=lambda: wrong)  # type: ignore[arg-type, return-value] # noqa: B023

    def headers() -> Mapping[str, str]:
        return good if good else 1 / 0  # type: ignore[return-value]

    with FileApp() as app, Client(app.url, headers=headers) as client:
        good = None
        with pytest.raises(AuthenticationError, match="ZeroDivisionError"):
            client.predict("/file", [b"x"])
        assert app.uploads == []
        again = pickle.loads(pickle.dumps(client))
        with pytest.raises(AuthenticationError, match="was made with headers="):
            again.predict("/file", [b"x"])


def test_errors_hide_the_headers_that_were_sent() -> None:
    """A text of the server loses the sent values; the function is not called again for this."""
    numbers = itertools.count()
    options = Options.checked(
        **{**GIVEN, "headers": lambda: {"X-Key": f"long-key-{next(numbers)}"}}
    )
    root = "http://127.0.0.1:9"
    context = RequestContext(root, http_options(options, None, root))
    sent_now = context.headers_for(f"{root}/", "127.0.0.1:9", {})["X-Key"]
    assert context.conceal(f"refused: {sent_now}".encode()) == b"refused: ***"
    assert context.conceal(b"again") == b"again"


def test_logins_count_more_than_headers_of_a_function() -> None:
    """A login for a gateway stays, the headers of a session are sent, too, and no repr shows."""
    session = requests.Session()
    session.headers["X-Session"] = "s"
    given = {"headers": lambda: {"authorization": "mine", "X-Key": "k"}, "session": session}
    options = Options.checked(**{**GIVEN, **given, "http_auth": ("ada", "pw")})
    made = http_options(options, None, "http://127.0.0.1:9")
    assert {*made.headers} == {"X-Session", "Authorization"} and made.live_headers is not None
    assert "mine" not in repr(made.live_headers) and len(made.live_headers) == 2
    assert f"{made.live_headers['X-Key']}" == "k"
    assert made.without_credentials().live_headers is None
