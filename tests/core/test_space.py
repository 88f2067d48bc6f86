"""Names and stages of Spaces, without any request."""

from __future__ import annotations

import base64
import json
import math
from typing import Any

import pytest

from gradio_client_sync._protocol.space import (
    NOT_FOUND,
    NOT_LOADED,
    SpaceName,
    asks_for_author,
    expiry_of,
    keeps_secrets,
    remedy,
    space_name,
    status_of,
)
from gradio_client_sync.events import SpaceStatus

#: The result of `check_space_status` of @gradio/client 2.7.0 for each stage.
PAUSED = (
    "This space has been paused by the author. If you would like to try this demo, consider "
    "duplicating the space."
)
BROKEN = ("space_error", "error", "This space is experiencing an issue.")
JAVASCRIPT = {
    "RUNNING": ("running", "complete", "Space is running."),
    "RUNNING_BUILDING": ("running", "complete", "Space is running."),
    "SLEEPING": ("sleeping", "pending", "Space is asleep. Waking it up..."),
    "STOPPED": ("sleeping", "pending", "Space is asleep. Waking it up..."),
    "BUILDING": ("building", "pending", "Space is building..."),
    "APP_STARTING": ("starting", "pending", "Space is starting..."),
    "PAUSED": ("paused", "error", PAUSED),
    "NO_APP_FILE": BROKEN,
    "CONFIG_ERROR": BROKEN,
    "BUILD_ERROR": BROKEN,
    "RUNTIME_ERROR": BROKEN,
    "DELETING": BROKEN,
    "A_STAGE_FROM_THE_FUTURE": BROKEN,
}


@pytest.mark.parametrize("stage", JAVASCRIPT)
def test_space_stages_mean_what_they_mean_in_javascript(stage: str) -> None:
    """Each stage has the JavaScript client's status and message, and the Hub's word as detail."""
    status, load_status, message = JAVASCRIPT[stage]
    assert status_of(stage) == SpaceStatus(status, stage, load_status, message, None)


def test_space_running_while_its_next_version_starts_is_running() -> None:
    """A Space whose next version is being built counts as running."""
    assert status_of("RUNNING_APP_STARTING").load_status == "complete"
    assert status_of("RUNNING_APP_STARTING").detail == "RUNNING_APP_STARTING"


def test_space_that_is_not_found_has_a_status() -> None:
    """An unknown Space is an error with the JavaScript client's text."""
    assert SpaceStatus("error", "NOT_FOUND", "error", "Could not get space status. ") == NOT_FOUND
    assert SpaceStatus("error", "NOT_FOUND", "error", "Could not load this space.") == NOT_LOADED


@pytest.mark.parametrize("stage", JAVASCRIPT)
def test_space_author_is_asked_for_where_nobody_else_can_help(stage: str) -> None:
    """The error for a paused or broken Space says whether discussions are enabled."""
    status = status_of(stage, True)
    assert asks_for_author(status) is (status.load_status == "error")
    assert status.discussions_enabled is True


