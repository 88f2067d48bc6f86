"""Check the generated modules of all apps with one run of mypy."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]  # where the package is
_ERROR = re.compile(r"^(?P<file>[^:\n]+)\.py:\d+: error: (?P<text>.*)$", re.M)


def mypy_errors(folder: Path) -> dict[str, list[str]]:
    """Return the errors in each module of a folder, by the module's name."""
    modules = sorted(folder.glob("*.py"))
    if not modules:
        return {}
    ran = subprocess.run(
        [
            *(
                sys.executable,
                "-m",
                "mypy",
                "--strict",
                "--no-error-summary",
                "--config-file=",
                "--follow-imports=silent",
            ),
            *("--cache-dir", str(folder / ".mypy_cache"), *(one.name for one in modules)),
        ],
        cwd=folder,
        env={**os.environ, "MYPYPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    errors: dict[str, list[str]] = {}
    for found in _ERROR.finditer(ran.stdout):
        errors.setdefault(Path(found["file"]).name, []).append(found["text"])
    if ran.returncode and not errors:  # mypy is not installed, or it crashed
        raise RuntimeError(f"mypy failed:\n{ran.stdout}{ran.stderr}")
    return errors
