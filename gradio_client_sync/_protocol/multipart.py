"""The frame around files in an upload: ``multipart/form-data``, with its length known.

Only the frame: the content is streamed by whoever sends it.

Behaviour: field name ``files`` as Gradio's ``/upload`` expects it, file names written as
browsers do (RFC 7578, section 4.2, and the HTML standard's percent-encoding of three
characters).
"""

from __future__ import annotations

import re
from typing import NamedTuple

# Types come from other servers too, and must not write lines of their own.
_TYPE = re.compile(r"[\w.+-]+/[\w.+-]+(; ?[\w-]+=[\w.-]+)*\Z", re.ASCII)


class Part(NamedTuple):
    """One file of an upload; `size` is ``None`` if it shows only as it is read."""

    name: str
    mime_type: str | None
    size: int | None


class Frame(NamedTuple):
    """What goes before each file's content, and after the last one's."""

    heads: list[bytes]
    tail: bytes
    content_type: str
    length: int | None


def frame_of(parts: list[Part], boundary: str) -> Frame:
    """Lay out an upload.

    Args:
        boundary: A text that no content holds, of letters and digits.
    """
    heads = []
    for index, part in enumerate(parts):
        kind = part.mime_type or ""
        if not _TYPE.match(kind):
            kind = "application/octet-stream"
        heads.append(
            (
                ("\r\n" if index else "") + f"--{boundary}\r\n"
                f'Content-Disposition: form-data; name="files"; filename="{_quoted(part.name)}"\r\n'
                f"Content-Type: {kind}\r\n\r\n"
            ).encode()
        )
    tail = f"\r\n--{boundary}--\r\n".encode()
    length: int | None = len(tail) + sum(map(len, heads))
    for part in parts:
        length = None if length is None or part.size is None else length + part.size
    return Frame(heads, tail, f"multipart/form-data; boundary={boundary}", length)


def _quoted(name: str) -> str:
    return name.replace("\r", "%0D").replace("\n", "%0A").replace('"', "%22")
