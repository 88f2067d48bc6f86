"""Copies of Spaces: the requests to the Hub, its refusals, and the reuse of a copy."""

from __future__ import annotations

import warnings
from typing import Any

import pytest

import gradio_client_sync
from gradio_client_sync import (
    AuthenticationError,
    Client,
    DuplicationError,
    RateLimitError,
    SpaceError,
    SpaceNotFoundError,
    SpaceStatus,
    duplicate,
)
from tests.conftest import SERVERS
from tests.support.hub.hub import HARDWARE, LocalHub
from tests.support.hub.plugin import OWNER, PAYER, READER, SCOPED
from tests.support.servers.plugin import ServerPool

pytestmark = pytest.mark.gradio


@pytest.fixture
def newest(server_pool: ServerPool) -> str:
    """Return the URL of a real Gradio server."""
    return server_pool.get(SERVERS[-1]).url


@pytest.fixture
def original(hub: LocalHub, newest: str) -> str:
    """Create a Space of another user, and return its name."""
    hub.add("erin/paint", app=newest)
    return "erin/paint"


def copied(hub: LocalHub, source: str, token: str | None = OWNER, **options: Any) -> dict[str, Any]:
    """Make a copy, and return the body of the request to the Hub."""
    with duplicate(source, hf_token=token, **options):
        [call] = hub.requests_to("POST .*/duplicate")
    body: dict[str, Any] = call.body
    assert call.path == "/api/spaces/erin/paint/duplicate"
    assert call.token == token
    # Since 2.x the library uses another name for it.
    visibility = body.pop("visibility", None)
    if visibility is not None:
        body["private"] = visibility == "private"
    return body


def refused(source: str, token: str | None = OWNER, **options: Any) -> DuplicationError:
    with pytest.raises(DuplicationError) as caught:
        duplicate(source, hf_token=token, **options)
    return caught.value


def test_duplicate_makes_a_copy_waits_and_connects(hub: LocalHub, original: str) -> None:
    """The copy is in the user's account, public, on the original's hardware, and then runs."""
    hub.copy_stages = ("BUILDING", "APP_STARTING", "RUNNING")
    statuses: list[SpaceStatus] = []
    with duplicate(original, hf_token=OWNER, status_callback=statuses.append) as app:
        assert isinstance(app, Client)
        assert app.source == "alice/paint"
        assert app.predict("/add", [2, 3])[0] in (5, "5", "5.0")
    [call] = hub.requests_to("POST")
    assert call.body == {"repository": "alice/paint", "hardware": "cpu-basic"}
    assert [status.detail for status in statuses] == ["BUILDING", "APP_STARTING", "RUNNING"]
    assert not hub.spaces["alice/paint"].private


def test_duplicate_is_offered_in_three_places() -> None:
    """The function of the module and the class's method are the same."""
    assert gradio_client_sync.duplicate == Client.duplicate
    assert "duplicate" in gradio_client_sync.__all__


def test_duplicate_of_a_subclass_is_one(hub: LocalHub, original: str) -> None:
    """`duplicate` of a subclass returns an instance of the subclass."""

    class Mine(Client):
        pass

    with Mine.duplicate(original, hf_token=OWNER) as app:
        assert type(app) is Mine


def test_duplicate_with_everything(hub: LocalHub, original: str) -> None:
    """Every option reaches the Hub in the one request that makes the copy."""
    body = copied(
        hub,
        original,
        PAYER,
        private=True,
        timeout=7,
        hardware="t4-small",
        secrets={"KEY": "s3cret"},
        variables={"MODE": "fast"},
        to_id="carol/canvas",
        session_hash="mine",
    )
    assert body == {
        "repository": "carol/canvas",
        "private": True,
        "hardware": "t4-small",
        "sleepTimeSeconds": 420,
        "secrets": [{"key": "KEY", "value": "s3cret"}],
        "variables": [{"key": "MODE", "value": "fast"}],
    }
    copy = hub.spaces["carol/canvas"]
    assert (copy.private, copy.hardware, copy.sleep_time) == (True, "t4-small", 420)
    assert copy.secrets == {"KEY": "s3cret"}
    assert copy.variables == {"MODE": "fast"}


