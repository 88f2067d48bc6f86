"""`Feed`: the values of one job in the form of `gradio_client`, for its loops.

A pass reads the events of the plain job from the first one. It has no thread: the loop that needs a
value reads the next event itself. A pass that waits is for loops, and one that does not wait is for
`outputs`. After its use, a pass is kept for the next one, which continues there. A value is made
once: the first pass that reaches it downloads its files.

The plain job gives the last value of a generator function twice: when it is yielded, and as the
result. Here it is given once. The status before a value shows which one is the result: each yielded
value follows a status of its own.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterator
from concurrent.futures import CancelledError
from typing import TYPE_CHECKING, Any, Literal

from .. import errors
from ..events import Data, Log, Status
from ..files import RemoteFile
from ._results import Results, outputs_of
from ._translated import translated
from ._updates import OutputUpdate, Update, update_of

if TYPE_CHECKING:
    from concurrent.futures import Future

    from ..job import Job

_NO_WAIT = 1e-6  # s; the least that `Job.events` takes
_NONE = -1  # the number of no value
_YIELDS = ("generating", "streaming")
_KINDS: tuple[Literal["data", "status", "log"], ...] = ("data", "status", "log")


class Feed:
    """The values and updates of one job.

    Each method of a list or dict is atomic for other threads, so no lock is needed.

    Args:
        job: The job of the plain client.
        shown: The job that the script uses.
        results: Converts the values.
    """

    def __init__(self, job: Job, shown: Future[Any], results: Results) -> None:
        self._job = job
        self._shown = shown
        self._results = results
        self._values: dict[int, Any] = {}  # by their numbers
        self._waiting: list[Iterator[Any]] = []  # passes that no thread uses
        self._draining: list[Iterator[Any]] = []
        self._is_read = False  # to the end of the job

    def value(self, number: int) -> tuple[Any, ...]:
        """Wait for a value, and return it in a tuple; ``()`` if the job ends before."""
        while number not in self._values and not self._is_read:
            steps = self._waiting.pop() if self._waiting else self._steps(None)
            for step in steps:
                if step == number:
                    break
            else:
                self._is_read = self._shown.done()
                break
            self._waiting.append(steps)  # not after an error, which ends it
        return (self._values[number],) if number in self._values else ()

    def values_so_far(self) -> list[Any]:
        """Return the values so far; all of them if the job has ended."""
        if self._shown.done():
            self.value(_NONE)  # reads the job to its end
        else:
            steps = self._draining.pop() if self._draining else self._steps(_NO_WAIT)
            for step in steps:
                if step is None:
                    self._draining.append(steps)
                    break
        return [self._values[number] for number in range(len(self._values))]

    async def updates(self) -> AsyncGenerator[Update, None]:
        """Yield each update when it arrives."""
        loop, arrived = asyncio.get_running_loop(), asyncio.Event()

        def wake(_: object) -> None:
            try:
                loop.call_soon_threadsafe(arrived.set)
            except RuntimeError:  # the loop was closed, so no task waits
                return

        steps = self._steps(_NO_WAIT)
        for kind in _KINDS:
            self._job.on(kind, wake)
        self._shown.add_done_callback(wake)
        try:
            while True:
                arrived.clear()
                # Values have files, whose download would block the loop.
                new, is_end = await loop.run_in_executor(None, _read, steps)
                for update in new:
                    yield update
                if is_end:
                    return
                await arrived.wait()
        finally:
            for kind in _KINDS:
                self._job.off(kind, wake)

    # -- one pass

    def _steps(self, idle: float | None) -> Iterator[Update | int | None]:
        """Read the job from its first event.

        In `gradio_client`, a value comes before the status of its `yield`, and the final output
        after the last status. The plain job gives the status first.

        Args:
            idle: Seconds without an event after which ``None`` is yielded; ``None`` waits.

        Yields:
            Each update, and the number of each value that is there now.
        """
        number = 0
        pending: list[Update] = []
        yielded = False
        try:
            events = self._job.events(*_KINDS, idle=idle)
            while next(events) is None:  # the status before the first message of the app
                yield None
            for event in events:
                if isinstance(event, Data) and not yielded:
                    if number == 0:  # no other value came, so it is one
                        if self._shown.exception() is not None:
                            break  # a download failed, and `result` raises it
                        self._values.setdefault(0, self._shown.result())  # downloaded once
                        yield number
                    sent = outputs_of(event, self._sent)
                    pending.append(OutputUpdate(outputs={"data": sent}, success=True, final=True))
                    continue
                if isinstance(event, Data):
                    if number not in self._values:
                        self._values.setdefault(number, self._results.value(event))
                    yield OutputUpdate(outputs=self._values[number], success=True)
                    yield number
                    number += 1
                    yielded = False
                elif isinstance(event, Status) and event.stage in _YIELDS:
                    yield from pending
                    pending, yielded = [update_of(event)], True
                    continue
                elif isinstance(event, (Status, Log)):
                    yield update_of(event)
                    yielded = yielded and isinstance(event, Log)
                else:
                    yield None
                    continue
                yield from pending
                pending = []
        except errors.AppError as exc:
            outputs = {"error": exc.message, "title": exc.title, "duration": exc.duration}
            outputs["visible"] = exc.visible
            pending.append(OutputUpdate(outputs=outputs, success=False, final=True))
        except CancelledError:
            pass
        except Exception as exc:  # noqa: BLE001 - some are the job's
            if self._job.cancelled() or not self._job.done() or self._job.exception() is not exc:
                raise translated(exc) from exc.__cause__
            # Otherwise it is the job's error, which its `result` raises.
        yield from pending

    def _sent(self, file: RemoteFile) -> Any:
        return self._results.sent(file)


def _read(steps: Iterator[Any]) -> tuple[list[Update], bool]:
    """Return the updates of a pass so far, and whether it has ended."""
    updates: list[Update] = []
    for step in steps:
        if step is None:
            return updates, False
        if not isinstance(step, int):
            updates.append(step)
    return updates, True
