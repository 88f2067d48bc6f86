"""Optional fields of the wire's messages: a value of the wrong type counts as missing.

Servers of different versions send different fields, and apps decide about some of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...errors import ProtocolError

if TYPE_CHECKING:
    from collections.abc import Mapping


def number(value: object) -> float | None:
    """Return a number; ``None`` for anything else."""
    return value if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def count(value: object) -> int | None:
    """Return a number that should be whole: gr.Progress sends what the app passed to it."""
    return number(value)  # type: ignore[return-value]


def text(value: object) -> str | None:
    """Return a text; ``None`` for anything else."""
    return value if isinstance(value, str) else None


def flag(value: object) -> bool | None:
    """Return a boolean; ``None`` for anything else."""
    return value if isinstance(value, bool) else None


def ids(value: object) -> list[int] | None:
    """Return the whole numbers of a list; ``None`` for anything else."""
    return [i for i in value if isinstance(i, int)] if isinstance(value, list) else None


def output(message: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what a message says about the function's values.

    Raises:
        ProtocolError: The message has no ``output``.
    """
    found = message.get("output")
    if not isinstance(found, dict):
        raise ProtocolError("A message of the queue has no output.", raw=message)
    return found
