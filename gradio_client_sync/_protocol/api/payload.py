"""Conversion of the user's payload to the ``data`` list of the wire.

Every error in the values is found here, before anything is sent.
"""

from __future__ import annotations

import json
import math
from collections.abc import (
    ItemsView,
    Iterable,
    Iterator,
    KeysView,
    Mapping,
    Sequence,
    Set,
    ValuesView,
)
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, Callable

from ..._basics.secret import Secret
from ..._basics.words import called
from ...errors import PayloadError
from ..values.attachments import Attachment
from ..values.filedata import is_link
from .api_info import hidden_parameters_of
from .example import quoted
from .file_texts import takes_files, text_for_file

if TYPE_CHECKING:
    from ...types import Payload, ValueInfo
    from ..values.slot import Slot
    from .endpoint import Endpoint

#: Sequences in Python that an app takes as single values.
_SINGLE = (str, bytes, bytearray, memoryview)

#: Types that `written` shows by their `repr`, and names for values of some others.
_SHOWN = (bytes, bytearray, bool, int, float)
_NAMES = {"ndarray": "array", "DataFrame": "table", "RemoteFile": "file"}

_AS_LIST = "list(values)"  # what to write for an iterator or a set

_SHORT = 60  # characters; a longer value is shown as a name
_LONGEST_PATH = 200  # characters; a longer text is a content, and is shortened in messages


