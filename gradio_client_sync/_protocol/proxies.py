"""URLs of proxies: how users and desktops write them, and how libraries read them.

Environment variables and *proxies* of `Client` name proxies. GNOME and other programs write
``socks://``, which no library reads. It means a SOCKS proxy that resolves host names itself, so it
becomes ``socks5h://``.
"""

from __future__ import annotations

import re
from collections.abc import Container, Mapping
from urllib.parse import urlsplit

#: The schemes that `requests` and `websocket` accept.
_SCHEMES = ("http", "https", "socks4", "socks4a", "socks5", "socks5h")

_PASSWORD = r"(//|\A)[^/@]*@"
_SCHEME = r"(?i)([a-z][a-z0-9+.-]*)://"


class ProxyError(ValueError):
    """A proxy URL cannot be used; the text says what to write instead."""


def read_proxy(value: str) -> str:
    """Return a proxy's URL in the form that libraries read; ``""`` means no proxy.

    Args:
        value: The URL, or ``host:port``, as the user or the environment gives it.

    Raises:
        ProxyError: The value is not the URL of a proxy.

    Behaviour: a value without a scheme is an HTTP proxy, as in `requests` and curl.

    Example:
        >>> read_proxy("socks://127.0.0.1:1080"), read_proxy("proxy.example:8080")
        ('socks5h://127.0.0.1:1080', 'http://proxy.example:8080')
    """
    text = value.strip()
    if not text:
        return ""
    found = re.match(_SCHEME, text)
    scheme, rest = (found[1].lower(), text[found.end() :]) if found else ("http", text.lstrip("/"))
    scheme = "socks5h" if scheme == "socks" else scheme
    if scheme not in _SCHEMES:
        raise ProxyError(
            f"{scheme}:// is not a proxy scheme. Write the proxy as http://host:port, or as "
            "socks5h://host:port if it is a SOCKS proxy"
        )
    url = f"{scheme}://{rest}"
    try:
        parts = urlsplit(url)
        valid = bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:  # the port is not a number, or brackets are not closed
        valid = False
    if not valid or re.search(r"\s", url):
        raise ProxyError(f"it is not a valid URL. Write it as {scheme}://host:port")
    return url


def without_login(value: str) -> str:
    """Return a proxy's URL without user and password, as errors show it.

    Example:
        >>> without_login("socks5://me:secret@proxy:1080")
        'socks5://…@proxy:1080'
    """
    return re.sub(_PASSWORD, lambda match: f"{match[1]}…@", value.strip(), count=1)


def key_for(url: str, proxies: Mapping[str, str]) -> str | None:
    """Return the key of the proxy that a URL uses; ``None`` if it uses no proxy.

    Args:
        url: The URL of a request.
        proxies: Keys such as ``"https"`` or ``"all://host"`` to proxies.

    Behaviour: ``select_proxy`` of `requests`.
    """
    parts = urlsplit(url)
    keys = (f"{parts.scheme}://{parts.hostname}", parts.scheme, f"all://{parts.hostname}", "all")
    return next((key for key in keys if key in proxies), None)


def source_of(key: str, given: Container[str], environment: Mapping[str, str]) -> str:
    """Return where a proxy was set, for an error message.

    Args:
        key: The proxy's key in `proxies`.
        given: The keys of *proxies* of `Client`.
        environment: Environment variables. If a variable is set in lower case and in upper case,
            the lower case one counts.
    """
    if key in given:
        return f"proxies={{{key!r}: …}}"
    named = [name for name in environment if name.lower() == f"{key}_proxy"]
    if named:
        return f"the environment variable {min(named, key=str.isupper)}"
    return "the system's settings"
