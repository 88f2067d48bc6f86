"""The command ``gradio-client-sync``: it runs a command of `_cli`, and returns its exit code.

The commands need click, which the extras ``cli`` and ``demo`` install. Without click, ``--help``
and ``--version`` work, and every other command prints what to install.
"""

from __future__ import annotations

import concurrent.futures
import io
import os
import sys
from collections.abc import Sequence
from errno import EFBIG, EINVAL, EIO, ENOSPC
from importlib.util import find_spec

from ._basics.printing import HANDLER
from ._cli.exits import CUT_OFF, FAILED, INTERRUPTED, OK, PROGRAM, exit_code_of
from ._version import __version__
from .errors import FileError, GradioClientError, MissingDependencyError

HELP = f"""\
Usage: {PROGRAM} [OPTIONS] COMMAND [ARGS]...

  Call any Gradio app from the command line.

  The commands (view-api, predict, submit, stream, map, types, status,
  duplicate, doctor, migrate, completion, demo) need click, which is not
  installed here:

    pip install 'gradio-client-sync[cli]'

Options:
  --version  Show the version and exit.
  --help     Show this message and exit.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code.

    Args:
        arguments: The arguments after the name of the command. The default are those of this
            process.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=HANDLER)
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        code = _run(given)
        sys.stdout.flush()
    except GradioClientError as error:
        _print_error(error)
        return exit_code_of(error)
    except concurrent.futures.CancelledError:
        _print_error("The app cancelled the job.")
        return FAILED
    except KeyboardInterrupt:
        print("\nInterrupted.", file=sys.stderr)
        return INTERRUPTED
    except OSError as error:
        return _unwritten(error)
    return code


def _unwritten(error: OSError) -> int:
    """Return the exit code for an error of standard output, and say what is wrong with it."""
    # The reading program, such as `head`, has ended. Windows may say that by EINVAL.
    is_cut_off = isinstance(error, BrokenPipeError) or (os.name, error.errno) == ("nt", EINVAL)
    if not is_cut_off and error.errno not in (ENOSPC, EFBIG, EIO):
        raise error
    # Python flushes the output once more at its exit, which would raise again.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    if is_cut_off:
        return CUT_OFF
    unwritten = FileError(f"Standard output cannot be written: {error.strerror}.")
    _print_error(unwritten)
    return exit_code_of(unwritten)


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
        "The command line needs click, which is not installed. Run "
        "pip install 'gradio-client-sync[cli]' (the extra demo includes it, too).",
        extra="cli",
    )


def _print_error(error: object) -> None:
    from ._cli.advice import error_line

    print(error_line(error), file=sys.stderr)
