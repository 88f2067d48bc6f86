"""Results on standard output: text or JSON, files by address or saved to a folder."""

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
    from ..events import Data

# Within JSON these stand in texts only, where an escape means the same.
_UNSAFE_IN_JSON = re.compile("[\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f"
                             "\ufeff\ufff9-\ufffb\ud800-\udfff]")  # fmt: skip


class Printer:
    """Prints what an endpoint gives.

    Args:
        as_json: Print a JSON list of all outputs, instead of one output a line.
        folder: Where files are saved; they are shown by address if there is none.
    """

    def __init__(self, *, as_json: bool, folder: Path | None) -> None:
        self.as_json = as_json
        self._folder = folder
        self._watched = sys.stdout.isatty()
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)

    def show(self, data: Data) -> None:
        """Print one answer."""
        outputs = [self._shown(value) for value in data]
        if self.as_json:
            self.write(f"{self.json(outputs)}\n")
            return
        for value in outputs:
            text = value if isinstance(value, str) else self.json(value)
            self.write(text if text.endswith("\n") else f"{text}\n")

    def write(self, text: str) -> None:
        """Write text; in a terminal, without what could drive it."""
        sys.stdout.write(readable(text) if self._watched else text)
        sys.stdout.flush()

    def json(self, value: Any) -> str:
        """Write JSON that cannot drive a terminal; on lines of its own where people look at it."""
        indent = 2 if self._watched else None
        text = json.dumps(value, ensure_ascii=False, indent=indent)
        return _UNSAFE_IN_JSON.sub(lambda char: f"\\u{ord(char[0]):04x}", text)

    def _shown(self, value: Any) -> Any:
        """A value as JSON has it: files are their addresses, or where they were saved."""
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
        return file.url or file.path or file.orig_name  # images of Gradio 3 have a name only


class Growing:
    """Prints of a growing text only what is new."""

    def __init__(self, printer: Printer) -> None:
        self._printer = printer
        self._shown = ""

    def show(self, data: Data) -> None:
        """Print what a value has more than the one before; all of it if it is another text."""
        text = text_in(data[0]) if len(data) else None
        if text is None:
            self._printer.show(data)
            return
        if text.startswith(self._shown):
            self._printer.write(text[len(self._shown) :])
        else:
            self.end()
            self._printer.write(text)
        self._shown = text

    def end(self) -> None:
        """End the line."""
        if self._shown and not self._shown.endswith("\n"):
            self._printer.write("\n")
        self._shown = ""


def text_in(value: object) -> str | None:
    """The text that grows in a value: itself, or that of a chat's last message."""
    if isinstance(value, str):
        return value
    if isinstance(value, (list, tuple)) and value:
        return text_in(value[-1])
    if isinstance(value, Mapping):
        return text_in(value.get("content", value.get("text")))
    return None
