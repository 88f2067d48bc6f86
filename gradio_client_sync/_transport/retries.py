"""Which failed requests may be sent again, and the pauses before that.

The functions here allow a retry only for requests that had no effect: those that the server did not
accept, and those that only read. A failed job may have run, so `_calls.runner` decides about jobs.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from ..errors import ConnectFailedError, GradioClientError, HTTPStatusError, UploadError

if TYPE_CHECKING:
    from .deadlines import Deadline

#: Statuses by which gateways say that they did not pass a request on. A 504 is not one of them,
#: because the server had received the request. For a 429, see `_protocol.retry`.
RETRYABLE_STATUSES = frozenset((502, 503))

FIRST_WAIT = 0.25  # s; each further wait is twice as long
LONGEST_WAIT = 8.0  # s
LONGEST_ASKED = 60.0  # s; a server that requests more (Retry-After) gets no retry


class Retries:
    """The remaining retries of one request or job, and the pauses between them.

    Args:
        count: The most retries after the first attempt.
    """

    def __init__(self, count: int) -> None:
        self._left = count
        self._wait = FIRST_WAIT

    def pause(self, error: GradioClientError, deadline: Deadline) -> float | None:
        """Return the seconds to wait before the next attempt; ``None`` if there must be none.

        Up to half of each wait is removed at random, so that many clients do not return at once.
        """
        if not self._left:
            return None
        self._left -= 1
        wait = self._wait * (1 - random.random() / 2)
        self._wait = min(2 * self._wait, LONGEST_WAIT)
        requested = error.retry_after if isinstance(error, HTTPStatusError) else None
        if requested is not None:
            if requested > LONGEST_ASKED:
                return None
            wait = max(wait, requested)
        return wait if wait < deadline.left else None


def is_safe_to_retry(error: GradioClientError) -> bool:
    """Return whether a request had no effect, and may succeed when it is sent again."""
    if isinstance(error, ConnectFailedError):
        return error._passing and not error.sent
    if isinstance(error, UploadError):
        return error._passing  # the server drops an incomplete upload
    return isinstance(error, HTTPStatusError) and error.status_code in RETRYABLE_STATUSES


def can_retry(error: GradioClientError) -> bool:
    """Return whether a request that only reads may succeed when it is sent again."""
    return is_safe_to_retry(error) or (isinstance(error, ConnectFailedError) and error._passing)
