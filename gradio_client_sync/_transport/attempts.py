"""Retries of one request, as its `RetryPolicy` allows them.

There are two reasons for a retry, and each has its own limit. A server that responds with 429 has
not processed the request, and may say when to send it again. Other failures that may be temporary
lead to a number of retries, if the request had no effect.
"""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Callable, NamedTuple, TypeVar

from .._protocol.retry import RateLimitWaits, retry_after
from ..errors import GradioClientError
from .deadlines import NEVER, Deadline
from .failures import Answer, refusal
from .retries import RETRYABLE_STATUSES, Retries, is_safe_to_retry

if TYPE_CHECKING:
    from .connections import RequestHandle

log = logging.getLogger(__name__)

_R = TypeVar("_R")
_T = TypeVar("_T")


class RetryPolicy(NamedTuple):
    """The rules by which one request may be sent again.

    Attributes:
        retries: The most retries after failures that `can_retry` accepts.
        can_retry: A function that returns whether the request may be sent again after a failure.
        rate_limit_patience: Seconds for which the request is sent again while the server responds
            with 429, from the first such response on.
        deadline: No retry starts after it.
    """

    retries: int = 0
    can_retry: Callable[[GradioClientError], bool] = is_safe_to_retry
    rate_limit_patience: float = 0.0
    deadline: Deadline = NEVER

    def until(self, deadline: Deadline) -> RetryPolicy:
        """Return this policy with another deadline."""
        if deadline is self.deadline:
            return self
        return RetryPolicy(self.retries, self.can_retry, self.rate_limit_patience, deadline)

    def with_patience(self, seconds: float) -> RetryPolicy:
        """Return this policy with another `rate_limit_patience`."""
        return RetryPolicy(self.retries, self.can_retry, seconds, self.deadline)

    def after_429_only(self) -> RetryPolicy:
        """Return this policy for a request that may have an effect: retries after a 429 only."""
        return RetryPolicy(0, is_safe_to_retry, self.rate_limit_patience, self.deadline)


#: No retries: the caller gets every failure, also a 429.
SEND_ONCE = RetryPolicy()


class Attempts:
    """The attempts of one request. Its redirects share `RetryPolicy.rate_limit_patience`.

    Args:
        policy: When the request may be sent again.
        pause: A function that waits for a number of seconds. It raises `Aborted` when another
            thread ends the request.
        call: The request's handle.
    """

    def __init__(
        self,
        policy: RetryPolicy,
        pause: Callable[[RequestHandle, float], None],
        call: RequestHandle,
    ) -> None:
        self._policy = policy
        self._pause = pause
        self._call = call
        self._rate_limit: RateLimitWaits | None = None

    def send(self, send_once: Callable[[_R, RequestHandle], _T], request: _R) -> _T:
        """Send a request until it succeeds or no retry is allowed.

        Args:
            send_once: A function that sends the request once. If it returns an `Answer`, the
                status decides about a retry; any other result is a success.
            request: The request, which is passed to `send_once` with the handle.

        Returns:
            The last result of `send_once`, which may be a response with an error status.

        Raises:
            GradioClientError: The last failure.
            Aborted: Another thread ended the request.
        """
        policy = self._policy
        retries: Retries | None = None
        while True:
            result: _T | None = None
            try:
                result = send_once(request, self._call)
                if not isinstance(result, Answer):
                    return result
                if result.status == 429:
                    pause = self._pause_after_429(result)
                    if pause is None:
                        return result
                    self._pause(self._call, pause)
                    continue
                if result.status not in RETRYABLE_STATUSES:
                    return result
                error: GradioClientError = refusal(result)
            except GradioClientError as exc:
                error = exc
            retries = retries or Retries(policy.retries)
            wait = retries.pause(error, policy.deadline) if policy.can_retry(error) else None
            if wait is None:
                if result is not None:
                    return result
                raise error
            log.debug("sending again in %.2f s: %s", wait, error)
            self._pause(self._call, wait)

    def _pause_after_429(self, answer: Answer) -> float | None:
        """Return the seconds to wait after a 429; ``None`` if there must be no more attempt."""
        policy = self._policy
        if self._rate_limit is None:
            self._rate_limit = RateLimitWaits(policy.deadline.end, policy.rate_limit_patience)
        return self._rate_limit.pause(retry_after(answer.headers), time.monotonic())
