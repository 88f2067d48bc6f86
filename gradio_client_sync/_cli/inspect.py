"""The commands that call no endpoint: they show an app, write modules, and print scripts."""

from __future__ import annotations

import ast
import io
import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import click
from click.shell_completion import get_completion_class

from .._basics.printing import is_unicode
from .._protocol.api.fingerprint import Fingerprints, all_changes, fingerprint_of
from ..errors import ApiChangedError
from .completing import complete_words
from .exits import COMPLETION, PROGRAM
from .output import Printer
from .place import output_file, write_file
from .root import Target, commands, examples, targeted
from .screen import Screen
from .shells import add_shells

TYPED_MODULE_START = '"""Typed functions for a Gradio app;'  # every generated module begins so


@click.command(
    "view-api",
    short_help="show the endpoints of an app, and how to call them",
    epilog=examples(
        "view-api http://127.0.0.1:7860",
        "view-api user/space /predict",
        "view-api user/space --json",
    ),
)
@targeted
@click.argument("endpoint", required=False, shell_complete=complete_words)
@click.option(
    "--json", "as_json", is_flag=True, help="Print the result of Client.view_api() as JSON."
)
@output_file
def view_api(target: Target, endpoint: str | None, as_json: bool, output: Path | None) -> None:
    """Show the endpoints of an app: parameters, types, defaults, and a call to copy for each.

    ENDPOINT is a name or a number; then only this endpoint is shown.
    """
    printer = Printer(Screen(live=False), as_json=as_json)
    with target.connect() as app:
        api = app.view_api(int(endpoint) if endpoint and endpoint.isdecimal() else endpoint)
    if output is None:
        printer.write(f"{printer.json(api) if as_json else api}\n")
        return
    with redirect_stdout(io.StringIO()):  # the table is for a file, which can have any text
        text = printer.json(api, to_file=True) if as_json else str(api)
    write_file(output, f"{text}\n")


@click.command(
    short_help="write a Python module with a typed function for each endpoint",
    epilog=examples(
        "types http://127.0.0.1:7860 -o my_app.py", "types http://127.0.0.1:7860 --check my_app.py"
    ),
)
@targeted
@output_file
@click.option(
    "--check",
    "check",
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Write nothing. If the app has changed since FILE was written, show the changes and fail.",
)
def types(target: Target, output: Path | None, check: Path | None) -> None:
    """Write a Python module with typed functions for the endpoints of an app.

    Each endpoint gets two functions: one waits for the result, and one, named submit_..., returns
    a job. Editors and type checkers see the app's parameters, choices and defaults. If the app has
    changed since the module was written, the functions raise an error that names the changes.
    """
    from .._protocol.space import space_name
    from .._typed.codegen import module_source

    with target.connect() as app:
        signatures = app._signatures()
        space = space_name(app.source)
        source = app.url if space is None else str(space)
    if check is not None:
        kept = _kept_in(check)
        now: Fingerprints = {
            one.endpoint: fingerprint_of(one, kept.get(one.endpoint)) for one in signatures
        }
        changes = all_changes(kept, now)
        if changes:
            raise ApiChangedError(
                f"The app at {source} is not the one that {check} was written for: "
                f"{'; '.join(changes)}.",
                changes=tuple(changes),
            )
        return
    text = module_source(source, signatures)
    if output is None:
        _print_source(text)
        return
    if output.exists() and not output.read_text("utf-8", "replace").startswith(TYPED_MODULE_START):
        raise click.UsageError(
            f"{output} was not written by this command, so it was not overwritten. "
            "Choose another file, or remove this one."
        )
    write_file(output, text)


def _print_source(text: str) -> None:
    """Print Python source, which is UTF-8 in a file, whatever the encoding of this output is."""
    if sys.stdout.isatty() or is_unicode(sys.stdout):
        sys.stdout.write(text)
    else:
        sys.stdout.buffer.write(text.encode())


def _kept_in(module: Path) -> Fingerprints:
    """Return the fingerprints in a typed module. The module is parsed, not run.

    Raises:
        click.UsageError: The file is not a typed module.
    """
    try:
        for statement in ast.parse(module.read_text("utf-8")).body:
            if isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) == "_API":
                kept: Any = ast.literal_eval(statement.value.args[0])  # type: ignore[attr-defined]  # a value without arguments raises AttributeError, which is caught
                return dict(kept)
    except (SyntaxError, ValueError, AttributeError, IndexError):
        pass  # the file is not a typed module
    raise click.UsageError(f"{module} was not written by this command.")


@click.command(
    short_help="print a script that adds completion of this command to a shell",
    epilog=examples(
        "completion bash >> ~/.bashrc",
        "completion zsh >> ~/.zshrc",
        f"completion fish > ~/.config/fish/completions/{PROGRAM}.fish",
    ),
)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print a script that adds completion to a shell: commands, options, endpoints, files.

    To complete the endpoints and parameters of an app, the shell connects to the app when you press
    Tab.
    """
    add_shells()
    kind = get_completion_class(shell)
    assert kind is not None  # noqa: S101 - the choices are the shells that click supports
    click.echo(kind(commands, {}, PROGRAM, COMPLETION).source())


@click.command(
    short_help="start a small Gradio app and show what this package can do",
    epilog="To install Gradio: pip install 'gradio-client-sync[demo]' (Python 3.10 or later)",
)
@click.option("--no-color", is_flag=True, help="Print plain text, like NO_COLOR=1.")
@click.option(
    "--python", metavar="PATH", help="The Python that runs the app; Gradio must be installed in it."
)
def demo(no_color: bool, python: str | None) -> None:
    """Start a small Gradio app on this machine and show what this package can do with it.

    Each step prints the lines of code that ran. The demo takes about 15 seconds.
    """
    from .. import demo as walk

    walk.run(python=python, color=False if no_color else None)
