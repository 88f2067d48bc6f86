"""Bringing the files of a payload to the server, and what stands for them there.

What one session has sent it does not send again. Small files of a call share a request,
large ones go side by side in requests of their own, and memory does not grow with either.
"""

from __future__ import annotations

import concurrent.futures
import ipaddress
import secrets
import socket
import threading
from collections.abc import Sequence
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, Callable, cast
from urllib.parse import urlsplit

from ._local_files import FetchedLink, Link, LocalFile, ServerFile
from ._protocol.filedata import inline_form, needs_inline, server_form
from ._protocol.filename import safe_name
from ._protocol.multipart import Part, frame_of
from ._transport.base import Aborted
from ._transport.body import Changed, UploadBody
from ._transport.connections import Call
from ._transport.failures import refusal
from .errors import (
    AuthenticationError,
    ConnectFailedError,
    FileError,
    FileTooLargeError,
    GradioClientError,
    ProtocolError,
    RateLimitError,
    UploadError,
)

if TYPE_CHECKING:
    from ._downloads import Depot
    from ._protocol.attachments import Attached
    from ._protocol.dialect import Dialect
    from ._protocol.routes import Routes
    from ._transport.failures import Answer
    from ._transport.http import Http

_SMALL = 2**20  # bytes; what is smaller shares a request
_TOGETHER = 8 * 2**20  # bytes of small files in one request
_FILES_AT_ONCE = 32  # in one request
_REQUESTS_AT_ONCE = 4

#: Bytes sent so far, and in all if that is known.
OnProgress = Callable[[int, "int | None"], None]


class Uploader:
    """What one session has on the server.

    Args:
        limit: The app's ``max_file_size`` in bytes, if it has one.
        start: Runs a function on a thread.
    """

    def __init__(
        self,
        http: Http,
        routes: Routes,
        dialect: Dialect,
        depot: Depot,
        *,
        limit: int | None,
        start: Callable[[Callable[[], None]], None],
    ) -> None:
        self.http = http
        self.routes = routes
        self.dialect = dialect
        self.depot = depot
        self.limit = limit
        self.start = start
        self._lock = threading.Lock()
        self._paths: dict[object, Future[str]] = {}

    def check(self, files: Sequence[Attached]) -> None:
        """Refuse what the app would refuse, before anything is sent.

        Raises:
            FileTooLargeError: A file is larger than the app takes.
        """
        for attached in files:
            size = attached.file.size_bytes
            if self.limit is not None and size is not None and size > self.limit:
                raise too_large(attached.file.orig_name, size, self.limit)

    def claim(self, key: object) -> tuple[Future[str], bool]:
        """The path of a content on the server, once known; whether it is the caller's to send."""
        with self._lock:
            known = self._paths.get(key)
            if known is not None and not known.cancelled():
                return known, False
            mine: Future[str] = Future()
            self._paths[key] = mine
            return mine, True

    def give_back(self, key: object, mine: Future[str]) -> None:
        """A content could not be sent; whoever waits for it has to send it."""
        with self._lock:
            if self._paths.get(key) is mine:
                del self._paths[key]
        mine.cancel()


def too_large(name: str, size: int | None, limit: int | None) -> FileTooLargeError:
    has = f"has {size} bytes" if size is not None else "is larger than the app takes"
    takes = f"; the app takes files of up to {limit} bytes" if limit is not None else ""
    return FileTooLargeError(
        f"{name!r} {has}{takes}. Nothing was run.", path=name, size_bytes=size, limit_bytes=limit
    )


