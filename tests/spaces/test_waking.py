"""Spaces: how their stages are reported, how the client waits, and the Hub's refusals.

These tests use `LocalHub` and the real `huggingface_hub`. The waits use the tests' own clock, which
`WakeTimeout` accepts, so they take no time. `test_spaces_real` waits for real.
"""

from __future__ import annotations

import itertools
import logging
import socket
from collections.abc import Iterator, Sequence
from typing import Any, Callable

import pytest

from gradio_client_sync import (
    AuthenticationError,
    Client,
    ClientClosedError,
    ConfigError,
    DuplicationError,
    HTTPStatusError,
    RateLimitError,
    SpaceError,
    SpaceNotFoundError,
    SpaceNotReadyError,
    SpaceStatus,
    UnsupportedAppError,
    duplicate,
)
from gradio_client_sync._basics.secret import Secret, revealed
from gradio_client_sync._protocol.space import SpaceName, space_name
from gradio_client_sync._spaces import signing as _signing
from gradio_client_sync._spaces import waking as _spaces
from gradio_client_sync._spaces.hub import Hub
from tests.support.hub.hub import LocalHub, SpaceState, forget_sessions
from tests.support.hub.plugin import OWNER, READER, SCOPED, STRANGER

NOWHERE = "http://127.0.0.1:9"  # only the name of a URL; these tests do not connect to it
PENDING = ("SLEEPING", "STOPPED", "BUILDING", "APP_STARTING")
RUNNING = ("RUNNING", "RUNNING_BUILDING", "RUNNING_APP_STARTING")
FAILED = (
    *("PAUSED", "NO_APP_FILE", "CONFIG_ERROR", "BUILD_ERROR", "RUNTIME_ERROR", "DELETING"),
    "A_STAGE_FROM_THE_FUTURE",
)


