"""Proxy settings: how they are read and shown, and calls through real SOCKS proxies."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from typing import Any, Optional

import pytest

from gradio_client_sync import (
    Client,
    ConnectFailedError,
    DuplicationError,
    SpaceError,
    SpaceNotFoundError,
)
from gradio_client_sync._basics.secret import Secret
from gradio_client_sync._protocol.proxies import (
    ProxyError,
    key_for,
    read_proxy,
    source_of,
    without_login,
)
from gradio_client_sync._spaces.hub import Hub
from tests.conftest import SERVERS
from tests.support.fault_proxy import FaultProxy
from tests.support.hub.hub import LocalHub, forget_sessions
from tests.support.listeners import BOUND
from tests.support.servers.plugin import ServerPool
from tests.support.socks_proxy import Socks

VARIABLES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")
HAS_SOCKS = all(importlib.util.find_spec(name) for name in ("socks", "python_socks"))
with_socks = pytest.mark.skipif(not HAS_SOCKS, reason="PySocks or python-socks is not installed")


@pytest.mark.parametrize(
    ("value", "read"),
    [
        ("http://proxy:3128", "http://proxy:3128"),
        ("HTTPS://proxy", "https://proxy"),
        ("proxy.example:8080", "http://proxy.example:8080"),
        ("//proxy:8080/", "http://proxy:8080/"),
        ("me:secret@proxy:8080", "http://me:secret@proxy:8080"),
        ("socks://127.0.0.1:1080/", "socks5h://127.0.0.1:1080/"),
        ("Socks://me:secret@[::1]:1080", "socks5h://me:secret@[::1]:1080"),
        ("socks4://proxy", "socks4://proxy"),
        ("socks4a://proxy", "socks4a://proxy"),
        ("socks5://me:a%40b@proxy:1", "socks5://me:a%40b@proxy:1"),
        ("socks5h://proxy", "socks5h://proxy"),
        ("", ""),
        ("  ", ""),
    ],
)
def test_proxies_without_a_scheme_and_socks(value: str, read: str) -> None:
    """A missing scheme means http; ``socks`` means version 5 with names resolved by the proxy."""
    assert read_proxy(value) == read
    assert read_proxy(read) == read


@pytest.mark.parametrize(
    ("value", "hint"),
    [
        ("ftp://proxy:21", r"ftp:// is not a proxy scheme.*http://host:port.*socks5h://host:port"),
        ("socks6://proxy", "socks6:// is not a proxy scheme"),
        ("http:proxy:8080", "Write it as http://host:port"),
        ("http://", "Write it as http://host:port"),
        ("socks://:1080", "Write it as socks5h://host:port"),
        ("http://proxy:port", "Write it as http://host:port"),
        ("http://proxy:0", "Write it as http://host:port"),
        ("http://proxy:99999", "Write it as http://host:port"),
        ("http://[::1:80", "Write it as http://host:port"),
        ("http://a proxy:80", "Write it as http://host:port"),
    ],
)
def test_invalid_proxies_raise_with_a_valid_form(value: str, hint: str) -> None:
    """The error for an invalid proxy shows a valid form."""
    with pytest.raises(ProxyError, match=hint):
        read_proxy(value)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("http://proxy:3128", "http://proxy:3128"),
        ("http://me:secret@proxy:3128", "http://…@proxy:3128"),
        ("me:secret@proxy:3128", "…@proxy:3128"),
    ],
)
def test_proxies_are_shown_without_a_login(value: str, shown: str) -> None:
    """A proxy is shown without its user and password."""
    assert without_login(value) == shown


@pytest.mark.parametrize(
    ("url", "proxies", "key"),
    [
        ("http://host/x", {"http": "a", "all": "b"}, "http"),
        ("https://host/x", {"http": "a", "all": "b"}, "all"),
        ("https://host/x", {"https": "a", "https://host": "b"}, "https://host"),
        ("https://host/x", {"all://host": "b", "all": "a"}, "all://host"),
        ("https://host/x", {"http": "a"}, None),
    ],
)
def test_proxies_are_chosen_by_scheme_and_host(
    url: str, proxies: dict[str, str], key: Optional[str]
) -> None:
    """The most specific setting for scheme and host is used."""
    assert key_for(url, proxies) == key


@pytest.mark.parametrize(
    ("key", "given", "variables", "source"),
    [
        ("http", {"http": "x"}, {"HTTP_PROXY": "y"}, "proxies={'http': …}"),
        ("all", {}, {"ALL_PROXY": "y"}, "the environment variable ALL_PROXY"),
        ("all", {}, {"ALL_PROXY": "y", "all_proxy": "z"}, "the environment variable all_proxy"),
        ("http", {}, {}, "the system's settings"),
    ],
)
def test_proxies_name_their_option_or_variable(
    key: str, given: dict[str, str], variables: dict[str, str], source: str
) -> None:
    """A proxy has the name of its option, or of its variable as it is spelled."""
    assert source_of(key, given, variables) == source


# -- in a client


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """Remove all proxy variables, so that only the test sets some."""
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    forget_sessions()
    yield monkeypatch
    forget_sessions()


@pytest.mark.parametrize("name", ["ALL_PROXY", "all_proxy", "HTTP_PROXY", "http_proxy"])
@pytest.mark.parametrize("value", ["ftp://me:secret@proxy:21", "http://me:secret@:80"])
def test_proxies_of_the_environment_are_named(
    environment: pytest.MonkeyPatch, name: str, value: str
) -> None:
    """The error names the variable, its value without a password, and what to type."""
    environment.setenv(name, value)
    with pytest.raises(
        ConnectFailedError, match=f"variable {name}.*Write (it|the proxy) as http"
    ) as caught:
        Client("http://127.0.0.1:9")
    assert "secret" not in str(caught.value)
    assert f"{value.partition('//')[0]}//…@" in str(caught.value)
    environment.setenv("NO_PROXY", "127.0.0.1")
    with pytest.raises(ConnectFailedError, match="Connection refused"):
        Client("http://127.0.0.1:9", retries=0)


def test_proxies_of_the_option_are_named(environment: pytest.MonkeyPatch) -> None:
    """The error says whether the proxy is from the option or from a variable."""
    environment.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    with pytest.raises(ConnectFailedError, match=r"proxies=\{'http': …\}.*wais:// is not a proxy"):
        Client("http://127.0.0.1:9", proxies={"http": "wais://me:secret@proxy"})
    with pytest.raises(ConnectFailedError, match=r"variable HTTP_PROXY.*Connection refused"):
        Client("http://127.0.0.1:9", retries=0)


@pytest.mark.parametrize("scheme", ["socks", "socks4", "socks5", "socks5h"])
def test_proxies_by_socks_say_what_they_need(environment: pytest.MonkeyPatch, scheme: str) -> None:
    """Without PySocks, the error names the variable and the package to install."""
    environment.setenv("ALL_PROXY", f"{scheme}://me:secret@127.0.0.1:1")
    environment.setattr("requests.adapters.SOCKSProxyManager", no_socks)
    wanted = r"variable ALL_PROXY.*pip install 'requests\[socks\]'.*python-socks"
    with pytest.raises(ConnectFailedError, match=wanted) as caught:
        Client("http://127.0.0.1:9")
    assert "secret" not in str(caught.value)


def no_socks(*args: Any, **options: Any) -> None:
    """Raise the error that `requests` raises without PySocks."""
    from requests.exceptions import InvalidSchema

    raise InvalidSchema("Missing dependencies for SOCKS support.")


@pytest.mark.gradio
@pytest.mark.parametrize("version", [v for v in SERVERS if v in ("3.50.2", "4.44.1", "6.31.0")])
def test_proxies_without_a_scheme_are_of_http(
    server_pool: ServerPool, version: str, environment: pytest.MonkeyPatch
) -> None:
    """A proxy without a scheme is an http proxy; empty values and options mean none."""
    server = server_pool.get(version)
    with FaultProxy(server.url) as proxy:
        environment.setenv("HTTP_PROXY", proxy.url.partition("//")[2])
        with Client(server.url, proxies={"http": ""}) as app:
            assert app.predict("/echo", ["x"], timeout=BOUND)[0] == "x"
        environment.setenv("http_proxy", "")
        with Client(server.url) as app:
            assert app.predict("/echo", ["x"], timeout=BOUND)[0] == "x"


@with_socks
@pytest.mark.gradio
@pytest.mark.parametrize("version", [v for v in SERVERS if v in ("3.50.2", "4.44.1", "6.31.0")])
@pytest.mark.parametrize("name", ["ALL_PROXY", "all_proxy", "HTTP_PROXY", "proxies"])
def test_proxies_by_socks_carry_everything(
    server_pool: ServerPool, version: str, name: str, environment: pytest.MonkeyPatch
) -> None:
    """With ``socks://`` the proxy resolves the host, also for websockets."""
    server = server_pool.get(version)
    url = server.url.replace("127.0.0.1", "app.invalid")
    with Socks(("me", "s@cret")) as socks:
        value, options = f"socks://me:s%40cret@{socks.address}/", {}
        if name == "proxies":
            options = {"proxies": {"http": value}}
        else:
            environment.setenv(name, value)
        with Client(url, **options) as app:
            assert app.predict("/echo", ["x"], timeout=BOUND)[0] == "x"
            assert app.predict("/file", [b"content"], timeout=BOUND)[0].read() == b"content"
            assert [data[0] for data in app.submit("/count", [2])][:2] == ["0", "1"]
        assert set(socks.hosts) == {(5, "app.invalid")}


