"""The jobs of a fake app, and the queues of their messages."""

from __future__ import annotations

import json
import threading
import uuid
from collections import deque
from typing import Any, Callable

from .._basics.secret import HiddenAttribute
from .._transport.signal_safe import SafeCondition, new_lock


class Gone(Exception):
    """The job is over: it was cancelled, its client hung up, or the app has stopped."""


class Board:
    """The lock of an app, and the condition on which all of its threads wait."""

    def __init__(self) -> None:
        self.lock = new_lock()
        self.changed = SafeCondition(self.lock)
        self.closed = False

    def wait(self, ready: Callable[[], bool], timeout: float | None = None) -> bool:
        """Wait until a condition is true or the app has stopped; return whether it is true."""
        return self.changed.wait_for(lambda: self.closed or ready(), timeout) and ready()

    def notify(self) -> None:
        """Wake all threads, because something has changed."""
        with self.lock:
            self.changed.notify_all()


class MessageQueue:
    """Messages that wait for a stream: those of a session, or of one job.

    Attributes:
        pending: The event ids of jobs that have not ended.
        cut: Whether the stream has to be cut.
        refusal: The status with which the next request for the stream is refused.
        reader: The request whose response carries the messages.
        hung_up: Whether its client has hung up.
    """

    def __init__(self, board: Board) -> None:
        self._board = board
        self.messages: deque[dict[str, Any]] = deque()
        self.pending: set[str] = set()
        self.cut = False
        self.refusal: int | None = None
        self.reader: object = None
        self.hung_up = False
        self._is_sending = False

    @property
    def is_drained(self) -> bool:
        """Whether all messages were sent."""
        return not self.messages and not self._is_sending

    def put(self, message: dict[str, Any]) -> None:
        """Add a message."""
        with self._board.lock:
            self.messages.append(message)
            self._board.notify()

    def take(self, timeout: float | None) -> dict[str, Any] | None:
        """Wait for the next message; ``None`` after a timeout, a cut or a hang-up."""

        def ready() -> bool:
            return bool(self.messages) or self.cut or self.hung_up

        with self._board.lock:
            if self._is_sending:  # the last message was sent
                self._is_sending = False
                self._board.notify()
        self._board.wait(ready, timeout)
        with self._board.lock:
            self._is_sending = bool(self.messages) and not self.hung_up
            return self.messages.popleft() if self._is_sending else None


class ServedJob:
    """One call that a fake app has received.

    Args:
        board: The lock and condition of the app.
        fn_index: The number of the function.
        session_hash: The session; ``None`` for a call without one.
        data: The values; ``None`` if they are sent later.
        headers: The headers of the request.

    Attributes:
        event_id: Its id.
        emit: A function that sends a message to the client.
        cut: A function that cuts the connection that carries the job's messages.
        refuse_stream: A function that makes the next request for its stream fail.
        is_delivered: A function that returns whether all of its messages were sent to the client.
        gone: Whether the job is over, so that its messages are dropped.
        cancelled: Whether it was cancelled.
        ended: Whether its last message was sent.
        extra: Further entries of the request: ``event_data`` and ``trigger_id``.
        chunks: The number of chunks of input that have arrived while it runs.
    """

    headers: HiddenAttribute[dict[str, str]] = HiddenAttribute()

    def __init__(
        self,
        board: Board,
        fn_index: int,
        session_hash: str | None,
        data: list[Any] | None,
        headers: dict[str, str],
    ) -> None:
        self.board = board
        self.fn_index = fn_index
        self.session_hash = session_hash
        self.data = data
        self.headers = headers
        self.event_id = uuid.uuid4().hex
        self.emit: Callable[[dict[str, Any]], None] = lambda message: None
        self.cut: Callable[[], None] = lambda: None
        self.refuse_stream: Callable[[int], None] = lambda status: None
        self.is_delivered: Callable[[], bool] = lambda: True
        self.queued = True
        self.gone = False
        self.cancelled = False
        self.ended = False
        self.extra: dict[str, Any] = {}
        self.chunks = 0

    def wait(self, ready: Callable[[], bool]) -> None:
        """Wait until a condition is true.

        Raises:
            Gone: The job is over.
        """
        self.board.wait(lambda: self.gone or ready())
        if self.gone or self.board.closed:
            raise Gone

    def stop(self, *, cancelled: bool = True) -> None:
        """End the job: no more of its messages are sent."""
        with self.board.lock:
            if not self.ended:
                self.gone = True
                self.cancelled = self.cancelled or cancelled
            self.board.notify()

    def send(self, message: dict[str, Any]) -> None:
        """Send a message, unless the job is over.

        Raises:
            Gone: The job is over.
        """
        with self.board.lock:
            if self.gone or self.ended or self.board.closed:
                raise Gone
            self.ended = message["msg"] == "process_completed"
        try:
            self.emit(message)
        except OSError as exc:  # a websocket whose client hung up
            self.stop()
            raise Gone from exc


class Jobs:
    """The jobs that run, by their ids.

    Args:
        board: The lock and condition of the app.
    """

    def __init__(self, board: Board) -> None:
        self._board = board
        self._jobs: dict[str, ServedJob] = {}

    def get(self, event_id: str) -> ServedJob | None:
        """Return a job that runs; ``None`` if there is none with this id."""
        return self._jobs.get(event_id)

    def add(self, job: ServedJob) -> None:
        """Add a job, so that it can be cancelled."""
        with self._board.lock:
            self._jobs[job.event_id] = job

    def start(self, job: ServedJob, run: Callable[[ServedJob], None]) -> None:
        """Run a job on a new thread."""
        self.add(job)

        def work() -> None:
            try:
                run(job)
            except (Gone, OSError):
                pass  # it was cancelled, or its client hung up
            except BaseException:
                job.cut()  # a fault of this package: the client must not wait forever
                raise
            finally:
                with self._board.lock:
                    self._jobs.pop(job.event_id, None)

        threading.Thread(target=work, name="fake-gradio-job", daemon=True).start()

    def stop_all(self) -> None:
        """End all jobs, because the app restarts."""
        with self._board.lock:
            jobs = list(self._jobs.values())
        for job in jobs:
            job.stop(cancelled=False)

    def cancel(self, body: dict[str, Any], completed: dict[str, Any]) -> None:
        """End all jobs of a function and session. The one that the request names is completed.

        Args:
            body: The request.
            completed: The last message of the named job.
        """
        wanted = body.get("session_hash"), body.get("fn_index")
        with self._board.lock:
            named = self._jobs.get(str(body.get("event_id")))
            jobs = [j for j in self._jobs.values() if (j.session_hash, j.fn_index) == wanted]
        if named is not None:
            try:
                named.send(completed)
            except Gone:
                pass  # it has just ended
            else:
                named.gone = named.cancelled = True
        for job in jobs:
            job.stop()
        self._board.notify()


def encoded(message: dict[str, Any]) -> bytes:
    """Return a message as it is on the wire."""
    return json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode()
