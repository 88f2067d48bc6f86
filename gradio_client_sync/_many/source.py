"""`Source`: the payloads of a map, read one by one.

A source reads a payload only when it is needed. It converts the rows of a table to payloads by
column name, and raises an error at once for a value that cannot be a list of payloads.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence, Sized
from typing import TYPE_CHECKING, Any, Callable

from .._basics.words import a, called
from ..errors import PayloadError

if TYPE_CHECKING:
    from .items import MapParameter

_ONE_VALUE = (str, bytes, bytearray, memoryview)


class Source:
    """The payloads of a map.

    Args:
        payloads: The argument of the user.
        endpoint: The endpoint, for messages.
        parameters: Returns the parameters of the endpoint. It is called for tables only.

    Attributes:
        total: How many payloads there are, if that is known.

    Raises:
        PayloadError: The argument cannot be a list of payloads, or the columns of a table are not
            the parameters of the endpoint.
    """

    def __init__(
        self,
        payloads: object,
        endpoint: str | int,
        parameters: Callable[[], Sequence[MapParameter]],
    ) -> None:
        self._endpoint = endpoint
        self.total: int | None = None
        self._rest: Iterator[Any] | None
        if _is_table(payloads):
            self._rest = self._rows(payloads, parameters())
        else:
            self._rest = self._listed(payloads)
        self._count = 0

    def read(self) -> tuple[int, Any] | None:
        """Read one payload.

        Returns:
            Its index and the payload; ``None`` after the last one.

        Raises:
            PayloadError: It is a bare value.
            BaseException: What the user's iterator raised.
        """
        if self._rest is None:
            return None
        try:
            payload = next(self._rest)
        except StopIteration:
            self._rest = None
            return None
        except BaseException:
            self._rest = None
            raise
        index, self._count = self._count, self._count + 1
        if not isinstance(payload, (list, tuple, Mapping, type(None))):
            self._rest = None
            raise self._not_a_payload(index, payload)
        return index, payload

    def _listed(self, payloads: object) -> Iterator[Any]:
        where = called(self._endpoint)
        if isinstance(payloads, _ONE_VALUE):
            raise self._error(
                f"The payloads for {where} are {a(type(payloads).__name__)}. They must be a list "
                "with one payload for each call, such as [[first], [second]]."
            )
        if isinstance(payloads, Mapping):
            raise self._error(
                f"The payloads for {where} are one dict. They must be a list with one payload for "
                "each call, such as [{'name': first}, {'name': second}]. To call it once, use "
                "predict()."
            )
        if not isinstance(payloads, Iterable):
            raise self._error(
                f"The payloads for {where} are {_short(payloads)}, which is not a list. They must "
                "be a list or another iterable with one payload for each call: [[first], [second]]."
            )
        if isinstance(payloads, (list, tuple)) and payloads:
            first = payloads[0]
            if not isinstance(first, (list, tuple, Mapping, type(None))):
                raise self._not_a_payload(0, first)
        try:
            self.total = len(payloads) if isinstance(payloads, Sized) else None
        except TypeError:  # it depends on another object, which has no length
            self.total = None
        return iter(payloads)

    def _rows(self, table: Any, parameters: Sequence[MapParameter]) -> Iterator[dict[str, Any]]:
        names, known = list(table.columns), [one.name for one in parameters]
        columns, where = ", ".join(map(str, names)), called(self._endpoint)
        twice = [name for number, name in enumerate(names) if name in names[:number]]
        if twice:
            raise self._error(
                f"The table has the column {twice[0]!r} twice, so it is not clear which one "
                f"{where} gets. Its columns are {columns}. Rename or drop one of them.",
                str(twice[0]),
            )
        missing = [one.name for one in parameters if one.required and one.name not in names]
        if missing:
            raise self._error(
                f"The table has no column {missing[0]!r}, which {where} needs. Its columns are "
                f"{columns}. Rename one: table.rename(columns={{'old': {missing[0]!r}}}).",
                missing[0],
            )
        unknown = [name for name in names if name not in known]
        if unknown:
            kept = [name for name in names if name in known]
            raise self._error(
                f"The table has the column {unknown[0]!r}, but {where} has no such parameter. "
                f"Its parameters are {', '.join(known)}. Select the columns: table[{kept!r}].",
                str(unknown[0]),
            )
        self.total = len(table)
        return (dict(zip(names, row)) for row in table.itertuples(index=False, name=None))

    def _not_a_payload(self, index: int, payload: object) -> PayloadError:
        shown = _short(payload)
        error = self._error(
            f"Payload {index} for {called(self._endpoint)} is {shown}, which is a bare value. Each "
            f"payload is a list or a dict: [[{shown}], …] for calls with one value each."
        )
        error.index, error.payload = index, payload
        return error

    def _error(self, text: str, parameter: str | None = None) -> PayloadError:
        return PayloadError(text, endpoint=self._endpoint, parameter=parameter)


def _is_table(payloads: object) -> bool:
    """Return whether this is a DataFrame of pandas, or one that looks like it."""
    return hasattr(payloads, "itertuples") and hasattr(payloads, "columns")


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}…"
