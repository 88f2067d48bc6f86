"""`record` and `replay`: the blocks in which clients are recorded, or answered from a recording."""

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
    """What a block of `record` or `replay` has."""

    @property
    def missed(self) -> Sequence[str]:
        """The texts of the errors about calls that the recording does not have."""
        ...


#: The recorders and players whose blocks run; the last one is the one that clients use.
_running: list[Any] = []
_lock = new_lock()


@contextmanager
def _used_by_clients(one: Recorder | Player, scrubber: Scrubber | None) -> Iterator[Any]:
    """Put a recorder or a player between clients and network, and close it at the end."""
    with _lock:
        _running.append(one)
        seam.set_current(one)
    try:
        yield one
    finally:
        with _lock:  # blocks of several threads may end in any order
            _running.remove(one)
            seam.set_current(_running[-1] if _running else None)
        one.close()
        if scrubber is not None:
            scrubber.check()


@contextmanager
def record(path: StrPath, *, scrub: Scrub | None = None) -> Iterator[Recording]:
    """Record what clients and apps say to each other in a block; also a decorator.

    It records all clients of this process that are made in the block. No header, cookie, token or
    login is written. In blocks inside of each other, the inner one records.

    Args:
        path: The file. It is replaced. Files that apps return are kept in a folder beside it.
        scrub: A function that gets each text of payloads and messages, and returns the one to
            write. Give the same one to `replay`.

    Raises:
        ReplayError: At the end of the block: `scrub` failed for a text.
    """
    scrubber = None if scrub is None else Scrubber(scrub)
    with _used_by_clients(Recorder(Path(path), scrubber), scrubber) as recorder:
        yield recorder


@contextmanager
def replay(
    path: StrPath, *, speed: float | None = None, scrub: Scrub | None = None
) -> Iterator[Recording]:
    """Answer clients from a recording in a block, without a network; also a decorator.

    It answers all clients of this process, so use one block around all threads. Equal calls get
    their recorded responses in the order of recording.

    Args:
        path: The file that `record` made.
        speed: How many times faster than it was recorded: 1 takes the time that it took. ``None``
            waits for nothing.
        scrub: The function that `record` got.

    Raises:
        ReplayError: The file is missing, or cannot be read. Calls raise it if they are not in the
            recording; the message shows the nearest one and how they differ.
        ValueError: `speed` is not positive.
    """
    if speed is not None and not speed > 0:
        raise ValueError(f"speed={speed!r} is not positive. Use None to wait for nothing.")
    scrubber = None if scrub is None else Scrubber(scrub)
    with _used_by_clients(Player(Cassette(Path(path)), speed, scrubber), scrubber) as player:
        yield player
