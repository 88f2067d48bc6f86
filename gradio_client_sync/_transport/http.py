"""`Http`: the HTTP client of one app. Every request goes through it.

It sends requests only to the server that the user named, retries them as their policy allows, and
ends them at their deadlines. Its callers get only errors of this package, and none of `requests` or
`urllib3`.
"""

from __future__ import annotations

import copy
import os
import time
from functools import partial
from typing import TYPE_CHECKING, Callable
from urllib.parse import urljoin
from weakref import WeakSet

from .._protocol.routes import may_follow
from ..errors import ConnectFailedError, GradioClientError, ProtocolError
from . import seam
from .attempts import SEND_ONCE, Attempts, RetryPolicy
from .base import Aborted
from .body import Download, EventStream, UploadBody
from .connections import RequestHandle
from .deadlines import Timers
from .failures import (
    PROXY_AUTHENTICATION_REQUIRED,
    Answer,
    incomplete_response,
    proxy_refusal,
    refusal,
    request_error,
    shorten,
    unusable_url,
)
from .http_options import HttpOptions
from .request_context import RequestContext
from .retries import RETRYABLE_STATUSES, can_retry, is_safe_to_retry
from .signal_safe import SafeEvent, new_lock

if TYPE_CHECKING:
    from .._basics.secret import Secret, Texts
    from .._options import Timeout
    from .request import Body
    from .response import Response

_REDIRECTS = 5
_NO_HEADERS: Texts = {}
_DEFAULTS = HttpOptions()


def _context(root: str, options: HttpOptions) -> RequestContext:
    if options.http_auth is None and not options.adapters:
        return RequestContext(root, options)
    from .prepared import PreparedContext  # few clients need it

    return PreparedContext(root, options)


class UseDefault:
    """The type of `USE_DEFAULT`."""


#: Selects the read timeout of the options. ``None`` means no limit.
USE_DEFAULT = UseDefault()


