"""The diagnosis of `doctor`: one cause why an app cannot be used from this machine.

It connects like every other command, checks the error and the errors behind it, and then makes
requests that distinguish similar causes. It calls no endpoint of the app.
"""

from __future__ import annotations

import os
import ssl
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

from .._basics.words import counted
from .._session.session import new_session_hash
from .._transport.base import Lost, Unreachable
from .._transport.connections import RequestHandle
from ..errors import (
    AuthenticationError,
    BrokenStreamError,
    ConfigError,
    ConnectFailedError,
    GradioClientError,
    HTTPStatusError,
    SpaceError,
    UnsupportedAppError,
)
from .exits import EXIT_CODES, FAILED, OK, exit_code_of

if TYPE_CHECKING:
    from .._client import Client
    from .root import Target

PATIENCE = 5.0  # s for the first event of a stream that the server starts at once
#: Paths where apps are often mounted, in case the user gave the URL of the whole site.
USUAL_PATHS = ("gradio", "app", "demo", "ui")


@dataclass
class Diagnosis:
    """The result of `examine`.

    Attributes:
        passed: The checks that passed, in order.
        cause: The problem in one or two words; ``None`` if everything works.
        details: What the problem is, and what to do.
        code: The exit code for the problem.
        app: Facts about the app, as far as they are known.
    """

    passed: list[str] = field(default_factory=list)
    cause: str | None = None
    details: str = ""
    code: int = OK
    app: dict[str, str] = field(default_factory=dict)

    def fail(self, cause: str, details: str, code: int) -> None:
        """Set the problem."""
        self.cause, self.details, self.code = cause, details, code


def examine(target: Target) -> Diagnosis:
    """Find out whether an app can be used from this machine, and if not, why."""
    found = Diagnosis()
    began = time.monotonic()
    try:
        app = target.connect()
    except GradioClientError as error:
        cause, advice = _cause_of(error, target)
        found.fail(cause, f"{error} {advice}".strip(), exit_code_of(error))
        return found
    with app:
        found.passed.append(f"connecting took {time.monotonic() - began:.1f} s")
        version = str(app.config.get("version", "?")).strip()
        found.app = {"gradio": version, "protocol": app.protocol, "address": app.url}
        found.passed.append(f"Gradio {version} with the protocol {app.protocol}")
        offered = app._signatures()
        found.app["endpoints"] = str(len(offered))
        found.passed.append(counted(len(offered), "endpoint"))
        _examine_stream(app, found)
    return found


def _cause_of(error: GradioClientError, target: Target) -> tuple[str, str]:
    """Return the cause of a failed connection, and advice in addition to the error's text."""
    chain = list(_chain(error))
    names = {type(one).__name__ for one in chain}
    if isinstance(error, SpaceError):
        return "Space", ""
    if any(isinstance(one, Unreachable) and one.by_proxy for one in chain):
        return "proxy", ""
    if isinstance(error, ConnectFailedError) and error._wrong_scheme:
        return "TLS", ""
    if "SSLError" in names or any(isinstance(one, ssl.SSLError) for one in chain):
        return "TLS", ""
    if "gaierror" in names:
        return "DNS", "The host name cannot be resolved: check its spelling and your DNS settings."
    if isinstance(error, AuthenticationError):
        return "login", ""
    if isinstance(error, HTTPStatusError):
        proxy = _proxy_for(target.source)
        if proxy and (error.status_code == 407 or (error.status_code or 0) in (502, 503, 504)):
            return "proxy", f"The response may come from the proxy {_without_login(proxy)}."
        return "server error", "The app, or a server in front of it, has a problem; see its log."
    if isinstance(error, UnsupportedAppError):
        return "unsupported version", ""
    if isinstance(error, ConfigError):
        return _search_app(error, target)
    if isinstance(error, ConnectFailedError):
        return (
            "no connection",
            "A firewall blocks it, the port is wrong, or the app is not running.",
        )
    return "protocol", ""


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and all errors that led to it; libraries wrap them in several ways."""
    pending: list[object] = [error]
    seen: set[int] = set()
    while pending:
        one = pending.pop()
        if not isinstance(one, BaseException) or id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        pending += [one.__cause__, one.__context__, getattr(one, "reason", None), *one.args]


def _search_app(error: ConfigError, target: Target) -> tuple[str, str]:
    """Search for an app above and below the given URL; return the cause and advice."""
    parts = urlsplit(target.source.strip())
    if parts.scheme not in ("http", "https") or not parts.netloc:
        return "invalid URL", ""
    steps = [step for step in parts.path.split("/") if step]
    above = ["/".join(steps[:count]) for count in range(len(steps) - 1, -1, -1)]
    below = ["/".join([*steps, name]) for name in USUAL_PATHS]
    for path in (*above, *below):
        url = urlunsplit((parts.scheme, parts.netloc, f"/{path}", "", ""))
        if _has_app(target, url):
            return "wrong path", f"There is a Gradio app at {url}"
    return "not Gradio", ""


def _has_app(target: Target, url: str) -> bool:
    try:
        replace(target, source=url).connect().close()
    except (AuthenticationError, UnsupportedAppError):
        return True
    except GradioClientError:
        return False
    return True


def _examine_stream(app: Client, found: Diagnosis) -> None:
    """Check that events arrive when the server sends them: a buffering proxy delays them."""
    release = tuple(int(part) for part in found.app["gradio"].split(".")[:2] if part.isdigit())
    if release < (4, 25):
        found.passed.append("event streams were not checked: this release has no endless stream")
        return
    connection = app._connection
    call = RequestHandle()
    try:
        url = connection.app.routes.heartbeat(new_session_hash())
        stream = connection.http.stream(url, call, silence=PATIENCE, read_timeout=PATIENCE)
        try:
            next(iter(stream), None)
        finally:
            call.abort()
            stream.close()
    except (Lost, ConnectFailedError) as error:
        code = next(code for kind, code in EXIT_CODES if kind is BrokenStreamError)
        found.fail(
            "buffering proxy",
            f"The app responds, but the first event of a stream did not arrive within {PATIENCE:g} "
            "s. A proxy between this machine and the app buffers responses before it forwards "
            f"them. Switch its buffering off (nginx: proxy_buffering off). ({error})",
            code,
        )
    except HTTPStatusError as error:
        found.fail("proxy", f"A proxy refuses event streams: {error}", FAILED)
    else:
        found.passed.append("events of a stream arrive when they are sent")


def _proxy_for(source: str) -> str | None:
    """Return the proxy that the environment names for a URL; ``None`` without one."""
    parts = urlsplit(source)
    if not parts.hostname or urllib.request.proxy_bypass(parts.hostname):
        return None
    proxies = urllib.request.getproxies()
    return proxies.get(parts.scheme) or proxies.get("all")


def _without_login(proxy: str) -> str:
    parts = urlsplit(proxy if "//" in proxy else f"//{proxy}")
    return f"{parts.scheme or 'http'}://{parts.netloc.rpartition('@')[2]}"


def environment_proxies() -> dict[str, str]:
    """Return the proxies of the environment, without their passwords."""
    proxies = {name: _without_login(value) for name, value in urllib.request.getproxies().items()}
    return {**proxies, "no": os.environ.get("NO_PROXY", os.environ.get("no_proxy", ""))}
