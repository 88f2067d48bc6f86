"""Conversion of the words of a command line to the values of a call.

``name=value`` is passed by name, all other words by position. A value that is valid JSON is read
as JSON, but numbers and lists stay text if the app takes text. Everything else is text. ``@file``
is a file, ``-`` is standard input, and ``@@`` at the beginning means an ``@``. The texts inside
JSON follow the same rule: ``'{"text": "hi", "files": ["@cat.png"]}'``.
"""

from __future__ import annotations

import io
import json
import os
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, BinaryIO

import click

from .._basics.words import called
from ..errors import FileError, PayloadError
from ..files import handle_file
from .advice import quoted
from .assign import Assigned, assign, is_file_word, item_hint

if TYPE_CHECKING:
    from .._protocol.api.annotation import Hint
    from .._protocol.api.signature import Parameter, Signature
    from .._protocol.values.slot import Slot


def payload_of(
    words: Sequence[str], signature: Signature, slots: Mapping[str, Slot] | None = None
) -> dict[str, Any]:
    """Return the values of a call.

    Args:
        words: The words as typed.
        signature: The endpoint's parameters.
        slots: Their components, by the app's names of the parameters, as far as they are known.

    Returns:
        The values by the app's names of the parameters.

    Raises:
        PayloadError: There are too many values, two for one parameter, or one for an unknown one;
            or a value does not fit.
        FileError: A file cannot be read.
        click.UsageError: Standard input is used twice.
    """
    if sum(word == "-" or word.endswith("=-") for word in words) > 1:
        raise click.UsageError("Only one value can be standard input (-).")
    return {
        one.parameter.sent_as: _WordReader(one.parameter, signature.endpoint).value_of(one)
        for one in assign(words, signature, slots or {})
    }


def fits(words: Sequence[str], signature: Signature, slots: Mapping[str, Slot]) -> bool:
    """Return whether an endpoint can be called with these words, without reading any file."""
    try:
        assigned = assign(words, signature, slots)
    except PayloadError:
        return False
    given = {one.parameter.sent_as for one in assigned}
    if any(one.required and one.sent_as not in given for one in signature.parameters):
        return False
    return all(_fits(word, one) for one in assigned for word in one.words)


def takes_text(hint: Hint) -> bool:
    """Return whether a parameter accepts only text."""
    if hint.kind == "Literal":
        return all(isinstance(choice, str) for choice in hint.choices)
    if hint.kind == "union":
        return all(part.kind == "None" or takes_text(part) for part in hint.parts)
    return hint.kind == "str"


def _fits(word: str, one: Assigned) -> bool:
    hint = one.parameter.hint
    if one.form == "list" and not _is_whole_list(one.words, hint):
        hint = item_hint(hint)
    if is_file_word(word):
        return _may_be_file(hint)
    if word.startswith(("-", "@@")) or one.form == "message":
        return True
    value = json_or_text(word, hint)
    if _misfit(value, word, hint) is not None:
        return False
    if hint.kind in ("list", "dict"):
        return isinstance(value, (list, dict))
    return hint.takes(value) if hint.kind in ("Literal", "bool") else True


class _WordReader:
    """Reads the words for one parameter.

    Args:
        parameter: The parameter.
        endpoint: The endpoint, for errors.
    """

    def __init__(self, parameter: Parameter, endpoint: str | int) -> None:
        self._parameter = parameter
        self._endpoint = endpoint

    def value_of(self, assigned: Assigned) -> Any:
        """Return the value for all its words."""
        hint, words = self._parameter.hint, assigned.words
        if assigned.form == "message" and any(map(is_file_word, words)):
            texts = [self._value(word, hint) for word in words if not is_file_word(word)]
            files = [self._value(word, hint) for word in words if is_file_word(word)]
            return {"text": texts[0] if texts else "", "files": files}
        if assigned.form != "list" or _is_whole_list(words, hint):
            is_text = assigned.form == "message" and not re.fullmatch(
                r"\{.*\}", words[0], re.DOTALL
            )
            return self._value(words[0], hint, checked=not is_text)
        return [self._value(word, item_hint(hint)) for word in words]

    def _value(self, word: str, hint: Hint, *, checked: bool = True) -> Any:
        """Return the value for one word."""
        if word == "-":
            if "file" in hint.kinds():
                return standard_input().read()
            piped = self._piped_text()
            return piped if takes_text(hint) else json_or_text(piped, hint)
        if word.startswith("@"):
            return self._with_files(word, hint)
        value = json_or_text(word, hint)
        wrong = _misfit(value, word, hint) if checked else None
        if wrong is not None:
            raise self._error(*wrong)
        return self._with_files(value, hint) if isinstance(value, (list, dict)) else value

    def _piped_text(self) -> str:
        """Read standard input as text: UTF-8, else the encoding of this system's programs."""
        content = standard_input().read()
        for encoding in ("utf-8-sig", sys.stdin.encoding):
            try:
                return io.StringIO(content.decode(encoding), newline=None).read()
            except UnicodeDecodeError:
                pass  # the next encoding, else the error below
        raise self._error("text", "the bytes of standard input, which are not UTF-8")

    def _with_files(self, value: Any, hint: Hint) -> Any:
        """Return a value whose texts with an ``@`` at the beginning are files."""
        if isinstance(value, list):
            return [self._with_files(one, hint) for one in value]
        if isinstance(value, dict):
            return {key: self._with_files(one, hint) for key, one in value.items()}
        if not isinstance(value, str) or not value.startswith("@"):
            return value
        return value[1:] if value.startswith("@@") else self._file(value, hint)

    def _file(self, word: str, hint: Hint) -> Any:
        path = word[1:]
        as_text = f"for the text {word!r}, write @{word}"
        if not _may_be_file(hint):
            raise self._error("no file", f"{word!r}; {self._content(path, hint)}{as_text}")
        if not path:
            raise self._error("a file", "'@' alone; write the name of the file after the @")
        try:
            return handle_file(path if "://" in path else os.path.expanduser(path))
        except FileError as exc:
            raise FileError(f"{exc} If no file is meant: {as_text}.", path=path) from exc

    def _content(self, path: str, hint: Hint) -> str:
        if not takes_text(hint):
            return ""
        name = self._parameter.sent_as
        return f"to send the text in a file, write {name}=- < {path or 'FILE'}; "

    def _error(self, wanted: str, got: str) -> PayloadError:
        name = self._parameter.sent_as
        return PayloadError(
            f"{called(self._endpoint)} takes {wanted} for {name!r}, not {got}.",
            endpoint=self._endpoint,
            parameter=name,
        )


