"""Whether a stream is a terminal that understands escape sequences, for colours and drawing."""

from __future__ import annotations

import os
from typing import TextIO

_VIRTUAL_TERMINAL = 0x0004  # ENABLE_VIRTUAL_TERMINAL_PROCESSING


def understands_escapes(stream: TextIO) -> bool:
    """Return whether escape sequences can be written to a stream.

    The console of Windows understands them since Windows 10, after they were switched on.
    """
    if not stream.isatty() or os.environ.get("TERM") == "dumb":
        return False
    return os.name != "nt" or _switched_on(stream)


def _switched_on(stream: TextIO) -> bool:
    """Switch on escape sequences in the console of Windows, and return whether it has them."""
    import ctypes

    # By these names, because type checkers on other systems do not know them.
    console, mode = getattr(ctypes, "windll").kernel32, ctypes.c_ulong()  # noqa: B009
    get_handle = getattr(__import__("msvcrt"), "get_osfhandle")  # noqa: B009
    handle = ctypes.c_void_p(get_handle(stream.fileno()))
    if not console.GetConsoleMode(handle, ctypes.byref(mode)):
        return False
    return bool(console.SetConsoleMode(handle, mode.value | _VIRTUAL_TERMINAL))
