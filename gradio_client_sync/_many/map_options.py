"""Checks of the options of a map, before anything is called."""

from __future__ import annotations

import difflib
import os
from typing import Any

from .._options import count, flag

ON_ERROR = ("raise", "return")


def on_error(value: object) -> bool:
    """Check the option `on_error`, and return whether the error of a failed item is raised.

    Raises:
        ValueError: The value is unknown.
    """
    if value in ON_ERROR:
        return value == "raise"
    near = difflib.get_close_matches(str(value), ON_ERROR, n=1, cutoff=0.5)
    meant = f" Did you mean {near[0]!r}?" if near else ""
    raise ValueError(
        f"on_error must be 'raise' or 'return', not {value!r}.{meant} 'raise' ends the map at the "
        "first failed item, 'return' yields its error instead of a result."
    )


def in_flight(value: Any, most: int) -> int | None:
    """Check the option `in_flight`; ``None`` if the map finds the number.

    Args:
        value: The option.
        most: The most calls that can be made at once.

    Raises:
        TypeError, ValueError: It is not an integer from 1 to `most`.
    """
    if value is None:
        return None
    number = count("in_flight", value)
    if number > most:
        raise ValueError(
            f"in_flight is {number}, but the client makes at most {most} calls at once. Pass a "
            f"larger max_workers= to Client, or a smaller in_flight=."
        )
    return number


def journal(value: object) -> str | None:
    """Check the path of a journal; ``None`` for no journal.

    Raises:
        TypeError: It is not a path.
    """
    if value is None:
        return None
    path = os.fspath(value) if isinstance(value, (str, os.PathLike)) else None
    if not isinstance(path, str) or not path:
        raise TypeError(f"journal must be the path of a file or None, not {value!r}.")
    return path


def retry_failed(value: object, path: str | None) -> None:
    """Check whether the failed items of a journal are called again.

    Args:
        value: The option.
        path: The path of the journal.

    Raises:
        TypeError, ValueError: It is not a boolean, or there is no journal.
    """
    if flag("retry_failed", value) and path is None:
        raise ValueError(
            "retry_failed=True calls the items again that have failed in a journal, and there is "
            'no journal. Pass its path, such as journal="run.jsonl".'
        )
