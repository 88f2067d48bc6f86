"""Standard input that another program writes bit by bit, such as ``tail -f``.

The thread that loops over a map reads the payloads, too. While it waits for the next line of a
pipe, the results of earlier lines would wait with it, and so would a program that writes a line,
reads its result and then writes the next. So two threads loop over such a map: while one of them
waits for a line, the other one gets the results.
"""

from __future__ import annotations

import io
import threading
from collections import deque
from concurrent.futures import CancelledError
from contextlib import closing
from typing import TYPE_CHECKING, Any, Callable

from .._transport.signal_safe import SafeCondition, new_lock

if TYPE_CHECKING:
    from ..many import Map, Outcome

BLOCK = 65_536  # bytes of one read, at most
MOST_BLOCKS = 16  # that are kept


class Piped(io.RawIOBase):
    """Standard input, whose readers can be told to stop.

    A thread reads it from the first use on. It may be blocked when the program ends: it holds no
    lock of Python's buffers, which the interpreter takes at its exit.

    Args:
        stream: Standard input, as bytes.
    """

    def __init__(self, stream: Any) -> None:
        super().__init__()
        self._stream = getattr(stream, "raw", stream)
        self._lock = new_lock()
        self._changed = SafeCondition(self._lock)
        self._blocks: deque[bytes] = deque()
        self._rest = b""
        self._error: Exception | None = None
        self._starts, self._ended = True, False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        """Wait for some bytes. There are none after the end, and after `stop`."""
        with self._lock:
            starts, self._starts = self._starts, False
        if starts:
            threading.Thread(target=self._read, name="gradio-stdin", daemon=True).start()
        if not self._rest:
            self._changed.wait_for(lambda: bool(self._blocks) or self._ended)
            with self._lock:
                self._rest = self._blocks.popleft() if self._blocks else b""
                self._changed.notify_all()
            if not self._rest and self._error is not None:
                raise self._error
        size = min(len(buffer), len(self._rest))
        buffer[:size], self._rest = self._rest[:size], self._rest[size:]
        return size

    def stop(self) -> None:
        """End all reads, now and later."""
        with self._lock:
            self._blocks.clear()
            self._ended = True
            self._changed.notify_all()

    def _read(self) -> None:
        try:
            while block := self._stream.read(BLOCK):
                self._changed.wait_for(lambda: len(self._blocks) < MOST_BLOCKS or self._ended)
                with self._lock:
                    if self._ended:
                        return
                    self._blocks.append(block)
                    self._changed.notify_all()
        except (OSError, ValueError) as exc:  # such as a folder, or a closed file
            self._error = exc
        with self._lock:
            self._ended = True
            self._changed.notify_all()


class TwoLoops:
    """Two threads that loop over one map, and write its outcomes in order.

    Args:
        calls: The map.
        piped: The input of its payloads.
        write: Writes one outcome. One thread at a time calls it.
    """

    def __init__(self, calls: Map[Any], piped: Piped, write: Callable[[Outcome], object]) -> None:
        self._calls = calls
        self._piped = piped
        self._write = write
        self._lock = new_lock()
        self._waiting: dict[int, Outcome] = {}
        self._next = 0  # the index of the outcome that is written next
        self._writes = False  # a thread writes
        self._failed: list[BaseException] = []

    def run(self) -> None:
        """Loop until the map ends.

        Raises:
            BaseException: What either loop has raised.
        """
        other = threading.Thread(target=self._loop, name="gradio-map-output", daemon=True)
        other.start()
        self._loop()
        other.join()
        if self._failed:
            # If one loop fails, the map is cancelled, and the other one says that.
            own = [one for one in self._failed if not isinstance(one, CancelledError)]
            raise [*own, *self._failed][0]

    def _loop(self) -> None:
        try:
            outcomes: Any = self._calls.outcomes()  # a generator
            with closing(outcomes):
                for outcome in outcomes:
                    self._give(outcome)
        except BaseException as exc:  # noqa: BLE001 - `run` raises it
            self._failed.append(exc)
        self._piped.stop()

    def _give(self, outcome: Outcome) -> None:
        """Write an outcome, and those after it that wait for it, unless another thread does."""
        with self._lock:
            self._waiting[outcome.index] = outcome
        while True:
            with self._lock:
                if self._writes or self._next not in self._waiting:
                    return
                found, self._writes = self._waiting.pop(self._next), True
                self._next += 1
            self._write(found)
            with self._lock:
                self._writes = False
