"""`Watch`: when an app was last seen to be what the client takes it for, and what was sent since.

The app is seen by a look: one small request, beside the calls. `Watch` says when a look is due and
knows which calls it covers. It makes no request itself.

A call is covered by a look that began after the call was sent and found the app unchanged. What is
not covered when the app turns out to be another one may have run as something else. Looks are
counted for that, and no clock is compared: a call knows how many looks had begun when it was sent.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Callable

from .._transport.signal_safe import SafeCondition, SafeEvent

if TYPE_CHECKING:
    from .._protocol.api.meaning import Sent

#: Seconds between two looks, while calls are made.
EVERY = 1.0

#: Seconds by which a look may come early, so that it goes with one of the calls that come once a
#: second. The next one is due later by that much.
EARLY = 0.1

#: Seconds after a good look from which on a call waits for the next one, instead of going beside
#: it: an app that is called less often may have become another one long before the call.
LATE = 1.5

#: How many entries about ended calls are kept apart by the look that came before them. An app whose
#: looks find nothing out (it answers 500, say) would add one for each look.
_KEPT_APART = 1_000


class Passage:
    """One call on its way through the app.

    Args:
        sent: How it goes out.
        on_changed: Is called if it turns out, while it is under way, that what was sent means
            something else to the app by now.
    """

    __slots__ = ("look", "on_changed", "sent", "settled")

    def __init__(self, sent: Sent, on_changed: Callable[[], None]) -> None:
        self.sent = sent
        self.on_changed = on_changed
        self.look = 0  # how many looks had begun when it was sent, or settled
        self.settled = False  # the app has decided what to run


class Watch:
    """What is known of one app's sameness. Safe to use from any thread.

    Attributes:
        epoch: How often the app has become another one.
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self.epoch = 0
        self._begun = 0  # how many looks have begun
        self._good = 0  # the last one that found the app as it was
        self._seen = self._due = time.monotonic()
        self._due += EVERY
        self._looking = False  # a look beside the calls is under way
        self._followers: list[SafeEvent] | None = None  # of a look before a call
        self._guarded = False  # a thread waits whether one is needed without a further call
        self._closed = False
        self._changed = SafeCondition(self._lock)  # `_looking` or `_closed`
        self._under_way: set[Passage] = set()
        self._ended: dict[tuple[object, ...], tuple[int, Sent, int]] = {}

    # -- when to look ---------------------------------------------------------------

    @property
    def is_late(self) -> bool:
        """Whether the last good look is so old that a call had better wait for the next one."""
        return not self._looking and time.monotonic() - self._seen > LATE

    def take_turn(self) -> bool:
        """Whether a look beside the calls is due; if it is, the caller has to make it.

        Whoever gets ``True`` calls `end_turn` later.
        """
        now = time.monotonic()
        if now < self._due - EARLY or self._looking:
            return False
        with self._lock:
            if now < self._due - EARLY or self._looking:
                return False
            self._looking = True
            self._due = max(now, self._due) + EVERY
        return True

    def lead(self) -> SafeEvent | None:
        """Whether the caller has to look before its call: several calls share one look.

        Returns:
            What is set when the look of another call is over; ``None`` if there is none. Then the
            caller looks, and calls `end_lead`.
        """
        with self._lock:
            if self._followers is None:
                self._followers = []
                return None
            flag = SafeEvent()
            self._followers.append(flag)
        return flag

    def end_lead(self) -> None:
        """A look before calls is over."""
        with self._lock:
            followers, self._followers = self._followers, None
        for flag in followers or ():
            flag.set()

    def take_guard(self) -> bool:
        """Whether the caller has to have a thread call `wait_for_turn`, until that is ``False``."""
        if self._guarded:
            return False
        with self._lock:
            taken, self._guarded = not self._guarded, True
        return taken

    def end_guard(self) -> None:
        """No thread calls `wait_for_turn`."""
        self._guarded = False

    def wait_for_turn(self) -> bool:
        """Wait until a look beside the calls is due for a call that is under way.

        Returns:
            As `take_turn`; ``False`` if there is no such call, or none any more.
        """
        while not self._changed.wait_for(
            lambda: self._closed, max(0.0, self._due - time.monotonic())
        ):
            with self._lock:
                if not any(map(self._is_open, self._under_way)):
                    self._guarded = False
                    return False
            if self.take_turn():
                return True
            # That look began too early for some of the calls, perhaps.
            self._changed.wait_for(lambda: self._closed or not self._looking)
        return False

    def close(self) -> None:
        """End the wait for a turn."""
        with self._lock:
            self._closed = True
            self._changed.notify_all()

    def _is_open(self, passage: Passage) -> bool:
        """Whether no good look covers a call."""
        return not passage.settled or passage.look >= self._good

    def end_turn(self) -> None:
        """A look beside the calls is over."""
        with self._lock:
            self._looking = False
            self._changed.notify_all()

    def begin(self) -> tuple[int, float]:
        """A look begins. Give what this returns to `found_same`."""
        with self._lock:
            self._begun += 1
            now = time.monotonic()
            self._due = max(self._due, now + EVERY - EARLY)
            if len(self._ended) > _KEPT_APART:
                self._merge_ended()
            return self._begun, now

    def _merge_ended(self) -> None:
        """Count the ended calls of one kind together, as if all were as late as the last one."""
        merged: dict[tuple[object, ...], tuple[int, Sent, int]] = {}
        for (_, *kind), (look, sent, count) in self._ended.items():
            before = merged.get(tuple(kind), (0, sent, 0))
            merged[tuple(kind)] = max(look, before[0]), sent, count + before[2]
        self._ended = {(ended[0], *kind): ended for kind, ended in merged.items()}

    def found_same(self, look: tuple[int, float]) -> None:
        """A look found the app as it was."""
        number, began = look
        with self._lock:
            self._good = max(self._good, number)
            self._seen = max(self._seen, began)
            self._ended = {k: ended for k, ended in self._ended.items() if ended[0] >= self._good}

    def asked(self, look: tuple[int, float]) -> None:
        """A look found nothing out; what was sent stays uncovered."""
        with self._lock:
            self._seen = max(self._seen, look[1])

    def found_another(
        self, look: tuple[int, float]
    ) -> tuple[list[Passage], list[tuple[Sent, int]]]:
        """A look found another app, and what is known of it was replaced.

        Returns:
            The calls under way that no good look covers, and how many of those have ended.
        """
        number, began = look
        with self._lock:
            self.epoch += 1
            under_way = list(filter(self._is_open, self._under_way))
            ended = [(sent, count) for _, sent, count in self._ended.values()]
            self._ended = {}
            self._under_way = set()
            self._good = max(self._good, number)
            self._seen = max(self._seen, began)
        return under_way, ended

    # -- what was sent --------------------------------------------------------------

    def send(self, passage: Passage, epoch: int) -> bool:
        """A call goes out now, as it was made ready in an epoch; ``False`` if that is over.

        Call it right before what goes out; again, if the same call goes out once more.
        """
        with self._lock:
            if epoch != self.epoch:
                return False
            passage.look, passage.settled = self._begun, False
            self._under_way.add(passage)
        return True

    def settle(self, passage: Passage) -> None:
        """The app has decided what to run for a call."""
        with self._lock:
            passage.look, passage.settled = self._begun, True

    def end(self, passage: Passage, *, ran: bool) -> None:
        """A call is over.

        Args:
            ran: The app may have run it.
        """
        with self._lock:
            if passage not in self._under_way:
                return  # it was told that the app has changed, or was never sent
            self._under_way.discard(passage)
            if ran and passage.look >= self._good:
                sent = passage.sent
                key = passage.look, sent.by_number, sent.aim.by_parameter, sent.aim.endpoint.name
                count = self._ended[key][2] if key in self._ended else 0
                self._ended[key] = passage.look, sent, count + 1
