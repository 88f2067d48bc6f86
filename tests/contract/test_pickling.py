"""Pickled clients: the pickle has no secret, and a missing option raises at the first use."""

from __future__ import annotations

import concurrent.futures
import copy
import multiprocessing
import pickle
import threading
from collections.abc import Iterator
from typing import Any, Callable

import pytest

from gradio_client_sync import AuthenticationError, Client, ClientClosedError, ConnectFailedError
from tests.conftest import SERVERS
from tests.support.hub.hub import LocalHub
from tests.support.hub.plugin import OWNER, STRANGER
from tests.support.hub.space_proxy import SpaceProxy, SpaceRequest
from tests.support.listeners import BOUND
from tests.support.servers.plugin import ServerPool

pytestmark = pytest.mark.gradio

SECRET = "s3cret-canary"
FIVE = (5, "5", "5.0")


@pytest.fixture
def app_url(server_pool: ServerPool) -> str:
    """Return the URL of a real Gradio server."""
    return server_pool.get(SERVERS[-1]).url


@pytest.fixture
def seen(app_url: str) -> Iterator[SpaceProxy]:
    """Yield a proxy for that server, which records the requests."""
    proxy = SpaceProxy(app_url, lambda request: None)
    yield proxy
    proxy.close()


SECRETS: dict[str, dict[str, Any]] = {
    "hf_token": {"hf_token": SECRET},
    "oauth_token": {"oauth_token": SECRET},
    "cookies": {"cookies": {"session": SECRET}},
    "headers": {"headers": {"X-Tenant": SECRET, "User-Agent": "me"}},
    "proxies": {"proxies": {"https": f"http://me:{SECRET}@proxy.invalid:3128"}},
}


@pytest.mark.parametrize("name", SECRETS)
def test_pickle_has_no_secret_and_its_client_says_so(app_url: str, name: str) -> None:
    """A secret is not in the pickle; the first use names the missing option and says what to do."""
    with Client(app_url, **SECRETS[name]) as app:
        frozen = pickle.dumps(app)
    assert SECRET.encode() not in frozen
    thawed = pickle.loads(frozen)
    uses: list[Callable[[], object]] = [
        lambda: thawed.predict("/add", [2, 3]),
        lambda: thawed.submit("/add", [2, 3]),
        lambda: thawed.view_api(),
        lambda: thawed.url,
        lambda: thawed.config,
        lambda: thawed.session_hash,
        lambda: pickle.loads(pickle.dumps(thawed)).predict("/add", [2, 3]),
    ]
    for use in uses:
        with pytest.raises(AuthenticationError, match=rf"made with {name}=\.") as caught:
            use()
        assert "initializer=" in str(caught.value)
        assert ("HF_TOKEN" in str(caught.value)) is (name == "hf_token")
    assert "not connected" in repr(thawed)
    thawed.close()


def test_pickle_has_no_login(server_pool: ServerPool) -> None:
    """User and password are not in the pickle, and the error names every missing option."""
    url = server_pool.get(SERVERS[-1], auth="user:password").url
    with Client(url, auth=("user", "password"), cookies={"a": SECRET}) as app:
        frozen = pickle.dumps(app)
    assert b"password" not in frozen
    with pytest.raises(AuthenticationError, match="made with auth=, cookies="):
        pickle.loads(frozen).predict("/add", [2, 3])


def test_pickle_has_no_query(app_url: str) -> None:
    """The query of a URL is not in the pickle, because it may be a secret."""
    with Client(f"{app_url}?key={SECRET}") as app:
        frozen = pickle.dumps(app)
    assert SECRET.encode() not in frozen
    with pytest.raises(AuthenticationError, match="a query in its URL"):
        pickle.loads(frozen).predict("/add", [2, 3])


def test_pickle_keeps_options_without_secrets(seen: SpaceProxy) -> None:
    """A language, a user agent and a proxy without a password stay in the pickle."""
    headers = {"Accept-Language": "de", "user-agent": "me"}
    proxies = {"https": "http://proxy.invalid:3128"}
    with Client(seen.url, headers=headers, proxies=proxies, retries=1) as app:
        frozen = pickle.dumps(app)
    seen.seen.clear()
    with pickle.loads(frozen) as thawed:
        assert thawed.predict("/add", [2, 3])[0] in FIVE
    for request in seen.seen:
        assert request.headers["accept-language"] == "de"
        assert request.headers["user-agent"] == "me"


# -- tokens -------------------------------------------------------------------------------


@pytest.mark.parametrize("given", [None, OWNER])
def test_pickle_of_the_logged_in_account_finds_its_token_again(
    hub: LocalHub, app_url: str, monkeypatch: pytest.MonkeyPatch, given: str | None
) -> None:
    """A token that equals HF_TOKEN is read from HF_TOKEN again after unpickling."""
    hub.add("alice/secret", app=app_url, private=True)
    monkeypatch.setenv("HF_TOKEN", OWNER)
    with Client("alice/secret", hf_token=given) as app:
        frozen = pickle.dumps(app)
    assert OWNER.encode() not in frozen
    with pickle.loads(frozen) as thawed:
        assert thawed.predict("/add", [2, 3])[0] in FIVE


