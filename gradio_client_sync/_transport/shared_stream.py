"""The shared event stream of Gradio 4.9 and later: one per session, for all its jobs.

A job joins by a POST that answers with an event id; its messages then come over the
session's only stream. So there is one reader, which does no more than cut the stream
into messages and drop each into the mailbox of its job. Of values that come faster than anybody
could look at them it lets some gather (see `_protocol.pace`).

The stream's life follows the server's rules:

* It is opened once a job has joined: earlier there is no session to stream.
* Messages may arrive before the join's answer. While any join is under way, messages
  for unknown jobs are kept, up to the limit of one message, and handed over when the
  answer names the job.
* The server ends the stream when the session has no job left. If a job joined
  meanwhile, its messages wait on the server, and the stream is opened again at once.
* It is never closed from here while the client lives, since the server would drop
  every job of the session, even one that is just joining. After a cancelled job a
  server may leave it open for good; then it serves the next jobs.
* Once the app has changed (`renew`), the open stream may lead to a server that the next jobs
  do not go to, so these open another one. If it is still the same server (an app that was
  reloaded), both streams take messages from one queue. So either reader routes the messages of
  every job, and only the end of a job's own stream is the end of the job.
* If it breaks over a job that was cancelled and is over (a fault of some servers), it is
  opened again.
* If it is refused because the server is asked too often, it is opened again when that wants.
* A message that is too long is passed over, and fails the job that it is for; if it does not
  say which, all of them, since the next message of any may depend on it.
* A message that says that the stream breaks is its end, whether or not the connection ends
  with it: behind a gateway it may stay open, and silent.
* A job of which nothing came between two heartbeats may be on another server than the stream.
  `doubt` finds out.
* If it breaks otherwise, the server forgets the session's jobs: all of them are lost, and so
  are those whose join was under way.
"""

from __future__ import annotations

import logging
import threading
import time
from functools import partial
from typing import TYPE_CHECKING, Callable

from .._protocol.queue.eventstream import Truncated
from .._protocol.queue.pace import Pace
from .._protocol.queue.wire import Heads, Message
from .._protocol.retry import RateLimitWaits
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
from .signal_safe import SafeEvent

if TYPE_CHECKING:
    from .body import EventStream
    from .http import Http

log = logging.getLogger(__name__)

_ENDS_IN_VAIN = 3  # streams in a row that end without the end of a job before jobs are given up

#: Seconds without any message after which a job may be on another server. A server tells a new
#: job's place in the queue at once.
DEAF = 5.0

_COMPLETED = "process_completed"
_BROKEN = "broken"  # what `_route` says of a message after which nothing comes on its stream
_GONE = 10_000  # jobs let go of that are remembered, so that what still comes is not kept


class _Stream:
    """What is known of a stream between the app's start and its next change.

    Attributes:
        breaks: How often it broke; jobs whose join was under way then are lost.
        reading: A reader is at it, or about to be.
        stumbled: It broke, or is about to, over a job that is over.
        heads: The reader's.
        call: Ends the reader.
    """

    def __init__(self) -> None:
        self.breaks = 0
        self.reading = False
        self.stumbled = False
        self.heads = Heads()
        self.call = RequestHandle()


