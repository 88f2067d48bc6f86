"""The items of the command ``map``: rows of tables, lines of JSON, and files.

Nothing is read before it is needed, except to count the items.
"""

from __future__ import annotations

import csv
import glob
import io
import json
import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TextIO

import click

from .._basics.words import called
from .._protocol.values.filename import type_of
from ..errors import FileError, MissingDependencyError, PayloadError
from .assign import NAMED, takes_files
from .cells import MISSING, Column
from .piped import Piped
from .values import payload_of, standard_input

if TYPE_CHECKING:
    from .._protocol.api.signature import Parameter, Signature
    from .._protocol.values.slot import Slot

JSON_LINES = (".jsonl", ".ndjson")
DELIMITERS = {".csv": ",", ".tsv": "\t"}
TABLES = (*JSON_LINES, *DELIMITERS, ".parquet")

_MAGIC = re.compile(r"[*?\[]")
_MEDIA = {
    **dict.fromkeys(("image", "imageeditor", "sketchpad", "paint", "imagemask"), "image/"),
    **dict.fromkeys(("audio", "microphone"), "audio/"),
    "video": "video/",
}

Payload = dict[str, Any]


class Inputs(NamedTuple):
    """The items.

    Attributes:
        payloads: The payload of each item, by the app's names of the parameters.
        total: How many there are; ``None`` if that is not known.
        names: The parameters that differ between items, for the columns of a table.
        places: The files that are read.
        piped: Standard input, if it is one of them.
    """

    payloads: Iterator[Payload]
    total: int | None
    names: list[str]
    places: list[Path]
    piped: Piped | None


def inputs_of(words: Sequence[str], signature: Signature, slots: Mapping[str, Slot]) -> Inputs:
    """Return the items that words stand for.

    Args:
        words: The words as typed: files, folders, patterns and ``-``, and ``name=value`` for what
            is the same in all items.
        signature: The endpoint's parameters.
        slots: Their components, by the app's names of the parameters.

    Raises:
        PayloadError: A value or a name does not fit the endpoint.
        FileError: A file cannot be read.
        MissingDependencyError: A Parquet file needs pandas.
        click.UsageError: There are no inputs, or standard input is used twice.
    """
    fixed = [word for word in words if NAMED.fullmatch(word)]
    places = [word for word in words if not NAMED.fullmatch(word)]
    if not places:
        raise click.UsageError(
            "Missing argument 'INPUTS': a .jsonl, .csv or .parquet file, - for JSON lines on "
            "standard input, or files and folders, such as photos/*.jpg."
        )
    if sum(word == "-" or word.endswith("=-") for word in words) > 1:
        raise click.UsageError("Only one value can be standard input (-).")
    reader = _Inputs(signature, slots, payload_of(fixed, signature, slots))
    return reader.of(places)


