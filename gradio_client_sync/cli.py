"""The command ``gradio-client-sync``: arguments in, exit codes out; the work is done elsewhere.

The commands are in `_cli` and need click, which comes with the extra ``cli`` (and ``demo``). Where
it is absent, ``--help`` and ``--version`` still answer, and everything else says what to install.
"""

from __future__ import annotations

import concurrent.futures
import io
import os
import re
import sys
from collections.abc import Sequence
from importlib.util import find_spec

from ._cli.exits import CUT_OFF, FAILED, INTERRUPTED, OK, PROGRAM, exit_code_of
from ._version import __version__
from .errors import GradioClientError, MissingDependencyError

#: What the options of `Client` and `predict`, which errors speak of, are called here.
SAID_HERE = {
    "hf_token": "--token",
    "auth": "--auth",
    "headers": "--header",
    "verify": "--insecure",
    "timeout": "--limit",
}

HELP = f"""\
Usage: {PROGRAM} [OPTIONS] COMMAND [ARGS]...

  Call any Gradio app from the command line.

  The commands (view-api, predict, submit, stream, types, status, duplicate,
  doctor, completion, demo) need click, which is not installed here:

    pip install 'gradio-client-sync[cli]'

Options:
  --version  Show the version and exit.
  --help     Show this message and exit.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code.

    Args:
        arguments: What follows the command's name; those of this process if not given.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal without "é" is no reason to fail
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        code = _run(given)
        sys.stdout.flush()
    except GradioClientError as error:
        _complain(error)
        return exit_code_of(error)
    except concurrent.futures.CancelledError:
        _complain("The app cancelled the job.")
        return FAILED
    except KeyboardInterrupt:
        print("\nInterrupted.", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:  # the reader, such as `head`, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # for the flush at exit
        return CUT_OFF
    return code


def _run(arguments: list[str]) -> int:
    if find_spec("click") is not None:
        from ._cli.root import run

        return run(arguments)
    if arguments in (["--help"], ["-h"]):
        print(HELP, end="")
        return OK
    if arguments == ["--version"]:
        print(PROGRAM, __version__)
        return OK
    raise MissingDependencyError(
        "The command line needs click, and there is none here. Do: "
        "pip install 'gradio-client-sync[cli]' (the extra demo brings it, too).",
        extra="cli",
    )


def _complain(error: object) -> None:
    from ._terminal.plaintext import plain

    text = plain(error)
    here = [f"{name} is {option}" for name, option in SAID_HERE.items() if _tells(text, name)]
    hint = f" (On the command line, {', '.join(here)}.)" if here else ""
    print(f"{PROGRAM}: {text}{hint}", file=sys.stderr)


def _tells(text: str, name: str) -> bool:
    """Whether a text speaks of an option; timeout=(connect, read) is another one than timeout=."""
    return re.search(rf"(?<!\w){name}=(?!\()", text) is not None
