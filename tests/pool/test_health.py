"""The state of a replica, with times that the tests choose."""

from __future__ import annotations

import pytest

from gradio_client_sync import (
    AppError,
    AuthenticationError,
    BrokenStreamError,
    ConfigError,
    ConnectFailedError,
    HTTPStatusError,
    JobTimeoutError,
    PayloadError,
    QueueFullError,
    RateLimitError,
)
from gradio_client_sync._pool.health import (
    FIRST_PAUSE,
    LONGEST_FULL,
    LONGEST_PAUSE,
    SUCCESSES,
    Health,
    Room,
    effect_of,
)


@pytest.mark.parametrize(
    ("error", "effect"),
    [
        (None, "works"),
        (AppError("x"), "works"),
        (QueueFullError("x"), "full"),
        (RateLimitError("x", status_code=429), "full"),
        (ConnectFailedError("x"), "lost"),
        (BrokenStreamError("x"), "lost"),
        (AuthenticationError("x", status_code=401), "lost"),
        (HTTPStatusError("x", status_code=502), "lost"),
        (HTTPStatusError("x", status_code=413), None),
        (ConfigError("x"), "lost"),
        (PayloadError("x"), None),
        (JobTimeoutError("x"), None),
        (KeyboardInterrupt(), None),
    ],
)
def test_health_effect_of_errors(error: BaseException | None, effect: str | None) -> None:
    """An error of the app shows that it runs; one of the network that it may not."""
    assert effect_of(error) == effect


def test_health_pauses_grow_until_a_check_succeeds() -> None:
    """A lost replica is checked after pauses that double, up to a limit; then it gets calls."""
    health, now, pauses = Health().is_lost(100.0), 100.0, []
    for _ in range(9):
        assert health.state == "down" and not health.accepts(now)
        pauses.append(health.until - now)
        assert not health.needs_check(health.until - 0.01)
        now = health.until
        assert health.needs_check(now)
        health = health.check_begins()
        assert not health.needs_check(now)
        health = health.is_lost(now)
    assert pauses == [0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0, 30.0]
    assert LONGEST_PAUSE == 30.0
    assert health.check_begins().works() == Health()


def test_health_losses_at_once_count_once() -> None:
    """Many calls that one end of a server has lost do not lengthen the pause."""
    health = Health().is_lost(1.0)
    for _ in range(20):
        health = health.is_lost(1.1)
    assert health == Health("down", 1, 1.0 + FIRST_PAUSE)
    assert health.refuses(1.1) == health


def test_health_full_replica_gets_a_call_after_the_pause() -> None:
    """A replica that refuses gets no calls for a while, and at once again after a success."""
    health = Health().refuses(10.0)
    assert health.state == "full" and not health.accepts(10.4) and health.accepts(10.5)
    assert not health.needs_check(99.0)
    assert health.refuses(10.1) == health  # refused in the same moment
    again = health
    for _ in range(6):
        again = again.refuses(again.until)
    assert again.until - again.refuses(again.until).until == -LONGEST_FULL
    assert again.works() == Health()
    assert Health().refuses(0.0, retry_after=7.0).until == 7.0


def test_health_different_replica_needs_a_check() -> None:
    """A call that succeeds does not bring a replica with other endpoints back; a check does."""
    health = Health().is_lost(0.0).check_begins().differs(1.0)
    assert health.state == "different" and not health.accepts(99.0) and health.needs_check(99.0)
    assert health.works() == health
    assert health.check_begins().is_lost(5.0).state == "down"
    assert health.check_begins().works() == Health()


def test_room_grows_slowly_after_a_refusal() -> None:
    """A limit is found by a refusal, and raised by one after enough successes."""
    room = Room()
    assert room.succeeded() == room and room.has_place(1000)
    room = room.refused(3)
    assert room.has_place(2) and not room.has_place(3)
    for _ in range(SUCCESSES):
        room = room.succeeded()
    assert room.limit == 4


def test_room_tries_less_often_if_the_limit_was_right() -> None:
    """Each refusal near the limit doubles the successes that are needed; a fall resets them."""
    room, needed = Room().refused(2), []
    for _ in range(9):
        needed.append(room.needed)
        for _ in range(room.needed):
            room = room.succeeded()
        assert room.limit == 3
        room = room.refused(2)
    assert needed == [8, 16, 32, 64, 128, 256, 512, 512, 512]
    assert Room(40, 0, 64).refused(5) == Room(5, 0, SUCCESSES)
    assert Room().refused(0).limit == 1
