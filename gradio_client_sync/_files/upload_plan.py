"""Decide which files share an upload request. This module sends nothing.

Small files share a request, because each request costs time. A large file has a request of its
own, so that several large files are sent at the same time.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from .sources import LocalFile

SMALL = 2**20  # bytes; smaller files share a request
TOGETHER = 8 * 2**20  # bytes of small files in one request
FILES_AT_ONCE = 32  # the most small files in one request


class UploadItem(NamedTuple):
    """A file to upload.

    Attributes:
        file: The file.
        size: Its size in bytes; ``None`` if it is known only after the file was read.
        identity: A value that is equal for equal content; ``None`` for a stream, which can be
            read only once.
    """

    file: LocalFile
    size: int | None
    identity: object | None


class UploadPlan(NamedTuple):
    """The requests that upload some files.

    Attributes:
        batches: The files of each request, in the order of the requests.
        total: The total size in bytes; ``None`` if the size of a file is not known.
    """

    batches: list[list[UploadItem]]
    total: int | None

    @classmethod
    def of(cls, items: Sequence[UploadItem]) -> UploadPlan:
        """Plan the requests: large files first, then the small ones together."""
        total: int | None = 0
        large: list[list[UploadItem]] = []
        small: list[list[UploadItem]] = []
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


def names_of(batch: Sequence[UploadItem]) -> str:
    """Return the files' names, for a message."""
    return ", ".join(repr(item.file.orig_name) for item in batch)


def is_repeatable(batch: Sequence[UploadItem]) -> bool:
    """Return whether all files can be read again. A stream cannot."""
    return all(item.identity is not None for item in batch)
