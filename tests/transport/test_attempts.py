"""`Attempts`: how often a request is sent, and how long the pauses are."""

from __future__ import annotations

from typing import Any, Callable

import pytest

from gradio_client_sync._transport.attempts import SEND_ONCE, Attempts, RetryPolicy
from gradio_client_sync._transport.base import Aborted
from gradio_client_sync._transport.connections import RequestHandle
from gradio_client_sync._transport.deadlines import Deadline
from gradio_client_sync._transport.failures import Answer
from gradio_client_sync._transport.retries import can_retry
from gradio_client_sync.errors import ConnectFailedError, GradioClientError

REFUSED = ConnectFailedError("refused", url="http://app", _passing=True)
LOST = ConnectFailedError("broke off", url="http://app", sent=True, _passing=True)
FINAL = ConnectFailedError("no such host", url="http://app")


def answer(status: int, **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, "text/plain", b"", "http://app", named)


def script(*results: Any) -> tuple[Callable[[None, RequestHandle], Any], list[Any]]:
    """Return a request with these results, and the list of the results that are left."""
    left = list(results)

    def send(request: None, call: RequestHandle) -> Any:
        result = left.pop(0)
        if isinstance(result, Exception):
            raise result
        return result

    return send, left


CALL = RequestHandle()


def never(call: RequestHandle, pause: float) -> None:
    pytest.fail("the request was sent again")


def recorded(policy: RetryPolicy, pauses: list[float]) -> Attempts:
    """Return attempts that record their pauses instead of waiting."""
    return Attempts(policy, lambda call, pause: pauses.append(pause), CALL)


LIMITED = answer(429, retry_after="2")


@pytest.mark.parametrize("result", [answer(200), answer(404), LIMITED, answer(503), "a stream"])
def test_attempts_send_once_gives_the_first_result(result: Any) -> None:
    """Without a policy, the first result is returned, whatever it is."""
    send, left = script(result, "another")
    assert Attempts(SEND_ONCE, never, CALL).send(send, None) is result
    assert left == ["another"]


@pytest.mark.parametrize("error", [REFUSED, LOST, FINAL])
def test_attempts_send_once_raises_the_first_failure(error: GradioClientError) -> None:
    """Without a policy, the first failure is raised unchanged."""
    with pytest.raises(ConnectFailedError) as caught:
        Attempts(SEND_ONCE, never, CALL).send(script(error)[0], None)
    assert caught.value is error


def test_attempts_repeat_temporary_failures() -> None:
    """A request without effect is repeated as often as the policy allows, with growing pauses."""
    pauses: list[float] = []
    send, left = script(REFUSED, answer(502), LOST, "stream")
    policy = RetryPolicy(retries=3, can_retry=can_retry)
    assert recorded(policy, pauses).send(send, None) == "stream"
    assert len(pauses) == 3
    assert not left


def test_attempts_end_with_the_last_failure() -> None:
    """If no retry is left, the response or the error of the last attempt is the result."""
    policy = RetryPolicy(retries=1, can_retry=can_retry)
    assert recorded(policy, []).send(script(LOST, answer(503))[0], None).status == 503
    with pytest.raises(ConnectFailedError) as caught:
        recorded(policy, []).send(script(answer(503), LOST)[0], None)
    assert caught.value is LOST


@pytest.mark.parametrize("error", [LOST, FINAL])
def test_attempts_do_not_repeat_accepted_requests(error: GradioClientError) -> None:
    """By default a request that the server may have accepted is not sent again."""
    with pytest.raises(ConnectFailedError) as caught:
        Attempts(RetryPolicy(retries=9), never, CALL).send(script(error)[0], None)
    assert caught.value is error


def test_attempts_after_429_wait_as_long_as_the_server_requests() -> None:
    """After a 429 the wait is as long as the server requests, up to the rate limit patience."""
    pauses: list[float] = []
    policy = RetryPolicy(rate_limit_patience=60.0)
    send, _ = script(LIMITED, LIMITED, answer(200))
    assert recorded(policy, pauses).send(send, None).status == 200
    assert pauses == [2.0, 2.0]
    patient = Attempts(policy.with_patience(1.0), never, CALL)
    assert patient.send(script(LIMITED)[0], None) is LIMITED


def test_attempts_end_before_the_deadline() -> None:
    """No pause extends beyond the deadline."""
    policy = RetryPolicy(3, can_retry, 60.0).until(Deadline.after(0.01))
    assert Attempts(policy, never, CALL).send(script(LIMITED)[0], None) is LIMITED
    with pytest.raises(ConnectFailedError):
        Attempts(policy, never, CALL).send(script(LOST)[0], None)


def test_attempts_share_one_patience() -> None:
    """A request and its redirects share one rate limit patience, and the pauses still grow."""
    pauses: list[float] = []
    attempts = Attempts(
        RetryPolicy(rate_limit_patience=60.0), lambda call, pause: pauses.append(pause), CALL
    )
    at_once = answer(429, retry_after="0")
    assert attempts.send(script(at_once, answer(302))[0], None).status == 302
    assert attempts.send(script(at_once, answer(200))[0], None).status == 200
    assert pauses == [0.5, 0.75]


def test_attempts_end_with_an_abort() -> None:
    """An abort during a pause ends the request."""

    def abort(call: RequestHandle, pause: float) -> None:
        raise Aborted

    with pytest.raises(Aborted):
        Attempts(RetryPolicy(1, can_retry), abort, CALL).send(script(LOST)[0], None)


def test_policy_for_requests_with_an_effect() -> None:
    """A policy for requests with an effect retries only after 429, with the same deadline."""
    policy = RetryPolicy(3, can_retry, 60.0).until(Deadline.after(5.0))
    assert policy.after_429_only().deadline is policy.deadline
    with pytest.raises(ConnectFailedError):
        Attempts(policy.after_429_only(), never, CALL).send(script(LOST)[0], None)
    assert policy.until(policy.deadline) is policy
