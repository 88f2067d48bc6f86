"""What a file to send can be: content in memory, a path, an open file, a link, a result.

Each kind says what it is called and how long it is, as far as that can be known, when the
call is made. It is looked at again and read when it is sent, which may be more than once.
"""

from __future__ import annotations

import hashlib
import io
import os
import stat
import tempfile
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable, NamedTuple

from .._protocol.values.attachments import Attachment
from .._protocol.values.filedata import server_form
from .._protocol.values.filename import safe_name, type_of
from .._transport.body import CHUNK_BYTES
from .._transport.connections import is_public
from ..errors import FileError, PayloadError

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from .._protocol.dialect import Dialect
    from .._transport.body import Reader
    from .._transport.connections import RequestHandle
    from .download import FileStore

    Opener = Callable[[], AbstractContextManager[Reader]]

_HASHED = 8 * 2**20  # bytes; larger files on disk are told apart by place, size and time


class FileState(NamedTuple):
    """A content as it is now.

    Attributes:
        identity: Equal for equal content; ``None`` where that would have to be read first.
    """

    size_bytes: int | None
    identity: tuple[object, ...] | None


class LocalFile(Attachment):
    """A file to be sent."""

    is_read_once = False

    def __init__(self, name: str | None, size_bytes: int | None, head: bytes = b"") -> None:
        name = name and name.encode("utf-8", "replace").decode()  # of bytes that are no text
        self.mime_type = type_of(name or "", head)
        self.orig_name = name if name else safe_name(None, self.mime_type)
        self.size_bytes = size_bytes

    def look(self) -> FileState:
        """Look again: it may have changed.

        Raises:
            FileError: It is gone, or cannot be read any more.
        """
        return FileState(self.size_bytes, None)

    def open(self) -> AbstractContextManager[Reader]:
        """Read it from the start.

        Raises:
            FileError, OSError: It cannot be read.
        """
        raise NotImplementedError

    def reference(self, dialect: Dialect, file_store: FileStore) -> dict[str, Any] | None:
        """Return what stands for the file if the server has it or can fetch it by itself.

        Args:
            file_store: The files of the app that the call goes to.

        Returns:
            The form for the payload; ``None`` if the content has to be uploaded.
        """
        return None

    def opener(self, file_store: FileStore, new_call: Callable[[], RequestHandle]) -> Opener:
        """Return a function that opens the content for an upload.

        Args:
            file_store: Fetches content that is not on this machine.
            new_call: Makes the handle of a request, if one is needed.
        """
        return self.open

    def __repr__(self) -> str:
        size = "" if self.size_bytes is None else f", {self.size_bytes} bytes"
        return f"<{type(self).__name__} {self.orig_name!r}{size}>"


# -- on this machine ------------------------------------------------------------------


class BytesFile(LocalFile):
    """Content in memory."""

    def __init__(self, content: bytes, name: str | None = None) -> None:
        super().__init__(os.path.basename(name) if name else None, len(content), content[:16])
        self._content = content
        self._identity: tuple[object, ...] | None = None

    def look(self) -> FileState:
        if self._identity is None:
            self._identity = len(self._content), hashlib.blake2b(self._content).digest()
        return FileState(len(self._content), self._identity)

    @contextmanager
    def open(self) -> Iterator[Reader]:
        yield io.BytesIO(self._content)


