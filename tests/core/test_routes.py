"""URLs: what the user types, and the URLs of the app."""

from __future__ import annotations

from typing import Optional

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from gradio_client_sync._basics.secret import Secret, revealed
from gradio_client_sync._protocol.routes import (
    Routes,
    may_follow,
    origin_of,
    pages_of,
    query_of,
    query_values,
    root_of,
    server_of,
    split_page,
    with_queries,
)
from gradio_client_sync.errors import ConfigError


@pytest.mark.parametrize(
    ("typed", "root"),
    [
        ("http://127.0.0.1:7860", "http://127.0.0.1:7860"),
        ("http://127.0.0.1:7860/", "http://127.0.0.1:7860"),
        ("  http://host/app/ \n", "http://host/app"),
        ("http://host/app/?__theme=dark#top", "http://host/app"),
        ("http://host/app?view=api", "http://host/app"),
        ("http://host/config", "http://host"),
        ("http://host/app/config/", "http://host/app"),
        ("http://host//config", "http://host"),
        ("http://host/gradio_api", "http://host"),
        ("http://host/app/gradio_api/call/predict/", "http://host/app"),
        ("http://host/gradio_apis", "http://host/gradio_apis"),
        ("http://host/configuration", "http://host/configuration"),
        ("HTTPS://Host.Example/App", "https://host.example/App"),
        ("http://[::1]:7860/x", "http://[::1]:7860/x"),
        ("http://[::1]", "http://[::1]"),
        ("http://host/a b/ü", "http://host/a%20b/%C3%BC"),
        ("http://host/a%20b", "http://host/a%20b"),
    ],
)
def test_root_keeps_scheme_host_and_path(typed: str, root: str) -> None:
    """Slashes at the end, ``/config``, query and fragment are removed."""
    assert root_of(typed) == root


@pytest.mark.parametrize("server", ["http://[::1]:7860", "https://host:443"])
def test_server_is_named_as_it_is_typed(server: str) -> None:
    """An IPv6 address has brackets, which separate it from its port."""
    assert server_of(f"{server}/app/config?a=b") == server


@pytest.mark.parametrize(
    ("typed", "hint"),
    [
        ("", "http://127.0.0.1:7860"),
        ("localhost", "http://localhost"),
        ("127.0.0.1/app", "http://127.0.0.1/app"),
        ("localhost:7860", "http://localhost:7860"),
        ("ftp://host/app", "http://127.0.0.1:7860"),
        ("http://", "http://127.0.0.1:7860"),
        ("file:///etc/passwd", "http://127.0.0.1:7860"),
        ("http://my app", "http://127.0.0.1:7860"),
        ("http://elsewhere.example\\.localhost", "http://127.0.0.1:7860"),  # it has no host
        ("http//host:7860/app", "http://host:7860/app"),
        ("http:/host", "http://host"),
        ("https:host", "https://host"),
        ("http;//host", "http://host"),
        ("http:\\\\host", "http://host"),
        ("htps://host", "https://host"),
        ("hhtp://host", "http://host"),
        ("ws://host", "http://host"),
        ("wss://host", "https://host"),
        ('"http://host:7860"', "http://host:7860"),
        ("<https://host>", "https://host"),
        ("http//", "http://127.0.0.1:7860"),
        ("user-space.hf.space", "https://user-space.hf.space"),
        ("huggingface.co/spaces/a/b", "https://huggingface.co/spaces/a/b"),
        ("huggingface.co/spaces/a/b", "a/b"),
        ("spaces/a/b", "a/b"),
        ("a/my space", "a/my-space"),
        ("'a/b'", "a/b"),
        ("7861", "http://127.0.0.1:7861"),
        (":7861/app", "http://127.0.0.1:7861/app"),
    ],
)
def test_root_of_something_else_says_what_to_type(typed: str, hint: str) -> None:
    """A text that is not an http URL is refused, and the error suggests one."""
    with pytest.raises(ConfigError) as caught:
        root_of(typed)
    assert repr(hint) in str(caught.value)
    assert caught.value.url == typed


@pytest.mark.parametrize(
    "typed", ["http://host:port/", "http://host:99999", "http://[::1", "http://h/\ud800"]
)
def test_root_of_a_broken_address_says_so(typed: str) -> None:
    """A URL that cannot be read is a `ConfigError`, and not a ValueError of the library."""
    with pytest.raises(ConfigError, match="not a valid URL"):
        root_of(typed)


