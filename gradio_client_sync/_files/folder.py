"""Putting files into folders: under their name when complete, and never over another.

Also the private folder of this process, where downloads go that have no other place.
"""

from __future__ import annotations

import errno
import os
import secrets
import shutil
import stat
import tempfile
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Callable

from .._protocol.values.filename import numbered
from ..errors import DownloadError

_FULL = (errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC))

_BINARY = getattr(os, "O_BINARY", 0)  # of Windows


class Incoming:
    """A file on its way into a folder; nothing is made before its first byte.

    Args:
        folder: Where to; ``None`` for a new private one.
        name: What it is to be called there, if that is free.

    Raises (by every method):
        DownloadError: The folder does not take it.
    """

    def __init__(self, folder: Path | None, name: str) -> None:
        self._folder = folder
        self._name = name
        self._partial: Path | None = None
        self._file: BinaryIO | None = None

    def start_at(self, offset: int) -> None:
        """The next piece belongs there; drop what stands from there on."""
        with self._told():
            if self._file is None:
                if self._folder is None:
                    self._folder = Path(tempfile.mkdtemp(dir=_scratch.folder()))
                self._folder.mkdir(parents=True, exist_ok=True)
                self._partial = self._folder / f".{secrets.token_hex(8)}.part"
                flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _BINARY
                self._file = open(os.open(self._partial, flags, 0o666), "wb")  # noqa: SIM115
            self._file.seek(offset)
            self._file.truncate()

    def write(self, piece: bytes) -> None:
        assert self._file is not None  # noqa: S101 - started
        with self._told():
            self._file.write(piece)

    def finish(self) -> Path:
        """It is complete: give it its name, or the next one that is free."""
        assert self._file is not None and self._partial is not None  # noqa: S101 - started
        with self._told():
            self._file.close()
            return _place(self._partial, self._name)

    def __enter__(self) -> Incoming:
        return self

    def __exit__(self, *exc: object) -> None:
        if self._file is None or self._partial is None:
            return
        try:
            self._file.close()
        except OSError:
            pass  # the disk is full, which was told already
        self._partial.unlink(missing_ok=True)

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except (OSError, ValueError) as exc:  # ValueError: no path of a folder
            where = f" to {str(self._folder)!r}" if self._folder is not None else ""
            room = _room(self._folder) if getattr(exc, "errno", None) in _FULL else ""
            raise DownloadError(
                f"{self._name!r} cannot be written{where}: {exc}{room}. Choose another folder by "
                "download(directory) or Client(download_dir=…), or take its read().",
                path=self._name if self._folder is None else str(self._folder / self._name),
            ) from exc


def _room(folder: Path | None) -> str:
    """How much a folder would still take, as far as that can be told."""
    try:
        free = shutil.disk_usage(tempfile.gettempdir() if folder is None else folder).free
    except OSError:
        return ""
    return f", with {free} bytes free"


def copied(opened: Callable[[], BinaryIO], folder: Path | None, name: str) -> Path:
    """A copy of a content in a folder, or in a new private one.

    Args:
        opened: Opens the content for reading.

    Raises:
        DownloadError: The folder does not take it.
    """
    with Incoming(folder, name) as incoming, opened() as file:
        incoming.start_at(0)
        for piece in iter(lambda: file.read(2**20), b""):
            incoming.write(piece)
        return incoming.finish()


def _place(partial: Path, name: str) -> Path:
    """Give a complete file its name, unless the same content has it already."""
    number = 0
    while True:
        final = partial.with_name(numbered(name, number))
        try:
            _rename_to_new(partial, final)
        except FileExistsError:
            if _is_same(partial, final):
                return final
            number += 1
        else:
            return final


def _rename_to_new(partial: Path, final: Path) -> None:
    """Rename, but not onto another file.

    Raises:
        FileExistsError: There is one of that name, or a link.
    """
    try:
        os.link(partial, final, follow_symlinks=False)
    except FileExistsError:
        raise
    except (OSError, NotImplementedError):  # a file system without links
        os.close(os.open(final, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666))
        os.replace(partial, final)


def _is_same(partial: Path, final: Path) -> bool:
    import filecmp  # for a file that is there already

    try:
        return stat.S_ISREG(final.lstat().st_mode) and filecmp.cmp(partial, final, shallow=False)
    except (FileNotFoundError, PermissionError):
        return False  # gone meanwhile, or nothing to look into: another name will do


class _Scratch:
    """The private folder of this process, made at first need and removed at exit."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._folder: str | None = None
        self._pid = 0

    def folder(self) -> str:
        with self._lock:
            if self._folder is None or self._pid != os.getpid() or not os.path.isdir(self._folder):
                self._pid = os.getpid()
                self._folder = tempfile.mkdtemp(prefix="gradio-client-sync-")
                weakref.finalize(self, _remove, self._folder, self._pid)
            return self._folder


def private_folder() -> str:
    """Return the private folder of this process, which is removed at its end."""
    return _scratch.folder()


def _remove(folder: str, pid: int) -> None:
    if os.getpid() == pid:  # a fork leaves its parent's alone
        shutil.rmtree(folder, ignore_errors=True)


_scratch = _Scratch()
