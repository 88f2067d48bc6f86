"""The docstring of a function that calls an endpoint, in Google's form.

It is read in editors, by `help` in a terminal, and by linters in generated source, and most of its
words are the app's. So whatever could drive a terminal is escaped, lines are wrapped, and no line
of the app's can pass for a heading of ours.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from .._protocol.api.annotation import is_plain
from .._protocol.api.example import default_text
from .._terminal.plaintext import LONGEST, columns, plain, short, wrap

if TYPE_CHECKING:
    from .._protocol.api.signature import Parameter, Signature

WIDTH = 88  # columns
MOST_LINES = 40  # of an app's description
PLAIN_DEFAULT = 48  # columns of a default that a signature shows itself

# A line of one to three words may be a heading to a reader of docstrings: "Returns:", "See also".
_HEADING = re.compile(r"\s*([A-Za-z]+ ?){1,3}:?\s*")


def function_docstring(signature: Signature, *, app: str | None = None) -> str:
    """Write the docstring of a function.

    Args:
        signature: Of the function.
        app: The name of a first parameter that takes the client, if there is one.
    """
    summary, rest = _summary(signature)
    blocks = [[summary], *([rest] if rest else [])]
    entries = [f"{app}: A client of the app."] if app else []
    entries += [f"{parameter.name}: {_about(parameter)}" for parameter in signature.parameters]
    if entries:
        blocks.append(["Args:", *(line for entry in entries for line in _entry(entry))])
    if signature.returns:
        labels = [plain(label[:LONGEST]) for _, label in signature.returns]
        told = f"{'Several values, one after the other: ' if signature.streams else ''}"
        blocks.append(["Returns:", *_entry(f"{told}{', '.join(labels)}.")])
    return "\n\n".join("\n".join(block) for block in blocks)


#: Of a function's form that does not wait; what it takes is told by the other's.
SUBMIT_DOCSTRING = "Start the same call and return at once; the values come through the job."


def _summary(signature: Signature) -> tuple[str, list[str]]:
    """The first line, and the lines below; the app's, if it begins with a sentence of one line."""
    told = [plain(line) for line in signature.description[:LONGEST].strip().splitlines()]
    first = told[0] if told else ""
    if first and first[-1] not in ".!?":
        first = f"{first}."
    words = re.match(r"[A-Za-z]+", first)
    if words is not None and columns(first) <= WIDTH and f"{signature.name}(" not in first:
        return f"{first[0].upper()}{first[1:]}", _below(told[1:])
    name = short(plain(repr(signature.endpoint)), 40)
    return f"Call endpoint {name}.", _below(told)


def _below(told: list[str]) -> list[str]:
    """The app's lines, without the empty ones around them, and without what looks like ours."""
    lines = [part for line in told[:MOST_LINES] for part in (wrap(line, WIDTH) or [""])]
    while lines and not lines[0]:
        del lines[0]
    while lines and not lines[-1]:
        del lines[-1]
    return [_no_heading(line) for line in lines]


def _no_heading(line: str) -> str:
    return f"> {line.lstrip()}" if _HEADING.fullmatch(line) else line


def _about(parameter: Parameter) -> str:
    """What there is to tell of a parameter besides its type."""
    label, note = plain(parameter.label[:LONGEST]), plain(parameter.note[:LONGEST])
    told = [label if label[-1:] in ".!?" else f"{label}."]
    if note:
        told.append(f"{note[0].upper()}{note[1:]}{'' if note[-1] in '.!?' else '.'}")
    if parameter.hidden:
        told.append("Not in the app's own description.")
    if parameter.sent_as != parameter.name:
        told.append(f"The app calls it {short(plain(repr(parameter.sent_as)), 60)}.")
    if not parameter.required and not is_plain(parameter.default, PLAIN_DEFAULT):
        value = {
            "parameter_default": parameter.default,
            "python_type": {"type": parameter.hint.text()},
        }
        told.append(f"Default: {short(plain(default_text(value)), 200)}.")
    return " ".join(told)


def _entry(text: str) -> list[str]:
    first, *more = wrap(text, WIDTH - 8)
    return [f"    {_no_heading(first)}", *(f"        {_no_heading(line)}" for line in more)]
