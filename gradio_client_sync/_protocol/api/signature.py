"""The signature of a Python function that calls an endpoint.

Servers name endpoints and parameters as they like. A name that is valid in Python is not changed.
Other names are converted by fixed rules, and each parameter also has the app's own name. An app
may declare a parameter without default after one with a default. Python has no positional form for
this, so that parameter and all after it are keyword-only. Inputs that the app's own description
does not list come last, and are keyword-only.
"""

from __future__ import annotations

import keyword
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .accepted import accepted
from .annotation import Hint, hint_of, is_plain, or_none
from .api_info import (
    NAME_LENGTH,
    endpoint_description,
    hidden_parameters_of,
    identifier,
    parameters_of,
    returns_of,
    schemas_of,
)
from .shown import choices_in, shown_label
from .translation import Translated

if TYPE_CHECKING:
    from ...types import ValueInfo
    from ..values.slot import Slot
    from .endpoint import Endpoint, EndpointTable

PLAIN_DEFAULT = 48  # columns of the longest default that is part of a signature

#: Names that no parameter gets: Python forbids the first, generated functions use the others.
_TAKEN = ("__debug__", "_API", "DEFAULT")


@dataclass(frozen=True)
class Parameter:
    """One parameter of a function that calls an endpoint.

    Attributes:
        name: The name in Python.
        sent_as: The app's name for it.
        hint: The type by the app's description. It is part of the fingerprint.
        required: Whether it has no default.
        default: The app's default.
        keyword_only: Whether it cannot be passed by position.
        label: The label on the app's page, or the component's name if it has no label.
        note: What the server says about the type, such as a range.
        hidden: Whether the app's own description does not list it.
        accepts: The type of all values that may be passed; ``None`` if it is `hint`.
        choices: The values to choose from, if the type does not have them.
        translated: Whether the default depends on the user's language.
    """

    name: str
    sent_as: str
    hint: Hint
    required: bool
    default: Any
    keyword_only: bool
    label: str
    note: str
    hidden: bool = False
    accepts: Hint | None = None
    choices: tuple[Any, ...] = ()
    translated: bool = False

    @property
    def annotation(self) -> Hint:
        """The type of all values that may be passed."""
        return self.hint if self.accepts is None else self.accepts

    @property
    def shows_default(self) -> bool:
        """Whether the default is in the signature, so it is short, immutable and of the type."""
        return (
            not self.required
            and is_plain(self.default, PLAIN_DEFAULT)
            and self.hint.takes(self.default)
        )


@dataclass(frozen=True)
class Signature:
    """A function that calls an endpoint.

    Attributes:
        endpoint: The endpoint's name with a slash, or its number.
        name: The name of the function.
        parameters: The parameters in the app's order; hidden ones last.
        returns: Type and label of each output.
        description: The app's description; may be empty.
        streams: Whether it yields several values, one after another.
    """

    endpoint: str | int
    name: str
    parameters: tuple[Parameter, ...]
    returns: tuple[tuple[Hint, str], ...]
    description: str
    streams: bool


def signature_of(endpoint: Endpoint, info: Mapping[str, Any] | None) -> Signature:
    """Return the signature for an endpoint.

    Args:
        endpoint: The function.
        info: The response of ``/info``, if there is one.
    """
    values = parameters_of(endpoint, info)
    schemas = [*schemas_of(endpoint, info, "parameters")]
    hidden = hidden_parameters_of(endpoint, values)
    named = python_names((value["parameter_name"] for value in values), _TAKEN, "param")
    wanted = (value["parameter_name"] for value in hidden)
    named += python_names(wanted, (*_TAKEN, *named), "hidden")
    values, schemas = [*values, *hidden], [*schemas, *(value["type"] for value in hidden)]
    slots = [*endpoint.parameters, *(slot for slot in endpoint.givable if slot.hidden)]
    parameters: list[Parameter] = []
    had_default = keyword_only = False
    for name, value, schema, slot in zip(named, values, schemas, slots):
        required = not value["parameter_has_default"]
        hint = _parameter_hint(schema, slot, value)
        keyword_only = keyword_only or slot.hidden or (required and had_default)
        had_default = had_default or not required
        parameters.append(
            Parameter(
                name=name,
                sent_as=value["parameter_name"],
                hint=hint,
                required=required,
                default=value["parameter_default"],
                keyword_only=keyword_only,
                label=shown_label(value),
                note=value["python_type"]["description"],
                hidden=slot.hidden,
                accepts=accepted(slot, hint),
                translated=isinstance(value["parameter_default"], Translated),
                choices=() if "Literal" in hint.kinds() else choices_in(schema),
            )
        )
    outputs = zip(schemas_of(endpoint, info, "returns"), returns_of(endpoint, info))
    [name] = python_names([_function_name(endpoint)], (), "call")
    return Signature(
        endpoint=endpoint.name,
        name=name,
        parameters=tuple(parameters),
        returns=tuple((hint_of(schema).widened(), shown_label(value)) for schema, value in outputs),
        description=endpoint_description(endpoint, info),
        streams=bool(endpoint.generator),
    )


def signatures_of(table: EndpointTable, info: Mapping[str, Any] | None) -> list[Signature]:
    """Return the signature of each endpoint that the app offers, in the app's order.

    If several endpoints have the same name, only the first of them can be called by name.

    Args:
        table: The app's functions.
        info: The response of ``/info``, if there is one.
    """
    found: dict[str | int, Signature] = {}
    for endpoint in table.documented:
        found.setdefault(endpoint.name, signature_of(endpoint, info))
    return list(found.values())


def python_names(wanted: Iterable[str], taken: Iterable[str], stem: str) -> list[str]:
    """Return unique names that are valid in Python.

    A valid name is not changed. Others are converted as in `identifier`. If nothing is left, the
    name is made from the stem and the position. If a name is already used, a number is added.

    Args:
        wanted: The app's names.
        taken: Names that must not be used.
        stem: For names without a usable character.

    Example:
        >>> python_names(["a", "class", "max tokens", "?", "a"], (), "param")
        ['a', 'class_', 'max_tokens', 'param_3', 'a_2']
    """
    names = list(wanted)
    used = set(taken)
    used.update(name for name in names if is_name(name))
    given: list[str] = []
    for index, wish in enumerate(names):
        if is_name(wish) and wish not in given and wish not in taken:
            given.append(wish)
            continue
        base = identifier(wish) or f"{stem}_{index}"
        name, count = base, 1
        while name in used or name in given:
            count += 1
            name = f"{base.rstrip('_')}_{count}"
        given.append(name)
    return given


def is_name(text: str) -> bool:
    """Return whether a text is a valid name in Python that Python does not normalize."""
    return (
        text.isidentifier()
        and not keyword.iskeyword(text)
        and len(text) <= NAME_LENGTH
        and unicodedata.normalize("NFKC", text) == text
    )


def _function_name(endpoint: Endpoint) -> str:
    """Return a name in lower case without signs; ``fn_6`` for a function without a name."""
    if endpoint.api_name is None:
        return f"fn_{endpoint.fn_index}"
    return identifier(endpoint.api_name) or f"fn_{endpoint.fn_index}"


def _parameter_hint(schema: Mapping[str, Any], slot: Slot, value: ValueInfo) -> Hint:
    hint = hint_of(schema)
    if slot.props.get("allow_custom_value") is True:
        hint = hint.opened()
    if value["parameter_has_default"] and value["parameter_default"] is None:
        hint = or_none(hint)
    return hint
