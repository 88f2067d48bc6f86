"""The one door to HTTP.

Every request of a client goes through its `Http`: it owns the connections, headers,
cookies, proxies and certificates, keeps to the server that the user named, and turns
what goes wrong into this package's errors, so that nothing of `requests` or `urllib3`
gets past it.
"""

from __future__ import annotations

import email.message
import logging
import os
import re
import sys
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Callable, Literal, TypeVar
from urllib.parse import urljoin
from weakref import WeakSet

import requests
import urllib3
from requests.cookies import MockRequest, MockResponse, get_cookie_header

from .._protocol.credentials import may_be_secret
from .._protocol.eventstream import MESSAGE_BYTES, EventStreamParser
from .._protocol.retry import Retries as Patience
from .._protocol.retry import retry_after
from .._protocol.routes import may_follow, with_query
from .._version import __version__
from ..errors import ConnectFailedError, GradioClientError, ProtocolError
from .base import Aborted, Lost
from .body import Download, UploadBody
from .connections import Adapter, Call, Timeout
from .deadlines import NEVER, Alarms, Deadline
from .failures import (
    PROXY_WANTS_LOGIN,
    Answer,
    cannot_ask,
    loss,
    no_answer,
    no_connection,
    proxy_refusal,
    refusal,
    shorten,
)
from .retries import NOT_PASSED_ON, Retries, may_ask_again, was_not_taken

if TYPE_CHECKING:
    from requests.cookies import RequestsCookieJar

    from .response import Response

log = logging.getLogger(__name__)

_CHUNK_BYTES = 65_536
_IDLE_CONNECTIONS = 32  # kept open per host; jobs join at most 16 at a time
_REDIRECTS = 5

#: Seconds for which a server that is asked too often is given the time that it asks for.
RATE_LIMIT_PATIENCE = 30.0

_T = TypeVar("_T")
_A = TypeVar("_A", bound="Answer | Download")

_ADDRESS = re.compile(r"([^/]*//[^/?#]*)/?([^#]*)")  # origin, path and query; no fragment

_WRITABLE = re.compile(r"(?:[!-$&-~]|%[0-9A-Fa-f]{2})*")  # what an address may hold as it is

#: Where the environment names a file of certificates to trust, as `requests` and curl do.
_CERTIFICATES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")

_SECRET_SHORTEST = 8  # bytes; what is shorter stands in a text by chance, such as a language

# Servers around 3.23 look for a websocket's login in their secure cookie only, which does not
# go over plain http; the cookie meant for that holds the same token.
_PLAIN_LOGIN = re.compile(r"^(?!.*\baccess-token=).*\baccess-token-unsecure=([^;]*)")


