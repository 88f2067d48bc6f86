"""`Journal`: a file with the items of a map that have ended, for a later run of the same map.

The results are in the file only. In memory are the offsets of its lines: 70 MB for a million items.
`read_journal` reads the file of a run that has ended, or of one that still runs.
"""

from __future__ import annotations

import hashlib
import logging
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .._basics.words import called, counted
from .identity import Identity
from .journal_file import JournalFile, journal_error, numbered_lines
from .journal_format import (
    VERSION,
    Header,
    changes_between,
    hashed_in,
    is_unfinished_header,
    key_in,
    line_of,
    recorded_in,
)
from .number_table import NumberTable

if TYPE_CHECKING:
    from ..errors import JournalError
    from .identity import FileState
    from .journal_format import ItemKey, Recorded

log = logging.getLogger(__name__)


class Journal:
    """The journal of one map. Only one thread may use it at a time.

    ::

        with Journal.open("run.jsonl", "/caption", fingerprint) as journal:
            key = journal.identify(index, payload)     # each item once, in order
            recorded = journal.find(key)               # None: the item has to be called
            ...
            journal.append(key, Recorded.of_data(data, seconds, attempts, time.time()))

    Args:
        file: The open file. `open` opens and reads it.
    """

    def __init__(self, file: JournalFile) -> None:
        self._file = file
        self._offsets = NumberTable()
        self._hashes = NumberTable()
        self._identity = Identity(self._known_hash)

    @classmethod
    def open(
        cls, path: str | os.PathLike[str], endpoint: str | int, fingerprint: str | None
    ) -> Journal:
        """Open or create a journal, and lock it until `close`.

        If a killed process has left a part of a line, that part is removed.

        Args:
            path: The path of the file. ``~`` is your home.
            endpoint: The endpoint that the items are called with.
            fingerprint: The endpoint's fingerprint as text; ``None`` for no check. If it is the
                JSON of a `Fingerprint`, the error names the changes.

        Raises:
            JournalError: The file cannot be opened, is in use, is not a journal, or belongs to
                another endpoint or app.
        """
        file = JournalFile(_place(path))
        try:
            journal = cls(file)
            journal._load(Header(endpoint, fingerprint))
        except BaseException:
            file.close()
            raise
        return journal

    @property
    def path(self) -> Path:
        """The path of the file."""
        return self._file.path

    def __len__(self) -> int:
        """Return how many items have ended."""
        return len(self._offsets)

    def identify(self, index: int, payload: Any) -> ItemKey:
        """Return the key of an item. Call it once for each item of a run, in their order.

        The files in the payload are read, except large ones that an earlier run has read. A payload
        that cannot be sent also has a key.

        Args:
            index: The position of the item among the payloads.
            payload: The payload, as for `submit`.
        """
        return self._identity.key(index, payload)

    def find(self, key: ItemKey) -> Recorded | None:
        """Return the record of an item; ``None`` if the item has not ended.

        Args:
            key: The key, from `identify`.
        """
        offset = self._offsets.get(_number(key.text))
        if offset is None:
            return None
        line = self._file.line_at(offset)
        return recorded_in(line) if key_in(line) == key.text else None

    def append(self, key: ItemKey, recorded: Recorded) -> None:
        """Record an item that has ended. This replaces an earlier record of the same item.

        The line is in the file when this returns. It survives a power cut once `flush` or `close`
        has run, or an `append` that is at least a second later. `due` returns when to call `flush`.

        Args:
            key: The key, from `identify`.
            recorded: The record.

        Raises:
            JournalError: The line cannot be written, such as on a full disk. The file stays as
                it was.
        """
        self._remember(key.text, key.hashed, self._file.append(line_of(key, recorded)))

    def due(self) -> float | None:
        """Return the seconds until `flush` should be called; ``None`` if there is no need."""
        return self._file.due()

    def flush(self) -> None:
        """Make sure that all items survive a power cut.

        Raises:
            JournalError: The disk reports an error.
        """
        self._file.flush()

    def close(self) -> None:
        """Flush, unlock and close the file. A second call does nothing.

        Raises:
            JournalError: The disk reports an error.
        """
        self._file.close()

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def _remember(self, key: str, hashed: Sequence[Sequence[Any]], offset: int) -> None:
        self._offsets.put(_number(key), offset)
        for path, size, changed, _ in hashed:
            self._hashes.put(_state_number((path, size, changed)), offset)

    def _known_hash(self, state: FileState) -> str | None:
        """Return the hash of a large file that an earlier run has read."""
        offset = self._hashes.get(_state_number(state))
        if offset is None:
            return None
        known = hashed_in(self._file.line_at(offset))
        return next((one[3] for one in known if tuple(one[:3]) == state), None)

    def _load(self, wanted: Header) -> None:
        """Read the file, remove an unfinished line, and write a missing header."""
        lines = self._file.lines()
        first = next(lines, (0, b""))[1]
        header = Header.of(first)
        if header is None:
            if not is_unfinished_header(first):
                raise _not_a_journal(self.path)
            self._file.cut(0)
            self._file.append(wanted.line())
            self._file.flush_name()
            return
        _check_version(self.path, header)
        self._check_call(header, wanted)
        end, unreadable = len(first), 0
        for offset, line in lines:
            if not line.endswith(b"\n") and recorded_in(line) is None:
                break  # an incomplete last line
            end = offset + len(line)
            key = key_in(line)
            if key is None:
                unreadable += 1
            else:
                self._remember(key, hashed_in(line), offset)
        if unreadable:
            log.warning(
                "%s of the journal %r cannot be read, and what ended there is called again",
                counted(unreadable, "line"),
                str(self.path),
            )
        removed = self._file.cut(end)
        if removed:
            log.warning(
                "removed the last %s of the journal %r: they are not a whole line, since the last "
                "run was killed while it wrote. That item is called again",
                counted(removed, "byte"),
                str(self.path),
            )

    def _check_call(self, header: Header, wanted: Header) -> None:
        name = called(wanted.endpoint)
        if header.endpoint != wanted.endpoint:
            raise journal_error(
                self.path,
                f"has results of {called(header.endpoint)}, not of {name}. Choose another path for "
                f"those of {name}",
            )
        kept, now = header.fingerprint, wanted.fingerprint
        if kept is None or now is None or kept == now:
            return
        changes = changes_between(wanted.endpoint, kept, now)
        raise journal_error(
            self.path,
            f"has results of another app, or of an earlier form of this one{changes}. Choose "
            "another path to call all items again. If the results are still right, write null "
            "for the fingerprint in the first line of the file",
        )


