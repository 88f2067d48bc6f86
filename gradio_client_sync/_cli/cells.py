"""Conversion of the values of tables and JSON lines to those of parameters.

A text in a table is data: an ``@`` at its beginning has no meaning. If the parameter takes only
files, the text is the path or the URL of a file.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .._protocol.values.filedata import is_link
from ..files import handle_file
from .assign import form_of, takes_files
from .values import json_or_text, takes_text

if TYPE_CHECKING:
    from .._protocol.api.signature import Parameter
    from .._protocol.values.slot import Slot


class Column:
    """The values for one parameter.

    Args:
        parameter: The parameter.
        slot: Its component, if that is known.
    """

    def __init__(self, parameter: Parameter, slot: Slot | None) -> None:
        kinds = parameter.hint.kinds() - {"None", "union", "list"}
        self._hint = parameter.hint
        self._has_default = not parameter.required
        self._is_message = form_of(parameter, slot) == "message"
        self._takes_only_files = takes_files(parameter, slot) and not self._is_message
        self._takes_only_files &= kinds <= {"file", "dict", "object", "Any"}
        self.name = parameter.sent_as

    def of_text(self, text: str) -> Any:
        """Return the value for a cell of a table of text.

        Returns:
            The value. For an empty cell, `MISSING` if the app has a default.
        """
        if not text and self._has_default:
            return MISSING
        if self._takes_only_files and text[:1] not in ("[", "{"):
            return self._file(text) if text else None
        return self.of_json(text if self._is_message else json_or_text(text, self._hint))

    def of_json(self, value: Any) -> Any:
        """Return the value for a value of JSON or of a typed table."""
        if self._is_message and isinstance(value, Mapping):
            files = value.get("files")
            return {**value, "files": self._files(files)} if files else value
        return self._files(value) if self._takes_only_files else self._text(value)

    def _text(self, value: Any) -> Any:
        """Return a number or a list as text, if the parameter takes only text."""
        is_other = isinstance(value, (int, float)) and not isinstance(value, bool)
        if is_other and takes_text(self._hint) and not self._hint.takes(value):
            return str(value)
        return value

    def _files(self, value: Any) -> Any:
        if isinstance(value, str):
            return self._file(value) if value else None
        if isinstance(value, list):
            return [self._files(part) for part in value]
        if isinstance(value, Mapping) and isinstance(value.get("bytes"), bytes):
            # As the datasets of Hugging Face have files in a Parquet table.
            return handle_file(value["bytes"], orig_name=value.get("path"))
        return value

    def _file(self, text: str) -> Any:
        """Return a file. Its content is read when it is sent, so that only its item may fail."""
        text = text[1:] if text.startswith("@") else text
        if is_link(text):
            return handle_file(text)
        return text if text.startswith("data:") else Path(os.path.expanduser(text))


class _Missing:
    """The type of `MISSING`."""


#: Stands for a cell without a value: the app's default is used.
MISSING = _Missing()
