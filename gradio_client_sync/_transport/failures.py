"""What a server answered, and what went wrong, in this package's words."""

from __future__ import annotations

import errno
import http.client
import json
import re
import socket
import ssl
from collections.abc import Mapping, Sequence
from typing import Any, Callable, NamedTuple

import urllib3

from .._protocol.proxies import ProxyError
from .._protocol.queue.wire import TooDeep, read_json
from .._protocol.retry import retry_after
from .._protocol.routes import server_of
from ..errors import (
    AuthenticationError,
    ConnectFailedError,
    HTTPStatusError,
    ProtocolError,
    RateLimitError,
)
from .base import Unreachable

#: How libraries of TLS say that what answered was something else.
_NO_TLS = re.compile("wrong.version.number|unknown.protocol|record.layer.failure", re.IGNORECASE)

#: What a proxy answers itself, and the app never.
PROXY_WANTS_LOGIN = 407

_BODY_SHOWN = 500  # characters of a refusing server's text that an error carries


class Answer(NamedTuple):
    """A whole answer.

    Attributes:
        conceal: Takes the secrets out that the server repeats; of refusals they are out already.
    """

    status: int
    content_type: str
    body: bytes
    url: str
    headers: Mapping[str, str]
    conceal: Callable[[bytes], bytes] = bytes

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")

    def json(self) -> Any:
        """Read the body as JSON.

        Raises:
            ProtocolError: It is something else, such as a proxy's page.
        """
        try:
            return read_json(self.body)
        except TooDeep as exc:
            told = f"JSON that cannot be read, as {exc}"
        except ValueError:  # which has the whole body
            told = f"what is not JSON ({self.content_type or 'no type'})"
        shown = self._replace(body=self.conceal(self.body))
        raise ProtocolError(
            f"{self.url} answered {self.status} with {told}: {shorten(shown.text)!r}",
            raw=shown.body,
        )


def object_in(body: bytes) -> dict[str, Any] | None:
    """A body's JSON object; ``None`` if it is anything else."""
    try:
        value = read_json(body)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def refusal(answer: Answer, *, doing: str | None = None) -> HTTPStatusError:
    """The error for a 4xx or 5xx answer.

    Args:
        doing: What was tried, for the message.
    """
    detail = _detail(answer)
    tried = f"{doing}: " if doing else ""
    said = f" ({detail})" if detail else ""
    facts: dict[str, Any] = {
        "url": answer.url,
        "status_code": answer.status,
        "body": shorten(answer.text),
        "retry_after": retry_after(answer.headers),
    }
    if answer.status in (401, 403):
        return AuthenticationError(
            f"{tried}{answer.url} refused the request with {answer.status}{said}. If the app has "
            "a login, pass auth=('user', 'password'); if a gateway stands before it, pass what "
            "it wants by headers= or cookies=.",
            **facts,
        )
    if answer.status == 429:
        after = facts["retry_after"]
        wait = f" It asks to wait {after:g} s." if after is not None else ""
        return RateLimitError(f"{tried}{answer.url} is asked too often (429{said}).{wait}", **facts)
    location = answer.headers.get("location")
    if location and 300 <= answer.status < 400:
        shown = shorten(answer.conceal(location.encode()).decode("utf-8", "replace"))
        told = f"sends clients on to {shown!r} ({answer.status}). Connect to the app's own address"
    elif answer.status < 300:
        kind = answer.content_type or "nothing"
        told = (
            f"answered {answer.status} with {kind!r}, which is not what was asked for. A login "
            "page or a proxy may stand before the app"
        )
    else:
        told = f"answered {answer.status}{said}"
    return HTTPStatusError(f"{tried}{answer.url} {told}.", **facts)


def shorten(text: str) -> str:
    return text if len(text) <= _BODY_SHOWN else f"{text[:_BODY_SHOWN]}…"


def _detail(answer: Answer) -> str:
    """What a refusing server says: `detail` may be a text, an object or a list."""
    try:
        body = read_json(answer.body)
    except (ValueError, RecursionError):
        return "" if "html" in answer.content_type else shorten(answer.text.strip())
    detail = body.get("detail", body.get("error")) if isinstance(body, dict) else body
    if isinstance(detail, dict):
        detail = detail.get("error", detail)
    return shorten(detail if isinstance(detail, str) else json.dumps(detail)) if detail else ""


def cannot_ask(exc: Exception, url: str) -> ConnectFailedError:
    """Return the error for a URL that no request can be made of."""
    cause = str(exc) if isinstance(exc, ProxyError) else _cause(exc)
    return ConnectFailedError(f"{url} cannot be asked: {cause.rstrip('.')}.", url=url)


def no_connection(exc: Exception, url: str, proxy: str = "the proxy") -> ConnectFailedError | None:
    """Return the error for a request that failed before its response began.

    Args:
        exc: What `requests`, `urllib3` or the system raised, or an `Unreachable`.
        url: Where the request went.
        proxy: The proxy, and where it comes from; see `RequestContext.proxy_told`.

    Returns:
        The first match in a table; ``None`` for an exception that is none of a connection, but a
        fault of this package.
    """
    if isinstance(exc, Unreachable) and exc.by_proxy:
        return proxy_refusal(url, _cause(exc), proxy)
    return _first_match(_WITHOUT_RESPONSE, exc, exc, url)