def read_journal(path: str | os.PathLike[str]) -> Iterator[Recorded]:
    """Return the items of a journal, in the order in which they ended.

    The map that writes it may still run. If an item has been recorded several times, the last
    record counts. Lines that cannot be read are left out.

    Args:
        path: The path of the file. ``~`` is your home.

    Raises:
        JournalError: The file cannot be read, or is not a journal.
    """
    place = _place(path)
    try:
        with open(place, "rb") as file:
            header = Header.of(file.readline())
    except OSError as exc:
        raise journal_error(place, f"cannot be read: {exc.strerror}") from exc
    if header is None:
        raise _not_a_journal(place)
    _check_version(place, header)
    return _items(place)


def _items(place: Path) -> Iterator[Recorded]:
    last = NumberTable()
    with open(place, "rb") as file:
        for offset, line in numbered_lines(file):
            key = key_in(line)
            if key is not None:
                last.put(_number(key), offset)
        file.seek(0)
        for offset, line in numbered_lines(file):
            key = key_in(line)
            if key is not None and last.get(_number(key)) == offset:
                recorded = recorded_in(line)
                if recorded is not None:
                    yield recorded


def _check_version(place: Path, header: Header) -> None:
    if header.version > VERSION:
        raise journal_error(
            place,
            f"has version {header.version} of the format, and this release reads versions up to "
            f"{VERSION}. Update gradio_client_sync, or choose another path",
        )


def _not_a_journal(place: Path) -> JournalError:
    return journal_error(
        place, "is another kind of file, and stays as it is. Choose another path for the journal"
    )


def _place(path: str | os.PathLike[str]) -> Path:
    return Path(os.path.expanduser(os.fsdecode(path)))


def _number(key: str) -> int:
    return int(key[:16], 16)


def _state_number(state: FileState) -> int:
    digest = hashlib.blake2b(repr(state).encode("utf-8", "replace"), digest_size=8)
    return int.from_bytes(digest.digest(), "big")