def bind(
    endpoint: Endpoint,
    payload: Payload,
    parameters: Callable[[], Sequence[ValueInfo]],
    method: str = "predict",
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
        method: The method that the user has called, for messages.

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
        raise _not_a_payload(endpoint, payload, method)
    else:
        values = list(payload)
    wanted = len(endpoint.parameters)
    if endpoint.file_slots and values:
        _check_files(endpoint, values, parameters)
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
    if endpoint.file_slots:
        for name, slot in zip(names, endpoint.givable):
            if name in payload and slot.component_id in endpoint.file_slots:
                text = text_for_file(slot, payload[name])
                if text is not None:
                    raise _not_a_file(endpoint, name, text)
    values = iter(
        [
            payload[name]
            if name in payload
            else _default(endpoint, parameter, described, given=len(payload))
            for name, parameter in zip(names, known)
        ]
    )
    return [None if slot.is_state else next(values) for slot in endpoint.inputs]


def _check_files(
    endpoint: Endpoint, values: Sequence[Any], parameters: Callable[[], Sequence[ValueInfo]]
) -> None:
    """Refuse a text where the app takes a file."""
    described = len(values) <= len(endpoint.parameters)
    for place, slot in enumerate(endpoint.parameters if described else endpoint.givable):
        if place < len(values) and slot.component_id in endpoint.file_slots:
            text = text_for_file(slot, values[place])
            if text is not None:
                known = list(parameters()) if described else _in_order(endpoint, parameters())
                raise _not_a_file(endpoint, known[place]["parameter_name"], text)


def _not_a_file(endpoint: Endpoint, name: str, text: str) -> PayloadError:
    return PayloadError(
        f"{called(endpoint.name)} takes a file for {name!r}, not the text {quoted(_short(text))}. "
        f"{_as_file(text, name)}",
        endpoint=endpoint.name,
        parameter=name,
        _text=text,
    )


def _as_file(text: str, name: str) -> str:
    """Return a sentence that says how to pass a text as a file."""
    if not text.strip():
        return "To send no file, pass None."
    if is_link(text):
        return f"Write handle_file({quoted(text)}) instead."
    if text.startswith("data:"):
        shown = quoted(_short(text))
        return f"Pass its content: urllib.request.urlopen({shown}).read()."
    if len(text) > _LONGEST_PATH or "\n" in text:
        return f'If it is the content, pass handle_file({name}.encode(), orig_name="{name}.txt").'
    path = quoted(text)
    return f"Write pathlib.Path({path}) or handle_file({path}) instead."


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST_PATH else f"{text[:60]}…"


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
    from .shown import shown_signature  # imported only for an error message

    return shown_signature(parameters)


def _count(parameters: int) -> str:
    from ..._basics.words import counted  # only for an error message

    return counted(parameters, "value") if parameters else "no values"


def _not_a_payload(endpoint: Endpoint, payload: object, method: str) -> PayloadError:
    name = quoted(endpoint.name) if isinstance(endpoint.name, str) else str(endpoint.name)
    slots = endpoint.parameters
    value = written(payload, slots[0] if slots else None)
    kind = "file" if isinstance(payload, Attachment) else f"value of type {type(payload).__name__}"
    given = [] if method == "send_chunk" else [name]  # a chunk's job knows the endpoint
    if not endpoint.givable:
        line = f"It takes no values. Write {method}({', '.join(given)})."
    else:
        listed = value if value == _AS_LIST and len(slots) > 1 else f"[{value}]"
        line = f"Wrap it in a list: {method}({', '.join([*given, listed])})."
    return PayloadError(
        f"{called(endpoint.name)} takes its values as a list or dict, and got one {kind}. {line}",
        endpoint=endpoint.name,
    )


def written(value: object, slot: Slot | None = None) -> str:
    """Return a value as source text for a message: a short one as it is, others as a name.

    Args:
        value: The value.
        slot: The input that it is for. If that takes a file, a text is written as a path or link.
    """
    shown = _source(value, slot)
    if 0 < len(shown) <= _SHORT:
        return shown
    if type(value).__name__ in _NAMES:
        return _NAMES[type(value).__name__]
    if hasattr(value, "read"):
        return "file"
    if isinstance(value, (Set, KeysView, ValuesView, ItemsView, Iterator)):
        return _AS_LIST
    if any(kind.__module__ == "PIL.Image" for kind in type(value).__mro__):
        return "image"
    return "value"


def _source(value: object, slot: Slot | None) -> str:
    """Return a value as source text; ``""`` if it has no short one."""
    if isinstance(value, str):
        if slot is not None and takes_files(slot) and text_for_file(slot, value) is not None:
            return f"{'handle_file' if is_link(value) else 'pathlib.Path'}({quoted(value)})"
        return quoted(value)
    if isinstance(value, PurePath):
        return f"pathlib.Path({quoted(str(value))})"
    if isinstance(value, Attachment):
        return f"handle_file({quoted(value.orig_name)})"
    if isinstance(value, (list, tuple)) and len(value) <= _SHORT:
        parts = [written(part, slot) for part in value]
        if isinstance(value, list):
            return f"[{', '.join(parts)}]"
        return f"({', '.join(parts)}{',' if len(parts) == 1 else ''})"
    if isinstance(value, dict) and len(value) <= _SHORT:
        return f"{{{', '.join(f'{written(key)}: {written(one)}' for key, one in value.items())}}}"
    return repr(value) if isinstance(value, _SHOWN) or value is None else ""


def encode(endpoint: Endpoint, body: Mapping[str, Any]) -> bytes:
    """Return a request's body as JSON.

    Raises:
        PayloadError: A value cannot be written as JSON; `parameter` says which.

    Behaviour: missing cells of pandas objects (NaN, NaT, NA) become ``null``. Ours: other numbers
    that JSON does not have (NaN, infinities) raise. ``JSON.stringify`` writes ``null`` for them,
    which a function receives as ``None``.
    """
    try:
        return _dumps(body)
    except (TypeError, ValueError, RecursionError) as exc:
        raise _not_json(endpoint, body, exc) from None


def encode_json(value: object, what: str) -> bytes:
    """Return any value as JSON.

    Args:
        value: The value.
        what: A description of the value, for the error.

    Raises:
        PayloadError: The value cannot be written as JSON.
    """
    try:
        return _dumps(value)
    except (TypeError, ValueError, RecursionError) as exc:
        raise PayloadError(_unsendable(what, value, exc)) from None


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
    if isinstance(value, Secret):
        return value.reveal()
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
    from ..._basics.words import a  # only for an error message

    raise _NoJsonError(f"{a(type(value).__name__)} cannot be written as JSON", value)


class _NoJsonError(TypeError):
    """A value has no form in JSON; `advice` says what to pass instead."""

    def __init__(self, text: str, value: Any) -> None:
        super().__init__(text)
        self.advice = _ADVICE
        if not isinstance(value, type):
            fitting = (advice for has, advice in _CONVERSIONS if hasattr(value, has))
            self.advice = next(fitting, _ADVICE)


_ADVICE = "Use values that JSON has (text, numbers, booleans, None, lists, dicts), or files."

#: What to pass instead of an object that has an attribute; the first that it has counts.
_CONVERSIONS = (
    ("__dataclass_fields__", "Pass dataclasses.asdict(value)."),
    ("model_dump", "Pass value.model_dump()."),
    ("_value_", "Pass value.value."),  # of an enum
    ("total_seconds", "Pass value.total_seconds()."),
    ("detach", "Pass value.detach().cpu().numpy()."),  # of a tensor
    ("__iter__", "Pass list(value)."),
    ("__float__", "Pass float(value)."),
    ("__code__", "Call the function, and pass what it returns."),
)


_WRITER, _ESCAPER = (
    json.JSONEncoder(allow_nan=False, ensure_ascii=escape, separators=(",", ":"), default=_plain)
    for escape in (False, True)
)


def _not_json(endpoint: Endpoint, body: Mapping[str, Any], exc: Exception) -> PayloadError:
    data = body.get("data")
    values = data if isinstance(data, list) else ()
    for place, (slot, value) in enumerate(zip(endpoint.inputs, values)):
        try:
            _dumps(value)
        except (TypeError, ValueError, RecursionError) as of_value:
            label = str(slot.props.get("label") or slot.type)
            what = f"The value for {label!r} of {called(endpoint.name)}"
            text = _unsendable(what, value, of_value)
            return PayloadError(text, endpoint=endpoint.name, parameter=label, _place=place)
    what = f"The payload for {called(endpoint.name)}"
    return PayloadError(_unsendable(what, body, exc), endpoint=endpoint.name)


def _unsendable(what: str, value: object, exc: Exception) -> str:
    """Return the reason why a value cannot be sent, and what to do about it."""
    number = _not_finite(value) if "Out of range" in str(exc) else None
    if number is not None:
        verb = "is" if number is value else "contains"
        return (
            f"{what} {verb} {float(number)!r}, which JSON does not have, so the app would get None "
            "instead. Send another number, or None if you mean it."
        )
    advice = exc.advice if isinstance(exc, _NoJsonError) else _ADVICE
    return f"{what} cannot be sent: {exc}. {advice}"


def _not_finite(value: Any) -> float | None:
    """Return the first NaN or infinity in a value, which JSON cannot express; ``None`` without.

    It searches in the order of the JSON encoder, which has failed at this number. So everything
    before it can be encoded.
    """
    if isinstance(value, float):
        return None if math.isfinite(value) else value
    parts: Iterable[Any] = ()
    if isinstance(value, Mapping):
        parts = (part for item in value.items() for part in item)
    elif isinstance(value, (list, tuple)):
        parts = value
    elif type(value).__module__.partition(".")[0] in ("numpy", "pandas"):
        parts = (_plain(value),)
    return next((number for number in map(_not_finite, parts) if number is not None), None)
