"""Upload the files of one call. `upload_plan` decides which files share a request.

The memory in use does not depend on the sizes or the number of the files.
"""

from __future__ import annotations

import secrets
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, Callable, cast

from .._protocol.values.filedata import inline_form, needs_inline, server_form
from .._protocol.values.filename import upload_name
from .._protocol.values.multipart import Part, frame_of
from .._transport.base import Aborted
from .._transport.body import CHUNK_BYTES, Changed, UploadBody, UploadContent
from .._transport.connections import RequestHandle
from .._transport.failures import refusal
from .._transport.retries import RETRYABLE_STATUSES
from .._transport.signal_safe import SafeEvent, new_lock
from ..errors import (
    AuthenticationError,
    ConnectFailedError,
    GradioClientError,
    ProtocolError,
    RateLimitError,
    UploadError,
)
from .upload_cache import file_too_large
from .upload_plan import UploadItem, UploadPlan, is_repeatable, names_of

if TYPE_CHECKING:
    from .._protocol.values.attachments import Attached
    from .._protocol.values.slot import Slot
    from .._transport.deadlines import Deadline
    from .._transport.failures import Answer
    from .sources import LocalFile
    from .upload_cache import UploadCache

_REQUESTS_AT_ONCE = 4

#: A function that is called with the number of bytes so far and the total number, if it is known.
OnProgress = Callable[[int, "int | None"], None]


