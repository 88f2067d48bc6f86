"""`Feed`: the values of one job in the form of `gradio_client`, for its loops.

A thread reads the plain job from the first access to a value until the job ends. A call of which
only the result is used has no such thread. The plain job gives the last value of a generator
function twice: when it is yielded, and as the result. Here it is given once. The status before a
value shows which one is the result: each yielded value follows a status of its own.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator
from concurrent.futures import CancelledError
from typing import TYPE_CHECKING, Any, Callable

from .. import errors
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
        shown: The job that the script uses.
        results: Converts the values.

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
        """Read the past values of the job on this thread, and later ones on another thread.

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
        """Wait for the value with an index, and return whether there is one."""
        self._changed.wait_for(lambda: len(self.values) > index or self._ended)
        return len(self.values) > index

    def values_so_far(self) -> list[Any]:
        """Return the values so far; all of them if the job has ended."""
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
            except RuntimeError:  # the loop was closed, so no task waits
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
        # In `gradio_client`, a value comes before the status of its `yield`, and the final output
        # after the last status. The plain job gives the status first.
        pending: list[Update] = []
        yielded = False
        try:
            events = self._job.events("data", "status", "log")
            next(events)  # the status before the first message of the app
            for event in events:
                if isinstance(event, Data) and not yielded:
                    pending.append(self._final(event))
                    continue
                if isinstance(event, Data):
                    value = self._results.value(event)
                    self._add(OutputUpdate(outputs=value, success=True), value)
                    yielded = False
                elif isinstance(event, Status) and event.stage in _YIELDS:
                    self._add_all(pending)
                    pending, yielded = [update_of(event)], True
                    continue
                elif isinstance(event, (Status, Log)):
                    self._add(update_of(event))
                    yielded = yielded and isinstance(event, Log)
                self._add_all(pending)
                pending = []
        except errors.AppError as exc:
            outputs = {"error": exc.message, "title": exc.title, "duration": exc.duration}
            outputs["visible"] = exc.visible
            pending.append(OutputUpdate(outputs=outputs, success=False, final=True))
        except (Exception, CancelledError):  # noqa: BLE001 - `result` of the job raises it
            pass
        finally:
            with self._lock:
                self._add_all(pending)
                self._ended = True
                self._tell()

    def _final(self, data: Data) -> OutputUpdate:
        """Return the update for the final output. It is a value only if there was no other one."""
        if self.values:
            with self._lock:
                self._received += 1
        else:
            self._add(None, self._shown.result())  # the files are the same, and are downloaded once
        sent = outputs_of(data, self._sent)
        return OutputUpdate(outputs={"data": sent}, success=True, final=True)

    def _sent(self, file: RemoteFile) -> Any:
        return self._results.sent(file)

    def _add_all(self, updates: list[Update]) -> None:
        for update in updates:
            self._add(update)

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
