"""Descriptions, signatures, help and errors of real servers, as people read them."""

from __future__ import annotations

import inspect
import json
import pydoc
import re
from collections.abc import Callable
from typing import Any

import pytest

from gradio_client_sync import AppError, Client, PayloadError
from gradio_client_sync._typed.codegen import module_source
from gradio_client_sync.function import DEFAULT
from tests.conftest import GENERATIONS
from tests.interfaces.typed.test_codegen import load_module
from tests.support.generations import servers_with
from tests.support.servers.plugin import ServerPool
from tests.support.servers.server import DESCRIPTIONS, Server

pytestmark = pytest.mark.gradio


@pytest.fixture(params=GENERATIONS)
def server(request: pytest.FixtureRequest, server_pool: ServerPool) -> Server:
    """Return a server of each generation, with descriptions that are hard to show."""
    return server_pool.get(request.param, app=(DESCRIPTIONS,))


def error_of(call: Callable[[], Any]) -> str:
    with pytest.raises(PayloadError) as raised:
        call()
    return str(raised.value)


def printed(function: Any) -> str:
    return pydoc.plain(pydoc.render_doc(function))


def test_no_text_has_a_long_default(app: Client) -> None:
    """A table, a long text and a large object as defaults are shortened wherever they appear."""
    long = app.function("/long")
    texts = [
        error_of(lambda: app.predict("/long", {"nothing": 1})),
        error_of(lambda: app.predict("/long", {})),
        error_of(lambda: app.predict("/long", [1, 2, 3, 4, 5])),
        error_of(lambda: long()),
        printed(long),
        printed(long.submit),
        str(inspect.signature(long)),
    ]
    source = module_source("http://127.0.0.1", [app._signature("/long")])
    for text in [*texts, source, printed(load_module(source).long)]:
        assert len(text) < 3500, text
        assert "row 30" not in text and "sentence. Answer in one " * 12 not in text
    shown = str(app.view_api())
    section = shown.partition("── /long")[2].partition("── /")[0]
    assert len(section) < 2500, section
    for name in ("table", "prompt", "data"):
        assert inspect.signature(long).parameters[name].default is DEFAULT
    text = re.sub(r"\s+", " ", inspect.getdoc(long) or "")
    documented = re.findall(r"Default: (.*?)\. (?=[a-z]+:|Returns:)", text)
    assert len(documented) == 3 and all(len(default) <= 100 for default in documented)
    assert "x" in long("x") and "Answer in one" in long("x")


def test_choices_are_whole(app: Client) -> None:
    """All choices are in the printed description, in HTML, in help and in generated modules."""
    api, choose = app.view_api(), app.function("/choices")
    text = re.sub(r"\s+", " ", str(api))
    page = api._repr_html_().replace("&#x27;", "'")
    documented = re.sub(r"\s+", " ", printed(choose))
    source = module_source("http://127.0.0.1", [app._signature("/choices")])
    written = re.sub(r"\s+", " ", source)
    for choice in ("red", "green", *(f"language {n}" for n in range(300)),
                   *(f"tag {n}" for n in range(40))):  # fmt: skip
        assert f"'{choice}'" in text, choice
        assert f"'{choice}'" in page, choice
        assert f"'{choice}'" in documented or f'"{choice}"' in documented, choice
        assert f'"{choice}"' in written, choice
    assert all(len(line) <= 110 for line in str(api).splitlines())


def test_file_defaults_are_files(app: Client) -> None:
    """A default that is a file is shown as `handle_file` with its name, on every release."""
    files = app.function("/files")
    texts = (
        error_of(lambda: app.predict("/files", {"nothing": 1})),
        re.sub(r"\s+", " ", inspect.getdoc(files) or ""),
        str(app.view_api()),
    )
    for text in texts:
        assert re.search(r'picture=handle_file\("\w+\.png"\)|Default: handle_file\("\w+\.png"\)'
                         r'|= handle_file\("\w+\.png"\)', text), text  # fmt: skip
        assert 'handle_file("note.txt")' in text
        assert "is_file" not in text and "/own/" not in text
    assert json.loads(files("x")) == ["x", "True", "True"]


