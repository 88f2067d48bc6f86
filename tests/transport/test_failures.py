"""How exceptions of the HTTP libraries become errors of this package."""

from __future__ import annotations

import http.client
import inspect
import socket
import ssl
from types import ModuleType

import pytest
import requests
import urllib3

from gradio_client_sync._transport.base import Unreachable
from gradio_client_sync._transport.failures import request_error
from gradio_client_sync.errors import ConnectFailedError

URL = "https://app.example/config"


def exceptions_of(module: ModuleType) -> list[type[Exception]]:
    """Return all exceptions in a module, without warnings."""
    return [
        value
        for value in vars(module).values()
        if inspect.isclass(value)
        and issubclass(value, Exception)
        and not issubclass(value, Warning)
        and value.__module__ != "builtins"
    ]


def made(kind: type[Exception]) -> Exception:
    """Return an exception of a type without calling its constructor."""
    exc = kind.__new__(kind)
    exc.args = ("it failed",)
    return exc


ALL = [
    *exceptions_of(urllib3.exceptions),
    *exceptions_of(requests.exceptions),
    *exceptions_of(http.client),
    OSError,
    ConnectionResetError,
    socket.timeout,
    ssl.SSLError,
    ValueError,
    UnicodeError,
]


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: f"{kind.__module__}.{kind.__qualname__}")
def test_failures_of_each_library_become_an_error(kind: type[Exception]) -> None:
    """Each exception of a library becomes a `ConnectFailedError`, also as the cause of another."""
    error = request_error(made(kind), URL)
    assert isinstance(error, ConnectFailedError)
    assert URL in str(error)
    unreachable = Unreachable(by_proxy=False)
    unreachable.__cause__ = made(kind)
    error = request_error(unreachable, URL)
    assert isinstance(error, ConnectFailedError)
    assert "https://app.example" in str(error)
    assert not error.sent


@pytest.mark.parametrize("kind", [TypeError, KeyError, AssertionError, MemoryError])
def test_failures_exclude_bugs_of_this_package(kind: type[Exception]) -> None:
    """An exception from a bug is not reported as a failed connection."""
    assert request_error(kind("a bug"), URL) is None


@pytest.mark.parametrize(
    ("cause", "text", "passing"),
    [
        (ssl.SSLError("certificate verify failed"), "certificate of", False),
        (
            ssl.SSLError("[SSL: WRONG_VERSION_NUMBER] wrong version number"),
            "does not use TLS",
            False,
        ),
        (urllib3.exceptions.SSLError("self-signed"), "certificate of", False),
        (made(urllib3.exceptions.NewConnectionError), "cannot be reached", True),
        (made(urllib3.exceptions.NameResolutionError), "cannot be reached", True),
        (urllib3.exceptions.ConnectTimeoutError("late"), "did not accept the connection", False),
        (ConnectionRefusedError("refused"), "cannot be reached", True),
        (None, "cannot be reached", False),
    ],
)
def test_failures_to_connect_by_their_cause(
    cause: Exception | None, text: str, passing: bool
) -> None:
    """The most specific row of the table decides."""
    unreachable = Unreachable(by_proxy=False)
    unreachable.__cause__ = cause
    error = request_error(unreachable, URL)
    assert error is not None
    assert text in str(error)
    assert error._passing is passing


def test_failures_of_a_proxy_come_first() -> None:
    """If the connection to a proxy fails, the error names the proxy, whatever the exception."""
    for kind in ALL:
        unreachable = Unreachable(by_proxy=True)
        unreachable.__cause__ = made(kind)
        error = request_error(unreachable, URL, "the proxy 'http://p:1' (from proxies=)")
        assert "the proxy 'http://p:1' (from proxies=) cannot be used" in str(error)


@pytest.mark.parametrize(
    ("exc", "sent"),
    [
        (requests.exceptions.InvalidURL("no host"), False),
        (requests.exceptions.MissingSchema("no scheme"), False),
        (urllib3.exceptions.LocationParseError("http://["), False),
        (http.client.InvalidURL("a blank"), False),
        (requests.exceptions.ConnectionError("cut"), True),
        (urllib3.exceptions.ReadTimeoutError(None, None, "late"), True),  # type: ignore[arg-type]
        (http.client.RemoteDisconnected("gone"), True),
    ],
)
def test_failures_say_whether_the_request_was_sent(exc: Exception, sent: bool) -> None:
    """A URL that cannot be requested fails before anything is sent, and a cut afterwards."""
    error = request_error(exc, URL)
    assert error is not None
    assert error.sent is sent
