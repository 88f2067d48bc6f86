"""The commands that look at an app or at this package, and call nothing."""

from __future__ import annotations

import ast
import sys
from pathlib import Path
from typing import Any

import click
from click.shell_completion import get_completion_class

from .._protocol.api.fingerprint import Fingerprints, all_changes, fingerprint_of
from ..errors import ApiChangedError, FileError
from .exits import COMPLETION, PROGRAM
from .output import Printer
from .root import Target, commands, examples, targeted

WRITTEN_BY_US = '"""Typed functions for a Gradio app;'  # how every typed module begins


@click.command(
    "view-api",
    short_help="show what an app offers, and how to call it",
    epilog=examples("view-api http://127.0.0.1:7860", "view-api user/space --json"),
)
@targeted
@click.option("--json", "as_json", is_flag=True, help="Print JSON, as Client.view_api() gives it.")
def view_api(target: Target, as_json: bool) -> None:
    """Show an app's endpoints: parameters, types, defaults, and a call to copy for each."""
    printer = Printer(as_json=as_json, folder=None)
    with target.connect() as app:
        api = app.view_api()
        printer.write(f"{printer.json(api) if as_json else api}\n")


@click.command(
    short_help="write a Python module with a typed function for each endpoint",
    epilog=examples(
        "types http://127.0.0.1:7860 -o my_app.py", "types http://127.0.0.1:7860 --check my_app.py"
    ),
)
@targeted
@click.option(
    "-o",
    "--output",
    "output",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where to write it; standard output if not given.",
)
@click.option(
    "--check",
    "check",
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Write nothing; fail and say what changed if the app is not what FILE was written for.",
)
def types(target: Target, output: Path | None, check: Path | None) -> None:
    """Write a Python module with real, typed functions for an app's endpoints.

    Each endpoint has two: one waits for the result, and one, named submit_..., returns a job.
    Editors and type checkers see the app's parameters, choices and defaults. Called against an
    app that has changed since, they say what changed.
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
        sys.stdout.write(text)
        return
    if output.exists() and not output.read_text("utf-8", "replace").startswith(WRITTEN_BY_US):
        raise click.UsageError(
            f"{output} is no module that this command wrote, so it was left alone. "
            "Name another file, or remove it."
        )
    try:
        output.write_bytes(text.encode())
    except OSError as exc:
        raise FileError(f"{output} cannot be written: {exc.strerror}.", path=str(output)) from exc


def _kept_in(module: Path) -> Fingerprints:
    """The fingerprints in a typed module, which is read and not run.

    Raises:
        click.UsageError: It is none.
    """
    try:
        for statement in ast.parse(module.read_text("utf-8")).body:
            if isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) == "_API":
                kept: Any = ast.literal_eval(statement.value.args[0])  # type: ignore[attr-defined]  # what is no call has no arguments, which is caught
                return dict(kept)
    except (SyntaxError, ValueError, AttributeError, IndexError):
        pass  # as if there were nothing of the kind
    raise click.UsageError(f"{module} is no module that this command wrote.")


@click.command(
    short_help="print the script that makes a shell complete this command",
    epilog=examples(
        "completion bash >> ~/.bashrc",
        "completion zsh >> ~/.zshrc",
        f"completion fish > ~/.config/fish/completions/{PROGRAM}.fish",
    ),
)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print the script that makes a shell complete commands and options."""
    kind = get_completion_class(shell)
    assert kind is not None  # noqa: S101 - the choices are those that click has
    click.echo(kind(commands, {}, PROGRAM, COMPLETION).source())


@click.command(
    short_help="start a small Gradio app and show what can be done with it",
    epilog="Gradio comes with: pip install 'gradio-client-sync[demo]' (Python 3.10 or later)",
)
@click.option("--no-color", is_flag=True, help="Plain text, as NO_COLOR=1 does.")
@click.option(
    "--python", metavar="PATH", help="The Python that runs the app, if Gradio is installed there."
)
def demo(no_color: bool, python: str | None) -> None:
    """Start a small Gradio app on this machine and walk through it.

    Every step shows the lines of code that did it. Takes about a quarter of a minute.
    """
    from .. import demo as walk

    walk.run(python=python, color=False if no_color else None)
