"""Waits before a retry: a growing backoff, or the time that the server names."""

from __future__ import annotations

import itertools

import pytest

from gradio_client_sync._protocol.retry import MAX_UNTIMED, RateLimitWaits, backoff, retry_after


def test_retry_backoff_grows_to_a_bound() -> None:
    """The first wait is short, and later ones grow up to a limit."""
    delays = list(itertools.islice(backoff(), 12))
    assert delays == sorted(delays)
    assert delays[0] == 0.5
    assert delays[-1] == 10.0
    assert sum(delays[:8]) < 30


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after": "-3"}, 0.0),
        ({"retry-after": "Wed, 21 Oct 2026 07:28:00 GMT"}, None),
        ({"ratelimit": '"api";r=0;t=55'}, 55.0),
        ({"ratelimit": '"api"; r = 0 ; t = 9'}, 9.0),
        ({"ratelimit": '"api";r=12;t=55'}, None),
        ({"retry-after": "3", "ratelimit": '"api";r=0;t=55'}, 3.0),
        ({}, None),
    ],
)
def test_retry_rate_limits_are_read_in_both_forms(
    headers: dict[str, str], seconds: float | None
) -> None:
    """The wait is read from Retry-After, and from the Hub's own header."""
    assert retry_after(headers) == seconds


def test_retry_a_server_that_says_when_is_asked_until_the_deadline() -> None:
    """A server that names a wait is requested again until the deadline."""
    retries, now = RateLimitWaits(30.0), 0.0
    for _ in range(4):
        pause = retries.pause(7.0, now)
        assert pause == 7.0
        now += pause
    assert retries.pause(7.0, now) is None


def test_retry_a_server_that_wants_more_than_there_is_time_is_not_asked() -> None:
    """If the wait is longer than the time left, there is no retry."""
    assert RateLimitWaits(30.0).pause(31.0, 0.0) is None
    assert RateLimitWaits(0.0).pause(None, 0.0) is None


def test_retry_time_counts_from_the_first_refusal() -> None:
    """The patience is one limit for all refusals of a request, and ends at the deadline."""
    retries = RateLimitWaits(1000.0, patience=30.0)
    assert retries.pause(20.0, 100.0) == 20.0
    assert retries.pause(11.0, 120.0) is None
    assert retries.pause(10.0, 120.0) == 10.0
    assert RateLimitWaits(110.0, patience=30.0).pause(11.0, 100.0) is None


def test_retry_a_server_that_says_nothing_is_asked_a_few_times() -> None:
    """Without a named wait there are only a few retries, because the limit may never end."""
    retries = RateLimitWaits(1000.0)
    pauses = [retries.pause(None, 0.0) for _ in range(MAX_UNTIMED + 1)]
    assert pauses == [*itertools.islice(backoff(), MAX_UNTIMED), None]


def test_retry_after_zero_still_waits_for_the_backoff() -> None:
    """A named wait of zero is replaced by the backoff."""
    retries = RateLimitWaits(1000.0)
    assert [retries.pause(0.0, 0.0) for _ in range(3)] == [*itertools.islice(backoff(), 3)]
