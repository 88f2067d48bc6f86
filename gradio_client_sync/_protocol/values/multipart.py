"""Forms with files (``multipart/form-data``): whole ones, and the frame of an upload.

A form's values are in memory and written at once. Of an upload there is only the frame here,
with its length known: the content is streamed by whoever sends it.

Behaviour: field name ``files`` as Gradio's ``/upload`` expects it, names written as browsers do
(RFC 7578, section 4.2, and the HTML standard's percent-encoding of three characters).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple, Union

if TYPE_CHECKING:
    from collections.abc import Iterable

# Types come from other servers too, and must not write lines of their own.
_TYPE = re.compile(r"[\w.+-]+/[\w.+-]+(; ?[\w-]+=[\w.-]+)*\Z", re.ASCII)


class Part(NamedTuple):
    """One file of an upload; `size` is ``None`` if it shows only as it is read."""

    name: str
    mime_type: str | None
    size: int | None


class MultipartFrame(NamedTuple):
    """What goes before each file's content, and after the last one's."""

    heads: list[bytes]
    tail: bytes
    content_type: str
    length: int | None


def frame_of(parts: list[Part], boundary: str) -> MultipartFrame:
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
    return MultipartFrame(heads, tail, f"multipart/form-data; boundary={boundary}", length)


class FilePart(NamedTuple):
    """A file in a form."""

    name: str
    content: bytes


Field = tuple[str, Union[str, FilePart]]


def encode_form(fields: Iterable[Field], boundary: str) -> bytes:
    """Write a form's body.

    Args:
        fields: Names and values, in the form's order.
        boundary: A text that occurs in none of the values.
    """
    parts: list[bytes] = []
    for name, value in fields:
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="{_quoted(name)}"'
        if isinstance(value, FilePart):
            kind = "\r\nContent-Type: application/octet-stream"
            head, content = f'{head}; filename="{_quoted(value.name)}"{kind}', value.content
        else:
            content = value.encode("utf-8", "replace")
        parts += [head.encode("utf-8", "replace"), b"\r\n\r\n", content, b"\r\n"]
    parts.append(f"--{boundary}--\r\n".encode())
    return b"".join(parts)


def _quoted(name: str) -> str:
    return name.replace("\r", "%0D").replace("\n", "%0A").replace('"', "%22")