class Clock:
    """A clock that advances only when the client waits."""

    def __init__(self) -> None:
        self.now = 0.0
        self.waits: list[float] = []
        self.closed = False

    def wait(self, seconds: float) -> bool:
        self.waits.append(seconds)
        self.now += seconds
        return self.closed

    def time(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


class Waking:
    """A Space that a client connects to by the test's clock, and the statuses that it reported."""

    def __init__(
        self, state: SpaceState, clock: Clock, token: str | None = None, timeout: float = 900.0
    ) -> None:
        self.statuses: list[SpaceStatus] = []
        self.wake_requests = 0
        self.state = state
        patience = _spaces.WakeTimeout(timeout, clock.wait, clock.time)
        name = SpaceName(state.space_id)
        notifier = _spaces.StatusNotifier(self.statuses.append)
        self.space = _spaces.Space(
            name, Hub(None if token is None else Secret(token)), notifier, patience, self._wake
        )

    def _wake(self, root: str) -> None:
        assert root == NOWHERE
        self.wake_requests += 1
        self.state.move()

    def connect(self, opening: Callable[[], Any] = lambda: "open") -> Any:
        def open_at(root: str, record: _spaces.SpaceInfo) -> Any:
            assert root == NOWHERE
            return opening()

        return self.space.connect(open_at)

    @property
    def stages(self) -> list[str]:
        return [status.detail for status in self.statuses]


def changes(stages: Sequence[str]) -> list[str]:
    return [stage for stage, _ in itertools.groupby(stages)]


def orders(end: str) -> Iterator[list[str]]:
    """Yield every order of stages that leads to an end through up to three others."""
    for length in range(4):
        for order in itertools.permutations(PENDING, length):
            yield [*order, end]


# -- reported statuses --------------------------------------------------------------------


@pytest.mark.parametrize("end", RUNNING)
def test_spaces_stages_before_running_are_reported(hub: LocalHub, clock: Clock, end: str) -> None:
    """Each change of the stage is reported once, in any order, and then the client connects."""
    for number, order in enumerate(orders(end)):
        waking = Waking(hub.add(f"alice/space{number}", *order, address=NOWHERE), clock)
        assert waking.connect() == "open"
        assert waking.stages == order
        assert waking.statuses[-1].load_status == "complete"
        assert all(status.load_status == "pending" for status in waking.statuses[:-1])
        assert waking.wake_requests == sum(stage in ("SLEEPING", "STOPPED") for stage in order)


@pytest.mark.parametrize("end", FAILED)
def test_spaces_stages_before_a_failure_are_reported(hub: LocalHub, clock: Clock, end: str) -> None:
    """In any order of stages, a final one ends the wait with its reason."""
    for number, order in enumerate(orders(end)):
        waking = Waking(hub.add(f"alice/space{number}", *order, address=NOWHERE), clock)
        with pytest.raises(SpaceNotReadyError) as caught:
            waking.connect()
        assert waking.stages == order
        error, last = caught.value, waking.statuses[-1]
        assert (error.stage, error.status) == (end, last)
        assert error.space_id == f"alice/space{number}"
        assert last.load_status == "error"
        assert last.status == ("paused" if end == "PAUSED" else "space_error")
        assert last.message in str(error)


@pytest.mark.parametrize("end", FAILED)
def test_spaces_a_failed_one_fails_at_once(hub: LocalHub, clock: Clock, end: str) -> None:
    """A Space that cannot start raises without a wait."""
    waking = Waking(hub.add("alice/broken", end), clock)
    with pytest.raises(SpaceNotReadyError):
        waking.connect()
    assert clock.waits == []


@pytest.mark.parametrize(("enabled", "expected"), [(True, True), (False, False), (None, False)])
@pytest.mark.parametrize("end", ["PAUSED", "BUILD_ERROR"])
def test_spaces_report_whether_discussions_are_enabled(
    hub: LocalHub, clock: Clock, end: str, enabled: bool | None, expected: bool
) -> None:
    """Discussions count as enabled only if the Hub says so, and not without a response."""
    waking = Waking(hub.add("alice/broken", "BUILDING", end, discussions=enabled), clock)
    with pytest.raises(SpaceNotReadyError, match="alice/broken") as caught:
        waking.connect()
    assert [status.discussions_enabled for status in waking.statuses] == [None, expected]
    assert ("discussions" in str(caught.value)) is expected


def test_spaces_a_stage_that_lasts_is_reported_once(hub: LocalHub, clock: Clock) -> None:
    """Only changes are reported, while the JavaScript client reports each request."""
    order = ["BUILDING", "BUILDING", "BUILDING", "APP_STARTING", "BUILDING", "RUNNING"]
    waking = Waking(hub.add("alice/slow", *order, address=NOWHERE), clock)
    waking.connect()
    assert waking.stages == changes(order)


def test_spaces_a_callback_that_raises_is_logged(
    hub: LocalHub, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    """An exception of the user's callback is logged, and the client still connects."""

    def callback(status: SpaceStatus) -> None:
        raise RuntimeError(f"no {status.detail}")

    hub.add("alice/slow", "BUILDING", "RUNNING", address=NOWHERE)
    patience = _spaces.WakeTimeout(900.0, clock.wait, clock.time)
    space = _spaces.Space(
        SpaceName("alice/slow"),
        Hub(None),
        _spaces.StatusNotifier(callback),
        patience,
        lambda root: None,
    )
    assert space.connect(lambda root, record: "open") == "open"
    assert "no BUILDING" in caplog.text
    assert "no RUNNING" in caplog.text


def test_spaces_without_a_callback_are_logged(
    hub: LocalHub, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    """Without a callback, each change is a line in the log."""
    caplog.set_level(logging.INFO, logger="gradio_client_sync")
    hub.add("alice/slow", "BUILDING", "RUNNING", address=NOWHERE)
    patience = _spaces.WakeTimeout(900.0, clock.wait, clock.time)
    space = _spaces.Space(
        SpaceName("alice/slow"), Hub(None), _spaces.StatusNotifier(), patience, lambda root: None
    )
    space.connect(lambda root, record: None)
    lines = [
        r.getMessage() for r in caplog.records if r.name == "gradio_client_sync._spaces.waking"
    ]
    assert lines == [
        "alice/slow: Space is building... (BUILDING)",
        "alice/slow: Space is running. (RUNNING)",
    ]


# -- waits --------------------------------------------------------------------------------


def test_spaces_are_waited_for_with_backoff_until_the_deadline(hub: LocalHub, clock: Clock) -> None:
    """The waits grow up to the deadline, and the error has the last stage."""
    waking = Waking(hub.add("alice/stuck", "BUILDING"), clock, timeout=60.0)
    with pytest.raises(SpaceNotReadyError, match=r"did not start within 60 s.*wake_timeout") as e:
        waking.connect()
    assert (e.value.stage, e.value.status) == ("BUILDING", waking.statuses[-1])
    assert clock.now == 60.0
    assert clock.waits[:-1] == sorted(clock.waits[:-1])
    assert len(hub.requests_to("GET /api/spaces/alice/stuck")) == len(clock.waits) + 1 < 15
    assert waking.stages == ["BUILDING"]


def test_spaces_that_start_at_the_last_moment_are_connected_to(hub: LocalHub, clock: Clock) -> None:
    """After the last wait, the stage is checked before the deadline."""
    waking = Waking(hub.add("alice/late", "BUILDING", "RUNNING", address=NOWHERE), clock, None, 0.1)
    assert waking.connect() == "open"
    assert clock.waits == [pytest.approx(0.1)]


def test_spaces_a_wait_ends_when_the_client_is_closed(hub: LocalHub, clock: Clock) -> None:
    """close() ends the wait."""
    clock.closed = True
    waking = Waking(hub.add("alice/stuck", "BUILDING"), clock)
    with pytest.raises(ClientClosedError, match="waited for the Space"):
        waking.connect()
    assert len(clock.waits) == 1


def test_spaces_a_sleeping_one_is_requested_until_it_wakes(hub: LocalHub, clock: Clock) -> None:
    """A sleeping Space is requested again until it wakes."""
    state = hub.add("alice/deaf", "SLEEPING", "SLEEPING", "SLEEPING", "RUNNING", address=NOWHERE)
    waking = Waking(state, clock)
    waking.connect()
    assert waking.wake_requests == 3
    assert waking.stages == ["SLEEPING", "RUNNING"]


@pytest.mark.parametrize("status", [500, 502, 503, 429])
def test_spaces_failing_hub_is_tried_again(hub: LocalHub, clock: Clock, status: int) -> None:
    """A failing request to the Hub during the wait is repeated."""
    state = hub.add("alice/slow", "BUILDING", "RUNNING", address=NOWHERE)
    waking = Waking(state, clock)
    first = clock.wait

    def wait(seconds: float) -> bool:
        if len(clock.waits) == 0:
            hub.fail("GET /api/spaces/alice/slow", status, times=2)
        return first(seconds)

    waking.space._time_limit._wait = wait
    assert waking.connect() == "open"
    assert waking.stages == ["BUILDING", "RUNNING"]


def test_spaces_app_that_is_not_ready_is_tried_again(hub: LocalHub, clock: Clock) -> None:
    """If the app does not respond yet although the Hub says that it runs, it is tried again."""
    answers = iter([HTTPStatusError("starting", status_code=503), None])

    def opening() -> str:
        error = next(answers)
        if error is not None:
            raise error
        return "open"

    waking = Waking(hub.add("alice/fresh", address=NOWHERE), clock)
    assert waking.connect(opening) == "open"
    assert len(clock.waits) == 1


def test_spaces_stage_is_checked_before_the_app_is_tried_again(hub: LocalHub, clock: Clock) -> None:
    """Before the app is tried again, the Hub is asked for its stage, which may have changed."""
    waking = Waking(hub.add("alice/fresh", "RUNNING", "RUNTIME_ERROR", address=NOWHERE), clock)

    def opening() -> None:
        raise HTTPStatusError("starting", status_code=503)

    with pytest.raises(SpaceNotReadyError, match="alice/fresh"):
        waking.connect(opening)
    assert waking.stages == ["RUNNING", "RUNTIME_ERROR"]


def test_spaces_page_instead_of_an_app_is_ignored_only_after_a_wait(
    hub: LocalHub, clock: Clock
) -> None:
    """An app that is not Gradio is an error, except just after a wait, when it may show a page."""

    def opening() -> None:
        raise ConfigError("a page")

    running = Waking(hub.add("alice/docker", address=NOWHERE), clock)
    with pytest.raises(ConfigError):
        running.connect(opening)
    assert clock.waits == []
    assert [status.message for status in running.statuses][-1] == "Could not load this space."
    assert running.statuses[-1].status == "error"

    def old() -> None:
        raise UnsupportedAppError("Gradio 2")

    ancient = Waking(hub.add("alice/old", "BUILDING", "RUNNING", address=NOWHERE), clock)
    with pytest.raises(UnsupportedAppError):
        ancient.connect(old)
    clock.waits.clear()

    answers = iter([ConfigError("a page"), None])

    def late() -> str:
        error = next(answers)
        if error is not None:
            raise error
        return "open"

    woken = Waking(hub.add("alice/woken", "BUILDING", "RUNNING", address=NOWHERE), clock)
    assert woken.connect(late) == "open"


# -- refusals of the Hub ------------------------------------------------------------------


def failing(source: str, token: str | None = None, **options: Any) -> tuple[Any, list[SpaceStatus]]:
    """Return the error of connecting, and the statuses that were reported before."""
    statuses: list[SpaceStatus] = []
    with pytest.raises(Exception) as caught:  # noqa: PT011 - the caller checks it
        Client(source, hf_token=token, status_callback=statuses.append, **options)
    return caught.value, statuses


NOT_FOUND = [SpaceStatus("error", "NOT_FOUND", "error", "Could not get space status. ")]


def test_spaces_unknown_ones_are_not_found(hub: LocalHub) -> None:
    """The error for an unknown name says what to check, with the JavaScript client's status."""
    error, statuses = failing("alice/nothing")
    assert isinstance(error, SpaceNotFoundError)
    assert error.space_id == "alice/nothing"
    assert error.status == NOT_FOUND[0]
    assert "spelling" in str(error)
    assert "hf_token" in str(error)
    assert statuses == NOT_FOUND


def test_spaces_private_ones_are_hidden_from_other_accounts(hub: LocalHub) -> None:
    """For a private Space, the error names the token's account and its role."""
    hub.add("alice/secret", private=True)
    assert isinstance(failing("alice/secret")[0], SpaceNotFoundError)
    error, statuses = failing("alice/secret", STRANGER)
    assert isinstance(error, SpaceNotFoundError)
    assert "account 'mallory' and has the role 'write'" in str(error)
    assert STRANGER not in str(error)
    assert statuses == NOT_FOUND
    assert isinstance(failing("alice/secret", READER)[0], SpaceNotFoundError)


def test_spaces_error_lists_the_rights_of_the_token(hub: LocalHub) -> None:
    """The error for a fine-grained token without the right lists its rights."""
    hub.add("alice/secret", private=True)
    error, statuses = failing("alice/secret", SCOPED)
    assert isinstance(error, AuthenticationError)
    assert error.status_code == 403
    assert "lacks the right to read" in str(error)
    assert "account 'alice' and may do only this: repo.read on alice/open" in str(error)
    assert statuses == NOT_FOUND


def test_spaces_unknown_token_is_named(hub: LocalHub) -> None:
    """An unknown token is reported as such, and not as a missing Space."""
    hub.add("alice/open")
    error, statuses = failing("alice/open", "hf_mistyped")
    assert isinstance(error, AuthenticationError)
    assert error.status_code == 401
    assert "does not accept the token: it is mistyped, expired or revoked" in str(error)
    assert "hf_mistyped" not in str(error)
    assert statuses == NOT_FOUND


def test_spaces_error_without_a_known_account(hub: LocalHub) -> None:
    """The reason for a refusal is reported even if the Hub does not name the account."""
    hub.add("alice/secret", private=True)
    hub.fail("whoami", 429)
    error, _ = failing("alice/secret", STRANGER)
    assert isinstance(error, SpaceNotFoundError)
    assert "did not say who owns the token" in str(error)


def test_spaces_failing_hub_is_named(hub: LocalHub) -> None:
    """A Hub that fails is reported as such, and not as a missing Space."""
    hub.add("alice/open")
    hub.fail("GET /api/spaces", 500)
    error, statuses = failing("alice/open")
    assert type(error) is SpaceError
    assert "responded with 500 (made to fail)" in str(error)
    assert error.status == NOT_FOUND[0]
    assert statuses == NOT_FOUND


@pytest.mark.parametrize("body", [{"hello": "world"}, b"<html>Hello</html>", [], None])
def test_spaces_server_that_is_no_hub_is_named(hub: LocalHub, body: Any) -> None:
    """If the server at HF_ENDPOINT is not a Hub, the error mentions HF_ENDPOINT."""
    hub.fail("GET /api/spaces", 200, body=body)
    assert "HF_ENDPOINT" in str(failing("alice/open")[0])


def test_spaces_failing_details_do_not_hide_the_error(hub: LocalHub) -> None:
    """A failing request for details does not hide the first error."""
    hub.add("alice/paused", "PAUSED")
    hub.fail("HEAD", 0)
    error, statuses = failing("alice/paused")
    assert isinstance(error, SpaceNotReadyError)
    assert statuses[-1].discussions_enabled is False
    hub.fail("whoami", 0)
    error, _ = failing("alice/nothing", OWNER)
    assert isinstance(error, SpaceNotFoundError)
    assert "did not say who owns the token" in str(error)
    hub.fail("hardware", 0)
    with pytest.raises(DuplicationError, match="t4-medium"):  # the library knows this one
        duplicate("alice/paused", hf_token=OWNER, hardware="abacus")


@pytest.mark.parametrize("auth", [{}, {"auth": {}}, {"auth": {"accessToken": {"role": 3}}}])
def test_spaces_a_token_of_unknown_rights_is_named_by_its_account(
    hub: LocalHub, auth: dict[str, Any]
) -> None:
    """A token without a known role is described by its account only."""
    hub.fail("whoami", 200, body={"name": "alice", **auth})
    error, _ = failing("alice/nothing", OWNER)
    assert "belongs to the account 'alice'." in str(error)


def test_spaces_unreadable_saved_token_is_an_error(
    hub: LocalHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If the saved token cannot be read, the error says so before anything is sent."""
    import huggingface_hub

    def get_token() -> str:
        raise PermissionError("the file is not yours")

    monkeypatch.setattr(huggingface_hub, "get_token", get_token)
    with pytest.raises(SpaceError, match="cannot be read: the file is not yours"):
        Client("alice/open")
    assert hub.calls == []


def test_spaces_a_sleeping_one_that_cannot_be_reached_is_waited_for(hub: LocalHub) -> None:
    """A sleeping Space whose app cannot be reached is still waited for."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{closed.getsockname()[1]}"
        hub.add("alice/asleep", "SLEEPING", address=address)
        error, statuses = failing("alice/asleep", wake_timeout=0.1)
    assert isinstance(error, SpaceNotReadyError)
    assert [status.detail for status in statuses] == ["SLEEPING"]


def test_spaces_repr_of_the_hub_shows_no_token(hub: LocalHub) -> None:
    """The repr of the Hub does not show the token."""
    assert OWNER not in repr(Hub(Secret(OWNER)))


def test_spaces_unreachable_hub_is_a_space_error(
    hub: LocalHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If the Hub cannot be reached, a `SpaceError` without the token is raised."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{closed.getsockname()[1]}")
        error, statuses = failing("alice/open", OWNER)
    assert type(error) is SpaceError
    assert "cannot be reached" in str(error)
    assert OWNER not in f"{error} {error.__cause__}"
    assert statuses == NOT_FOUND


def test_spaces_offline_mode_is_heeded(hub: LocalHub, monkeypatch: pytest.MonkeyPatch) -> None:
    """With HF_HUB_OFFLINE no request is sent."""
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    forget_sessions()  # older versions read it when they make a session
    try:
        error, _ = failing("alice/open")
    finally:
        forget_sessions()
    assert type(error) is SpaceError
    assert hub.calls == []


def test_spaces_one_without_an_app_says_so(hub: LocalHub) -> None:
    """A Space without a URL raises an error that says so."""
    hub.add("alice/static")
    error, _ = failing("alice/static")
    assert type(error) is SpaceError
    assert "gives no URL" in str(error)


def test_spaces_an_impossible_name_is_not_found(hub: LocalHub) -> None:
    """An invalid name is sent to the Hub like any other, and is not found."""
    assert isinstance(failing("a..b/c--d")[0], SpaceNotFoundError)


# -- rate limits --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("headers", "pause"),
    [({"Retry-After": "7"}, 7.0), ({"RateLimit": '"api";r=0;t=9'}, 9.0), ({}, 0.5)],
)
def test_spaces_rate_limit_of_the_hub_is_waited_for(
    hub: LocalHub, clock: Clock, headers: dict[str, str], pause: float
) -> None:
    """A limit that ends before the deadline is waited for."""
    waking = Waking(hub.add("alice/open", address=NOWHERE), clock)
    hub.fail("GET /api/spaces", 429, headers)
    assert waking.connect() == "open"
    assert clock.waits == [pause]


def test_spaces_rate_limit_beyond_the_deadline_is_raised_at_once(
    hub: LocalHub, clock: Clock
) -> None:
    """A limit beyond the deadline raises at once, with the time of its end."""
    waking = Waking(hub.add("alice/open"), clock, timeout=60.0)
    hub.fail("GET /api/spaces", 429, {"Retry-After": "61"})
    with pytest.raises(RateLimitError, match=r"asks to wait 61 s.*hf_token") as caught:
        waking.connect()
    assert (caught.value.retry_after, caught.value.status_code) == (61.0, 429)
    assert clock.waits == []


def test_spaces_rate_limit_without_an_end_is_waited_for_until_the_deadline(
    hub: LocalHub, clock: Clock
) -> None:
    """Without a named wait, the Hub is requested with growing waits until the deadline."""
    waking = Waking(hub.add("alice/open"), clock, OWNER, timeout=60.0)
    hub.fail("GET /api/spaces", 429, times=100)
    with pytest.raises(RateLimitError) as caught:
        waking.connect()
    assert caught.value.retry_after is None
    assert "hf_token" not in str(caught.value)
    assert 50 < clock.now <= 60


def test_spaces_rate_limit_of_the_app_is_waited_for(hub: LocalHub, clock: Clock) -> None:
    """A rate limit of the Space itself is waited for too."""
    answers = iter([RateLimitError("slow", retry_after=20.0), RateLimitError("slow"), None])

    def opening() -> str:
        error = next(answers)
        if error is not None:
            raise error
        return "open"

    waking = Waking(hub.add("alice/busy", address=NOWHERE), clock)
    assert waking.connect(opening) == "open"
    assert clock.waits[0] == 20.0
    assert len(clock.waits) == 2


def test_spaces_rate_limit_of_the_app_beyond_the_deadline_is_an_error(
    hub: LocalHub, clock: Clock
) -> None:
    """A rate limit of the Space beyond the deadline raises, and is reported."""
    waking = Waking(hub.add("alice/busy", address=NOWHERE), clock, timeout=10.0)

    def opening() -> None:
        raise RateLimitError("slow", retry_after=20.0)

    with pytest.raises(RateLimitError, match="slow"):
        waking.connect(opening)
    assert waking.statuses[-1].message == "Could not load this space."
    assert clock.waits == []


# -- signatures ---------------------------------------------------------------------------


def test_spaces_signatures_are_kept_until_they_expire(hub: LocalHub, clock: Clock) -> None:
    """A signature is requested at its first use, and again when it expires."""
    hub.add("alice/secret", private=True)
    hub.jwt_claims["exp"] = 1000
    signature = _signing.Signer("alice/secret", Hub(Secret(OWNER)), clock.time)
    assert hub.calls == []
    first = revealed(signature.sign())
    assert first.startswith("__sign=head.")
    assert revealed(signature.sign()) == first
    assert len(hub.requests_to("jwt")) == 1
    clock.now = 950.0
    hub.jwt_claims["exp"] = 2000
    assert revealed(signature.sign()) != first
    assert len(hub.requests_to("jwt")) == 2


@pytest.mark.parametrize("status", [403, 404, 500, 200])
def test_spaces_without_a_signature_urls_are_unchanged(
    hub: LocalHub, clock: Clock, status: int
) -> None:
    """Without a signature, URLs are unchanged, and the Hub is not asked again."""
    hub.add("alice/secret", private=True)
    hub.fail("jwt", status)
    signature = _signing.Signer("alice/secret", Hub(Secret(OWNER)), clock.time)
    for _ in range(2):
        assert signature.sign() is None
    assert len(hub.requests_to("jwt")) == 1


def test_spaces_unreachable_hub_gives_no_signature(
    hub: LocalHub,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """If the Hub cannot be reached, a call works without a signature, and the log says so."""
    monkeypatch.setenv("HF_ENDPOINT", NOWHERE)
    signature = _signing.Signer("alice/secret", Hub(Secret(OWNER)), clock.time)
    assert signature.sign() is None
    assert "no signature for alice/secret" in caplog.text
    assert OWNER not in caplog.text


# -- names --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "form", ["{id}", "{id}/", "{hub}/spaces/{id}", "{hub}/spaces/{id}/tree/main"]
)
def test_spaces_ids_and_pages_give_the_same_record(hub: LocalHub, form: str) -> None:
    """The URL of a Space's page on the Hub works like its id."""
    hub.add("alice/paused", "PAUSED")
    error, statuses = failing(form.format(id="alice/paused", hub=hub.url))
    assert isinstance(error, SpaceNotReadyError)
    assert [status.detail for status in statuses] == ["PAUSED"]


def test_spaces_app_url_is_looked_up_by_its_subdomain(hub: LocalHub, clock: Clock) -> None:
    """The Space of an app's URL is found by its subdomain, and the user's URL is kept."""
    hub.add("Alice/My.Space", address=NOWHERE)
    name = space_name("https://alice-my-space.hf.space/app", hub.url)
    assert name is not None
    patience = _spaces.WakeTimeout(900.0, clock.wait, clock.time)
    notifier = _spaces.StatusNotifier()
    space = _spaces.Space(name, Hub(None), notifier, patience, lambda root: None)
    root, record = space.connect(lambda root, record: (root, record))
    assert root == "https://alice-my-space.hf.space/app"
    assert record.space_id == "Alice/My.Space"
    assert [call.path for call in hub.calls] == ["/api/spaces/by-subdomain/alice-my-space"]


def test_spaces_missing_url_is_requested(hub: LocalHub, clock: Clock) -> None:
    """If the Space's record has no URL, it is requested from the Hub's other route."""
    waking = Waking(hub.add("alice/open", address=NOWHERE, names_host=False), clock)
    assert waking.connect() == "open"
    assert hub.requests_to("GET /api/spaces/alice/open/host")


@pytest.mark.parametrize("value", ["print", 3, True])
def test_spaces_a_callback_that_cannot_be_called_is_refused(value: Any) -> None:
    """A callback that cannot be called raises before anything is sent."""
    with pytest.raises(TypeError, match="status_callback"):
        Client("alice/open", status_callback=value)


@pytest.mark.parametrize(
    ("option", "value", "error"),
    [
        ("wake_timeout", 0, ValueError),
        ("wake_timeout", "long", TypeError),
        ("allow_insecure_token", "yes", TypeError),
    ],
)
def test_spaces_options_are_checked(option: str, value: Any, error: type[Exception]) -> None:
    """A wrong option raises before anything is sent."""
    options: dict[str, Any] = {option: value}
    with pytest.raises(error, match=option):
        Client("alice/open", **options)
