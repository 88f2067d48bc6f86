"""Text that standard output can encode, whatever its encoding is.

On Windows, the output of a program into a pipe or a file has an old code page, such as cp1252. In
some IDEs and services it is ASCII. `print` raises `UnicodeEncodeError` there for each character
that the encoding does not have. The texts of this package can be printed everywhere: its own signs
become plain ones, and all other characters become Python's escapes.
"""

from __future__ import annotations

import codecs
import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager

#: The name of an error handler for streams, which replaces characters as `encodable` does.
HANDLER = "gradio_client_sync.plain"

#: Signs of this package, and their replacements. The last ten are a spinner's frames.
PLAIN = dict(zip("→·–─│×✓✗●█░⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏", r">---|x+x*#.|/-\|/-\|/"), **{"…": "..."})


def printable(text: str) -> str:
    """Return a text that can be printed on standard output."""
    return text if text.isascii() else encodable(text, sys.stdout)


def encodable(text: str, stream: object) -> str:
    """Return a text that can be written to a stream.

    Args:
        text: The text.
        stream: The stream; one without an encoding, such as `io.StringIO`, takes any text.
    """
    encoding = getattr(stream, "encoding", None)
    if text.isascii() or not isinstance(encoding, str):
        return text
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return text.encode(encoding, HANDLER).decode(encoding)
    except LookupError:
        pass  # Python does not know the encoding
    return text


def is_unicode(stream: object) -> bool:
    """Return whether a stream can encode every text: its encoding is UTF-8, or it has none."""
    return encodable("\U0001f600", stream) == "\U0001f600"


@contextmanager
def survives_any_text(stream: object) -> Iterator[None]:
    """Let a stream replace the characters that its encoding does not have, while the block runs."""
    if not isinstance(stream, io.TextIOWrapper):
        yield
        return
    before = stream.errors
    stream.reconfigure(errors=HANDLER)
    try:
        yield
    finally:
        stream.reconfigure(errors=before)


def _replace(error: UnicodeError) -> tuple[str, int]:
    """Replace the characters that an encoding does not have."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(map(_plain, error.object[error.start : error.end])), error.end


def _plain(char: str) -> str:
    plain = PLAIN.get(char)
    return plain or char.encode("unicode_escape", "surrogatepass").decode("ascii")


codecs.register_error(HANDLER, _replace)