@with_socks
@pytest.mark.gradio
@pytest.mark.parametrize("scheme", ["socks", "socks5h", "socks4a"])
def test_proxies_by_socks_reach_spaces(
    server_pool: ServerPool, hub: LocalHub, scheme: str, environment: pytest.MonkeyPatch
) -> None:
    """The Hub and the Space's app are both reached through the SOCKS proxy."""
    hub.add("alice/open", app=server_pool.get(SERVERS[-1]).url)
    with Socks() as socks:
        environment.setenv("ALL_PROXY", f"{scheme}://{socks.address}")
        with Client("alice/open") as app:
            assert app.predict("/echo", ["x"], timeout=BOUND)[0] == "x"
        with pytest.raises(SpaceNotFoundError, match="alice/none"):
            Client("alice/none")
        assert [call.path for call in hub.calls][:1] == ["/api/spaces/alice/open"]
        assert len(socks.hosts) >= 3


@pytest.mark.usefixtures("hub")
def test_proxies_of_the_hub_are_named(environment: pytest.MonkeyPatch) -> None:
    """Errors of the Hub name the proxy without its password, also those of the Hub's library."""
    environment.setenv("ALL_PROXY", "socks://me:secret@127.0.0.1:1")
    environment.setattr("requests.adapters.SOCKSProxyManager", no_socks)
    with pytest.raises(SpaceError, match=r"variable ALL_PROXY.*pip install") as missing:
        Client("alice/open")
    environment.setenv("ALL_PROXY", "http://me:secret@127.0.0.1:1")
    with pytest.raises(SpaceError, match="sets the proxy 'http://…@127") as closed:
        Client("alice/open")
    environment.setenv("ALL_PROXY", "socks://me:secret@127.0.0.1:1")
    hub = Hub(Secret("token"))
    with pytest.raises(DuplicationError, match="supports socks5h:// but not socks://") as copied:
        hub.duplicate("alice/open", "me/open", {"private": True})
    assert "secret" not in f"{missing.value} {closed.value} {copied.value}"


