"""Downloads of files in results: their URLs, redirects, and downloads that continue after a break.

The URL of a file is made from the URL of the app. Only a link that the app gives, or a redirect,
can lead to another origin. A request to another origin uses an HTTP client that has no token,
cookies or headers of the app. So do all requests to which that origin redirects.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Callable, Protocol, Union
from urllib.parse import urljoin

from .._basics.words import counted
from .._protocol.routes import origin_of
from .._protocol.values.filedata import FileFacts, decode_data_url, is_link
from .._protocol.values.playlist import is_playlist
from .._transport.base import Aborted, Lost
from .._transport.connections import RequestHandle
from .._transport.deadlines import NEVER, Deadline
from .._transport.failures import is_silence
from .._transport.gateway_refusals import login_wanted
from .._transport.http import Http
from ..errors import (
    ClientClosedError,
    ConnectFailedError,
    DownloadError,
    DownloadTimeoutError,
    HTTPStatusError,
    RateLimitError,
)
from .folder import Incoming

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from .._protocol.routes import Routes
    from .._transport.body import Download, Reader

#: A function that is called with the number of bytes so far and the total number, if it is known.
ProgressListener = Callable[[int, Union[int, None]], object]

_REDIRECTS = 5
_REDIRECT_STATUSES = (301, 302, 303, 307, 308)


class Silent(DownloadError):
    """The response began, and then the server sent nothing for longer than the limit."""


class _Sink(Protocol):
    """The destination of a download."""

    def start_at(self, offset: int) -> None:
        """Write the next piece at `offset`, and drop the content after it."""

    def write(self, piece: bytes, /) -> object:
        """Append a piece."""


class _MemoryDestination(io.BytesIO):
    """A destination in memory."""

    def start_at(self, offset: int) -> None:
        self.seek(offset)
        self.truncate()


class ResumableDownload:
    """The download of one file, which continues where a connection broke.

    A request is repeated as long as each one gets further than all before. If the server cannot
    send the rest of the file, the download starts again with the first byte.

    Args:
        url: The URL, for error messages.
        request: A function that sends a request with additional headers and gives the response.
        sink: The destination.
        progress: A function to call after each piece.

    Attributes:
        offset: The number of bytes that the sink has.
        validator: The ETag or date by which the server recognises the file, so that it can send
            the rest of the same content. ``None`` if it cannot.
    """

    def __init__(
        self,
        url: str,
        request: Callable[[Mapping[str, str]], AbstractContextManager[Download]],
        sink: _Sink,
        progress: ProgressListener | None,
    ) -> None:
        self._url = url
        self._request = request
        self._sink = sink
        self._progress = progress
        self.offset = 0
        self.validator: str | None = None
        self._furthest = 0

    def run(self) -> int:
        """Download the file, and return its size in bytes.

        Raises:
            Lost: The connection broke, and the last request got no further than one before.
            DownloadError: The server sent only a part of the file.
        """
        while not self._attempt():
            pass
        return self.offset

    def _attempt(self) -> bool:
        """Send one request, and return whether the file is complete."""
        start = self.offset if self.validator is not None else 0
        headers = {}
        if start and self.validator is not None:
            headers = {"Range": f"bytes={start}-", "If-Range": self.validator}
        with self._request(headers) as download:
            if download.status != 200 and not download.continues(start, self.validator):
                if not start:
                    raise DownloadError(
                        f"{self._url} responded with 206 Partial Content to a request for the "
                        "whole file. Check the proxies between this machine and the app."
                    )
                self.validator = None
                return False
            self.offset = start if download.status == 206 else 0
            self.validator = download.validator or (self.validator if self.offset else None)
            self._sink.start_at(self.offset)
            try:
                self._receive(download)
            except Lost:
                if self.offset <= self._furthest:
                    raise
                self._furthest = self.offset
                return False
            return True

    def _receive(self, download: Download) -> None:
        """Write the body of a response to the sink."""
        total = None if download.length is None else self.offset + download.length
        for piece in download:
            self._sink.write(piece)
            self.offset += len(piece)
            if self._progress is not None:
                self._progress(self.offset, total)
        if total is not None and self.offset != total:
            raise Lost(f"the server stopped after {self.offset} of {counted(total, 'byte')}")


class FileStore:
    """The URLs and downloads of the files of one app.

    Args:
        http: The HTTP client of the app.
        routes: The URLs of the app.
        bare: A function that makes an HTTP client for a URL of another origin. The client has no
            token, cookies or headers of the app.
        directory: The folder for downloads; ``None`` for a private folder.
        timeout: Seconds that a download may take by default; ``None`` for no limit.
        cause: A function that returns a reason why the app may not have one of its files, or
            ``""``. `ReplicaCheck` has such reasons.
    """

    def __init__(
        self,
        http: Http,
        routes: Routes,
        *,
        bare: Callable[[str], Http],
        directory: str | os.PathLike[str] | None,
        timeout: float | None = None,
        cause: Callable[[], str] = str,
    ) -> None:
        self.timeout = timeout
        self._cause = cause
        self._http = http
        self._routes = routes
        self._bare = bare
        self.directory: Path | None = None
        if directory is not None:
            self.directory = Path(os.path.abspath(directory))

    def url_of(self, facts: FileFacts) -> str | None:
        """Return the URL of a file; ``None`` for content that is part of the result itself."""
        if facts.inline is not None:
            return None
        path = facts.path if facts.path is not None else facts.url
        if path is None or is_link(path):
            return path
        if facts.is_stream:
            return self._routes.media_stream(path)
        return self._routes.file(path)

    def is_elsewhere(self, facts: FileFacts) -> bool:
        """Return whether a file is on another server than the app."""
        url = self.url_of(facts)
        return url is not None and not self._is_own(url)

    def _is_own(self, url: str) -> bool:
        return origin_of(url) == origin_of(self._routes.root)

    # -- downloads ----------------------------------------------------------------

    def read(self, facts: FileFacts, deadline: Deadline) -> bytes:
        """Return the content of a file. `save` lists the errors."""
        memory = _MemoryDestination()
        self._copy(facts, memory, None, deadline)
        return memory.getvalue()  # shares the memory, because nothing writes to it any more

    def save(
        self,
        facts: FileFacts,
        folder: Path | None,
        progress: ProgressListener | None,
        deadline: Deadline,
        exact_name: str | None = None,
    ) -> Path:
        """Download a file to a folder.

        Args:
            facts: The file's description from the app.
            folder: The folder; ``None`` for a new private one.
            progress: A function that is called after each piece.
            deadline: The time limit of the download.
            exact_name: The name of the file, which replaces a file of this name. By default, the
                file has the name that the app gives, and replaces no other.

        Returns:
            The path of the file.

        Raises:
            DownloadError: The file could not be downloaded completely, or not be written.
            DownloadTimeoutError: The download did not end before the deadline.
            RateLimitError: The server limited the rate of requests (429) for too long.
            ClientClosedError: The client was closed.
        """
        name = facts.name if exact_name is None else exact_name
        with Incoming(folder, name, replaces=exact_name is not None) as incoming:
            self._copy(facts, incoming, progress, deadline)
            return incoming.finish()

    @contextmanager
    def open(self, facts: FileFacts, call: RequestHandle) -> Iterator[Reader]:
        """Open a file for reading while it is downloaded. `call` can abort the download."""
        if facts.inline is not None:
            yield io.BytesIO(_inline(facts))
            return
        with _as_download_error(facts):
            with self._response(_known(self.url_of(facts), facts), call, {}) as download:
                yield download

    def open_link(self, url: str, name: str, call: RequestHandle) -> AbstractContextManager[Reader]:
        """Open the content of a URL that the user gave. `call` can abort the download."""
        return self.open(FileFacts(url, None, name, None, None, is_stream=False, inline=None), call)

    @contextmanager
    def begin(
        self, facts: FileFacts, url: str, deadline: Deadline, silence: float | None = None
    ) -> Iterator[Download]:
        """Request a URL that belongs to a file, and read the response while it arrives.

        Args:
            facts: The file, for error messages.
            url: The URL, such as that of a segment of the file.
            deadline: The time limit of the request and its response.
            silence: Seconds without data after which `Silent` is raised, once the response has
                begun. ``None`` means the client's timeout.

        Raises:
            Silent: The server sent nothing for so long.
            DownloadError: The content could not be downloaded completely.
            DownloadTimeoutError: The download did not end before the deadline.
            RateLimitError: The server limited the rate of requests (429) for too long.
            ClientClosedError: The client was closed.
        """
        call = RequestHandle()
        cancel_timer = self._http.timers.set(deadline, call.abort)
        try:
            with _as_download_error(facts, deadline), self._response(url, call, {}) as download:
                if silence is not None:
                    call.limit_silence(silence)
                yield download
        except DownloadError as exc:
            lost = exc.__cause__
            if isinstance(lost, Lost) and lost.__cause__ is not None and is_silence(lost.__cause__):
                raise Silent(str(exc), path=facts.path) from exc
            raise
        finally:
            cancel_timer()

    def _copy(
        self,
        facts: FileFacts,
        sink: _Sink,
        progress: ProgressListener | None,
        deadline: Deadline,
    ) -> None:
        if facts.inline is not None:
            content = _inline(facts)
            sink.start_at(0)
            sink.write(content)
            done = len(content)
            if progress is not None:
                progress(done, done)
        else:
            call = RequestHandle()
            cancel_timer = self._http.timers.set(deadline, call.abort)
            try:
                with _as_download_error(facts, deadline):
                    url = _known(self.url_of(facts), facts)
                    request = partial(self._response, url, call)
                    done = ResumableDownload(url, request, sink, progress).run()
            finally:
                cancel_timer()
        if facts.size is not None and done != facts.size:
            raise DownloadError(
                f"{facts.name!r} has {counted(done, 'byte')}, but the app gave its size as "
                f"{counted(facts.size, 'byte')}. It may have changed on the server, or a proxy "
                "has changed it. Call the function again, and download the new file.",
                path=facts.path,
                size_bytes=done,
            )

    @contextmanager
    def _response(
        self, url: str, call: RequestHandle, headers: Mapping[str, str]
    ) -> Iterator[Download]:
        """Request a URL, and follow redirects.

        Args:
            url: The URL.
            call: The handle by which another thread can abort the request.
            headers: ``Range`` headers, to continue a download; otherwise none.
        """
        accepted = (200, 206, 416) if headers else (200, 206)
        is_own = True
        for _ in range(_REDIRECTS):
            is_own = is_own and self._is_own(url)
            http = self._http if is_own else self._bare(url)
            try:
                with http.fetch(url, call, headers=headers) as download:
                    target = _redirect_target(url, download)
                    if target is None:
                        if download.status not in accepted:
                            body = http.context.conceal(download.read(2_000))
                            challenge = download.headers.get("www-authenticate", "")
                            response = _status(url, download.status, body)
                            if is_own and challenge and download.status == 401:
                                raise _login_wanted(url, challenge) from response
                            is_gone = is_own and download.status in (401, 403, 404)
                            cause = self._cause() if is_gone else ""
                            raise _refused(url, download.status, body, cause) from response
                        yield download
                        return
                    url = target
            finally:
                if not is_own:
                    http.close()
        raise DownloadError(f"{url} cannot be downloaded: the server redirects in circles.")


def _known(url: str | None, facts: FileFacts) -> str:
    if url is None:
        raise DownloadError(f"The app gave no URL or path for {facts.name!r}.", path=facts.path)
    return url


def _redirect_target(url: str, download: Download) -> str | None:
    """Return the URL to which a response redirects; ``None`` if it is not a redirect."""
    location = download.headers.get("location")
    if download.status not in _REDIRECT_STATUSES or not location:
        return None
    return _redirected(url, location)


def _redirected(url: str, location: str) -> str:
    """Return the URL of a redirect.

    Raises:
        DownloadError: It is not an http URL, or leads from https to plain http.
    """
    try:
        target = urljoin(url, location)
    except ValueError:
        target = location
    scheme = origin_of(target)[0]
    if scheme not in ("http", "https") or (scheme, origin_of(url)[0]) == ("http", "https"):
        raise DownloadError(
            f"{url} redirects to {target!r}, which was not followed. Only http and https URLs are "
            "followed, and never from https to http."
        )
    return target


def _inline(facts: FileFacts) -> bytes:
    try:
        return decode_data_url(facts.inline or "")
    except ValueError as exc:
        raise DownloadError(
            f"The server sent {facts.name!r} as a data URL that cannot be decoded: {exc}.",
            path=facts.path,
        ) from exc


@contextmanager
def _as_download_error(facts: FileFacts, deadline: Deadline = NEVER) -> Iterator[None]:
    """Convert errors of the connection to a `DownloadError` that names the file."""
    try:
        yield
    except Aborted as exc:
        if not deadline.left:
            raise timeout_error(facts, deadline) from exc
        raise ClientClosedError(
            f"The client was closed before {facts.name!r} was downloaded. Download files before "
            "close(), or before the end of the with block."
        ) from exc
    except RateLimitError:
        raise  # it has `retry_after`, which a DownloadError does not have
    except (Lost, ConnectFailedError, HTTPStatusError) as exc:
        raise DownloadError(
            f"{facts.name!r} could not be downloaded: {exc}", path=facts.path
        ) from exc


def timeout_error(facts: FileFacts, deadline: Deadline) -> DownloadTimeoutError:
    """Make the error for a download that did not end before its deadline."""
    return DownloadTimeoutError(
        f"The download of {facts.name!r} did not end within {deadline.seconds:g} s. Allow more "
        "time with timeout= of download(), save(), read() or open().",
        path=facts.path,
        timeout=deadline.seconds,
    )


def _status(url: str, status: int, body: bytes) -> HTTPStatusError:
    """Make the cause of the error for a response without the content."""
    return HTTPStatusError(
        f"{url} responded with {status}.",
        url=url,
        status_code=status,
        body=body.decode("utf-8", "replace"),
    )


def _login_wanted(url: str, challenge: str) -> DownloadError:
    """Make the error for a gateway that requires a login."""
    return DownloadError(f"{url} responded with 401. {login_wanted(challenge)}")


def _refused(url: str, status: int, body: bytes, cause: str) -> DownloadError:
    """Make the error for a response without the content."""
    reason = {
        401: "The file requires a login",
        403: "The app does not allow clients to read this file",
        404: "The file does not exist, or no longer exists",
    }.get(status, "The file cannot be downloaded")
    text = body.decode("utf-8", "replace").strip()
    details = f": {text[:200]}" if text and "<" not in text[:20] else ""
    if status == 404 and is_playlist(url) and not cause:
        cause = (
            "If the app has session state or unload events, Gradio 6 removes the files of "
            "generators when the session ends. A call with isolated=True ends its session at once; "
            "reset_session() and a lost connection end that of the client. Call the function "
            "again without isolated=True, and read the result before the session ends."
        )
    why = f" {cause}" if cause else ""
    return DownloadError(f"{url} responded with {status}. {reason}{details}.{why}")
