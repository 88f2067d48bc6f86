"""The files of one call on their way to the server, and what stands for them there.

Small files share a request, large ones go side by side in requests of their own, and memory
does not grow with either.
"""

from __future__ import annotations

import secrets
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, Callable, NamedTuple, cast

from .._protocol.values.filedata import inline_form, needs_inline, server_form
from .._protocol.values.filename import upload_name
from .._protocol.values.multipart import Part, frame_of
from .._transport.base import Aborted
from .._transport.body import CHUNK_BYTES, Changed, Source, UploadBody
from .._transport.connections import RequestHandle
from .._transport.failures import refusal
from .._transport.retries import RETRYABLE_STATUSES
from .._transport.signal_safe import SafeEvent
from ..errors import (
    AuthenticationError,
    ConnectFailedError,
    GradioClientError,
    ProtocolError,
    RateLimitError,
    UploadError,
)
from .upload_cache import file_too_large

if TYPE_CHECKING:
    from .._protocol.values.attachments import Attached
    from .._transport.deadlines import Deadline
    from .._transport.failures import Answer
    from .sources import LocalFile
    from .upload_cache import UploadCache

_SMALL = 2**20  # bytes; what is smaller shares a request
_TOGETHER = 8 * 2**20  # bytes of small files in one request
_FILES_AT_ONCE = 32  # in one request
_REQUESTS_AT_ONCE = 4

#: Bytes sent so far, and in all if that is known.
OnProgress = Callable[[int, "int | None"], None]


class _Item(NamedTuple):
    """A file to be sent; without an identity it is like no other."""

    file: LocalFile
    size: int | None
    identity: object | None


