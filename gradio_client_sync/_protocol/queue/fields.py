"""Readers of optional fields in messages; a value of the wrong type counts as missing.

Servers of different versions send different fields, and apps choose the values of some of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...errors import ProtocolError

if TYPE_CHECKING:
    from collections.abc import Mapping


def number(value: object) -> float | None:
    """Return the value if it is a number, else ``None``."""
    return value if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def count(value: object) -> int | None:
    """Return the value if it is a number, else ``None``. It should be an integer.

    Floats are kept, because gr.Progress sends whatever number the app passed to it.
    """
    return number(value)  # type: ignore[return-value]


def text(value: object) -> str | None:
    """Return the value if it is a text, else ``None``."""
    return value if isinstance(value, str) else None


def flag(value: object) -> bool | None:
    """Return the value if it is a boolean, else ``None``."""
    return value if isinstance(value, bool) else None


def ids(value: object) -> list[int] | None:
    """Return the integers in a list; ``None`` if the value is not a list."""
    return [i for i in value if isinstance(i, int)] if isinstance(value, list) else None


def output(message: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the ``output`` of a message: the values of the function, or its error.

    Raises:
        ProtocolError: The message has no ``output``.
    """
    found = message.get("output")
    if not isinstance(found, dict):
        raise ProtocolError("A message of the queue has no 'output'.", raw=message)
    return found
