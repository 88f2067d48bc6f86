"""A request as it goes out: its head in one piece, its body right behind."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator, Mapping
from typing import Protocol, Union


class Pieces(Protocol):
    """A long body: so many bytes, 0 if that is not known, and they piece by piece."""

    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[bytes]: ...


Body = Union[bytes, Pieces, None]

_WRITTEN_TOGETHER = 65_536  # bytes of a body; above, a copy costs more than a second write
_WRITTEN_AT_ONCE = 131_072  # bytes; each of them has the whole time that a server may be slow for

_TARGET = re.compile("[!-~]+")
_NAMES = re.compile(r"[!#-'*+.^_`|~0-9A-Za-z-]*")
_FIELD = re.compile(r"[^:]+: [^\r\n\0]*\r\n")
_FIELDS = re.compile(f"(?:{_FIELD.pattern})*")
_CHUNKED = {"Transfer-Encoding": "chunked"}


def write(
    sock: socket.socket, method: str, target: str, headers: Mapping[str, str], body: Body
) -> None:
    """Send a request: head and body together, if they are small.

    As two writes they would be two packets, and wake the server twice. `http.client` puts a
    head together field by field, for those who hand it anything; that takes four times as long.

    Raises:
        ValueError: The head would be read as another one; nothing was sent.
        OSError: The connection broke.
    """
    if body is None:
        sock.sendall(head(method, target, headers))
    elif isinstance(body, bytes):
        lines = head(method, target, {**headers, "Content-Length": str(len(body))})
        if len(body) <= _WRITTEN_TOGETHER:
            sock.sendall(lines + body)
        else:
            sock.sendall(lines)
            view = memoryview(body)
            for start in range(0, len(body), _WRITTEN_AT_ONCE):
                sock.sendall(view[start : start + _WRITTEN_AT_ONCE])
    elif len(body):
        sock.sendall(head(method, target, {**headers, "Content-Length": str(len(body))}))
        for piece in body:
            sock.sendall(piece)
    else:
        sock.sendall(head(method, target, {**headers, **_CHUNKED}))
        for piece in filter(None, body):  # one of no bytes would be the last
            sock.sendall(b"%x\r\n%b\r\n" % (len(piece), piece))
        sock.sendall(b"0\r\n\r\n")


def head(method: str, target: str, headers: Mapping[str, str]) -> bytes:
    """The lines of a request before its body.

    Raises:
        ValueError: They would be read as others.

    Behaviour: RFC 9112, sections 3 and 5. Ours: no line is folded.
    """
    fields = "".join([f"{name}: {value}\r\n" for name, value in headers.items()])
    if not _TARGET.fullmatch(target):
        raise ValueError(f"the address has characters that cannot be asked for: {target!r}")
    plain = _NAMES.fullmatch("".join(headers)) and _FIELDS.fullmatch(fields)
    if not plain or fields.count("\n") != len(headers):
        raise _broken_field(headers)
    try:
        return f"{method} {target} HTTP/1.1\r\n{fields}\r\n".encode("latin-1")
    except UnicodeEncodeError:
        raise _broken_field(headers) from None  # it holds the whole head


def _broken_field(headers: Mapping[str, str]) -> ValueError:
    """The error for a header, by its name only: its value may be a secret."""
    for name, value in headers.items():
        field = f"{name}: {value}\r\n"
        if not (_NAMES.fullmatch(name) and _FIELD.fullmatch(field) and _is_latin(field)):
            break
    return ValueError(f"the header {name!r} has characters that no header may have")


def _is_latin(text: str) -> bool:
    return all(ord(character) < 256 for character in text)
