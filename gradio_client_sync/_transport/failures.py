"""Whole responses, and the translation of failures into this package's errors.

Most error messages about requests are made here: for a response that is not a success, and for an
exception of `requests`, `urllib3` or the system. Tables say which exception becomes which error.
"""

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
from .gateway_refusals import certificate_refused, certificate_wanted, login_wanted

#: Matches the errors of TLS libraries for a server that does not use TLS.
_NO_TLS = re.compile("wrong.version.number|unknown.protocol|record.layer.failure", re.IGNORECASE)

#: Matches the errors of TLS libraries for a certificate that this machine does not accept.
_UNTRUSTED = re.compile(
    "certificate.verify.failed|self.signed|hostname|doesn't match|does not match", re.IGNORECASE
)

#: A status that only a proxy sends, never the app.
PROXY_AUTHENTICATION_REQUIRED = 407

_SHOWN_CHARACTERS = 500  # the most characters of a server's text in an error


class Answer(NamedTuple):
    """A response that was read completely.

    Attributes:
        status: The status code.
        content_type: The value of its ``Content-Type`` header.
        body: The body. If the status is 300 or more, secrets are already removed.
        url: The request's URL, as it may be shown.
        headers: The headers, by name in lower case.
        conceal: A function that removes the client's secrets from a text, if the server repeats
            them.
    """

    status: int
    content_type: str
    body: bytes
    url: str
    headers: Mapping[str, str]
    conceal: Callable[[bytes], bytes] = bytes

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode("utf-8", "replace")

    def json(self) -> Any:
        """Read the body as JSON.

        Raises:
            ProtocolError: The body is not JSON, for example because a proxy sent a page.
        """
        try:
            return read_json(self.body)
        except TooDeep as exc:
            problem = f"is JSON that cannot be read, because {exc}"
        except ValueError:  # not shown, because it contains the whole body
            problem = (
                f"is not JSON ({self.content_type or 'no content type'}). A proxy or a login page "
                "may have sent it"
            )
        shown = self._replace(body=self.conceal(self.body))
        raise ProtocolError(
            f"The response of {self.url} (status {self.status}) {problem}: {shorten(shown.text)!r}",
            raw=shown.body,
        )


def object_in(body: bytes) -> dict[str, Any] | None:
    """Return the JSON object that a body contains; ``None`` if it contains anything else."""
    try:
        value = read_json(body)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def refusal(answer: Answer, *, doing: str | None = None) -> HTTPStatusError:
    """Return the error for a response that is not a success.

    Args:
        answer: The response.
        doing: What the client was doing, for the start of the message.
    """
    detail = _detail(answer)
    url, status = answer.url, answer.status
    tried = f"{doing}: " if doing else ""
    reason = f" ({detail})" if detail else ""
    facts: dict[str, Any] = {
        "url": url,
        "status_code": status,
        "body": shorten(answer.text),
        "retry_after": retry_after(answer.headers),
    }
    certificate = certificate_wanted(status, answer.body)
    if certificate or status in (401, 403):
        challenge = answer.headers.get("www-authenticate", "")
        if certificate:
            advice = certificate
        elif challenge and status == 401:
            advice = login_wanted(challenge)
            facts["_of_gateway"] = not challenge.lower().startswith("bearer")
        else:
            advice = (
                "If the app has a login, pass auth=('user', 'password'). If a gateway protects "
                "the app, use http_auth=, cert=, headers= or cookies= to send what the gateway "
                "requires."
            )
        return AuthenticationError(
            f"{tried}{url} refused the request with {status}{reason}. {advice}", **facts
        )
    if status == 429:
        after = facts["retry_after"]
        wait = f"It asks to wait {after:g} s." if after is not None else "Try again later."
        text = f"{tried}{url} refused the request because of its rate limit (429{reason}). {wait}"
        return RateLimitError(text, **facts)
    location = answer.headers.get("location")
    if location and 300 <= status < 400:
        target = shorten(answer.conceal(location.encode()).decode("utf-8", "replace"))
        problem = f"redirects to {target!r} ({status}). Connect to the app's own URL"
    elif status < 300:
        problem = (
            f"responded with {status} and {answer.content_type or 'no content'!r}, which is not "
            "the expected response. A login page or a proxy may respond instead of the app"
        )
    else:
        problem = f"responded with {status}{reason}"
    return HTTPStatusError(f"{tried}{url} {problem}.", **facts)


def shorten(text: str) -> str:
    """Return a text, cut to the length that errors show."""
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}…"


def _detail(answer: Answer) -> str:
    """Return the reason that a response gives. Its `detail` may be a text, an object or a list."""
    try:
        body = read_json(answer.body)
    except (ValueError, RecursionError):
        return "" if "html" in answer.content_type else shorten(answer.text.strip())
    detail = body.get("detail", body.get("error")) if isinstance(body, dict) else body
    if isinstance(detail, dict):
        detail = detail.get("error", detail)
    return shorten(detail if isinstance(detail, str) else json.dumps(detail)) if detail else ""


