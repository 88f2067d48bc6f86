"""The shared event stream of Gradio 4.9 and later: one per session, for all its jobs.

A job joins by a POST request. The response contains an event id, and the job's messages arrive on
the session's only stream. So each stream has one reader thread. It only splits the stream into
messages and puts each message into the mailbox of its job. If values arrive very fast, the reader
pauses, so that several values arrive together (see `_protocol.queue.pace`). A `RoutingTable` knows
the mailbox of each job.

The lifetime of the stream follows the rules of the server:

* The stream is opened after a job has joined. Before that, the server has no session to stream.
* Messages may arrive before the response to the join request. While any join request is running,
  messages for unknown jobs are kept, up to the maximum length of one message. When the response
  names the job, they are delivered.
* The server ends the stream when the session has no jobs left. If a job has joined in the
  meantime, the server keeps its messages, and the reader opens the stream again at once.
* The client does not close the stream until the client itself is closed. Otherwise the server
  would drop every job of the session, even one that is just joining. After a cancelled job, a
  server may keep the stream open. Then the next jobs use it.
* After the app has changed (`renew`), the open stream may lead to a different server than the next
  jobs. So the next jobs open another stream. If the server is still the same (a reloaded app),
  both streams take messages from one queue. So each reader routes the messages of all jobs, but
  a job ends with its own stream only.
* Some servers break the stream because of a job that was cancelled and has ended. Then the stream
  is opened again.
* If the server refuses the stream with 429, it is opened again after ``Retry-After``.
* If a message is too long, it is skipped, and its job fails. If the message does not name its job,
  all jobs fail, because the next message of any job may depend on it.
* If a message announces that the stream breaks, the reader ends the stream, even if the connection
  is still open. Behind a gateway, the connection may stay open without any data.
* If a job has received no message `SILENT_AFTER` seconds after its join, it may be on a different
  server than the stream. At the next heartbeat, a thread calls `cause` to find the cause.
* If the stream breaks for another reason, the server drops the session's jobs. All of them are
  lost, and so are those whose join request is running.
"""

from __future__ import annotations

import logging
import time
from functools import partial
from typing import TYPE_CHECKING, Callable

from .._protocol.queue.eventstream import Truncated
from .._protocol.queue.pace import Pace
from .._protocol.queue.wire import Heads, Message
from .._protocol.retry import RateLimitWaits
from .._tracebacks import forget_locals
from ..errors import (
    GradioClientError,
    MessageTooLargeError,
    ProtocolError,
    RateLimitError,
    too_large,
)
from .base import Aborted, Lost
from .connections import RequestHandle
from .mailbox import Mailbox
from .routing_table import RoutingTable
from .signal_safe import SafeEvent, new_lock

if TYPE_CHECKING:
    from .body import EventStream
    from .http import Http

log = logging.getLogger(__name__)

#: If this number of streams in a row end before any job ends, the jobs are lost.
_MOST_USELESS_STREAMS = 3

#: Seconds after a job's join without any message, after which it may be on another server. Normally
#: a server sends the queue position of a new job at once.
SILENT_AFTER = 5.0

_COMPLETED = "process_completed"
_BROKEN = "broken"  # `_route` returns it for a message that is the last one of its stream


class _Stream:
    """The state of one stream, which is used until the app changes.

    Attributes:
        breaks: How often it broke. Jobs whose join request was running then are lost.
        reading: Whether a reader runs, or is about to start.
        reopens: Whether it is opened again after its next break, because that loses no job.
        heads: The parser of message heads; only the reader uses it.
        call: The handle of the reader's request, by which `close` aborts it.
    """

    def __init__(self) -> None:
        self.breaks = 0
        self._failure: tuple[int, Message] | None = None
        self.reading = False
        self.reopens = False
        self.heads = Heads()
        self.call = RequestHandle()

    def fail(self, message: Message) -> None:
        """Count a break that the server has announced by this message."""
        self.breaks += 1
        self._failure = self.breaks, message

    def failure_since(self, breaks: int) -> Message | None:
        """Return the last message that announced a break, if `breaks` was smaller then."""
        at, message = self._failure or (0, None)
        return message if at > breaks else None


