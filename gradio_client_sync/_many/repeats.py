"""Which items of a map are called again after an error.

An item that the app refused is always called again. An item that may have run is called again only
if the user has said that this does no harm.
"""

from __future__ import annotations

from .._transport.retries import can_retry, is_safe_to_retry
from ..errors import (
    AppChangedError,
    BrokenStreamError,
    GradioClientError,
    HTTPStatusError,
    QueueFullError,
    RateLimitError,
)
from .pauses import Refusal


def was_refused(error: BaseException, *, direct: bool) -> bool:
    """Return whether the app refused a call: its function did not run, and may run later.

    Args:
        error: What the call raised.
        direct: Whether the function skips the queue. Then it runs during the request, and a
            gateway may send a 502 while it runs.
    """
    if isinstance(error, (QueueFullError, RateLimitError)):
        return True
    if isinstance(error, AppChangedError):
        return False
    if isinstance(error, BrokenStreamError):
        return error.accepted is False
    if direct and isinstance(error, HTTPStatusError) and error.status_code == 502:
        return False
    return isinstance(error, GradioClientError) and is_safe_to_retry(error)


def refusal_of(error: GradioClientError) -> Refusal:
    """Return why an item was refused.

    Args:
        error: What the call raised.
    """
    return Refusal(
        full=isinstance(error, QueueFullError),
        absent=not isinstance(error, (QueueFullError, HTTPStatusError)),
        retry_after=getattr(error, "retry_after", None),
    )


def may_repeat(error: BaseException) -> bool:
    """Return whether a call that may have run is worth another attempt."""
    if isinstance(error, AppChangedError):
        return False
    if isinstance(error, BrokenStreamError):
        return True
    return isinstance(error, GradioClientError) and can_retry(error)
