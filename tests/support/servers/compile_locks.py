"""Regenerate the lock of every server.

Run ``python -m tests.support.servers.compile_locks [versions…]``. Each lock has the dependencies of
its time: packages published after the version's date in `EXCLUDE_NEWER` are ignored. So an old
Gradio gets the libraries that it was written for, and compiling again gives the same file.
"""

from __future__ import annotations

import argparse
import subprocess
from typing import Sequence

from tests.support.servers.environments import (
    REQUIREMENTS,
    SERVER_PYTHON,
    lock_path,
    uv_command,
)

# A few days after the release: late enough for its first fixed dependencies, early enough to miss
# the next majors (pandas 2, pydantic 2.11, starlette 1, …).
EXCLUDE_NEWER = {
    "3.23.0": "2023-03-25",
    "3.50.2": "2023-10-25",
    "4.0.2": "2023-11-05",
    "4.12.0": "2023-12-25",
    "4.19.2": "2024-02-28",
    "4.21.0": "2024-03-15",
    "4.44.1": "2024-10-05",
    "5.50.0": "2025-12-01",
    "6.31.0": "2026-11-20",
}

HEADER = """\
# Made by `python -m tests.support.servers.compile_locks {version}` from gradio-{version}.in with
# the packages of {date}; do not edit.
"""


def compile_lock(version: str) -> None:
    """Resolve ``gradio-<version>.in`` as of its date, and write the lock beside it."""
    date = EXCLUDE_NEWER[version]
    compiled = subprocess.run(
        [
            *uv_command(),
            "pip",
            "compile",
            f"gradio-{version}.in",
            f"--exclude-newer={date}",
            f"--python-version={SERVER_PYTHON}",
            "--universal",
            "--no-header",
            "--no-annotate",
            "--no-emit-index-url",
            "--no-emit-find-links",
            "--quiet",
        ],
        cwd=REQUIREMENTS,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    text = HEADER.format(version=version, date=date) + compiled.stdout
    lock_path(version).write_text(text, encoding="utf-8")


def main(arguments: Sequence[str] | None = None) -> None:
    """Compile the named locks, or all of them."""
    parser = argparse.ArgumentParser(description="Regenerate the locks of the test servers.")
    parser.add_argument("versions", nargs="*", help="default: all")
    for version in parser.parse_args(arguments).versions or EXCLUDE_NEWER:
        compile_lock(version)
        print(lock_path(version).name)


if __name__ == "__main__":
    main()
