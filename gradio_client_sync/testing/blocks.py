"""`record` and `replay`: blocks of code whose calls are recorded, or get recorded responses."""

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
    """The object of a block of `record` or `replay`."""

    @property
    def missed(self) -> Sequence[str]:
        """The messages of the errors for calls that are not in the recording."""
        ...


@contextmanager
def record(path: StrPath, *, scrub: Scrub | None = None) -> Iterator[Recording]:
    """Record the calls of all clients in a block; also a decorator.

    Only clients that are made in the block are recorded. No header, cookie, token or login is
    written to the file.

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
    """Replay a recording: calls in a block get recorded responses. Also a decorator.

    This applies to all clients of this process. Equal calls get their responses in the recorded
    order.

    Args:
        path: The file that `record` made.
        speed: How many times faster than in the recording; 1 keeps the recorded times. ``None``
            means without any wait.
        scrub: The function that was passed to `record`.

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
