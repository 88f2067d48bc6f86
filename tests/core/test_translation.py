"""`_protocol.api.translation`: the marks of ``gr.I18n``, as text."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given

from gradio_client_sync._protocol.api.api_info import hidden_parameters_of, parameters_of
from gradio_client_sync._protocol.api.endpoint import EndpointTable
from gradio_client_sync._protocol.api.fingerprint import fingerprint_of
from gradio_client_sync._protocol.api.signature import signature_of
from gradio_client_sync._protocol.api.translation import (
    Translated,
    Translations,
    english,
    has_mark,
    is_marked,
    translations_of,
)
from gradio_client_sync._protocol.dialect import dialect_of
from tests.core.test_schema import json_values

TEXTS = {
    "en": {"name": "Your name", "hi": "Hello", "app.bold": "Bold", "nested": {"deep": "Deep"}},
    "de": {"name": "Dein Name", "hi": "Hallo", "app.bold": "Fett"},
    "pt-BR": {"name": "Seu nome"},
    "es_MX": {"name": "Tu nombre"},
}


def mark(key: str) -> str:
    """Return a mark as configs and values have it."""
    return f"__i18n__{json.dumps({'__type__': 'translation_metadata', 'key': key})}"


def in_info(key: str) -> dict[str, str]:
    """Return a mark as ``/info`` has it."""
    return {"key": key, "_type": "translation_metadata"}


@pytest.mark.parametrize(
    ("languages", "key", "shown"),
    [
        (["de-AT"], "name", "Dein Name"),
        (["DE"], "name", "Dein Name"),
        (["pt"], "name", "Seu nome"),
        (["pt-BR"], "name", "Seu nome"),
        (["es-MX"], "name", "Tu nombre"),
        (["pt-BR"], "hi", "Hello"),
        (["ja"], "name", "Your name"),
        ([], "name", "Your name"),
        (["de"], "app.bold", "Fett"),
        (["de"], "nested.deep", "Deep"),
        (["de"], "chat_interface.chatbot", "chatbot"),
        (["de"], "nested.hi.more", "more"),
        (["de"], "unknown", "unknown"),
        (["de"], "odd.", "odd"),
        (["de"], ".", "."),
    ],
)
def test_text_is_in_the_users_language(languages: list[str], key: str, shown: str) -> None:
    """A mark becomes the user's text, else the English one, else the last word of the key."""
    translations = Translations(TEXTS, languages)
    assert translations.value(mark(key)) == shown
    assert translations.value(in_info(key)) == shown


def test_marks_are_replaced_at_any_depth() -> None:
    """Marks in longer texts, lists and objects are replaced, and the rest is not copied."""
    translations = Translations(TEXTS, ["de"])
    same = {"a": [1, None, {"b": "c"}]}
    value = [f"{mark('hi')}, {mark('name')}!", {"x": in_info("hi")}, same]
    assert translations.value(value) == ["Hallo, Dein Name!", {"x": "Hallo"}, same]
    assert translations.value(value)[2] is same
    assert type(translations.value(mark("hi"))) is str
    deep: Any = mark("hi")
    for _ in range(300):
        deep = [deep]
    assert translations.value(deep) is deep and not has_mark(deep)
    deep_object: Any = mark("hi")
    for _ in range(300):
        deep_object = {"a": deep_object}
    assert not has_mark(deep_object)


@pytest.mark.parametrize(
    "text", ["__i18n__", '__i18n__{"key": "a"', "__i18n__{x}", '__i18n__{"key": 1}', "__i18n__[]"]
)
def test_invalid_mark_stays(text: str) -> None:
    """What only looks like a mark is not changed."""
    assert Translations(TEXTS, []).value(text) == text
    assert Translations(TEXTS, []).value({"key": 1, "_type": "translation_metadata"}) != "1"


def config() -> dict[str, Any]:
    """Return the config of an app whose choices have marks, in both roles."""
    choice = {"value": mark("app.bold"), "choices": [[mark("app.bold"), mark("app.bold")], "x"]}
    components = [
        {"id": 1, "type": "textbox", "props": {"label": mark("name"), "value": mark("hi")}},
        {"id": 2, "type": "dropdown", "props": {"label": mark("name"), **choice},
         "api_info": {"type": "string", "enum": [mark("app.bold"), "x"]}},
        {"id": 3, "type": "checkboxgroup",
         "props": {"label": "Plain", "choices": [[mark("hi"), "hi"]], "value": ["hi"]}},
        {"id": 4, "type": "button", "skip_api": True,
         "props": {"label": mark("name"), "value": mark("hi")}},
        {"type": "radio", "skip_api": False, "props": {"choices": [mark("hi")]}},  # no number
        "not a component",
    ]  # fmt: skip
    for component in components[:3]:
        component["skip_api"] = False  # type: ignore[index]  # the first are dicts
    dependency = {"id": 0, "api_name": "f", "inputs": [1, 2, 3, 4], "outputs": [1]}
    return {"version": "6.31.0", "title": mark("hi"), "components": components,
            "dependencies": [dependency], "i18n_translations": TEXTS}  # fmt: skip