@pytest.mark.parametrize("form", ["{id}", "{hub}/spaces/{id}"])
@pytest.mark.parametrize(
    ("to_id", "target"),
    [(None, "alice/paint"), ("canvas", "alice/canvas"), ("alice/canvas", "alice/canvas")],
)
def test_duplicate_names_the_copy(
    hub: LocalHub, original: str, form: str, to_id: str | None, target: str
) -> None:
    """The copy has the original's name or the given one, in the token's account."""
    source = form.format(id=original, hub=hub.url)
    assert copied(hub, source, to_id=to_id)["repository"] == target


@pytest.mark.parametrize("stage", ["RUNNING", "PAUSED", "SLEEPING"])
def test_duplicate_takes_the_hardware_of_the_original(
    hub: LocalHub, original: str, stage: str
) -> None:
    """The copy has the hardware of the original, also if that is asleep."""
    hub.spaces[original].stages = [stage]
    hub.spaces[original].hardware = "a10g-large"
    body = copied(hub, original, PAYER)
    assert body["hardware"] == "a10g-large"
    assert body["sleepTimeSeconds"] == 300


def test_duplicate_by_default_lets_paid_hardware_sleep(hub: LocalHub, original: str) -> None:
    """Without ``timeout``, paid hardware sleeps after five minutes."""
    body = copied(hub, original, PAYER, hardware="t4-small")
    assert body["sleepTimeSeconds"] == 300


def test_duplicate_can_be_kept_awake(hub: LocalHub, original: str, newest: str) -> None:
    """An infinite ``timeout`` is sent as -1, and compared as such."""
    body = copied(hub, original, PAYER, hardware="t4-small", timeout=float("inf"))
    assert body["sleepTimeSeconds"] == -1
    hub.spaces["carol/paint"].sleep_time = 300
    with pytest.warns(UserWarning, match="timeout is 5 min, not unlimited"):
        duplicate(original, hf_token=PAYER, timeout=float("inf"), hardware="t4-small").close()


def test_duplicate_warns_of_a_timeout_without_effect(hub: LocalHub, original: str) -> None:
    """``timeout`` on free hardware gives a warning, and is still sent to the Hub."""
    with pytest.warns(UserWarning, match="no effect on 'cpu-basic'") as caught:
        body = copied(hub, original, timeout=2.5)
    assert body["sleepTimeSeconds"] == 150
    assert len(caught) == 1
    assert caught[0].filename == __file__


@pytest.mark.parametrize("lists", [True, False])
def test_duplicate_refuses_unknown_hardware_with_the_list(
    hub: LocalHub, original: str, lists: bool
) -> None:
    """Hardware is checked against the Hub's list, or else the library's."""
    hub.lists_hardware = lists
    text = str(refused(original, hardware="t4-smal"))
    assert "no hardware 't4-smal'. Did you mean 't4-small'?" in text
    for name in HARDWARE if lists else ("cpu-basic", "t4-medium"):
        assert name in text
    assert hub.requests_to("POST") == []


def test_duplicate_knows_hardware_that_the_library_does_not(hub: LocalHub, original: str) -> None:
    """Hardware that only the Hub knows can be used."""
    assert copied(hub, original, PAYER, hardware="brand-new-gpu")["hardware"] == "brand-new-gpu"


# -- a copy that exists -------------------------------------------------------------------


def test_duplicate_reuses_a_copy_that_fits(hub: LocalHub, original: str, newest: str) -> None:
    """A second call connects to the copy of the first one, without a warning."""
    hub.add("alice/paint", "SLEEPING", "RUNNING", app=newest, variables={"MODE": "fast"})
    statuses: list[SpaceStatus] = []
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with duplicate(
            original,
            hf_token=OWNER,
            hardware="cpu-basic",
            variables={"MODE": "fast"},
            status_callback=statuses.append,
        ) as app:
            assert app.source == "alice/paint"
    # The comparison also reported the sleeping copy.
    assert [status.detail for status in statuses] == ["SLEEPING", "RUNNING"]


def test_duplicate_says_what_differs_in_a_copy_that_exists(
    hub: LocalHub, original: str, newest: str
) -> None:
    """A copy with other options is used, with a warning that names each difference."""
    hub.add("carol/paint", app=newest, hardware="a10g-large", sleep_time=3600, variables={"A": "1"})
    with pytest.warns(UserWarning, match="'carol/paint' already exists") as caught:
        duplicate(
            original,
            hf_token=PAYER,
            private=True,
            hardware="t4-small",
            timeout=5,
            secrets={"KEY": "s3cret"},
            variables={"A": "2", "B": "3"},
        ).close()
    [warning] = caught
    text = str(warning.message)
    assert warning.filename == __file__
    for part in (
        "private is False, not True",
        "hardware is 'a10g-large', not 't4-small'",
        "timeout is 60 min, not 5 min",
        "the variable 'A' has another value",
        "the variable 'B' is missing",
        "secrets were not changed",
        "to_id=",
    ):
        assert part in text
    assert "s3cret" not in text
    assert hub.spaces["carol/paint"].secrets == {}


