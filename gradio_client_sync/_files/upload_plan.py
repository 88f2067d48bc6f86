"""Which files share a request, without sending anything.

Small files share one, as each request costs time; a large one has its own, so that several go side
by side.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from .sources import LocalFile

SMALL = 2**20  # bytes; smaller files share a request
TOGETHER = 8 * 2**20  # bytes of small files in one request
FILES_AT_ONCE = 32  # in one request


class Item(NamedTuple):
    """A file to send.

    Attributes:
        size: In bytes; ``None`` if it is known only when the file has been read.
        identity: Equal for equal content; ``None`` for a stream, which can be read once only.
    """

    file: LocalFile
    size: int | None
    identity: object | None


class UploadPlan(NamedTuple):
    """The requests that send some files.

    Attributes:
        batches: The files of each request, in the order of sending.
        total: The bytes of all files; ``None`` if that is not known.
    """

    batches: list[list[Item]]
    total: int | None

    @classmethod
    def of(cls, items: Sequence[Item]) -> UploadPlan:
        """Plan the requests: large files first, then small ones together."""
        total: int | None = 0
        large: list[list[Item]] = []
        small: list[list[Item]] = []
        room = 0
        for item in items:
            total = None if total is None or item.size is None else total + item.size
            if item.size is None or item.size > SMALL:
                large.append([item])
                continue
            if not small or item.size > room or len(small[-1]) == FILES_AT_ONCE:
                small.append([])
                room = TOGETHER
            small[-1].append(item)
            room -= item.size
        return cls(large + small, total)


def names_of(batch: Sequence[Item]) -> str:
    """Return the files' names, for a message."""
    return ", ".join(repr(item.file.orig_name) for item in batch)


def is_repeatable(batch: Sequence[Item]) -> bool:
    """Return whether each file can be read once more; a stream cannot."""
    return all(item.identity is not None for item in batch)
