"""`_session.language`: the languages of the user."""

from __future__ import annotations

import locale

import pytest

from gradio_client_sync._session.language import languages

pytestmark = pytest.mark.once


@pytest.mark.parametrize(
    ("environ", "found"),
    [
        ({"LANG": "de_AT.UTF-8"}, ["de-AT"]),
        ({"LC_MESSAGES": "pt_BR", "LANG": "de_DE"}, ["pt-BR"]),
        ({"LC_ALL": "fr", "LC_MESSAGES": "pt_BR", "LANG": "de_DE"}, ["fr"]),
        ({"LC_ALL": "", "LANG": "ca_ES@valencia"}, ["ca-ES"]),
        ({"LC_ALL": "C.UTF-8", "LANG": "de_DE"}, []),
        ({"LANG": "POSIX"}, []),
        ({"LANG": "German_Germany.1252"}, ["de-DE"]),
        ({}, []),
    ],
)
def test_language_is_that_of_the_environment(environ: dict[str, str], found: list[str]) -> None:
    """The first variable that is set counts; ``C`` has no language."""
    assert languages(environ) == found


def test_language_set_by_the_program_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that has set its locale gets texts in this language."""
    monkeypatch.setattr(locale, "setlocale", lambda category: "fr_CA.UTF-8")
    assert languages({"LANG": "de_DE"}) == ["fr-CA"]
