"""All URLs of an app, built from the URL that the user typed.

The ``root`` in the config and the ``url`` of a file are what the server assumes to be its own
URL. Behind a proxy they are often wrong. A client that used them would also let a server choose
which host it connects to. So they are ignored.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote, unquote_plus, urlencode, urlsplit, urlunsplit

from .._basics.record import FrozenRecord
from .._basics.secret import Secret, joined, shown_source
from ..errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

_ODD = re.compile(r"[ \\]")  # some parsers end a host at a backslash, others do not
_HOST = re.compile(r"[\w.-]+(:\d+)?(/|\Z)")
#: A Space as people copy it, without a scheme; and a scheme that is misspelt or has odd signs.
_SPACE = re.compile(r"(?:(?:www\.)?(?:huggingface\.co|hf\.co)/)?spaces/([\w.-]+/[\w.-]+)/?")
_SCHEME = re.compile(
    r"(?P<scheme>h{1,2}[tp]{1,5}s?|wss?)(?::+[/\\]*|;+/*|/{2,})(?P<rest>.*)", re.IGNORECASE
)
_NAME = re.compile(r"[\w.-]+/[\w. -]+")
_PORT = re.compile(r":?\d{2,5}(/|\Z)")
#: Paths that users copy together with an app's URL: the config, and Gradio's API examples.
_BELOW_ROOT = re.compile(r"/+(config|gradio_api(/.*)?)\Z")
_DEFAULT_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}


def _meant(text: str) -> tuple[str, str]:
    """Return a URL and the name of a Space that come near to a text that is neither."""
    url, name = "http://127.0.0.1:7860", "user/space"
    bare = text.strip("\"'`<>() ")
    space = _SPACE.fullmatch(bare)
    if space is not None:
        return f"https://huggingface.co/spaces/{space[1]}", space[1]
    if _NAME.fullmatch(bare) and (" " in bare or bare != text.strip()):
        return url, bare.replace(" ", "-")
    if _PORT.match(bare):
        return f"http://127.0.0.1:{bare.lstrip(':')}", name  # on this machine
    broken = _SCHEME.match(bare)
    scheme, rest = ("", bare) if broken is None else broken.group("scheme", "rest")
    if not _HOST.match(rest):
        return url, name
    ends = (".hf.space", ".gradio.live")
    is_secure = scheme.lower().endswith(("ps", "ts", "wss")) or rest.split("/")[0].endswith(ends)
    return f"http{'s' if is_secure else ''}://{rest}", name


def root_of(source: str) -> str:
    """Return the root of an app for a URL that a user typed: scheme, host and path only.

    ``http://host/app/?__theme=dark#top`` becomes ``http://host/app``.

    Raises:
        ConfigError: The text is not an http or https URL, or it contains a user name or password.
    """
    text = source.strip()
    shown = shown_source(text)
    try:
        parts = urlsplit(text)
        port = parts.port  # parsed only now; raises ValueError if it is not a number
        path = quote(parts.path.rstrip("/"), safe="/%:@!$&'()*+,;=~-._")
    except ValueError as exc:
        raise ConfigError(
            f"{shown!r} is not a valid URL ({exc}). A valid one is 'http://127.0.0.1:7860'.",
            url=shown,
        ) from exc
    if parts.scheme.startswith("http+") and parts.netloc and parts.username is None:
        # Such as a Unix socket, for an adapter of the user. The host is its path; case counts.
        return urlunsplit(
            (parts.scheme, parts.netloc, _BELOW_ROOT.sub("", path).rstrip("/"), "", "")
        )
    if parts.scheme not in ("http", "https") or not parts.hostname or _ODD.search(parts.netloc):
        url, space = _meant(shown)
        raise ConfigError(
            f"{shown!r} is not the URL of an app. Give a full URL such as {url!r}, "
            f"or a Space name such as {space!r}.",
            url=shown,
        )
    if parts.username is not None or parts.password is not None:
        raise ConfigError(
            "The URL contains a user name or password. Remove them and pass "
            "auth=('user', 'password') for an app's login, or headers= for a proxy's.",
        )
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    netloc = host if port is None else f"{host}:{port}"
    path = _BELOW_ROOT.sub("", path).rstrip("/")
    return urlunsplit((parts.scheme, netloc, path, "", ""))


def split_page(root: str) -> tuple[str, str] | None:
    """Split a URL into the root above it and the name of a page below that root.

    Returns:
        The root one level up and the page's name; ``None`` if the URL has no path.

    Behaviour: the name of a page has no slash (``Blocks.route`` of Gradio 5.x and 6.x), so one
    level is enough.

    Example:
        >>> split_page("http://host/app/My%20page")
        ('http://host/app', 'My page')
    """
    if not urlsplit(root).path.strip("/"):
        return None
    above, _, name = root.rpartition("/")
    return above.rstrip("/"), unquote(name)


def pages_of(config: Mapping[str, Any]) -> list[str]:
    """Return the names of an app's pages in its config, without the main page.

    Behaviour: ``pages`` came with the multi-page apps of 5.x. Each entry is a list that begins
    with the page's path; the path of the main page is empty.
    """
    pages = config.get("pages")
    entries = pages if isinstance(pages, list) else []
    names = (entry[0] for entry in entries if isinstance(entry, list) and entry)
    return [name for name in names if isinstance(name, str) and name]


def query_of(source: str) -> Secret[str] | None:
    """Return the query of a URL that a user typed, in a form that fits into other URLs.

    It is secret, because gateways accept tokens there. ``None`` if there is none.

    Example:
        >>> query_of("http://host/app/?user=J. Doe&view=1#top").reveal()
        'user=J.%20Doe&view=1'
    """
    query = Secret(quote(urlsplit(source.strip()).query, safe="/?%:@!$&'()*+,;=~-._"))
    return query if query.reveal() else None


def query_values(query: Secret[str]) -> list[Secret[str]]:
    """Return the values of a query, each as it stands there and decoded."""
    values = [part.partition("=")[2] if "=" in part else part for part in query.reveal().split("&")]
    decoded = [unquote_plus(value) for value in values]
    return [Secret(value) for value in dict.fromkeys([*values, *decoded]) if value]


def with_queries(url: str, before: Secret[str] | None, after: Secret[str] | None) -> Secret[str]:
    """Return a URL or request target with further queries, as a secret.

    Args:
        url: The URL, which may have a query of its own.
        before: The query of the user. If both have a name, the URL's own value counts.
        after: A signature.
    """
    base, _, own = url.partition("?")
    parts = [part for part in (before, own, after) if part]
    separated = [text for part in parts for text in ("&", part)][1:]
    return joined(base, "?" if parts else "", *separated)


def origin_of(url: str) -> tuple[str, str, int]:
    """Return scheme, host and port in a comparable form; empty values for an invalid URL."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:  # the port is not a number, or the host is invalid
        return "", "", 0
    scheme = parts.scheme.lower()
    return scheme, (parts.hostname or "").lower(), port or _DEFAULT_PORTS.get(scheme, 0)


