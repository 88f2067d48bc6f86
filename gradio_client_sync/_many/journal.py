"""`Journal`: the items of a map that have ended, in a file, for a later run of the same map.

The file holds everything. Memory holds the offset of each item's line, so that a million items take
about 30 MB. `read_journal` reads the file of a run that has ended or still runs.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .._basics.words import called
from .identity import FileState, Identity
from .journal_file import JournalFile
from .journal_format import (
    HEADER_START,
    VERSION,
    Header,
    ItemKey,
    Recorded,
    hashed_in,
    key_in,
    line_of,
    recorded_in,
)
from .number_table import NumberTable

log = logging.getLogger(__name__)


class Journal:
    """The journal of one map. Use it in ``with``, and on one thread at a time.

    ::

        with Journal.open("run.jsonl", "/caption", fingerprint) as journal:
            key = journal.identify(index, payload)     # each item once, in order
            recorded = journal.find(key)               # None: call it
            ...
            journal.append(key, Recorded.of_data(data, seconds, attempts, time.time()))
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

        Args:
            path: The path of the file. ``~`` is your home.
            endpoint: The endpoint that the items are called with.
            fingerprint: What its callers rely on, as text; ``None`` for no check.

        Raises:
            JournalError: The file cannot be opened, is in use, is not a journal, or belongs to
                another endpoint or app.
        """
        file = JournalFile(Path(os.path.expanduser(os.fsdecode(path))))
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

        Args:
            index: The position of the item among the payloads.
            payload: The payload, as for `submit`.
        """
        return self._identity.key(index, payload)

    def find(self, key: ItemKey) -> Recorded | None:
        """Return what is recorded for an item; ``None`` if it has not ended.

        Args:
            key: The key, from `identify`.
        """
        offset = self._offsets.get(_number(key.text))
        if offset is None:
            return None
        line = self._file.line_at(offset)
        return recorded_in(line) if key_in(line) == key.text else None

    def append(self, key: ItemKey, recorded: Recorded) -> None:
        """Record an item that has ended. It replaces an earlier record of the same item.

        The line is in the file when this returns, and on the disk within a second, if calls of
        `append`, `flush` or `close` follow. `due` says when one is necessary.

        Args:
            key: The key, from `identify`.
            recorded: What to record.

        Raises:
            JournalError: The line cannot be written, such as on a full disk. The file stays as
                it was.
        """
        offset = self._file.append(line_of(key, recorded))
        self._remember(key.text, key.hashed, offset)

    def due(self) -> float | None:
        """Return the seconds until `flush` should be called; ``None`` if it is not necessary."""
        return self._file.due()

    def flush(self) -> None:
        """Make sure that all items survive a power cut."""
        self._file.flush()

    def close(self) -> None:
        """Flush, unlock and close the file. A second call does nothing."""
        self._file.close()

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def _remember(self, key: str, hashed: Any, offset: int) -> None:
        self._offsets.put(_number(key), offset)
        for path, size, time_ns, _ in hashed:
            self._hashes.put(_state_number((path, size, time_ns)), offset)

    def _known_hash(self, state: FileState) -> str | None:
        offset = self._hashes.get(_state_number(state))
        if offset is None:
            return None
        for path, size, time_ns, digest in hashed_in(self._file.line_at(offset)):
            if (path, size, time_ns) == state:
                return digest
        return None

    def _load(self, header: Header) -> None:
        end, unreadable, found = 0, 0, False
        for offset, line in self._file.lines():
            if not line.endswith(b"\n"):
                break
            end = offset + len(line)
            if not found:
                self._check(Header.of(line), header)
                found = True
                continue
            key = key_in(line)
            if key is None:
                unreadable += 1
            else:
                self._remember(key, hashed_in(line), offset)
        else:
            line = b""
        if line:
            self._mend(line, end, found)
        if not found:
            self._file.append(header.line())
            self._file.flush()

    def _check(self, there: Header | None, wanted: Header) -> None:
        if there is None:
            raise self._file.error(
                "is another file: it does not begin like a journal. Choose another path"
            )
        if there.version > VERSION:
            raise self._file.error("was written by a newer release of this package. Update it")
        if there.endpoint != wanted.endpoint:
            raise self._file.error(
                f"has results of {called(there.endpoint)}, not of {called(wanted.endpoint)}"
            )
        if (
            None not in (there.fingerprint, wanted.fingerprint)
            and there.fingerprint != wanted.fingerprint
        ):
            raise self._file.error("belongs to another app")

    def _mend(self, line: bytes, end: int, found: bool) -> None:
        if not found and not (line.startswith(HEADER_START) or HEADER_START.startswith(line)):
            self._check(None, Header("", None))
        self._file.truncate(end)


def read_journal(path: str | os.PathLike[str]) -> Iterator[Recorded]:
    """Yield the items of a journal in the order in which they ended."""
    with open(path, "rb") as file:
        for line in file:
            recorded = recorded_in(line)
            if recorded is not None:
                yield recorded


def _number(key: str) -> int:
    return int(key[:16], 16)


def _state_number(state: FileState) -> int:
    import hashlib

    digest = hashlib.blake2b(json.dumps(state).encode(), digest_size=8)
    return int.from_bytes(digest.digest(), "big")
