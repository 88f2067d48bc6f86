"""Downloaded content that is kept on this machine for later reads.

Content of up to 4 MB is kept in memory, up to a total of 64 MB. Other content is kept in a file of
the private folder of this process, or in memory if the disk is full. A file is removed when its
`Kept` is garbage-collected, and when the process exits.
"""

from __future__ import annotations

import io
import os
import tempfile
import weakref
from pathlib import Path
from typing import Any, BinaryIO

from .._transport.signal_safe import new_lock
from .folder import private_folder

#: The largest content that is kept in memory.
SMALL_BYTES = 4 * 2**20

#: The largest total of contents in memory. Beyond it, content is written to the disk.
MEMORY_BYTES = 64 * 2**20


class _MemoryCounter:
    """A counter of the bytes that are kept in memory."""

    def __init__(self) -> None:
        # Reentrant: the garbage collector may call `release` in a thread that holds the lock.
        self._lock = new_lock()
        self._bytes = 0

    def reserve(self, size: int) -> bool:
        """Reserve `size` bytes if the limits allow it, and return whether they do."""
        with self._lock:
            if size > SMALL_BYTES or self._bytes + size > MEMORY_BYTES:
                return False
            self._bytes += size
            return True

    def release(self, size: int) -> None:
        """Release reserved bytes."""
        with self._lock:
            self._bytes -= size


_memory = _MemoryCounter()


class Kept:
    """A content that is kept in memory or in a file.

    If it is in memory, its pickle has the content. Otherwise the pickle has only the path of the
    file.
    """

    __slots__ = ("__weakref__", "_memory", "_path")

    def __init__(self, memory: bytes | None, path: Path | None = None) -> None:
        self._memory = memory
        self._path = path
        if path is not None:
            weakref.finalize(self, _remove, path, os.getpid())

    @classmethod
    def of(cls, content: bytes) -> Kept:
        """Keep `content` in memory or in a new file, depending on its size."""
        if _memory.reserve(len(content)):
            kept = cls(content)
            weakref.finalize(kept, _memory.release, len(content))
            return kept
        path: Path | None = None
        try:
            path, file = _new_file()
            with file:
                file.write(content)
        except OSError:  # the disk is full or cannot be written; the content is in memory already
            if path is not None:
                path.unlink(missing_ok=True)
            return cls(content)
        return cls(None, path)

    def is_there(self) -> bool:
        """Return whether the content can be read. Another program may have removed the file."""
        return self._path is None or self._path.is_file()

    def read_bytes(self) -> bytes:
        """Return the content."""
        return self._memory if self._memory is not None else self._file.read_bytes()

    def open(self, mode: str = "rb") -> BinaryIO:
        """Open the content for reading in binary mode."""
        if self._memory is not None:
            return io.BytesIO(self._memory)
        return self._file.open("rb")

    def in_memory(self) -> Kept:
        """Return the same content in memory, so that a pickle of it has the content itself."""
        return self if self._memory is not None else Kept(self.read_bytes())

    @property
    def _file(self) -> Path:
        assert self._path is not None  # noqa: S101 - otherwise it is in memory
        return self._path

    def __getstate__(self) -> Any:
        return self._memory, self._path

    def __setstate__(self, state: Any) -> None:
        self._memory, self._path = state


class Keeper:
    """A writer that collects a content piece by piece and then makes a `Kept` of it.

    A content without a call of `finish` is removed when the ``with`` block ends.

    Attributes:
        size: The number of bytes written so far.
    """

    def __init__(self) -> None:
        self._file: BinaryIO = io.BytesIO()
        self._path: Path | None = None
        self._takes_disk = True
        self.size = 0

    def write(self, piece: bytes) -> None:
        """Append a piece."""
        if self._path is None and self._takes_disk and self.size + len(piece) > SMALL_BYTES:
            self._to_disk()
        if self._path is None:
            self._file.write(piece)
        else:
            try:
                self._file.write(piece)
                self._file.flush()
            except OSError:
                self._to_memory()
                self._file.write(piece)
        self.size += len(piece)

    def head(self, size: int) -> bytes:
        """Return the first `size` bytes."""
        self._file.seek(0)
        head = self._file.read(size)
        self._file.seek(0, os.SEEK_END)
        return head

    def replace_head(self, head: bytes) -> None:
        """Overwrite the first bytes with `head`."""
        self._file.seek(0)
        self._file.write(head)
        self._file.seek(0, os.SEEK_END)

    def finish(self) -> Kept:
        """Return the written content as a `Kept`."""
        if self._path is None:
            return Kept.of(self.head(self.size))
        path, self._path = self._path, None
        self._file.close()
        return Kept(None, path)

    def _to_disk(self) -> None:
        memory = self.head(self.size)
        try:
            self._path, self._file = _new_file()
            self._file.write(memory)
            self._file.flush()
        except OSError:
            self._discard()
            self._file, self._takes_disk = io.BytesIO(memory), False
            self._file.seek(0, os.SEEK_END)

    def _to_memory(self) -> None:
        """Move the content to memory, because the disk is full."""
        assert self._path is not None  # noqa: S101 - called only while the content is on disk
        kept = self._path.read_bytes()[: self.size]
        self._discard()
        self._file, self._takes_disk = io.BytesIO(kept), False
        self._file.seek(0, os.SEEK_END)

    def _discard(self) -> None:
        path, self._path = self._path, None
        if path is None:
            return
        try:
            self._file.close()
        except OSError:
            pass  # closing writes buffered bytes, which fails on a full disk; the file is removed
        path.unlink(missing_ok=True)

    def __enter__(self) -> Keeper:
        return self

    def __exit__(self, *exc: object) -> None:
        self._discard()


def _new_file() -> tuple[Path, BinaryIO]:
    descriptor, name = tempfile.mkstemp(prefix="kept-", dir=private_folder())
    return Path(name), open(descriptor, "w+b")


def _remove(path: Path, pid: int) -> None:
    if os.getpid() != pid:  # a forked child must not remove the file of its parent
        return
    try:
        path.unlink(missing_ok=True)
    except OSError:
        pass  # on Windows, an open file cannot be removed; the exit removes its folder
