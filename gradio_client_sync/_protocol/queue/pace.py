"""How long the reader of a stream lets values gather before it reads on.

To be woken costs a thread far more than to read what is there. Where values come faster than
anybody could look at them, a reader that takes several at a time leaves most of the machine to
those who use them, and to the app, if it runs on the same one.
"""

from __future__ import annotations

from collections.abc import Sequence

#: Seconds that a value may be late: one picture of a screen.
GATHER = 0.016
#: Of the time for which values have come, what one may be late at most: who waits for the end of
#: few does not wait longer than anybody would notice.
SHARE = 0.04

_VALUE = "process_generating"
_SURE = 64  # values, after which the flow is one
_FEW = 2  # values that are worth the wait
_SPACING = 0.004  # s between two values, above which they are looked at one by one
_AT_HAND = 0.0001  # s; what came sooner than that had been there already
_LARGE = 32_768  # bytes that came together; then there may be more, which must not wait


class Pace:
    """The flow of one stream.

    Anything but intermediate values ends it, so short calls are not held up. What comes while
    values gather, the end of their job or a message of another, waits with them.

    Args:
        now: When the stream began, in seconds on a clock of the caller's.
    """

    __slots__ = ("_began", "_flows", "_last", "_since", "_values")

    def __init__(self, now: float) -> None:
        self._flows = False
        self._values = 0  # that came since then:
        self._since = self._last = now
        self._began = now  # nothing but values, and fast, since then

    def after(self, kinds: Sequence[str], size: int, now: float) -> float:
        """Take note of messages that came together.

        Args:
            kinds: What they were.
            size: How many bytes they have together.
            now: The time.

        Returns:
            For how many seconds not to read on; mostly 0.
        """
        at_hand = now - self._last < _AT_HAND or size >= _LARGE
        self._last = now
        if kinds.count(_VALUE) < len(kinds):
            self._flows, self._values, self._since, self._began = False, 0, now, now
            return 0.0
        self._values += len(kinds)
        if at_hand or self._values < (_FEW if self._flows else _SURE):
            return 0.0
        self._flows = now - self._since <= self._values * _SPACING
        self._values, self._since = 0, now
        if not self._flows:
            self._began = now
        return min(GATHER, (now - self._began) * SHARE)
