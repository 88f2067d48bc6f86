"""Why an app cannot be used from here: one cause, found by trying, and named.

It connects as everyone does, looks at what failed and at what failed beneath it, and then asks
what tells similar causes apart. Nothing of the app is called.
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

PATIENCE = 5.0  # s for the first event of a stream that begins at once
#: Where apps are mounted, for those who gave the address of the whole site.
USUAL_PATHS = ("gradio", "app", "demo", "ui")


@dataclass
class Diagnosis:
    """What was found.

    Attributes:
        passed: What works, in order.
        cause: What does not, in a word or two; ``None`` if everything works.
        told: More about it, and what to do.
        code: The exit code that stands for it.
        app: Facts about the app, as far as they are known.
    """

    passed: list[str] = field(default_factory=list)
    cause: str | None = None
    told: str = ""
    code: int = OK
    app: dict[str, str] = field(default_factory=dict)

    def blame(self, cause: str, told: str, code: int) -> None:
        """Name the cause."""
        self.cause, self.told, self.code = cause, told, code


def examine(target: Target) -> Diagnosis:
    """Find out why an app cannot be used, or that it can."""
    found = Diagnosis()
    began = time.monotonic()
    try:
        app = target.connect()
    except GradioClientError as error:
        cause, advice = _cause_of(error, target)
        found.blame(cause, f"{error} {advice}".strip(), exit_code_of(error))
        return found
    with app:
        found.passed.append(f"connecting took {time.monotonic() - began:.1f} s")
        version = str(app.config.get("version", "?")).strip()
        found.app = {"gradio": version, "protocol": app.protocol, "address": app.url}
        found.passed.append(f"Gradio {version}, which speaks {app.protocol}")
        offered = app._signatures()
        found.app["endpoints"] = str(len(offered))
        found.passed.append(f"{len(offered)} endpoints")
        _examine_stream(app, found)
    return found


def _cause_of(error: GradioClientError, target: Target) -> tuple[str, str]:
    """The cause of a failed connection, and what else there is to say."""
    beneath = list(_beneath(error))
    names = {type(one).__name__ for one in beneath}
    if isinstance(error, SpaceError):
        return "Space", ""
    if any(isinstance(one, Unreachable) and one.by_proxy for one in beneath):
        return "proxy", ""
    if "SSLError" in names or any(isinstance(one, ssl.SSLError) for one in beneath):
        return "TLS", ""
    if "gaierror" in names:
        return "DNS", "The name of the host has no address here: check its spelling and your DNS."
    if isinstance(error, AuthenticationError):
        return "login", ""
    if isinstance(error, HTTPStatusError):
        proxy = _proxy_for(target.source)
        if proxy and (error.status_code == 407 or (error.status_code or 0) in (502, 503, 504)):
            return "proxy", f"The answer may be the proxy's: {_without_login(proxy)}."
        return "server error", "The app, or what stands before it, is not well; see its log."
    if isinstance(error, UnsupportedAppError):
        return "unsupported version", ""
    if isinstance(error, ConfigError):
        return _other_address(error, target)
    if isinstance(error, ConnectFailedError):
        return "no connection", "A firewall, a wrong port, or an app that is not running."
    return "protocol", ""


def _beneath(error: BaseException) -> Iterator[BaseException]:
    """An error and those that led to it; libraries wrap them in several ways."""
    pending: list[object] = [error]
    seen: set[int] = set()
    while pending:
        one = pending.pop()
        if not isinstance(one, BaseException) or id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        pending += [one.__cause__, one.__context__, getattr(one, "reason", None), *one.args]


def _other_address(error: ConfigError, target: Target) -> tuple[str, str]:
    """Whether there is an app above or below the address that was given."""
    parts = urlsplit(target.source.strip())
    if parts.scheme not in ("http", "https") or not parts.netloc:
        return "no address", ""
    steps = [step for step in parts.path.split("/") if step]
    above = ["/".join(steps[:count]) for count in range(len(steps) - 1, -1, -1)]
    below = ["/".join([*steps, name]) for name in USUAL_PATHS]
    for path in (*above, *below):
        address = urlunsplit((parts.scheme, parts.netloc, f"/{path}", "", ""))
        if _has_app(target, address):
            return "wrong path", f"There is a Gradio app at {address}"
    return "not Gradio", ""


def _has_app(target: Target, address: str) -> bool:
    try:
        replace(target, source=address).connect().close()
    except (AuthenticationError, UnsupportedAppError):
        return True
    except GradioClientError:
        return False
    return True


def _examine_stream(app: Client, found: Diagnosis) -> None:
    """Whether events come when they are sent: a proxy that collects answers holds them back."""
    release = tuple(int(part) for part in found.app["gradio"].split(".")[:2] if part.isdigit())
    if release < (4, 25):
        found.passed.append("event streams were not examined: this release has no endless one")
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
        found.blame(
            "buffering proxy",
            f"The app answers, but the first event of a stream did not come within {PATIENCE:g} s: "
            "something between here and the app collects answers before it passes them on. Switch "
            f"buffering off there (nginx: proxy_buffering off). ({error})",
            code,
        )
    except HTTPStatusError as error:
        found.blame("proxy", f"Event streams are refused on the way: {error}", FAILED)
    else:
        found.passed.append("events of a stream come as they are sent")


def _proxy_for(source: str) -> str | None:
    """The proxy that the environment names for an address."""
    parts = urlsplit(source)
    if not parts.hostname or urllib.request.proxy_bypass(parts.hostname):
        return None
    proxies = urllib.request.getproxies()
    return proxies.get(parts.scheme) or proxies.get("all")


def _without_login(address: str) -> str:
    parts = urlsplit(address if "//" in address else f"//{address}")
    return f"{parts.scheme or 'http'}://{parts.netloc.rpartition('@')[2]}"


def proxies_told() -> dict[str, str]:
    """The proxies of the environment, without their passwords."""
    told = {name: _without_login(value) for name, value in urllib.request.getproxies().items()}
    return {**told, "no": os.environ.get("NO_PROXY", os.environ.get("no_proxy", ""))}
