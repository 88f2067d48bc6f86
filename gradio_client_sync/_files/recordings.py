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
are in one list, and only the first one has a header. A `Place` separates them.
"""

from __future__ import annotations

import logging
import os
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol
from weakref import ref

from .._protocol.values.filename import ending_of, type_of
from .._protocol.values.playlist import PLAYLIST, WHOLE, beside, is_playlist, parse_playlist
from .._protocol.values.wav import HEADER_BYTES, is_unbounded, with_length
from .._transport.signal_safe import SafeCondition
from ..errors import ClientClosedError, DownloadError, DownloadTimeoutError
from .download import Silent, too_late
from .kept import Keeper, Kept

if TYPE_CHECKING:
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
    """The part of a job's log that tells when the job has ended."""

    order: int | None

    def wait_until_ended(self, timeout: float | None) -> bool: ...

    @property
    def succeeded(self) -> bool: ...


class Source(Protocol):
    """The object that requests content from the server."""

    def begin(
        self, facts: FileFacts, url: str, deadline: Deadline, silence: float | None = None
    ) -> AbstractContextManager[Download]: ...


class Taken(NamedTuple):
    """The content of a file at its first read.

    Attributes:
        kept: The content.
        ending: The file suffix that fits its format; empty if that of the name does.
    """

    kept: Kept
    ending: str


