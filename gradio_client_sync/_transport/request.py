"""How a request is written to a socket: the head in one piece, then the body."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from typing import TYPE_CHECKING, Protocol, Union

from .._basics.secret import Secret

if TYPE_CHECKING:
    from .._basics.secret import Texts


class BodyPieces(Protocol):
    """A long body, as an iterable of pieces. Its `len` is 0 if the length is unknown."""

    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[bytes]: ...


Body = Union[bytes, BodyPieces, Secret[bytes], None]

_JOINED_BYTES = 65_536  # for a longer body, joining it to the head costs more than a second write
_WRITE_BYTES = 131_072  # the socket's timeout applies to each write of this size

_TARGET = re.compile("[!-~]+")
_NAMES = re.compile(r"[!#-'*+.^_`|~0-9A-Za-z-]*")
_FIELD = re.compile(r"[^:]+: [^\r\n\0]*\r\n")
_FIELDS = re.compile(f"(?:{_FIELD.pattern})*")
_CHUNKED = {"Transfer-Encoding": "chunked"}


def write(
    sock: socket.socket, method: str, target: str | Secret[str], headers: Texts, body: Body
) -> None:
    """Send a request. A short body is sent together with the head.

    Two writes would be two packets, and wake the server twice. `http.client` is not used because
    it builds the head header by header, which takes four times as long.

    Raises:
        ValueError: The head has invalid characters. Nothing was sent.
        OSError: The connection broke off.
    """
    if body is None:
        sock.sendall(head(method, target, headers))
    elif isinstance(body, bytes):
        fields = {**headers, "Content-Length": str(len(body))}
        if len(body) <= _JOINED_BYTES:
            sock.sendall(head(method, target, fields) + body)
        else:
            sock.sendall(head(method, target, fields))
            view = memoryview(body)
            for start in range(0, len(body), _WRITE_BYTES):
                sock.sendall(view[start : start + _WRITE_BYTES])
    elif isinstance(body, Secret):  # it gets no name here, because frames may be shown
        fields = {**headers, "Content-Length": str(len(body.reveal()))}
        view = memoryview(head(method, target, fields) + body.reveal())
        for start in range(0, len(view), _WRITE_BYTES):
            sock.sendall(view[start : start + _WRITE_BYTES])
    elif len(body):
        sock.sendall(head(method, target, {**headers, "Content-Length": str(len(body))}))
        for piece in body:
            sock.sendall(piece)
    else:
        sock.sendall(head(method, target, {**headers, **_CHUNKED}))
        for piece in filter(None, body):  # an empty chunk would end the body
            sock.sendall(b"%x\r\n%b\r\n" % (len(piece), piece))
        sock.sendall(b"0\r\n\r\n")


def head(method: str, target: str | Secret[str], headers: Texts) -> bytes:
    """Return the head of a request: the request line and the headers.

    Raises:
        ValueError: The target or a header has characters that would change the head's meaning.

    Behaviour: RFC 9112, sections 3 and 5. Ours: no line is folded.
    """
    fields = "".join([f"{name}: {value}\r\n" for name, value in headers.items()])
    if not _TARGET.fullmatch(f"{target}"):
        raise ValueError(f"the URL has characters that a request must not contain: {target!r}")
    plain = _NAMES.fullmatch("".join(headers)) and _FIELDS.fullmatch(fields)
    if not plain or fields.count("\n") != len(headers):
        raise _broken_field(headers)
    try:
        return f"{method} {target} HTTP/1.1\r\n{fields}\r\n".encode("latin-1")
    except UnicodeEncodeError:
        raise _broken_field(headers) from None  # the UnicodeEncodeError contains the whole head


def _broken_field(headers: Texts) -> ValueError:
    """Return the error for an invalid header. It has the name only: the value may be secret."""
    for name, value in headers.items():
        field = f"{name}: {value}\r\n"
        if not (_NAMES.fullmatch(name) and _FIELD.fullmatch(field) and _is_latin(field)):
            break
    return ValueError(f"the header {name!r} has characters that a header must not contain")


def _is_latin(text: str) -> bool:
    return all(ord(character) < 256 for character in text)
