"""Results as text or JSON, on standard output or in a file; files as URLs, or saved."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .._basics.printing import is_unicode
from .._terminal.plaintext import readable
from ..files import RemoteFile

if TYPE_CHECKING:
    from ..events import Data, TextPiece
    from .place import Place
    from .screen import Screen

# In JSON these characters occur only in strings, where an escape has the same meaning.
_UNSAFE_IN_JSON = re.compile("[\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f"
                             "\ufeff\ufff9-\ufffb\ud800-\udfff]")  # fmt: skip


def json_text(value: Any, *, as_ascii: bool, indent: int | None = None) -> str:
    """Return JSON without control characters, which could control a terminal."""
    text = json.dumps(value, ensure_ascii=as_ascii, indent=indent)
    return _UNSAFE_IN_JSON.sub(lambda char: f"\\u{ord(char[0]):04x}", text)


class Printer:
    """Prints the results of an endpoint.

    If the place is a file, text is written into it. A result with files is saved there instead,
    and printed with the paths of its files.

    Args:
        screen: Where to print.
        as_json: Print all outputs as one JSON list, instead of one output per line.
        place: Where to save files; without it, their URLs are printed.
    """

    def __init__(self, screen: Screen, *, as_json: bool, place: Place | None = None) -> None:
        self.as_json = as_json
        self._screen = screen
        self._place = place
        self._file = place if place is not None and place.is_file else None
        self._in_terminal = sys.stdout.isatty()

    def show(self, data: Data) -> None:
        """Print one result."""
        if self._place is not None:
            self._place.begin()
        outputs = [self._shown(value) for value in data]
        file = self._file if self._file is not None and not self._file.has_files else None
        if self.as_json:
            texts = [self.json(outputs, to_file=file is not None)]
        else:
            texts = [
                one if isinstance(one, str) else self.json(one, to_file=file is not None)
                for one in outputs
            ]
        for text in texts:
            self._write(text if text.endswith("\n") else f"{text}\n", file)

    def write(self, text: str) -> None:
        """Write text; for a terminal, control characters are escaped."""
        self._write(text, self._file)

    def _write(self, text: str, file: Place | None) -> None:
        if file is not None:
            file.write(text)
        else:
            self._screen.write(readable(text) if self._in_terminal else text)

    def json(self, value: Any, *, to_file: bool = False) -> str:
        """Return JSON without control characters; for a terminal, it is indented.

        JSON is UTF-8. So if standard output has another encoding, the text is ASCII with escapes.
        """
        indent = 2 if self._in_terminal and not to_file else None
        as_ascii = not to_file and not is_unicode(sys.stdout)
        return json_text(value, as_ascii=as_ascii, indent=indent)

    def _shown(self, value: Any) -> Any:
        """Return a value for JSON: files become their URLs, or the paths where they were saved."""
        if isinstance(value, RemoteFile):
            if self._place is not None:
                return self._place.save(value)
            return value.url or value.path or value.orig_name  # pictures of Gradio 3 have a name
        if isinstance(value, Mapping):
            return {str(key): self._shown(one) for key, one in value.items()}
        if isinstance(value, (list, tuple)):
            return [self._shown(one) for one in value]
        return value


class Growing:
    """Prints a growing text, piece by piece."""

    def __init__(self, printer: Printer) -> None:
        self._printer = printer
        self._is_in_line = False

    def show(self, piece: TextPiece) -> None:
        """Print a piece; a text that starts again begins on a new line."""
        if piece.restarts:
            self.end()
        self._printer.write(piece)
        if piece:
            self._is_in_line = not piece.endswith("\n")

    def end(self) -> None:
        """Finish the line."""
        if self._is_in_line:
            self._printer.write("\n")
        self._is_in_line = False
