"""Fetching files of results: from where, and with what.

A file's address is made from the app's own. Only a link that the app gives as such leads to
another origin, and so may a redirect; both are followed bare, by a connection that has no
token, cookie or header to send, and what comes after them is bare, too.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Callable, Protocol, Union
from urllib.parse import urljoin

from .._protocol.routes import origin_of
from .._protocol.values.filedata import FileFacts, decode_data_url, is_link
from .._protocol.values.playlist import is_playlist
from .._transport.base import Aborted, Lost
from .._transport.connections import RequestHandle
from .._transport.deadlines import NEVER, Deadline
from .._transport.failures import is_silence
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

#: Called while a file is fetched: with the bytes so far, and in all if that is known.
ProgressListener = Callable[[int, Union[int, None]], object]

_REDIRECTS = 5


class Silent(DownloadError):
    """The server began to answer and then sent nothing for longer than it may."""


class _Sink(Protocol):
    """Where a file is put, piece by piece."""

    def start_at(self, offset: int) -> None: ...
    def write(self, piece: bytes, /) -> object: ...


class _Memory(io.BytesIO):
    def start_at(self, offset: int) -> None:
        self.seek(offset)
        self.truncate()


class FileStore:
    """The files of one app.

    Args:
        http: The app's own door.
        bare: Makes a door to another origin, with nothing of the app's to send.
        directory: Where downloads go; ``None`` for a private folder.
        timeout: Seconds that each download may take, where it does not say otherwise.
        cause: Returns why the app may not have one of its files, or ``""``; see `Replicas`.
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
        """Where a file is; ``None`` for one that came with its value."""
        if facts.inline is not None:
            return None
        path = facts.path if facts.path is not None else facts.url
        if path is None or is_link(path):
            return path
        if facts.is_stream:
            return self._routes.media_stream(path)
        return self._routes.file(path)

    def is_elsewhere(self, facts: FileFacts) -> bool:
        """Whether a file is on another server than the app."""
        url = self.url_of(facts)
        return url is not None and not self._is_own(url)

    def _is_own(self, url: str) -> bool:
        return origin_of(url) == origin_of(self._routes.root)

    # -- fetching -----------------------------------------------------------------

    def read(self, facts: FileFacts, deadline: Deadline) -> bytes:
        """A file's content."""
        memory = _Memory()
        self._copy(facts, memory, None, deadline)
        return memory.getvalue()  # not a copy

    def save(
        self,
        facts: FileFacts,
        folder: Path | None,
        progress: ProgressListener | None,
        deadline: Deadline,
    ) -> Path:
        """Put a file into a folder, or into a private one."""
        with Incoming(folder, facts.name) as incoming:
            self._copy(facts, incoming, progress, deadline)
            return incoming.finish()

    @contextmanager
    def open(self, facts: FileFacts, call: RequestHandle) -> Iterator[Reader]:
        """Read a file as it comes, without keeping it; by `call` it can be ended."""
        if facts.inline is not None:
            yield io.BytesIO(_inline(facts))
            return
        with _told(facts), self._answer(_known(self.url_of(facts), facts), call) as download:
            yield download

    def open_link(self, url: str, name: str, call: RequestHandle) -> AbstractContextManager[Reader]:
        """Read what is at an address that the user gave, as `open`."""
        return self.open(FileFacts(url, None, name, None, None, is_stream=False, inline=None), call)

    @contextmanager
    def begin(
        self, facts: FileFacts, url: str, deadline: Deadline, silence: float | None = None
    ) -> Iterator[Download]:
        """Request something that belongs to a file, and read it as it comes.

        Args:
            silence: Seconds for which nothing may come once the response has begun; ``None``
                for the client's timeout.

        Raises:
            Silent: Nothing came for so long.
            DownloadError, DownloadTimeoutError, RateLimitError, ClientClosedError: As `save`.
        """
        call = RequestHandle()
        call_off = self._http.alarms.set(deadline, call.abort)
        try:
            with _told(facts, deadline), self._answer(url, call) as download:
                if silence is not None:
                    call.limit_silence(silence)
                yield download
        except DownloadError as exc:
            lost = exc.__cause__
            if isinstance(lost, Lost) and lost.__cause__ is not None and is_silence(lost.__cause__):
                raise Silent(str(exc), path=facts.path) from exc
            raise
        finally:
            call_off()

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
            call_off = self._http.alarms.set(deadline, call.abort)
            try:
                with _told(facts, deadline):
                    done = self._fetch(_known(self.url_of(facts), facts), sink, progress, call)
            finally:
                call_off()
        if facts.size is not None and done != facts.size:
            raise DownloadError(
                f"{facts.name!r} has {done} bytes and not {facts.size}, as the app said; it "
                "changed on the server, or something on the way did it.",
                path=facts.path,
                size_bytes=done,
            )

    def _fetch(
        self, url: str, sink: _Sink, progress: ProgressListener | None, call: RequestHandle
    ) -> int:
        """Fetch a file, going on where a connection broke off, as long as that leads further.

        Where the server does not give the rest of a file, it is begun anew.
        """
        done, furthest, validator = 0, 0, None
        while True:
            offset = done if validator is not None else 0
            with self._answer(url, call, offset, validator) as download:
                if download.status != 200 and not download.continues(offset, validator):
                    if not offset:
                        raise DownloadError(f"{url} gave a part of the file, which nobody wanted.")
                    validator = None
                    continue
                done = offset if download.status == 206 else 0
                total = None if download.length is None else done + download.length
                validator = download.validator or (validator if done else None)
                sink.start_at(done)
                try:
                    for piece in download:
                        sink.write(piece)
                        done += len(piece)
                        if progress is not None:
                            progress(done, total)
                    if total is None or done == total:
                        return done
                    raise Lost(f"the server stopped after {done} of {total} bytes")
                except Lost:
                    if done <= furthest:
                        raise
                    furthest = done

    @contextmanager
    def _answer(
        self, url: str, call: RequestHandle, offset: int = 0, validator: str | None = None
    ) -> Iterator[Download]:
        """Ask for a file, from `offset` on, and follow redirects."""
        headers = {}
        if offset and validator is not None:
            headers = {"Range": f"bytes={offset}-", "If-Range": validator}
        own = True
        for _ in range(_REDIRECTS):
            own = own and self._is_own(url)
            http = self._http if own else self._bare(url)
            try:
                with http.fetch(url, call, headers=headers) as download:
                    location = download.headers.get("location")
                    if download.status in (301, 302, 303, 307, 308) and location:
                        url = _redirected(url, location)
                        continue
                    if download.status not in ((200, 206, 416) if offset else (200, 206)):
                        body = http.context.conceal(download.read(2_000))
                        gone = own and download.status in (401, 403, 404)
                        raise _refused(url, download.status, body, self._cause() if gone else "")
                    yield download
                    return
            finally:
                if not own:
                    http.close()
        raise DownloadError(f"{url} redirects in circles.")