class _Inputs:
    """Reads the items of one endpoint.

    Args:
        signature: The endpoint's parameters.
        slots: Their components.
        fixed: The values that are the same in all items.
    """

    def __init__(self, signature: Signature, slots: Mapping[str, Slot], fixed: Payload) -> None:
        self._signature = signature
        self._slots = slots
        self._fixed = fixed
        self._columns = {
            one.sent_as: Column(one, slots.get(one.sent_as)) for one in signature.parameters
        }
        self._aliases = {one.name: one.sent_as for one in signature.parameters}
        self._open = [
            one for one in signature.parameters if not one.hidden and one.sent_as not in fixed
        ]

    def of(self, places: Sequence[str]) -> Inputs:
        parts: list[Iterable[Payload]] = []
        totals: list[int | None] = []
        names: dict[str, None] = {}
        read: list[Path] = []
        piped: Piped | None = None
        for place in _expanded(places):
            path = Path(place.removeprefix("@")).expanduser()
            suffix = "" if place.startswith("@") else path.suffix.lower()
            own, total = [one.sent_as for one in self._open], None
            if place == "-":
                piped = Piped(standard_input())
                text = io.TextIOWrapper(
                    io.BufferedReader(piped), encoding="utf-8-sig", errors="surrogateescape"
                )
                parts.append(self._lines(text, "standard input"))
            elif suffix in JSON_LINES:
                with _opened(path) as file:
                    total = sum(1 for line in _decoded(file, str(path)) if line.strip())
                parts.append(self._lines_of(path))
            elif suffix in DELIMITERS:
                own, total = self._header(path)
                parts.append(self._rows(path))
            elif suffix == ".parquet":
                own, total, rows = self._parquet(path)
                parts.append(rows)
            else:
                parameter = self._for_files(place)
                files = list(self._files(place, parameter))
                own, total = [parameter.sent_as], len(files)
                parts.append([{**self._fixed, parameter.sent_as: file} for file in files])
            totals.append(total)
            names.update(dict.fromkeys(own))
            read.append(path)
        known = [one for one in totals if one is not None]
        return Inputs(
            chain.from_iterable(parts),
            sum(known) if len(known) == len(totals) else None,
            list(names),
            read,
            piped,
        )

    # -- JSON lines -----------------------------------------------------------------

    def _lines_of(self, path: Path) -> Iterator[Payload]:
        with _opened(path) as file:
            yield from self._lines(file, str(path))

    def _lines(self, file: TextIO, name: str) -> Iterator[Payload]:
        for number, line in enumerate(_decoded(file, name), 1):
            if not line.strip():
                continue
            where = f"Line {number} of {name}"
            try:
                value = json.loads(line.rstrip())
            except (ValueError, RecursionError) as exc:
                problem = str(exc)
                if isinstance(exc, json.JSONDecodeError):
                    problem = f"{exc.msg} at column {exc.colno}"
                raise self._error(
                    f"{where} is not JSON ({problem}). Each line is an object with the values by "
                    'name, such as {"text": "hello"}, a list of values, or a value.'
                ) from None
            if not isinstance(value, (dict, list)):
                value = [value]
            yield self._payload(value, where)

    def _payload(self, value: Mapping[str, Any] | Sequence[Any], where: str) -> Payload:
        """Return the payload for values by name or by position.

        Values by position are for the parameters that the command line does not set.
        """
        if isinstance(value, Mapping):
            named = {self._known(name, where): part for name, part in value.items()}
        else:
            if len(value) > len(self._open):
                names = ", ".join(one.sent_as for one in self._open) or "no values"
                raise self._error(
                    f"{where} has {len(value)} values, but {called(self._signature.endpoint)} "
                    f"takes {names}."
                )
            named = {one.sent_as: part for one, part in zip(self._open, value)}
        given = {name: self._columns[name].of_json(part) for name, part in named.items()}
        return {**given, **self._fixed}

    # -- tables ---------------------------------------------------------------------

    def _header(self, path: Path) -> tuple[list[str], int]:
        """Check the header of a table, and return its parameters and the number of rows."""
        with _opened(path, newline="") as file:
            rows = self._reader(path, file)
            header = next(rows, None)
            if not header:
                raise self._error(f"{path} has no header with the names of the parameters.")
            names = self._names(header, path)
            return [one for one in names if one not in self._fixed], sum(1 for row in rows if row)

    def _rows(self, path: Path) -> Iterator[Payload]:
        with _opened(path, newline="") as file:
            rows = self._reader(path, file)
            names = self._names(next(rows, []), path)
            columns = [self._columns[name] for name in names]
            for row in rows:
                if len(row) > len(names):
                    raise self._error(
                        f"Line {rows.line_num} of {path} has {len(row)} cells, and the header has "
                        f"{len(names)}. A cell with a comma or a line break needs quotes."
                    )
                if row:
                    cells = {one.name: one.of_text(text) for one, text in zip(columns, row)}
                    yield self._row(cells)

    def _names(self, header: Iterable[str], path: Path) -> list[str]:
        """Return the app's names of the parameters in the header of a table."""
        names = [self._known(name, str(path), "column") for name in header]
        twice = next((name for name, count in Counter(names).items() if count > 1), None)
        if twice is not None:
            raise self._error(f"{path} has two columns for {twice!r}. Remove one of them.", twice)
        return names

    def _row(self, cells: Payload) -> Payload:
        given = {name: value for name, value in cells.items() if value is not MISSING}
        return {**given, **self._fixed}

    def _reader(self, path: Path, file: TextIO) -> Any:
        csv.field_size_limit(2**31 - 1)
        delimiter = DELIMITERS[path.suffix.lower()]
        start = next(_decoded(file, str(path)), "")
        file.seek(0)
        if delimiter == "," and ";" in start and "," not in start:
            delimiter = ";"  # as spreadsheets write it in many countries
        return csv.reader(_decoded(file, str(path)), delimiter=delimiter)

    def _parquet(self, path: Path) -> tuple[list[str], int, Iterator[Payload]]:
        try:
            import pandas

            table = pandas.read_parquet(path)
        except ImportError as exc:
            raise MissingDependencyError(
                f"To read {path}, pandas and pyarrow are needed: {exc}. Run pip install "
                "'gradio-client-sync[pandas]' pyarrow, or write the table as .csv.",
                extra="pandas",
            ) from exc
        except (OSError, ValueError) as exc:
            raise _unreadable(path, exc) from exc
        names = self._names(map(str, table.columns), path)
        columns = [self._columns[name] for name in names]

        def payload(row: Sequence[Any]) -> Payload:
            return self._row(
                {
                    one.name: MISSING if _is_missing(value) else one.of_json(_listed(value))
                    for one, value in zip(columns, row)
                }
            )

        rows = (payload(row) for row in table.itertuples(index=False, name=None))
        return [one for one in names if one not in self._fixed], len(table), rows

    # -- files ----------------------------------------------------------------------

    def _for_files(self, place: str) -> Parameter:
        """Return the first parameter that takes a file."""
        for one in self._open:
            if takes_files(one, self._slots.get(one.sent_as)):
                return one
        name = called(self._signature.endpoint)
        raise self._error(
            f"{name} takes no file, so {place!r} cannot be an input. Give a table "
            f"({', '.join(TABLES)}), or - for JSON lines on standard input."
        )

    def _files(self, place: str, parameter: Parameter) -> Iterator[Path]:
        path = Path(place.removeprefix("@")).expanduser()
        if not path.is_dir():
            yield path
            return
        slot = self._slots.get(parameter.sent_as)
        media = _MEDIA.get(slot.type, "") if slot is not None else ""
        found = [
            one
            for one in sorted(path.iterdir())
            if one.is_file()
            and not one.name.startswith(".")
            and (type_of(one.name) or "").startswith(media)
        ]
        if not found:
            kind = f"{media.rstrip('/')} files" if media else "files"
            raise FileError(f"The folder {place!r} has no {kind}.", path=str(path))
        yield from found

    def _known(self, name: str, where: str, what: str = "value") -> str:
        """Return the app's name of a parameter.

        Args:
            name: Its name in the inputs.
            where: The table or the line that has it, for an error.
            what: Whether it names a value or a column.
        """
        if name in self._columns:
            return name
        if name in self._aliases:
            return self._aliases[name]
        import difflib  # imported only for an error message

        near = difflib.get_close_matches(name, list(self._columns), n=1)
        meant = f" Did you mean {near[0]!r}?" if near else ""
        raise self._error(
            f"{where} has a {what} {name!r}, but {called(self._signature.endpoint)} has no such "
            f"parameter. Its parameters are {', '.join(self._columns) or 'none'}.{meant}",
            name,
        )

    def _error(self, text: str, parameter: str | None = None) -> PayloadError:
        return PayloadError(text, endpoint=self._signature.endpoint, parameter=parameter)


