"""How long the reader of a stream lets values accumulate before it reads on.

Waking a thread costs far more than reading the bytes that have arrived. If values arrive faster
than a person can see them, the reader takes several at a time. This leaves most of the processor to
the code that uses the values, and to the app if it runs on the same machine.
"""

from __future__ import annotations

from collections.abc import Sequence

#: The longest delay of a value in seconds: the time of one frame on a screen.
GATHER = 0.016
#: The longest delay as a fraction of the time for which values have arrived, so that a caller who
#: waits for the end of a short series notices no delay.
SHARE = 0.04

_VALUE = "process_generating"
_SURE = 64  # values after which the series counts as a fast flow
_FEW = 2  # values after which the next wait begins within such a flow
_SPACING = 0.004  # s between two values; with more than this, each value is read at once
_AT_HAND = 0.0001  # s since the last read; messages that came sooner had already arrived
_LARGE = 32_768  # bytes that arrived together; then more may be waiting, so there is no delay


class Pace:
    """The flow of values on one stream.

    Only intermediate values are delayed. Every other message ends the flow, so short calls have no
    delay. If the end of the job, or a message of another job, arrives during a delay, it is delayed
    too.

    Args:
        now: When the stream began, in seconds on the caller's clock.
    """

    __slots__ = ("_began", "_flows", "_last", "_since", "_values")

    def __init__(self, now: float) -> None:
        self._flows = False
        self._values = 0  # values since the time `_since`
        self._since = self._last = now
        self._began = now  # since this time, only values have arrived, and all of them fast

    def after(self, kinds: Sequence[str], size: int, now: float) -> float:
        """Record messages that arrived together.

        Args:
            kinds: The kinds of the messages.
            size: Their size in bytes, together.
            now: The present time.

        Returns:
            The seconds to wait before the next read, usually 0.
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
