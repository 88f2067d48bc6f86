"""The files of an app: what a connection and its calls share to upload and download them.

Most calls have no files. Nothing here imports `_files` before a file is there: its modules would
take 5 ms of CPU in each process that makes one call.
"""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Any, Callable

from .._protocol.values.filedata import is_link
from .._transport.signal_safe import new_lock

if TYPE_CHECKING:
    from weakref import ref

    from .._files.download import FileStore
    from .._files.recordings import JobRecording, Recordings
    from .._files.upload_cache import UploadCache
    from .._protocol.api.endpoint import Endpoint
    from .._protocol.dialect import Dialect
    from .._protocol.routes import Routes
    from .._protocol.values.filedata import FileFacts
    from .._transport.http import Http
    from ..files import Owner, RemoteFile


class AppFiles:
    """The files of one connection's app.

    Args:
        http: Sends the requests.
        routes: The URLs of the app.
        dialect: The protocol of the server.
        directory: The folder for downloads.
        timeout: Seconds for one download; ``None`` for no limit.
        limit: The app's ``max_file_size`` in bytes; ``None`` if it has none.
        cause: Returns why a file may be missing on the server, as a sentence, or ``""``.
        start: Runs a function on a thread.
    """

    def __init__(
        self,
        http: Http,
        routes: Routes,
        dialect: Dialect,
        *,
        directory: str | None,
        timeout: float | None,
        limit: int | None,
        cause: Callable[[], str],
        start: Callable[[Callable[[], None]], None],
    ) -> None:
        self._http = http
        self._routes = routes
        self.dialect = dialect
        self._directory = directory
        self._timeout = timeout
        self._limit = limit
        self._cause = cause
        self._start = start
        self._lock = new_lock()
        self._store: FileStore | None = None
        self._recordings: Recordings | None = None
        self._uploads: UploadCache | None = None
        #: Numbers for jobs, in the order in which their first values arrive.
        self.numbers = count()

    def prepare_for(self, endpoint: Endpoint) -> None:
        """Import what a job of an endpoint may need, on the thread that makes the call.

        A worker must not import: in a process that is forked meanwhile, the import would stay
        locked.
        """
        if endpoint.may_return_files:
            from .. import files  # noqa: F401

    @property
    def store(self) -> FileStore:
        """The downloader of the app's files."""
        from .._files.download import FileStore

        with self._lock:
            if self._store is None:
                self._store = FileStore(
                    self._http,
                    self._routes,
                    bare=self._http.without_credentials,
                    directory=self._directory,
                    timeout=self._timeout,
                    cause=self._cause,
                )
            return self._store

    @property
    def recordings(self) -> Recordings:
        """The sounds and videos that generator functions make."""
        from .._files.recordings import Recordings

        with self._lock:
            if self._recordings is None:
                self._recordings = Recordings(self.numbers)
            return self._recordings

    @property
    def uploads(self) -> UploadCache:
        """The contents that this client has uploaded."""
        from .._files.upload_cache import UploadCache

        store = self.store
        with self._lock:
            if self._uploads is None:
                self._uploads = UploadCache(
                    self._http,
                    self._routes,
                    self.dialect,
                    store,
                    limit=self._limit,
                    start=self._start,
                )
            return self._uploads

    def forget_uploads(self) -> None:
        """Upload every content again: the app has restarted, and may have lost its files."""
        if self._uploads is not None:
            self._uploads.forget_all()


class ResultFiles:
    """Maker of the `RemoteFile` objects in the values of one job.

    Attributes:
        job: The job's log, as soon as it exists. A call without a job has ended when it has a
            value.
    """

    __slots__ = ("_files", "_made", "_owner", "job")

    def __init__(self, files: AppFiles, owner: Owner) -> None:
        self._files = files
        self._owner = owner
        self._made: dict[str, JobRecording] = {}
        self.job: ref[Any] | None = None

    def next_number(self) -> int:
        """Return the number of a job whose first value arrives now."""
        return next(self._files.numbers)

    def make(self, facts: FileFacts) -> RemoteFile:
        """Make the `RemoteFile` for a file of a result."""
        from ..files import RemoteFile

        recording = self._recording(facts) if facts.is_stream else None
        return RemoteFile(facts, self._files.store, self._owner, recording)

    def _recording(self, facts: FileFacts) -> JobRecording | None:
        """Return the recording that all values of the job with the same stream URL share."""
        url = self._files.store.url_of(facts)
        if url is None or is_link(facts.path):
            return None
        recordings = self._files.recordings
        with recordings.lock:
            recording = self._made.get(url)
            if recording is None:
                recording = self._made[url] = recordings.add(facts, url, self.job)
        return recording
