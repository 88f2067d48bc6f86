"""Conversion of the user's payload to the ``data`` list of the wire.

Every error in the values is found here, before anything is sent.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Callable

from ..._naming import called
from ...errors import PayloadError
from .api_info import hidden_parameters_of

if TYPE_CHECKING:
    from ...types import Payload, ValueInfo
    from .endpoint import Endpoint

#: Sequences in Python that an app takes as single values.
_SINGLE = (str, bytes, bytearray, memoryview)


def bind(
    endpoint: Endpoint, payload: Payload, parameters: Callable[[], Sequence[ValueInfo]]
) -> list[Any]:
    """Assign values, by position or by name, to the function's inputs.

    A list has one value for each parameter of the API description, or one for each input except
    session state, in the function's order. Its length decides which; the two lengths are equal only
    if no input is hidden. A shorter list gives values for the first parameters of the description.
    A mapping may name described parameters and hidden inputs.

    Args:
        endpoint: The function to call.
        payload: A list or tuple, a mapping of parameter names, or ``None`` for no values.
        parameters: Returns the parameters of the description with their names and defaults.
            It may send a request, so it is called only if names or defaults are needed: not for a
            list with one of the two lengths.

    Returns:
        One value per input: ``None`` for session state, and the component's value in the config
        for a hidden input that is not given.

    Raises:
        PayloadError: Too many values, a missing one without default, or an unknown name.

    Behaviour: names and defaults as ``map_data_to_params``, session state and lists with all
    inputs as ``handle_payload`` in @gradio/client 2.7.0, hidden inputs as a page of the app
    sends them. Ours: a list that is too long raises, where JavaScript warns; a list that is
    too short takes defaults or raises; a list without the hidden inputs skips their positions,
    where JavaScript fills them with the values that follow.
    """
    if isinstance(payload, (list, tuple)):
        values = list(payload)
    elif payload is None:
        values = []
    elif isinstance(payload, Mapping):
        return _by_name(endpoint, payload, parameters())
    elif isinstance(payload, _SINGLE) or not isinstance(payload, Sequence):
        raise _not_a_payload(endpoint, payload)
    else:
        values = list(payload)
    wanted = len(endpoint.parameters)
    if len(values) > wanted:
        if len(values) == len(endpoint.givable):
            remaining = iter(values)
            return [None if slot.is_state else next(remaining) for slot in endpoint.inputs]
        raise _too_many(endpoint, values, parameters())
    if len(values) < wanted:
        known = parameters()
        values += [
            _default(endpoint, parameter, known, given=len(values))
            for parameter in known[len(values) :]
        ]
    if wanted == len(endpoint.inputs):  # nothing is hidden
        return values
    remaining = iter(values)
    return [
        (None if slot.is_state else slot.held) if slot.hidden else next(remaining)
        for slot in endpoint.inputs
    ]


def _by_name(
    endpoint: Endpoint, payload: Mapping[Any, Any], described: Sequence[ValueInfo]
) -> list[Any]:
    known = _in_order(endpoint, described)
    names = [parameter["parameter_name"] for parameter in known]
    for key in payload:
        if key not in names:
            import difflib  # imported only for an error message

            near = difflib.get_close_matches(key, names, n=1) if isinstance(key, str) else []
            meant = f" Did you mean {near[0]!r}?" if near else ""
            raise PayloadError(
                f"{called(endpoint.name)} has no parameter {key!r}.{meant} "
                f"It takes {_signature(described)}.{_hidden_note(endpoint, described)}",
                endpoint=endpoint.name,
                parameter=key if isinstance(key, str) else None,
            )
    values = iter(
        [
            payload[name]
            if name in payload
            else _default(endpoint, parameter, described, given=len(payload))
            for name, parameter in zip(names, known)
        ]
    )
    return [None if slot.is_state else next(values) for slot in endpoint.inputs]


def _in_order(endpoint: Endpoint, described: Sequence[ValueInfo]) -> list[ValueInfo]:
    """Return the described and the hidden parameters, one for each of `endpoint.givable`."""
    if len(endpoint.givable) == len(endpoint.parameters):
        return list(described)
    own, hidden = iter(described), iter(hidden_parameters_of(endpoint, described))
    return [next(hidden if slot.hidden else own) for slot in endpoint.givable]


def _default(
    endpoint: Endpoint, parameter: ValueInfo, described: Sequence[ValueInfo], given: int
) -> Any:
    if parameter.get("parameter_has_default"):
        return parameter.get("parameter_default")
    name = parameter["parameter_name"]
    raise PayloadError(
        f"{called(endpoint.name)} needs a value for {name!r}, which has no default, but got "
        f"{_count(given)}. It takes {_signature(described)}."
        f"{_hidden_note(endpoint, described)}",
        endpoint=endpoint.name,
        parameter=name,
    )


def _too_many(
    endpoint: Endpoint, values: Sequence[Any], described: Sequence[ValueInfo]
) -> PayloadError:
    known = _in_order(endpoint, described)
    message = (
        f"{called(endpoint.name)} takes {_count(len(described))} and got {len(values)}: "
        f"{_signature(described)}."
    )
    if len(known) > len(described):
        message += (
            f" With the inputs that the app's own description does not list, it takes "
            f"{_count(len(known))}: {_signature(known)}. A dict can name any of them."
        )
    if len(endpoint.inputs) > len(known) and len(values) == len(endpoint.inputs):
        message += " Leave session state out: it stays on the server."
    return PayloadError(message, endpoint=endpoint.name)


def _hidden_note(endpoint: Endpoint, described: Sequence[ValueInfo]) -> str:
    """Return a sentence with the hidden parameters that a dict can name, if there are any."""
    hidden = hidden_parameters_of(endpoint, described)
    if not hidden:
        return ""
    return f" A dict can also name the inputs that the app does not list: {_signature(hidden)}."


def _signature(parameters: Sequence[ValueInfo]) -> str:
    """Return the parameters as Python would write them: ``(a, b=2)``."""
    parts = [
        f"{p['parameter_name']}={p.get('parameter_default')!r}"
        if p.get("parameter_has_default")
        else p["parameter_name"]
        for p in parameters
    ]
    return f"({', '.join(parts)})"


def _count(parameters: int) -> str:
    if parameters == 0:
        return "no values"
    return f"{parameters} value{'s' if parameters > 1 else ''}"


def _not_a_payload(endpoint: Endpoint, payload: object) -> PayloadError:
    shown = repr(payload)
    shown = shown if len(shown) <= 60 else f"{shown[:57]}..."
    if isinstance(payload, (*_SINGLE, int, float)):
        advice = f"Wrap it in a list: [{shown}]"
    else:
        advice = "Pass a list of values, or a dict from parameter names to values"
    return PayloadError(
        f"The payload for {called(endpoint.name)} is a {type(payload).__name__}, not a list or "
        f"dict. {advice}.",
        endpoint=endpoint.name,
    )


def encode(endpoint: Endpoint, body: Mapping[str, Any]) -> bytes:
    """Return a request's body as JSON.

    Raises:
        PayloadError: A value cannot be written as JSON; `parameter` says which.

    Behaviour: numbers that JSON does not have (NaN, infinities) become ``null``, as
    ``JSON.stringify`` writes them.
    """
    try:
        return _json(body)
    except (TypeError, ValueError, RecursionError) as exc:
        raise _not_json(endpoint, body, exc) from exc


def encode_json(value: object, what: str) -> bytes:
    """Return any value as JSON, with the same numbers as `encode`.

    Args:
        value: The value.
        what: A description of the value, for the error.

    Raises:
        PayloadError: The value cannot be written as JSON.
    """
    try:
        return _json(value)
    except (TypeError, ValueError, RecursionError) as exc:
        raise PayloadError(
            f"{what} cannot be sent: {exc}. Use values that JSON has: text, numbers, "
            "booleans, None, lists, dicts."
        ) from exc


def _json(value: Any) -> bytes:
    try:
        return _dumps(value)
    except ValueError:
        return _dumps(_finite(value))


def _dumps(value: Any) -> bytes:
    try:
        return _WRITER.encode(value).encode()
    except UnicodeEncodeError:  # half a surrogate pair, which can only be sent as an escape
        return _ESCAPER.encode(value).encode()


def _is_table(value: Any) -> bool:
    """Return whether a pandas object is a table, a column, a row or a simple index."""
    return hasattr(value, "where") and hasattr(value, "notna") and not hasattr(value, "levels")


def _plain(value: Any) -> Any:
    """Convert an object of another type to JSON types; needs no package to be installed."""
    if isinstance(value, Mapping):
        return dict(value)
    package = type(value).__module__.partition(".")[0]
    if package == "numpy" and hasattr(value, "tolist"):
        return value.tolist()
    if package == "pandas" and _is_table(value):
        cells = value.astype(object).where(value.notna(), None)
        if not hasattr(value, "columns"):
            return cells.tolist()
        return {"headers": [str(name) for name in value.columns], "data": cells.values.tolist()}
    if package == "pandas" and type(value).__name__ in ("NAType", "NaTType"):
        return None
    if hasattr(value, "isoformat"):  # as JSON.stringify writes dates
        return value.isoformat()
    raise TypeError(f"a {type(value).__name__} cannot be written as JSON")


_WRITER, _ESCAPER = (
    json.JSONEncoder(allow_nan=False, ensure_ascii=escape, separators=(",", ":"), default=_plain)
    for escape in (False, True)
)


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(item) for item in value]
    if type(value).__module__.partition(".")[0] in ("numpy", "pandas"):
        return _finite(_plain(value))
    return value


def _not_json(endpoint: Endpoint, body: Mapping[str, Any], exc: Exception) -> PayloadError:
    data = body.get("data")
    for slot, value in zip(endpoint.inputs, data if isinstance(data, list) else ()):
        try:
            _dumps(_finite(value))
        except (TypeError, ValueError, RecursionError):
            label = str(slot.props.get("label") or slot.type)
            return PayloadError(
                f"The value for {label!r} of {called(endpoint.name)} cannot be sent: {exc}. Use "
                "values that JSON has (text, numbers, booleans, None, lists, dicts), or files.",
                endpoint=endpoint.name,
                parameter=label,
            )
    return PayloadError(
        f"The payload for {called(endpoint.name)} cannot be sent: {exc}.",
        endpoint=endpoint.name,
    )
