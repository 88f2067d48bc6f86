"""When to ask a server again that was asked too often, or is not ready yet.

A server that answers 429 has done nothing else with the request, so it may be sent again, and the
server may say when. Whoever waits has a limit of their own.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping

#: The Hub's own header says how many requests are left (r), and in how many seconds (t) there are
#: new ones. It comes with every answer, so only a rest of none is the reason for a 429.
_RATE_LIMIT = re.compile(r";\s*r\s*=\s*0\s*;\s*t\s*=\s*(\d+)")

#: How often a server is asked again that does not say when it wants to be: for some 7 s.
UNTOLD = 5


def backoff(first: float = 0.5, longest: float = 10.0) -> Iterator[float]:
    """Seconds to wait before each further try: soon at first, then ever less often."""
    while True:
        yield min(first, longest)
        first *= 1.5


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds that a server which is asked too often wants to be left alone for."""
    text = headers.get("retry-after")
    try:
        if text is not None:
            return max(0.0, float(text))
    except ValueError:
        return None  # an HTTP date; the wait is only a hint
    limit = _RATE_LIMIT.search(headers.get("ratelimit", ""))
    return float(limit[1]) if limit else None


class RateLimitWaits:
    """One request's further tries.

    Args:
        deadline: When to give up, by the clock of `pause`.
        patience: Seconds after the first `pause` in which to give up, if that is sooner.
    """

    def __init__(self, deadline: float, patience: float = math.inf) -> None:
        self._deadline = deadline
        self._patience = patience
        self._delays = backoff()
        self._untold = 0

    def pause(self, told: float | None, now: float) -> float | None:
        """Seconds to wait for the next try; ``None`` to give up.

        Args:
            told: What the server said.
        """
        self._deadline = min(self._deadline, now + self._patience)  # later calls change nothing
        if told is None:
            self._untold += 1
            if self._untold > UNTOLD:
                return None
        pause = max(told or 0.0, next(self._delays))
        return pause if now + pause <= self._deadline else None
