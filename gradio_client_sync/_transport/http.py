"""The one door to HTTP.

Every request of a client goes through its `Http`: it keeps to the server that the user
named, asks again where that makes sense, ends requests at their deadlines, and turns what
goes wrong into this package's errors, so that nothing of `requests` or `urllib3` gets past
it.
"""

from __future__ import annotations

import copy
import logging
import os
import threading
import time
from collections.abc import Iterable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Callable, Literal, TypeVar
from urllib.parse import urljoin
from weakref import WeakSet

from .._protocol.queue.eventstream import MESSAGE_BYTES
from .._protocol.retry import RateLimitWaits, retry_after
from .._protocol.routes import may_follow, with_query
from ..errors import ConnectFailedError, GradioClientError, ProtocolError
from .base import Aborted
from .body import Download, EventStream, UploadBody
from .connections import RequestHandle
from .deadlines import NEVER, Deadline, Timers
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
from .request_context import RequestContext
from .retries import RETRYABLE_STATUSES, Retries, can_retry, is_safe_to_retry
from .signal_safe import SafeEvent

if TYPE_CHECKING:
    from .._options import Timeout
    from .response import Response

log = logging.getLogger(__name__)

_REDIRECTS = 5

#: Seconds for which a server that is asked too often is given the time that it asks for.
RATE_LIMIT_PATIENCE = 30.0

_T = TypeVar("_T")
_A = TypeVar("_A", bound="Answer | Download")


