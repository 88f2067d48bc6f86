"""Change the imports of scripts from ``gradio_client`` to this package, in files and folders."""

from __future__ import annotations

import argparse
import difflib
import importlib
import io
import sys
import tokenize
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from .._basics.printing import encodable, printable
from ._migration import NEW, OLD, Note, migrated

#: Folders in which nobody's own scripts are.
_SKIPPED = frozenset(("__pycache__", "build", "dist", "node_modules", "site-packages", "venv"))


class Result(NamedTuple):
    """What was found in one file.

    Attributes:
        path: The file.
        before: Its content.
        after: Its content with the imports changed.
        notes: What to look at.
        error: Why the file could not be read, if so.
    """

    path: Path
    before: bytes
    after: bytes
    notes: list[Note]
    error: str = ""

    @property
    def diff(self) -> str:
        """The change as a unified diff; empty if nothing changes."""
        old, new = (
            list(io.StringIO(text.decode("utf-8", "replace"), newline=""))
            for text in (self.before, self.after)
        )
        lines = difflib.unified_diff(old, new, str(self.path), str(self.path))
        return "".join(
            line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"
            for line in lines
        )


def scan(paths: Iterable[Path]) -> Iterator[Result]:
    """Yield what is found in each script that names ``gradio_client``.

    Args:
        paths: Files, and folders that are searched for ``.py`` files.
    """
    for path in paths:
        for file in _scripts(path):
            result = _result(file)
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
        elif entry.suffix in (".py", ".pyw"):
            yield entry


def _result(path: Path) -> Result | None:
    """Return what is found in a file; ``None`` if it does not name ``gradio_client``."""
    try:
        content = path.read_bytes()
    except OSError as exc:
        return Result(path, b"", b"", [], f"it cannot be read: {exc.strerror}")
    if OLD.encode() not in content:
        return None
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(content).readline)
        found = migrated(content.decode(encoding), _has)
    except (SyntaxError, UnicodeDecodeError, ValueError, tokenize.TokenError) as exc:
        return Result(path, content, content, [], f"it is not Python 3: {exc}")
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
    """Change scripts, or print the change, and print what to look at.

    Args:
        paths: Files and folders.
        write: Whether to change the files. Otherwise a diff is printed.

    Returns:
        The exit code: 1 if a file could not be read.
    """
    results = list(scan(paths))
    changed = [result for result in results if result.after != result.before]
    for result in changed:
        if write:
            result.path.write_bytes(result.after)
            print(printable(f"changed {result.path}"))
        else:
            print(printable(result.diff), end="")
    for result in results:
        for note in result.notes:
            _complain(f"{result.path}:{note.line}: {note.text}")
        if result.error:
            _complain(f"{result.path}: {result.error}")
    return int(any(result.error for result in results))


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