@with_socks
@pytest.mark.gradio
@pytest.mark.parametrize("version", [v for v in SERVERS if v in ("3.50.2", "6.31.0")])
def test_proxies_by_other_kinds_of_socks(
    server_pool: ServerPool, version: str, environment: pytest.MonkeyPatch
) -> None:
    """SOCKS versions 4 and 5 work, and a refused login is an error."""
    server = server_pool.get(version)
    with Socks() as socks:
        for scheme in ("socks4", "socks4a", "socks5", "socks5h"):
            with Client(server.url, proxies={"http": f"{scheme}://{socks.address}"}) as app:
                assert app.predict("/echo", ["x"], timeout=BOUND)[0] == "x"
        assert {version for version, _ in socks.hosts} == {4, 5}
    with Socks(("me", "right")) as socks:
        environment.setenv("ALL_PROXY", f"socks://me:wrongly@{socks.address}")
        with pytest.raises(ConnectFailedError, match="variable ALL_PROXY") as caught:
            Client(server.url, retries=0)
        assert "wrongly" not in str(caught.value)
        environment.setenv("NO_PROXY", "localhost,127.0.0.1")
        with Client(server.url) as app:
            assert app.predict("/echo", ["x"], timeout=BOUND)[0] == "x"
        assert not socks.hosts
