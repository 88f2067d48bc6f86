"""Run code in its own process, to test how the process ends and what it costs."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

BOUND = 120.0  # s; a bound for failures, never a delay


def run_python(
    code: str, *arguments: str, quiet: bool = False, bound: float = BOUND, **options: Any
) -> str:
    """Run code, and return its output.

    The process must end successfully. If ``quiet``, it must print nothing to standard error, not
    even a warning.
    """
    ran = subprocess.run(
        [sys.executable, *(("-X", "dev") if quiet else ()), "-c", code, *arguments],
        capture_output=True,
        text=True,
        timeout=bound,
        check=False,
        **options,
    )
    assert ran.returncode == 0, ran.stderr
    assert not (quiet and ran.stderr), ran.stderr
    return ran.stdout
