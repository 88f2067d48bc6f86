"""Sound and video that generator functions make.

Gradio 3.50 to 4.44 stores the chunks of a sound in a list and sends each chunk only once: a request
removes them from the list, and its response ends when the generator has ended. A second request
gets no response for two minutes, and then an empty one. So a sound is requested once, after its job
has ended, when all chunks are in the list. Then it is kept for every value of the job.

Gradio 5.0 and later has a playlist of segments, which can be requested any number of times. The
server joins the segments to one file at the first request for that file, and does not update it
later. So the file is requested only after the playlist says that no segment will follow. Before
that, this module joins the available segments.

Up to Gradio 5.x, the URL of a sound contains the memory address of the app's generator. Later jobs
of a session sometimes get the same URL (16 of 150 jobs on 4.44.1). Then the sounds of these jobs
are in one list, and only the first one has a header. A `Location` separates them.
"""

from __future__ import annotations

import logging
import re
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol
from weakref import ref

from .._basics.words import counted
from .._protocol.values.filename import ending_of, type_of
from .._protocol.values.playlist import PLAYLIST, WHOLE, beside, is_playlist, parse_playlist
from .._protocol.values.wav import HEADER_BYTES, is_unbounded, with_length
from .._transport.signal_safe import new_lock
from ..errors import ClientClosedError, DownloadError, DownloadTimeoutError
from .download import Silent, timeout_error
from .kept import Keeper, Kept
from .turn import Turn

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager
    from typing import Callable

    from .._protocol.values.filedata import FileFacts
    from .._transport.body import Download
    from .._transport.deadlines import Deadline

    Progress = Callable[[int, "int | None"], object]

log = logging.getLogger(__name__)

#: Seconds without data after which a list of chunks counts as empty, after its job has ended. By
#: then all chunks are in the server's memory, so it sends them without delay.
SILENCE = 3.0

_PLAYLIST_BYTES = 2**24
_IN_MEMORY = re.compile(rf"/\d+/\d+/{re.escape(PLAYLIST)}\Z")
_EMPTY_RESPONSES = 1_000  # how many times a generator may yield ``None`` before its first sound


class JobEnd(Protocol):
    """The part of a job's log that shows when the job has ended."""

    order: int | None

    def wait_until_ended(self, timeout: float | None) -> bool: ...

    @property
    def succeeded(self) -> bool: ...


class MediaSource(Protocol):
    """The object that requests content from the server."""

    def begin(
        self, facts: FileFacts, url: str, deadline: Deadline, silence: float | None = None
    ) -> AbstractContextManager[Download]: ...


class Fetched(NamedTuple):
    """The content of a file at its first read.

    Attributes:
        kept: The content.
        ending: The file suffix that fits its format; empty if that of the name does.
    """

    kept: Kept
    ending: str


class Location:
    """A URL at which a server has the sound of one job, or of several jobs."""

    __slots__ = ("boundary", "header", "orders", "turn", "unread")

    def __init__(self) -> None:
        self.turn = Turn()
        self.orders: list[int] = []  # the job numbers of all sounds at this URL
        self.unread: list[tuple[int, ref[JobRecording]]] = []  # sorted by job number
        self.header = b""  # the WAV header of the first sound
        # The number of the last job that was read, and how many segments there were at its end.
        self.boundary: tuple[int, int] | None = None


