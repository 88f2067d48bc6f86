"""Which failed items are called again."""

from __future__ import annotations

import pytest

from gradio_client_sync import (
    AppChangedError,
    AppError,
    BrokenStreamError,
    ConnectFailedError,
    HTTPStatusError,
    QueueFullError,
    RateLimitError,
)
from gradio_client_sync._many.pauses import Refusal
from gradio_client_sync._many.repeats import may_repeat, refusal_of, was_refused

pytestmark = pytest.mark.once

REFUSED = ConnectFailedError("refused")
REFUSED._passing = True
SENT = ConnectFailedError("no response", sent=True)
SENT._passing = True


@pytest.mark.parametrize(
    ("error", "accepted", "repeats"),
    [
        (QueueFullError("full"), False, False),
        (RateLimitError("429", status_code=429), False, False),
        (HTTPStatusError("503", status_code=503), False, True),
        (HTTPStatusError("500", status_code=500), True, False),
        (REFUSED, False, True),
        (SENT, True, True),
        (ConnectFailedError("unknown host"), True, False),
        (BrokenStreamError("lost", accepted=False), False, True),
        (BrokenStreamError("lost", accepted=True), True, True),
        (BrokenStreamError("lost"), True, True),
        (AppChangedError("changed", accepted=False), True, False),
        (AppError("boom"), True, False),
        (ValueError("a bug"), True, False),
    ],
    ids=str,
)
def test_errors_show_whether_an_item_was_accepted(
    error: BaseException, accepted: bool, repeats: bool
) -> None:
    """Refused items are always called again, those that may have run only if the user agrees."""
    assert was_refused(error, direct=False) is not accepted
    assert may_repeat(error) is repeats


def test_bad_gateway_may_come_while_a_direct_function_runs() -> None:
    """A function without a queue runs during the request."""
    error = HTTPStatusError("502", status_code=502)
    assert was_refused(error, direct=False)
    assert not was_refused(error, direct=True)


def test_refusal_has_what_a_pause_needs() -> None:
    """A full queue, a missing server, and the seconds that a server asks for."""
    assert refusal_of(QueueFullError("full")) == Refusal(True, False, None)
    assert refusal_of(REFUSED) == Refusal(False, True, None)
    assert refusal_of(RateLimitError("429", retry_after=3.0)) == Refusal(False, False, 3.0)
