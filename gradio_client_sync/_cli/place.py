"""The path of ``-o``: a folder for files, or one file for the result."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, TextIO, TypeVar

import click

from ..errors import FileError

if TYPE_CHECKING:
    from ..files import RemoteFile


T = TypeVar("T")


class Place:
    """The file or folder in which results are saved.

    The path is a folder if it is one, if it ends with a slash, or if its last part has no suffix
    (``pictures``). Otherwise it is a file (``out/picture.png``).

    Args:
        given: The path as typed.

    Raises:
        FileError: The folder cannot be created.
    """

    def __init__(self, given: str) -> None:
        self.path = Path(given).expanduser()
        is_folder = given.endswith((os.sep, "/")) or self.path.is_dir() or not self.path.suffix
        self.is_file = not is_folder
        self._files = 0  # of the present result
        self._text: TextIO | None = None
        folder = self.path.parent if self.is_file else self.path
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as exc:
            raise unwritable(folder, exc) from exc

    def begin(self) -> None:
        """Begin another result; its files replace those of the result before."""
        self._files = 0

    @property
    def has_files(self) -> bool:
        """Whether the present result has files."""
        return self._files > 0

    def save(self, file: RemoteFile) -> str:
        """Save a file and return its path. From the second file on, the name has a number."""
        self._files += 1
        if not self.is_file:
            return str(file.download(self.path))
        target = self.path
        if self._files > 1:
            target = target.with_name(f"{target.stem}-{self._files}{target.suffix}")
        try:
            with tempfile.TemporaryDirectory(dir=target.parent) as folder:
                os.replace(file.download(folder), target)
        except FileError:
            raise
        except OSError as exc:
            raise unwritable(target, exc) from exc
        return str(target)

    def write(self, text: str) -> None:
        """Append text to the file; the first text replaces what was in it."""
        try:
            if self._text is None:
                self._text = self.path.open("w", encoding="utf-8", newline="")
            self._text.write(text)
            self._text.flush()
        except OSError as exc:
            raise unwritable(self.path, exc) from exc

    def close(self) -> None:
        """Close the file."""
        if self._text is not None:
            self._text.close()


def write_file(path: Path, text: str) -> None:
    """Write a text file.

    Raises:
        FileError: It cannot be written.
    """
    try:
        path.write_bytes(text.encode())
    except OSError as exc:
        raise unwritable(path, exc) from exc


def unwritable(path: Path, error: OSError) -> FileError:
    """Return the error for a path that cannot be written."""
    return FileError(f"{path} cannot be written: {error.strerror}.", path=str(path))


#: The option of the commands that write one text.
def no_dash(_: click.Context, __: click.Parameter, value: T) -> T | None:
    """Return the value of ``-o``; ``None`` for ``-``, which means standard output."""
    return None if str(value) == "-" else value


output_file = click.option(
    "-o",
    "--output",
    "output",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    callback=no_dash,
    help="The file to write; standard output if not given.",
)
