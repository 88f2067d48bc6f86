"""`Http`: every request of a client goes through it.

It keeps to the server that the user named, repeats requests where their policy allows it, ends them
at their deadlines, and turns failures into this package's errors, so that no error of `requests` or
`urllib3` gets past it.
"""

from __future__ import annotations

import copy
import os
import threading
import time
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Callable
from urllib.parse import urljoin
from weakref import WeakSet

from .._protocol.routes import may_follow, with_query
from ..errors import ConnectFailedError, ProtocolError
from .attempts import SEND_ONCE, Attempts, RetryPolicy
from .base import Aborted
from .body import Download, EventStream, UploadBody
from .connections import RequestHandle
from .deadlines import Timers
from .failures import (
    PROXY_WANTS_LOGIN,
    Answer,
    cannot_ask,
    no_answer,
    no_connection,
    proxy_refusal,
    refusal,
    shorten,
)
from .http_options import HttpOptions
from .request_context import RequestContext
from .retries import RETRYABLE_STATUSES, can_retry, is_safe_to_retry
from .signal_safe import SafeEvent

if TYPE_CHECKING:
    from .._options import Timeout
    from .response import Response

_REDIRECTS = 5
_NO_HEADERS: Mapping[str, str] = {}
_DEFAULTS = HttpOptions()


class UseDefault:
    """The type of `USE_DEFAULT`."""


#: Stands for the client's own read timeout, since ``None`` means no limit.
USE_DEFAULT = UseDefault()


class _Request:
    """One request, as it is sent at each attempt.

    It is no `NamedTuple`: making one of eight fields takes 0.2 ms of every first call.

    Args:
        url: Without what may be secret: it is shown in errors.
        headers: Those of this request only.
        timeout: Seconds to connect, and of silence before the response.
        query: Added to the URL when it is sent.
        is_signed: Add a signature to the URL when it is sent.
        silence: Seconds without a byte after which an open stream counts as lost.
    """

    __slots__ = ("body", "headers", "is_signed", "method", "query", "silence", "timeout", "url")

    def __init__(
        self,
        method: str,
        url: str,
        body: bytes | UploadBody | None,
        headers: Mapping[str, str],
        timeout: Timeout,
        query: str = "",
        is_signed: bool = False,
        silence: float | None = None,
    ) -> None:
        self.method = method
        self.url = url
        self.body = body
        self.headers = headers
        self.timeout = timeout
        self.query = query
        self.is_signed = is_signed
        self.silence = silence


class _Tracked:
    """Lets `Http.close` end a request while a block runs.

    After `keep` the request stays registered beyond the block, for a response that is read later.

    Raises (on entering):
        Aborted: The client is closed.
    """

    __slots__ = ("_call", "_http", "_is_kept")

    def __init__(self, http: Http, call: RequestHandle) -> None:
        self._http = http
        self._call = call
        self._is_kept = False

    def keep(self) -> Callable[[], None]:
        """Keep the request registered; return what unregisters it."""
        self._is_kept = True
        return self._end

    def __enter__(self) -> _Tracked:
        http = self._http
        if http._pid != os.getpid():  # a fork: requests and connections are the parent's
            http.context.reset()
            http._reset()
        with http._lock:
            http._calls.add(self._call)  # first: a signal's handler may call `close` here
            closed = http._closed.is_set()
        if closed:
            self._end()
            raise Aborted
        return self

    def __exit__(self, *raised: object) -> None:
        if not self._is_kept:
            self._end()

    def _end(self) -> None:
        self._call.attach(None)
        with self._http._lock:
            self._http._calls.discard(self._call)