INFO: dict[str, Any] = {
    "named_endpoints": {
        "/f": {
            "parameters": [
                {"label": in_info("name"), "parameter_name": "text", "type": {"type": "string"},
                 "parameter_has_default": True, "parameter_default": mark("hi")},
                {"label": in_info("name"), "parameter_name": "choice",
                 "type": {"type": "string", "enum": [in_info("app.bold"), "x"]},
                 "parameter_has_default": True, "parameter_default": in_info("app.bold")},
                {"label": "Plain", "parameter_name": "several", "type": {"type": "array"},
                 "parameter_has_default": False},
            ],
            "returns": [{"label": in_info("name"), "type": {"type": "string"}}],
        },
        "/odd": "not an endpoint",
    },
    "unnamed_endpoints": [],
}  # fmt: skip


def table(languages: list[str]) -> EndpointTable:
    own = config()
    return EndpointTable(own, dialect_of(own), translations_of(own, languages))


def test_descriptions_have_no_marks() -> None:
    """Labels, defaults and the title are in the user's language, the values of choices English."""
    german = table(["de"])
    assert german.title == "Hallo" and german.translations is not None
    endpoint = german.resolve("/f")
    for info in (german.translations.info(INFO), None):
        text, choice, several = parameters_of(endpoint, info)
        assert (text["label"], text["parameter_default"]) == ("Dein Name", "Hallo")
        assert (choice["label"], choice["parameter_default"]) == ("Dein Name", "Bold")
        assert several["label"] == "Plain"
        assert not has_mark([text, choice, several])
    assert german.translations.info(INFO) is german.translations.info(INFO)
    assert german.translations.info(None) is None
    assert choice["type"]["enum"] == ["Bold", "x"]
    [hidden] = hidden_parameters_of(endpoint, [text, choice, several])
    assert (hidden["label"], hidden["parameter_default"]) == ("Dein Name", "Hallo")


def test_names_and_fingerprints_do_not_depend_on_the_language() -> None:
    """Only labels and default texts differ between languages."""
    signatures = []
    for languages in (["de"], ["en"], []):
        own = table(languages)
        assert own.translations is not None
        signatures.append(signature_of(own.resolve("/f"), own.translations.info(INFO)))
    german, english_one, other = signatures
    assert fingerprint_of(german) == fingerprint_of(english_one) == fingerprint_of(other)
    assert [p.name for p in german.parameters] == ["text", "choice", "several", "your_name"]
    assert german.parameters[0].default == "Hallo" and german.parameters[0].translated
    assert german.parameters[1].default == "Bold" and not german.parameters[1].translated


def test_choices_are_sent_as_the_app_knows_them() -> None:
    """A choice in any of the app's languages becomes the app's own value when it is sent."""
    own = table(["de"])
    assert own.translations is not None
    slots = own.resolve("/f").inputs
    for shown in ("Bold", "Fett", "bold"):
        sent = own.translations.restored(slots, [shown, shown, [shown], shown])
        assert sent == [shown, mark("app.bold"), [shown], shown]
    assert own.translations.restored(slots, ["a", ["Fett", 1], None, 2])[1] == [mark("app.bold"), 1]
    assert own.translations.restored(slots, ["a", 1.5, None, 2])[1] == 1.5
    plain = Translations(TEXTS, [])
    assert plain.restored(slots, ["Bold"] * 4) == ["Bold"] * 4


def test_english_text_is_kept_beside_the_shown_one() -> None:
    """Names are made from the English text."""
    [component] = Translations(TEXTS, ["de"]).config({"components": [{"label": mark("name")}]})[
        "components"
    ]
    assert component["label"] == "Dein Name" and isinstance(component["label"], Translated)
    assert english(component["label"]) == "Your name" and english("x") == "x"


def test_only_apps_with_marks_are_translated() -> None:
    """Apps of servers without marks, and apps that use none, are left as they are."""
    assert translations_of({"components": []}, []) is None
    none = {"i18n_translations": None, "components": [{"props": {"label": "a", "x": [{}]}}, 1]}
    assert translations_of(none, []) is None and not is_marked({})
    for props in ({"label": mark("a.b")}, {"choices": [[mark("a.b"), "x"]]}):
        marked = {"i18n_translations": None, "components": [{"props": props}]}
        translations = translations_of(marked, [])
        assert translations is not None and not has_mark(translations.config(marked))
    assert is_marked({"title": mark("a")})
    assert Translations({}, []).config({"components": None}) == {}


def test_rendered_components_are_translated() -> None:
    """What an app renders into a session has no marks either, also in an app without texts."""
    own = config()
    for texts, shown in ((TEXTS, "Dein Name"), (None, "name")):
        own["i18n_translations"] = texts
        own["components"] = own["components"][:1] if texts else []
        before = EndpointTable(own, dialect_of(own), translations_of(own, ["de"]))
        new = {"id": 9, "type": "textbox", "props": {"label": mark("name")}}
        after = before.rendered({"render_id": 1, "components": [new], "dependencies": []})
        component = after.component(9)
        assert component is not None and component["props"]["label"] == shown


@given(value=json_values)
def test_any_value_is_translated_without_an_error(value: Any) -> None:
    """Data of a server never raises, and values without marks are not changed."""
    translations = Translations(
        {"en": {"a": value}, "de": value if isinstance(value, dict) else {}}, ["de"]
    )
    shown = translations.value([value, mark("a")])
    if not has_mark(value):
        assert shown[0] is value
    translations.config({"components": [value, {"props": value}, {"props": {"choices": value}}]})
    translations.info({"named_endpoints": {"/f": {"parameters": [value], "returns": value}}})
