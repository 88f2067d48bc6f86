"""The width of the terminal behind a stream."""

from __future__ import annotations

import io
import os
import shutil
from typing import TextIO


def terminal_columns(stream: TextIO) -> int:
    """Return the width of the terminal that a stream writes to; the usual width if it is unknown.

    `shutil.get_terminal_size` asks about standard output. That may be a pipe while standard error
    is a terminal, and then the answer is always 80.
    """
    try:
        columns = os.get_terminal_size(stream.fileno()).columns
    except (OSError, io.UnsupportedOperation, ValueError):  # not a terminal, or no real file
        columns = 0
    return columns or shutil.get_terminal_size().columns
