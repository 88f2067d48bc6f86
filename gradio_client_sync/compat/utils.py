"""The functions and classes of `gradio_client.utils` that scripts import."""

from __future__ import annotations

import base64
import mimetypes
import os
import re
from collections.abc import Mapping
from typing import Any

from .. import __version__ as __version__
from ._communicator import Communicator as Communicator
from ._handled import file as file
from ._handled import handle_file as handle_file
from ._handled import is_http_url_like as is_http_url_like
from ._schema_text import APIInfoParseError as APIInfoParseError
from ._schema_text import schema_text
from ._updates import OutputUpdate as OutputUpdate
from ._updates import ProgressUnit as ProgressUnit
from ._updates import Status as Status
from ._updates import StatusUpdate as StatusUpdate
from ._updates import Update as Update
from .exceptions import InvalidAPIEndpointError as InvalidAPIEndpointError
from .exceptions import QueueError as QueueError
from .exceptions import SpaceDuplicationError as SpaceDuplicationError
from .exceptions import TooManyRequestsError as TooManyRequestsError

_LONGEST = 200  # bytes
_FORBIDDEN = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f`$!{}]')
_DEVICES = frozenset("CON PRN AUX NUL CONIN$ CONOUT$".split()) | {
    f"{kind}{number}" for kind in ("COM", "LPT") for number in "123456789¹²³"
}
_TYPES = {".vtt": "text/vtt", ".webp": "image/webp"}


def get_mimetype(filename: str) -> str | None:
    """Guess the MIME type of a file from its name."""
    for ending, kind in _TYPES.items():
        if filename.lower().endswith(ending):
            return kind
    guess = mimetypes.guess_type(filename)[0]
    return guess and guess.replace("x-wav", "wav").replace("x-flac", "flac")


def encode_file_to_base64(f: str | os.PathLike[str]) -> str:
    """Return the content of a file as a data URL."""
    with open(f, "rb") as opened:
        content = base64.b64encode(opened.read()).decode("ascii")
    return f"data:{get_mimetype(os.fspath(f)) or ''};base64,{content}"


def json_schema_to_python_type(schema: Mapping[str, Any]) -> str:
    """Return a JSON schema as a Python type."""
    return schema_text(schema)


def strip_invalid_filename_characters(filename: str, max_bytes: int = _LONGEST) -> str:
    """Remove characters that some operating system does not allow in file names.

    Args:
        filename: The name, with or without a suffix.
        max_bytes: The largest length, in bytes of UTF-8. The suffix is kept if it fits.
    """
    stem, ending = (_FORBIDDEN.sub("", part) for part in os.path.splitext(filename))
    if ending and not stem:
        stem = "file"
    if stem + ending == "..":
        return ".."  # so that a server refuses it
    stem, ending = os.path.splitext((stem + ending).rstrip(" .") or "file")
    if (stem + ending).partition(".")[0].rstrip(" ").upper() in _DEVICES:
        stem = f"_{stem}"
    space = max_bytes - len(ending.encode())
    if space >= len(stem.encode()):
        return stem + ending
    short = stem.encode()[: max(space, 0)].decode("utf-8", "ignore")
    if short or space >= 0:
        return short + ending
    stem = "file"[:max_bytes]
    ending = ending.encode()[: max_bytes - len(stem)].decode("utf-8", "ignore")
    return stem + ending
