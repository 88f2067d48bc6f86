"""`UploadReport`: the progress of an upload, for the listeners of its job."""

from __future__ import annotations

import time
from collections import deque
from typing import TYPE_CHECKING

from .._protocol.queue.event_factory import moment
from .._transport.signal_safe import new_lock
from ..events import Upload

if TYPE_CHECKING:
    from .._job.event_log import EventLog
    from .._protocol.api.endpoint import Endpoint

_STEP = 2**20  # bytes between two events, if the total is not known


class UploadReport:
    """Publish an `Upload` event at the start and the end of an upload, and at each hundredth.

    Several threads upload, and report at the same time. The published numbers never decrease.

    Args:
        events: The job's event log.
        endpoint: The function of the job.
    """

    def __init__(self, events: EventLog, endpoint: Endpoint) -> None:
        self._events = events
        self._endpoint = endpoint
        self._lock = new_lock()
        self._published: tuple[int, int | None] = (-1, None)
        self._due: deque[Upload] = deque()
        self._publishing = False

    def __call__(self, done: int, total: int | None) -> None:
        """Publish the progress, unless it has changed too little since the last event.

        Args:
            done: The bytes that were sent.
            total: The bytes of the whole upload; ``None`` if that is not known.
        """
        with self._lock:
            published = self._published[0]
            step = max(_STEP, done // 100) if total is None else max(1, total // 100)
            ends = done == total and (done, total) != self._published
            is_due = published < 0 or ends or done - published >= step
            if done < published or not is_due:
                return
            self._published = done, total
            name, number = self._endpoint.name, self._endpoint.fn_index
            self._due.append(Upload(done, total, name, number, moment(time.time())))
            if self._publishing:
                return  # the thread that publishes now publishes this one next, in order
            self._publishing = True
        while True:
            with self._lock:
                if not self._due:
                    self._publishing = False
                    break
                event = self._due.popleft()
            self._events.add(event)
        self._events.notify_soon()