@pytest.fixture
def german(monkeypatch: pytest.MonkeyPatch) -> None:
    """Set the language of the user to German."""
    monkeypatch.setenv("LC_ALL", "de_DE.UTF-8")


@pytest.fixture
def english(monkeypatch: pytest.MonkeyPatch) -> None:
    """Set the language of the user to one that the app does not have."""
    monkeypatch.setenv("LC_ALL", "ja_JP.UTF-8")


def everything_shown(app: Client) -> str:
    """Return all texts for people about an app."""
    signatures = app._signatures()
    texts = [str(app.view_api()), app.view_api()._repr_html_(), app._repr_html_() or "",
             module_source(app.url, signatures)]  # fmt: skip
    for signature in signatures:
        function = app.function(signature.endpoint)
        texts += [printed(function), str(inspect.signature(function))]
        texts.append(error_of(lambda: app.predict(signature.endpoint, {"nothing": 1})))  # noqa: B023 - called at once
    return "\n".join(texts)


@pytest.mark.usefixtures("german")
@servers_with("translated texts")
def test_marks_never_reach_people(app: Client) -> None:
    """Labels, defaults, choices and headings are in the user's language."""
    shown = everything_shown(app)
    for mark in ("__i18n__", "translation_metadata", "_type"):
        assert mark not in shown, mark
    assert "Dein Name" in shown and "such_text" in shown and "Grüße" in shown
    parameters = inspect.signature(app.function("/greet")).parameters
    assert parameters["name"].default == "Hallo"
    assert "Literal['b', 'p']" in str(parameters["style"])
    greet = next(one for one in app._signatures() if one.endpoint == "/greet")
    assert "name: str | Default = DEFAULT" in module_source(app.url, [greet])


@servers_with("translated texts")
def test_modules_differ_only_in_texts(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fingerprints, names and code of a module do not depend on the language."""
    sources = []
    for language in ("de_DE.UTF-8", "ja_JP.UTF-8"):
        monkeypatch.setenv("LC_ALL", language)
        with Client(server.url) as app:
            sources.append(module_source(server.url, app._signatures()))
    assert sources[0] != sources[1]
    without_texts = [re.sub(r'"""(?:.|\n)*?"""', "", source) for source in sources]
    assert without_texts[0] == without_texts[1]


@pytest.mark.usefixtures("german")
@servers_with("translated texts")
def test_defaults_are_sent_as_text(app: Client) -> None:
    """A default with a mark is sent in the user's language, as the app's page sends it."""
    assert json.loads(app.predict("/greet")[0]) == ["Hallo", "b"]
    assert json.loads(app.function("/greet")()) == ["Hallo", "b"]
    module = load_module(module_source(app.url, app._signatures()))
    assert json.loads(module.greet(app)) == ["Hallo", "b"]
    assert json.loads(app.predict("/press")[0]) == ["Grüßen"]


@pytest.mark.usefixtures("english")
@servers_with("translated texts")
def test_english_is_the_second_choice(app: Client) -> None:
    """If the app has no texts in the user's language, they are English."""
    assert json.loads(app.predict("/greet")[0]) == ["Hello", "b"]
    assert "Your name" in str(app.view_api())


@pytest.mark.usefixtures("german")
@servers_with("translated texts")
def test_choices_with_marks_can_be_chosen(app: Client) -> None:
    """A choice whose value is a mark is shown in English, and accepted in every language."""
    words = app.function("/words")
    assert "Literal['Bold', 'Plain']" in str(inspect.signature(words))
    for choice in ("Bold", "Fett"):
        [got] = json.loads(app.predict("/words", [choice])[0])
        assert '"key": "bold"' in got


@pytest.mark.usefixtures("german")
@servers_with("translated texts")
def test_values_and_errors_have_no_marks(app: Client) -> None:
    """What the app returns, logs and raises is translated, too."""
    assert app.predict("/say")[0] == "Hallo"
    assert type(app.predict("/say")[0]) is str
    job = app.submit("/refuse")
    logs: list[Any] = []
    job.on("log", logs.append)
    with pytest.raises(AppError) as raised:
        job.result(60)
    assert (raised.value.message, raised.value.title) == ("Heute nicht", "Grüße")
    assert [(log.log, log.title) for log in logs] == [("Hallo", "Grüße")]
