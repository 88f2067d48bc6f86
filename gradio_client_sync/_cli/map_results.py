"""The outcomes of the command ``map``: JSON lines or a table, on standard output or in a file."""

from __future__ import annotations

import csv
import io
import json
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from .._basics.printing import is_unicode
from .._many.saved_files import saved_path
from ..files import RemoteFile
from .inputs import DELIMITERS
from .output import json_text
from .place import unwritable

if TYPE_CHECKING:
    from ..many import Outcome
    from .screen import Screen


class MapResults:
    """Writes outcomes in the order in which it gets them.

    Args:
        screen: Standard output.
        path: The file to write; ``None`` for standard output.
        inputs: The parameters that differ between items: the first columns of a table.
        outputs: The names of the outputs: the columns after them.
    """

    def __init__(
        self, screen: Screen, path: Path | None, inputs: Sequence[str], outputs: Sequence[str]
    ) -> None:
        self._screen = screen
        self._path = path
        self._file: TextIO | None = None
        self._as_ascii = path is None and not is_unicode(sys.stdout)
        suffix = "" if path is None else path.suffix.lower()
        self._delimiter = DELIMITERS.get(suffix)
        self._inputs = inputs
        taken = [*inputs, "error"]
        self._outputs: list[str] = []
        for name in outputs:
            self._outputs.append(_unused(name, [*taken, *self._outputs]))

    def begin(self) -> None:
        """Create the file, and write the header of a table.

        Raises:
            FileError: It cannot be written.
        """
        if self._path is None:
            return
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self._path.open("w", encoding="utf-8", newline="")
        except OSError as exc:
            raise unwritable(self._path, exc) from exc
        if self._delimiter is not None:
            self._row([*self._inputs, *self._outputs, "error"])

    def write(self, outcome: Outcome) -> None:
        """Write one outcome.

        Raises:
            FileError: It cannot be written.
        """
        payload = outcome.payload or {}
        outputs = [] if outcome.error is not None else [plain_value(one) for one in outcome.data]
        if self._delimiter is not None:
            cells = [_cell(plain_value(payload.get(name))) for name in self._inputs]
            cells += [_cell(one) for one in outputs]
            cells += [""] * (len(self._inputs) + len(self._outputs) - len(cells))
            self._row([*cells, "" if outcome.error is None else str(outcome.error)])
            return
        line: dict[str, Any] = {"index": outcome.index, "payload": plain_value(payload)}
        if outcome.error is None:
            line["data"] = outputs
        else:
            line["error"] = {"type": type(outcome.error).__name__, "message": str(outcome.error)}
        self._write(f"{json_text(line, as_ascii=self._as_ascii)}\n")

    def _row(self, cells: Iterable[str]) -> None:
        row = io.StringIO()
        csv.writer(row, delimiter=self._delimiter or ",").writerow(cells)
        self._write(row.getvalue())

    def _write(self, text: str) -> None:
        if self._file is None or self._path is None:
            self._screen.write(text)
            return
        try:
            self._file.write(text.encode("utf-8", "backslashreplace").decode())
        except OSError as exc:
            raise unwritable(self._path, exc) from exc

    def close(self) -> None:
        """Close the file.

        Raises:
            FileError: It cannot be written.
        """
        file, self._file = self._file, None
        if file is None or self._path is None:
            return
        try:
            file.close()
        except OSError as exc:
            raise unwritable(self._path, exc) from exc


def _unused(name: str, taken: Sequence[str]) -> str:
    """Return the name of a column, with a number if another column has it."""
    number, free = 1, name
    while free in taken:
        number += 1
        free = f"{name} {number}"
    return free


def plain_value(value: Any) -> Any:
    """Return a value for JSON; a file becomes its path on this machine, or its URL."""
    if isinstance(value, RemoteFile):
        return saved_path(value) or value.url or value.path or value.orig_name
    if isinstance(value, Mapping):
        return {str(key): plain_value(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain_value(part) for part in value]
    if isinstance(value, os.PathLike):
        return os.fsdecode(value)
    if value is None or isinstance(value, (str, int, float)):
        return value
    if hasattr(value, "isoformat"):
        return value.isoformat()
    link = getattr(value, "url", None) or getattr(value, "orig_name", None)  # of `handle_file`
    return link if isinstance(link, str) else str(value)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
