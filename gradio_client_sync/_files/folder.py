"""Write downloaded files to folders, without overwriting others.

A file gets its name when it is complete. Downloads without a folder go to the private folder of
this process.
"""

from __future__ import annotations

import errno
import os
import secrets
import shutil
import stat
import tempfile
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Callable

from .._basics.words import counted
from .._protocol.values.filename import numbered, type_of
from .._transport.signal_safe import new_lock
from ..errors import DownloadError

_FULL = (errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC))

_SEPARATORS = tuple(filter(None, (os.sep, os.altsep)))

_BINARY = getattr(os, "O_BINARY", 0)  # only Windows has this flag


class Incoming:
    """A file that is being written to a folder. Nothing is created before `start_at`.

    Every method raises a `DownloadError` if the file cannot be written.

    Args:
        folder: The folder; ``None`` for a new private one.
        name: The name of the complete file. If another file has it, a number is added.
        replaces: Replace a file of this name instead.
    """

    def __init__(self, folder: Path | None, name: str, *, replaces: bool = False) -> None:
        self._folder = folder
        self._name = name
        self._replaces = replaces
        self._partial: Path | None = None
        self._file: BinaryIO | None = None

    def start_at(self, offset: int) -> None:
        """Write the next piece at `offset`, and drop the content after it."""
        with self._as_download_error():
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
        """Append a piece."""
        assert self._file is not None  # noqa: S101 - `start_at` was called
        with self._as_download_error():
            self._file.write(piece)

    def finish(self) -> Path:
        """Give the complete file its name, and return its path."""
        assert self._file is not None and self._partial is not None  # noqa: S101 - as in `write`
        with self._as_download_error():
            self._file.close()
            if self._replaces:
                return _replace(self._partial, self._partial.with_name(self._name))
            return _rename_unique(self._partial, self._name)

    def __enter__(self) -> Incoming:
        return self

    def __exit__(self, *exc: object) -> None:
        if self._file is None or self._partial is None:
            return
        try:
            self._file.close()
        except OSError:
            pass  # the disk is full, and `write` has raised that error
        try:
            self._partial.unlink(missing_ok=True)
        except OSError:
            pass  # on Windows, a file that a virus scanner reads cannot be removed

    @contextmanager
    def _as_download_error(self) -> Iterator[None]:
        """Convert errors of the file system to a `DownloadError` that names the file."""
        try:
            yield
        except (OSError, ValueError) as exc:  # ValueError: the path is invalid
            where = f" to {str(self._folder)!r}" if self._folder is not None else ""
            room = _room(self._folder) if getattr(exc, "errno", None) in _FULL else ""
            other = (
                "path with save(path)"
                if self._replaces
                else "folder with download(directory) or Client(download_dir=…)"
            )
            raise DownloadError(
                f"{self._name!r} cannot be written{where}: {exc}{room}. Choose another {other}, or "
                "use read().",
                path=self._name if self._folder is None else str(self._folder / self._name),
            ) from exc


def _room(folder: Path | None) -> str:
    """Return the free space of a folder as a text; ``""`` if it cannot be found out."""
    try:
        free = shutil.disk_usage(tempfile.gettempdir() if folder is None else folder).free
    except OSError:
        return ""
    return f", with {counted(free, 'byte')} free"


def copied(
    opened: Callable[[], BinaryIO], folder: Path | None, name: str, *, replaces: bool = False
) -> Path:
    """Copy a content to a folder.

    Args:
        opened: A function that opens the content for reading.
        folder: The folder; ``None`` for a new private one.
        name: The name of the file. If another file has it, a number is added.
        replaces: Replace a file of this name instead.

    Returns:
        The path of the copy.

    Raises:
        DownloadError: The copy cannot be written.
    """
    with Incoming(folder, name, replaces=replaces) as incoming, opened() as file:
        incoming.start_at(0)
        for piece in iter(lambda: file.read(2**20), b""):
            incoming.write(piece)
        return incoming.finish()