def _known(url: str | None, facts: FileFacts) -> str:
    if url is None:
        raise DownloadError(f"The app does not say where {facts.name!r} is.", path=facts.path)
    return url


def _redirected(url: str, location: str) -> str:
    try:
        target = urljoin(url, location)
    except ValueError:
        target = location
    scheme = origin_of(target)[0]
    if scheme not in ("http", "https") or (scheme, origin_of(url)[0]) == ("http", "https"):
        raise DownloadError(f"{url} redirects to {target!r}, which was not followed.")
    return target


def _inline(facts: FileFacts) -> bytes:
    try:
        return decode_data_url(facts.inline or "")
    except ValueError as exc:
        raise DownloadError(
            f"The content of {facts.name!r} came broken from the server: {exc}.", path=facts.path
        ) from exc


@contextmanager
def _told(facts: FileFacts, deadline: Deadline = NEVER) -> Iterator[None]:
    """Turn what goes wrong on the way into a `DownloadError` about the file."""
    try:
        yield
    except Aborted as exc:
        if not deadline.left:
            raise too_late(facts, deadline) from exc
        raise ClientClosedError(
            f"The client was closed before {facts.name!r} was fetched. Download what you need "
            "before close(), or before the end of the with block."
        ) from exc
    except RateLimitError:
        raise  # it says when to come again
    except (Lost, ConnectFailedError, HTTPStatusError) as exc:
        raise DownloadError(f"{facts.name!r} could not be fetched: {exc}", path=facts.path) from exc


def too_late(facts: FileFacts, deadline: Deadline) -> DownloadTimeoutError:
    """The error for a file that did not come in time."""
    return DownloadTimeoutError(
        f"{facts.name!r} did not come whole within {deadline.seconds:g} s. Give it longer with "
        "timeout= of download(), read() or open().",
        path=facts.path,
        timeout=deadline.seconds,
    )


def _refused(url: str, status: int, body: bytes, cause: str) -> DownloadError:
    reason = {
        401: "it wants a login",
        403: "the app does not let it be read",
        404: "it is not there (any more)",
    }.get(status, "it cannot be had")
    text = body.decode("utf-8", "replace").strip()
    said = f": {text[:200]}" if text and "<" not in text[:20] else ""
    if status == 404 and is_playlist(url) and not cause:
        cause = (
            "Gradio 6 removes what a generator made when the session ends, if the app has session "
            "state or unload events. A call with isolated=True ends its session at once; "
            "reset_session() and a lost connection end that of the client. Call the function "
            "again without isolated=True, and read the result before the session ends."
        )
    why = f" {cause}" if cause else ""
    return DownloadError(f"{url} answered {status}, so {reason}{said}.{why}")