def unusable_url(exc: Exception, url: str) -> ConnectFailedError:
    """Return the error for a URL for which no request can be made."""
    cause = str(exc) if isinstance(exc, ProxyError) else cause_of(exc)
    return ConnectFailedError(f"{url} cannot be requested: {cause.rstrip('.')}.", url=url)


def request_error(exc: Exception, url: str, proxy: str = "the proxy") -> ConnectFailedError | None:
    """Return the error for a request that failed before its response began.

    Args:
        exc: The exception of `requests`, `urllib3` or the system, or an `Unreachable`.
        url: The request's URL.
        proxy: A text that names the proxy; see `RequestContext.describe_proxy`.

    Returns:
        The error of the first match in a table; ``None`` for an exception that is not about the
        connection, but comes from a fault of this package.
    """
    if isinstance(exc, Unreachable) and exc.by_proxy:
        return proxy_refusal(url, cause_of(exc), proxy)
    return _first_match(_WITHOUT_RESPONSE, exc, exc, url)


def _first_match(
    table: _Table, deciding: BaseException | None, exc: Exception, url: str
) -> ConnectFailedError | None:
    """Return the error for `exc`, by the first row that matches the type of `deciding`."""
    for types, error_of in table:
        if isinstance(deciding, types):
            return error_of(exc, url)
    return None


def _unreachable(exc: Exception, url: str) -> ConnectFailedError:
    """Return the error for a connection that could not be opened."""
    return _first_match(_WITHOUT_CONNECTION, exc.__cause__, exc, url) or _not_connected(exc, url)


def _not_secure(exc: Exception, url: str) -> ConnectFailedError:
    """Return the error for a failed TLS handshake."""
    server = server_of(url)
    if _NO_TLS.search(str(exc.__cause__)):
        plain = server.replace("https:", "http:", 1)
        return ConnectFailedError(
            f"{server} does not use TLS: {cause_of(exc)}. If the app is served without TLS, "
            f"connect to {plain}.",
            url=url,
            _wrong_scheme=True,
        )
    if _is_about_trust_file(exc.__cause__):
        return ConnectFailedError(
            f"The trusted certificates for {server} cannot be read: {cause_of(exc)}. "
            "verify='path/of/ca.pem' takes a PEM file or a folder. The variables "
            "REQUESTS_CA_BUNDLE, CURL_CA_BUNDLE and SSL_CERT_FILE name one, too.",
            url=url,
        )
    if not _UNTRUSTED.search(str(exc.__cause__)):
        return certificate_error(exc.__cause__, url) or _without_handshake(exc, url)
    return ConnectFailedError(
        f"The certificate of {server} is not trusted on this machine: {cause_of(exc)}. If the "
        "server is yours, pass verify='path/of/ca.pem', or verify=False to accept any certificate.",
        url=url,
    )


def _is_about_trust_file(exc: BaseException | None) -> bool:
    """Return whether a file of trusted certificates cannot be read.

    `urllib3` wraps only errors of these files. Those of a handshake arrive as they are.
    """
    return isinstance(exc, urllib3.exceptions.SSLError) and isinstance(exc.__cause__, OSError)


def certificate_error(exc: BaseException | None, url: str) -> ConnectFailedError | None:
    """Return the error if a server ended the TLS connection because of the client's certificate.

    With TLS 1.3, it does so after the handshake, when the client waits for a response.
    """
    if not isinstance(exc, (ssl.SSLError, urllib3.exceptions.SSLError)):
        return None
    advice = certificate_refused(str(exc))
    if not advice:
        return None
    return ConnectFailedError(
        f"{server_of(url)} ended the TLS connection: {cause_of(exc)}. {advice}", url=url
    )


def _without_handshake(exc: Exception, url: str) -> ConnectFailedError:
    """Return the error for a server that accepted the connection and did not complete TLS."""
    if not url.startswith("https:"):
        return _not_connected(exc, url)
    return ConnectFailedError(
        f"{server_of(url)} accepted the connection, but the TLS handshake failed: {cause_of(exc)}. "
        "Check that the port is one for https. If the server requires a client certificate, pass "
        "cert=('client.pem', 'client.key').",
        url=url,
        _passing=isinstance(exc.__cause__, ConnectionError),
        _no_handshake=True,
    )


def _not_connected(exc: Exception, url: str) -> ConnectFailedError:
    """Return the error for a host that is unknown, or refuses the connection."""
    cause = exc.__cause__
    return ConnectFailedError(
        f"{server_of(url)} cannot be reached: {cause_of(exc)}. {advice(exc)}",
        url=url,
        _passing=cause is not None and not is_unknown_name(cause.__cause__),
    )