def json_or_text(text: str, hint: Hint) -> Any:
    """Return the value of a text that is JSON, unless the parameter takes only text."""
    try:
        value = json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        return text
    if takes_text(hint) and not isinstance(value, str) and not hint.takes(value):
        return text  # the JSON values 42, true and [1] are valid texts, too
    return value


def _is_whole_list(words: Sequence[str], hint: Hint) -> bool:
    """Return whether the only word for a list is JSON for all of it, or for no list."""
    value = json_or_text(words[0], hint)
    return len(words) == 1 and (isinstance(value, list) or (value is None and hint.takes(None)))


@contextmanager
def as_words() -> Iterator[None]:
    """Return the error for a text that has to be a file, with the form of the command line."""
    try:
        yield
    except PayloadError as exc:
        if exc._text is None:
            raise
        raise PayloadError(
            f"{called(exc.endpoint)} takes a file for {exc.parameter!r}, not the text "
            f"{exc._text!r}; to send a file, write @{exc._text}.",
            endpoint=exc.endpoint,
            parameter=exc.parameter,
        ) from None


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _may_be_file(hint: Hint) -> bool:
    return bool(hint.kinds() & {"file", "Any", "dict"})


def _misfit(value: object, word: str, hint: Hint) -> tuple[str, str] | None:
    """Return the expected and the given value, if a value cannot be right; else ``None``.

    It is found here because the error of the app would not explain the problem.
    """
    outer = {part.kind for part in hint.parts} if hint.kind == "union" else {hint.kind}
    kinds = hint.kinds() - {"None", "union"}
    if "Any" in outer or not kinds:
        return None
    if kinds <= {"file", "list"} and "file" in kinds:
        for text in value if isinstance(value, list) else [value]:
            # Gradio 3 accepts images as data URLs.
            if isinstance(text, (str, int, float)) and not str(text).startswith(("@", "data:")):
                text = text if isinstance(text, str) else word
                return "a file", f"the text {text!r}; to send a file, write @{text}"
    is_text = isinstance(value, str)
    if kinds <= {"int", "float"}:
        if is_text:
            return "a number", f"the text {word!r}"
        if isinstance(value, (list, dict)):
            return "a number", f"{word!r}; write each value as a word of its own"
    if kinds == {"bool"} and is_text:
        known = {"yes": "true", "on": "true", "no": "false", "off": "false"}
        meant = known.get(word.lower(), word.lower())
        advice = f"; write {meant}" if meant in ("true", "false") else ""
        return "true or false", f"the text {word!r}{advice}"
    if is_text and word.lstrip()[:1] in ("{", "[") and outer <= {"list", "dict", "None"}:
        return "JSON", f"the text {word!r}, which is not valid JSON; {_quoting(word)}"
    return None


def _quoting(word: str) -> str:
    """Return how to write JSON on a command line, with the user's own value if it can be read."""
    import ast  # imported only for an error message

    try:
        text = json.dumps(ast.literal_eval(word))
    except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
        return "put single quotes around it, and double quotes around its texts: '[\"a\"]'"
    return f"write {quoted(text)}"


def standard_input() -> BinaryIO:
    """Return standard input as bytes.

    Raises:
        FileError: It is closed, as by ``<&-`` of a shell.
    """
    if sys.stdin is None:
        raise FileError("Standard input is closed, so there is nothing to read for -.")
    return sys.stdin.buffer
