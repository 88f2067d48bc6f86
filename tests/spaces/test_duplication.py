"""Copies of Spaces: what is asked of the Hub for one, what it may refuse, and what is reused."""

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
    """The address of a real Gradio server."""
    return server_pool.get(SERVERS[-1]).url


@pytest.fixture
def original(hub: LocalHub, newest: str) -> str:
    """Somebody else's Space."""
    hub.add("erin/paint", app=newest)
    return "erin/paint"


def copied(hub: LocalHub, source: str, token: str | None = OWNER, **options: Any) -> dict[str, Any]:
    """What the Hub was asked for."""
    with duplicate(source, hf_token=token, **options):
        [call] = hub.requests_to("POST .*/duplicate")
    body: dict[str, Any] = call.body
    assert call.path == "/api/spaces/erin/paint/duplicate"
    assert call.token == token
    # Since 2.x the library has another word for it.
    visibility = body.pop("visibility", None)
    if visibility is not None:
        body["private"] = visibility == "private"
    return body


def refused(source: str, token: str | None = OWNER, **options: Any) -> DuplicationError:
    with pytest.raises(DuplicationError) as caught:
        duplicate(source, hf_token=token, **options)
    return caught.value


def test_duplicate_makes_a_copy_waits_and_connects(hub: LocalHub, original: str) -> None:
    """The copy is the account's, public, on the original's hardware, and runs when it is there."""
    hub.copy_stages = ("BUILDING", "APP_STARTING", "RUNNING")
    told: list[SpaceStatus] = []
    with duplicate(original, hf_token=OWNER, status_callback=told.append) as app:
        assert isinstance(app, Client)
        assert app.source == "alice/paint"
        assert app.predict("/add", [2, 3])[0] in (5, "5", "5.0")
    [call] = hub.requests_to("POST")
    assert call.body == {"repository": "alice/paint", "hardware": "cpu-basic"}
    assert [status.detail for status in told] == ["BUILDING", "APP_STARTING", "RUNNING"]
    assert not hub.spaces["alice/paint"].private


def test_duplicate_is_offered_in_three_places() -> None:
    """The module's name and the class's method are one function."""
    assert gradio_client_sync.duplicate == Client.duplicate
    assert "duplicate" in gradio_client_sync.__all__


def test_duplicate_of_a_subclass_is_one(hub: LocalHub, original: str) -> None:
    """`duplicate` of a class that adds to Client gives that class."""

    class Mine(Client):
        pass

    with Mine.duplicate(original, hf_token=OWNER) as app:
        assert type(app) is Mine


def test_duplicate_with_everything(hub: LocalHub, original: str) -> None:
    """Every option reaches the Hub, in the one request that makes the copy."""
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
    """The copy has the original's name, or the one given, in the token's account."""
    source = form.format(id=original, hub=hub.url)
    assert copied(hub, source, to_id=to_id)["repository"] == target


@pytest.mark.parametrize("stage", ["RUNNING", "PAUSED", "SLEEPING"])
def test_duplicate_takes_the_hardware_of_the_original(
    hub: LocalHub, original: str, stage: str
) -> None:
    """The copy runs on what the original runs on, or would run on if it were awake."""
    hub.spaces[original].stages = [stage]
    hub.spaces[original].hardware = "a10g-large"
    body = copied(hub, original, PAYER)
    assert body["hardware"] == "a10g-large"
    assert body["sleepTimeSeconds"] == 300


def test_duplicate_by_default_lets_paid_hardware_sleep(hub: LocalHub, original: str) -> None:
    """Without timeout, hardware that costs something sleeps after five minutes."""
    body = copied(hub, original, PAYER, hardware="t4-small")
    assert body["sleepTimeSeconds"] == 300


def test_duplicate_can_be_kept_awake(hub: LocalHub, original: str, newest: str) -> None:
    """An infinite timeout is the Hub's word for never, and compared as such."""
    body = copied(hub, original, PAYER, hardware="t4-small", timeout=float("inf"))
    assert body["sleepTimeSeconds"] == -1
    hub.spaces["carol/paint"].sleep_time = 300
    with pytest.warns(UserWarning, match="timeout is 5 min, not endless"):
        duplicate(original, hf_token=PAYER, timeout=float("inf"), hardware="t4-small").close()


def test_duplicate_warns_of_a_timeout_without_effect(hub: LocalHub, original: str) -> None:
    """The free hardware sleeps when the Hub wants; the Hub is told all the same."""
    with pytest.warns(UserWarning, match="no effect on 'cpu-basic'") as caught:
        body = copied(hub, original, timeout=2.5)
    assert body["sleepTimeSeconds"] == 150
    assert len(caught) == 1
    assert caught[0].filename == __file__


