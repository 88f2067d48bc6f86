"""Axes of a chart: where values are in the picture, and the labels of round values."""

from __future__ import annotations

import math
from datetime import datetime, time, timedelta
from typing import Any, NamedTuple

#: Moments in milliseconds since 1970 that `datetime` knows: the years 1 to 9999.
EARLIEST, LATEST = -62_135_596_800_000, 253_402_300_799_999

_EPOCH = datetime(1970, 1, 1)
_SECOND, _MINUTE, _HOUR, _DAY = 1_000, 60_000, 3_600_000, 86_400_000
_STEPS = (
    *(n * _SECOND for n in (1, 2, 5, 15, 30)),
    *(n * _MINUTE for n in (1, 2, 5, 15, 30)),
    *(n * _HOUR for n in (1, 3, 6, 12)),
    *(n * _DAY for n in (1, 2, 7, 14)),
)
_MONTHS = (1, 3, 6, 12, 24, 60, 120, 240, 600, 1200, 2400, 6000, 12000, 24000)
_MONTH = 30.4 * _DAY


class Axis(NamedTuple):
    """The content of an axis.

    Attributes:
        title: The title; may be empty.
        kind: ``"number"``, ``"time"`` (milliseconds since 1970) or ``"name"``.
        names: The names of an axis of names, in order.
        low, high: The limits that the app has set; ``None`` for those of the values.
    """

    title: str = ""
    kind: str = "number"
    names: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None


class Scale:
    """Maps values to positions in the picture."""

    def __init__(self, low: float, high: float, start: float, end: float) -> None:
        if high - low < 1e-9 * abs(low) or high - low < 1e-300:
            room = abs(low) * 0.1 or 1.0
            low, high = low - room, high + room
        self.low, self.high, self._start, self._end = low, high, start, end

    def __call__(self, value: float) -> float:
        share = (value - self.low) / (self.high - self.low)
        return self._start + share * (self._end - self._start)

    def ticks(self, count: int = 5) -> list[float]:
        """Return about `count` round values."""
        raw = (self.high - self.low) / count
        power = 10.0 ** math.floor(math.log10(raw))
        step = next(power * n for n in (1, 2, 5, 10) if power * n >= raw * 0.999)
        first = math.ceil(self.low / step)
        last = math.floor(self.high / step)
        return [n * step for n in range(first, last + 1)]

    def moments(self, count: int = 5) -> list[tuple[float, str]]:
        """Return about `count` round moments with their labels."""
        raw = (self.high - self.low) / count
        step = next((step for step in _STEPS if step >= raw * 0.7), 0)
        if raw < _SECOND * 0.7:
            return [(tick, _moment(tick).strftime("%S.%f")[:-3]) for tick in self.ticks(count)]
        if step:
            first = math.ceil(self.low / step)
            ticks = [float(n * step) for n in range(first, math.floor(self.high / step) + 1)]
            form = "%b %d" if step >= _DAY else "%H:%M" if step >= _MINUTE else "%H:%M:%S"
            return _labels(ticks, form, days=step < _DAY)
        months = next((n for n in _MONTHS if n * _MONTH >= raw * 0.7), _MONTHS[-1])
        return _labels(
            _month_starts(self.low, self.high, months), "%Y" if months >= 12 else "%b %Y"
        )


def _month_starts(low: float, high: float, months: int) -> list[float]:
    """Return the first moment of every n-th month."""
    start, end = _moment(low), _moment(high)
    ticks = []
    number = (start.year * 12 + start.month - 1) // months * months
    while number <= end.year * 12 + end.month - 1:
        year, month = divmod(number, 12)
        if 1 <= year <= 9999:
            tick = (datetime(year, month + 1, 1) - _EPOCH) / timedelta(milliseconds=1)
            if low <= tick <= high:
                ticks.append(tick)
        number += months
    return ticks


def _labels(ticks: list[float], form: str, *, days: bool = False) -> list[tuple[float, str]]:
    """Return ticks with their labels; the first one of each day has the date, if `days`."""
    labels, day = [], ""
    for tick in ticks:
        moment = _moment(tick)
        label, today = moment.strftime(form), moment.strftime("%b %d")
        if days and today != day:
            label = today if moment.time() == time() else f"{today}, {label}"
        labels.append((tick, label))
        day = today
    return labels


def _moment(milliseconds: float) -> datetime:
    return _EPOCH + timedelta(milliseconds=min(max(milliseconds, EARLIEST), LATEST))


def time_text(milliseconds: float) -> str:
    """Return a moment as text, without the parts that are zero."""
    moment = _moment(milliseconds)
    if moment.microsecond:
        return moment.isoformat(" ", "milliseconds")
    if moment.hour or moment.minute or moment.second:
        return moment.isoformat(" ", "seconds")
    return moment.date().isoformat()


def milliseconds_of(value: Any) -> float | None:
    """Return a moment in milliseconds since 1970: of a number, or of a text in ISO format."""
    if isinstance(value, str):
        try:
            moment = datetime.fromisoformat(value.strip().replace("Z", "+00:00"))
            offset = moment.utcoffset() or timedelta()
            value = (moment.replace(tzinfo=None) - offset - _EPOCH) / timedelta(milliseconds=1)
        except (ValueError, OverflowError):
            return None
    value = number_of(value)
    return value if value is not None and EARLIEST <= value <= LATEST else None


def number_of(value: Any) -> float | None:
    """Return a finite number as a float; ``None`` for all other values."""
    if not isinstance(value, (int, float)) or not abs(value) < 1e300:  # also for NaN
        return None
    return float(value)


def number_text(value: float) -> str:
    """Return a number for people: large ones with separators, and fractions with six digits."""
    if value == int(value) and abs(value) < 1e15:
        # A number of four digits may be a year.
        return f"{int(value):,}" if abs(value) >= 10_000 else f"{int(value)}"
    return f"{value:.6g}"