@pytest.mark.parametrize("typed", ["http://user:secret@host/", "http://user@host", "http://:s@h"])
def test_root_with_credentials_is_refused_without_repeating_them(typed: str) -> None:
    """A URL with a password is refused, and the error does not contain it."""
    with pytest.raises(ConfigError, match="auth=") as caught:
        root_of(typed)
    assert "secret" not in str(caught.value)
    assert caught.value.url is None


_PATHS = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)


@given(st.sampled_from(["http", "https", "HTTP"]), st.sampled_from(["h", "h:1", "[::1]"]), _PATHS)
def test_root_is_idempotent(scheme: str, host: str, path: str) -> None:
    """The root of a root is the same, except for an app mounted below ``/config``."""
    root = root_of(f"{scheme}://{host}/{path}")
    assume(not root.endswith("/config"))
    assert root_of(root) == root
    assert not root.endswith("/")


@given(st.text(max_size=40))
def test_root_of_any_text_is_a_root_or_a_config_error(typed: str) -> None:
    """Any text is a root or raises `ConfigError`."""
    for source in (typed, f"http://{typed}"):
        try:
            root_of(source)
        except ConfigError:
            pass


@pytest.mark.parametrize(
    ("requested", "location", "follows"),
    [
        ("http://host/a", "http://host/a/", True),
        ("http://host/a", "http://host:80/b", True),
        ("http://host/a", "HTTP://HOST/b", True),
        ("https://host/a", "https://host:443/b", True),
        ("http://host/a", "https://host/a", True),
        ("http://host:80/a", "https://host:443/a", True),
        ("https://host/a", "http://host/a", False),
        ("http://host:7860/a", "https://host/a", False),
        ("http://host/a", "https://host:8443/a", False),
        ("http://host/a", "http://other/a", False),
        ("http://host/a", "http://sub.host/a", False),
        ("http://host/a", "http://host:81/a", False),
        ("http://host/a", "http://host@other/a", False),
        ("http://host/a", "ftp://host/a", False),
        ("http://host/a", "http://host:99999/a", False),
        ("http://host/a", "http://[host/a", False),
        ("http://host/a", "javascript:alert(1)", False),
    ],
)
def test_redirects_stay_with_the_server(requested: str, location: str, follows: bool) -> None:
    """A redirect is followed to the same origin only, and from http to https."""
    assert may_follow(requested, location) is follows


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("http://Host/a", ("http", "host", 80)),
        ("WSS://host/a", ("wss", "host", 443)),
        ("http://[::1]:5/", ("http", "::1", 5)),
        ("gopher://host", ("gopher", "host", 0)),
        ("http://host:x", ("", "", 0)),
        ("", ("", "", 0)),
    ],
)
def test_origins_compare(url: str, origin: tuple[str, str, int]) -> None:
    """An origin includes its port, and is in lower case."""
    assert origin_of(url) == origin


@pytest.mark.parametrize(
    ("routes", "base"),
    [
        (Routes("http://h:1"), "http://h:1"),
        (Routes("http://h/app"), "http://h/app"),
        (Routes("https://h/app", "/gradio_api"), "https://h/app/gradio_api"),
    ],
)
def test_every_route_is_built_from_the_typed_root(routes: Routes, base: str) -> None:
    """API routes are below the prefix; the config, the page and the login are not."""
    root = routes.root
    assert routes.config == f"{root}/config"
    assert routes.page == f"{root}/"
    assert routes.login == f"{root}/login"
    assert routes.info == f"{base}/info"
    assert routes.join == f"{base}/queue/join"
    assert routes.data == f"{base}/queue/data"
    assert routes.queue_status == f"{base}/queue/status"
    assert routes.cancel == f"{base}/cancel"
    assert routes.reset == f"{base}/reset"
    assert routes.run("predict") == f"{base}/run/predict"
    assert routes.stream("s1") == f"{base}/queue/data?session_hash=s1"
    assert routes.join_stream(3, "s1") == f"{base}/queue/join?fn_index=3&session_hash=s1"
    assert routes.heartbeat("s1") == f"{base}/heartbeat/s1"
    assert routes.component_server == f"{base}/component_server"
    assert routes.chunk("e1") == f"{base}/stream/e1"
    assert routes.chunk_end("e1") == f"{base}/stream/e1/close"
    assert routes.websocket == base.replace("http", "ws", 1) + "/queue/join"


def test_routes_escape_names() -> None:
    """A name or session hash cannot change the path or add a query."""
    routes = Routes("http://h")
    assert routes.run("a/../b?c#d") == "http://h/run/a%2F..%2Fb%3Fc%23d"
    assert routes.heartbeat("../x") == "http://h/heartbeat/..%2Fx"
    assert routes.chunk_end("../x") == "http://h/stream/..%2Fx/close"
    assert routes.stream("a&b=c") == "http://h/queue/data?session_hash=a%26b%3Dc"


