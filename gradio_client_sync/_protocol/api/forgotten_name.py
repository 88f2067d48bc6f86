"""Texts for a call whose first argument may be a value: its endpoint was forgotten.

``predict(2, 3)`` and ``predict("hello")`` look like calls of a function of their own. A number is
also the `fn_index` of an endpoint, so the error shows both lines: the one with an endpoint that
takes these values, and the one that calls the endpoint with this number.

Nothing here is used before a call has failed. Only the config is read, so that no error needs a
request.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from ..._basics.words import called
from ..values.shapes import PICTURES
from .api_info import schemas_of
from .example import quoted
from .file_texts import takes_files
from .odd_values import looks_odd
from .payload import written

if TYPE_CHECKING:
    from ..values.slot import Slot
    from .endpoint import Endpoint, EndpointTable

_MOST = 2  # lines in a text
_TABLES = ("dataframe", "timeseries")
_JSON = (str, int, float, bool, list, tuple, dict, type(None))


def not_found(table: EndpointTable, key: object, payload: object, method: str) -> str:
    """Return a sentence to add to the error for an endpoint that does not exist; ``""`` if none.

    Args:
        table: The app's functions.
        key: What the user passed as the endpoint.
        payload: What the user passed as the values.
        method: The method that the user has called.
    """
    if isinstance(key, (list, tuple, dict)):
        return f"The endpoint comes before the values: {_with_name(table, key, method)}."
    if isinstance(payload, (list, tuple, Mapping)):
        return ""
    return if_value(table, key, [] if payload is None else [payload], method)


def if_value(table: EndpointTable, key: object, others: Sequence[object], method: str) -> str:
    """Return a sentence for an unknown endpoint that may be a value; ``""`` if nothing takes it.

    Args:
        table: The app's functions.
        key: What the user passed as the endpoint.
        others: The values that the user passed after it.
        method: The method that the user has called.
    """
    if isinstance(key, str) and key.strip().startswith("/"):
        return ""
    lines = _lines(table, [key, *others], method)
    return f"If {_shown(key)} is a value, write {lines}." if lines else ""


def by_number(
    table: EndpointTable, key: int, others: Sequence[object], method: str, values: str
) -> str:
    """Return the error for values that are in no list, behind a number that names an endpoint.

    Args:
        table: The app's functions.
        key: The number.
        others: The values that the user passed after it.
        method: The method that the user has called.
        values: The same values as source text in the right form.

    Returns:
        ``""`` if the number cannot be a value of an endpoint.
    """
    lines = _lines(table, [key, *others], method)
    if not lines:
        return ""
    endpoint = table.resolve(key)
    name = "an endpoint without a name" if endpoint.api_name is None else called(endpoint.name)
    where = key if endpoint.api_name is None else quoted(str(endpoint.name))
    return (
        f"The endpoint comes first, and the values are one list or dict. Write {lines}. "
        f"Here {key} is the number of {name}. To call that, write {method}({where}, {values})."
    )


def number_alone(table: EndpointTable, key: int, method: str) -> str:
    """Return a sentence for a number without values, if it may be a value; else ``""``."""
    lines = _lines(table, [key], method)
    if not lines:
        return ""
    return f"Here {key} is the number of the endpoint. If it is a value, write {lines}."


def _with_name(table: EndpointTable, key: Sequence[Any] | dict[str, Any], method: str) -> str:
    """Return the call for values without an endpoint."""
    if isinstance(key, dict):
        return f"{method}({quoted(_name(table, []))}, {written(key)})"
    values = list(key)
    first = values[0] if values else None
    if isinstance(first, str) and first.startswith("/") and len(values) == 2:  # in one list
        return f"{method}({quoted(first)}, {written(values[1])})"
    return f"{method}({quoted(_name(table, values))}, {written(values)})"


def _name(table: EndpointTable, values: Sequence[Any]) -> str:
    """Return the name of the endpoint for some values; a name that stands for it if not clear."""
    named = [one for one in table.documented if one.api_name is not None]
    fitting = named if len(named) == 1 else _fitting(table, values)
    return str(fitting[0].name) if fitting else "/name"


def _lines(table: EndpointTable, values: Sequence[Any], method: str) -> str:
    """Return the calls to write if these are the values of an endpoint."""
    return " or ".join(_line(one, values, method) for one in _fitting(table, values)[:_MOST])


def _line(endpoint: Endpoint, values: Sequence[Any], method: str) -> str:
    shown = ", ".join(written(one, slot) for one, slot in zip(values, endpoint.parameters))
    return f"{method}({quoted(str(endpoint.name))}, [{shown}])"


def _fitting(table: EndpointTable, values: Sequence[Any]) -> list[Endpoint]:
    """Return the endpoints that may take these values, those with as many parameters first."""
    named = [one for one in table.documented if one.api_name is not None]
    found = [one for one in named if _may_take(one, values)]
    return sorted(found, key=lambda one: len(one.parameters) != len(values))


def _may_take(endpoint: Endpoint, values: Sequence[Any]) -> bool:
    if not 0 < len(values) <= len(endpoint.parameters):
        return False
    schemas = schemas_of(endpoint, None, "parameters")
    return all(map(_fits, endpoint.parameters, schemas, values))


def _fits(slot: Slot, schema: Mapping[str, Any], value: Any) -> bool:
    package = type(value).__module__.partition(".")[0]
    if package == "numpy" and getattr(value, "ndim", None) == 0:
        value = value.item()
    elif package == "pandas":
        return slot.type in _TABLES
    elif package == "numpy":
        return slot.type in PICTURES or slot.type in _TABLES
    if not isinstance(value, _JSON):
        return takes_files(slot)  # a path, bytes, or an image
    if takes_files(slot) and isinstance(value, str):
        return PurePath(value).suffix != ""
    if takes_files(slot) and not isinstance(value, (list, tuple, dict)):
        return False
    return not looks_odd(slot, schema, value)


def _shown(value: object) -> str:
    return written(value) if isinstance(value, (*_JSON, PurePath, bytes)) else "it"
