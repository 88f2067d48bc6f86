"""`Columns`: the payloads of a function's map, from one iterable for each argument.

As in the built-in `map`, the shortest iterable limits the number of payloads.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sized
from typing import Any

from .._basics.words import a, called
from ..errors import PayloadError

_ONE_VALUE = (str, bytes, bytearray, memoryview, Mapping)


class Each:
    """An argument that has a different value in each call.

    Args:
        values: The values.
    """

    def __init__(self, values: Any) -> None:
        self.values = values


class Columns:
    """Payloads by parameter name.

    Args:
        payload: The payload of all calls, with an `Each` where the calls differ.
        endpoint: The endpoint, for messages.

    Raises:
        PayloadError: The values of an `Each` are not iterable, or are one value, such as a text.
    """

    def __init__(self, payload: Mapping[str, Any], endpoint: str | int) -> None:
        self._constants = {k: v for k, v in payload.items() if not isinstance(v, Each)}
        self._columns = {k: v.values for k, v in payload.items() if isinstance(v, Each)}
        if not self._columns:
            raise PayloadError(
                f"map() of {called(endpoint)} needs one iterable for each argument, such as "
                "map([first, second]).",
                endpoint=endpoint,
            )
        for name, values in self._columns.items():
            _check(name, values, endpoint)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        names = tuple(self._columns)
        for row in zip(*self._columns.values()):
            yield {**self._constants, **dict(zip(names, row))}

    def __len__(self) -> int:
        # `TypeError` for iterables without a length, as of `len` itself.
        return min(len(values) for values in self._columns.values())


def _check(name: str, values: Any, endpoint: str | int) -> None:
    kind = a(type(values).__name__)
    if isinstance(values, Iterable) and not isinstance(values, _ONE_VALUE):
        return
    advice = "For the same value in each call, use itertools.repeat(value)."
    if isinstance(values, Sized):
        advice = f"Pass a list with one value for each call. {advice}"
    raise PayloadError(
        f"map() of {called(endpoint)} takes an iterable for each argument, but {name!r} is {kind}. "
        f"{advice}",
        endpoint=endpoint,
        parameter=name,
    )