class EventStream:
    """An open event stream; iterating gives the payload of each event as bytes.

    Of an event that is longer than it may be it gives the start only, as a `Cut`.
    """

    def __init__(self, response: Response, call: Call, limit: int) -> None:
        self._response = response
        self._call = call
        self._limit = limit

    def __iter__(self) -> Iterator[bytes]:
        """Read to the end.

        Raises:
            Lost: The stream broke off, or fell silent for longer than it may.
            Aborted: `abort` was called.
            MessageTooLargeError: An event does not end.
        """
        read, parser = self._response.read1, EventStreamParser(self._limit)
        while True:
            try:
                chunk = read(_CHUNK_BYTES)
            except Exception as exc:
                if self._call.aborted:
                    raise Aborted from exc
                raise Lost(loss(exc)) from exc
            if not chunk:
                if self._call.aborted:
                    raise Aborted
                return
            yield from parser.feed(chunk)

    def abort(self) -> None:
        """End it from another thread."""
        self._call.abort()

    def close(self) -> None:
        """Let go of the connection: kept for reuse if the stream was read to its end."""
        self._response.close()


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
        self.retries = retries
        self.message_bytes = message_bytes
        self.alarms = Alarms()
        self.heard = 0.0
        self._session = session = requests.Session()
        self._begin()
        for name in ("Accept", "Connection"):
            del session.headers[name]  # they say what is understood without them
        session.headers["User-Agent"] = f"gradio-client-sync/{__version__}"
        session.headers.update(headers or {})
        session.cookies.update(cookies or {})
        # The environment is asked once, not at every request; after that it is left
        # alone, since requests would also add passwords from a .netrc.
        self.proxies: dict[str, str] = dict(proxies or {})
        if _may_have_proxies():
            settings = session.merge_environment_settings(root, self.proxies, None, None, None)
            self.proxies = dict(settings["proxies"])
        session.trust_env = False
        self.verify = verify
        if verify is True:
            self.verify = next(filter(None, map(os.environ.get, _CERTIFICATES)), True)
        self.timeout = timeout
        self._root = root
        self._way = verify, proxies
        self.patience = patience
        self._sign = sign
        self._has_cookies = bool(cookies)
        self._always = [(name.lower(), name, value) for name, value in self.headers.items()]
        self._closed = threading.Event()
        named = {f"cookie {name}": text for name, text in (cookies or {}).items()}
        self._secrets = [*_secrets_in(headers or {}), *_secrets_in(named)]
        self._secrets += [text.encode() for text in secrets if len(text) >= _SECRET_SHORTEST]
        if verify is False:
            # The user asked for it; one warning per request would only bury others.
            urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)

    def _begin(self) -> None:
        """Without a connection; in a fork, those that are open are its parent's."""
        self._pid = os.getpid()
        self._lock = threading.Lock()
        self._calls: set[Call] = set()
        self._doors: WeakSet[Http] = WeakSet()  # to other servers, on behalf of this one
        self._pools: dict[str, tuple[Any, str]] = {}  # as of `connections`, by origin
        self._adapter = Adapter(pool_maxsize=_IDLE_CONNECTIONS)
        self._session.mount("http://", self._adapter)
        self._session.mount("https://", self._adapter)

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

    @property
    def headers(self) -> dict[str, str]:
        """What is sent with every request, for connections that are not made here."""
        return {str(name): str(value) for name, value in self._session.headers.items()}

    @property
    def cookies(self) -> RequestsCookieJar:
        return self._session.cookies

    def cookie_header(self, url: str) -> str | None:
        """The cookies for an address, as one header's value."""
        request = requests.Request("GET", url)
        header: str | None = get_cookie_header(self._session.cookies, request)  # type: ignore[no-untyped-call]
        login = _PLAIN_LOGIN.search(header or "")
        return f"{header}; access-token={login[1]}" if login else header

    def signed(self, url: str) -> str:
        """The address with a signature, where the app wants one. Not for messages: it is secret."""
        return url if self._sign is None else self._sign(url)

    def get(self, url: str, deadline: Deadline = NEVER, call: Call | None = None) -> Answer:
        """Fetch, following redirects that stay with the server; again, if it fails in passing.

        Args:
            deadline: When there has to be an answer.
            call: As for `post`.

        A server that is asked too often is asked again when it wants, for `patience`.

        Raises:
            ConnectFailedError: No answer, or a redirect to another server.
        """
        call = call or Call()
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

    def _follow(self, url: str, call: Call, deadline: Deadline) -> Answer:
        for _ in range(_REDIRECTS):
            ask = partial(self._whole, "GET", url, None, {}, call, self.timeout)
            ask_in_time = partial(self._patiently, ask, call, deadline)
            answer = self._persist(ask_in_time, call, deadline)
            location = answer.headers.get("location")
            if answer.status not in (301, 302, 303, 307, 308) or not location:
                return answer
            try:
                target = urljoin(url, location)
            except ValueError as exc:
                raise no_connection(exc, shorten(location)) from exc
            if not may_follow(url, target):
                raise ConnectFailedError(
                    f"{url} sends clients on to another server, {shorten(location)!r}, which was "
                    "not followed. If you trust it, connect to that address.",
                    url=url,
                )
            url = target
        raise ConnectFailedError(f"{url} redirects in circles.", url=url)

    def _patiently(self, ask: Callable[[], _A], call: Call, deadline: Deadline) -> _A:
        """Ask again when a server that is asked too often (429) wants to be.

        It then has taken nothing. If it wants to be asked later than there is time for, its
        answer is given at once.
        """
        patience = Patience(min(time.monotonic() + self.patience, deadline.end))
        while True:
            answer = ask()
            if answer.status != 429:
                return answer
            pause = patience.pause(retry_after(answer.headers), time.monotonic())
            if pause is None:
                return answer
            self._pause(call, pause)

    def _pause(self, call: Call, seconds: float) -> None:
        """Wait before a request is sent again.

        Raises:
            Aborted: The call was aborted, or this door closed.
        """
        with self._lock:
            if self._closed.is_set():
                raise Aborted
            self._calls.add(call)
        try:
            call.pause(seconds)
        finally:
            self._forget(call)

    def _persist(
        self,
        ask: Callable[[], _T],
        call: Call,
        deadline: Deadline = NEVER,
        may_again: Callable[[GradioClientError], bool] = may_ask_again,
    ) -> _T:
        """Ask for something until there is an answer, or trying again makes no sense."""
        retries = Retries(self.retries)
        while True:
            answer: _T | None = None
            try:
                answer = ask()
                if not isinstance(answer, Answer) or answer.status not in NOT_PASSED_ON:
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

    def fetch(self, url: str, call: Call, *, headers: Mapping[str, str] | None = None) -> Download:
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
        answer = self._persist(partial(self._patiently, begin, call, NEVER), call)
        if isinstance(answer, Answer):
            raise refusal(answer, doing="Fetching a file")
        return answer

    def _fetch(self, url: str, headers: Mapping[str, str], call: Call) -> Download | Answer:
        response = self._send("GET", url, None, headers, call, self.timeout)
        if response.status != 429 and response.status not in NOT_PASSED_ON:
            return Download(response, call, partial(self._forget, call))
        try:
            return self._read(response, url, call, headers)
        finally:
            self._forget(call)

    def has(self, url: str, call: Call) -> bool:
        """Whether there is something at an address.

        Raises:
            ConnectFailedError: No answer.
            Aborted: `call` was aborted.
        """
        return self._whole("HEAD", url, None, {}, call, self.timeout).status == 200

    def post(
        self,
        url: str,
        body: bytes | UploadBody,
        *,
        content_type: str = "application/json",
        headers: Mapping[str, str] | None = None,
        query: str = "",
        call: Call | None = None,
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
        sent = {"Content-Type": content_type, **(headers or {})}
        call = call or Call()
        send = partial(self._whole, "POST", url, body, sent, call, timeout, query)
        if patient is not None and not (isinstance(body, UploadBody) and body.is_read_once):
            send = partial(self._patiently, send, call, patient)
        return self._persist(send, call, may_again=was_not_taken) if persist else send()

    def stream(
        self,
        url: str,
        call: Call,
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
            "Accept": "text/event-stream",
            "Accept-Encoding": "identity",  # compression makes proxies hold events back
            "Cache-Control": "no-store",
            **(headers or {}),
        }
        response = self._send("GET", url, None, sent, call, self.timeout, query, sign=True)
        try:
            kind = response.headers.get("content-type", "").lower()
            if response.status == 200 and kind.startswith("text/event-stream"):
                call.limit_silence(silence)
                return EventStream(response, call, self.message_bytes)
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
        self.hang_up()

    def hang_up(self) -> None:
        """Close the connections that no request uses; further requests make new ones."""
        for pool, _ in list(self._pools.values()):
            pool.close()

    def done(self, call: Call) -> None:
        """A stream opened with this call is over."""
        self._forget(call)

    def _whole(
        self,
        method: str,
        url: str,
        body: bytes | UploadBody | None,
        headers: Mapping[str, str],
        call: Call,
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
        call: Call,
        timeout: Timeout,
        query: str = "",
        *,
        sign: bool = False,
    ) -> Response:
        address = with_query(self.signed(url) if sign else url, query)
        if self._pid != os.getpid():
            self._begin()
        with self._lock:
            if self._closed.is_set():
                raise Aborted
            self._calls.add(call)
        try:
            pool, target = self._pool(address)
        except Exception as exc:
            self._forget(call)
            raise cannot_ask(exc, url) from exc
        try:
            response: Response = pool.ask(
                method, target, body, self._headers(url, headers), call, timeout, self.timeout[1]
            )
            self.heard = time.monotonic()
            if response.set_cookies:
                self._keep_cookies(url, response.set_cookies)
        except BaseException as exc:
            self._forget(call)
            if not isinstance(exc, Exception):
                raise
            if call.aborted or isinstance(exc, Aborted):
                raise Aborted from exc
            raise no_connection(exc, url) from exc
        if response.status == PROXY_WANTS_LOGIN:
            response.close()
            self._forget(call)
            raise proxy_refusal(url, "it wants a login (407)")
        return response

    def _pool(self, url: str) -> tuple[Any, str]:
        """The connections that `requests` would use for an address, and what to ask there.

        It is asked once for each origin: doing it for every request, as its own `send` does,
        costs more than the request.
        """
        address = _ADDRESS.match(url)
        origin, rest = address.groups() if address is not None else (url, "")
        if origin not in self._pools:
            request, root = _as_asked(f"{origin}/"), _as_asked(self._root)
            # Not everybody reads an odd address in the same way; this is how it will be used.
            if not may_follow(str(root.url), str(request.url)):
                raise ValueError("it leads to another server than the one that it seems to be on")
            pool = self._adapter.get_connection_with_tls_context(request, self.verify, self.proxies)
            self._adapter.cert_verify(pool, request.url, self.verify, None)  # type: ignore[no-untyped-call]
            # A proxy for plain http wants to hear the whole address.
            before = self._adapter.request_url(request, self.proxies).rstrip("/")
            self._pools[origin] = pool, before
        pool, before = self._pools[origin]
        if not _WRITABLE.fullmatch(rest):
            rest = requests.utils.requote_uri(rest)
        return pool, f"{before}/{rest}"

    def _headers(self, url: str, own: Mapping[str, str]) -> dict[str, str]:
        """What goes with a request: its own headers, those of all requests, the cookies."""
        taken = {name.lower() for name in own}
        headers = {name: value for low, name, value in self._always if low not in taken}
        headers.update(own)
        if self._has_cookies and "cookie" not in map(str.lower, headers):
            request = requests.Request("GET", url)
            cookies = get_cookie_header(self._session.cookies, request)  # type: ignore[no-untyped-call]
            if cookies:
                headers["Cookie"] = cookies
        return headers

    def _keep_cookies(self, url: str, set_cookies: list[str]) -> None:
        told = email.message.Message()
        for text in set_cookies:
            told["Set-Cookie"] = text
        asked = MockRequest(requests.Request("GET", url).prepare())
        self._has_cookies = True
        self._session.cookies.extract_cookies(MockResponse(told), asked)  # type: ignore[arg-type]

    def _read(
        self, response: Response, url: str, call: Call, sent: Mapping[str, str] | None
    ) -> Answer:
        try:
            body = response.read(url, self.message_bytes)
        except ProtocolError:
            raise
        except Exception as exc:
            response.close()
            if call.aborted:
                raise Aborted from exc
            raise no_answer(exc, url) from exc
        if response.status >= 400:
            body = self.conceal(body, sent)
        kind = response.headers.get("content-type", "")
        return Answer(response.status, kind, body, url, response.headers)

    def conceal(self, body: bytes, sent: Mapping[str, str] | None = None) -> bytes:
        """What a server says, without the secrets of ours that it repeats.

        Args:
            sent: Headers that went with this request only.
        """
        for secret in (*self._secrets, *_secrets_in(sent or {})):
            body = body.replace(secret, b"***")
        return body

    def _forget(self, call: Call) -> None:
        call.attach(None)
        with self._lock:
            self._calls.discard(call)


def _as_asked(url: str) -> requests.PreparedRequest:
    """An address as `requests` would ask for it."""
    request = requests.PreparedRequest()
    request.prepare_url(url, None)
    return request


def _may_have_proxies() -> bool:
    """Whether there may be proxies to use that the user did not name here.

    `requests` goes through the whole environment twice to find out, which takes about as long
    as a server needs to answer.
    """
    if sys.platform in ("darwin", "win32"):
        return True  # where settings of the system count, too
    return any(name[-6:].lower() == "_proxy" for name in os.environ)


def _secrets_in(headers: Mapping[str, str]) -> list[bytes]:
    values = [text for name, text in headers.items() if may_be_secret(name)]
    secrets = [text.rpartition(" ")[2].encode() for text in values]
    return [secret for secret in secrets if len(secret) >= _SECRET_SHORTEST]
