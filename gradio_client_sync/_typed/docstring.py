"""Write the docstring of a function that calls an endpoint, with Google sections.

Editors, `help` and linters of generated source read it. Most of its text comes from the app and is
not trusted: control characters are escaped, lines are wrapped, and no line of the app can look
like the heading of a section.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from .._basics.words import called
from .._protocol.api.annotation import literal
from .._protocol.api.shown import shown_default
from .._terminal.plaintext import LONGEST, columns, plain, short, wrap

if TYPE_CHECKING:
    from .._protocol.api.signature import Parameter, Signature

WIDTH = 88  # columns
MOST_LINES = 40  # lines of an app's description
SHOWN_DEFAULT = 100  # columns

# Tools may read a line of one to three words as a heading: "Returns:", "See also".
_HEADING = re.compile(r"\s*([A-Za-z]+ ?){1,3}:?\s*")


def function_docstring(signature: Signature, *, app: str | None = None) -> str:
    """Write the docstring of a function.

    Args:
        signature: The signature of the function.
        app: The name of the first parameter if it is the client; otherwise ``None``.
    """
    summary, rest = _summary(signature)
    blocks = [[summary], *([rest] if rest else [])]
    entries = [f"{app}: A client of the app."] if app else []
    entries += [
        f"{parameter.name}: {_about(parameter, is_written=app is not None)}"
        for parameter in signature.parameters
    ]
    if entries:
        blocks.append(["Args:", *(line for entry in entries for line in _entry(entry))])
    if signature.returns:
        labels = [plain(label[:LONGEST]) for _, label in signature.returns]
        start = "Several values, one after the other: " if signature.streams else ""
        blocks.append(["Returns:", *_entry(f"{start}{', '.join(labels)}.")])
    return "\n\n".join("\n".join(block) for block in blocks)


#: The docstring of the function that does not wait. The other function describes the parameters.
SUBMIT_DOCSTRING = "Start a call of the endpoint, and return its job at once."


def _summary(signature: Signature) -> tuple[str, list[str]]:
    """Return the first line of the docstring, and the lines of the description below it.

    The first line is that of the app's description if it is short enough and begins with a word.
    """
    lines = [plain(line) for line in signature.description[:LONGEST].strip().splitlines()]
    first = lines[0] if lines else ""
    if first and first[-1] not in ".!?":
        first = f"{first}."
    words = re.match(r"[A-Za-z]+", first)
    if words is not None and columns(first) <= WIDTH and f"{signature.name}(" not in first:
        return f"{first[0].upper()}{first[1:]}", _below(lines[1:])
    name = short(plain(called(signature.endpoint)), 40)
    what = f"endpoint {name}" if isinstance(signature.endpoint, str) else name
    return f"Call {what}.", _below(lines)


def _below(description: list[str]) -> list[str]:
    """Return wrapped lines of the app, without empty lines at both ends, and without headings."""
    lines = [part for line in description[:MOST_LINES] for part in (wrap(line, WIDTH) or [""])]
    while lines and not lines[0]:
        del lines[0]
    while lines and not lines[-1]:
        del lines[-1]
    return [_no_heading(line) for line in lines]


def _no_heading(line: str) -> str:
    return f"> {line.lstrip()}" if _HEADING.fullmatch(line) else line


def _about(parameter: Parameter, *, is_written: bool) -> str:
    """Return the description of a parameter, without its type.

    Args:
        parameter: The parameter.
        is_written: Whether the function is written to a file, whose code is in no language.
    """
    label, note = plain(parameter.label[:LONGEST]), plain(parameter.note[:LONGEST])
    sentences = [label if label[-1:] in ".!?" else f"{label}."]
    if note:
        sentences.append(f"{note[0].upper()}{note[1:]}{'' if note[-1] in '.!?' else '.'}")
    if parameter.hidden:
        sentences.append("Not in the app's own description.")
    if parameter.sent_as != parameter.name:
        sentences.append(f"The app calls it {short(plain(repr(parameter.sent_as)), 60)}.")
    if parameter.choices:
        sentences.append(f"One of {', '.join(plain(literal(one)) for one in parameter.choices)}.")
    hides = not parameter.shows_default or (is_written and parameter.translated)
    if not parameter.required and hides:
        value = {
            "parameter_default": parameter.default,
            "python_type": {"type": parameter.hint.text()},
        }
        sentences.append(f"Default: {plain(shown_default(value, SHOWN_DEFAULT))}.")
    return " ".join(sentences)


def _entry(text: str) -> list[str]:
    first, *more = wrap(text, WIDTH - 8)
    return [f"    {_no_heading(first)}", *(f"        {_no_heading(line)}" for line in more)]