def test_pickle_does_not_replace_a_token_of_another_account(
    hub: LocalHub, app_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A token of another account is not replaced by the saved token."""
    hub.add("alice/secret", app=app_url, private=True)
    monkeypatch.setenv("HF_TOKEN", STRANGER)
    with Client("alice/secret", hf_token=OWNER) as app:
        frozen = pickle.dumps(app)
    hub.calls.clear()
    with pytest.raises(AuthenticationError, match="made with hf_token="):
        pickle.loads(frozen).predict("/add", [2, 3])
    assert hub.calls == []


def test_pickle_of_no_space_finds_no_token(
    hub: LocalHub, app_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The saved token is used for Spaces only; for any other app the token is a missing secret."""
    monkeypatch.setenv("HF_TOKEN", OWNER)
    with Client(app_url, hf_token=OWNER) as app:
        frozen = pickle.dumps(app)
    assert OWNER.encode() not in frozen
    with pytest.raises(AuthenticationError, match="made with hf_token="):
        pickle.loads(frozen).predict("/add", [2, 3])


def test_pickle_works_without_a_readable_saved_token(
    hub: LocalHub, app_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A client can be pickled even if the saved token cannot be read."""
    import huggingface_hub

    def get_token() -> str:
        raise PermissionError("the file is not yours")

    hub.add("alice/open", app=app_url)
    monkeypatch.setattr(huggingface_hub, "get_token", get_token)
    with Client("alice/open", hf_token=OWNER) as app:
        thawed = pickle.loads(pickle.dumps(app))
    with pytest.raises(AuthenticationError, match="made with hf_token="):
        thawed.predict("/add", [2, 3])


# -- connecting at the first use ----------------------------------------------------------


def test_pickle_connects_at_the_first_use(seen: SpaceProxy) -> None:
    """Unpickling sends no request, so it cannot fail in a worker."""
    with Client(seen.url) as app:
        frozen = pickle.dumps(app)
    seen.seen.clear()
    thawed = pickle.loads(frozen)
    assert repr(thawed) == f"<Client {seen.url} (not connected yet)>"
    assert thawed.source == seen.url
    thawed.close()
    with pytest.raises(ClientClosedError):
        thawed.predict("/add", [2, 3])
    assert seen.seen == []
    with pickle.loads(frozen) as again:
        assert again.protocol.startswith(("sse", "ws"))
        assert [request.path for request in seen.seen] == ["/config"]


def test_pickle_used_by_many_threads_at_first_is_one_client(seen: SpaceProxy) -> None:
    """If many threads use an unpickled client, one of them connects, and all share one session."""
    with Client(seen.url) as app:
        thawed = pickle.loads(pickle.dumps(app))
    count = 8
    start = threading.Barrier(count)

    def use(number: int) -> str:
        start.wait(BOUND)
        thawed.predict("/add", [2, 3])
        return str(thawed.session_hash)

    with thawed, concurrent.futures.ThreadPoolExecutor(count) as pool:
        assert len(set(pool.map(use, range(count)))) == 1


def test_pickle_closed_while_it_connects_stays_closed(app_url: str) -> None:
    """A client that is closed while it connects stays closed."""
    requested, closed = threading.Event(), threading.Event()

    def check(request: SpaceRequest) -> None:
        requested.set()
        assert closed.wait(BOUND)

    slow = SpaceProxy(app_url, lambda request: None)
    try:
        with Client(slow.url) as app:
            thawed = pickle.loads(pickle.dumps(app))
        slow.check = check
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            use = pool.submit(thawed.predict, "/add", [2, 3])
            assert requested.wait(BOUND)
            thawed.close()
            closed.set()
            with pytest.raises(ClientClosedError):
                use.result(BOUND)
    finally:
        slow.close()


def call(app: Client) -> Any:
    """Make the call of a worker."""
    return app.predict("/add", [2, 3])[0]


def test_pickle_in_a_spawned_pool_returns_or_raises(app_url: str) -> None:
    """In a pool of processes, each call returns its value or raises this package's own error."""
    down = SpaceProxy(app_url, lambda request: None)
    with Client(down.url) as app:
        unreachable = pickle.loads(pickle.dumps(app))
    down.close()
    with Client(app_url, auth=("user", SECRET)) as app:
        secretive = pickle.loads(pickle.dumps(app))
    context = multiprocessing.get_context("spawn")
    with Client(app_url) as app, concurrent.futures.ProcessPoolExecutor(1, context) as pool:
        with pytest.raises(ConnectFailedError):
            pool.submit(call, unreachable).result(BOUND)
        with pytest.raises(AuthenticationError, match="initializer="):
            pool.submit(call, secretive).result(BOUND)
        assert pool.submit(call, app).result(BOUND) in FIVE


# -- copies in this process ---------------------------------------------------------------


@pytest.mark.parametrize("clone", [copy.copy, copy.deepcopy])
def test_copies_of_a_client_have_its_secrets(
    hub: LocalHub, app_url: str, clone: Callable[[Client], Client]
) -> None:
    """A copy within the process has all secrets, and its own session."""
    hub.add("alice/secret", app=app_url, private=True)
    with Client("alice/secret", hf_token=OWNER) as app, clone(app) as twin:
        assert twin.predict("/add", [2, 3])[0] in FIVE
        assert twin.session_hash != app.session_hash


class Mine(Client):
    """A subclass that a user made."""


@pytest.mark.parametrize("clone", [copy.copy, lambda app: pickle.loads(pickle.dumps(app))])
def test_copies_of_a_subclass_are_one(app_url: str, clone: Callable[[Client], Client]) -> None:
    """A copy of a subclass has the class of the subclass."""
    with Mine(app_url) as app, clone(app) as twin:
        assert type(twin) is Mine
        assert twin.predict("/add", [2, 3])[0] in FIVE