def _expanded(places: Sequence[str]) -> Iterator[str]:
    """Replace patterns by the files that match them, and check that files exist.

    Shells do this, too, but not that of Windows, and no shell does it in quotes.
    """
    for place in places:
        path = os.path.expanduser(place.removeprefix("@"))
        if place == "-" or os.path.exists(path):
            yield place
            continue
        mark = "@" if place.startswith("@") else ""
        found = sorted(glob.glob(path, recursive=True)) if _MAGIC.search(path) else []
        found = [one for one in found if os.path.isfile(one)]
        if not found:
            what = "matches no file" if _MAGIC.search(path) else "is neither a file nor a folder"
            raise FileError(
                f"{place!r} {what}, in the folder {os.getcwd()!r}. Inputs are files and folders; "
                "a value that is the same in all items is name=value.",
                path=place,
            )
        yield from (f"{mark}{one}" for one in found)


def _opened(path: Path, newline: str | None = None) -> TextIO:
    try:
        return path.open(encoding="utf-8-sig", errors="surrogateescape", newline=newline)
    except OSError as exc:
        raise _unreadable(path, exc) from exc


def _decoded(file: TextIO, name: str) -> Iterator[str]:
    """Yield the lines of a file, which was opened with ``surrogateescape``.

    Raises:
        FileError: A line is not text. The lines before it have been given.
    """
    for number, line in enumerate(iter(file.readline, ""), 1):
        try:
            line.isascii() or line.encode()
        except UnicodeEncodeError as exc:
            raise FileError(
                f"Line {number} of {name} is not text in UTF-8. Save the table in UTF-8.", path=name
            ) from exc
        yield line


def _unreadable(path: Path, exc: Exception) -> FileError:
    why = exc.strerror if isinstance(exc, OSError) and exc.strerror else str(exc).rstrip(".")
    return FileError(f"{path} cannot be read: {why}.", path=str(path))


def _is_missing(value: Any) -> bool:
    """Return whether a cell of a typed table has no value: ``None``, NaN or NaT."""
    if isinstance(value, float):
        return value != value
    return value is None or type(value).__name__ in ("NAType", "NaTType")


def _listed(value: Any) -> Any:
    """Return a list of a typed table as a list."""
    return value.tolist() if hasattr(value, "tolist") else value
