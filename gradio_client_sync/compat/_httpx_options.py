"""The argument *httpx_kwargs* of `Client`, as options of the plain client."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ._httpx_auth import login
from ._warned import warn

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
            options["headers"] = dict(value or {})
        elif name in ("verify", "cert"):
            options[name] = value
        elif name == "auth":
            options["http_auth"] = login(value)
        elif name not in _PASSED_OVER:
            raise TypeError(
                f"httpx_kwargs has the option {name!r}, which gradio_client_sync does not have. It "
                "knows timeout, proxy, proxies, cookies, headers, verify, cert and auth."
            )
    unused = [name for name in given or {} if name in _PASSED_OVER]
    if unused:
        warn(f"httpx_kwargs: {', '.join(unused)} has no effect in gradio_client_sync.")
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
        url = _proxy_url(value)
        return {"http": url, "https": url}
    proxies: dict[str, str] = {}
    for pattern, proxy in value.items():
        if proxy is None:
            continue
        url = _proxy_url(proxy)
        if pattern in _PROXIED or pattern in ("http", "https"):
            proxies.update(dict.fromkeys(_PROXIED.get(pattern, (pattern,)), url))
        else:  # a host, such as "all://example.com"; `requests` has the same form
            proxies[pattern] = url
    return proxies


def _proxy_url(proxy: Any) -> str:
    """Return the URL of a proxy. An ``httpx.Proxy`` keeps the login beside its URL."""
    user_and_password = getattr(proxy, "auth", None)
    if user_and_password is None:
        return str(getattr(proxy, "url", proxy))
    user, password = user_and_password
    return str(proxy.url.copy_with(username=user, password=password))
