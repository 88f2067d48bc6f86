"""When the reader of a stream lets values gather, and when it must not."""

from __future__ import annotations

import pytest

from gradio_client_sync._protocol.queue.pace import GATHER, SHARE, Pace

VALUE = "process_generating"
SHORT = 100  # bytes


class Stream:
    """A stream whose messages come when a test says, to a reader that heeds the pace."""

    def __init__(self) -> None:
        self.now = 1_000.0
        self.pace = Pace(self.now)

    def bring(self, *kinds: str, after: float, size: int = SHORT) -> float:
        self.now += after
        return self.pace.after(kinds, size * len(kinds), self.now)

    def flow(self, spacing: float, count: int = 200) -> list[float]:
        """Values one by one; the pauses after them."""
        return [self.bring(VALUE, after=spacing) for _ in range(count)]

    @classmethod
    def flowing(cls) -> Stream:
        """One on which values have come for so long that the wait for more is the longest."""
        stream = cls()
        while stream.bring(VALUE, VALUE, VALUE, VALUE, after=0.004) < GATHER:
            continue
        return stream


@pytest.mark.parametrize("spacing", [0.0005, 0.001, 0.0026])
def test_pace_lets_values_gather_once_they_are_a_fast_flow(spacing: float) -> None:
    """The first come at once; from then on the reader takes those of a while together."""
    stream = Stream()
    assert not any(stream.flow(spacing, 63))
    pause = stream.bring(VALUE, after=spacing)
    assert pause == pytest.approx(64 * spacing * SHARE)
    for _ in range(400):
        together = int(pause / spacing) + 1
        pause = stream.bring(*[VALUE] * together, after=together * spacing) or pause
    assert pause == GATHER


def test_pace_makes_a_value_late_by_a_share_of_the_flow_so_far() -> None:
    """Who waits for the end of a few values would notice what nobody does after thousands."""
    stream, began, now = Stream(), 1_000.0, 0.0
    for _ in range(2_000):
        pause = stream.bring(VALUE, VALUE, after=0.001)
        now = stream.now - began
        assert pause <= now * SHARE + 1e-9
    assert now > GATHER / SHARE


@pytest.mark.parametrize("spacing", [0.0041, 0.02, 0.1])
def test_pace_leaves_a_slow_flow_alone(spacing: float) -> None:
    """What people read as it is written comes at once, each token."""
    assert not any(Stream().flow(spacing))


def test_pace_takes_up_speed_as_soon_as_the_flow_slows() -> None:
    """A value that came alone in all that time was late for nothing: the flow has ended."""
    stream = Stream.flowing()
    assert stream.bring(VALUE, after=GATHER) == 0
    assert stream.bring(VALUE, after=0.05) == 0
    assert not any(stream.flow(0.001, 63))


@pytest.mark.parametrize("kind", ["process_completed", "estimation", "log", ""])
def test_pace_is_that_of_values_only(kind: str) -> None:
    """Whatever else comes may be waited for: another call may be at its start or its end."""
    stream = Stream.flowing()
    assert stream.bring(VALUE, VALUE, kind, after=GATHER) == 0
    assert not any(stream.flow(0.001, 63))


def test_pace_reads_on_while_there_is_more() -> None:
    """Through TLS each read gives one message, also of those that gathered."""
    stream = Stream.flowing()
    assert stream.bring(VALUE, after=GATHER) == 0
    assert not any(stream.bring(VALUE, after=0.00002) for _ in range(7))
    assert stream.bring(VALUE, after=0.0009) == GATHER


def test_pace_does_not_slow_a_flow_of_large_values() -> None:
    """They fill what can wait at the socket, and the server would have to wait."""
    stream = Stream.flowing()
    assert stream.bring(VALUE, VALUE, after=GATHER, size=20_000) == 0
    assert not any(stream.bring(VALUE, after=0.001, size=40_000) for _ in range(100))
