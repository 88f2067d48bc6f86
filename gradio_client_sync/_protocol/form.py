"""Forms with files, as web pages send them (``multipart/form-data``)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Union

if TYPE_CHECKING:
    from collections.abc import Iterable


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

    Behaviour: quoting of names as in the HTML standard, which browsers follow.
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