class UploadTask:
    """The upload of the files of one call.

    `run` blocks. `abort` ends it from another thread.

    Args:
        upload_cache: The files that the server has.
        files: The files, with their places in the payload.
        on_progress: A function that is called after each piece, by several threads.
        deadline: The deadline of the call.
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
        self._lock = new_lock()
        self._calls: set[RequestHandle] = set()
        self._failure: BaseException | None = None  # the first failure; `Aborted` after an abort
        self._waiting: deque[list[UploadItem]] = deque()
        self._paths: dict[LocalFile, str] = {}
        self._done = 0
        self._total: int | None = 0

    def abort(self) -> None:
        """End the uploads: `run` raises `Aborted`."""
        self._fail(Aborted())

    def _fail(self, failure: BaseException) -> BaseException:
        """End the uploads because of a failure, and return the first failure."""
        with self._lock:
            if self._failure is not None:
                return self._failure
            self._failure = failure
            calls = list(self._calls)
        for call in calls:
            call.abort()
        self._upload_cache.wake()
        return failure

    @contextmanager
    def _call(self) -> Iterator[RequestHandle]:
        """Provide the handle of a request, which `abort` ends."""
        call = RequestHandle()
        with self._lock:
            if self._failure is not None:
                raise Aborted
            self._calls.add(call)
        try:
            yield call
        finally:
            with self._lock:
                self._calls.discard(call)

    def run(self) -> dict[int, Any]:
        """Send the files that the server does not have.

        Returns:
            The value for the payload of each file, by the ``id()`` of the file.

        Raises:
            UploadError, FileError: A file could not be read or uploaded.
            ConnectFailedError: The server could not be reached or did not respond.
            AuthenticationError: The app requires a login.
            RateLimitError: The server limited the rate of requests (429) for too long.
            Aborted: `abort` was called.
        """
        try:
            return self._run()
        except BaseException as exc:  # noqa: BLE001 - the first failure is raised instead
            failure = self._fail(exc)
        raise failure

    def _run(self) -> dict[int, Any]:
        forms: dict[int, Any] = {}
        items: list[UploadItem] = []
        for attached in self._files:
            file = cast("LocalFile", attached.file)
            form = self._form_without_upload(file, attached.slot)
            if form is not None:
                forms[id(file)] = form
                continue
            size, identity = file.state()
            self._upload_cache.check_size(file.orig_name, size)
            items.append(UploadItem(file, size, identity and (identity, file.orig_name)))
        self._upload(items)
        dialect = self._upload_cache.dialect
        for file, size, _ in items:
            path, name, kind = self._paths[file], file.orig_name, file.mime_type
            forms[id(file)] = server_form(dialect, path, name=name, size=size, mime_type=kind)
        return forms

    def _form_without_upload(self, file: LocalFile, slot: Slot) -> Any:
        """Return the value for the payload of a file that is not uploaded.

        Apps of Gradio 3 receive some files inside the payload. For a file that is already on a
        server, the app receives the path or URL.

        Returns:
            The value; ``None`` if the file has to be uploaded.
        """
        dialect = self._upload_cache.dialect
        if needs_inline(slot, dialect):
            name, kind = file.orig_name, file.mime_type
            return inline_form(slot, self._read(file), name=name, mime_type=kind)
        return file.reference(dialect, self._upload_cache.file_store)

    def _source(self, file: LocalFile, size: int | None, calls: ExitStack) -> UploadContent:
        """Return a source that reads a file, wherever its content is."""
        opening = file.opener(
            self._upload_cache.file_store, lambda: calls.enter_context(self._call())
        )
        return UploadContent(file.orig_name, size, opening, file.is_read_once)

    def _read(self, file: LocalFile) -> bytes:
        with ExitStack() as calls:
            source = self._source(file, None, calls)
            try:
                with source.open() as reader:
                    return b"".join(iter(partial(reader.read, CHUNK_BYTES), b""))
            except Exception as exc:
                raise _unreadable(source, exc) from exc

    # -- which files to send ----------------------------------------------------------

    def _upload(self, items: list[UploadItem]) -> None:
        """Make sure that the server has each file, and store its path.

        If another call is uploading the same content, wait for it. If that upload fails, upload
        the content here.
        """
        while items:
            mine, theirs = [], []
            try:
                for item in items:
                    is_mine, path = self._claim(item)
                    if path is not None:
                        self._paths[item.file] = path
                    elif is_mine:
                        mine.append(item)
                    else:
                        theirs.append(item)
                self._send(mine)
            finally:
                for item in mine:
                    if item.file not in self._paths:
                        self._upload_cache.settle(item.identity, None)
            items = [item for item in theirs if not self._has_arrived(item)]

    def _claim(self, item: UploadItem) -> tuple[bool, str | None]:
        """Claim the upload of a content, or find the path of an earlier upload.

        Apps remove old files, so this checks whether the server still has the file.

        Returns:
            Whether this task has to upload the content, and the path if the server has it.
        """
        upload_cache = self._upload_cache
        while item.identity is not None:
            is_mine, path = upload_cache.claim(item.identity)
            if path is None:
                return is_mine, None
            if self._is_there(item.file, path):
                return False, path
            upload_cache.forget(item.identity, path)
        return True, None

    def _has_arrived(self, item: UploadItem) -> bool:
        """Wait until another call has uploaded a content, and return whether it succeeded."""
        path = self._upload_cache.wait(item.identity, lambda: self._failure is not None)
        if self._failure is not None:
            raise Aborted
        if path is None:
            return False
        self._paths[item.file] = path
        return True

    def _is_there(self, file: LocalFile, path: str) -> bool:
        upload_cache = self._upload_cache
        try:
            with self._call() as call:
                return upload_cache.http.has(upload_cache.routes.file(path), call)
        except ConnectFailedError as exc:
            if not exc.sent:
                raise
            # Not raised as it is, since `sent` would say that the job may have run. Only the
            # question whether the file exists was sent.
            raise UploadError(
                f"{file.orig_name!r} was uploaded earlier, but the request that asks whether the "
                f"app still has it failed: {exc}",
                path=file.orig_name,
                _passing=exc._passing,
            ) from exc

    # -- sending ----------------------------------------------------------------------

    def _send(self, items: list[UploadItem]) -> None:
        """Upload files with several requests at the same time."""
        if not items:
            return
        plan = UploadPlan.of(items)
        with self._lock:
            known = self._total is not None and plan.total is not None
            self._total = self._total + plan.total if known else None  # type: ignore[operator]
            self._waiting.extend(plan.batches)
        self._report(0)
        others = min(_REQUESTS_AT_ONCE, len(plan.batches)) - 1
        ended = [worker for worker in (self._start_worker() for _ in range(others)) if worker]
        self._send_batches()
        for worker in ended:
            worker.wait()
        if self._failure is not None:
            raise self._failure
        with self._lock:
            self._total = self._done  # the length of streams is known only now
        self._report(0)

    def _start_worker(self) -> SafeEvent | None:
        """Start a thread that uploads batches, too.

        Returns:
            An event that is set when the thread has ended; ``None`` if no thread could be started.
        """
        ended = SafeEvent()
        try:
            self._upload_cache.start(partial(self._send_batches, ended.set))
        except GradioClientError:
            return None  # the process has too many threads; the other ones upload all batches
        return ended

    def _send_batches(self, on_end: Callable[[], object] = lambda: None) -> None:
        """Upload one batch after another, until no batch is left or one fails."""
        try:
            while True:
                with self._lock:
                    if not self._waiting:
                        return
                    batch = self._waiting.popleft()
                self._post(batch)
        except BaseException as exc:  # noqa: BLE001 - `run` raises it on the thread of the call
            self._fail(exc)
        finally:
            on_end()

    def _post(self, batch: list[UploadItem]) -> None:
        upload_cache = self._upload_cache
        with ExitStack() as calls:
            call = calls.enter_context(self._call())
            sources = [self._source(item.file, item.size, calls) for item in batch]
            parts = [Part(upload_name(f.orig_name), f.mime_type, size) for f, size, _ in batch]
            frame = frame_of(parts, secrets.token_hex(16))
            body = UploadBody(frame, sources, self._report)
            kind = frame.content_type
            try:
                response = upload_cache.http.post(
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
                        f"The connection broke during the upload of {names_of(batch)}: {exc} The "
                        "app, or a proxy in front of it, may refuse files of this size.",
                        path=batch[0].file.orig_name,
                        _passing=exc._passing and is_repeatable(batch),
                    ) from exc
                raise
        for item, path in zip(batch, self._paths_in(response, batch)):
            self._paths[item.file] = path
            if item.identity is not None:
                upload_cache.settle(item.identity, path)

    def _paths_in(self, response: Answer, batch: list[UploadItem]) -> list[str]:
        names = names_of(batch)
        if response.status == 413:
            largest = max(batch, key=lambda item: item.size or 0)
            raise file_too_large(largest.file.orig_name, largest.size, self._upload_cache.limit)
        if response.status != 200:
            error = refusal(response, doing=f"Uploading {names}")
            if isinstance(error, (AuthenticationError, RateLimitError)):
                raise error
            passing = response.status in RETRYABLE_STATUSES and is_repeatable(batch)
            path = batch[0].file.orig_name
            raise UploadError(str(error), path=path, _passing=passing) from error
        paths = response.json()
        if (
            not isinstance(paths, list)
            or len(paths) != len(batch)
            or not all(isinstance(path, str) and path for path in paths)
        ):
            raise ProtocolError(
                f"The server accepted {names}, but its response does not have the paths.",
                raw=response.body,
            )
        return paths

    def _report(self, sent: int) -> None:
        with self._lock:
            self._done += sent
            done, total = self._done, self._total
        self._on_progress(done, total)


def _unreadable(source: UploadContent, failure: Exception) -> Exception:
    if isinstance(failure, (GradioClientError, Aborted)):
        return failure
    what = "changed while it was sent" if isinstance(failure, Changed) else "could not be read"
    return UploadError(f"{source.name!r} {what}: {failure}.", path=source.name)
