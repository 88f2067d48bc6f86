"""Results on standard output: text or JSON; files as URLs, or saved to a folder."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .._terminal.plaintext import readable
from ..files import RemoteFile

if TYPE_CHECKING:
    from ..events import Data, TextPiece

# In JSON these characters occur only in strings, where an escape has the same meaning.
_UNSAFE_IN_JSON = re.compile("[\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f"
                             "\ufeff\ufff9-\ufffb\ud800-\udfff]")  # fmt: skip


class Printer:
    """Prints the results of an endpoint.

    Args:
        as_json: Print all outputs as one JSON list, instead of one output per line.
        folder: Where to save files; without it, their URLs are printed.
    """

    def __init__(self, *, as_json: bool, folder: Path | None) -> None:
        self.as_json = as_json
        self._folder = folder
        self._in_terminal = sys.stdout.isatty()
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)

    def show(self, data: Data) -> None:
        """Print one result."""
        outputs = [self._shown(value) for value in data]
        if self.as_json:
            self.write(f"{self.json(outputs)}\n")
            return
        for value in outputs:
            text = value if isinstance(value, str) else self.json(value)
            self.write(text if text.endswith("\n") else f"{text}\n")

    def write(self, text: str) -> None:
        """Write text; for a terminal, control characters are escaped."""
        sys.stdout.write(readable(text) if self._in_terminal else text)
        sys.stdout.flush()

    def json(self, value: Any) -> str:
        """Return JSON without control characters; for a terminal, it is indented."""
        indent = 2 if self._in_terminal else None
        text = json.dumps(value, ensure_ascii=False, indent=indent)
        return _UNSAFE_IN_JSON.sub(lambda char: f"\\u{ord(char[0]):04x}", text)

    def _shown(self, value: Any) -> Any:
        """Return a value for JSON: files become their URLs, or the paths where they were saved."""
        if isinstance(value, RemoteFile):
            return self._file(value)
        if isinstance(value, Mapping):
            return {str(key): self._shown(one) for key, one in value.items()}
        if isinstance(value, (list, tuple)):
            return [self._shown(one) for one in value]
        return value

    def _file(self, file: RemoteFile) -> str:
        if self._folder is not None:
            return str(file.download(self._folder))
        return file.url or file.path or file.orig_name  # images of Gradio 3 only have a name


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