class SharedStream:
    """The shared stream of one session.

    Args:
        http: The HTTP client of the connection.
        url: The URL of the stream.
        silence: Seconds without any data after which the stream counts as broken.
        start: A function that runs another function on a new thread.
        cause: A function that returns the cause if the messages of a job do not arrive, or ``""``
            if it finds none. It may take seconds.
    """

    def __init__(
        self,
        http: Http,
        url: str,
        *,
        silence: float | None,
        start: Callable[[Callable[[], None]], None],
        cause: Callable[[], str] = str,
    ) -> None:
        self._http = http
        self._url = url
        self._silence = silence
        self._start = start
        self._cause = cause
        self._is_checking = False  # whether a thread looks for the cause of silent jobs
        self._lock = new_lock()
        self._jobs = RoutingTable(http.options.message_bytes)
        self._streams = [_Stream()]  # jobs that join now use the last one
        self._warned = False
        self._closed = False
        self._ended = SafeEvent()

    def join(self, post: Callable[[], str], publish: Callable[[Message], object]) -> Mailbox:
        """Join a job: send it, register its mailbox, and start a reader if none runs.

        Args:
            post: A function that sends the job and returns its event id.
            publish: A function that `Mailbox` calls with messages.

        Returns:
            The mailbox that receives the job's messages.

        Raises:
            Lost: The stream broke during the join request.
            Aborted: The session was closed.
            Exception: The exception that `post` raised.
        """
        with self._lock:
            if self._closed:
                raise Aborted
            self._jobs.begin_join()
            stream = self._streams[-1]
            breaks = stream.breaks
        try:
            event_id = post()
            mailbox = Mailbox(partial(self.leave, event_id), publish)
            start = self._enter(event_id, mailbox, stream, breaks)
        finally:
            with self._lock:
                self._jobs.end_join()
        if start:
            try:
                self._start(partial(self._read, stream))
            except GradioClientError as exc:  # the interpreter could not start a thread
                self._break(stream, Lost(str(exc)))
        return mailbox

    def renew(self) -> None:
        """Make later jobs use a new stream, because the app has changed."""
        with self._lock:
            idle = self._streams[-1].reading is False
            if not idle:  # if idle, it is opened for the next job anyway
                self._streams.append(_Stream())

    def _enter(self, event_id: str, mailbox: Mailbox, stream: _Stream, breaks: int) -> bool:
        """Deliver the messages that arrived before the join response, and register the mailbox.

        Returns:
            Whether the caller has to start a reader.
        """
        is_over = False
        while True:
            with self._lock:
                early = self._jobs.take_kept(event_id)
                failure = stream.failure_since(breaks)
                if is_over:
                    self._jobs.mark_ended(event_id)
                    return False
                if self._closed:
                    raise Aborted
                if failure is not None:
                    early = [*early, failure]  # the reader did not know this job yet
                elif stream.breaks != breaks:
                    raise Lost("the session's event stream broke while the job was joining")
                elif not early:
                    self._jobs.add(event_id, mailbox, stream)
                    start, stream.reading = not stream.reading, True
                    return start
            # Delivered without the lock, because delivery publishes events to users of the job.
            # A reader may route further messages of the job meanwhile. The table keeps them, since
            # the join is still running, and the next round of this loop delivers them.
            for message in early:
                if isinstance(message, Message):
                    mailbox.put(message)
                    is_over = is_over or message.msg == _COMPLETED or message is failure
                else:
                    mailbox.end(message)

    def leave(self, event_id: str) -> None:
        """Remove a job. Its later messages are dropped."""
        with self._lock:
            self._jobs.remove(event_id)

    def close(self) -> None:
        """Close all streams, and abort every job of the session."""
        with self._lock:
            self._closed = True
            mailboxes = self._jobs.remove_all()
            streams = list(self._streams)
        self._ended.set()
        for stream in streams:
            stream.call.abort()
        for mailbox in mailboxes:
            mailbox.abort()

    def _read(self, stream: _Stream) -> None:
        """Run a reader thread: read the stream, and open it again while it has jobs."""
        useless = 0
        ending: Lost | Aborted | None = None
        retries: RateLimitWaits | None = None
        while ending is None:
            try:
                useless = 0 if self._read_once(stream) or stream.reopens else useless + 1
                stream.reopens, retries = False, None
                if useless == _MOST_USELESS_STREAMS:
                    ending = Lost("the server ends the session's event stream before its jobs")
            except Lost as exc:
                if not stream.reopens:
                    ending = exc
                stream.reopens = False
            except Aborted as exc:
                ending = exc
            except RateLimitError as exc:
                # Nothing is lost by the wait: the server keeps the messages.
                now = time.monotonic()
                retries = retries or RateLimitWaits(now + self._http.options.rate_limit_patience)
                pause = retries.pause(exc.retry_after, now)
                if pause is None:
                    ending = Lost(str(exc))
                elif self._ended.wait(pause):
                    ending = Aborted()
            except GradioClientError as exc:
                ending = Lost(str(exc))
            except BaseException as exc:
                # A bug, or no memory. The jobs' workers wait for messages of this thread, so
                # they must learn that it has ended.
                forget_locals(exc)
                log.exception("the reader of the session's event stream failed unexpectedly")
                ending = Lost(f"its reader failed: {exc!r}")
            with self._lock:
                if ending is None and (self._closed or not self._jobs.has_jobs_on(stream)):
                    stream.reading = False
                    self._drop(stream)
                    return
        self._break(stream, ending)

    def _drop(self, stream: _Stream) -> None:
        """Remove a stream without a reader, unless later jobs use it. The caller has the lock."""
        if stream is not self._streams[-1]:
            self._streams.remove(stream)

    def _break(self, stream: _Stream, ending: Lost | Aborted) -> None:
        """Record that a stream has lost its reader, and end the jobs of this stream.

        Jobs whose join request is running notice it by the changed `breaks`.
        """
        with self._lock:
            stream.reading = False
            stream.breaks += 1
            self._drop(stream)
            lost = self._jobs.remove_jobs_on(stream)
        for mailbox in lost.values():
            mailbox.end(ending)

    def _read_once(self, stream: _Stream) -> bool:
        """Open the stream, and read it to its end.

        Returns:
            Whether a job ended meanwhile.
        """
        events: EventStream = self._http.stream(
            self._url, stream.call, silence=self._silence, policy=self._http.reading
        )
        any_completed = False
        pace = Pace(time.monotonic())
        try:
            for payloads in events:
                arrived = time.time()
                kinds = [self._route(stream, payload, arrived) for payload in payloads]
                any_completed = any_completed or _COMPLETED in kinds
                if _BROKEN in kinds:
                    break
                pause = pace.after(kinds, sum(map(len, payloads)), time.monotonic())
                if pause:
                    self._ended.wait(pause)
        finally:
            events.close()
        return any_completed

    def _fail(self, stream: _Stream, message: Message) -> None:
        """Fail all jobs of a stream that the server is about to break.

        The server breaks the stream if it cannot encode a message, such as a text that is not
        valid in UTF-8. It does not name the job, so any job on the stream may get no end. Jobs
        that join later are not affected, because the session still exists.
        """
        with self._lock:
            stream.fail(message)
            stream.reopens = True
            failed = self._jobs.remove_jobs_on(stream)
            for event_id in failed:
                self._jobs.mark_ended(event_id)
        for mailbox in failed.values():
            mailbox.deliver(message)

    def _check_silent_jobs(self) -> None:
        """At a heartbeat: if a job has received nothing, start a thread that finds the cause."""
        with self._lock:
            mailboxes = self._jobs.mailboxes.values()
            if self._is_checking or not any(box.is_silent(SILENT_AFTER) for box in mailboxes):
                return
            self._is_checking = True
        try:
            self._start(self._find_cause)
        except GradioClientError:  # no thread could be started; the next heartbeat tries again
            self._is_checking = False

    def _find_cause(self) -> None:
        """Find the cause. If there is one, end the jobs that have received nothing."""
        try:
            cause = self._cause()
        finally:
            self._is_checking = False
        if not cause:
            return
        with self._lock:
            jobs = self._jobs.mailboxes.items()
            lost = {event_id: box for event_id, box in jobs if box.is_silent(SILENT_AFTER)}
        for event_id, mailbox in lost.items():
            self.leave(event_id)
            mailbox.end(Lost(f"no message arrived for it. {cause}"))

    def _skip(self, start: Truncated) -> None:
        """Fail the job of a message that is too long; all jobs if it does not name its job."""
        try:
            event_id = Message.of(start, 0.0).event_id
        except ProtocolError:
            event_id = None
        with self._lock:
            mailboxes = self._jobs.mailboxes
            if event_id is None:
                failed = list(mailboxes.values())
            elif event_id in mailboxes:
                failed = [mailboxes[event_id]]
            else:
                failed = []
                self._jobs.keep(event_id, self._too_large())
        for mailbox in failed:
            mailbox.end(self._too_large())

    def _too_large(self) -> MessageTooLargeError:
        return too_large("A message of the server", self._http.options.message_bytes)

    def _is_about_ended_job(self, message: Message) -> bool:
        """Return whether the server broke the stream only because it had completed a job twice.

        Gradio 4.31 to 5.45 does this if a job is cancelled at the moment in which it ends. The
        error message contains only the job's id. The session still exists, so its stream can be
        opened again.
        """
        if message.msg != "unexpected_error":
            return False
        try:
            text = message.parse().get("message")
        except ProtocolError:
            return False
        return isinstance(text, str) and self._jobs.has_ended(text.strip("'\""))

    def _route(self, stream: _Stream, payload: bytes, arrived: float) -> str:
        """Put a message into the mailbox of its job.

        Returns:
            The kind of the message; ``""`` if it belongs to no job, and `_BROKEN` if it ends the
            stream.
        """
        if type(payload) is Truncated:
            self._skip(payload)
            return ""
        try:
            message = stream.heads.frame(payload, arrived)
        except ProtocolError as exc:
            # Only the first one is a warning: a server may send many of them.
            level = logging.DEBUG if self._warned else logging.WARNING
            log.log(level, "a message of the session's event stream was skipped: %s", exc)
            self._warned = True
            return ""
        event_id = message.event_id
        if event_id is None:
            # The message is about the stream (heartbeat, close_stream), or about every job.
            if self._is_about_ended_job(message):
                stream.reopens = True
                return _BROKEN
            if message.msg in ("unexpected_error", "server_stopped"):
                self._fail(stream, message)
                return _BROKEN
            if message.msg == "heartbeat":
                self._check_silent_jobs()
            elif message.msg != "close_stream":
                for box in list(self._jobs.mailboxes.values()):
                    box.deliver(message)
            return ""
        stream.reopens = False
        jobs = self._jobs
        mailbox = jobs.mailboxes.get(event_id)  # without the lock, which would slow each message
        if mailbox is None:
            with self._lock:
                mailbox = jobs.mailboxes.get(event_id)
                if mailbox is None:
                    return message.msg if jobs.keep(event_id, message) else ""
        if message.msg == _COMPLETED:
            # Removed before the worker receives the message: the server may end the stream now,
            # and this reader must not open it again for a job that has ended.
            self.leave(event_id)
        mailbox.deliver(message)
        return message.msg
