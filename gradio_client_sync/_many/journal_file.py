"""`JournalFile`: a file to which whole lines are appended, by one process at a time.

A line is written by one system call. If only a part of it could be written, because the disk is
full, this part is removed. If a killed process or a power cut has left a part of a line, it is
removed when the file is opened.
"""

from __future__ import annotations

import logging
import os
import stat
import sys
import time
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from ..errors import JournalError

log = logging.getLogger(__name__)

FLUSH_SECONDS = 1.0  # a power cut loses the items of this time

_BLOCK = 2**16  # bytes that are read at once
_MOST_KEPT = 2**20  # bytes that are kept, for the lines that follow
_BINARY = getattr(os, "O_BINARY", 0)  # only Windows has this flag
_FLAGS = os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_CLOEXEC", 0) | _BINARY

_sync = getattr(os, "fdatasync", os.fsync)  # macOS and Windows have only `fsync`

_open_files: weakref.WeakSet[JournalFile] = weakref.WeakSet()


class JournalFile:
    """An open journal, locked against other processes and other maps of this one.

    Only one thread may use it at a time.

    Args:
        path: The path of the file, which is created if it does not exist.

    Attributes:
        path: The path.

    Raises:
        JournalError: The file cannot be opened, or is locked.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._synced = time.monotonic()
        self._unsynced = False
        self._is_whole = True  # False during a write
        self._block = b""  # the bytes that were read last, and their offset
        self._block_start = 0
        try:
            self._descriptor = os.open(path, _FLAGS, 0o666)
        except OSError as exc:
            raise journal_error(
                path, f"cannot be opened: {exc.strerror}. Choose another path"
            ) from exc
        self._finalizer = weakref.finalize(self, os.close, self._descriptor)
        _open_files.add(self)
        try:
            status = os.fstat(self._descriptor)
            if not stat.S_ISREG(status.st_mode):
                raise journal_error(path, "is not a file. Choose another path")
            self._lock()
            self._end = os.fstat(self._descriptor).st_size  # of the last whole line
        except BaseException:
            self.close()
            raise

    def _lock(self) -> None:
        try:
            is_free = _lock(self._descriptor)
        except OSError as exc:
            log.warning(
                "the journal %r cannot be locked, so do not use it in two processes: %s",
                str(self.path),
                exc,
            )
            return
        if not is_free:
            raise journal_error(
                self.path,
                "is in use by another map, here or in another process. Wait until that has ended, "
                "or choose another path",
            )

    def lines(self) -> Iterator[tuple[int, bytes]]:
        """Yield the offset and the bytes of each line. The last one may have no end."""
        os.lseek(self._descriptor, 0, os.SEEK_SET)
        with open(os.dup(self._descriptor), "rb", buffering=2**20) as file:
            yield from numbered_lines(file)

    def cut(self, end: int) -> int:
        """Remove everything after the last good line, and add a missing line end to it.

        Args:
            end: The offset after that line.

        Returns:
            The number of bytes that were removed.
        """
        removed = self._end - end
        if removed:
            os.ftruncate(self._descriptor, end)
            self._end = end
            self._unsynced = True
        if end and self._read(end - 1, 1) != b"\n":
            self.append(b"\n")
        return removed

    def append(self, line: bytes) -> int:
        """Append a line, whole or not at all.

        Args:
            line: The line, with its end.

        Returns:
            The offset of the line.

        Raises:
            JournalError: The line cannot be written, such as on a full disk.
        """
        if self._descriptor < 0:
            raise journal_error(self.path, "is closed")
        if not self._is_whole:  # a signal handler has raised in an earlier call
            self._remove_part()
        offset = self._end
        self._is_whole = False
        try:
            written = os.write(self._descriptor, line)
        except OSError as exc:
            self._remove_part()
            raise self._not_written(exc.strerror) from exc
        if written < len(line):
            self._remove_part()
            raise self._not_written("the disk is full, or a limit of the file's size is reached")
        self._end += written
        self._is_whole = True
        self._unsynced = True
        if self.due() == 0:
            self.flush()
        return offset

    def _remove_part(self) -> None:
        """Remove a line that was only partly written."""
        size = os.fstat(self._descriptor).st_size
        if size > self._end and self._read(size - 1, 1) != b"\n":
            os.ftruncate(self._descriptor, self._end)
            size = self._end
        self._end = size
        self._is_whole = True

    def _not_written(self, why: str | None) -> JournalError:
        return journal_error(
            self.path,
            f"cannot be written: {why}. What is in it stays. Make room, and start the same map "
            "with this journal again",
        )

    def line_at(self, offset: int) -> bytes:
        """Return the line at an offset, without its end."""
        start = offset - self._block_start
        end = self._block.find(b"\n", start) if 0 <= start < len(self._block) else -1
        if end >= 0:
            return self._block[start:end]
        block, size = b"", _BLOCK
        while b"\n" not in block:
            more = self._read(offset + len(block), size)
            if not more:
                return block
            block += more
            size *= 2
        if len(block) <= _MOST_KEPT:
            self._block, self._block_start = block, offset
        return block[: block.index(b"\n")]

    def _read(self, offset: int, size: int) -> bytes:
        if hasattr(os, "pread"):
            return os.pread(self._descriptor, size, offset)
        os.lseek(self._descriptor, offset, os.SEEK_SET)  # appending does not use the position
        return os.read(self._descriptor, size)

    def due(self) -> float | None:
        """Return the seconds until `flush` should be called; ``None`` if it is not necessary."""
        if not self._unsynced:
            return None
        return max(0.0, self._synced + FLUSH_SECONDS - time.monotonic())

    def flush_name(self) -> None:
        """Make sure that a new file survives a power cut, with its name."""
        self.flush()
        if sys.platform == "win32":
            return
        try:
            folder = os.open(self.path.absolute().parent, os.O_RDONLY)
        except PermissionError:  # a folder that may be written, but not listed
            return
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def flush(self) -> None:
        """Make sure that all lines survive a power cut.

        Raises:
            JournalError: The disk reports an error.
        """
        if self._descriptor < 0 or not self._unsynced:
            return
        try:
            _sync(self._descriptor)
        except OSError as exc:
            raise self._not_written(exc.strerror) from exc
        self._synced = time.monotonic()
        self._unsynced = False

    def close(self) -> None:
        """Flush and close the file, and unlock it. A second call does nothing."""
        try:
            self.flush()
        finally:
            self._descriptor = -1
            self._finalizer()

    def _forget(self) -> None:
        """Close the descriptor that a forked process has inherited. The parent keeps the lock."""
        self._descriptor = -1
        self._unsynced = False
        self._finalizer()


def journal_error(path: Path, what: str) -> JournalError:
    """Make an error about a journal.

    Args:
        path: Its path.
        what: What is wrong and what to do, without a full stop.
    """
    return JournalError(f"The journal {str(path)!r} {what}.", path=str(path))


def numbered_lines(file: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """Yield the offset and the bytes of each line of a file. The last one may have no end."""
    offset = 0
    for line in file:
        yield offset, line
        offset += len(line)


def _forget_all() -> None:
    for file in list(_open_files):
        file._forget()


if hasattr(os, "register_at_fork"):
    # A child of a process pool may live longer than its parent, and would keep the lock.
    os.register_at_fork(after_in_child=_forget_all)


if sys.platform == "win32":
    import msvcrt

    _LOCKED_AT = 2**62  # the lock of a byte prevents reading it, so it is one that never exists

    def _lock(descriptor: int) -> bool:
        """Lock an open file; return whether it was free.

        Raises:
            OSError: The file system has no locks.
        """
        os.lseek(descriptor, _LOCKED_AT, os.SEEK_SET)
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True
else:
    import fcntl

    def _lock(descriptor: int) -> bool:
        """Lock an open file; return whether it was free.

        Raises:
            OSError: The file system has no locks.
        """
        try:
            # Not `lockf`: its lock ends when the process closes any other descriptor of the file.
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