@pytest.mark.parametrize("tells", [True, False])
def test_duplicate_refuses_unknown_hardware_with_the_list(
    hub: LocalHub, original: str, tells: bool
) -> None:
    """Hardware is checked against what the Hub has now, or what the library knows."""
    hub.tells_hardware = tells
    text = str(refused(original, hardware="t4-smal"))
    assert "no hardware 't4-smal'. Did you mean 't4-small'?" in text
    for name in HARDWARE if tells else ("cpu-basic", "t4-medium"):
        assert name in text
    assert hub.requests_to("POST") == []


def test_duplicate_knows_hardware_that_the_library_does_not(hub: LocalHub, original: str) -> None:
    """New hardware can be had without a new release of anything."""
    assert copied(hub, original, PAYER, hardware="brand-new-gpu")["hardware"] == "brand-new-gpu"


# -- a copy that exists -------------------------------------------------------------------


def test_duplicate_reuses_a_copy_that_fits(hub: LocalHub, original: str, newest: str) -> None:
    """A second call connects to what the first one made, without a word."""
    hub.add("alice/paint", "SLEEPING", "RUNNING", app=newest, variables={"MODE": "fast"})
    told: list[SpaceStatus] = []
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with duplicate(
            original,
            hf_token=OWNER,
            hardware="cpu-basic",
            variables={"MODE": "fast"},
            status_callback=told.append,
        ) as app:
            assert app.source == "alice/paint"
    # The comparison looked at the sleeping copy too.
    assert [status.detail for status in told] == ["SLEEPING", "RUNNING"]


def test_duplicate_says_what_differs_in_a_copy_that_exists(
    hub: LocalHub, original: str, newest: str
) -> None:
    """A copy that is not as asked for is used, with a warning that names each difference."""
    hub.add("carol/paint", app=newest, hardware="a10g-large", sleep_time=3600, variables={"A": "1"})
    with pytest.warns(UserWarning, match="'carol/paint' exists already") as caught:
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
    """A copy without a sleep time costs more than one with it."""
    hub.add("carol/paint", app=newest, hardware="t4-small")
    with pytest.warns(UserWarning, match="timeout is not set, not 5 min"):
        duplicate(original, hf_token=PAYER, hardware="t4-small", timeout=5).close()


def test_duplicate_of_a_private_space_stays_private(hub: LocalHub, newest: str) -> None:
    """The Hub makes no private Space public because nobody said otherwise."""
    hub.add("bob/secret", app=newest, private=True, readers={"alice"})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for _ in range(2):
            duplicate("bob/secret", hf_token=OWNER).close()
    assert hub.spaces["alice/secret"].private


# -- refusals -----------------------------------------------------------------------------


def test_duplicate_without_a_token(hub: LocalHub, original: str) -> None:
    """A copy needs an owner."""
    text = str(refused(original, None))
    assert "hf_token=" in text
    assert "log in" in text
    assert hub.calls == []