class _Request:
    """One request, which may be sent several times.

    It is not a `NamedTuple`: defining one with eight fields would add 0.2 ms to the first call of a
    process.

    Args:
        method: The method, such as ``GET``.
        url: The URL without anything secret, because errors show it.
        body: The body.
        headers: The headers of this request only.
        timeout: Seconds to connect, and seconds for which the server may send nothing before the
            response.
        query: A secret query that is added to the URL when it is sent.
        is_signed: Whether a signature is added to the URL when it is sent.
        silence: Seconds without a byte after which an open stream counts as lost.
    """

    __slots__ = ("body", "headers", "is_signed", "method", "query", "silence", "timeout", "url")

    def __init__(
        self,
        method: str,
        url: str,
        body: Body,
        headers: Texts,
        timeout: Timeout,
        query: Secret[str] | None = None,
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
    """Registers a request for the duration of a ``with`` block, so that `Http.close` can end it.

    After `keep`, the request stays registered, because its response is read after the block.

    Raises:
        Aborted: The client is closed. It is raised when the block is entered.
    """

    __slots__ = ("_call", "_http", "_is_kept")

    def __init__(self, http: Http, call: RequestHandle) -> None:
        self._http = http
        self._call = call
        self._is_kept = False

    def keep(self) -> Callable[[], None]:
        """Keep the request registered, and return the function that unregisters it."""
        self._is_kept = True
        return self._end

    def __enter__(self) -> _Tracked:
        http = self._http
        if http._pid != os.getpid():  # after a fork: requests and connections belong to the parent
            http.context.reset()
            http._reset()
        with http._lock:
            http._calls.add(self._call)  # first, because a signal handler may call `close` here
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
    """The HTTP client of one app.

    Args:
        root: The URL that the user named. Requests go to its origin only.
        options: The settings of all requests.
        sign: A function that returns a signature for the URLs of streams and websockets, in the
            form of a query; ``None`` if there is none.

    Attributes:
        context: The headers, cookies, proxies and connections of requests.
        options: The settings of all requests.
        reading: The retry policy for requests that change nothing on the server.
        rate_limited: The retry policy for requests that may be sent again only after a 429.
        unaccepted: The retry policy for requests that may be sent again only if the server
            certainly did not accept them. There is no retry after a 429, so the caller gets it.
        timers: The timers that end requests at their deadlines.
        heard: When the server last responded, on the monotonic clock.
    """

    def __init__(
        self,
        root: str,
        options: HttpOptions = _DEFAULTS,
        sign: Callable[[], Secret[str] | None] | None = None,
    ) -> None:
        self.context = _context(root, options)
        self.options = options
        self._set_policies()
        self.timers = Timers()
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
        """Start without requests and other clients."""
        self._lock = new_lock()
        self._calls: set[RequestHandle] = set()
        self._others: WeakSet[Http] = WeakSet()
        self._pid = os.getpid()  # last: other threads read it to see whether the reset is done

    def without_credentials(self, url: str) -> Http:
        """Return a client for another server, with the same network settings and no credentials.

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
        """Return a client for the same server, with the same headers and cookies.

        It has its own connections. It never sends a request again, not even after a 429.

        Raises:
            Aborted: `close` was called.
        """
        twin = copy.copy(self)
        twin.context = copy.copy(self.context)
        twin.context.reset()
        twin.options = self.options._replace(retries=0, rate_limit_patience=0.0)
        twin._set_policies()
        twin.timers, twin._closed = Timers(), SafeEvent()
        twin._reset()
        with self._lock:
            self._others.add(twin)
            if not self._closed.is_set():
                return twin
        raise Aborted

    def was_cut(self, url: str) -> bool:
        """Return whether the server of a URL has closed the idle connection that was used last."""
        if self._pid != os.getpid():
            return False  # after a fork, the connection belongs to the parent
        try:
            return self.context.network_path(url).pool.was_cut()
        except Exception:  # noqa: BLE001 - the next request raises the error for this URL
            return False

    def drop_cut(self, url: str) -> None:
        """Drop the idle connections to a URL that its server has closed.

        Afterwards, `was_cut` returns whether the server has closed another one.
        """
        if self._pid != os.getpid():
            return  # after a fork, the connections belong to the parent
        try:
            self.context.network_path(url).pool.drop_cut()
        except Exception:  # noqa: BLE001 - the next request raises the error for this URL
            return

    def signature(self) -> Secret[str] | None:
        """Return the signature for a URL, in the form of a query; ``None`` if there is none."""
        signature = None if self._sign is None else self._sign()
        if signature is not None:
            self.context.conceals(signature)
        return signature

    # -- requests ------------------------------------------------------------------

    def get(
        self, url: str, policy: RetryPolicy | None = None, call: RequestHandle | None = None
    ) -> Answer:
        """Send a GET request and read the whole response. Follow redirects on the same server.

        Args:
            url: The URL.
            policy: When to send the request again; `reading` by default. Its deadline also ends the
                request.
            call: A handle by which another thread can abort the request.

        Raises:
            ConnectFailedError: No response arrived, or it redirects to another server.
            Aborted: `call` was aborted, or the client was closed.
        """
        policy = policy or self.reading
        call = call or RequestHandle()
        deadline = policy.deadline
        cancel = self.timers.set(deadline, call.abort)
        try:
            return self._follow(url, call, policy)
        except Aborted as exc:
            if deadline.left or self._closed.is_set():
                raise  # `call` or the client was aborted, not this deadline
            raise ConnectFailedError(
                f"{url} did not send a complete response within the deadline of "
                f"{deadline.seconds:g} s.",
                url=url,
                sent=True,
            ) from exc
        finally:
            cancel()

    def _follow(self, url: str, call: RequestHandle, policy: RetryPolicy) -> Answer:
        attempts = Attempts(policy, self._pause, call)
        for _ in range(_REDIRECTS):
            request = _Request("GET", url, None, _NO_HEADERS, self.options.timeout)
            answer = attempts.send(self._send_and_read, request)
            location = answer.headers.get("location")
            if answer.status not in (301, 302, 303, 307, 308) or not location:
                return answer
            shown = shorten(answer.conceal(location.encode()).decode())
            try:
                target = urljoin(url, location)
            except ValueError as exc:
                raise unusable_url(exc, shown) from exc
            if not may_follow(url, target):
                raise ConnectFailedError(
                    f"{url} redirects to another server, {shown!r}, so the redirect was not "
                    "followed. If you trust that server, connect to its URL.",
                    url=url,
                )
            url = target
        raise ConnectFailedError(
            f"The client stopped after {_REDIRECTS} redirects in a row, the last one to {url}. "
            "Connect to the app's own URL.",
            url=url,
        )

    def fetch(self, url: str, call: RequestHandle, *, headers: Texts | None = None) -> Download:
        """Send a GET request and return the response, whose body is read in pieces.

        There are no retries once the response has started, and redirects are not followed. The
        caller handles both.

        Args:
            url: The URL.
            call: A handle by which another thread can abort the request.
            headers: Headers of this request only.

        Raises:
            ConnectFailedError: No response arrived.
            RateLimitError: The server responded with 429 for longer than the client waits.
            HTTPStatusError: A gateway did not pass the request on.
            Aborted: `call` was aborted, or the client was closed.
        """
        # Compression would change the length of the body, and make it impossible to request a part
        # of the file.
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
                return seam.answered(self, request, self._read(response, request, call))
            download = Download(response, call, tracked.keep())
        return seam.fetched(self, request, download)

    def has(self, url: str, call: RequestHandle) -> bool:
        """Return whether a HEAD request for a URL gets status 200.

        Args:
            url: The URL.
            call: A handle by which another thread can abort the request.

        Raises:
            ConnectFailedError: No response arrived.
            Aborted: `call` was aborted, or the client was closed.
        """
        request = _Request("HEAD", url, None, _NO_HEADERS, self.options.timeout)
        attempts = Attempts(self.reading.with_patience(0.0), self._pause, call)
        return attempts.send(self._send_and_read, request).status == 200

    def post(
        self,
        url: str,
        body: Body,
        *,
        content_type: str = "application/json",
        headers: Texts | None = None,
        query: Secret[str] | None = None,
        call: RequestHandle | None = None,
        read_timeout: float | UseDefault | None = USE_DEFAULT,
        policy: RetryPolicy = SEND_ONCE,
    ) -> Answer:
        """Send a POST request and read the whole response.

        Args:
            url: The URL without a query.
            body: The body.
            content_type: The ``Content-Type`` of the body.
            headers: Headers of this request only.
            query: The query of the URL that the user named. It may contain secrets, so nothing
                shows it.
            call: A handle by which another thread can abort the request.
            read_timeout: Seconds for which the server may send nothing before the response;
                ``None`` for no limit, because a function may run long.
            policy: When to send the request again. A body that can be read only once is sent once.

        Raises:
            ConnectFailedError: No response arrived. Its `sent` says whether the server may have
                processed the request.
            Aborted: `call` was aborted, or the client was closed.
        """
        sent = {**(headers or _NO_HEADERS), "Content-Type": content_type}
        request = _Request("POST", url, body, sent, self._timeout(read_timeout), query)
        call = call or RequestHandle()
        if policy is SEND_ONCE or (isinstance(body, UploadBody) and body.is_read_once):
            return self._send_and_read(request, call)
        return Attempts(policy, self._pause, call).send(self._send_and_read, request)

    def stream(
        self,
        url: str,
        call: RequestHandle,
        *,
        silence: float | None,
        query: Secret[str] | None = None,
        headers: Texts | None = None,
        read_timeout: float | UseDefault | None = USE_DEFAULT,
        policy: RetryPolicy = SEND_ONCE,
    ) -> EventStream:
        """Open an event stream.

        Args:
            url: The URL without a query.
            call: A handle by which another thread can abort the request and the stream.
            silence: Seconds without a byte after which the open stream counts as lost; ``None``
                for no limit.
            query: The query of the URL that the user named. Nothing shows it.
            headers: Headers of this request only.
            read_timeout: Seconds for which the server may send nothing before the stream is open;
                ``None`` for no limit.
            policy: When to send the request again; by default, it is sent once.

        Raises:
            ConnectFailedError: No response arrived.
            HTTPStatusError: The server did not open an event stream.
            Aborted: `call` was aborted, or the client was closed.
        """
        sent = {
            **(headers or _NO_HEADERS),
            "Accept": "text/event-stream",
            "Accept-Encoding": "identity",  # proxies delay events to compress them
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
                stream = EventStream(response, call, self.options.message_bytes, tracked.keep())
                return seam.opened(self, request, stream)
            answer = self._read(response, request, call)
        raise refusal(seam.answered(self, request, answer))

    def close(self) -> None:
        """End every request and close every connection. Later requests raise `Aborted`."""
        with self._lock:
            self._closed.set()
            calls, others = list(self._calls), list(self._others)
        for call in calls:
            call.abort()
        for other in others:
            other.close()
        self.timers.close()
        self.context.close_idle()

    # -- one attempt -----------------------------------------------------------------

    def _timeout(self, read_timeout: float | UseDefault | None) -> Timeout:
        timeout = self.options.timeout
        return timeout if isinstance(read_timeout, UseDefault) else (timeout[0], read_timeout)

    def _pause(self, call: RequestHandle, seconds: float) -> None:
        """Wait before a request is sent again.

        Raises:
            Aborted: `call` was aborted, or `close` was called.
        """
        with _Tracked(self, call):
            call.pause(seconds)

    def _send_and_read(self, request: _Request, call: RequestHandle) -> Answer:
        with _Tracked(self, call):
            answer = self._read(self._send(request, call), request, call)
        return seam.answered(self, request, answer)

    def _send(self, request: _Request, call: RequestHandle) -> Response:
        """Send a registered request and read the head of its response."""
        url, context = request.url, self.context
        try:
            if request.query or (request.is_signed and self._sign):
                signature = self.signature() if request.is_signed else None
                path = context.secret_path(url, request.query, signature)
            else:
                path = context.network_path(url)
        except GradioClientError:
            raise  # of a recording, which has nothing for this URL
        except Exception as exc:
            raise unusable_url(exc, url) from exc
        try:
            response = path.pool.send(
                request.method,
                path.target,
                request.body,
                context.headers_for(url, path.host, request.headers),
                call,
                request.timeout,
                self.options.timeout[1],
            )
            self.heard = time.monotonic()
            if response.set_cookies:
                context.keep_cookies(url, response.set_cookies)
                response.set_cookies.clear()  # frames that read the body may be shown
                response.headers.pop("set-cookie", None)
        except Exception as exc:
            if call.aborted or isinstance(exc, Aborted):
                raise Aborted from exc
            error = request_error(exc, url, context.describe_proxy(url))
            if error is None:
                raise  # a fault of this package
            raise seam.failed(self, request, error) from exc
        if response.status == PROXY_AUTHENTICATION_REQUIRED:
            response.close()
            raise proxy_refusal(url, "it requires a login (407)", self.context.describe_proxy(url))
        return response

    def _read(self, response: Response, request: _Request, call: RequestHandle) -> Answer:
        """Read the whole body of a response."""
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
            raise seam.failed(self, request, incomplete_response(exc, url)) from exc
        conceal = partial(self.context.conceal, sent=request.headers)
        if response.status >= 300:
            body = conceal(body)
        kind = response.headers.get("content-type", "")
        return Answer(response.status, kind, body, url, response.headers, conceal)
