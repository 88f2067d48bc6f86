"""`Feed`: the values of one job in the form of `gradio_client`, for its loops.

A thread reads the plain job from the first time that a value is asked for, so a call of which only
the result is wanted has none. It ends with the job. The last value of a generator function comes
twice from the plain job: when it is yielded, and as the result. Here it comes once. Which one is
the result is told by the status before it: each yielded value follows a status of its own.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator
from concurrent.futures import CancelledError
from typing import TYPE_CHECKING, Any, Callable

from .._transport.signal_safe import SafeCondition, new_lock, start_thread
from ..events import Data, Log, Status
from ..files import RemoteFile
from ._results import Results, outputs_of
from ._updates import OutputUpdate, Update, update_of

if TYPE_CHECKING:
    from concurrent.futures import Future

    from .. import job as plain

_ENDED = None
_YIELDS = ("generating", "streaming")


class Feed:
    """The values and updates of one job.

    Args:
        job: The job of the plain client.
        shown: The job that the script has.
        results: How values are made.

    Attributes:
        values: The values so far.
    """

    def __init__(self, job: plain.Job, shown: Future[Any], results: Results) -> None:
        self.values: list[Any] = []
        self._job = job
        self._shown = shown
        self._results = results
        self._lock = new_lock()
        self._changed = SafeCondition(self._lock)
        self._updates: list[Update] = []
        self._received = 0
        self._ended = False
        self._wake: list[Callable[[], None]] = []

    def start(self) -> None:
        """Read the job: on this thread what is there already, on another one what follows.

        Raises:
            GradioClientError: No thread could be started.
        """
        if self._job.done():
            self._run()
            return
        present = len(self._job.outputs)
        start_thread(threading.Thread(target=self._run, name="gradio-job-feed", daemon=True))
        self._changed.wait_for(lambda: self._received >= present or self._ended)

    def wait_for(self, index: int) -> bool:
        """Wait for a value, and return whether there is one of this index."""
        self._changed.wait_for(lambda: len(self.values) > index or self._ended)
        return len(self.values) > index

    def values_so_far(self) -> list[Any]:
        """Return the values so far, and all if the job has ended."""
        if self._shown.done():
            self._changed.wait_for(lambda: self._ended)
        with self._lock:
            return list(self.values)

    async def updates(self) -> AsyncGenerator[Update, None]:
        """Yield each update when it arrives."""
        loop, arrived = asyncio.get_running_loop(), asyncio.Event()

        def wake() -> None:
            try:
                loop.call_soon_threadsafe(arrived.set)
            except RuntimeError:  # the loop was closed, so nobody waits
                return

        with self._lock:
            self._wake.append(wake)
        try:
            index = 0
            while True:
                arrived.clear()
                with self._lock:
                    new, ended = self._updates[index:], self._ended
                for update in new:
                    yield update
                index += len(new)
                if ended:
                    return
                await arrived.wait()
        finally:
            with self._lock:
                self._wake.remove(wake)

    # -- the thread

    def _run(self) -> None:
        try:
            yielded, events = False, self._job.events("data", "status", "log")
            next(events)  # the status before the first message of the app
            for event in events:
                if isinstance(event, Data):
                    self._add_value(event, is_final=not yielded)
                    yielded = False
                elif isinstance(event, (Status, Log)):
                    self._add(update_of(event))
                    yielded = isinstance(event, Status) and event.stage in _YIELDS
        except (Exception, CancelledError):  # noqa: BLE001 - `result` of the job raises it
            pass
        finally:
            with self._lock:
                self._ended = True
                self._tell()

    def _add_value(self, data: Data, *, is_final: bool) -> None:
        if not is_final:
            value = self._results.value(data)
            self._add(OutputUpdate(outputs=value, success=True), value)
            return
        if self.values:
            with self._lock:
                self._received += 1
        else:
            value = self._shown.result()  # it has the same files, which are downloaded once
            self._add(None, value)
        sent = outputs_of(data, self._sent)
        self._add(OutputUpdate(outputs={"data": sent}, success=True, final=True))

    def _sent(self, file: RemoteFile) -> Any:
        return self._results.sent(file)

    def _add(self, update: Update | None, *values: Any) -> None:
        with self._lock:
            if update is not None:
                self._updates.append(update)
            self.values.extend(values)
            self._received += len(values)
            self._tell()

    def _tell(self) -> None:
        self._changed.notify_all()
        for wake in self._wake:
            wake()
