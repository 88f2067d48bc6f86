"""Translation of the marks that apps with ``gr.I18n`` send instead of text.

A mark has the key of a text. The page of the app replaces it by the text in the language of the
browser, which it finds in the app's config. Here the language is the user's, else English. If the
app has no such text, the last word of the key is used, as in ``chat_interface.chatbot``.

A mark has three forms: a text, also as part of a longer one, an object in configs, and another
object in ``/info``.

A value that the app compares with its choices must not depend on the language. So the values of
choices are always English here, and become the app's own marks again when they are sent.

Behaviour: ``translate_i18n_marker`` of @gradio/client's page, and servers of 5.50 and 6.31. Ours:
marks inside lists and objects are replaced, too.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Callable

if TYPE_CHECKING:
    from ..values.slot import Slot

MARK = "__i18n__"
_KIND = "translation_metadata"
_ENGLISH = ("en",)

#: Values deeper than this are not searched.
DEEPEST = 100


class Translated(str):
    """A text in the user's language.

    Attributes:
        english: The same text in English, from which names are made.
    """

    english: str


def english(text: str) -> str:
    """Return a text in English, if it was translated."""
    return text.english if isinstance(text, Translated) else text


class Translations:
    """The texts of one app.

    Args:
        texts: The texts by language and key, as in the config.
        languages: The languages of the user, such as ``("de-AT", "de")``; the best one first.
    """

    def __init__(self, texts: Mapping[str, Any], languages: Sequence[str]) -> None:
        self._texts = [texts[name] for name in _known(texts, languages)]
        self._english = [texts[name] for name in _known(texts, _ENGLISH)]
        self._all = list(texts.values())
        self._choices: dict[int, dict[str, Any]] = {}  # by component and text, the app's value
        self._info: tuple[object, Any] = (None, None)

    def value(self, value: Any) -> Any:
        """Return what an app sends while it runs, without marks. It is not copied needlessly."""
        return self._replaced(value, self._own, 0)

    def config(self, config: Mapping[str, Any]) -> dict[str, Any]:
        """Return a config, or what an app has rendered, without marks."""
        components = config.get("components")
        shown = {key: self._shown(part) for key, part in config.items() if key != "components"}
        if isinstance(components, list):
            shown["components"] = [self._component(component) for component in components]
        return shown

    def info(self, info: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
        """Return an app's description of its API without marks. The last one is kept."""
        if info is None:
            return None
        known, shown = self._info
        if known is not info:
            shown = {key: self._section(part) for key, part in info.items()}
            self._info = info, shown
        return shown  # type: ignore[no-any-return]  # the section of a mapping is a mapping

    def restored(self, slots: Sequence[Slot], values: list[Any]) -> list[Any]:
        """Return the values of a call, with the app's own marks for choices.

        Args:
            slots: The inputs of the function.
            values: One value for each input.
        """
        if not self._choices:
            return values
        return [
            _restored(value, known) if known else value
            for value, known in (
                (value, self._choices.get(slot.component_id)) for value, slot in zip(values, slots)
            )
        ]

    # -- parts of a config and an info

    def _component(self, component: Any) -> Any:
        props = component.get("props") if isinstance(component, dict) else None
        choices = props.get("choices") if isinstance(props, dict) else None
        if not isinstance(props, dict) or not isinstance(choices, list):
            return self._shown(component)
        marked = [value for value in map(_value_of, choices) if has_mark(value)]
        if not marked:
            return self._shown(component)
        number = component.get("id")
        if isinstance(number, int):
            self._choices[number] = {
                text: value for value in marked for text in self._all_forms(value)
            }
        in_english = self._in_english(component)
        shown = {key: self._shown(part) for key, part in props.items()}
        shown["choices"] = [
            [self._shown(choice[0]), self._in_english(choice[1])]
            if isinstance(choice, list) and len(choice) == 2
            else self._in_english(choice)
            for choice in choices
        ]
        shown["value"] = self._in_english(props.get("value"))
        return {**in_english, "props": shown}

    def _section(self, section: Any) -> Any:
        """Return the endpoints of one section of an info."""
        if not isinstance(section, dict):
            return section
        return {name: self._entry(entry) for name, entry in section.items()}

    def _entry(self, entry: Any) -> Any:
        if not isinstance(entry, dict):
            return self._shown(entry)
        shown = {key: self._shown(part) for key, part in entry.items()}
        for key in ("parameters", "returns"):
            if isinstance(entry.get(key), list):
                shown[key] = [self._described(one) for one in entry[key]]
        return shown

    def _described(self, described: Any) -> Any:
        """Return a parameter or return value. If it has choices, its values are English."""
        if not isinstance(described, dict) or not has_mark(described.get("type")):
            return self._shown(described)
        label = self._shown(described.get("label"))
        return {**self._in_english(described), "label": label}

    # -- marks

    def _own(self, text: str) -> str:
        return _filled(text, lambda key: _find(key, [*self._texts, *self._english]))

    def _english_only(self, text: str) -> str:
        return _filled(text, lambda key: _find(key, self._english))

    def _with_english(self, text: str) -> Translated:
        own = Translated(self._own(text))
        own.english = self._english_only(text)
        return own

    def _shown(self, value: Any) -> Any:
        return self._replaced(value, self._with_english, 0)

    def _in_english(self, value: Any) -> Any:
        return self._replaced(value, self._english_only, 0)

    def _replaced(self, value: Any, fill: Callable[[str], str], depth: int) -> Any:
        if isinstance(value, str):
            return fill(value) if MARK in value else value
        if depth > DEEPEST:
            return value
        if isinstance(value, list):
            items = [self._replaced(item, fill, depth + 1) for item in value]
            return items if any(one is not was for one, was in zip(items, value)) else value
        if isinstance(value, dict):
            key = _key_of(value)
            if key is not None:
                return fill(MARK + json.dumps({"key": key}))
            parts = {name: self._replaced(one, fill, depth + 1) for name, one in value.items()}
            return parts if any(parts[name] is not value[name] for name in parts) else value
        return value

    def _all_forms(self, value: Any) -> Iterable[str]:
        """Return the texts of a choice in all languages of the app, and in English last."""
        for texts in self._all:
            yield str(Translations({"en": texts}, ())._in_english(value))
        yield str(self._in_english(value))