class PathFile(LocalFile):
    """A file on disk."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        try:
            self.path = Path(os.fsdecode(path)).expanduser()
            status = self.path.stat()
        except (OSError, ValueError, RuntimeError) as exc:  # expanduser: nobody of that name
            raise _missing(os.fsdecode(path)) from exc
        if stat.S_ISDIR(status.st_mode):
            raise self._error("is a folder. Pass its files, as a list")
        head = b""
        if stat.S_ISREG(status.st_mode):  # opening a pipe would wait for its other end
            try:
                with self.open() as file:
                    head = file.read(16)
            except OSError as exc:
                raise self._error(f"cannot be read: {exc.strerror}") from exc
        self.is_read_once = not stat.S_ISREG(status.st_mode)
        size = None if self.is_read_once else status.st_size
        super().__init__(self.path.name, size, head)

    def _error(self, what: str) -> FileError:
        return FileError(f"{str(self.path)!r} {what}.", path=str(self.path))

    def look(self) -> FileState:
        try:
            status = self.path.stat()
            if not stat.S_ISREG(status.st_mode):
                return FileState(None, None)
            with self.open() as file:
                return _look(status, 0, file)
        except OSError as exc:
            raise self._error(f"cannot be read any more: {exc.strerror}") from exc

    @contextmanager
    def open(self) -> Iterator[Reader]:
        with self.path.open("rb", buffering=0) as file:
            yield file


def _missing(path: str) -> FileError:
    where = "" if os.path.isabs(path) else f" (looked for in {os.getcwd()!r})"
    return FileError(f"There is no file {path!r} to send{where}.", path=path)


def _look(status: os.stat_result, position: int, file: Reader) -> FileState:
    size = max(0, status.st_size - position)
    if size > _HASHED:
        return FileState(size, (status.st_dev, status.st_ino, position, size, status.st_mtime_ns))
    digest, size = hashlib.blake2b(), 0
    for piece in iter(lambda: file.read(CHUNK_BYTES), b""):
        digest.update(piece)
        size += len(piece)
    return FileState(size, (size, digest.digest()))


# -- open files -----------------------------------------------------------------------


def open_file(file: Any) -> LocalFile:
    """A file object, from where it stands.

    Raises:
        PayloadError: It does not give bytes.
        FileError: It is closed, or open for writing only.
    """
    if type(file).__module__ == tempfile.__name__:  # those wrap what they stand for
        file = getattr(file, "file", None) or getattr(file, "_file", file)
    if isinstance(file, io.TextIOBase) or isinstance(getattr(file, "encoding", None), str):
        raise PayloadError(
            f"{_shown(file)} is open for text. Open it with mode 'rb', or pass its path."
        )
    if getattr(file, "closed", False) is True:
        raise FileError(f"{_shown(file)} is closed. Pass its path, or keep it open.")
    if isinstance(file, io.IOBase) and not file.readable():
        raise FileError(f"{_shown(file)} is open for writing only. Pass its path.")
    name = _name_of(file)
    if isinstance(file, io.BytesIO):
        # Unlike reading, this does not copy what has not been written to since.
        return BytesFile(file.getvalue()[file.tell() :], name)
    raw = file.raw if isinstance(file, (io.BufferedReader, io.BufferedRandom)) else file
    # Only of a plain file is what the descriptor gives what the object would give.
    if type(raw) is not io.FileIO or not hasattr(os, "pread"):
        return StreamFile(file, name)
    if not stat.S_ISREG(os.fstat(raw.fileno()).st_mode):
        return StreamFile(file, name)
    return DescriptorFile(raw.fileno(), file.tell(), name)


def _name_of(file: Any) -> str | None:
    name = getattr(file, "name", None)
    return os.fsdecode(name) if isinstance(name, (str, bytes)) else None  # or a number


def _shown(file: Any) -> str:
    name = _name_of(file)
    return f"The {type(file).__name__}" if name is None else repr(name)


class DescriptorFile(LocalFile):
    """What is left of an open file; it may be closed or read from meanwhile."""

    def __init__(self, descriptor: int, position: int, name: str | None) -> None:
        self._descriptor = os.dup(descriptor)
        weakref.finalize(self, os.close, self._descriptor)
        self._position = position
        size = max(0, os.fstat(self._descriptor).st_size - position)
        head = os.pread(self._descriptor, 16, position)
        super().__init__(os.path.basename(name) if name else None, size, head)

    def look(self) -> FileState:
        try:
            with self.open() as file:
                return _look(os.fstat(self._descriptor), self._position, file)
        except OSError as exc:
            raise FileError(f"{self.orig_name!r} cannot be read any more: {exc.strerror}.") from exc

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
    """An open stream without a plain file behind it, read once, when it is sent."""

    is_read_once = True

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
        yield _StreamReader(self._stream)


class _StreamReader:
    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def read(self, size: int, /) -> bytes:
        piece = self._stream.read(size)
        if piece is None:
            raise BlockingIOError("it does not wait for its bytes; open it as a blocking one")
        if not isinstance(piece, (bytes, bytearray, memoryview)):
            raise TypeError(f"it gives {type(piece).__name__} and not bytes")
        return bytes(piece)


# -- elsewhere ------------------------------------------------------------------------


class Link(LocalFile):
    """A file at an address; who sends it decides who fetches it."""

    def __init__(self, url: str) -> None:
        self.url = url
        super().__init__(safe_name(url.partition("?")[0].partition("#")[0]), None)

    def reference(self, dialect: Dialect, file_store: FileStore) -> dict[str, Any] | None:
        return link_form(self, self.url, dialect)

    def opener(self, file_store: FileStore, new_call: Callable[[], RequestHandle]) -> Opener:
        return partial(file_store.open_link, self.url, self.orig_name, new_call())


def link_form(file: LocalFile, url: str, dialect: Dialect) -> dict[str, Any] | None:
    """Return what stands for a link that the app's server fetches; ``None`` if it cannot."""
    if dialect.files == "filedata" and is_public(url):
        return server_form(dialect, url, name=file.orig_name, mime_type=file.mime_type)
    return None
