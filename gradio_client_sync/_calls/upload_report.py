"""Tell a job's listeners how far its upload is."""

from __future__ import annotations

import threading
import time
from collections import deque
from typing import TYPE_CHECKING

from .._protocol.queue.event_factory import moment
from ..events import Upload

if TYPE_CHECKING:
    from .._job.event_log import EventLog
    from .._protocol.api.endpoint import Endpoint

_STEP = 2**20  # bytes between two reports where the total is not known


class UploadReport:
    """Publishes how far an upload is: at its start and end, and at each hundredth.

    Pieces are reported by several threads; what is published never goes back.
    """

    def __init__(self, events: EventLog, endpoint: Endpoint) -> None:
        self._events = events
        self._endpoint = endpoint
        self._lock = threading.Lock()
        self._told: tuple[int, int | None] = (-1, None)
        self._due: deque[Upload] = deque()
        self._publishing = False

    def __call__(self, done: int, total: int | None) -> None:
        with self._lock:
            told = self._told[0]
            step = max(_STEP, done // 100) if total is None else max(1, total // 100)
            ends = done == total and (done, total) != self._told
            if done < told or not (told < 0 or ends or done - told >= step):
                return
            self._told = done, total
            name, number = self._endpoint.name, self._endpoint.fn_index
            self._due.append(Upload(done, total, name, number, moment(time.time())))
            if self._publishing:
                return  # another thread does it, in order
            self._publishing = True
        while True:
            with self._lock:
                if not self._due:
                    self._publishing = False
                    break
                event = self._due.popleft()
            self._events.add(event)
        self._events.tell_soon()