def _not_in_time(exc: Exception, url: str) -> ConnectFailedError:
    """Return the error for a connection that was not open before the timeout."""
    return ConnectFailedError(
        f"{server_of(url)} did not accept the connection in time. Check the URL, and that the app "
        "can be reached from this machine. timeout=(connect, read) allows more time.",
        url=url,
        _no_handshake=True,  # the time includes the handshake
    )


def proxy_refusal(url: str, reason: str, proxy: str) -> ConnectFailedError:
    """Return the error for a proxy that did not forward a request.

    Args:
        url: The request's URL.
        reason: Why the proxy did not forward it.
        proxy: A text that names the proxy; see `RequestContext.describe_proxy`.
    """
    return ConnectFailedError(
        f"{server_of(url)} is requested through a proxy, but {proxy} cannot be used: {reason}. "
        "Check proxies= and the environment variables HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and "
        "NO_PROXY.",
        url=url,
    )


def incomplete_response(exc: Exception, url: str) -> ConnectFailedError:
    """Return the error for a response that did not arrive, or not completely."""
    refused = certificate_error(exc, url)
    if refused is not None:
        return refused
    return ConnectFailedError(
        f"{url} did not send a complete response: {describe_loss(exc)}.",
        url=url,
        sent=True,
        # After a read timeout, a retry would probably wait as long again.
        _passing=not is_silence(exc),
    )


#: Rows of exception types, each with a function that makes the error. The first match counts, so
#: the most specific types come first.
_Table = Sequence[
    tuple[tuple[type[BaseException], ...], Callable[[Exception, str], ConnectFailedError]]
]

#: The rows for the exception of a request that failed before its response began.
_WITHOUT_RESPONSE: _Table = (
    ((Unreachable,), _unreachable),
    # Some errors of `requests` about a URL are also an OSError.
    ((ValueError, http.client.InvalidURL), unusable_url),
    ((OSError, http.client.HTTPException, urllib3.exceptions.HTTPError), incomplete_response),
)

#: The rows for the cause of an `Unreachable`.
_WITHOUT_CONNECTION: _Table = (
    ((ssl.SSLError, urllib3.exceptions.SSLError), _not_secure),
    # In some releases of urllib3, NewConnectionError is also a ConnectTimeoutError.
    ((urllib3.exceptions.NewConnectionError,), _not_connected),
    ((urllib3.exceptions.ConnectTimeoutError,), _not_in_time),
    ((ConnectionResetError, ConnectionAbortedError, BrokenPipeError), _without_handshake),
)


def is_unknown_name(exc: BaseException | None) -> bool:
    """Return whether an exception says that a host name does not exist.

    If a name server fails for a moment, the name may exist.
    """
    return isinstance(exc, socket.gaierror) and exc.errno != socket.EAI_AGAIN


def advice(exc: BaseException, proxy: str = "the proxy") -> str:
    """Return a text that says what to do when no connection can be opened.

    Args:
        exc: The exception.
        proxy: A text that names the proxy; see `RequestContext.describe_proxy`.
    """
    if is_out_of_files(exc):
        return (
            "The process cannot open more files or connections (see ulimit -n). max_workers= of "
            "Client limits the running jobs, and with them the connections."
        )
    if "Python Socks" in str(exc):
        return (
            f"Gradio 3 uses websockets. To send them through {proxy}, install python-socks: "
            "pip install python-socks."
        )
    return "Check the URL, and that the app is running."


def is_out_of_files(exc: BaseException | None) -> bool:
    """Return whether the process or the machine has too many open files."""
    while exc is not None:
        if isinstance(exc, OSError) and exc.errno in (errno.EMFILE, errno.ENFILE):
            return True
        exc = exc.__cause__ or exc.__context__
    return False


def describe_loss(exc: Exception) -> str:
    """Return a short text that says how a connection ended."""
    if is_silence(exc):
        return "the server sent nothing for longer than the read timeout"
    return f"the connection broke off ({cause_of(exc)})"


def is_silence(exc: BaseException) -> bool:
    """Return whether an exception says that the server sent nothing within the timeout."""
    return isinstance(exc, (socket.timeout, urllib3.exceptions.TimeoutError))


def cause_of(exc: BaseException) -> str:
    """Return the text of the innermost error, without the errors that wrap it."""
    if isinstance(exc, http.client.IncompleteRead):
        return "before the end of the response"
    reason = exc.args[0] if exc.args else exc
    # Not `__context__`: it may be an exception that the user's code handles at the moment.
    inner = getattr(reason, "reason", None) or exc.__cause__
    if isinstance(inner, BaseException):
        return cause_of(inner)
    text = str(exc.args[-1] if exc.args else exc)
    return text.partition(": ")[2] if text.startswith("<") else text