def server_of(url: str) -> str:
    """Return the server of a URL, as errors name it.

    Example:
        >>> server_of("http://[::1]:7860/config")
        'http://[::1]:7860'
    """
    scheme, host, port = origin_of(url)
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"


def may_follow(requested: str, location: str) -> bool:
    """Return whether a redirect stays on the server that the user named.

    It does so on the same origin. A redirect from http to https on the standard ports of one host
    is also allowed, because it only makes the connection safer.

    Args:
        requested: The URL of the request.
        location: The URL that the response redirects to.
    """
    old, new = origin_of(requested), origin_of(location)
    return old == new or (
        old[1] == new[1] and (old[0], old[2], new[0], new[2]) == ("http", 80, "https", 443)
    )


@lru_cache(maxsize=256)
def _name_in_path(name: str) -> str:
    return quote(name, safe="")


class Routes(FrozenRecord):
    """All URLs of one app.

    Attributes:
        root: The app's URL without a slash at the end.
        prefix: ``api_prefix`` of the config; "" before 5.0.
        query: The query of the URL that the user typed. Functions of the app can read it, so
            their requests get it when they are sent. No URL here contains it, because errors show
            URLs and a query may hold a secret.
    """

    root: str
    prefix: str = ""
    query: Secret[str] | None = None

    def _api(self, path: str, **query: str) -> str:
        url = f"{self.root}{self.prefix}/{path}"
        return f"{url}?{urlencode(query)}" if query else url

    @property
    def config(self) -> str:
        return f"{self.root}/config"

    @property
    def app_id(self) -> str:
        return self._api("app_id")

    @property
    def page(self) -> str:
        return f"{self.root}/"

    @property
    def login(self) -> str:
        return f"{self.root}/login"

    @property
    def info(self) -> str:
        return self._api("info")

    @property
    def join(self) -> str:
        return self._api("queue/join")

    @property
    def data(self) -> str:
        return self._api("queue/data")

    @property
    def queue_status(self) -> str:
        return self._api("queue/status")

    @property
    def cancel(self) -> str:
        return self._api("cancel")

    @property
    def reset(self) -> str:
        return self._api("reset")

    @property
    def component_server(self) -> str:
        return self._api("component_server")

    @property
    def upload(self) -> str:
        return self._api("upload")

    def file(self, path: str) -> str:
        """Return the URL of a file by its path on the server."""
        return self._api(f"file={quote(path, safe='/')}")

    def media_stream(self, path: str) -> str:
        """Return the URL of sound or video that the app is still producing."""
        return self._api(f"stream/{quote(path, safe='/')}")

    @property
    def websocket(self) -> str:
        scheme, rest = self.join.split("://", 1)
        return f"ws{scheme[4:]}://{rest}"

    def run(self, api_name: str) -> str:
        return self._api(f"run/{_name_in_path(api_name)}")

    def stream(self, session_hash: str) -> str:
        return self._api("queue/data", session_hash=session_hash)

    def join_stream(self, fn_index: int, session_hash: str) -> str:
        return self._api("queue/join", fn_index=str(fn_index), session_hash=session_hash)

    def chunk(self, event_id: str) -> str:
        return self._api(f"stream/{quote(event_id, safe='')}")

    def chunk_end(self, event_id: str) -> str:
        return f"{self.chunk(event_id)}/close"

    def heartbeat(self, session_hash: str) -> str:
        return self._api(f"heartbeat/{quote(session_hash, safe='')}")
