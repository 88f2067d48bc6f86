"""Values that programs which dump variables do not show."""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from typing import Any

import pytest

from gradio_client_sync._basics.secret import Secret, hidden, hide, revealed, shown


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