class SharedStream:
    """The shared stream of one session.

    Args:
        http: The door.
        url: The stream's address.
        silence: Seconds without a byte after which the stream counts as broken.
        start: Runs a function on a thread.
        doubt: Returns why the stream cannot bring the messages of a job, or ``""``. It may take
            seconds.
    """

    def __init__(
        self,
        http: Http,
        url: str,
        *,
        silence: float | None,
        start: Callable[[Callable[[], None]], None],
        doubt: Callable[[], str] = str,
    ) -> None:
        self._http = http
        self._url = url
        self._silence = silence
        self._start = start
        self._doubt = doubt
        self._doubting = False
        self._lock = threading.RLock()
        self._mailboxes: dict[str, Mailbox] = {}
        self._homes: dict[str, _Stream] = {}  # of the jobs that have a mailbox
        self._early: dict[str, list[Message | MessageTooLargeError]] = {}
        self._early_bytes = 0
        self._gone: dict[str, None] = {}  # jobs let go of late, oldest first
        self._joining = 0
        self._streams = [_Stream()]  # the last one is for the jobs that join now
        self._warned = False
        self._closed = False
        self._ended = SafeEvent()

    def join(self, post: Callable[[], str], publish: Callable[[Message], object]) -> Mailbox:
        """Enter a job.

        Args:
            post: Sends the job and returns its event id.
            publish: As for `Mailbox`.

        Raises:
            Lost: The stream broke while the job was joining.
            Aborted: The session was closed.
            Exception: What `post` raised.
        """
        with self._lock:
            if self._closed:
                raise Aborted
            self._joining += 1
            stream = self._streams[-1]
            breaks = stream.breaks
        try:
            event_id = post()
            mailbox = Mailbox(partial(self.leave, event_id), publish)
            start = self._enter(event_id, mailbox, stream, breaks)
        finally:
            with self._lock:
                self._joining -= 1
                if not self._joining:
                    self._early.clear()  # leftovers of jobs that were let go
                    self._early_bytes = 0
        if start:
            try:
                self._start(partial(self._read, stream))
            except GradioClientError as exc:  # no more threads
                self._break(stream, Lost(str(exc)))
        return mailbox

    def renew(self) -> None:
        """The app has changed: jobs that join from now on do not rely on the open stream."""
        with self._lock:
            idle = self._streams[-1].reading is False
            if not idle:  # otherwise the next stream goes where the next job does
                self._streams.append(_Stream())

    def _enter(self, event_id: str, mailbox: Mailbox, stream: _Stream, breaks: int) -> bool:
        """Give a job what came before its join's answer, and from then on what comes.

        Returns:
            Whether a reader has to be started for it.
        """
        is_over = False
        while True:
            with self._lock:
                early = self._early.pop(event_id, ())
                self._early_bytes -= sum(len(m.raw) for m in early if isinstance(m, Message))
                if is_over:
                    self._forget(event_id)
                    return False
                if self._closed:
                    raise Aborted
                if stream.breaks != breaks:
                    raise Lost("the session's event stream broke while the job was joining")
                if not early:
                    self._mailboxes[event_id] = mailbox
                    self._homes[event_id] = stream
                    start, stream.reading = not stream.reading, True
                    return start
            # Not under the lock, since readers hear of it. What comes meanwhile is kept as well,
            # as the join is still under way.
            for message in early:
                if isinstance(message, Message):
                    mailbox.put_by(message)
                    is_over = is_over or message.msg == _COMPLETED
                else:
                    mailbox.end(message)

    def leave(self, event_id: str) -> None:
        """Let a job go; messages that still come for it are dropped."""
        with self._lock:
            if self._mailboxes.pop(event_id, None) is not None:
                self._forget(event_id)

    def _forget(self, event_id: str) -> None:
        """Remember that nothing is wanted for a job any more."""
        self._homes.pop(event_id, None)
        self._gone[event_id] = None
        if len(self._gone) > _GONE:
            del self._gone[next(iter(self._gone))]

    def close(self) -> None:
        """End the stream and with it every job of the session."""
        with self._lock:
            self._closed = True
            mailboxes = list(self._mailboxes.values())
            self._mailboxes, self._homes = {}, {}
            streams = list(self._streams)
        self._ended.set()
        for stream in streams:
            stream.call.abort()
        for mailbox in mailboxes:
            mailbox.abort()

    def _read(self, of: _Stream) -> None:
        """The reader: stream after stream, for as long as there are jobs."""
        in_vain = 0
        ending: Lost | Aborted | None = None
        retries: RateLimitWaits | None = None
        while ending is None:
            try:
                in_vain = 0 if self._read_stream(of) or of.stumbled else in_vain + 1
                of.stumbled, retries = False, None
                if in_vain == _ENDS_IN_VAIN:
                    ending = Lost("the server ends the session's event stream before its jobs")
            except Lost as exc:
                if not of.stumbled:
                    ending = exc
                of.stumbled = False
            except Aborted as exc:
                ending = exc
            except RateLimitError as exc:
                # The messages wait on the server meanwhile.
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
                # Not one of ours: a bug, or memory that ran out. Jobs wait for this thread.
                log.exception("the reader of the session's event stream failed unexpectedly")
                ending = Lost(f"its reader failed: {exc!r}")
            with self._lock:
                if ending is None and (self._closed or of not in self._homes.values()):
                    of.reading = False
                    self._drop(of)
                    return
        self._break(of, ending)

    def _drop(self, stream: _Stream) -> None:
        """Forget a stream that nobody reads, unless further jobs would; with the lock."""
        if stream is not self._streams[-1]:
            self._streams.remove(stream)

    def _break(self, stream: _Stream, ending: Lost | Aborted) -> None:
        """There is no reader any more: whose messages it read, and whoever joins now, is told."""
        with self._lock:
            stream.reading = False
            stream.breaks += 1
            self._drop(stream)
            lost = [event_id for event_id, home in self._homes.items() if home is stream]
            for event_id in lost:
                del self._homes[event_id]
            mailboxes = [self._mailboxes.pop(event_id) for event_id in lost]
        for mailbox in mailboxes:
            mailbox.end(ending)

    def _read_stream(self, of: _Stream) -> bool:
        """Read one stream to its end; whether it brought the end of a job."""
        stream: EventStream = self._http.stream(
            self._url, of.call, silence=self._silence, policy=self._http.reading
        )
        brought = False
        pace = Pace(time.monotonic())
        try:
            for payloads in stream:
                arrived = time.time()
                kinds = [self._route(of, payload, arrived) for payload in payloads]
                brought = brought or _COMPLETED in kinds
                if _BROKEN in kinds:
                    break
                pause = pace.after(kinds, sum(map(len, payloads)), time.monotonic())
                if pause:
                    self._ended.wait(pause)
        finally:
            stream.close()
        return brought

    def _fail(self, of: _Stream, frame: Message) -> None:
        """The server is about to break the stream, and does not say over whose message.

        One such is a text that has no form in UTF-8. Any job so far may be the one that gets
        no end. Those that join from now on are not touched, since the session goes on.
        """
        with self._lock:
            of.breaks += 1
            of.stumbled = True
            failed = [event_id for event_id, home in self._homes.items() if home is of]
            mailboxes = [self._mailboxes.pop(event_id) for event_id in failed]
            for event_id in failed:
                self._forget(event_id)
        for mailbox in mailboxes:
            mailbox.deliver(frame)

    def _look_for_deaf(self) -> None:
        """At a heartbeat: look for jobs that have heard nothing, and have a thread find out why."""
        with self._lock:
            deaf = any(mailbox.is_deaf(DEAF) for mailbox in self._mailboxes.values())
            if not deaf or self._doubting:
                return
            self._doubting = True
        try:
            self._start(self._find_out)
        except GradioClientError:  # no more threads; there will be another heartbeat
            self._doubting = False

    def _find_out(self) -> None:
        """End the jobs that have heard nothing, if it is known why."""
        try:
            cause = self._doubt()
        finally:
            self._doubting = False
        if not cause:
            return
        with self._lock:
            lost = {name: box for name, box in self._mailboxes.items() if box.is_deaf(DEAF)}
        for event_id, mailbox in lost.items():
            self.leave(event_id)
            mailbox.end(Lost(f"nothing came for it. {cause}"))

    def _pass_over(self, start: Truncated) -> None:
        """A message was too long: fail the job that it is for."""
        try:
            event_id = Message.of(start, 0.0).event_id
        except ProtocolError:
            event_id = None
        with self._lock:
            if event_id is None:
                failed = list(self._mailboxes.values())
            elif event_id in self._mailboxes:
                failed = [self._mailboxes[event_id]]
            else:
                failed = []
                if self._joining and event_id not in self._gone:
                    self._early.setdefault(event_id, []).append(self._too_large())
        for mailbox in failed:
            mailbox.end(self._too_large())

    def _too_large(self) -> MessageTooLargeError:
        return too_large("A message of the server", self._http.options.message_bytes)

    def _is_stumble(self, frame: Message) -> bool:
        """Whether the server broke the stream over a job that it completed twice.

        Servers of 4.31 to 5.45 do, after a cancellation that came with the job's own end, and
        say no more than the job's id. The session is not harmed: its stream can be opened again.
        """
        if frame.msg != "unexpected_error":
            return False
        try:
            message = frame.parse().get("message")
        except ProtocolError:
            return False
        return isinstance(message, str) and message.strip("'\"") in self._gone

    def _route(self, of: _Stream, payload: bytes, arrived: float) -> str:
        """Drop a message into the mailbox that it is for.

        Returns:
            Its kind; nothing if it is for no job, and `_BROKEN` if it ends the stream.
        """
        if type(payload) is Truncated:
            self._pass_over(payload)
            return ""
        try:
            frame = of.heads.frame(payload, arrived)
        except ProtocolError as exc:
            # Once: a server that sends nothing else could fill a terminal with it.
            level = logging.DEBUG if self._warned else logging.WARNING
            log.log(level, "a message of the session's event stream was passed over: %s", exc)
            self._warned = True
            return ""
        event_id = frame.event_id
        if event_id is None:
            # About the stream (heartbeat, close_stream), or about every job.
            if self._is_stumble(frame):
                of.stumbled = True
                return _BROKEN
            if frame.msg in ("unexpected_error", "server_stopped"):
                self._fail(of, frame)
                return _BROKEN
            if frame.msg == "heartbeat":
                self._look_for_deaf()
            elif frame.msg != "close_stream":
                for mailbox in list(self._mailboxes.values()):
                    mailbox.deliver(frame)
            return ""
        of.stumbled = False
        known = self._mailboxes.get(event_id)  # no lock on the way of a message
        if known is None:
            with self._lock:
                known = self._mailboxes.get(event_id)
                if known is None:
                    if self._joining and event_id not in self._gone:
                        self._keep(event_id, frame)
                        return frame.msg
                    return ""
        if frame.msg == _COMPLETED:
            # Before its worker knows: the stream may end now, and must not be opened again
            # for a job that is over.
            self.leave(event_id)
        known.deliver(frame)
        return frame.msg

    def _keep(self, event_id: str, frame: Message) -> None:
        """Keep a message for a job that may be joining.

        Raises:
            MessageTooLargeError: There are too many such messages.
        """
        self._early_bytes += len(frame.raw)
        if self._early_bytes > self._http.options.message_bytes:
            raise too_large("What came for unknown jobs", self._http.options.message_bytes)
        self._early.setdefault(event_id, []).append(frame)