def test_duplicate_says_that_a_copy_never_sleeps(hub: LocalHub, original: str, newest: str) -> None:
    """A copy without a sleep time gives a warning."""
    hub.add("carol/paint", app=newest, hardware="t4-small")
    with pytest.warns(UserWarning, match="timeout is not set, not 5 min"):
        duplicate(original, hf_token=PAYER, hardware="t4-small", timeout=5).close()


def test_duplicate_of_a_private_space_stays_private(hub: LocalHub, newest: str) -> None:
    """The copy of a private Space is private by default."""
    hub.add("bob/secret", app=newest, private=True, readers={"alice"})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for _ in range(2):
            duplicate("bob/secret", hf_token=OWNER).close()
    assert hub.spaces["alice/secret"].private


# -- refusals -----------------------------------------------------------------------------


def test_duplicate_without_a_token(hub: LocalHub, original: str) -> None:
    """Without a token, the error says how to give one."""
    text = str(refused(original, None))
    assert "hf_token=" in text
    assert "log in" in text
    assert hub.calls == []


def test_duplicate_with_the_saved_token(
    hub: LocalHub, original: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A logged-in user needs no ``hf_token``."""
    monkeypatch.setenv("HF_TOKEN", OWNER)
    with duplicate(original) as app:
        assert app.source == "alice/paint"


def test_duplicate_with_a_token_that_the_hub_does_not_know(hub: LocalHub, original: str) -> None:
    """The error for an unknown token says so, without showing the token."""
    error = refused(original, "hf_mistyped")
    assert "does not accept the token" in str(error)
    assert "hf_mistyped" not in str(error)
    assert isinstance(error.__cause__, AuthenticationError)


def test_duplicate_without_the_right(hub: LocalHub, original: str) -> None:
    """The error for a read-only token names its account and its role."""
    text = str(refused(original, READER))
    assert "don't have the rights" in text
    assert "account 'bob' and has the role 'read'" in text
    assert "needs write access" in text


def test_duplicate_with_a_fine_grained_token(hub: LocalHub, original: str) -> None:
    """The error for a fine-grained token lists its rights."""
    hub.accounts[SCOPED].name = "dave"
    text = str(refused(original, SCOPED, to_id="alice/paint"))
    assert "account 'dave' and may do only this: repo.read on alice/open" in text


def test_duplicate_beyond_the_quota(hub: LocalHub, original: str) -> None:
    """If the quota is used up, the error has the Hub's text."""
    hub.accounts[OWNER].quota = 0
    text = str(refused(original))
    assert "reached the limit of Spaces of your plan" in text
    assert "quota" in text


def test_duplicate_onto_hardware_that_is_not_paid_for(hub: LocalHub, original: str) -> None:
    """The error for unpaid hardware names both solutions."""
    text = str(refused(original, hardware="t4-small"))
    assert "402" in text
    assert "set up a payment method" in text
    assert "hardware='cpu-basic'" in text


def test_duplicate_of_an_unknown_source(hub: LocalHub) -> None:
    """An unknown source raises `SpaceNotFoundError`."""
    with pytest.raises(SpaceNotFoundError, match="erin/nothing") as caught:
        duplicate("erin/nothing", hf_token=OWNER)
    assert caught.value.space_id == "erin/nothing"
    assert hub.requests_to("POST") == []


def test_duplicate_of_a_source_that_vanishes(hub: LocalHub, original: str) -> None:
    """A source that vanishes before the copy is made raises `SpaceNotFoundError`."""
    hub.fail("POST", 404, {"X-Error-Code": "RepoNotFound", "X-Error-Message": "gone"})
    with pytest.raises(SpaceNotFoundError, match="does not exist"):
        duplicate(original, hf_token=OWNER)


@pytest.mark.parametrize("source", ["http://127.0.0.1:7860", "nonsense", ""])
def test_duplicate_of_an_invalid_source(hub: LocalHub, source: str) -> None:
    """A source that is not a Space is refused."""
    assert "is not the name of a Space" in str(refused(source))
    assert hub.calls == []


@pytest.mark.parametrize("to_id", ["alice/pa int", "a/b/c", "alice/", "/paint", "alice/a..b"])
def test_duplicate_to_an_invalid_name(hub: LocalHub, original: str, to_id: str) -> None:
    """An invalid name for the copy is refused before any request that makes it."""
    refused(original, to_id=to_id)
    assert hub.requests_to("POST") == []


def test_duplicate_of_an_own_space(hub: LocalHub, newest: str) -> None:
    """A Space cannot be copied to its own name."""
    hub.add("alice/paint", app=newest)
    text = str(refused("alice/paint"))
    assert "already belongs to your account" in text
    assert "to_id=" in text


@pytest.mark.parametrize("step", ["GET .*/erin/paint", "whoami", "POST"])
def test_duplicate_with_a_rate_limit(hub: LocalHub, original: str, step: str) -> None:
    """A lasting rate limit raises `RateLimitError` at every step, with its end."""
    hub.fail(step, 429, {"Retry-After": "600"}, times=2)
    with pytest.raises(RateLimitError) as caught:
        duplicate(original, hf_token=OWNER)
    assert caught.value.retry_after == 600.0


@pytest.mark.parametrize("status", [400, 500, 503])
def test_duplicate_with_a_hub_that_fails(hub: LocalHub, original: str, status: int) -> None:
    """Any other error of the Hub is reported with the Hub's text."""
    hub.fail("POST", status, {"X-Error-Message": "Some reason."})
    text = str(refused(original))
    assert f"{status}: Some reason." in text


def test_duplicate_with_a_hub_error_without_text(hub: LocalHub, original: str) -> None:
    """An error of the Hub without text is reported with its status."""
    hub.fail("POST", 500, body={})
    assert "the Hub responded with 500. " in str(refused(original))


def test_duplicate_with_an_unreadable_response(hub: LocalHub, original: str) -> None:
    """If the Hub's response cannot be read, the error says that there may be a copy."""
    hub.fail("POST", 200, body=[])
    assert "may not have been duplicated" in str(refused(original))


def test_duplicate_with_a_copy_that_breaks(hub: LocalHub, original: str) -> None:
    """A copy that cannot start raises `SpaceError` like any Space."""
    hub.add("alice/paint", "BUILDING", "BUILD_ERROR")
    statuses: list[SpaceStatus] = []
    with pytest.raises(SpaceError, match="alice/paint"):
        duplicate(original, hf_token=OWNER, status_callback=statuses.append)
    assert statuses[-1].status == "space_error"


@pytest.mark.parametrize(
    ("option", "value", "error"),
    [
        ("wake_time", 3, TypeError),  # misspelt
        ("private", "yes", TypeError),
        ("timeout", -5, ValueError),
        ("timeout", "5", TypeError),
        ("secrets", {"KEY": 3}, TypeError),
        ("variables", ["KEY"], TypeError),
        ("hf_token", 3, TypeError),
        ("status_callback", 3, TypeError),
        ("headers", 3, TypeError),
        ("deadline", -1, ValueError),
        ("allow_insecure_token", "yes", TypeError),
    ],
)
def test_duplicate_checks_its_options_first(
    hub: LocalHub, original: str, option: str, value: Any, error: type[Exception]
) -> None:
    """A wrong option raises before there is a copy."""
    options: dict[str, Any] = {"hf_token": OWNER, option: value}
    with pytest.raises(error, match=option):
        duplicate(original, **options)
    assert hub.requests_to("POST") == []


def test_duplicate_secrets_are_not_shown(
    hub: LocalHub, original: str, caplog: pytest.LogCaptureFixture
) -> None:
    """No token and no secret is in an error, a log or a repr."""
    caplog.set_level(0)
    options: dict[str, Any] = {"secrets": {"KEY": "s3cret-canary"}}
    for repeated in (OWNER, "s3cret-canary"):
        hub.fail("POST", 400, body={"error": f"refused {repeated}"})
    error = f"{refused(original, **options)} {refused(original, **options)}"
    assert error.count("***") == 2
    with duplicate(original, hf_token=OWNER, **options) as app:
        shown = f"{error} {app!r} {app.__dict__.keys()} {caplog.text}"
    assert "s3cret-canary" not in shown
    assert OWNER not in shown


def test_duplicate_source_is_a_text() -> None:
    """A source that is not a string raises `TypeError`."""
    with pytest.raises(TypeError, match="source"):
        duplicate(3)  # type: ignore[arg-type]
