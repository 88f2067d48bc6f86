"""Articles and plurals of sentences that are made at run time."""

from __future__ import annotations

import re

import pytest

from gradio_client_sync._basics.words import a, called, counted
from tests.support.layers import modules, name_of


@pytest.mark.parametrize(
    "expected",
    [
        *("an int", "a str", "a float", "an object", "an Image", "a list", "a UUID", "a Union"),
        *("an HTTPError", "an MP3", "an F", "a B", "a user", "a uint8", "an ndarray", "a used"),
        *("an AppError", "an EndpointNotFoundError", "an NAType", "an umbrella", "an hour"),
        *("a JSONDecodeError", "an Annotated", "a NoneType", "an OSError", "a URL", "an SSLError"),
    ],
)
def test_article_follows_the_sound(expected: str) -> None:
    """``an`` comes before the sound of a vowel, also if letters are spelled."""
    assert a(expected.partition(" ")[2]) == expected


@pytest.mark.parametrize(
    ("number", "expected"), [(0, "0 bytes"), (1, "1 byte"), (2, "2 bytes"), (-1, "-1 bytes")]
)
def test_only_one_is_singular(number: int, expected: str) -> None:
    """Every number but 1 has the plural."""
    assert counted(number, "byte") == expected


def test_called_gives_the_name_or_says_what_the_number_is() -> None:
    """A name is in quotes, and a number alone would say nothing."""
    assert called("/add") == "'/add'"
    assert called(3) == "fn_index 3"
    assert called(None) == "the endpoint"


@pytest.mark.parametrize("path", modules(), ids=name_of)
def test_messages_name_endpoints_by_it(path: object) -> None:
    """No message shows a bare number in place of an endpoint."""
    bare = re.findall(r"\{[\w.]*endpoint(?:\.name)?!r\}", path.read_text("utf-8"))  # type: ignore[attr-defined]
    assert bare == []