def test_duplicate_with_the_saved_token(
    hub: LocalHub, original: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who is logged in need not give a token."""
    monkeypatch.setenv("HF_TOKEN", OWNER)
    with duplicate(original) as app:
        assert app.source == "alice/paint"


def test_duplicate_with_a_token_that_the_hub_does_not_know(hub: LocalHub, original: str) -> None:
    """A mistyped token is said to be one, and not shown."""
    error = refused(original, "hf_mistyped")
    assert "does not accept the token" in str(error)
    assert "hf_mistyped" not in str(error)
    assert isinstance(error.__cause__, AuthenticationError)


def test_duplicate_without_the_right(hub: LocalHub, original: str) -> None:
    """A token for reading only says whose it is and what it may do."""
    text = str(refused(original, READER))
    assert "don't have the rights" in text
    assert "account 'bob' and has the role 'read'" in text
    assert "right to write" in text


def test_duplicate_without_the_right_on_one_thing(hub: LocalHub, original: str) -> None:
    """So does one whose rights are on single Spaces; here it may not write where it should."""
    hub.accounts[SCOPED].name = "dave"
    text = str(refused(original, SCOPED, to_id="alice/paint"))
    assert "account 'dave' and may do only this: repo.read on alice/open" in text


def test_duplicate_beyond_the_quota(hub: LocalHub, original: str) -> None:
    """A full account is told with the Hub's own words."""
    hub.accounts[OWNER].quota = 0
    text = str(refused(original))
    assert "reached the limit of Spaces of your plan" in text
    assert "quota" in text


def test_duplicate_onto_hardware_that_is_not_paid_for(hub: LocalHub, original: str) -> None:
    """Missing payment names both ways out."""
    text = str(refused(original, hardware="t4-small"))
    assert "402" in text
    assert "set up a payment method" in text
    assert "hardware='cpu-basic'" in text


def test_duplicate_of_an_unknown_source(hub: LocalHub) -> None:
    """What is not there cannot be copied."""
    with pytest.raises(SpaceNotFoundError, match="erin/nothing") as caught:
        duplicate("erin/nothing", hf_token=OWNER)
    assert caught.value.space_id == "erin/nothing"
    assert hub.requests_to("POST") == []


def test_duplicate_of_a_source_that_goes_meanwhile(hub: LocalHub, original: str) -> None:
    """Neither can what is gone when the copy is made."""
    hub.fail("POST", 404, {"X-Error-Code": "RepoNotFound", "X-Error-Message": "gone"})
    with pytest.raises(SpaceNotFoundError, match="no such Space"):
        duplicate(original, hf_token=OWNER)


@pytest.mark.parametrize("source", ["http://127.0.0.1:7860", "nonsense", ""])
def test_duplicate_of_an_invalid_source(hub: LocalHub, source: str) -> None:
    """Only Spaces can be copied."""
    assert "names no Space" in str(refused(source))
    assert hub.calls == []


@pytest.mark.parametrize("to_id", ["alice/pa int", "a/b/c", "alice/", "/paint", "alice/a..b"])
def test_duplicate_to_a_name_that_cannot_be(hub: LocalHub, original: str, to_id: str) -> None:
    """A name that the Hub cannot take is refused before anything is made."""
    refused(original, to_id=to_id)
    assert hub.requests_to("POST") == []


def test_duplicate_of_an_own_space(hub: LocalHub, newest: str) -> None:
    """A Space is not its own copy."""
    hub.add("alice/paint", app=newest)
    text = str(refused("alice/paint"))
    assert "yours already" in text
    assert "to_id=" in text


@pytest.mark.parametrize("step", ["GET .*/erin/paint", "whoami", "POST"])
def test_duplicate_with_a_hub_asked_too_often(hub: LocalHub, original: str, step: str) -> None:
    """A limit that lasts is a RateLimitError at every step, with the time it ends."""
    hub.fail(step, 429, {"Retry-After": "600"}, times=2)
    with pytest.raises(RateLimitError) as caught:
        duplicate(original, hf_token=OWNER)
    assert caught.value.retry_after == 600.0


@pytest.mark.parametrize("status", [400, 500, 503])
def test_duplicate_with_a_hub_that_fails(hub: LocalHub, original: str, status: int) -> None:
    """Whatever else the Hub answers is told in its own words."""
    hub.fail("POST", status, {"X-Error-Message": "Some reason."})
    text = str(refused(original))
    assert f"{status}: Some reason." in text


def test_duplicate_with_a_hub_that_hides_its_words(hub: LocalHub, original: str) -> None:
    """A refusal without a word is told without one."""
    hub.fail("POST", 500, body={})
    assert "the Hub answered 500. " in str(refused(original))


def test_duplicate_with_an_unreadable_answer(hub: LocalHub, original: str) -> None:
    """No error of the library escapes; whether there is a copy now is for the user to look at."""
    hub.fail("POST", 200, body=[])
    assert "may not have been duplicated" in str(refused(original))


def test_duplicate_with_a_copy_that_breaks(hub: LocalHub, original: str) -> None:
    """A copy that cannot start is told like any Space."""
    hub.add("alice/paint", "BUILDING", "BUILD_ERROR")
    told: list[SpaceStatus] = []
    with pytest.raises(SpaceError, match="alice/paint"):
        duplicate(original, hf_token=OWNER, status_callback=told.append)
    assert told[-1].status == "space_error"


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
    """A mistake in an option is found before there is a copy."""
    options: dict[str, Any] = {"hf_token": OWNER, option: value}
    with pytest.raises(error, match=option):
        duplicate(original, **options)
    assert hub.requests_to("POST") == []


def test_duplicate_secrets_are_shown_nowhere(
    hub: LocalHub, original: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither a token nor a secret is in what is told, logged or raised."""
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
    """What is no text is refused by its type."""
    with pytest.raises(TypeError, match="source"):
        duplicate(3)  # type: ignore[arg-type]
