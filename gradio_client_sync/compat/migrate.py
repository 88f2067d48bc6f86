"""Change the imports of scripts from ``gradio_client`` to this package, in files and folders."""

from __future__ import annotations

import argparse
import difflib
import importlib
import io
import os
import sys
import tokenize
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from .._basics.printing import encodable, printable
from ._migration import NEW, OLD, Note, migrated

#: Folders that hold no scripts of the user.
_SKIPPED = frozenset(("__pycache__", "build", "dist", "node_modules", "site-packages", "venv"))


_NOTEBOOK = ".ipynb"
_PYTHON = f"Python {sys.version_info[0]}.{sys.version_info[1]}"


class Result(NamedTuple):
    """The change of one file, and the notes about it.

    Attributes:
        path: The file.
        before: Its content.
        after: Its content with the imports changed.
        notes: The places to check.
        error: Why the file could not be read, if so.
    """

    path: Path
    before: bytes
    after: bytes
    notes: list[Note]
    error: str = ""

    @property
    def diff(self) -> str:
        """The change as a unified diff; empty if nothing changes.

        Bytes of the file that are not UTF-8 are surrogates, as in `os.fsdecode`.
        """
        name = _shown(self.path)
        old, new = (_lines(content) for content in (self.before, self.after))
        lines = difflib.diff_bytes(difflib.unified_diff, old, new, name, name)
        return b"".join(
            line if line.endswith(b"\n") else line + b"\n\\ No newline at end of file\n"
            for line in lines
        ).decode("utf-8", "surrogateescape")


def _shown(path: Path) -> bytes:
    """Return the name of a file in a diff: below the current folder if it is there."""
    try:
        name = os.fsencode(path.resolve().relative_to(Path.cwd().resolve()))
    except ValueError:
        name = os.fsencode(path.resolve())
    return name + b"\t" if b" " in name else name  # the tab ends a name with spaces


def _lines(content: bytes) -> list[bytes]:
    """Return the lines as programs that apply a diff count them: only a newline ends one."""
    lines = [line + b"\n" for line in content.split(b"\n")]
    lines[-1] = lines[-1][:-1]
    return lines if lines[-1] else lines[:-1]


def scan(paths: Iterable[Path]) -> Iterator[Result]:
    """Yield the result for each script that names ``gradio_client``.

    A file that several paths or links lead to comes once.

    Args:
        paths: Files, and folders that are searched for ``.py`` files.
    """
    seen: set[Path] = set()
    for path in paths:
        for file in _scripts(path):
            real = file.resolve()
            result = None if real in seen else _result(file)
            seen.add(real)
            if result is not None:
                yield result


def _scripts(path: Path) -> Iterator[Path]:
    if not path.is_dir():
        yield path
        return
    for entry in sorted(path.iterdir()):
        if entry.is_dir() and not entry.is_symlink():
            if not entry.name.startswith(".") and entry.name not in _SKIPPED:
                yield from _scripts(entry)
        elif entry.suffix in (".py", ".pyw", _NOTEBOOK):
            yield entry


def _result(path: Path) -> Result | None:
    """Return the result for a file; ``None`` if it does not name ``gradio_client``."""
    try:
        content = path.read_bytes()
    except OSError as exc:
        return Result(path, b"", b"", [], f"it cannot be read: {exc.strerror}")
    if OLD.encode() not in content:
        return None
    if path.suffix == _NOTEBOOK:
        return Result(path, content, content, [], "it is a notebook, which is not changed")
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(content).readline)
        found = migrated(content.decode(encoding), _has)
    except (SyntaxError, UnicodeDecodeError, ValueError, tokenize.TokenError) as exc:
        return Result(path, content, content, [], f"{_PYTHON} cannot read it: {exc}")
    return Result(path, content, found.text.encode(encoding), found.notes)


def _has(module: str, name: str) -> bool:
    """Return whether a module of this package exists, and has a name."""
    if any(part.startswith("_") for part in module.split(".")):
        return False
    try:
        loaded = importlib.import_module(f"{NEW}.{module}" if module else NEW)
    except ImportError:
        return False
    return not name or hasattr(loaded, name)


def migrate(paths: Sequence[Path], *, write: bool) -> int:
    """Change scripts or print the changes, and print the places to check.

    Args:
        paths: Files and folders.
        write: Whether to change the files. Otherwise a diff is printed.

    Returns:
        The exit code: 1 if a file could not be read or written.
    """
    results = list(scan(paths))
    failed = False
    for result in results:
        error = result.error
        if result.after != result.before and not write:
            _print_diff(result.diff)
        elif result.after != result.before:
            try:
                result.path.write_bytes(result.after)
                print(printable(f"changed {result.path}"))
            except OSError as exc:
                error = f"it cannot be written: {exc.strerror}"
        for note in result.notes:
            _complain(f"{result.path}:{note.line}: {note.text}")
        if error:
            failed = True
            _complain(f"{result.path}: {error}")
    return int(failed)


def _print_diff(diff: str) -> None:
    """Print a diff with the bytes of the file, whatever the encoding of standard output is."""
    out, content = sys.stdout, diff.encode("utf-8", "surrogateescape")
    if out is sys.__stdout__:
        out.flush()
        out.buffer.write(content)
        out.buffer.flush()
    else:  # a program has replaced it, and may want text
        out.write(content.decode("utf-8", "replace"))


def _complain(text: str) -> None:
    print(encodable(text, sys.stderr), file=sys.stderr)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run ``python -m gradio_client_sync.compat``, and return the exit code.

    Args:
        arguments: The arguments; by default those of the process.
    """
    parser = argparse.ArgumentParser(
        prog=f"python -m {NEW}",
        description=f"Change the imports of scripts from {OLD} to {NEW}. Everything else in them "
        "stays byte for byte. Lines that may not work as before are listed on standard error.",
    )
    parser.add_argument("paths", nargs="+", type=Path, metavar="FILE_OR_FOLDER")
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--diff", action="store_true", help="print the changes (the default)")
    how.add_argument("--write", action="store_true", help="change the files")
    given = parser.parse_args(arguments)
    return migrate(given.paths, write=given.write)