class Shipment:
    """The files of one call on their way.

    `run` blocks; `abort` ends it from another thread.
    """

    def __init__(
        self, uploader: Uploader, files: Sequence[Attached], on_progress: OnProgress
    ) -> None:
        self._uploader = uploader
        self._files = files
        self._on_progress = on_progress
        self._lock = threading.Lock()
        self._calls: set[Call] = set()
        self._ended: Future[None] = Future()  # resolved when aborted
        self._done = 0
        self._total: int | None = 0

    def abort(self) -> None:
        """End it: `run` raises `Aborted`."""
        with self._lock:
            calls = list(self._calls)
            if not self._ended.done():
                self._ended.set_result(None)
        for call in calls:
            call.abort()

    def run(self) -> dict[int, Any]:
        """Send what has to be sent.

        Returns:
            What stands for each file in the payload, by its ``id()``.

        Raises:
            UploadError, FileError, ConnectFailedError, AuthenticationError: It did not work.
            Aborted: `abort` was called.
        """
        forms: dict[int, Any] = {}
        wanted: list[tuple[LocalFile, object]] = []
        dialect = self._uploader.dialect
        for attached in self._files:
            file = cast(LocalFile, attached.file)
            reference = None if needs_inline(attached.slot, dialect) else self._reference(file)
            if reference is not None:
                forms[id(file)] = reference
            elif needs_inline(attached.slot, dialect):
                forms[id(file)] = inline_form(
                    attached.slot, self._read(file), name=file.orig_name, mime_type=file.mime_type
                )
            else:
                wanted.append((file, _key(file)))
        for file, path in self._paths(wanted):
            forms[id(file)] = server_form(
                dialect, path, name=file.orig_name, size=file.size_bytes, mime_type=file.mime_type
            )
        return forms

    def _reference(self, file: LocalFile) -> dict[str, Any] | None:
        """What stands for a file that the server has, or can fetch by itself."""
        dialect = self._uploader.dialect
        if isinstance(file, ServerFile):
            remote, path = file.remote, file.remote.path
            if path is not None and remote._is_of(self._uploader.depot):
                return server_form(
                    dialect, path, name=file.orig_name, size=remote.size, mime_type=file.mime_type
                )
        if isinstance(file, Link) and dialect.files == "filedata" and is_public(file.url):
            return server_form(dialect, file.url, name=file.orig_name, mime_type=file.mime_type)
        return None

    def _read(self, file: LocalFile) -> bytes:
        with self._opened(file).open() as reader:
            pieces = iter(lambda: reader.read(_SMALL), b"")
            return b"".join(pieces)

    def _opened(self, file: LocalFile) -> LocalFile:
        """What can be read here: a link's content, the file itself."""
        if isinstance(file, Link):
            return FetchedLink(self._uploader.depot, file)
        return file

    # -- uploads ------------------------------------------------------------------

    def _paths(self, wanted: list[tuple[LocalFile, object]]) -> list[tuple[LocalFile, str]]:
        """Where each file is on the server, once all are there."""
        paths: list[tuple[LocalFile, str]] = []
        while wanted:
            mine: list[tuple[LocalFile, object, Future[str]]] = []
            others: list[tuple[LocalFile, object, Future[str]]] = []
            for file, key in wanted:
                future, is_mine = self._uploader.claim(key)
                (mine if is_mine else others).append((file, key, future))
            try:
                self._send([(file, future) for file, _, future in mine])
            except BaseException:
                for _, key, future in mine:
                    if not future.done():
                        self._uploader.give_back(key, future)
                raise
            paths += [(file, future.result()) for file, _, future in mine]
            wanted = []
            for file, key, future in others:
                # Another call is sending it; if that fails, it is ours to send.
                either: list[Future[Any]] = [future, self._ended]
                concurrent.futures.wait(either, return_when=concurrent.futures.FIRST_COMPLETED)
                if self._ended.done():
                    raise Aborted
                if future.cancelled():
                    wanted.append((file, key))
                else:
                    paths.append((file, future.result()))
        return paths

    def _send(self, files: list[tuple[LocalFile, Future[str]]]) -> None:
        if not files:
            return
        sizes = [file.size_bytes for file, _ in files]
        with self._lock:
            known = None if None in sizes or self._total is None else sum(map(_int, sizes))
            self._total = None if known is None or self._total is None else self._total + known
        self._tell(0)
        batches = _batches(files)
        failures: list[BaseException] = []
        lanes = min(_REQUESTS_AT_ONCE, len(batches))
        finished = [threading.Event() for _ in range(lanes - 1)]

        def work(done: threading.Event | None) -> None:
            try:
                while True:
                    with self._lock:
                        if not batches or failures:
                            return
                        batch = batches.pop(0)
                    self._post(batch)
            except BaseException as exc:  # noqa: BLE001 - raised by the call's own thread
                with self._lock:
                    failures.append(exc)
                    calls = list(self._calls)
                for call in calls:
                    call.abort()
            finally:
                if done is not None:
                    done.set()

        for event in finished:
            self._uploader.start(lambda event=event: work(event))  # type: ignore[misc]
        work(None)
        for event in finished:
            event.wait()
        if self._ended.done():
            raise Aborted
        if failures:
            raise failures[0]

    def _post(self, batch: list[tuple[LocalFile, Future[str]]]) -> None:
        files = [self._opened(file) for file, _ in batch]
        parts = [Part(safe_name(f.orig_name), f.mime_type, f.size_bytes) for f in files]
        frame = frame_of(parts, secrets.token_hex(16))
        body = UploadBody(frame, files, self._tell)
        call, http, url = Call(), self._uploader.http, self._uploader.routes.upload
        with self._lock:
            if self._ended.done():
                raise Aborted
            self._calls.add(call)
        names = ", ".join(repr(file.orig_name) for file in files)
        try:
            answer = http.post(url, body, content_type=frame.content_type, call=call)
        except ConnectFailedError as exc:
            if body.failure is not None:
                raise _unreadable(body, body.failure) from body.failure
            if not exc.sent:
                raise
            raise UploadError(
                f"The upload of {names} broke off: {exc} The app, or a proxy before it, may take "
                "no file of that size.",
                path=files[0].orig_name,
            ) from exc
        except GradioClientError:
            raise
        except Exception as exc:
            if body.failure is None:
                raise
            raise _unreadable(body, body.failure) from exc
        finally:
            with self._lock:
                self._calls.discard(call)
        for (_, future), path in zip(batch, self._answered(answer, names, files)):
            future.set_result(path)

    def _answered(self, answer: Answer, names: str, files: list[LocalFile]) -> list[str]:
        if answer.status == 413:
            largest = max(files, key=lambda file: file.size_bytes or 0)
            raise too_large(largest.orig_name, largest.size_bytes, self._uploader.limit)
        if answer.status != 200:
            error = refusal(answer, doing=f"Uploading {names}")
            if isinstance(error, (AuthenticationError, RateLimitError)):
                raise error
            raise UploadError(str(error), path=files[0].orig_name) from error
        paths = answer.json()
        if (
            not isinstance(paths, list)
            or len(paths) != len(files)
            or not all(isinstance(path, str) and path for path in paths)
        ):
            raise ProtocolError(
                f"The server took {names} but did not say where it put them.", raw=answer.body
            )
        return paths

    def _tell(self, sent: int) -> None:
        with self._lock:
            self._done += sent
            done, total = self._done, self._total
        self._on_progress(done, total)


