"""What a file to send can be: content in memory, a path, an open file, a link, a result.

Each kind says what it is called, how long it is if that can be known, and whether it is the
same as another; its content is read when it is sent, and may be read more than once.
"""

from __future__ import annotations

import hashlib
import io
import os
import stat
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ._protocol.attachments import Attachment
from ._protocol.filedata import FileFacts
from ._protocol.filename import safe_name, type_of
from .errors import FileError, PayloadError

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from ._downloads import Depot
    from ._transport.body import Reader
    from .files import RemoteFile

_HASHED = 8 * 2**20  # bytes; larger files on disk are told apart by place, size and time


def open_file(file: Any) -> LocalFile:
    if isinstance(file, io.TextIOBase) or isinstance(getattr(file, "encoding", None), str):
        raise PayloadError(
            f"{_shown(file)} is open for text. Open it with mode 'rb', or pass its path."
        )
    if getattr(file, "closed", False):
        raise FileError(f"{_shown(file)} is closed. Pass its path, or keep it open.")
    name = getattr(file, "name", None)
    name = name if isinstance(name, str) else None
    if isinstance(file, io.BytesIO):
        return BytesFile(bytes(file.getbuffer()[file.tell() :]), name)
    try:
        descriptor, position = file.fileno(), file.tell()
        if hasattr(os, "pread") and stat.S_ISREG(os.fstat(descriptor).st_mode):
            return DescriptorFile(descriptor, position, name)
    except (OSError, AttributeError, ValueError):
        pass  # no file of the operating system, or one without a position
    return StreamFile(file, name)


def _shown(file: Any) -> str:
    name = getattr(file, "name", None)
    return repr(name) if isinstance(name, str) else f"The {type(file).__name__}"


class LocalFile(Attachment):
    """A file to be sent whose content can be read here."""

    def __init__(self, name: str | None, size_bytes: int | None, head: bytes = b"") -> None:
        self.mime_type = type_of(name or "", head)
        self.orig_name = name if name else safe_name(None, self.mime_type)
        self.size_bytes = size_bytes

    def open(self) -> AbstractContextManager[Reader]:
        """Read it from the start."""
        raise NotImplementedError

    def identity(self) -> tuple[object, ...] | None:
        """Equal for equal content; ``None`` where that would have to be read first."""
        return None

    def __repr__(self) -> str:
        size = "" if self.size_bytes is None else f", {self.size_bytes} bytes"
        return f"<{type(self).__name__} {self.orig_name!r}{size}>"


class BytesFile(LocalFile):
    """Content in memory."""

    def __init__(self, content: bytes, name: str | None = None) -> None:
        super().__init__(os.path.basename(name) if name else None, len(content), content[:16])
        self._content = content

    @contextmanager
    def open(self) -> Iterator[Reader]:
        yield io.BytesIO(self._content)

    def identity(self) -> tuple[object, ...]:
        return len(self._content), hashlib.blake2b(self._content).digest()


class PathFile(LocalFile):
    """A file on disk."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(os.fspath(path)).expanduser()
        status = self._status()
        if stat.S_ISDIR(status.st_mode):
            raise FileError(
                f"{str(self.path)!r} is a folder. Pass its files, as a list.", path=str(self.path)
            )
        if not os.access(self.path, os.R_OK):
            raise FileError(
                f"{str(self.path)!r} may not be read by this user.", path=str(self.path)
            )
        regular = stat.S_ISREG(status.st_mode)
        head = b""
        if regular and type_of(self.path.name) is None:
            with self.open() as file:
                head = file.read(16)
        super().__init__(self.path.name, status.st_size if regular else None, head)

    def _status(self) -> os.stat_result:
        try:
            return self.path.stat()
        except (OSError, ValueError) as exc:
            where = "" if self.path.is_absolute() else f" (looked for in {os.getcwd()!r})"
            raise FileError(
                f"There is no file {str(self.path)!r} to send{where}.", path=str(self.path)
            ) from exc

    @contextmanager
    def open(self) -> Iterator[Reader]:
        with self.path.open("rb", buffering=0) as file:
            yield file

    def identity(self) -> tuple[object, ...] | None:
        status = self._status()
        if self.size_bytes != status.st_size:
            self.size_bytes = status.st_size  # it was written to since
        if self.size_bytes > _HASHED:
            return os.path.realpath(self.path), *status[:3], status.st_size, status.st_mtime_ns
        if not stat.S_ISREG(status.st_mode):
            return None
        content = self.path.read_bytes()
        return len(content), hashlib.blake2b(content).digest()


class DescriptorFile(LocalFile):
    """What is left of an open file; it may be closed or read from meanwhile."""

    def __init__(self, descriptor: int, position: int, name: str | None) -> None:
        self._descriptor = os.dup(descriptor)
        weakref.finalize(self, os.close, self._descriptor)
        self._position = position
        size = max(0, os.fstat(self._descriptor).st_size - position)
        head = os.pread(self._descriptor, 16, position)
        super().__init__(os.path.basename(name) if name else None, size, head)

    @contextmanager
    def open(self) -> Iterator[Reader]:
        yield _DescriptorReader(self._descriptor, self._position)


class _DescriptorReader:
    def __init__(self, descriptor: int, position: int) -> None:
        self._descriptor = descriptor
        self._position = position

    def read(self, size: int, /) -> bytes:
        piece = os.pread(self._descriptor, size, self._position)
        self._position += len(piece)
        return piece


class StreamFile(LocalFile):
    """An open stream without a file behind it, read once, when it is sent."""

    def __init__(self, stream: Any, name: str | None) -> None:
        super().__init__(os.path.basename(name) if name else None, None)
        self._stream = stream
        self._used = False

    @contextmanager
    def open(self) -> Iterator[Reader]:
        if self._used:
            raise FileError(
                f"The stream {self.orig_name!r} was sent already and cannot be read again. Read "
                "it into bytes to send it more than once.",
                path=self.orig_name,
            )
        self._used = True
        yield self._stream


class Link(LocalFile):
    """A file at an address."""

    def __init__(self, url: str) -> None:
        self.url = url
        super().__init__(safe_name(url.partition("?")[0].partition("#")[0]), None)


class FetchedLink(LocalFile):
    """What is at a link, fetched by this machine on its way to the app."""

    def __init__(self, depot: Depot, link: Link) -> None:
        super().__init__(link.orig_name, None)
        self.mime_type = link.mime_type
        self._depot = depot
        self._facts = FileFacts(
            link.url, None, link.orig_name, None, link.mime_type, is_stream=False, inline=None
        )

    def open(self) -> AbstractContextManager[Reader]:
        return self._depot.open(self._facts)


class ServerFile(LocalFile):
    """A file of an earlier result, of this server or another one."""

    def __init__(self, remote: RemoteFile) -> None:
        self.remote = remote
        super().__init__(remote.orig_name, remote.size)
        self.mime_type = remote.mime_type or self.mime_type

    @contextmanager
    def open(self) -> Iterator[Reader]:
        with self.remote._fetch() as download:
            yield download

    def identity(self) -> tuple[object, ...] | None:
        return ("remote", self.remote.url) if self.remote.url is not None else None
