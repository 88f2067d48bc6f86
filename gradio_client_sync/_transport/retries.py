"""When a request may be sent again, and after how long.

Sent again is only what cannot have had an effect: what no server took, and what only asks. What
a job may have started is another matter; see `_runner`.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from ..errors import ConnectFailedError, GradioClientError, HTTPStatusError, UploadError

if TYPE_CHECKING:
    from .deadlines import Deadline

#: What gateways answer that did not pass a request on. Not 504: the server had it. A limiter's
#: 429 has a patience of its own; see `_protocol.retry`.
RETRYABLE_STATUSES = frozenset((502, 503))

FIRST_WAIT = 0.25  # s; twice that the next time
LONGEST_WAIT = 8.0  # s
LONGEST_ASKED = 60.0  # s; who asks for more (Retry-After) is not waited for: the error tells


class Retries:
    """The tries that are left of one request or job, and the pauses between them.

    Args:
        count: How many there may be after the first.
    """

    def __init__(self, count: int) -> None:
        self._left = count
        self._wait = FIRST_WAIT

    def pause(self, error: GradioClientError, deadline: Deadline) -> float | None:
        """Seconds to wait before the next try; ``None`` if there is to be none.

        Half of each wait is left to chance, so that many clients do not come back at once.
        """
        if not self._left:
            return None
        self._left -= 1
        wait = self._wait * (1 - random.random() / 2)
        self._wait = min(2 * self._wait, LONGEST_WAIT)
        asked = error.retry_after if isinstance(error, HTTPStatusError) else None
        if asked is not None:
            if asked > LONGEST_ASKED:
                return None
            wait = max(wait, asked)
        return wait if wait < deadline.left else None


def is_safe_to_retry(error: GradioClientError) -> bool:
    """Whether a request cannot have had an effect, and may fare better the next time."""
    if isinstance(error, ConnectFailedError):
        return error._passing and not error.sent
    if isinstance(error, UploadError):
        return error._passing  # half an upload is none
    return isinstance(error, HTTPStatusError) and error.status_code in RETRYABLE_STATUSES


def can_retry(error: GradioClientError) -> bool:
    """The same of a request that only asks, and so never has one."""
    return is_safe_to_retry(error) or (isinstance(error, ConnectFailedError) and error._passing)
