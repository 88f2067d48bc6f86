"""The state of one replica of a pool: whether it gets calls, and when its next check is.

`Health` and `Room` are state machines without a clock: the caller passes the time. Each method
returns the next state.

    up          it gets calls
    full        it refused a call, and gets no calls for a while
    down        it could not be reached, and gets no calls until a check succeeds
    different   it responds, but its endpoints are not those of the pool

Each further failure of a replica makes its next pause longer, until a call succeeds.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

from ..errors import (
    AppError,
    AuthenticationError,
    BrokenStreamError,
    ConfigError,
    ConnectFailedError,
    EndpointNotFoundError,
    HTTPStatusError,
    QueueFullError,
    RateLimitError,
    SpaceError,
    UploadError,
    ValidationError,
)

State = Literal["up", "full", "down", "different"]

FIRST_PAUSE = 0.5  # s; each further pause is twice as long
LONGEST_PAUSE = 30.0  # s between two checks of a replica that is down
LONGEST_FULL = 4.0  # s without calls for a replica that is full

#: How many calls have to succeed before a replica that was full may get one more at once.
SUCCESSES = 8
MOST_SUCCESSES = 512

#: Statuses of a server whose app is gone or cannot be used, or of the gateway in front of it.
_GONE = frozenset((401, 403, 404, 405, 502, 503))

#: Errors that show that the app works: it has received the call.
_FROM_APP = (AppError, ValidationError)


def effect_of(error: BaseException | None) -> Literal["works", "full", "lost"] | None:
    """Return what the end of a call says about its replica; ``None`` if it says nothing.

    Args:
        error: The error of the call; ``None`` if it has a result.
    """
    if error is None or isinstance(error, _FROM_APP):
        return "works"
    if isinstance(error, (QueueFullError, RateLimitError)):
        return "full"
    if isinstance(error, HTTPStatusError):
        gone = isinstance(error, AuthenticationError) or error.status_code in _GONE
        return "lost" if gone else None
    lost = (
        *(ConnectFailedError, BrokenStreamError, UploadError),
        *(ConfigError, EndpointNotFoundError, SpaceError),
    )
    return "lost" if isinstance(error, lost) else None


def _pause(failures: int, longest: float) -> float:
    return min(FIRST_PAUSE * 2.0 ** min(failures - 1, 30), longest)


class Health(NamedTuple):
    """Whether a replica can be used.

    Attributes:
        state: ``"up"``, ``"full"``, ``"down"`` or ``"different"``, as the module describes them.
        failures: How many times in a row it has failed. Calls that fail together count once.
        until: When its next call or check is allowed, on the clock of the caller.
        is_checked: Whether a check is running.
    """

    state: State = "up"
    failures: int = 0
    until: float = 0.0
    is_checked: bool = False

    # -- facts ------------------------------------------------------------------------

    def works(self) -> Health:
        """Return the state after a call or a check that has succeeded."""
        # A call succeeds also on an app with other endpoints. Only a check shows that they fit.
        return self if self.state == "different" and not self.is_checked else Health()

    def refuses(self, now: float, retry_after: float | None = None) -> Health:
        """Return the state after a refused call: the queue is full, or the rate is limited.

        Args:
            now: The present time.
            retry_after: The seconds that it asked to wait, if it did.
        """
        if self.state in ("down", "different") or (self.state == "full" and now < self.until):
            return self
        failures = self.failures + 1
        pause = max(_pause(failures, LONGEST_FULL), retry_after or 0.0)
        return Health("full", failures, now + min(pause, LONGEST_PAUSE))

    def is_lost(self, now: float) -> Health:
        """Return the state after a call or a check that could not reach the app."""
        if self.state in ("down", "different") and not self.is_checked:
            return self  # other calls that were lost at the same time
        failures = self.failures + 1 if self.state in ("down", "different") else 1
        return Health("down", failures, now + _pause(failures, LONGEST_PAUSE))

    def differs(self, now: float) -> Health:
        """Return the state after a check that has found an app with other endpoints."""
        failures = self.failures + 1
        return Health("different", failures, now + _pause(failures, LONGEST_PAUSE))

    def check_begins(self) -> Health:
        """Return the state while a check runs."""
        return self._replace(is_checked=True)

    # -- questions --------------------------------------------------------------------

    def accepts(self, now: float) -> bool:
        """Return whether the replica gets calls."""
        return self.state == "up" or (self.state == "full" and now >= self.until)

    def needs_check(self, now: float) -> bool:
        """Return whether a check is due."""
        out = self.state in ("down", "different")
        return out and not self.is_checked and now >= self.until


class Room(NamedTuple):
    """The number of calls of this pool that a replica with a limited queue accepts at once.

    Without this limit, a replica with a full queue would often be the one with the least load, and
    would refuse one call for each that it accepts.

    Attributes:
        limit: The most calls at once; ``None`` as long as it has refused none.
        successes: The calls that succeeded since the limit was set.
        needed: How many calls have to succeed before the limit grows by one.
    """

    limit: int | None = None
    successes: int = 0
    needed: int = SUCCESSES

    def refused(self, in_flight: int) -> Room:
        """Return the state after a refused call.

        Args:
            in_flight: The other calls of this pool at the replica.
        """
        taken = max(in_flight, 1)
        if self.limit is None:
            return Room(taken)
        again = taken >= self.limit - 1  # The limit was right, so it is raised less often.
        needed = min(self.needed * 2, MOST_SUCCESSES) if again else SUCCESSES
        return Room(min(taken, self.limit), 0, needed)

    def succeeded(self) -> Room:
        """Return the state after a call that has succeeded."""
        if self.limit is None:
            return self
        if self.successes + 1 < self.needed:
            return self._replace(successes=self.successes + 1)
        return self._replace(limit=self.limit + 1, successes=0)

    def has_place(self, in_flight: int) -> bool:
        """Return whether the replica accepts one more call, as far as the pool knows."""
        return self.limit is None or in_flight < self.limit
