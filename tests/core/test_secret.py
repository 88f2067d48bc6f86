"""Values that programs which dump variables do not show."""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from typing import Any

import pytest

from gradio_client_sync._basics.secret import (
    HiddenAttribute,
    Secret,
    hidden,
    hidden_source,
    hide,
    joined,
    revealed,
    shown,
    shown_source,
)


def test_secret_is_shown_on_purpose_only() -> None:
    """`reveal` and an f-string show the value; `repr`, `str` and attributes do not."""
    secret = Secret("sesame")
    assert (secret.reveal(), f"{secret}", f"{secret:>8}") == ("sesame", "sesame", "  sesame")
    assert f"{secret!r}{secret!s}" == "<secret><secret>"
    assert "sesame" not in repr((str(secret), secret.reveal, {"key": secret}))
    assert not isinstance(secret, (str, bytes, Mapping))


def test_secret_is_not_pickled() -> None:
    """A pickle would show the value."""
    with pytest.raises(TypeError, match="cannot be pickled"):
        pickle.dumps(Secret("sesame"))


def test_secret_is_hidden_once() -> None:
    """What is hidden already stays as it is, and other values are revealed unchanged."""
    secret: Secret[Any] = hide("sesame")
    assert hide(secret) is secret
    assert (revealed(secret), revealed("plain")) == ("sesame", "plain")
    texts = hidden({"a": secret, "b": "b"})
    assert texts["a"] is secret
    assert shown(texts) == {"a": "sesame", "b": "b"}


@pytest.mark.parametrize(
    ("source", "is_hidden"),
    [
        ("user/space", False),
        ("http://host/app", False),
        ("http://host/?token=sesame", True),
        ("http://me:sesame@host", True),
        (b"http://host/?token=sesame", True),
        (None, False),
        (5, False),
    ],
)
def test_sources_are_hidden_if_they_may_have_secrets(source: object, is_hidden: bool) -> None:
    """Other sources stay readable for people who look at variables."""
    hidden = hidden_source(source)
    assert isinstance(hidden, Secret) is is_hidden
    assert revealed(hidden) is source


def test_secrets_are_joined_to_a_secret() -> None:
    """A part may be secret or not."""
    assert joined("a", Secret("b"), "c").reveal() == "abc"
    assert joined().reveal() == ""


class Keeper:
    """An object with a public attribute."""

    texts: HiddenAttribute[dict[str, str]] = HiddenAttribute()


def test_attribute_is_hidden_and_can_be_used() -> None:
    """The attribute behaves like a plain one, and no other name shows its value."""
    keeper = Keeper()
    with pytest.raises(AttributeError):
        keeper.texts  # noqa: B018 - it is read
    keeper.texts = {"a": "sesame"}
    keeper.texts["b"] = "c"
    assert keeper.texts == {"a": "sesame", "b": "c"}
    assert "sesame" not in repr(vars(keeper))
    assert isinstance(Keeper.texts, HiddenAttribute)


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("user/space", "user/space"),
        ("http://host/app", "http://host/app"),
        ("http://host/app?", "http://host/app"),
        ("http://host/?token=a/b&view#top", "http://host/?token=…&…"),
        ("http://me:pass@host/?a=b=c&=d", "http://…@host/?a=…&=…"),
        ("http://host/#token=abc", "http://host/"),
    ],
)
def test_shown_sources_have_no_secrets(source: str, shown: str) -> None:
    """Names of a query are shown, and no values, because gateways accept tokens there."""
    assert shown_source(source) == shown
