"""`record` and `replay`: the blocks in which clients are recorded, or answered from a recording."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol, Union

from .._transport import seam
from .cassette import Cassette, Scrub
from .player import Player
from .recorder import Recorder

StrPath = Union[str, "os.PathLike[str]"]


class Recording(Protocol):
    """What a block of `record` or `replay` has."""

    @property
    def missed(self) -> Sequence[str]:
        """The texts of the errors about calls that the recording does not have."""
        ...


@contextmanager
def record(path: StrPath, *, scrub: Scrub | None = None) -> Iterator[Recording]:
    """Record what clients and apps say to each other in a block; also a decorator.

    It records all clients of this process that are made in the block. No header, cookie, token or
    login is written.

    Args:
        path: The file. It is replaced. Files that apps return are kept in a folder beside it.
        scrub: A function that gets each text of payloads and messages, and returns the one to
            write. Give the same one to `replay`.
    """
    recorder = Recorder(Path(path), scrub)
    before = seam.set_current(recorder)
    try:
        yield recorder
    finally:
        seam.set_current(before)
        recorder.close()


@contextmanager
def replay(
    path: StrPath, *, speed: float | None = None, scrub: Scrub | None = None
) -> Iterator[Recording]:
    """Answer clients from a recording in a block, without a network; also a decorator.

    It answers all clients of this process. Equal calls get their
    recorded responses in the order of recording.

    Args:
        path: The file that `record` made.
        speed: How many times faster than it was recorded: 1 takes the time that it took. ``None``
            waits for nothing.
        scrub: The function that `record` got.

    Raises:
        ReplayError: The file is missing, or cannot be read. Calls raise it if they are not in the
            recording; the message shows the nearest one and how they differ.
    """
    player = Player(Cassette(Path(path)), speed, scrub)
    before = seam.set_current(player)
    try:
        yield player
    finally:
        seam.set_current(before)
        player.close()