class Turn:
    """A lock with deadlines: one thread at a time has the turn."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._changed = SafeCondition(self._lock)
        self._busy: tuple[object, int, int] | None = None

    @contextmanager
    def take(self, deadline: Deadline, late: Callable[[], Exception]) -> Iterator[None]:
        """Wait for the turn, and hold it during the ``with`` block.

        A thread that has the turn already does not wait.

        Args:
            deadline: The time limit of the wait.
            late: A function that makes the error for a turn that was not free before the
                deadline.
        """
        mine = object()
        me = threading.get_ident(), os.getpid()
        held = self._busy
        if held is not None and held[1:] == me:  # a progress callback may read the same file
            yield
            return
        try:
            if not self._changed.wait_for(partial(self._claim, mine, me), deadline.left):
                raise late()
            yield
        finally:
            with self._lock:
                if self._busy is not None and self._busy[0] is mine:
                    self._busy = None
                    self._changed.notify_all()

    def _claim(self, mine: object, me: tuple[int, int]) -> bool:
        if self._busy is not None and self._busy[2] == os.getpid():
            return False
        # After a fork, the thread of the parent process that had the turn does not exist here.
        self._busy = mine, *me
        return True


class Place:
    """A URL at which a server has the sound of one job, or of several jobs."""

    __slots__ = ("boundary", "header", "orders", "turn", "unread")

    def __init__(self) -> None:
        self.turn = Turn()
        self.orders: list[int] = []  # the job numbers of all sounds at this URL
        self.unread: list[tuple[int, ref[Recording]]] = []  # sorted by job number
        self.header = b""  # the WAV header of the first sound
        # The number of the last job that was read, and how many segments there were at its end.
        self.boundary: tuple[int, int] | None = None


class Recording:
    """A sound or video that one job makes. All values of the job share it.

    Args:
        facts: The file's description from the app.
        url: The URL of the file on the server.
        place: The state of this URL, shared with other jobs at the same URL.
        job: A reference to the job's log, which tells when the job has ended; ``None`` if it has.
        numbers: Numbers for jobs, in the order in which their first values arrive.
    """

    def __init__(
        self,
        facts: FileFacts,
        url: str,
        place: Place,
        job: ref[Any] | None,
        numbers: Iterator[int],
    ) -> None:
        self._facts = facts
        self._url = url
        self._place = place
        self._job = job
        self._succeeded = True
        self._whole: Taken | None = None
        self._failure: str | None = None  # the error text, if no later attempt can succeed
        self._over_unknown = False
        log = job() if job is not None else None
        # First values arrive in the order in which jobs begin. Their workers may decode them in
        # a different order, so the number of the job is used, if it has one.
        made = log.order if log is not None else None
        self._order: int = next(numbers) if made is None else made
        place.orders.append(self._order)
        place.orders.sort()
        place.unread.append((self._order, ref(self)))
        place.unread.sort(key=lambda entry: entry[0])

    @property
    def is_playlist(self) -> bool:
        """Whether it is a playlist, which the server sends any number of times."""
        return is_playlist(self._url)

    @property
    def whole(self) -> Taken | None:
        """The content, if it was downloaded, is complete and still exists."""
        return self._whole if self._whole is not None and self._whole.kept.is_there() else None

    def fetch(self, source: Source, deadline: Deadline, progress: Progress | None = None) -> Taken:
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
        late = partial(too_late, self._facts, deadline)
        fetched = self.is_playlist or self.whole is not None or self._failure is not None
        # Wait before taking the turn, so that other threads can read the sound of another job at
        # this URL that has already ended.
        if not fetched and not self._wait_until_over(deadline.left):
            raise late()
        with self._place.turn.take(deadline, late):
            if self.whole is not None:
                return self.whole
            if self._failure is not None:
                raise DownloadError(self._failure, path=self._facts.path)
            if self.is_playlist:
                return self._by_playlist(source, deadline, progress)
            if self._whole is not None:
                raise self._fail("its copy on this machine was removed")
            return self._from_list(source, deadline, progress)

    def _wait_until_over(self, timeout: float) -> bool:
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
            f"{self._facts.name!r} cannot be had any more: {why}, and Gradio before 5.0 gives such "
            "a sound only once. Call the function again, and read the result before anything else "
            "opens its address."
        )
        return DownloadError(self._failure, path=self._facts.path)

    # -- Gradio 3.50 to 4.44: a list of chunks, which is sent once --------------------

    def _from_list(self, source: Source, deadline: Deadline, progress: Progress | None) -> Taken:
        """Download the sounds from the list in their order, up to this one."""
        unread = self._place.unread
        while unread and unread[0][0] < self._order:
            earlier = unread.pop(0)[1]()
            if earlier is not None:
                try:
                    earlier._take(source, deadline, None)
                except DownloadError:
                    if earlier._failure is None:  # the list is unchanged, so a retry can succeed
                        unread.insert(0, (earlier._order, ref(earlier)))
                        raise
            else:
                self._pass_over(source, deadline)
        taken = self._take(source, deadline, progress)
        if unread and unread[0][0] == self._order:
            unread.pop(0)
        return taken

    def _pass_over(self, source: Source, deadline: Deadline) -> None:
        """Download a sound whose values were all garbage-collected, only to reach the next one."""
        with Keeper() as keeper:
            self._receive(source, deadline, keeper, None)
            if not self._place.header and is_unbounded(keeper.head(HEADER_BYTES)):
                self._place.header = keeper.head(HEADER_BYTES)

    def _take(self, source: Source, deadline: Deadline, progress: Progress | None) -> Taken:
        place = self._place
        with Keeper() as keeper:
            self._receive(source, deadline, keeper, progress)
            head = keeper.head(HEADER_BYTES)
            if is_unbounded(head):
                place.header = head
            elif place.header and self._lacks_header(head):
                keeper = _prefixed(place.header, keeper)
                head = place.header
            with keeper:
                if is_unbounded(head):
                    keeper.replace_head(with_length(head, keeper.size))
                kind = type_of("", keeper.head(16))
                self._whole = Taken(keeper.finish(), ending_of(kind))
        return self._whole

    def _lacks_header(self, head: bytes) -> bool:
        name = self._facts.orig_name
        return name.endswith(".wav") if name else type_of("", head) is None

    def _receive(
        self, source: Source, deadline: Deadline, keeper: Keeper, progress: Progress | None
    ) -> None:
        """Request the next sound in the list, and write it to `keeper`."""
        for empty in range(_EMPTY_RESPONSES):
            asked = False
            try:
                with source.begin(self._facts, self._url, deadline, self._silence) as download:
                    asked = True
                    for piece in download:
                        keeper.write(piece)
                        if progress is not None:
                            progress(keeper.size, None)
            except Silent as exc:
                if keeper.size and not self._succeeded:
                    return  # the server does not end the list of a cancelled job
                if keeper.size:
                    raise self._fail(
                        f"the server fell silent after {keeper.size} bytes of it"
                    ) from exc
                raise self._fail(
                    "the server has nothing of it, so the function gave no sound, or something "
                    "else has fetched it"
                    if empty
                    else "the server has nothing of it, so something else has fetched it already"
                ) from exc
            except (DownloadError, ClientClosedError) as exc:
                late = isinstance(exc, DownloadTimeoutError)
                if not asked and not late:
                    raise
                error = self._fail(f"its transfer was broken off after {keeper.size} bytes")
                if late:
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
        return None if self._over_unknown else SILENCE

    # -- Gradio 5.0 and later: a playlist ---------------------------------------------

    def _by_playlist(self, source: Source, deadline: Deadline, progress: Progress | None) -> Taken:
        place, running = self._place, self._is_running()
        shares = len(place.orders) > 1
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
            log.debug("the segments of %r are joined: %s", self._facts.name, exc)
            segments = segments or self._playlist(source, deadline)[0]
            self._whole = self._joined(source, deadline, segments, progress)
        place.boundary = self._order, len(segments)
        return self._whole

    def _in_one_file(self, source: Source, deadline: Deadline, progress: Progress | None) -> Taken:
        url = beside(self._url, WHOLE)
        with Keeper() as keeper:
            with source.begin(self._facts, url, deadline) as download:
                for piece in download:
                    keeper.write(piece)
                    if progress is not None:
                        progress(keeper.size, download.length)
            return Taken(keeper.finish(), "")

    def _is_running(self) -> bool:
        job = self._job() if self._job is not None else None
        return self._over_unknown or (job is not None and not job.wait_until_ended(0))

    def _playlist(self, source: Source, deadline: Deadline) -> tuple[tuple[str, ...], bool]:
        with source.begin(self._facts, self._url, deadline) as download:
            text = bytearray()
            for piece in download:
                text += piece
                if len(text) > _PLAYLIST_BYTES:
                    raise DownloadError(f"The playlist {self._url} does not end.")
        try:
            return parse_playlist(text.decode("utf-8", "replace"))[:2]
        except ValueError as exc:
            raise DownloadError(f"{self._url} is no playlist that can be read: {exc}.") from exc

    def _apart(
        self,
        source: Source,
        deadline: Deadline,
        segments: tuple[str, ...],
        progress: Progress | None,
    ) -> Taken:
        """Download one of several sounds that the server has put into one playlist."""
        place, before = self._place, [o for o in self._place.orders if o < self._order]
        first = None if before else 0
        if before and place.boundary is not None and place.boundary[0] == before[-1]:
            first = place.boundary[1]
        if first is None or self._order != place.orders[-1]:
            raise DownloadError(
                f"{self._facts.name!r} cannot be told from the result of another call: the server "
                "has put both at one address, as Gradio 5 does now and then. Read each result "
                "before the next call, or pass isolated=True.",
                path=self._facts.path,
            )
        taken = self._joined(source, deadline, segments[first:], progress)
        if not self._is_running():
            self._whole, place.boundary = taken, (self._order, len(segments))
        return taken

    def _joined(
        self,
        source: Source,
        deadline: Deadline,
        segments: tuple[str, ...],
        progress: Progress | None,
    ) -> Taken:
        """Download the segments and concatenate them."""
        with Keeper() as keeper:
            for name in segments:
                with source.begin(self._facts, beside(self._url, name), deadline) as download:
                    for piece in download:
                        keeper.write(piece)
                        if progress is not None:
                            progress(keeper.size, None)
            ending = "." + segments[0].rpartition(".")[2] if segments else ""
            return Taken(keeper.finish(), ending)

    # -- in another process -------------------------------------------------------------

    def __getstate__(self) -> dict[str, Any]:
        """Return the state with the content itself, because the server may send it only once."""
        whole, place = self.whole, self._place
        over = self._job is None or self._wait_until_over(0)
        return {
            **self.__dict__,
            "_place": (place.orders, place.header, place.boundary),
            "_job": None,
            "_whole": whole and Taken(whole.kept.in_memory(), whole.ending),
            "_over_unknown": self._over_unknown or not over,
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._place = Place()
        self._place.orders, self._place.header, self._place.boundary = state["_place"]


class Recordings:
    """All sounds and videos that the generator functions of one app make, by their URLs.

    Args:
        numbers: Numbers for jobs, in the order in which their first values arrive.
    """

    def __init__(self, numbers: Iterator[int]) -> None:
        self._numbers = numbers
        self.lock = threading.RLock()
        self._places: dict[str, Place] = {}

    def add(self, facts: FileFacts, url: str, job: ref[Any] | None) -> Recording:
        """Add the recording of a job.

        Args:
            facts: The file's description from the app.
            url: The URL of the file on the server.
            job: A reference to the job's log; ``None`` if the job has ended.
        """
        with self.lock:
            return Recording(facts, url, self._places.setdefault(url, Place()), job, self._numbers)


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
