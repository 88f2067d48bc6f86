"""The argument *httpx_kwargs* of `Client`: the options of the plain client that it stands for."""

from __future__ import annotations

import base64
import warnings
from collections.abc import Mapping
from typing import Any

#: Options of ``httpx`` that have no counterpart, and change no result.
_PASSED_OVER = ("follow_redirects", "http2", "limits", "trust_env", "http1", "default_encoding")

_PROXIED = {"all://": ("http", "https"), "http://": ("http",), "https://": ("https",)}


def plain_options(given: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the options of the plain client for *httpx_kwargs*.

    Args:
        given: The argument.

    Raises:
        TypeError: An option has no counterpart here, or a wrong type.
    """
    options: dict[str, Any] = {}
    for name, value in (given or {}).items():
        if name == "timeout":
            options["timeout"] = _timeout(value)
        elif name in ("proxy", "proxies"):
            options["proxies"] = _proxies(value)
        elif name == "cookies":
            options["cookies"] = dict(value or {})
        elif name == "headers":
            options["headers"] = {**options.get("headers", {}), **dict(value or {})}
        elif name == "verify":
            options["verify"] = value
        elif name == "auth":
            options["headers"] = {**_authorization(value), **options.get("headers", {})}
        elif name not in _PASSED_OVER:
            raise TypeError(
                f"httpx_kwargs has the option {name!r}, which gradio_client_sync does not have. It "
                "knows timeout, proxy, proxies, cookies, headers, verify and auth."
            )
    unused = [name for name in given or {} if name in _PASSED_OVER]
    if unused:
        warnings.warn(
            f"httpx_kwargs: {', '.join(unused)} has no effect in gradio_client_sync.",
            UserWarning,
            stacklevel=4,
        )
    return options


def _timeout(value: Any) -> Any:
    """Return seconds to wait for a connection, and seconds without any data."""
    if value is None or isinstance(value, (int, float)):
        return value
    if isinstance(value, tuple) and value:  # connect, read, write, pool
        return (value[0], value[1]) if len(value) > 1 else value[0]
    if hasattr(value, "connect") and hasattr(value, "read"):
        return value.connect, value.read
    raise TypeError(f"timeout in httpx_kwargs must be a number or an httpx.Timeout, not {value!r}.")


def _proxies(value: Any) -> dict[str, str] | None:
    if value is None:
        return None
    if not isinstance(value, Mapping):
        url = str(getattr(value, "url", value))
        return {"http": url, "https": url}
    proxies: dict[str, str] = {}
    for pattern, proxy in value.items():
        if proxy is None:
            continue
        url = str(getattr(proxy, "url", proxy))
        if pattern in _PROXIED or pattern in ("http", "https"):
            proxies.update(dict.fromkeys(_PROXIED.get(pattern, (pattern,)), url))
        else:  # a host, such as "all://example.com"; `requests` has the same form
            proxies[pattern] = url
    return proxies


def _authorization(value: Any) -> dict[str, str]:
    """Return the header for Basic authentication.

    Args:
        value: A pair, or an object of ``httpx`` that sets the header before the first request.

    Raises:
        TypeError: The object needs an answer of the server first, or is of another kind.
    """
    if value is None:
        return {}
    if isinstance(value, (tuple, list)) and len(value) == 2:
        pair = ":".join(part if isinstance(part, str) else part.decode() for part in value)
        return {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode('ascii')}"}
    request = _Request()
    if hasattr(value, "auth_flow"):
        next(value.auth_flow(request), None)
    elif callable(value):
        value(request)
    if "Authorization" not in request.headers:
        raise TypeError(
            f"auth in httpx_kwargs is {value!r}, which sets no Authorization header by itself. "
            "Pass a pair of user name and password, or the header in headers=."
        )
    return {"Authorization": request.headers["Authorization"]}


class _Request:
    """What an object for authentication changes: the headers of a request."""

    def __init__(self) -> None:
        self.headers: dict[str, str] = {}