def _rename_unique(partial: Path, name: str) -> Path:
    """Rename a complete file to the first free name; use a file that has the same content."""
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
    """Rename a file without overwriting another one.

    Raises:
        FileExistsError: A file or link of that name exists.
    """
    try:
        os.link(partial, final, follow_symlinks=False)
    except FileExistsError:
        raise
    except (OSError, NotImplementedError):  # the file system has no hard links
        os.close(os.open(final, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666))
        try:
            os.replace(partial, final)
        except OSError:  # on Windows, a virus scanner may read one of them
            final.unlink(missing_ok=True)
            raise


def _replace(partial: Path, final: Path) -> Path:
    """Rename a complete file to a name that another file may have, and keep the mode of that."""
    try:
        shutil.copymode(final, partial)
    except FileNotFoundError:
        pass  # no file has that name
    os.replace(partial, final)
    return final


def destination(path: str | os.PathLike[str]) -> tuple[Path, str | None]:
    """Return the folder and the file name that a path of the user means.

    Args:
        path: A path. ``~`` is the user's home.

    Returns:
        The folder, and the name for the file. The name is ``None`` if the path is a folder: one
        that exists, or a path that ends in a separator.

    Raises:
        DownloadError: The path is empty, or is a device or something else that is no file.
    """
    text = _text_of(path)
    if not text:
        raise DownloadError("save() needs the path of a file or a folder, and got an empty text.")
    full = os.path.abspath(text)
    if text.endswith(_SEPARATORS) or os.path.basename(text) in (".", "..") or os.path.isdir(full):
        return Path(full), None
    if os.path.exists(full) and not os.path.isfile(full):
        raise DownloadError(
            f"{text!r} is neither a file nor a folder, so nothing was saved. Choose another path "
            "with save(path), or use read().",
            path=text,
        )
    if os.path.islink(full):
        full = os.path.realpath(full)  # as `open` does: the link stays
    folder, name = os.path.split(full)
    return Path(folder), name


def _text_of(path: str | os.PathLike[str]) -> str:
    """Return a path of the user as text, with the home folder for ``~``."""
    try:
        return os.path.expanduser(os.fsdecode(path))
    except TypeError:
        raise TypeError(f"A place for files must be a path, not {path!r}.") from None


def folder_of(directory: str | os.PathLike[str], orig_name: str, mime_type: str | None) -> str:
    """Return the full path of a folder for downloads.

    Args:
        directory: The path from the user. ``~`` is the user's home.
        orig_name: The name of the file that goes there.
        mime_type: The MIME type of this file.

    Raises:
        DownloadError: The path looks like the name of such a file.
    """
    text = _text_of(directory)
    folder, ending = os.path.abspath(text), os.path.splitext(text)[1].lower()
    if not ending or os.path.isdir(folder):
        return folder
    kind = (type_of(f"x{ending}") or "").partition("/")[0]
    is_alike = kind in ("image", "audio", "video") and (mime_type or "").startswith(f"{kind}/")
    if not is_alike and ending != os.path.splitext(orig_name)[1].lower():
        return folder
    raise DownloadError(
        f"download() takes a folder, and {text!r} looks like the name of a file. Use "
        f"save({text!r}) to write the file to exactly this path, or "
        f"download({os.path.dirname(text) or '.'!r}) to keep its name {orig_name!r}. For a folder "
        f"of this name, end it with a slash: download({f'{text}/'!r}).",
        path=text,
    )


def state_of(path: Path) -> tuple[int, ...] | None:
    """Return what changes if a file is written or replaced; ``None`` if there is no file."""
    try:
        state = path.stat()
    except OSError:
        return None
    return state.st_ino, state.st_size, state.st_mtime_ns


def _is_same(partial: Path, final: Path) -> bool:
    import filecmp  # for a file that is there already

    try:
        return stat.S_ISREG(final.lstat().st_mode) and filecmp.cmp(partial, final, shallow=False)
    except (FileNotFoundError, PermissionError):
        return False  # it was removed meanwhile, or cannot be read; the next name is used


class _Scratch:
    """The private folder of this process, created at its first use and removed at the exit."""

    def __init__(self) -> None:
        self._lock = new_lock()
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
    """Return the private folder of this process, which is removed at the exit."""
    return _scratch.folder()


def _remove(folder: str, pid: int) -> None:
    if os.getpid() == pid:  # a forked child must not remove the folder of its parent
        shutil.rmtree(folder, ignore_errors=True)


_scratch = _Scratch()
