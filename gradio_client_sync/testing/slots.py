"""The inputs and outputs of a fake endpoint, read from the signature of a Python function."""

from __future__ import annotations

import collections.abc
import inspect
import sys
import types
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Callable, Literal, NamedTuple, TypeVar, Union

from .._protocol.api.schema import component_schema

T = TypeVar("T")


class _StateMark:
    """Marks a parameter or a result as session state."""


#: Session state: ``def count(step: int, seen: State[int] = 0) -> tuple[int, State[int]]``. The
#: app keeps the value for each session, and callers neither give nor get it.
State = Annotated[T, _StateMark]

#: Component types whose values are files.
FILES = frozenset("file image audio video model3d uploadbutton downloadbutton".split())

_STREAMS = (
    collections.abc.Iterator,
    collections.abc.Iterable,
    collections.abc.Generator,
    collections.abc.AsyncIterator,
    collections.abc.AsyncGenerator,
)

#: The default of a parameter that has none.
REQUIRED: Any = inspect.Parameter.empty


class FakeSlot(NamedTuple):
    """One input or output.

    Attributes:
        name: The name of the parameter, or of the output; it is also the label.
        component: The type of the component, such as ``"textbox"``.
        props: The properties of the component.
        default: The default of a parameter, or the first value of state; `REQUIRED` for none.
        schema: The JSON schema of the values.
        class_name: The name of the component's class, if it is not the usual one.
        example: An example of a value, if it is not the usual one.
    """

    name: str
    component: str
    props: dict[str, Any]
    default: Any = REQUIRED
    schema: dict[str, Any] | None = None
    class_name: str | None = None
    example: Any = None

    @property
    def is_state(self) -> bool:
        """Whether it is session state."""
        return self.component == "state"

    @property
    def json_schema(self) -> dict[str, Any]:
        """The JSON schema of its values."""
        return component_schema(self.component, self.props) if self.schema is None else self.schema


def inputs_of(
    function: Callable[..., Any], hints: Mapping[str, Any], components: dict[str, Any]
) -> list[FakeSlot]:
    """Return the inputs of a function, one for each parameter.

    Args:
        function: The function.
        hints: Its annotations, as `hints_of` returns them.
        components: Other components for some parameters: a type such as ``"image"``, or an object
            with ``type`` and properties.

    Raises:
        TypeError: The function has ``*args`` or ``**kwargs``, which an endpoint cannot have.
    """
    slots = []
    for name, parameter in inspect.signature(function).parameters.items():
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            raise TypeError(
                f"{getattr(function, '__name__', function)} takes *{name}. An endpoint has a fixed "
                "number of inputs, so give each one a parameter."
            )
        slot = _slot(name, hints.get(name, Any), components.get(name))
        slots.append(slot._replace(default=parameter.default))
    return slots


def arguments_for(
    function: Callable[..., Any], values: Mapping[str, Any]
) -> tuple[list[Any], dict[str, Any]]:
    """Return the positional arguments and the named arguments for a call of a function.

    Args:
        function: The function.
        values: The values by parameter name.
    """
    by_name = dict(values)
    parameters = inspect.signature(function).parameters.values()
    positional = [p.name for p in parameters if p.kind is p.POSITIONAL_ONLY and p.name in by_name]
    return [by_name.pop(name) for name in positional], by_name


def outputs_of(
    hints: Mapping[str, Any], components: dict[str, Any], *, streams: bool
) -> list[FakeSlot]:
    """Return the outputs of a function: one, none for ``None``, or several for a tuple.

    Args:
        hints: The annotations of the function, as `hints_of` returns them.
        components: Other components. The key is ``"return"`` for the only output, and the name
            for one of several: that of a field of a `NamedTuple`, or ``output_1`` and so on.
        streams: Whether the function is a generator.
    """
    hint = hints.get("return", Any)
    if streams and typing.get_origin(hint) in _STREAMS:
        hint = (typing.get_args(hint) or (Any,))[0]
    if hint is type(None):
        return []
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin is tuple and args and Ellipsis not in args:
        named = {f"output_{number}": arg for number, arg in enumerate(args, 1)}
        return [_slot(name, arg, components.get(name)) for name, arg in named.items()]
    if isinstance(hint, type) and issubclass(hint, tuple) and hasattr(hint, "_fields"):
        fields = hints_of(hint, {})
        return [_slot(name, fields.get(name, Any), components.get(name)) for name in hint._fields]
    return [_slot("output", hint, components.get("return"))]


def hints_of(function: Callable[..., Any], names: Mapping[str, Any]) -> dict[str, Any]:
    """Return the annotations of a function or class; ``Any`` if one cannot be evaluated.

    Args:
        function: The function or class.
        names: The names that are known where it is defined, such as types inside of a test.
    """
    plain = inspect.unwrap(function)
    module = sys.modules.get(getattr(plain, "__module__", None) or "")
    known = {**vars(module), **names} if module is not None else dict(names)
    hints: dict[str, Any] = {}
    for name, hint in getattr(plain, "__annotations__", {}).items():
        one: Any = types.SimpleNamespace(__annotations__={name: hint})
        try:
            hints.update(typing.get_type_hints(one, known, include_extras=True))
        except (NameError, TypeError, AttributeError):  # such as ``str | None`` on Python 3.9
            hints[name] = Any
    return hints


def _slot(name: str, hint: Any, component: Any) -> FakeSlot:
    props: dict[str, Any] = {"label": name}
    if component is not None:
        entries = {"type": component} if isinstance(component, str) else dict(component)
        if "type" not in entries:
            raise TypeError(f"The component {component!r} of {name!r} needs a 'type'.")
        kind = entries.pop("type")
        return FakeSlot(name, kind, {**props, **entries})
    kind, more, schema = _component(hint)
    return FakeSlot(name, kind, {**props, **more}, schema=schema)


def _component(hint: Any) -> tuple[str, dict[str, Any], dict[str, Any] | None]:
    """Return the component for an annotation: its type, its properties, and the schema."""
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin is Annotated:
        if any(isinstance(mark, type) and mark is _StateMark for mark in args[1:]):
            return "state", {}, None
        return _component(args[0])
    if origin is Union or type(hint).__name__ == "UnionType":
        known = [arg for arg in args if arg is not type(None)]
        return _component(known[0]) if len(known) == 1 else ("json", {}, None)
    if origin is Literal:
        return (
            "dropdown",
            {"choices": [[str(arg), arg] for arg in args], "multiselect": False},
            None,
        )
    if origin in (list, collections.abc.Sequence) and args:
        kind, props, _ = _component(args[0])
        if kind == "dropdown":
            return "checkboxgroup", {"choices": props["choices"]}, None
        if kind == "file":
            return "file", {"file_count": "multiple"}, None
        items = component_schema(kind, props)
        return "json", {}, {"type": "array", "items": items} if items else None
    kinds = {str: "textbox", bool: "checkbox", int: "number", float: "number"}
    if hint in kinds:
        return kinds[hint], {}, {"type": "integer"} if hint is int else None
    if hint is bytes:
        return "file", {"file_count": "single", "type": "binary"}, None
    if isinstance(hint, type) and issubclass(hint, Path):
        return "file", {"file_count": "single"}, None
    if hint is dict or origin is dict:
        return "json", {}, {"type": "object"}
    return "json", {}, None