def translations_of(config: Mapping[str, Any], languages: Iterable[str]) -> Translations | None:
    """Return the texts of an app; ``None`` if it has no marks.

    Args:
        config: The config of the app.
        languages: The languages of the user. They are read only if the app has texts.
    """
    if "i18n_translations" not in config:  # before 5.27
        return None
    texts = config["i18n_translations"]
    if isinstance(texts, dict) and texts:
        known = {name: one for name, one in texts.items() if isinstance(one, dict)}
        return Translations(known, list(languages))
    return Translations({}, ()) if is_marked(config) else None


def is_marked(config: Mapping[str, Any]) -> bool:
    """Return whether a config, or what an app has rendered, has a mark in its components."""
    components = config.get("components")
    for component in components if isinstance(components, list) else ():
        props = component.get("props") if isinstance(component, dict) else None
        if isinstance(props, dict):
            for value in props.values():
                if type(value) is str:
                    if MARK in value:
                        return True
                elif value.__class__ in (list, dict) and value and has_mark(value):
                    return True
    return has_mark(config.get("title"))


def has_mark(value: Any, depth: int = 0) -> bool:
    """Return whether a value has a mark."""
    if isinstance(value, str):
        return MARK in value
    if isinstance(value, list):
        return depth < DEEPEST and any(has_mark(item, depth + 1) for item in value)
    if isinstance(value, dict):
        parts = value.values()
        return _key_of(value) is not None or (
            depth < DEEPEST and any(has_mark(part, depth + 1) for part in parts)
        )
    return False


def _known(texts: Mapping[str, Any], languages: Iterable[str]) -> list[str]:
    """Return which languages of an app fit those of the user; the best one first."""
    found: dict[str, None] = {}
    named = {name.lower().replace("_", "-"): name for name in texts}
    for language in languages:
        wanted = language.lower().replace("_", "-")
        base = wanted.partition("-")[0]
        same = [name for name in named if name.partition("-")[0] == base]
        for name in (wanted, base, *sorted(same)):
            if name in named:
                found[named[name]] = None
    return list(found)


def _key_of(value: Mapping[Any, Any]) -> str | None:
    """Return the key of a mark that is an object; ``None`` if it is not a mark."""
    if len(value) == 2 and _KIND in (value.get("__type__"), value.get("_type")):
        key = value.get("key")
        return key if isinstance(key, str) else None
    return None


def _filled(text: str, find: Callable[[str], str]) -> str:
    """Return a text with each mark in it replaced. Other text stays."""
    shown, rest = "", text
    while True:
        before, mark, after = rest.partition(MARK)
        shown += before
        if not mark:
            return shown
        try:
            content, end = _DECODER.raw_decode(after)
        except ValueError:
            content, end = None, 0
        key = content.get("key") if isinstance(content, dict) else None
        if isinstance(key, str) and key:
            shown, rest = shown + find(key), after[end:]
        else:
            shown, rest = shown + mark, after


def _find(key: str, languages: Iterable[Mapping[str, Any]]) -> str:
    """Return the text for a key in the first language that has it, else the key's last word."""
    for texts in languages:
        found: Any = texts.get(key)
        if found is None and "." in key:
            found = texts
            for part in key.split("."):
                found = found.get(part) if isinstance(found, dict) else None
        if isinstance(found, str):
            return found
    return key.rstrip(".").rpartition(".")[2] or key


def _value_of(choice: Any) -> Any:
    return choice[1] if isinstance(choice, list) and len(choice) == 2 else choice


def _restored(value: Any, known: Mapping[str, Any]) -> Any:
    if isinstance(value, str):
        return known.get(value, value)
    if isinstance(value, list):
        return [known.get(one, one) if isinstance(one, str) else one for one in value]
    return value


_DECODER = json.JSONDecoder()