class Http:
    """Connections to one app.

    Args:
        root: The address that the user named; requests go to its origin only.
        options: What all requests have in common.
        sign: Adds a signature to the URLs of streams and websockets, which is shown nowhere.

    Attributes:
        options: As given.
        reading: The retry policy of requests that change nothing on the server.
        rate_limited: The one of requests that are repeated after a 429 only.
        unaccepted: The one of requests that are repeated if the server certainly did not accept
            them; a 429 is left to the caller.
        alarms: End requests at their deadlines.
        heard: When a server last responded, on the monotonic clock.
    """

    def __init__(
        self,
        root: str,
        options: HttpOptions = _DEFAULTS,
        sign: Callable[[str], str] | None = None,
    ) -> None:
        self.context = RequestContext(root, options)
        self.options = options
        self._set_policies()
        self.alarms = Timers()
        self.heard = 0.0
        self._sign = sign
        self._closed = SafeEvent()
        self._reset()

    def _set_policies(self) -> None:
        options = self.options
        self.reading = RetryPolicy(options.retries, can_retry, options.rate_limit_patience)
        self.rate_limited = self.reading.after_429_only()
        self.unaccepted = RetryPolicy(options.retries, is_safe_to_retry)

    def _reset(self) -> None:
        """Begin without requests and other clients."""
        self._lock = threading.RLock()
        self._calls: set[RequestHandle] = set()
        self._others: WeakSet[Http] = WeakSet()
        self._pid = os.getpid()  # last: other threads take the reset as done from then on

    def without_credentials(self, url: str) -> Http:
        """Return a client of another server: same network settings, nothing of this app's to send.

        Raises:
            Aborted: `close` was called.
        """
        other = Http(url, self.options.without_credentials())
        with self._lock:
            self._others.add(other)
            if not self._closed.is_set():
                return other
        raise Aborted

    def twin(self) -> Http:
        """Return a client of the same server: same headers and cookies, no connection.

        It sends each request once: no retries, no patience with rate limits.

        Raises:
            Aborted: `close` was called.
        """
        twin = copy.copy(self)
        twin.context = copy.copy(self.context)
        twin.context.reset()
        twin.options = self.options._replace(retries=0, rate_limit_patience=0.0)
        twin._set_policies()
        twin.alarms, twin._closed = Timers(), SafeEvent()
        twin._reset()
        with self._lock:
            self._others.add(twin)
            if not self._closed.is_set():
                return twin
        raise Aborted

    def was_cut(self, url: str) -> bool:
        """Whether the server of an address has closed the connection to it that was used last."""
        if self._pid != os.getpid():
            return False  # in a fork, it is its parent's
        try:
            return bool(self.context.way(url).pool.was_cut())
        except Exception:  # noqa: BLE001 - the request itself will say why it cannot be asked
            return False

    def drop_cut(self, url: str) -> None:
        """Forget the connections to an address that its server has closed, so that `was_cut` is
        about later ones only.
        """
        if self._pid != os.getpid():
            return  # in a fork, they are its parent's
        try:
            self.context.way(url).pool.drop_cut()
        except Exception:  # noqa: BLE001 - the request itself will say why it cannot be asked
            return

    def signed(self, url: str) -> str:
        """Return a URL with a signature, where the app wants one. It is secret: show it nowhere."""
        return url if self._sign is None else self._sign(url)

    # -- requests ------------------------------------------------------------------

    def get(
        self, url: str, policy: RetryPolicy | None = None, call: RequestHandle | None = None
    ) -> Answer:
        """Fetch a whole response, and follow redirects that stay with the server.

        Args:
            policy: `reading` if not given. Its deadline ends the request itself, too.
            call: As for `post`.

        Raises:
            ConnectFailedError: No response, or a redirect to another server.
            Aborted: `call` was aborted.
        """
        policy = policy or self.reading
        call = call or RequestHandle()
        deadline = policy.deadline
        call_off = self.alarms.set(deadline, call.abort)
        try:
            return self._follow(url, call, policy)
        except Aborted as exc:
            if deadline.left or self._closed.is_set():
                raise  # it was not the deadline
            raise ConnectFailedError(
                f"{url} gave no whole answer within the deadline of {deadline.seconds:g} s.",
                url=url,
                sent=True,
            ) from exc
        finally:
            call_off()

    def _follow(self, url: str, call: RequestHandle, policy: RetryPolicy) -> Answer:
        attempts = Attempts(policy, self._pause, call)
        for _ in range(_REDIRECTS):
            request = _Request("GET", url, None, _NO_HEADERS, self.options.timeout)
            answer = attempts.send(self._whole, request)
            location = answer.headers.get("location")
            if answer.status not in (301, 302, 303, 307, 308) or not location:
                return answer
            shown = shorten(answer.conceal(location.encode()).decode())
            try:
                target = urljoin(url, location)
            except ValueError as exc:
                raise cannot_ask(exc, shown) from exc
            if not may_follow(url, target):
                raise ConnectFailedError(
                    f"{url} sends clients on to another server, {shown!r}, which was not "
                    "followed. If you trust it, connect to that address.",
                    url=url,
                )
            url = target
        raise ConnectFailedError(f"{url} redirects in circles.", url=url)

    def fetch(
        self, url: str, call: RequestHandle, *, headers: Mapping[str, str] | None = None
    ) -> Download:
        """Fetch something long, piece by piece. Redirects are left to the caller.

        Retries stop once the response has started; the caller handles later failures.

        Raises:
            ConnectFailedError: No response.
            RateLimitError: The server answered 429 for longer than the client waits.
            HTTPStatusError: A gateway did not pass the request on.
            Aborted: `call` was aborted.
        """
        # With compression, lengths would not be those of the file, and no part of it could be
        # asked for.
        sent = {"Accept": "*/*", "Accept-Encoding": "identity", **(headers or {})}
        request = _Request("GET", url, None, sent, self.options.timeout)
        answer = Attempts(self.reading, self._pause, call).send(self._fetch, request)
        if isinstance(answer, Answer):
            raise refusal(answer, doing="Fetching a file")
        return answer

    def _fetch(self, request: _Request, call: RequestHandle) -> Download | Answer:
        with _Tracked(self, call) as tracked:
            response = self._send(request, call)
            if response.status == 429 or response.status in RETRYABLE_STATUSES:
                return self._read(response, request, call)
            return Download(response, call, tracked.keep())

    def has(self, url: str, call: RequestHandle) -> bool:
        """Return whether there is something at a URL.

        Raises:
            ConnectFailedError: No response.
            Aborted: `call` was aborted.
        """
        request = _Request("HEAD", url, None, _NO_HEADERS, self.options.timeout)
        attempts = Attempts(self.reading.with_patience(0.0), self._pause, call)
        return attempts.send(self._whole, request).status == 200

    def post(
        self,
        url: str,
        body: bytes | UploadBody,
        *,
        content_type: str = "application/json",
        headers: Mapping[str, str] | None = None,
        query: str = "",
        call: RequestHandle | None = None,
        read_timeout: float | UseDefault | None = USE_DEFAULT,
        policy: RetryPolicy = SEND_ONCE,
    ) -> Answer:
        """Send a body and read the whole response.

        Args:
            query: What the address that the user named has after its question mark. It may hold
                secrets, so it goes with the request and into no error.
            call: A handle by which another thread may end the request.
            read_timeout: Seconds of silence before the response; ``None`` for no limit, as a
                function may take long.
            policy: When to send it again. A body that can be read only once is sent once.

        Raises:
            ConnectFailedError: No response; `sent` says whether the server may have acted.
            Aborted: `call` was aborted.
        """
        sent = {**(headers or _NO_HEADERS), "Content-Type": content_type}
        request = _Request("POST", url, body, sent, self._timeout(read_timeout), query)
        call = call or RequestHandle()
        if policy is SEND_ONCE or (isinstance(body, UploadBody) and body.is_read_once):
            return self._whole(request, call)
        return Attempts(policy, self._pause, call).send(self._whole, request)

    def stream(
        self,
        url: str,
        call: RequestHandle,
        *,
        silence: float | None,
        query: str = "",
        headers: Mapping[str, str] | None = None,
        read_timeout: float | UseDefault | None = USE_DEFAULT,
        policy: RetryPolicy = SEND_ONCE,
    ) -> EventStream:
        """Open an event stream.

        Args:
            silence: Seconds without a byte after which the open stream counts as lost.
            query: As for `post`.
            read_timeout: Seconds of silence before the stream is open; ``None`` for no limit.
            policy: When to try again to open it. A 429 is left to the caller.

        Raises:
            ConnectFailedError: No response.
            HTTPStatusError: Refused.
            Aborted: `call` was aborted.
        """
        sent = {
            **(headers or _NO_HEADERS),
            "Accept": "text/event-stream",
            "Accept-Encoding": "identity",  # compression makes proxies hold events back
            "Cache-Control": "no-store",
        }
        timeout = self._timeout(read_timeout)
        request = _Request("GET", url, None, sent, timeout, query, True, silence)
        if policy is SEND_ONCE:
            return self._open(request, call)
        return Attempts(policy, self._pause, call).send(self._open, request)

    def _open(self, request: _Request, call: RequestHandle) -> EventStream:
        with _Tracked(self, call) as tracked:
            response = self._send(request, call)
            kind = response.headers.get("content-type", "").lower()
            if response.status == 200 and kind.startswith("text/event-stream"):
                call.limit_silence(request.silence)
                return EventStream(response, call, self.options.message_bytes, tracked.keep())
            answer = self._read(response, request, call)
        raise refusal(answer)

    def close(self) -> None:
        """End every request and close every connection; later requests raise `Aborted`."""
        with self._lock:
            self._closed.set()
            calls, others = list(self._calls), list(self._others)
        for call in calls:
            call.abort()
        for other in others:
            other.close()
        self.alarms.close()
        self.context.close_idle()

    # -- one attempt -----------------------------------------------------------------

    def _timeout(self, read_timeout: float | UseDefault | None) -> Timeout:
        timeout = self.options.timeout
        return timeout if isinstance(read_timeout, UseDefault) else (timeout[0], read_timeout)

    def _pause(self, call: RequestHandle, seconds: float) -> None:
        """Wait before a request is repeated.

        Raises:
            Aborted: `call` was aborted, or `close` was called.
        """
        with _Tracked(self, call):
            call.pause(seconds)

    def _whole(self, request: _Request, call: RequestHandle) -> Answer:
        with _Tracked(self, call):
            return self._read(self._send(request, call), request, call)

    def _send(self, request: _Request, call: RequestHandle) -> Response:
        """Send a tracked request and read the head of its response."""
        url, context = request.url, self.context
        address = with_query(self.signed(url) if request.is_signed else url, request.query)
        try:
            way = context.way(address)
        except Exception as exc:
            raise cannot_ask(exc, url) from exc
        try:
            response: Response = way.pool.send(
                request.method,
                way.target,
                request.body,
                context.headers_for(url, way.host, request.headers),
                call,
                request.timeout,
                self.options.timeout[1],
            )
            self.heard = time.monotonic()
            if response.set_cookies:
                context.keep_cookies(url, response.set_cookies)
        except Exception as exc:
            if call.aborted or isinstance(exc, Aborted):
                raise Aborted from exc
            error = no_connection(exc, url, context.proxy_told(url))
            if error is None:
                raise  # a fault of this package
            raise error from exc
        if response.status == PROXY_WANTS_LOGIN:
            response.close()
            raise proxy_refusal(url, "it wants a login (407)", self.context.proxy_told(url))
        return response

    def _read(self, response: Response, request: _Request, call: RequestHandle) -> Answer:
        url = request.url
        try:
            body = response.read(url, self.options.message_bytes)
        except ProtocolError:
            raise
        except BaseException as exc:
            response.close()
            if not isinstance(exc, Exception):
                raise
            if call.aborted:
                raise Aborted from exc
            raise no_answer(exc, url) from exc
        conceal = partial(self.context.conceal, sent=request.headers)
        if response.status >= 300:
            body = conceal(body)
        kind = response.headers.get("content-type", "")
        return Answer(response.status, kind, body, url, response.headers, conceal)