class JobRecording:
    """A sound or video that one job makes. All values of the job share it.

    Args:
        facts: The file's description from the app.
        url: The URL of the file on the server.
        location: The state of this URL, shared with other jobs at the same URL.
        job: A reference to the job's log, which shows when the job has ended; ``None`` if it has.
        numbers: Numbers for jobs, in the order in which their first values arrive.
    """

    def __init__(
        self,
        facts: FileFacts,
        url: str,
        location: Location,
        job: ref[Any] | None,
        numbers: Iterator[int],
    ) -> None:
        self._facts = facts
        self._url = url
        self._location = location
        self._job = job
        self._succeeded = True
        self._whole: Fetched | None = None
        self._failure: str | None = None  # the error text, if no later attempt can succeed
        self._end_unknown = False
        log = job() if job is not None else None
        # First values arrive in the order in which jobs begin. Their workers may decode them in
        # a different order, so the number of the job is used, if it has one.
        made = log.order if log is not None else None
        self._order: int = next(numbers) if made is None else made
        location.orders.append(self._order)
        location.orders.sort()
        location.unread.append((self._order, ref(self)))
        location.unread.sort(key=lambda entry: entry[0])

    @property
    def is_playlist(self) -> bool:
        """Whether it is a playlist, which the server sends any number of times."""
        return is_playlist(self._url)

    @property
    def whole(self) -> Fetched | None:
        """The content, if it was downloaded, is complete and still exists."""
        return self._whole if self._whole is not None and self._whole.kept.is_there() else None

    def fetch(
        self, source: MediaSource, deadline: Deadline, progress: Progress | None = None
    ) -> Fetched:
        """Download the content that the server has now, or return the content that was kept.

        Args:
            source: The object that sends the requests.
            deadline: The time limit of the download.
            progress: A function that is called with the bytes so far, and the total if known.

        Raises:
            DownloadError: The server does not have the content, or no longer has it.
            DownloadTimeoutError: The download did not end before the deadline.
            ClientClosedError: The client was closed.
        """
        timed_out = partial(timeout_error, self._facts, deadline)
        is_ready = self.is_playlist or self.whole is not None or self._failure is not None
        # Wait before taking the turn, so that other threads can read the sound of another job at
        # this URL that has already ended.
        if not is_ready and not self._wait_until_ended(deadline.left):
            raise timed_out()
        with self._location.turn.take(deadline, timed_out):
            if self.whole is not None:
                return self.whole
            if self._failure is not None:
                raise DownloadError(self._failure, path=self._facts.path)
            if self.is_playlist:
                return self._by_playlist(source, deadline, progress)
            if self._whole is not None:
                raise self._fail("its copy on this machine was removed")
            return self._from_list(source, deadline, progress)

    def _wait_until_ended(self, timeout: float) -> bool:
        """Wait until the job has ended, and return whether it has."""
        job = self._job() if self._job is not None else None
        if job is not None:
            if not job.wait_until_ended(timeout):
                return False
            self._succeeded = job.succeeded
        self._job = None
        return True

    def _fail(self, why: str) -> DownloadError:
        """Make every later attempt fail at once, because another request would hang."""
        self._failure = (
            f"{self._facts.name!r} can no longer be downloaded: {why}. Gradio before 5.0 sends the "
            "sound of a generator only once. Call the function again, and read the result before "
            "anything else requests its URL."
        )
        return DownloadError(self._failure, path=self._facts.path)

    # -- Gradio 3.50 to 4.44: a list of chunks, which is sent once --------------------

    def _from_list(
        self, source: MediaSource, deadline: Deadline, progress: Progress | None
    ) -> Fetched:
        """Download the sounds from the list in their order, up to this one."""
        unread = self._location.unread
        while unread and unread[0][0] < self._order:
            earlier = unread.pop(0)[1]()
            if earlier is not None:
                try:
                    earlier._fetch_next(source, deadline, None)
                except DownloadError:
                    if earlier._failure is None:  # the list is unchanged, so a retry can succeed
                        unread.insert(0, (earlier._order, ref(earlier)))
                        raise
            else:
                self._skip(source, deadline)
        fetched = self._fetch_next(source, deadline, progress)
        if unread and unread[0][0] == self._order:
            unread.pop(0)
        return fetched

    def _skip(self, source: MediaSource, deadline: Deadline) -> None:
        """Download a sound whose values were all garbage-collected, only to reach the next one."""
        with Keeper() as keeper:
            self._receive(source, deadline, keeper, None)
            if not self._location.header and is_unbounded(keeper.head(HEADER_BYTES)):
                self._location.header = keeper.head(HEADER_BYTES)

    def _fetch_next(
        self, source: MediaSource, deadline: Deadline, progress: Progress | None
    ) -> Fetched:
        """Download the next sound in the list, and complete its WAV header."""
        location = self._location
        with Keeper() as keeper:
            self._receive(source, deadline, keeper, progress)
            head = keeper.head(HEADER_BYTES)
            if is_unbounded(head):
                location.header = head
            elif location.header and self._lacks_header(head):
                keeper = _prefixed(location.header, keeper)
                head = location.header
            with keeper:
                if is_unbounded(head):
                    keeper.replace_head(with_length(head, keeper.size))
                kind = type_of("", keeper.head(16))
                self._whole = Fetched(keeper.finish(), ending_of(kind))
        return self._whole

    def _lacks_header(self, head: bytes) -> bool:
        """Return whether a sound that begins with these bytes needs the header of the first one."""
        name = self._facts.orig_name
        return name.endswith(".wav") if name else type_of("", head) is None

    def _receive(
        self, source: MediaSource, deadline: Deadline, keeper: Keeper, progress: Progress | None
    ) -> None:
        """Request the next sound in the list, and write it to `keeper`."""
        for empty in range(_EMPTY_RESPONSES):
            has_begun = False
            try:
                with source.begin(self._facts, self._url, deadline, self._silence) as download:
                    has_begun = True
                    for piece in download:
                        keeper.write(piece)
                        if progress is not None:
                            progress(keeper.size, None)
            except Silent as exc:
                if keeper.size and not self._succeeded:
                    return  # the server does not end the list of a cancelled job
                if keeper.size:
                    raise self._fail(
                        f"the server sent no more data after {counted(keeper.size, 'byte')}"
                    ) from exc
                raise self._fail(
                    "the server has no data for it, so the function made no sound, or something "
                    "else has downloaded it"
                    if empty
                    else "the server has no data for it, so something else has downloaded it"
                ) from exc
            except (DownloadError, ClientClosedError) as exc:
                is_timeout = isinstance(exc, DownloadTimeoutError)
                if not has_begun and not is_timeout:
                    raise
                error = self._fail(f"the download broke after {counted(keeper.size, 'byte')}")
                if is_timeout:
                    raise DownloadTimeoutError(
                        str(error), path=self._facts.path, timeout=deadline.seconds
                    ) from exc
                raise error from exc
            if keeper.size:
                return
            # The response was empty: the generator yielded None before its first sound, and the
            # server ended the response there. The sound is in a later response.

    @property
    def _silence(self) -> float | None:
        """Seconds without data after which the list counts as empty; ``None`` for no limit."""
        return None if self._end_unknown else SILENCE

    # -- Gradio 5.0 and later: a playlist ---------------------------------------------

    def _by_playlist(
        self, source: MediaSource, deadline: Deadline, progress: Progress | None
    ) -> Fetched:
        """Download the sound in one file if it is complete, otherwise its present segments."""
        location, running = self._location, self._is_running()
        shares = len(location.orders) > 1
        segments: tuple[str, ...] = ()
        is_ended = False
        if running or shares or _may_be_shared(self._url):
            segments, is_ended = self._playlist(source, deadline)
        if shares:
            return self._apart(source, deadline, segments, progress)
        if running and not is_ended:
            return self._joined(source, deadline, segments, progress)
        try:
            self._whole = self._in_one_file(source, deadline, progress)
        except DownloadTimeoutError:
            raise
        except DownloadError as exc:
            # An app with `delete_cache` deletes this file, but the segments still exist.
            log.debug("joining the segments of %r instead: %s", self._facts.name, exc)
            segments = segments or self._playlist(source, deadline)[0]
            self._whole = self._joined(source, deadline, segments, progress)
        location.boundary = self._order, len(segments)
        return self._whole

    def _in_one_file(
        self, source: MediaSource, deadline: Deadline, progress: Progress | None
    ) -> Fetched:
        """Download the file into which the server joins all segments."""
        url = beside(self._url, WHOLE)
        with Keeper() as keeper:
            with source.begin(self._facts, url, deadline) as download:
                for piece in download:
                    keeper.write(piece)
                    if progress is not None:
                        progress(keeper.size, download.length)
            return Fetched(keeper.finish(), "")

    def _is_running(self) -> bool:
        """Return whether the job is running, or may be: an unpickled recording cannot know."""
        job = self._job() if self._job is not None else None
        return self._end_unknown or (job is not None and not job.wait_until_ended(0))

    def _playlist(self, source: MediaSource, deadline: Deadline) -> tuple[tuple[str, ...], bool]:
        """Download the playlist; return the names of its segments, and whether it is complete."""
        with source.begin(self._facts, self._url, deadline) as download:
            text = bytearray()
            for piece in download:
                text += piece
                if len(text) > _PLAYLIST_BYTES:
                    raise DownloadError(
                        f"The playlist {self._url} is longer than {_PLAYLIST_BYTES} bytes, so the "
                        "rest was not read."
                    )
        try:
            return parse_playlist(text.decode("utf-8", "replace"))[:2]
        except ValueError as exc:
            raise DownloadError(f"{self._url} cannot be read as a playlist: {exc}.") from exc

    def _apart(
        self,
        source: MediaSource,
        deadline: Deadline,
        segments: tuple[str, ...],
        progress: Progress | None,
    ) -> Fetched:
        """Download one of several sounds that the server has put into one playlist."""
        location, before = self._location, [o for o in self._location.orders if o < self._order]
        first = None if before else 0
        if before and location.boundary is not None and location.boundary[0] == before[-1]:
            first = location.boundary[1]
        if first is None or self._order != location.orders[-1]:
            raise DownloadError(
                f"{self._facts.name!r} cannot be separated from the result of another call, "
                "because the server has put both at one URL. Gradio 5 sometimes does this. Read "
                "each result before the next call, or pass isolated=True.",
                path=self._facts.path,
            )
        fetched = self._joined(source, deadline, segments[first:], progress)
        if not self._is_running():
            self._whole, location.boundary = fetched, (self._order, len(segments))
        return fetched

    def _joined(
        self,
        source: MediaSource,
        deadline: Deadline,
        segments: tuple[str, ...],
        progress: Progress | None,
    ) -> Fetched:
        """Download the segments and concatenate them."""
        with Keeper() as keeper:
            for name in segments:
                with source.begin(self._facts, beside(self._url, name), deadline) as download:
                    for piece in download:
                        keeper.write(piece)
                        if progress is not None:
                            progress(keeper.size, None)
            ending = "." + segments[0].rpartition(".")[2] if segments else ""
            return Fetched(keeper.finish(), ending)

    # -- in another process -------------------------------------------------------------

    def __getstate__(self) -> dict[str, Any]:
        """Return the state with the content itself, because the server may send it only once."""
        whole, location = self.whole, self._location
        has_ended = self._job is None or self._wait_until_ended(0)
        return {
            **self.__dict__,
            "_location": (location.orders, location.header, location.boundary),
            "_job": None,
            "_whole": whole and Fetched(whole.kept.in_memory(), whole.ending),
            "_end_unknown": self._end_unknown or not has_ended,
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._location = Location()
        self._location.orders, self._location.header, self._location.boundary = state["_location"]


class Recordings:
    """All sounds and videos that the generator functions of one app make, by their URLs.

    Args:
        numbers: Numbers for jobs, in the order in which their first values arrive.
    """

    def __init__(self, numbers: Iterator[int]) -> None:
        self._numbers = numbers
        self.lock = new_lock()
        self._locations: dict[str, Location] = {}

    def add(self, facts: FileFacts, url: str, job: ref[Any] | None) -> JobRecording:
        """Add the recording of a job.

        Args:
            facts: The file's description from the app.
            url: The URL of the file on the server.
            job: A reference to the job's log; ``None`` if the job has ended.
        """
        with self.lock:
            location = self._locations.setdefault(url, Location())
            return JobRecording(facts, url, location, job, self._numbers)


def _may_be_shared(url: str) -> bool:
    """Return whether the URL of a playlist contains a memory address, as it does up to 5.x."""
    return _IN_MEMORY.search(url) is not None


def _prefixed(header: bytes, keeper: Keeper) -> Keeper:
    """Return a new `Keeper` with `header` before the content of `keeper`."""
    prefixed = Keeper()
    prefixed.write(header)
    with keeper.finish().open() as content:
        for piece in iter(lambda: content.read(2**20), b""):
            prefixed.write(piece)
    return prefixed
