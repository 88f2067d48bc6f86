"""Proxy addresses: as users and desktops write them, and as libraries read them.

Environment variables and *proxies* of `Client` name proxies. ``socks://`` is what GNOME and others
write; no library reads it. It means a SOCKS proxy that looks names up itself, so ``socks5h``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

#: What `requests` and `websocket` take.
_SCHEMES = ("http", "https", "socks4", "socks4a", "socks5", "socks5h")

_PASSWORD = r"(//|\A)[^/@]*@"
_SCHEME = r"(?i)([a-z][a-z0-9+.-]*)://"


class ProxyError(ValueError):
    """A proxy address that cannot be used; the text says what to type."""


def read_proxy(value: str) -> str:
    """Return a proxy's address as libraries read it; ``""`` stands for no proxy.

    Raises:
        ProxyError: It is no address of a proxy.

    Behaviour: an address without a scheme is one of HTTP, as for `requests` and curl.

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
            f"{scheme}:// is no kind of proxy. Write it as http://host:port, or as "
            "socks5h://host:port for a SOCKS proxy"
        )
    address = f"{scheme}://{rest}"
    try:
        parts = urlsplit(address)
        valid = bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:  # of the port, or of brackets
        valid = False
    if not valid or re.search(r"\s", address):
        raise ProxyError(f"it is no address. Write it as {scheme}://host:port")
    return address


def without_login(value: str) -> str:
    """Return a proxy's address as errors show it: without the user and password.

    Example:
        >>> without_login("socks5://me:secret@proxy:1080")
        'socks5://…@proxy:1080'
    """
    return re.sub(_PASSWORD, lambda match: f"{match[1]}…@", value.strip(), count=1)


def key_for(url: str, proxies: Mapping[str, str]) -> str | None:
    """Return the key of the proxy that an address goes by; ``None`` without one.

    Behaviour: ``select_proxy`` of `requests`.
    """
    parts = urlsplit(url)
    keys = (f"{parts.scheme}://{parts.hostname}", parts.scheme, f"all://{parts.hostname}", "all")
    return next((key for key in keys if key in proxies), None)


def source_of(key: str, given: Mapping[str, str], environment: Mapping[str, str]) -> str:
    """Return the name of what a proxy came from, for an error.

    Args:
        key: Its key among the proxies.
        given: *proxies* of `Client`.
        environment: Variables of the environment; of two spellings, lower case counts.
    """
    if key in given:
        return f"proxies={{{key!r}: …}}"
    named = [name for name in environment if name.lower() == f"{key}_proxy"]
    if named:
        return f"the environment variable {min(named, key=str.isupper)}"
    return "the system's settings"