# -- the query


@pytest.mark.parametrize(
    ("source", "query"),
    [
        ("http://host", ""),
        ("http://host/app/?", ""),
        ("http://host/?a=1&b=two words#top", "a=1&b=two%20words"),
        (" http://host/?n=caf\u00e9&m=%C3%A9 ", "n=caf%C3%A9&m=%C3%A9"),
        ("http://host/?flag", "flag"),
        ("http://host/?a=1\r\nX-Evil: 1", "a=1X-Evil:%201"),
    ],
)
def test_query_of_an_address(source: str, query: str) -> None:
    """The query of a URL is escaped once."""
    assert revealed(query_of(source)) == (query or None)


@pytest.mark.parametrize(
    ("url", "query", "signature", "full"),
    [
        ("http://h/join", None, None, "http://h/join"),
        ("http://h/join", "a=1", None, "http://h/join?a=1"),
        ("http://h/join?s=1", "s=2&a=1", None, "http://h/join?s=2&a=1&s=1"),
        ("/join?s=1", None, "__sign=x", "/join?s=1&__sign=x"),
        ("/join", None, "__sign=x", "/join?__sign=x"),
        ("/join?s=1", "a=1", "__sign=x", "/join?a=1&s=1&__sign=x"),
    ],
)
def test_query_goes_before_ours(
    url: str, query: str | None, signature: str | None, full: str
) -> None:
    """The user's query comes first: of two equal names servers use the last one."""
    before = None if query is None else Secret(query)
    after = None if signature is None else Secret(signature)
    assert with_queries(url, before, after).reveal() == full


def test_query_values_are_those_that_a_server_may_repeat() -> None:
    """A server may repeat a value as it was sent, or decoded."""
    values = query_values(Secret("token=a%2Fb+c&empty=&flag&again=flag"))
    assert [value.reveal() for value in values] == ["a%2Fb+c", "flag", "a/b c"]


@given(st.text(max_size=40))
def test_query_of_any_address_is_plain(typed: str) -> None:
    """A query contains only characters that a URL may have."""
    query = revealed(query_of(f"http://host/?{typed}")) or ""
    assert query.isascii()
    assert query.isprintable()
    assert " " not in query
    assert "#" not in query


def test_routes_of_files_quote_what_is_no_folder() -> None:
    """Routes of uploads, files and streams are below the prefix, and a path keeps its slashes."""
    routes = Routes("http://host/app", "/gradio_api")
    assert routes.upload == "http://host/app/gradio_api/upload"
    assert routes.app_id == "http://host/app/gradio_api/app_id"
    assert routes.file("/tmp/a b#?%ü.png") == (
        "http://host/app/gradio_api/file=/tmp/a%20b%23%3F%25%C3%BC.png"
    )
    assert routes.media_stream("s/1/2/playlist.m3u8") == (
        "http://host/app/gradio_api/stream/s/1/2/playlist.m3u8"
    )


@pytest.mark.parametrize(
    ("root", "parts"),
    [
        ("http://host", None),
        ("http://host/second", ("http://host", "second")),
        ("http://host/app/My%20page", ("http://host/app", "My page")),
        ("http://host//second", ("http://host", "second")),
        ("https://[::1]:7860/a+b", ("https://[::1]:7860", "a+b")),
    ],
)
def test_page_of_an_address(root: str, parts: Optional[tuple[str, str]]) -> None:
    """A page is one level below its app."""
    assert split_page(root) == parts


@pytest.mark.parametrize(
    ("pages", "names"),
    [
        (None, []),
        ([], []),
        ("second", []),
        ([["", "Home", True], ["second", "Second", True]], ["second"]),
        ([["second", "Second"], [], [5, "x"], None, "third"], ["second"]),
    ],
)
def test_pages_in_a_config(pages: object, names: list[str]) -> None:
    """The main page has no name, and malformed entries are ignored."""
    assert pages_of({"pages": pages}) == names
    assert pages_of({}) == []


def test_root_of_a_unix_socket_keeps_its_path() -> None:
    """For an adapter of the user, the host is the path of a socket, whose case counts."""
    assert (
        root_of("http+unix://%2Ftmp%2FApp.sock/app/?view=1") == "http+unix://%2Ftmp%2FApp.sock/app"
    )
    assert Routes("http+unix://%2FA.sock").websocket == "ws+unix://%2FA.sock/queue/join"
