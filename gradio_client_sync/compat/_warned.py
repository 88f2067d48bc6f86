"""Warnings that name the line of the script, and not a line of this package."""

from __future__ import annotations

import sys
import warnings

_PACKAGE = __name__.partition(".")[0]


def warn(text: str, category: type[Warning] = UserWarning) -> None:
    """Issue a warning for the line that called this package.

    Args:
        text: The text.
        category: The class of the warning.
    """
    frame, level = sys._getframe(1), 2
    while frame.f_globals.get("__name__", "").partition(".")[0] == _PACKAGE and frame.f_back:
        frame, level = frame.f_back, level + 1
    warnings.warn(text, category, stacklevel=level)
