"""Forms with files (``multipart/form-data``): complete bodies, and the frame of an upload.

The values of a complete form are in memory and are encoded at once. For an upload, only the frame
around the files is made here, with the length of the whole body. The caller streams the content.

Behaviour: field name ``files`` as Gradio's ``/upload`` expects it, names written as browsers do
(RFC 7578, section 4.2, and the HTML standard's percent-encoding of three characters).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple, Union

if TYPE_CHECKING:
    from collections.abc import Iterable

# A type may come from another server, and must not add header lines.
_TYPE = re.compile(r"[\w.+-]+/[\w.+-]+(; ?[\w-]+=[\w.-]+)*\Z", re.ASCII)


class Part(NamedTuple):
    """One file of an upload; `size` is ``None`` if it is unknown before the file is read."""

    name: str
    mime_type: str | None
    size: int | None


class MultipartFrame(NamedTuple):
    """The bytes around the files of an upload.

    Attributes:
        heads: The bytes before the content of each file.
        tail: The bytes after the content of the last file.
        content_type: The value of the Content-Type header.
        length: The length of the whole body; ``None`` if the size of a file is unknown.
    """

    heads: list[bytes]
    tail: bytes
    content_type: str
    length: int | None


def frame_of(parts: list[Part], boundary: str) -> MultipartFrame:
    """Return the frame of an upload.

    Args:
        parts: The files.
        boundary: A text of letters and digits that no content contains.
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
    """A file in a complete form."""

    name: str
    content: bytes


Field = tuple[str, Union[str, FilePart]]


def encode_form(fields: Iterable[Field], boundary: str) -> bytes:
    """Return the body of a form.

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