@pytest.mark.parametrize(
    ("stage", "discussions", "said"),
    [
        ("PAUSED", True, ("duplicate()", "discussions")),
        ("BUILD_ERROR", False, ("build log",)),
        ("RUNTIME_ERROR", None, ("log",)),
        ("CONFIG_ERROR", None, ("README",)),
        ("NO_APP_FILE", None, ("app file",)),
        ("DELETING", True, ("being deleted",)),
        ("BRAND_NEW", True, ("'BRAND_NEW'", "discussions")),
    ],
)
def test_space_remedy_says_why_and_what_next(
    stage: str, discussions: bool | None, said: tuple[str, ...]
) -> None:
    """Each final stage has a reason, and says whether the user can write to the author."""
    text = remedy(status_of(stage, discussions))
    for part in said:
        assert part in text
    assert ("discussions" in text) is ("discussions" in said)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("user/space", SpaceName("user/space")),
        (" user/space/ ", SpaceName("user/space")),
        ("u-s.er_1/Sp.ace-2", SpaceName("u-s.er_1/Sp.ace-2")),
        ("https://huggingface.co/spaces/user/space", SpaceName("user/space")),
        ("https://huggingface.co/spaces/user/space/", SpaceName("user/space")),
        ("https://huggingface.co/spaces/user/space/tree/main", SpaceName("user/space")),
        ("https://huggingface.co/spaces/user/space?logs=build#x", SpaceName("user/space")),
        ("HTTPS://WWW.HuggingFace.co/spaces/user/space", SpaceName("user/space")),
        ("https://hf.co/spaces/user/space", SpaceName("user/space")),
        ("http://127.0.0.1:8000/hub/spaces/user/space", SpaceName("user/space")),
        (
            "https://user-space.hf.space/",
            SpaceName(subdomain="user-space", root="https://user-space.hf.space"),
        ),
        (
            "https://user-space.hf.space/app?__theme=dark",
            SpaceName(subdomain="user-space", root="https://user-space.hf.space/app"),
        ),
        (
            "https://User-Space.HF.space",
            SpaceName(None, "user-space", "https://user-space.hf.space"),
        ),
        # These are not Spaces, or must not be trusted as Spaces:
        ("http://user-space.hf.space", None),
        ("https://user-space.hf.space:8443", None),
        ("https://a.b.hf.space", None),
        ("https://hf.space", None),
        ("https://user-space.hf.space.evil.example", None),
        ("https://evil.example/user-space.hf.space", None),
        ("https://evil.example/https://huggingface.co/spaces/user/space", None),
        ("https://huggingface.co.evil.example/spaces/user/space", None),
        ("https://huggingface.co@evil.example/spaces/user/space", None),
        ("https://huggingface.co/user/model", None),
        ("https://huggingface.co/spaces/user", None),
        ("https://huggingface.co", None),
        ("http://127.0.0.1:8000/hub", None),
        ("http://127.0.0.1:8000/hubspaces/user/space", None),
        ("http://127.0.0.1:7860", None),
        ("user/space/more", None),
        ("user", None),
        ("", None),
        ("http://[", None),
    ],
)
def test_space_names_are_read_from_what_users_have(source: str, expected: SpaceName | None) -> None:
    """An id, a page on the Hub and an app's URL name a Space; similar texts do not."""
    assert space_name(source, "http://127.0.0.1:8000/hub/") == expected


def test_space_names_lead_to_the_record() -> None:
    """Both names of a Space give the same record on the Hub."""
    by_id = SpaceName("user/space")
    by_host = SpaceName(subdomain="user-space", root="https://user-space.hf.space")
    assert (by_id.record, str(by_id)) == ("spaces/user/space", "user/space")
    assert by_host.record == "spaces/by-subdomain/user-space"
    assert str(by_host) == "https://user-space.hf.space"


@pytest.mark.parametrize(
    ("root", "private"),
    [
        ("https://anything.example", True),
        ("http://127.0.0.1:7860", True),
        ("http://127.8.8.8", True),
        ("http://[::1]:7860/app", True),
        ("http://localhost", True),
        ("http://app.localhost:8000", True),
        ("http://192.168.1.2", False),
        ("http://0.0.0.0:7860", False),
        ("http://localhost.evil.example", False),
        ("http://user-space.hf.space", False),
        ("nonsense", False),
    ],
)
def test_space_tokens_need_an_encrypted_connection(root: str, private: bool) -> None:
    """A token may be sent over https or to this machine only."""
    assert keeps_secrets(root) is private


def _jwt(claims: Any) -> str:
    return f"head.{base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip('=')}.sign"


@pytest.mark.parametrize(
    ("jwt", "expiry"),
    [
        (_jwt({"exp": 1234}), 1234.0),
        (_jwt({"exp": 1234.5, "sub": "/spaces/user/space"}), 1234.5),
        (_jwt({}), math.inf),
        (_jwt({"exp": None}), math.inf),
        (_jwt([1]), math.inf),
        ("opaque", math.inf),
        ("a.eyJleHAiOjEyMzQsIngiOiLDvz8-w78_Pz8_PyJ9.c", 1234.0),
        ("a.eyJleHAiOjEyMzQsIngiOiLDvz8+w78/Pz8/PyJ9.c", 1234.0),
        ("a.%%%.c", math.inf),
        ("", math.inf),
    ],
)
def test_space_signatures_tell_when_they_expire(jwt: str, expiry: float) -> None:
    """The end of a signature is read from it; without one it lasts."""
    assert expiry_of(jwt) == expiry