class Http:
    """Connections to one app.

    Args:
        root: The address that the user named; requests go to its origin only.
        headers: Sent with every request.
        cookies: Sent with every request, and added to by the server's answers.
        verify: ``False`` to accept any certificate, or the path of a CA bundle.
        proxies: As for `requests`; the environment's are used besides.
        timeout: Seconds to connect, and of silence while an answer is awaited.
        sign: Adds a signature to the addresses of streams and websockets; it is shown nowhere.
        patience: Seconds for which a server that is asked too often (429) is asked again.
        retries: How often what cannot have had an effect is sent again.
        message_bytes: How long an answer or an event may be.
        secrets: What no error repeats of what a server says, besides headers and cookies.

    Attributes:
        alarms: End requests at their deadlines.
        heard: When a server last answered, on the monotonic clock.
    """

    def __init__(
        self,
        root: str,
        *,
        headers: Mapping[str, str] | None = None,
        cookies: Mapping[str, str] | None = None,
        verify: bool | str = True,
        proxies: Mapping[str, str] | None = None,
        timeout: Timeout = (10.0, 60.0),
        sign: Callable[[str], str] | None = None,
        patience: float = RATE_LIMIT_PATIENCE,
        retries: int = 0,
        message_bytes: int = MESSAGE_BYTES,
        secrets: Iterable[str] = (),
    ) -> None:
        self.context = RequestContext(
            root,
            headers=headers,
            cookies=cookies,
            verify=verify,
            proxies=proxies,
            secrets=secrets,
        )
        self._way = verify, proxies
        self.timeout = timeout
        self._sign = sign
        self.patience = patience
        self.retries = retries
        self.message_bytes = message_bytes
        self.alarms = Timers()
        self.heard = 0.0
        self._closed = SafeEvent()
        self._begin()

    def _begin(self) -> None:
        """Without a request under way: in a fork, those are its parent's."""
        self._lock = threading.RLock()
        self._calls: set[RequestHandle] = set()
        self._doors: WeakSet[Http] = WeakSet()  # to other servers, on behalf of this one
        self._pid = os.getpid()  # last: from then on other threads take it as done

    def bare(self, url: str) -> Http:
        """A door to another server: the same way there, but nothing of this app's to send."""
        verify, proxies = self._way
        door = Http(
            url,
            verify=verify,
            proxies=proxies,
            timeout=self.timeout,
            retries=self.retries,
            message_bytes=self.message_bytes,
        )
        with self._lock:
            self._doors.add(door)
            if not self._closed.is_set():
                return door
        raise Aborted

    def twin(self) -> Http:
        """Make a door to the same server with the same headers and cookies, and no connection.

        It asks once: no retries, no patience with rate limits.
        """
        door = copy.copy(self)
        door.context = copy.copy(self.context)
        door.context.begin()
        door.alarms, door._closed = Timers(), SafeEvent()
        door.retries, door.patience = 0, 0.0
        door._begin()
        with self._lock:
            self._doors.add(door)
            if not self._closed.is_set():
                return door
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
        """The address with a signature, where the app wants one. Not for messages: it is secret."""
        return url if self._sign is None else self._sign(url)

    def get(
        self, url: str, deadline: Deadline = NEVER, call: RequestHandle | None = None
    ) -> Answer:
        """Fetch, following redirects that stay with the server; again, if it fails in passing.

        Args:
            deadline: When there has to be an answer.
            call: As for `post`.

        A server that is asked too often is asked again when it wants, for `patience`.

        Raises:
            ConnectFailedError: No answer, or a redirect to another server.
        """
        call = call or RequestHandle()
        call_off = self.alarms.set(deadline, call.abort)
        try:
            return self._follow(url, call, deadline)
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

    def _follow(self, url: str, call: RequestHandle, deadline: Deadline) -> Answer:
        waits = self._waits(deadline)
        for _ in range(_REDIRECTS):
            ask = partial(self._whole, "GET", url, None, {}, call, self.timeout)
            answer = self._persist(partial(self._patiently, ask, call, waits), call, deadline)
            location = answer.headers.get("location")
            if answer.status not in (301, 302, 303, 307, 308) or not location:
                return answer
            shown = shorten(answer.conceal(location.encode()).decode())
            try:
                target = urljoin(url, location)
            except ValueError as exc:
                raise no_connection(exc, shown) from exc
            if not may_follow(url, target):
                raise ConnectFailedError(
                    f"{url} sends clients on to another server, {shown!r}, which was not "
                    "followed. If you trust it, connect to that address.",
                    url=url,
                )
            url = target
        raise ConnectFailedError(f"{url} redirects in circles.", url=url)

    def _waits(self, deadline: Deadline) -> RateLimitWaits:
        """The patience of one request, however often and for whatever else it is sent again."""
        return RateLimitWaits(deadline.end, self.patience)

    def _patiently(self, ask: Callable[[], _A], call: RequestHandle, waits: RateLimitWaits) -> _A:
        """Ask again when a server that is asked too often (429) wants to be.

        It then has taken nothing. If it wants to be asked later than there is time for, its
        answer is given at once.
        """
        while True:
            answer = ask()
            if answer.status != 429:
                return answer
            pause = waits.pause(retry_after(answer.headers), time.monotonic())
            if pause is None:
                return answer
            self._pause(call, pause)

    def _pause(self, call: RequestHandle, seconds: float) -> None:
        """Wait before a request is sent again.

        Raises:
            Aborted: The call was aborted, or this door closed.
        """
        self._remember(call)
        try:
            call.pause(seconds)
        finally:
            self._forget(call)

    def _persist(
        self,
        ask: Callable[[], _T],
        call: RequestHandle,
        deadline: Deadline = NEVER,
        may_again: Callable[[GradioClientError], bool] = can_retry,
    ) -> _T:
        """Ask for something until there is an answer, or trying again makes no sense."""
        retries = Retries(self.retries)
        while True:
            answer: _T | None = None
            try:
                answer = ask()
                if not isinstance(answer, Answer) or answer.status not in RETRYABLE_STATUSES:
                    return answer
                error: GradioClientError = refusal(answer)
            except GradioClientError as exc:
                error = exc
            wait = retries.pause(error, deadline) if may_again(error) else None
            if wait is None:
                if answer is not None:
                    return answer
                raise error
            log.debug("asking again in %.2f s: %s", wait, error)
            self._pause(call, wait)

    def fetch(
        self, url: str, call: RequestHandle, *, headers: Mapping[str, str] | None = None
    ) -> Download:
        """Fetch something long, piece by piece; redirects are the caller's to follow.

        Asked again is until its answer begins; what breaks off later is the caller's, too.

        Raises:
            ConnectFailedError: No answer.
            RateLimitError: The server is asked too often, for longer than it is waited for.
            HTTPStatusError: A gateway did not pass the request on.
            Aborted: `call` was aborted.
        """
        # Compressed, lengths would not be those of the file, and no rest could be asked for.
        sent = {"Accept": "*/*", "Accept-Encoding": "identity", **(headers or {})}
        begin = partial(self._fetch, url, sent, call)
        answer = self._persist(partial(self._patiently, begin, call, self._waits(NEVER)), call)
        if isinstance(answer, Answer):
            raise refusal(answer, doing="Fetching a file")
        return answer

    def _fetch(
        self, url: str, headers: Mapping[str, str], call: RequestHandle
    ) -> Download | Answer:
        response = self._send("GET", url, None, headers, call, self.timeout)
        if response.status != 429 and response.status not in RETRYABLE_STATUSES:
            return Download(response, call, partial(self._forget, call))
        try:
            return self._read(response, url, call, headers)
        finally:
            self._forget(call)

    def has(self, url: str, call: RequestHandle) -> bool:
        """Whether there is something at an address.

        Raises:
            ConnectFailedError: No answer.
            Aborted: `call` was aborted.
        """
        ask = partial(self._whole, "HEAD", url, None, {}, call, self.timeout)
        return self._persist(ask, call).status == 200

    def post(
        self,
        url: str,
        body: bytes | UploadBody,
        *,
        content_type: str = "application/json",
        headers: Mapping[str, str] | None = None,
        query: str = "",
        call: RequestHandle | None = None,
        within: float | Literal["usual"] | None = "usual",
        persist: bool = False,
        patient: Deadline | None = None,
    ) -> Answer:
        """Send a body, once unless told otherwise.

        Args:
            query: What the address that the user named has after its question mark; it
                may hold secrets, so it goes with the request and into no error.
            call: A handle by which another thread may end it.
            within: Seconds of silence before the answer; ``None`` waits without limit, as
                a function may take long.
            persist: Send it again where it was certainly not taken.
            patient: Until when to send it again to a server that is asked too often, for
                `patience` at most; ``None`` leaves that to the caller.

        Raises:
            ConnectFailedError: No answer; `sent` says whether the server may have acted.
            Aborted: `call` was aborted.
        """
        timeout = self.timeout if within == "usual" else (self.timeout[0], within)
        sent = {**(headers or {}), "Content-Type": content_type}
        call = call or RequestHandle()
        send = partial(self._whole, "POST", url, body, sent, call, timeout, query)
        if patient is not None and not (isinstance(body, UploadBody) and body.is_read_once):
            send = partial(self._patiently, send, call, self._waits(patient))
        return self._persist(send, call, may_again=is_safe_to_retry) if persist else send()

    def stream(
        self,
        url: str,
        call: RequestHandle,
        *,
        silence: float | None,
        query: str = "",
        headers: Mapping[str, str] | None = None,
        persist: bool = False,
    ) -> EventStream:
        """Open an event stream.

        Args:
            query: As for `post`.
            silence: Seconds without a byte after which it counts as lost.
            persist: Try again where it cannot be opened just now.

        Raises:
            ConnectFailedError: No answer.
            HTTPStatusError: Refused.
            Aborted: `call` was aborted.
        """
        if persist:
            again = partial(self.stream, url, call, silence=silence, query=query, headers=headers)
            return self._persist(again, call)
        sent = {
            **(headers or {}),
            "Accept": "text/event-stream",
            "Accept-Encoding": "identity",  # compression makes proxies hold events back
            "Cache-Control": "no-store",
        }
        response = self._send("GET", url, None, sent, call, self.timeout, query, sign=True)
        try:
            kind = response.headers.get("content-type", "").lower()
            if response.status == 200 and kind.startswith("text/event-stream"):
                call.limit_silence(silence)
                return EventStream(response, call, self.message_bytes, partial(self._forget, call))
            answer = self._read(response, url, call, headers)
        except BaseException:
            self._forget(call)
            raise
        self._forget(call)
        raise refusal(answer)

    def close(self) -> None:
        """End every request and close every connection; later ones raise `Aborted`."""
        with self._lock:
            self._closed.set()
            calls, doors = list(self._calls), list(self._doors)
        for call in calls:
            call.abort()
        for door in doors:
            door.close()
        self.alarms.close()
        self.context.close_idle()

    def _whole(
        self,
        method: str,
        url: str,
        body: bytes | UploadBody | None,
        headers: Mapping[str, str],
        call: RequestHandle,
        timeout: Timeout,
        query: str = "",
    ) -> Answer:
        response = self._send(method, url, body, headers, call, timeout, query)
        try:
            return self._read(response, url, call, headers)
        finally:
            self._forget(call)

    def _send(
        self,
        method: str,
        url: str,
        body: bytes | UploadBody | None,
        headers: Mapping[str, str],
        call: RequestHandle,
        timeout: Timeout,
        query: str = "",
        *,
        sign: bool = False,
    ) -> Response:
        address = with_query(self.signed(url) if sign else url, query)
        if self._pid != os.getpid():
            self.context.begin()
            self._begin()
        self._remember(call)
        try:
            way = self.context.way(address)
        except Exception as exc:
            self._forget(call)
            raise cannot_ask(exc, url) from exc
        try:
            sent = self.context.headers_for(url, way.host, headers)
            response: Response = way.pool.ask(
                method, way.target, body, sent, call, timeout, self.timeout[1]
            )
            self.heard = time.monotonic()
            if response.set_cookies:
                self.context.keep_cookies(url, response.set_cookies)
        except BaseException as exc:
            self._forget(call)
            if not isinstance(exc, Exception):
                raise
            if call.aborted or isinstance(exc, Aborted):
                raise Aborted from exc
            raise no_connection(exc, url, self.context.proxy_told(url)) from exc
        if response.status == PROXY_WANTS_LOGIN:
            response.close()
            self._forget(call)
            raise proxy_refusal(url, "it wants a login (407)", self.context.proxy_told(url))
        return response

    def _read(
        self, response: Response, url: str, call: RequestHandle, sent: Mapping[str, str] | None
    ) -> Answer:
        try:
            body = response.read(url, self.message_bytes)
        except ProtocolError:
            raise
        except BaseException as exc:
            response.close()
            if not isinstance(exc, Exception):
                raise
            if call.aborted:
                raise Aborted from exc
            raise no_answer(exc, url) from exc
        conceal = partial(self.context.conceal, sent=sent)
        if response.status >= 300:
            body = conceal(body)
        kind = response.headers.get("content-type", "")
        return Answer(response.status, kind, body, url, response.headers, conceal)

    def _remember(self, call: RequestHandle) -> None:
        """Have `close` end a call; `_forget` is for later."""
        with self._lock:
            self._calls.add(call)  # first: a signal's handler may close this door meanwhile
            closed = self._closed.is_set()
        if closed:
            self._forget(call)
            raise Aborted

    def _forget(self, call: RequestHandle) -> None:
        call.attach(None)
        with self._lock:
            self._calls.discard(call)
