"""`Outputs`: the names of an endpoint's outputs, and the texts about a wrong use of a result.

A text names the endpoint, lists its outputs, and shows what to type. This module is imported only
after a mistake.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .record import FrozenRecord
from .words import called

_MOST = 8  # outputs in a text
_LONGEST = 40  # characters of a label or key in a text


class Outputs(FrozenRecord):
    """The outputs of an endpoint.

    Attributes:
        shown: The component type and the label of each output that clients get.
        hidden: The component type and the label of each output that clients do not get, such as
            session state.
        ids: The number of the component of each output that clients get.
    """

    shown: tuple[tuple[str, str], ...] = ()
    hidden: tuple[tuple[str, str], ...] = ()
    ids: tuple[int, ...] = ()

    def find(self, key: str) -> list[int]:
        """Return the positions of the outputs that a text names.

        A text names an output by its label, by the names that `view_api` has for one without a
        label (``value_7``, or its component), or by the Python name that is made from the label.
        """
        labels = [label for _, label in self.shown]
        found = [index for index, label in enumerate(labels) if label == key != ""]
        if not found:
            found = [index for index, number in enumerate(self.ids) if key == f"value_{number}"]
        if not found:
            found = [i for i, one in enumerate(self.shown) if one == (key.lower(), "")]
        if not found and _bare(key):
            found = [index for index, label in enumerate(labels) if _bare(label) == _bare(key)]
        return found


def _bare(label: str) -> str:
    """Return a label as the words of a Python name: ``"Max tokens"`` becomes ``max_tokens``."""
    return "_".join("".join(c if c.isalnum() else " " for c in label.lower()).split())


def listing(values: Sequence[Any], outputs: Outputs) -> str:
    """Return a sentence that lists the outputs of a result."""
    shown: Sequence[tuple[str, str]] = outputs.shown
    if len(shown) != len(values):
        shown = [("", "")] * len(values)
    names = [
        f"[{index}] {_name(kind, label) or ('None' if value is None else type(value).__name__)}"
        for index, (value, (kind, label)) in enumerate(zip(values, shown))
    ]
    if not names:
        hidden = [_name(kind, label) for kind, label in outputs.hidden]
        if not hidden:
            return "It returns no outputs."
        kinds = ", ".join(hidden[:_MOST]) + (", …" if len(hidden) > _MOST else "")
        return f"It returns no outputs to clients; those that it has are hidden: {kinds}."
    if len(names) == 1:
        return f"Its only output is {names[0]}."
    return f"Its outputs are {', '.join(names[:_MOST])}{', …' if len(names) > _MOST else ''}."


def _name(kind: str, label: str) -> str:
    return repr(_short(label)) if label.strip() else kind


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def no_output(endpoint: str | int, key: object, values: Sequence[Any], outputs: Outputs) -> str:
    """Return the text for an index or a label that no output has."""
    shown = _short(repr(key))
    if isinstance(key, str):
        found = outputs.find(key) if len(outputs.shown) == len(values) else []
        if len(found) > 1:
            numbers = " or ".join(f"result[{index}]" for index in found[:_MOST])
            return f"{called(endpoint)} has {len(found)} outputs named {shown}. Write {numbers}."
        inside = [i for i, value in enumerate(values) if isinstance(value, dict) and key in value]
        hint = f" Write result[{inside[0]}][{shown}]." if inside else ""
        near = None if inside else near_label(key, values, outputs)
        if near is not None:
            hint = f" Did you mean result[{near!r}]?"
        return f"{called(endpoint)} has no output {shown}. {listing(values, outputs)}{hint}"
    if not hasattr(key, "__index__"):
        return (
            f"The outputs of {called(endpoint)} are found by their number or label, not by a "
            f"{type(key).__name__}. {listing(values, outputs)}"
        )
    return f"{called(endpoint)} has no output {shown}. {listing(values, outputs)}"


def no_operation(endpoint: str | int, sign: str, values: Sequence[Any], outputs: Outputs) -> str:
    """Return the text for an operation that only a single output may have."""
    hint = " Write result[0]." if len(values) == 1 else " Take one of them first: result[0]."
    return (
        f"The result of {called(endpoint)} is the list of its outputs, which does not support "
        f"{sign}. {listing(values, outputs)}{hint if values else ''}"
    )


def no_attribute(endpoint: str | int, name: str, values: Sequence[Any], outputs: Outputs) -> str:
    """Return the text for an attribute that only an output may have."""
    return (
        f"The result of {called(endpoint)} is the list of its outputs, which has no attribute "
        f"{name!r}. {listing(values, outputs)}{_for_attribute(name, values, outputs)}"
    )


#: What to write for methods that responses of other libraries have.
_METHODS = {"json": "plain()", "to_dict": "plain()", "dict": "plain()", "model_dump": "plain()"}


def _for_attribute(name: str, values: Sequence[Any], outputs: Outputs) -> str:
    """Return what to write instead of an attribute, after a space; ``""`` without an idea."""
    having = [index for index, value in enumerate(values) if hasattr(value, name)]
    inside = [i for i, value in enumerate(values) if isinstance(value, dict) and name in value]
    found = outputs.find(name) if len(outputs.shown) == len(values) else []
    near = near_label(name, values, outputs)
    if len(found) == 1:
        return f" Write result[{name!r}]."
    if having:
        return f" Write result[{having[0]}].{name}"
    if inside:
        return f" Write result[{inside[0]}][{name!r}]."
    if near is not None:
        return f" Did you mean result[{near!r}]?"
    if name in _METHODS:
        return f" Write result.{_METHODS[name]}."
    return " Write result[0]." if len(values) == 1 else ""


def near_label(key: str, values: Sequence[Any], outputs: Outputs) -> str | None:
    """Return the label of an output that is similar to a text; ``None`` if none is."""
    import difflib  # only for an error message

    if len(outputs.shown) != len(values):
        return None
    labels = {_bare(label): label for _, label in reversed(outputs.shown) if _bare(label)}
    near = difflib.get_close_matches(_bare(key), labels, n=1, cutoff=0.7)
    found = labels[near[0]] if near else ""
    return found if found and len(outputs.find(found)) == 1 else None


def no_hash(endpoint: str | int, error: TypeError) -> str:
    """Return the text for a result that cannot be in a set or be a key."""
    return (
        f"The result of {called(endpoint)} cannot be in a set or be a key of a dict, because one "
        f"of its outputs cannot: {error}. Use the values that identify it, such as result[0]."
    )


def no_change(endpoint: str | int, name: str) -> str:
    """Return the text for a method that would change the result."""
    what = "setting or deleting an output" if name.startswith("__") else f"{name}()"
    return (
        f"The result of {called(endpoint)} does not change, so {what} is not possible. Copy it "
        "with list(result), and change the copy."
    )


def plain(value: Any) -> Any:
    """Convert a value to JSON types: lists, dicts, texts and numbers; files become dicts."""
    if isinstance(value, dict):
        return {key: plain(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(part) for part in value]
    as_json = getattr(type(value), "__json__", None)
    return value if as_json is None else as_json(value)
