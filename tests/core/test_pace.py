"""`Pace`: when the reader of a stream waits to read several values together."""

from __future__ import annotations

import pytest

from gradio_client_sync._protocol.queue.pace import GATHER, SHARE, Pace

VALUE = "process_generating"
SHORT = 100  # bytes


class Stream:
    """A stream whose messages arrive as the test says, and a reader that uses `Pace`."""

    def __init__(self) -> None:
        self.now = 1_000.0
        self.pace = Pace(self.now)

    def bring(self, *kinds: str, after: float, size: int = SHORT) -> float:
        self.now += after
        return self.pace.after(kinds, size * len(kinds), self.now)

    def flow(self, spacing: float, count: int = 200) -> list[float]:
        """Send values one by one, and return the pauses after them."""
        return [self.bring(VALUE, after=spacing) for _ in range(count)]

    @classmethod
    def flowing(cls) -> Stream:
        """Return a stream whose values have arrived for so long that the pause is the longest."""
        stream = cls()
        while stream.bring(VALUE, VALUE, VALUE, VALUE, after=0.004) < GATHER:
            continue
        return stream


@pytest.mark.parametrize("spacing", [0.0005, 0.001, 0.0026])
def test_pace_lets_values_gather_once_they_are_a_fast_flow(spacing: float) -> None:
    """The first values are read at once; in a fast flow, pauses grow to a maximum."""
    stream = Stream()
    assert not any(stream.flow(spacing, 63))
    pause = stream.bring(VALUE, after=spacing)
    assert pause == pytest.approx(64 * spacing * SHARE)
    for _ in range(400):
        together = int(pause / spacing) + 1
        pause = stream.bring(*[VALUE] * together, after=together * spacing) or pause
    assert pause == GATHER


def test_pace_makes_a_value_late_by_a_share_of_the_flow_so_far() -> None:
    """The pause is a share of the time so far, so a short job is not delayed noticeably."""
    stream, began, now = Stream(), 1_000.0, 0.0
    for _ in range(2_000):
        pause = stream.bring(VALUE, VALUE, after=0.001)
        now = stream.now - began
        assert pause <= now * SHARE + 1e-9
    assert now > GATHER / SHARE


@pytest.mark.parametrize("spacing", [0.0041, 0.02, 0.1])
def test_pace_leaves_a_slow_flow_alone(spacing: float) -> None:
    """A slow flow, such as tokens that people read, has no pauses."""
    assert not any(Stream().flow(spacing))


def test_pace_takes_up_speed_as_soon_as_the_flow_slows() -> None:
    """If only one value arrived during a pause, the flow has ended, and the pauses end."""
    stream = Stream.flowing()
    assert stream.bring(VALUE, after=GATHER) == 0
    assert stream.bring(VALUE, after=0.05) == 0
    assert not any(stream.flow(0.001, 63))


@pytest.mark.parametrize("kind", ["process_completed", "estimation", "log", ""])
def test_pace_is_that_of_values_only(kind: str) -> None:
    """Any message other than a value ends the pauses, because somebody may wait for it."""
    stream = Stream.flowing()
    assert stream.bring(VALUE, VALUE, kind, after=GATHER) == 0
    assert not any(stream.flow(0.001, 63))


def test_pace_reads_on_while_there_is_more() -> None:
    """Over TLS each read returns one message, so the reader reads on while there are more."""
    stream = Stream.flowing()
    assert stream.bring(VALUE, after=GATHER) == 0
    assert not any(stream.bring(VALUE, after=0.00002) for _ in range(7))
    assert stream.bring(VALUE, after=0.0009) == GATHER


def test_pace_does_not_slow_a_flow_of_large_values() -> None:
    """Large values cause no pauses, because they would fill the socket and stop the server."""
    stream = Stream.flowing()
    assert stream.bring(VALUE, VALUE, after=GATHER, size=20_000) == 0
    assert not any(stream.bring(VALUE, after=0.001, size=40_000) for _ in range(100))
