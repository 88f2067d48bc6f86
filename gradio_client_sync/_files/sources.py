"""The kinds of files that can be uploaded: content in memory, a path, an open file, a link.

The name and, if possible, the size are read when the call is made. When the file is uploaded, the
size is read again, and then the content. A retry uploads the file again.
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

from .._basics.printing import printable
from .._basics.words import counted
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

_HASHED = 8 * 2**20  # bytes; larger files on disk are identified by inode, size and time instead


class FileState(NamedTuple):
    """The present state of a file.

    Attributes:
        size_bytes: The size; ``None`` if it is not known.
        identity: A value that is equal for equal content; ``None`` if it is not known.
    """

    size_bytes: int | None
    identity: tuple[object, ...] | None


class LocalFile(Attachment):
    """A file to upload.

    Args:
        name: The file name; ``None`` for a name made from the type.
        size_bytes: The size; ``None`` if it is not known.
        head: The first bytes, from which the MIME type is guessed if the name does not show it.

    Attributes:
        is_read_once: Whether the content cannot be read again for a retry.
    """

    is_read_once = False

    def __init__(self, name: str | None, size_bytes: int | None, head: bytes = b"") -> None:
        name = name and name.encode("utf-8", "replace").decode()  # bytes that are not UTF-8
        self.mime_type = type_of(name or "", head)
        self.orig_name = name if name else safe_name(None, self.mime_type)
        self.size_bytes = size_bytes

    def state(self) -> FileState:
        """Return the present state of the file, which may have changed.

        Raises:
            FileError: The file no longer exists, or cannot be read.
        """
        return FileState(self.size_bytes, None)

    def open(self) -> AbstractContextManager[Reader]:
        """Open the content for reading from its start.

        Raises:
            FileError, OSError: The content cannot be read.
        """
        raise NotImplementedError

    def reference(self, dialect: Dialect, file_store: FileStore) -> dict[str, Any] | None:
        """Return the value for the payload if the server has the file or can download it.

        Args:
            dialect: The rules of the server's generation.
            file_store: The files of the app that the call goes to.

        Returns:
            The value; ``None`` if the content has to be uploaded.
        """
        return None

    def opener(self, file_store: FileStore, new_call: Callable[[], RequestHandle]) -> Opener:
        """Return a function that opens the content for an upload.

        Args:
            file_store: The object that downloads content that is not on this machine.
            new_call: A function that makes the handle of a request, if one is needed.
        """
        return self.open

    def __repr__(self) -> str:
        size = "" if self.size_bytes is None else f", {counted(self.size_bytes, 'byte')}"
        return printable(f"<{type(self).__name__} {self.orig_name!r}{size}>")


# -- on this machine ------------------------------------------------------------------


class BytesFile(LocalFile):
    """A content in memory."""

    def __init__(self, content: bytes, name: str | None = None) -> None:
        super().__init__(os.path.basename(name) if name else None, len(content), content[:16])
        self._content = content
        self._identity: tuple[object, ...] | None = None

    def state(self) -> FileState:
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
            self.path = Path(os.path.expanduser(os.fsdecode(path)))  # ~name stays if it is no user
            status = self.path.stat()
        except (OSError, ValueError) as exc:
            raise _missing(os.fsdecode(path)) from exc
        if stat.S_ISDIR(status.st_mode):
            if not os.fsdecode(path):  # "" is the present folder for `Path`
                raise FileError("The path of the file is empty. To send no file, pass None.")
            raise self._error("is a folder. Pass a list of its files")
        head = b""
        if stat.S_ISREG(status.st_mode):  # opening a named pipe would wait for its writer
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

    def state(self) -> FileState:
        try:
            status = self.path.stat()
            if not stat.S_ISREG(status.st_mode):
                return FileState(None, None)
            with self.open() as file:
                return _state_of(status, 0, file)
        except OSError as exc:
            raise self._error(f"can no longer be read: {exc.strerror}") from exc

    @contextmanager
    def open(self) -> Iterator[Reader]:
        with self.path.open("rb", buffering=0) as file:
            yield file


def _missing(path: str) -> FileError:
    where = "" if os.path.isabs(path) else f" in the folder {os.getcwd()!r}"
    return FileError(f"The file {path!r} does not exist{where}.", path=path)


def _state_of(status: os.stat_result, position: int, file: Reader) -> FileState:
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
    """Make a `LocalFile` from an open file, from its present position.

    Raises:
        PayloadError: The file is open in text mode.
        FileError: The file is closed, or open only for writing.
    """
    if type(file).__module__ == tempfile.__name__:  # a wrapper of the real file object
        file = getattr(file, "file", None) or getattr(file, "_file", file)
    if isinstance(file, io.TextIOBase) or isinstance(getattr(file, "encoding", None), str):
        raise PayloadError(
            f"{_shown(file)} is open in text mode. Open it with mode 'rb', or pass its path."
        )
    if getattr(file, "closed", False) is True:
        raise FileError(f"{_shown(file)} is closed. Pass its path, or keep it open.")
    if isinstance(file, io.IOBase) and not file.readable():
        raise FileError(f"{_shown(file)} is open only for writing. Pass its path.")
    name = _name_of(file)
    if isinstance(file, io.BytesIO):
        # Unlike `read`, `getvalue` makes no copy if nothing was written since.
        return BytesFile(file.getvalue()[file.tell() :], name)
    raw = file.raw if isinstance(file, (io.BufferedReader, io.BufferedRandom)) else file
    # Only for plain files does reading the descriptor give the same bytes as reading the object.
    if type(raw) is not io.FileIO or not hasattr(os, "pread"):
        return StreamFile(file, name)
    if not stat.S_ISREG(os.fstat(raw.fileno()).st_mode):
        return StreamFile(file, name)
    return DescriptorFile(raw.fileno(), file.tell(), name)


def _name_of(file: Any) -> str | None:
    name = getattr(file, "name", None)
    return os.fsdecode(name) if isinstance(name, (str, bytes)) else None  # it may be a number


def _shown(file: Any) -> str:
    name = _name_of(file)
    return f"The {type(file).__name__}" if name is None else repr(name)


class DescriptorFile(LocalFile):
    """The rest of an open file. The caller may close the file or read from it meanwhile.

    Args:
        descriptor: The descriptor of the file, which is duplicated.
        position: The position from which the content is read.
        name: The name of the file, if it is known.
    """

    def __init__(self, descriptor: int, position: int, name: str | None) -> None:
        self._descriptor = os.dup(descriptor)
        weakref.finalize(self, os.close, self._descriptor)
        self._position = position
        size = max(0, os.fstat(self._descriptor).st_size - position)
        head = os.pread(self._descriptor, 16, position)
        super().__init__(os.path.basename(name) if name else None, size, head)

    def state(self) -> FileState:
        try:
            with self.open() as file:
                return _state_of(os.fstat(self._descriptor), self._position, file)
        except OSError as exc:
            raise FileError(f"{self.orig_name!r} can no longer be read: {exc.strerror}.") from exc

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
    """An open stream that is not a plain file. It is read only once, when it is uploaded."""

    is_read_once = True

    def __init__(self, stream: Any, name: str | None) -> None:
        super().__init__(os.path.basename(name) if name else None, None)
        self._stream = stream
        self._used = False

    @contextmanager
    def open(self) -> Iterator[Reader]:
        if self._used:
            raise FileError(
                f"The stream {self.orig_name!r} was already sent, and cannot be read again. To "
                "send it more than once, read it into bytes first.",
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
            raise BlockingIOError("the stream is non-blocking; open it in blocking mode")
        if not isinstance(piece, (bytes, bytearray, memoryview)):
            raise TypeError(f"its read() returns {type(piece).__name__} and not bytes")
        return bytes(piece)


# -- elsewhere ------------------------------------------------------------------------


class Link(LocalFile):
    """A file at a URL. The app's server downloads it if it can; otherwise this machine does."""

    def __init__(self, url: str) -> None:
        self.url = url
        super().__init__(safe_name(url.partition("?")[0].partition("#")[0]), None)

    def reference(self, dialect: Dialect, file_store: FileStore) -> dict[str, Any] | None:
        return link_form(self, self.url, dialect)

    def opener(self, file_store: FileStore, new_call: Callable[[], RequestHandle]) -> Opener:
        return partial(file_store.open_link, self.url, self.orig_name, new_call())


def link_form(file: LocalFile, url: str, dialect: Dialect) -> dict[str, Any] | None:
    """Return the value for a URL that the app's server downloads.

    Args:
        file: The file, for its name and type.
        url: The URL.
        dialect: The rules of the server's generation.

    Returns:
        The value for the payload; ``None`` if the server cannot download the URL.
    """
    if dialect.files == "filedata" and is_public(url):
        return server_form(dialect, url, name=file.orig_name, mime_type=file.mime_type)
    return None
