"""`record` and `replay`: blocks of code whose calls are recorded, or get recorded responses."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol, Union

from .._transport import seam
from .._transport.signal_safe import new_lock
from .cassette import Cassette
from .player import Player
from .recorder import Recorder
from .scrubber import Scrub, Scrubber

StrPath = Union[str, "os.PathLike[str]"]


class Recording(Protocol):
    """The object of a block of `record` or `replay`."""

    @property
    def missed(self) -> Sequence[str]:
        """The messages of the errors for calls that are not in the recording."""
        ...


#: The recorders and players of the current blocks. Clients use the last one.
_running: list[Any] = []
_lock = new_lock()


@contextmanager
def _used_by_clients(one: Recorder | Player, scrubber: Scrubber | None) -> Iterator[Any]:
    """Let clients use a recorder or a player in a block, and close it at the end."""
    with _lock:
        _running.append(one)
        seam.set_current(one)
    try:
        yield one
    finally:
        with _lock:  # the blocks of several threads may end in any order
            _running.remove(one)
            seam.set_current(_running[-1] if _running else None)
        one.close()
        if scrubber is not None:
            scrubber.check()


@contextmanager
def record(path: StrPath, *, scrub: Scrub | None = None) -> Iterator[Recording]:
    """Record the calls of all clients in a block; also a decorator.

    Only clients that are made in the block are recorded. No header, cookie, token or login is
    written to the file. In nested blocks, the inner one records.

    Args:
        path: The file. It is replaced. Files that apps return are kept in a folder beside it.
        scrub: A function that gets each text of payloads and messages, and returns the one to
            write. Give the same one to `replay`.

    Raises:
        ReplayError: `scrub` failed for a text. It is raised at the end of the block.
    """
    scrubber = None if scrub is None else Scrubber(scrub)
    with _used_by_clients(Recorder(Path(path), scrubber), scrubber) as recorder:
        yield recorder


@contextmanager
def replay(
    path: StrPath, *, speed: float | None = None, scrub: Scrub | None = None
) -> Iterator[Recording]:
    """Replay a recording: calls in a block get recorded responses. Also a decorator.

    This applies to all clients of this process, so use one block around all threads. Equal calls
    get their responses in the recorded order.

    Args:
        path: The file that `record` made.
        speed: How many times faster than in the recording; 1 keeps the recorded times. ``None``
            means without any wait.
        scrub: The function that was passed to `record`.

    Raises:
        ReplayError: The file is missing, or cannot be read. Calls raise it if they are not in the
            recording; the message shows the nearest one and how they differ.
        ValueError: `speed` is not positive.
    """
    if speed is not None and not speed > 0:
        raise ValueError(f"speed={speed!r} is not positive. Use None to replay without any wait.")
    scrubber = None if scrub is None else Scrubber(scrub)
    with _used_by_clients(Player(Cassette(Path(path)), speed, scrubber), scrubber) as player:
        yield player
