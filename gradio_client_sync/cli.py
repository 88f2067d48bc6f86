"""The command ``gradio-client-sync``: arguments in, exit codes out; the work is done elsewhere.

Exit codes: 0 all went well, 1 a `GradioClientError` (its message is on standard error),
2 wrong arguments, 130 Ctrl-C.
"""

from __future__ import annotations

import argparse
import io
import os
import sys
from collections.abc import Sequence

from ._version import __version__
from .errors import GradioClientError

FAILED, INTERRUPTED = 1, 130  # 128 + SIGINT, as shells count


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code.

    Args:
        arguments: What follows the command's name; those of this process if not given.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal without "é" is no reason to fail
    options = _parser().parse_args(arguments)
    try:
        if options.command == "demo":
            _demo(options)
        else:
            _view_api(options)
        sys.stdout.flush()
    except GradioClientError as error:
        print(f"gradio-client-sync: {' '.join(str(error).split())}", file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        print("\nInterrupted.", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:  # the reader, such as `head`, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # for the flush at exit
        return FAILED
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="gradio-client-sync",
        description="Call any Gradio app from plain, blocking Python.",
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)

    demo = commands.add_parser(
        "demo",
        help="start a small Gradio app and show what can be done with it",
        description="Start a small Gradio app on this machine and walk through it: every step "
        "shows the lines of code that did it. Takes about a quarter of a minute.",
        epilog="Gradio comes with: pip install 'gradio-client-sync[demo]' (Python 3.10 or later)",
    )
    demo.add_argument("--no-color", action="store_true", help="plain text, as NO_COLOR=1 does")
    demo.add_argument(
        "--python",
        metavar="PATH",
        help="the Python that runs the app, if Gradio is installed there",
    )

    view_api = commands.add_parser(
        "view-api",
        help="show what an app offers, and how to call it",
        description="Show the endpoints of an app, with a call to copy for each.",
        epilog="Example: gradio-client-sync view-api http://127.0.0.1:7860",
    )
    view_api.add_argument(
        "source", metavar="SOURCE", help="the app's address, or a Space: user/name"
    )
    return parser


def _demo(options: argparse.Namespace) -> None:
    from . import demo

    demo.run(python=options.python, color=False if options.no_color else None)


def _view_api(options: argparse.Namespace) -> None:
    from ._client import Client

    with Client(options.source) as app:
        print(app.view_api())