class UploadTask:
    """The files of one call on their way.

    `run` blocks; `abort` ends it from another thread.

    Args:
        deadline: When the call has to be over.
    """

    def __init__(
        self,
        upload_cache: UploadCache,
        files: Sequence[Attached],
        on_progress: OnProgress,
        deadline: Deadline,
    ) -> None:
        self._upload_cache = upload_cache
        self._files = files
        self._on_progress = on_progress
        self._deadline = deadline
        self._lock = threading.Lock()
        self._calls: set[RequestHandle] = set()
        self._ended = False  # aborted, or failed
        self._failure: BaseException | None = None
        self._waiting: deque[list[_Item]] = deque()
        self._paths: dict[LocalFile, str] = {}
        self._done = 0
        self._total: int | None = 0

    def abort(self) -> None:
        """End it: `run` raises `Aborted`."""
        self._end(Aborted())

    def _end(self, reason: BaseException) -> None:
        with self._lock:
            if self._ended:
                return
            self._ended, self._failure = True, reason
            calls = list(self._calls)
        for call in calls:
            call.abort()
        self._upload_cache.wake()

    @contextmanager
    def _call(self) -> Iterator[RequestHandle]:
        """A request that `abort` ends."""
        call = RequestHandle()
        with self._lock:
            if self._ended:
                raise Aborted
            self._calls.add(call)
        try:
            yield call
        finally:
            with self._lock:
                self._calls.discard(call)

    def run(self) -> dict[int, Any]:
        """Send what has to be sent.

        Returns:
            What stands for each file in the payload, by its ``id()``.

        Raises:
            UploadError, FileError, ConnectFailedError, AuthenticationError: It did not work.
            RateLimitError: The server is asked too often, for longer than there is time.
            Aborted: `abort` was called.
        """
        forms: dict[int, Any] = {}
        wanted: list[_Item] = []
        dialect = self._upload_cache.dialect
        try:
            for attached in self._files:
                file, slot = cast("LocalFile", attached.file), attached.slot
                if needs_inline(slot, dialect):
                    name, kind = file.orig_name, file.mime_type
                    forms[id(file)] = inline_form(slot, self._read(file), name=name, mime_type=kind)
                    continue
                reference = file.reference(dialect, self._upload_cache.file_store)
                if reference is not None:
                    forms[id(file)] = reference
                    continue
                size, identity = file.look()
                self._upload_cache.check_size(file.orig_name, size)
                wanted.append(_Item(file, size, identity and (identity, file.orig_name)))
            self._upload(wanted)
            for file, size, _ in wanted:
                path, name, kind = self._paths[file], file.orig_name, file.mime_type
                forms[id(file)] = server_form(dialect, path, name=name, size=size, mime_type=kind)
        except BaseException as exc:  # noqa: BLE001 - what came first is raised
            self._end(exc)
            assert self._failure is not None  # noqa: S101 - that is what ended it
            raise self._failure from self._failure.__cause__
        return forms

    def _source(self, file: LocalFile, size: int | None, calls: ExitStack) -> Source:
        """How to read a file, from wherever it is."""
        opening = file.opener(
            self._upload_cache.file_store, lambda: calls.enter_context(self._call())
        )
        return Source(file.orig_name, size, opening, file.is_read_once)

    def _read(self, file: LocalFile) -> bytes:
        with ExitStack() as calls:
            source = self._source(file, None, calls)
            try:
                with source.open() as reader:
                    return b"".join(iter(partial(reader.read, CHUNK_BYTES), b""))
            except Exception as exc:
                raise _unreadable(source, exc) from exc

    # -- uploads ------------------------------------------------------------------

    def _upload(self, wanted: list[_Item]) -> None:
        """Have each file on the server, and know its path."""
        while wanted:
            mine: list[_Item] = []
            theirs: list[_Item] = []
            try:
                for item in wanted:
                    is_mine, path = self._claim(item)
                    if path is not None:
                        self._paths[item.file] = path
                    else:
                        (mine if is_mine else theirs).append(item)
                self._send(mine)
            finally:
                for item in mine:
                    if item.file not in self._paths:
                        self._upload_cache.settle(item.identity, None)
            wanted = []
            for item in theirs:
                path = self._upload_cache.wait(item.identity, lambda: self._ended)
                if self._ended:
                    raise Aborted
                if path is not None:
                    self._paths[item.file] = path
                else:
                    wanted.append(item)  # the other call failed, so it is ours to send

    def _claim(self, item: _Item) -> tuple[bool, str | None]:
        """As `UploadCache.claim`, of what the server still has: apps remove what is old."""
        upload_cache = self._upload_cache
        while item.identity is not None:
            is_mine, path = upload_cache.claim(item.identity)
            if path is None:
                return is_mine, None
            if self._is_there(item.file, path):
                return False, path
            upload_cache.forget(item.identity, path)
        return True, None

    def _is_there(self, file: LocalFile, path: str) -> bool:
        upload_cache = self._upload_cache
        try:
            with self._call() as call:
                return upload_cache.http.has(upload_cache.routes.file(path), call)
        except ConnectFailedError as exc:
            if not exc.sent:
                raise
            # The job was not sent, only the question.
            raise UploadError(
                f"Whether the app still has {file.orig_name!r} could not be asked: {exc}",
                path=file.orig_name,
                _passing=exc._passing,
            ) from exc

    def _send(self, items: list[_Item]) -> None:
        if not items:
            return
        sizes = [item.size for item in items]
        known = None if None in sizes else sum(size or 0 for size in sizes)
        with self._lock:
            self._total = None if known is None or self._total is None else self._total + known
            self._waiting.extend(_batches(items))
            lanes = min(_REQUESTS_AT_ONCE, len(self._waiting))
        self._tell(0)
        over = [lane for lane in (self._start_lane() for _ in range(lanes - 1)) if lane]
        self._lane()
        for lane in over:
            lane.wait()
        if self._failure is not None:
            raise self._failure
        with self._lock:
            self._total = self._done  # of streams it is known only now
        self._tell(0)

    def _start_lane(self) -> SafeEvent | None:
        over = SafeEvent()
        try:
            self._upload_cache.start(partial(self._lane, over.set))
        except GradioClientError:
            return None  # no more threads; those there are do it, too
        return over

    def _lane(self, on_end: Callable[[], object] = lambda: None) -> None:
        """Send one batch after another."""
        try:
            while True:
                with self._lock:
                    if not self._waiting:
                        return
                    batch = self._waiting.popleft()
                self._post(batch)
        except BaseException as exc:  # noqa: BLE001 - raised by the call's own thread
            self._end(exc)
        finally:
            on_end()

    def _post(self, batch: list[_Item]) -> None:
        upload_cache = self._upload_cache
        with ExitStack() as calls:
            call = calls.enter_context(self._call())
            sources = [self._source(item.file, item.size, calls) for item in batch]
            parts = [Part(upload_name(f.orig_name), f.mime_type, size) for f, size, _ in batch]
            frame = frame_of(parts, secrets.token_hex(16))
            body = UploadBody(frame, sources, self._tell)
            kind = frame.content_type
            try:
                answer = upload_cache.http.post(
                    upload_cache.routes.upload,
                    body,
                    content_type=kind,
                    call=call,
                    policy=upload_cache.http.rate_limited.until(self._deadline),
                )
            except Exception as exc:
                if body.failure is not None:
                    raise _unreadable(body.reading, body.failure) from body.failure
                if isinstance(exc, ConnectFailedError) and exc.sent:
                    raise UploadError(
                        f"The upload of {_names(batch)} broke off: {exc} The app, or a proxy "
                        "before it, may take no file of that size.",
                        path=batch[0].file.orig_name,
                        _passing=exc._passing and _can_be_sent_again(batch),
                    ) from exc
                raise
        for item, path in zip(batch, self._answered(answer, batch)):
            self._paths[item.file] = path
            if item.identity is not None:
                upload_cache.settle(item.identity, path)

    def _answered(self, answer: Answer, batch: list[_Item]) -> list[str]:
        names = _names(batch)
        if answer.status == 413:
            largest = max(batch, key=lambda item: item.size or 0)
            raise file_too_large(largest.file.orig_name, largest.size, self._upload_cache.limit)
        if answer.status != 200:
            error = refusal(answer, doing=f"Uploading {names}")
            if isinstance(error, (AuthenticationError, RateLimitError)):
                raise error
            passing = answer.status in RETRYABLE_STATUSES and _can_be_sent_again(batch)
            path = batch[0].file.orig_name
            raise UploadError(str(error), path=path, _passing=passing) from error
        paths = answer.json()
        if (
            not isinstance(paths, list)
            or len(paths) != len(batch)
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


def _names(batch: list[_Item]) -> str:
    return ", ".join(repr(item.file.orig_name) for item in batch)


def _can_be_sent_again(batch: list[_Item]) -> bool:
    """Whether each content can be read once more; a stream cannot."""
    return all(item.identity is not None for item in batch)


def _batches(items: list[_Item]) -> list[list[_Item]]:
    """Small files together, large ones apart and first."""
    apart: list[list[_Item]] = []
    together: list[list[_Item]] = []
    room = 0
    for item in items:
        if item.size is None or item.size > _SMALL:
            apart.append([item])
            continue
        if not together or item.size > room or len(together[-1]) == _FILES_AT_ONCE:
            together.append([])
            room = _TOGETHER
        together[-1].append(item)
        room -= item.size
    return apart + together


def _unreadable(source: Source, failure: Exception) -> Exception:
    if isinstance(failure, (GradioClientError, Aborted)):
        return failure
    what = "changed while it was sent" if isinstance(failure, Changed) else "could not be read"
    return UploadError(f"{source.name!r} {what}: {failure}.", path=source.name)
