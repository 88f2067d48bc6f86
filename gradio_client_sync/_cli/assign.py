"""Assignment of the words of a command line to the parameters of an endpoint.

A parameter that takes a list takes several words: by name (``files=@a files=@b``), or files by
position (``@a @b``). If further parameters after it take files, each of them gets one. A message
with files (``gr.MultimodalTextbox``) takes a text and then files.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import takewhile
from typing import TYPE_CHECKING, NamedTuple

from .._basics.words import called
from .._protocol.api.annotation import Hint
from ..errors import PayloadError

if TYPE_CHECKING:
    from .._protocol.api.signature import Parameter, Signature
    from .._protocol.values.slot import Slot

#: ``name=value``.
NAMED = re.compile(r"([^\W\d]\w*)=(.*)", re.DOTALL)
_NONE = Hint("None")
_FILE_COMPONENTS = frozenset(
    "audio file gallery image imageeditor model3d multimodaltextbox uploadbutton video".split()
)


class Assigned(NamedTuple):
    """The words for one parameter.

    Attributes:
        parameter: The parameter.
        words: Its words; at least one.
        form: How they become its value: ``"one"`` word, a ``"list"``, or a ``"message"``.
    """

    parameter: Parameter
    words: list[str]
    form: str


def assign(words: Sequence[str], signature: Signature, slots: Mapping[str, Slot]) -> list[Assigned]:
    """Return the words for each parameter.

    Args:
        words: The words as typed.
        signature: The endpoint's parameters.
        slots: Their components, by the app's names of the parameters, as far as they are known.

    Raises:
        PayloadError: There are too many words, two for one parameter, or one for an unknown one.
    """
    by_name = {parameter.sent_as: parameter for parameter in signature.parameters}
    by_name = {**{one.name: one for one in signature.parameters}, **by_name}
    given: dict[str, list[str]] = {}
    rest: list[str] = []
    for word in words:
        named = NAMED.fullmatch(word)
        if named is None:
            rest.append(word)
        elif named[1] in by_name:
            given.setdefault(by_name[named[1]].sent_as, []).append(named[2])
        else:
            # It is not used as a positional value with "=" in it, which would hide typing errors.
            raise _unknown(named[1], named[2], signature)
    forms = {one.sent_as: form_of(one, slots.get(one.sent_as)) for one in signature.parameters}
    takes_file = [takes_files(one, slots.get(one.sent_as)) for one in signature.parameters]
    for index, parameter in enumerate(signature.parameters):
        if not rest or parameter.hidden:
            break  # hidden parameters come last
        others = sum(1 for _ in takewhile(bool, takes_file[index + 1 :]))
        count = _count(rest, forms[parameter.sent_as], others)
        given.setdefault(parameter.sent_as, []).extend(rest[:count])
        rest = rest[count:]
    if rest:
        lists = [forms[one.sent_as] == "list" for one in signature.parameters]
        raise _too_many(rest[0], signature, takes_files=any(map(all, zip(takes_file, lists))))
    return [
        _assigned(one, given[one.sent_as], forms[one.sent_as], signature)
        for one in signature.parameters
        if one.sent_as in given
    ]


def takes_files(parameter: Parameter, slot: Slot | None) -> bool:
    """Return whether a parameter takes files."""
    return "file" in parameter.hint.kinds() or _type(slot) in _FILE_COMPONENTS


def form_of(parameter: Parameter, slot: Slot | None) -> str:
    """Return how the words for a parameter become its value, as in `Assigned`.

    ``"either"`` stands for a parameter that takes a list or one value.
    """
    if _type(slot) == "multimodaltextbox":
        return "message"
    if slot is not None and slot.props.get("file_count") in ("multiple", "directory"):
        return "list"
    parts = _parts(parameter.hint)
    lists = [part for part in parts if part.kind == "list"]
    return "one" if not lists else "list" if len(parts) == 1 else "either"


def item_hint(hint: Hint) -> Hint:
    """Return the type of one item, if the type is a list."""
    lists = [part for part in _parts(hint) if part.kind == "list"]
    return lists[0].parts[0] if lists else hint


def is_file_word(word: str) -> bool:
    """Return whether a word stands for a file."""
    return word.startswith("@") and not word.startswith("@@")


def _parts(hint: Hint) -> list[Hint]:
    return [part for part in (hint.parts if hint.kind == "union" else (hint,)) if part != _NONE]


def _type(slot: Slot | None) -> str:
    return slot.type if slot is not None else ""


def _count(rest: Sequence[str], form: str, others: int) -> int:
    """Return how many of the next words a parameter takes by position."""
    lead = 0 if is_file_word(rest[0]) else 1
    if form == "one" or (lead and form != "message"):
        return 1
    files = sum(1 for _ in takewhile(is_file_word, rest[lead:]))
    return max(lead + max(files - others, 0), 1)


def _assigned(parameter: Parameter, words: list[str], form: str, signature: Signature) -> Assigned:
    if form == "either":
        form = "list" if len(words) > 1 else "one"
    texts = sum(not is_file_word(word) for word in words)
    if (form == "one" and len(words) > 1) or (form == "message" and texts > 1):
        raise PayloadError(
            f"{called(signature.endpoint)} got two values for {parameter.sent_as!r}; give one.",
            endpoint=signature.endpoint,
            parameter=parameter.sent_as,
        )
    return Assigned(parameter, words, form)


def _unknown(name: str, value: str, signature: Signature) -> PayloadError:
    import difflib  # imported only for an error message

    known = [parameter.sent_as for parameter in signature.parameters]
    near = difflib.get_close_matches(name, known, n=1)
    meant = f" Did you mean {near[0]}={value}?" if near else ""
    return PayloadError(
        f"{called(signature.endpoint)} has no parameter {name!r}; its parameters are "
        f"{', '.join(known) or 'none'}.{meant} If {name}={value} is itself a value, pass it by "
        "name, or as JSON in double quotes.",
        endpoint=signature.endpoint,
        parameter=name,
    )


def _too_many(word: str, signature: Signature, *, takes_files: bool) -> PayloadError:
    """Return the error for a word that no parameter takes.

    Args:
        word: The word.
        signature: The endpoint's parameters.
        takes_files: Whether one of them takes several files.
    """
    names = ", ".join(one.sent_as for one in signature.parameters if not one.hidden)
    hidden = ", ".join(one.sent_as for one in signature.parameters if one.hidden)
    by_name = f", and by name {hidden}" if hidden else ""
    advice = " A value with spaces needs quotes."
    if is_file_word(word):
        advice = ""
    elif takes_files:
        advice = f" To send several files, write an @ before each: @{word}."
    return PayloadError(
        f"{called(signature.endpoint)} takes {names or 'no values'}{by_name}; {word!r} is too much."
        f"{advice}",
        endpoint=signature.endpoint,
    )
