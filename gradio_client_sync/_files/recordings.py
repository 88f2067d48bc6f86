"""Sound and video that a generator makes, as servers give it.

Gradio from 3.50 to 4.44 puts the chunks of a sound into a list and gives each of them once: the
response to a request takes them out of the list and ends when the generator has ended. A second
request hangs for two minutes and gets nothing. So a sound is requested once, when its job is over
and all of it is there, and it is kept for every value of the job.

Gradio from 5.0 on gives a playlist of segments, as often as it is asked. It makes one file of them
at the first request for that file, and never again, so that file is requested only when the
playlist says that no segment will follow. Before that, the segments so far are joined.

Up to 5.x, the address of a sound has the address in memory of the app's generator. Later jobs of a
session get the same one now and then (16 of 150 jobs on 4.44.1). The sounds of these jobs are then
in one list, and only the first has a header. A `Place` tells them apart.
"""

from __future__ import annotations

import logging
import os
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from itertools import count
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

#: Seconds of silence after which a list of chunks counts as empty, when its job is over. All that
#: the server has is in its memory then.
SILENCE = 3.0

#: Numbers jobs in the order in which their first values come.
ORDER = count()

_PLAYLIST_BYTES = 2**24
_IN_MEMORY = re.compile(rf"/\d+/\d+/{re.escape(PLAYLIST)}\Z")
_EMPTY_RESPONSES = 1_000  # a generator may yield so many times before its first sound


class JobEnd(Protocol):
    """The part of a job's log that says when the job is over."""

    order: int | None

    def wait_until_ended(self, timeout: float | None) -> bool: ...

    @property
    def succeeded(self) -> bool: ...


class Source(Protocol):
    """Where the content is requested from."""

    def begin(
        self, facts: FileFacts, url: str, deadline: Deadline, silence: float | None = None
    ) -> AbstractContextManager[Download]: ...


class Taken(NamedTuple):
    """What a value's content was when it was first read."""

    kept: Kept
    ending: str


class Turn:
    """Lets one thread after the other do something, each within its deadline."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._changed = SafeCondition(self._lock)
        self._busy: tuple[object, int, int] | None = None

    @contextmanager
    def take(self, deadline: Deadline, late: Callable[[], Exception]) -> Iterator[None]:
        """Wait for the turn. A thread that has it already goes on.

        Args:
            late: Makes the error for a turn that did not come within the deadline.
        """
        mine = object()
        me = threading.get_ident(), os.getpid()
        held = self._busy
        if held is not None and held[1:] == me:  # a progress listener that reads the file
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
        self._busy = mine, *me  # in a fork, the thread that had it is not there
        return True


class Place:
    """An address at which a server has the sound of one job, or of several."""

    __slots__ = ("boundary", "header", "orders", "turn", "unread")

    def __init__(self) -> None:
        self.turn = Turn()
        self.orders: list[int] = []  # of all sounds that were made here
        self.unread: list[tuple[int, ref[Recording]]] = []  # in their order
        self.header = b""  # that of the first sound
        self.boundary: tuple[int, int] | None = None  # after which sound there were how many parts


class Recording:
    """A sound or video that one job makes, for all values of the job.

    Args:
        facts: What the app says of it.
        url: The address that it has on the server.
        place: What else is at that address.
        job: Says when the job is over; ``None`` if it is.
    """

    def __init__(self, facts: FileFacts, url: str, place: Place, job: ref[Any] | None) -> None:
        self._facts = facts
        self._url = url
        self._place = place
        self._job = job
        self._succeeded = True
        self._whole: Taken | None = None
        self._failure: str | None = None  # why it can never be had
        self._over_unknown = False
        log = job() if job is not None else None
        # The first values come in the order in which jobs begin; workers may read them in another.
        made = log.order if log is not None else None
        self._order: int = next(ORDER) if made is None else made
        place.orders.append(self._order)
        place.orders.sort()
        place.unread.append((self._order, ref(self)))
        place.unread.sort(key=lambda entry: entry[0])

    @property
    def is_playlist(self) -> bool:
        """Whether the server gives it as often as it is asked."""
        return is_playlist(self._url)

    @property
    def whole(self) -> Taken | None:
        """The content, if it was fetched and is complete."""
        return self._whole if self._whole is not None and self._whole.kept.is_there() else None

    def fetch(self, source: Source, deadline: Deadline, progress: Progress | None = None) -> Taken:
        """Fetch what the server has, or return what was fetched before.

        Raises:
            DownloadError: It cannot be had, or not any more.
            DownloadTimeoutError: It did not come within the deadline.
            ClientClosedError: The client was closed.
        """
        late = partial(too_late, self._facts, deadline)
        fetched = self.is_playlist or self.whole is not None or self._failure is not None
        # Not within the turn: another job at this address may be over already.
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
        """Have every later attempt fail at once: one more request would hang."""
        self._failure = (
            f"{self._facts.name!r} cannot be had any more: {why}, and Gradio before 5.0 gives such "
            "a sound only once. Call the function again, and read the result before anything else "
            "opens its address."
        )
        return DownloadError(self._failure, path=self._facts.path)

    # -- a list of chunks, which is given once ---------------------------------------

    def _from_list(self, source: Source, deadline: Deadline, progress: Progress | None) -> Taken:
        """Take the sounds out of the list, up to this one."""
        unread = self._place.unread
        while unread and unread[0][0] < self._order:
            earlier = unread.pop(0)[1]()
            if earlier is not None:
                try:
                    earlier._take(source, deadline, None)
                except DownloadError:
                    if earlier._failure is None:  # nothing was taken out of the list
                        unread.insert(0, (earlier._order, ref(earlier)))
                        raise
            else:
                self._pass_over(source, deadline)
        taken = self._take(source, deadline, progress)
        if unread and unread[0][0] == self._order:
            unread.pop(0)
        return taken

    def _pass_over(self, source: Source, deadline: Deadline) -> None:
        """Take a sound that nobody has a value of out of the list."""
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
        """Request the next sound in the list."""
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
                    return  # a job that was cancelled does not end its list
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
            # A generator that yielded None before its first sound has ended the list there.

    @property
    def _silence(self) -> float | None:
        return None if self._over_unknown else SILENCE

    # -- a playlist -------------------------------------------------------------------

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
            # An app that deletes its cache deletes this file, and keeps the segments.
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
        """One of several sounds that the server has put into one playlist."""
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
        """The segments so far, end to end."""
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
        """With the content itself: the server may not give it again."""
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
    """What the generators of one app make, by its address on the server."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self._places: dict[str, Place] = {}

    def add(self, facts: FileFacts, url: str, job: ref[Any] | None) -> Recording:
        """Add what a job makes."""
        with self.lock:
            return Recording(facts, url, self._places.setdefault(url, Place()), job)


def _may_be_shared(url: str) -> bool:
    """Whether a playlist's address has an address in memory, as up to 5.x."""
    return _IN_MEMORY.search(url) is not None


def _prefixed(header: bytes, keeper: Keeper) -> Keeper:
    """The same content behind a header."""
    prefixed = Keeper()
    prefixed.write(header)
    with keeper.finish().open() as content:
        for piece in iter(lambda: content.read(2**20), b""):
            prefixed.write(piece)
    return prefixed
