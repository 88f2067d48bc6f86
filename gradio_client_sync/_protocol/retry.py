"""When to repeat a request after a rate limit, or while a server is not ready yet.

A server that responds with 429 has not processed the request, so the request may be sent again.
The server may say when. The caller sets a limit for the whole wait.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping

#: The Hub's own header says how many requests are left (r), and in how many seconds (t) new ones
#: become available. Every response has it, so only r=0 can be the reason for a 429.
_RATE_LIMIT = re.compile(r";\s*r\s*=\s*0\s*;\s*t\s*=\s*(\d+)")

#: How many times a request is repeated if the server does not say when. They take about 7 s.
MAX_UNTIMED = 5


def backoff(first: float = 0.5, longest: float = 10.0) -> Iterator[float]:
    """Yield the seconds to wait before each further attempt; each wait is longer than the last."""
    while True:
        yield min(first, longest)
        first *= 1.5


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return how many seconds a server asks the client to wait; ``None`` if it does not say."""
    text = headers.get("retry-after")
    try:
        if text is not None:
            return max(0.0, float(text))
    except ValueError:
        return None  # an HTTP date: not worth parsing, since the value is only a hint
    limit = _RATE_LIMIT.search(headers.get("ratelimit", ""))
    return float(limit[1]) if limit else None


class RateLimitWaits:
    """The waits before the repetitions of one request.

    Args:
        deadline: When to stop, by the clock that `pause` gets.
        patience: Stop this many seconds after the first `pause`, if that is before `deadline`.
    """

    def __init__(self, deadline: float, patience: float = math.inf) -> None:
        self._deadline = deadline
        self._patience = patience
        self._delays = backoff()
        self._untimed = 0

    def pause(self, requested: float | None, now: float) -> float | None:
        """Return the seconds to wait before the next attempt; ``None`` to stop.

        Args:
            requested: The seconds that the server asks for, if it says how many.
            now: The present time.
        """
        self._deadline = min(self._deadline, now + self._patience)  # later calls change nothing
        if requested is None:
            self._untimed += 1
            if self._untimed > MAX_UNTIMED:
                return None
        pause = max(requested or 0.0, next(self._delays))
        return pause if now + pause <= self._deadline else None
