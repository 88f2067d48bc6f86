"""`Watch`: when to check whether the app has changed, and which calls a check covers.

A check is one small request. Most checks run parallel to the calls. `Watch` decides when a check is
due, and knows which calls it covers. It sends no requests itself.

A check covers a call if it began after the call was sent and found the app unchanged. If a check
finds a different app, a call that is not covered may have run a different function. To decide this,
checks are numbered, and no times are compared: a call stores how many checks had begun when it was
sent.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Callable

from .._transport.signal_safe import SafeCondition, SafeEvent, new_lock

if TYPE_CHECKING:
    from .._protocol.api.meaning import RequestMeaning

#: Seconds between two checks, while calls are made.
EVERY = 1.0

#: Seconds by which a check may be early. So if calls are made once a second, each finds one due.
#: The next check is due later by the same time.
EARLY = 0.1

#: Seconds since the last good check after which a call waits for the next one, instead of running
#: parallel to it. If calls are rare, the app may have changed long before the call.
LATE = 1.5

#: The most entries about ended calls before entries for different checks are merged. If the checks
#: of an app have no result (for example because it responds with 500), each would add an entry.
_KEPT_APART = 1_000


class SentCall:
    """One call that was sent to the app.

    Args:
        meaning: The function that was called, and the form of the request.
        on_changed: A function that is called if the app changes while the call is running, so
            that the request has a different meaning.
    """

    __slots__ = ("check", "meaning", "on_changed", "settled")

    def __init__(self, meaning: RequestMeaning, on_changed: Callable[[], None]) -> None:
        self.meaning = meaning
        self.on_changed = on_changed
        self.check = 0  # how many checks had begun when it was sent, or settled
        self.settled = False  # whether the app has selected the function to run


class Watch:
    """The record of checks and calls of one app. Every method may be called from any thread.

    Attributes:
        epoch: How often the app has changed.
    """

    def __init__(self) -> None:
        self._lock = new_lock()
        self.epoch = 0
        self._begun = 0  # how many checks have begun
        self._good = 0  # the number of the last check that found the app unchanged
        self._seen = self._due = time.monotonic()
        self._due += EVERY
        self._checking = False  # a check parallel to the calls is running
        self._followers: list[SafeEvent] | None = None  # callers that wait for a check before calls
        self._guarded = False  # a thread makes checks for running calls while no new calls start
        self._closed = False
        self._changed = SafeCondition(self._lock)  # notified of `_checking` and `_closed`
        self._under_way: set[SentCall] = set()
        self._ended: dict[tuple[object, ...], tuple[int, RequestMeaning, int]] = {}

    # -- when to check --------------------------------------------------------------

    @property
    def is_late(self) -> bool:
        """Whether the last good check is so old that a call should wait for the next check."""
        return not self._checking and time.monotonic() - self._seen > LATE

    def take_turn(self) -> bool:
        """Claim the next check parallel to the calls, if it is due.

        Returns:
            Whether the check is due. If so, the caller makes it and then calls `end_turn`.
        """
        now = time.monotonic()
        if now < self._due - EARLY or self._checking:
            return False
        with self._lock:
            if now < self._due - EARLY or self._checking:
                return False
            self._checking = True
            self._due = max(now, self._due) + EVERY
        return True

    def claim_shared_check(self) -> SafeEvent | None:
        """Claim the check before a call, which calls at the same time share.

        Returns:
            The event that is set when the check of another caller has ended. ``None`` if no caller
            has claimed a check; then this caller makes it and calls `end_shared_check`.
        """
        with self._lock:
            if self._followers is None:
                self._followers = []
                return None
            ended = SafeEvent()
            self._followers.append(ended)
        return ended

    def end_shared_check(self) -> None:
        """Record the end of a check before calls, and wake the callers that wait for it."""
        with self._lock:
            followers, self._followers = self._followers, None
        for ended in followers or ():
            ended.set()

    def take_guard(self) -> bool:
        """Claim the guard: the one thread that makes checks while calls run and no new ones start.

        Returns:
            Whether the guard was free. If so, the caller starts a thread that calls
            `wait_for_turn` until it returns ``False``.
        """
        if self._guarded:
            return False
        with self._lock:
            taken, self._guarded = not self._guarded, True
        return taken

    def end_guard(self) -> None:
        """Record that no thread calls `wait_for_turn`."""
        self._guarded = False

    def wait_for_turn(self) -> bool:
        """Wait until a check parallel to the calls is due for a running call.

        Returns:
            ``True`` if a check is due: the caller makes it and then calls `end_turn`. ``False`` if
            no running call needs a check, or `close` was called.
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
            # The check of another thread is running. It may have begun before some of the calls
            # were sent, so this thread waits for its end and tries again.
            self._changed.wait_for(lambda: self._closed or not self._checking)
        return False

    def close(self) -> None:
        """End the wait for a turn."""
        with self._lock:
            self._closed = True
            self._changed.notify_all()

    def _is_open(self, sent_call: SentCall) -> bool:
        """Return whether no good check covers the call."""
        return not sent_call.settled or sent_call.check >= self._good

    def end_turn(self) -> None:
        """Record the end of a check parallel to the calls."""
        with self._lock:
            self._checking = False
            self._changed.notify_all()

    def begin(self) -> tuple[int, float]:
        """Record the beginning of a check.

        Returns:
            The check. Pass it to `found_same`, `found_another` or `found_nothing`.
        """
        with self._lock:
            self._begun += 1
            now = time.monotonic()
            self._due = max(self._due, now + EVERY - EARLY)
            if len(self._ended) > _KEPT_APART:
                self._merge_ended()
            return self._begun, now

    def _merge_ended(self) -> None:
        """Merge the entries of equal calls, as if all of them were sent as late as the last one."""
        merged: dict[tuple[object, ...], tuple[int, RequestMeaning, int]] = {}
        for (_, *kind), (check, meaning, count) in self._ended.items():
            before = merged.get(tuple(kind), (0, meaning, 0))
            merged[tuple(kind)] = max(check, before[0]), meaning, count + before[2]
        self._ended = {(ended[0], *kind): ended for kind, ended in merged.items()}

    def found_same(self, check: tuple[int, float]) -> None:
        """Record that a check found the app unchanged."""
        number, began = check
        with self._lock:
            self._good = max(self._good, number)
            self._seen = max(self._seen, began)
            self._ended = {k: ended for k, ended in self._ended.items() if ended[0] >= self._good}

    def found_nothing(self, check: tuple[int, float]) -> None:
        """Record that a check had no result, so it covers no calls."""
        with self._lock:
            self._seen = max(self._seen, check[1])

    def found_another(
        self, check: tuple[int, float]
    ) -> tuple[list[SentCall], list[tuple[RequestMeaning, int]]]:
        """Record that a check found a different app.

        Returns:
            The running calls that no good check covers, and the calls without such a check that
            have ended, each with a count.
        """
        number, began = check
        with self._lock:
            self.epoch += 1
            under_way = list(filter(self._is_open, self._under_way))
            ended = [(meaning, count) for _, meaning, count in self._ended.values()]
            self._ended = {}
            self._under_way = set()
            self._good = max(self._good, number)
            self._seen = max(self._seen, began)
        return under_way, ended

    # -- calls ----------------------------------------------------------------------

    def send(self, sent_call: SentCall, epoch: int) -> bool:
        """Record that a call is about to be sent.

        Call this immediately before the request, and again if the same call is sent again.

        Args:
            sent_call: The call.
            epoch: The epoch in which the request was prepared.

        Returns:
            ``False`` if the app has changed since `epoch`. Then the call must not be sent.
        """
        with self._lock:
            if epoch != self.epoch:
                return False
            sent_call.check, sent_call.settled = self._begun, False
            self._under_way.add(sent_call)
        return True

    def settle(self, sent_call: SentCall) -> None:
        """Record that the app has selected the function to run for a call."""
        with self._lock:
            sent_call.check, sent_call.settled = self._begun, True

    def end(self, sent_call: SentCall, *, ran: bool) -> None:
        """Record the end of a call.

        Args:
            sent_call: The call.
            ran: Whether the app may have run its function.
        """
        with self._lock:
            if sent_call not in self._under_way:
                return  # `found_another` has returned it already, or it was never sent
            self._under_way.discard(sent_call)
            if ran and sent_call.check >= self._good:
                meaning = sent_call.meaning
                key = (
                    sent_call.check,
                    meaning.by_number,
                    meaning.callee.by_parameter,
                    meaning.callee.endpoint.name,
                )
                count = self._ended[key][2] if key in self._ended else 0
                self._ended[key] = sent_call.check, meaning, count + 1
