"""Which failed items go again."""

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
from gradio_client_sync._many.again import may_repeat, refusal_of, was_not_taken
from gradio_client_sync._many.pauses import Refusal

pytestmark = pytest.mark.once

REFUSED = ConnectFailedError("refused")
REFUSED._passing = True
SENT = ConnectFailedError("no response", sent=True)
SENT._passing = True


@pytest.mark.parametrize(
    ("error", "taken", "repeats"),
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
def test_errors_tell_whether_an_item_was_taken(
    error: BaseException, taken: bool, repeats: bool
) -> None:
    """What was not taken goes again; what may have run is repeated only if that is harmless."""
    assert was_not_taken(error, direct=False) is not taken
    assert may_repeat(error) is repeats


def test_bad_gateway_may_come_while_a_direct_function_runs() -> None:
    """A function without a queue runs during the request."""
    error = HTTPStatusError("502", status_code=502)
    assert was_not_taken(error, direct=False)
    assert not was_not_taken(error, direct=True)


def test_refusal_has_what_a_pause_needs() -> None:
    """A full queue, a missing server, and the seconds that a server asks for."""
    assert refusal_of(QueueFullError("full")) == Refusal(True, False, None)
    assert refusal_of(REFUSED) == Refusal(False, True, None)
    assert refusal_of(RateLimitError("429", retry_after=3.0)) == Refusal(False, False, 3.0)
