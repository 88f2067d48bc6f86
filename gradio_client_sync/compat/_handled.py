"""`handle_file` in the form of `gradio_client`, and the files in a payload.

A result of `handle_file` is uploaded, and so is a plain dict in the same form that the caller
wrote. A dict with a path that the server has named is not uploaded. Otherwise an app could name a
local file, and receive it.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Callable

from .. import files
from .exceptions import MissingHandledFileError

_META = {"_type": "gradio.FileData"}
_LINKS = ("http://", "https://")


class FileToUpload(dict[str, Any]):
    """A file to upload, in the form in which `gradio_client` describes it."""


def is_http_url_like(possible_url: object) -> bool:
    """Return whether a value is a text that begins with ``http://`` or ``https://``."""
    return isinstance(possible_url, str) and possible_url.startswith(_LINKS)


def handle_file(filepath_or_url: str | os.PathLike[str]) -> FileToUpload:
    """Mark a path or a URL as a file to upload.

    Args:
        filepath_or_url: The path or the URL.

    Returns:
        A dict for the arguments of a call, at any depth.

    Raises:
        ValueError: The file does not exist.
    """
    text = str(filepath_or_url)
    form = FileToUpload(path=text, meta=dict(_META))
    if is_http_url_like(text):
        form.update(orig_name=text.rsplit("/", maxsplit=1)[-1], url=text)
        return form
    if not Path(text).exists():
        raise MissingHandledFileError(
            f"{text!r} does not exist on local filesystem and is not a valid URL.", path=text
        )
    form["orig_name"] = Path(text).name
    return form


def file(filepath_or_url: str | os.PathLike[str]) -> FileToUpload:
    """Mark a path or a URL as a file to upload. Deprecated: use `handle_file`."""
    warnings.warn("file() is deprecated. Use handle_file().", DeprecationWarning, stacklevel=2)
    return handle_file(filepath_or_url)


def is_file_form(value: Any) -> bool:
    """Return whether a value is a dict in the form of a file."""
    if not isinstance(value, dict) or not isinstance(value.get("path"), str):
        return False
    meta = value.get("meta")
    return isinstance(meta, Mapping) and meta.get("_type") == _META["_type"]


def with_uploads(value: Any, is_named: Callable[[str], bool]) -> Any:
    """Replace the files to upload in a payload by those of the plain client.

    As with `gradio_client`, a local file has the name in its path, whatever *orig_name* says.

    Args:
        value: The payload, or a part of it.
        is_named: Returns whether the server has named a path.

    Returns:
        The value. Parts without files are not copied.

    Raises:
        FileError: A file does not exist or cannot be read.
    """
    if isinstance(value, FileToUpload) or (is_file_form(value) and not is_named(value["path"])):
        name = value.get("orig_name") if is_http_url_like(value["path"]) else None
        return files.handle_file(value["path"], orig_name=name if isinstance(name, str) else None)
    if isinstance(value, dict):
        if is_file_form(value):
            return value
        parts = {key: with_uploads(part, is_named) for key, part in value.items()}
        return parts if any(parts[key] is not value[key] for key in parts) else value
    if type(value) in (list, tuple):
        items = [with_uploads(part, is_named) for part in value]
        if any(new is not old for new, old in zip(items, value)):
            return type(value)(items)
    return value


def paths_in(value: Any) -> set[str]:
    """Return every path and URL of a file in a description or a result, whatever its form."""
    found: set[str] = set()
    pending = [value]
    while pending:
        part = pending.pop()
        if isinstance(part, Mapping):
            found.update(
                t for key in ("path", "name", "url") if isinstance(t := part.get(key), str)
            )
            pending.extend(part.values())
        elif isinstance(part, (list, tuple)):
            pending.extend(part)
    return found
