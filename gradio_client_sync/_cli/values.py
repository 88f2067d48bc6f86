"""Conversion of the words of a command line to the values of a call.

``name=value`` is passed by name, all other words by position. A value that is valid JSON is read
as JSON, but numbers and lists stay text if the app takes text. Everything else is text. ``@file``
is a file, ``-`` is standard input, and ``@@`` at the beginning means an ``@``.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from .._words import called
from ..errors import PayloadError
from ..files import handle_file

if TYPE_CHECKING:
    from .._protocol.api.annotation import Hint
    from .._protocol.api.signature import Parameter, Signature

_NAMED = re.compile(r"([^\W\d]\w*)=(.*)", re.DOTALL)


def payload_of(words: Sequence[str], signature: Signature) -> dict[str, Any]:
    """Return the values of a call.

    Args:
        words: The words as typed.
        signature: The endpoint's parameters.

    Returns:
        The values by the app's names of the parameters.

    Raises:
        PayloadError: There are too many values, two for one parameter, or one for an unknown one.
        click.UsageError: Standard input is used twice.
    """
    if sum(word == "-" or word.endswith("=-") for word in words) > 1:
        raise click.UsageError("Only one value can be standard input (-).")
    by_name = {parameter.sent_as: parameter for parameter in signature.parameters}
    by_name = {**{one.name: one for one in signature.parameters}, **by_name}
    positional = (parameter for parameter in signature.parameters if not parameter.hidden)
    payload: dict[str, Any] = {}
    for word in words:
        named = _NAMED.fullmatch(word)
        if named is not None and named[1] in by_name:
            parameter, text = by_name[named[1]], named[2]
        elif named is not None:
            # It is not used as a positional value with "=" in it, which would hide typing errors.
            raise _unknown(named[1], named[2], signature)
        else:
            following = next(positional, None)
            if following is None:
                raise _too_many(word, signature)
            parameter, text = following, word
        if parameter.sent_as in payload:
            raise PayloadError(
                f"{called(signature.endpoint)} got two values for {parameter.sent_as!r}; give one.",
                endpoint=signature.endpoint,
                parameter=parameter.sent_as,
            )
        value = payload[parameter.sent_as] = value_of(text, parameter)
        if isinstance(value, str):
            _check_text(value, parameter, signature)
    return payload


def value_of(text: str, parameter: Parameter) -> Any:
    """Return the value for one word."""
    hint = parameter.hint
    if text == "-":
        if "file" in hint.kinds():
            return sys.stdin.buffer.read()
        piped = sys.stdin.read()
        return piped if takes_text(hint) else _json_or_text(piped, hint)
    if text.startswith("@@"):
        return text[1:]
    if text.startswith("@"):
        return handle_file(text[1:])
    return _json_or_text(text, hint)


def takes_text(hint: Hint) -> bool:
    """Return whether a parameter accepts only text."""
    if hint.kind == "Literal":
        return all(isinstance(choice, str) for choice in hint.choices)
    if hint.kind == "union":
        return all(part.kind == "None" or takes_text(part) for part in hint.parts)
    return hint.kind == "str"


def _json_or_text(text: str, hint: Hint) -> Any:
    try:
        value = json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        return text
    if takes_text(hint) and not isinstance(value, str) and not hint.takes(value):
        return text  # the JSON values 42, true and [1] are valid texts, too
    return value


def _check_text(text: str, parameter: Parameter, signature: Signature) -> None:
    """Raise an error for a text where the app needs a number, a boolean or a file.

    It is raised here because the error of the app would not explain the problem.
    """
    kinds = parameter.hint.kinds() - {"None", "union"}
    advice = ""
    if kinds == {"file"} and not text.startswith("data:"):  # Gradio 3 accepts images as data URLs
        wanted, advice = "a file", f"; to send a file, write @{text}"
    elif kinds and kinds <= {"int", "float"}:
        wanted = "a number"
    elif kinds == {"bool"}:
        wanted = "true or false"
    else:
        return
    raise PayloadError(
        f"{called(signature.endpoint)} takes {wanted} for {parameter.sent_as!r}, not the text "
        f"{text!r}{advice}.",
        endpoint=signature.endpoint,
        parameter=parameter.sent_as,
    )


@contextmanager
def as_words() -> Iterator[None]:
    """Say in the words of a command line how to pass a text that has to be a file."""
    try:
        yield
    except PayloadError as exc:
        if exc._text is None:
            raise
        raise PayloadError(
            f"{called(exc.endpoint)} takes a file for {exc.parameter!r}, not the text {exc._text!r}; "
            f"to send a file, write @{exc._text}.",
            endpoint=exc.endpoint,
            parameter=exc.parameter,
        ) from None


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _unknown(name: str, value: str, signature: Signature) -> PayloadError:
    names = ", ".join(parameter.sent_as for parameter in signature.parameters)
    known = f"it takes {names}" if names else "it takes no values"
    return PayloadError(
        f"{called(signature.endpoint)} has no parameter {name!r}; {known}. If "
        f"{name}={value} is itself a value, pass it by name, or as JSON in double quotes.",
        endpoint=signature.endpoint,
        parameter=name,
    )


def _too_many(word: str, signature: Signature) -> PayloadError:
    names = ", ".join(one.sent_as for one in signature.parameters if not one.hidden)
    hidden = ", ".join(one.sent_as for one in signature.parameters if one.hidden)
    by_name = f", and by name {hidden}" if hidden else ""
    return PayloadError(
        f"{called(signature.endpoint)} takes {names or 'no values'}{by_name}; {word!r} is too "
        "much.",
        endpoint=signature.endpoint,
    )