def _first_match(
    table: _Table, deciding: BaseException | None, exc: Exception, url: str
) -> ConnectFailedError | None:
    """Return the error that the first row for the type of `deciding` makes of `exc`."""
    for types, error_of in table:
        if isinstance(deciding, types):
            return error_of(exc, url)
    return None


def _unreachable(exc: Exception, url: str) -> ConnectFailedError:
    return _first_match(_WITHOUT_CONNECTION, exc.__cause__, exc, url) or _not_connected(exc, url)


def _not_secure(exc: Exception, url: str) -> ConnectFailedError:
    server = server_of(url)
    if _NO_TLS.search(str(exc.__cause__)):
        plain = server.replace("https:", "http:", 1)
        return ConnectFailedError(
            f"{server} speaks no TLS: {_cause(exc)}. If the app is meant to be reached "
            f"without, name it as {plain}.",
            url=url,
        )
    return ConnectFailedError(
        f"{server} has no certificate that this machine trusts: {_cause(exc)}. If the "
        "server is yours, pass verify='path/of/ca.pem', or verify=False to trust it blindly.",
        url=url,
    )


def _not_connected(exc: Exception, url: str) -> ConnectFailedError:
    cause = exc.__cause__
    return ConnectFailedError(
        f"{server_of(url)} cannot be reached: {_cause(exc)}. {advice(exc)}",
        url=url,
        _passing=cause is not None and not is_unknown_name(cause.__cause__),
    )


def _not_in_time(exc: Exception, url: str) -> ConnectFailedError:
    return ConnectFailedError(
        f"{server_of(url)} did not take the connection in time. Check the address, and that the "
        "app is reachable from this machine; timeout=(connect, read) gives it longer.",
        url=url,
    )


def proxy_refusal(url: str, reason: str, proxy: str) -> ConnectFailedError:
    """Return the error for a proxy that does not let a request through.

    Args:
        proxy: As for `no_connection`.
    """
    return ConnectFailedError(
        f"{server_of(url)} is asked by way of a proxy, and {proxy} cannot be used: {reason}. Check "
        "proxies= and the environment variables HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY.",
        url=url,
    )


def no_answer(exc: Exception, url: str) -> ConnectFailedError:
    """Return the error for a response that did not come, or not to its end."""
    return ConnectFailedError(
        f"{url} gave no whole answer: {loss(exc)}.",
        url=url,
        sent=True,
        # Who was silent for that long is not asked to be silent once more.
        _passing=not is_silence(exc),
    )


#: Types of exceptions, and what makes an error of one. The first match counts, so the most specific
#: types stand first.
_Table = Sequence[
    tuple[tuple[type[BaseException], ...], Callable[[Exception, str], ConnectFailedError]]
]

#: By the exception of a request that failed before its response began.
_WITHOUT_RESPONSE: _Table = (
    ((Unreachable,), _unreachable),
    # Some errors of `requests` about a URL are an OSError as well.
    ((ValueError, http.client.InvalidURL), cannot_ask),
    ((OSError, http.client.HTTPException, urllib3.exceptions.HTTPError), no_answer),
)

#: By the cause of an `Unreachable`.
_WITHOUT_CONNECTION: _Table = (
    ((ssl.SSLError, urllib3.exceptions.SSLError), _not_secure),
    # In some releases of urllib3 a refused connection is a ConnectTimeoutError as well.
    ((urllib3.exceptions.NewConnectionError,), _not_connected),
    ((urllib3.exceptions.ConnectTimeoutError,), _not_in_time),
)


def is_unknown_name(exc: BaseException | None) -> bool:
    """Whether a host has no address, rather than that nobody could be asked for it just now."""
    return isinstance(exc, socket.gaierror) and exc.errno != socket.EAI_AGAIN


def advice(exc: BaseException, proxy: str = "the proxy") -> str:
    """What to do where no connection can be opened."""
    if is_out_of_files(exc):
        return (
            "The process may not open more (see ulimit -n); max_workers= of Client bounds the "
            "jobs under way, and with them the connections."
        )
    if "Python Socks" in str(exc):
        return (
            f"Websockets, which Gradio 3 uses, go by way of {proxy} with: pip install python-socks."
        )
    return "Check the address, and that the app is running."


def is_out_of_files(exc: BaseException | None) -> bool:
    """Whether the process, or the machine, has too many files open."""
    while exc is not None:
        if isinstance(exc, OSError) and exc.errno in (errno.EMFILE, errno.ENFILE):
            return True
        exc = exc.__cause__ or exc.__context__
    return False


def loss(exc: Exception) -> str:
    """How a connection ended, in a few words."""
    if is_silence(exc):
        return "nothing came for longer than the read timeout"
    return f"the connection broke off ({_cause(exc)})"


def is_silence(exc: BaseException) -> bool:
    """Whether a connection was given up since nothing came over it."""
    return isinstance(exc, (socket.timeout, urllib3.exceptions.TimeoutError))


def _cause(exc: BaseException) -> str:
    """The text of the error at the bottom, without the layers that wrap it."""
    if isinstance(exc, http.client.IncompleteRead):
        return "before the whole answer had come"
    reason = exc.args[0] if exc.args else exc
    inner = getattr(reason, "reason", None) or exc.__cause__ or exc.__context__
    if isinstance(inner, BaseException):
        return _cause(inner)
    text = str(exc.args[-1] if exc.args else exc)
    return text.partition(": ")[2] if text.startswith("<") else text