def _key(file: LocalFile) -> object:
    identity = file.identity()
    return object() if identity is None else (identity, file.orig_name)


def _int(size: int | None) -> int:
    return size or 0


def _batches(
    files: list[tuple[LocalFile, Future[str]]],
) -> list[list[tuple[LocalFile, Future[str]]]]:
    """Small files together, large ones apart and first."""
    apart: list[list[tuple[LocalFile, Future[str]]]] = []
    together: list[list[tuple[LocalFile, Future[str]]]] = []
    room = 0
    for item in files:
        size = item[0].size_bytes
        if size is None or size > _SMALL:
            apart.append([item])
            continue
        if not together or size > room or len(together[-1]) == _FILES_AT_ONCE:
            together.append([])
            room = _TOGETHER
        together[-1].append(item)
        room -= size
    return apart + together


def _unreadable(body: UploadBody, failure: Exception) -> GradioClientError:
    if isinstance(failure, (FileError, Aborted)):
        return failure  # type: ignore[return-value]  # Aborted is handled by the caller alike
    name = getattr(body.reading, "orig_name", "a file")
    what = "changed while it was sent" if isinstance(failure, Changed) else "could not be read"
    return UploadError(f"{name!r} {what}: {failure}.", path=name)


def is_public(url: str) -> bool:
    """Whether servers elsewhere can be expected to reach an address.

    Behaviour: servers of 5.0 and later refuse to fetch from hosts that resolve to private
    addresses. What this machine cannot resolve is left to the server.
    """
    host = urlsplit(url).hostname or ""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return True
    addresses = {str(entry[4][0]).partition("%")[0] for entry in found}
    return all(ipaddress.ip_address(address).is_global for address in addresses)
