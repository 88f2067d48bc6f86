"""The command ``map``: call an endpoint once for each row of a table, or for each file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .._protocol.api.shortened import short
from .._terminal.plaintext import plain
from ..errors import GradioClientError, JournalError
from .advice import error_line
from .call import Calling
from .completing import complete_inputs
from .exits import FAILED, exit_code_of
from .inputs import DELIMITERS, JSON_LINES, Inputs, inputs_of
from .map_line import MapLine
from .map_results import MapResults, plain_value
from .naming import Named
from .output import json_text
from .piped import TwoLoops
from .place import no_dash
from .root import Target, examples, targeted
from .screen import Screen

if TYPE_CHECKING:
    from .._client import Client

_OUTPUTS = (*JSON_LINES, *DELIMITERS)


def _output(context: click.Context, option: click.Parameter, value: Path) -> Path | None:
    path = no_dash(context, option, value)
    if path is not None and path.suffix.lower() not in _OUTPUTS:
        raise click.BadParameter(
            f"{str(path)!r} must end in .jsonl for JSON lines, or in .csv for a table.",
            context,
            option,
        )
    return path


@click.command(
    "map",
    cls=Calling,
    short_help="call an endpoint for each row of a table, or for each file",
    epilog=examples(
        "map user/space /caption photos/*.jpg -o captions.csv --journal run.jsonl",
        "map user/space /translate texts.csv language=French -o french.csv",
        "map user/space /draw prompts.jsonl --files pictures --errors keep",
    ),
)
@targeted
@click.argument(
    "words",
    metavar="[ENDPOINT] INPUTS... [NAME=VALUE]...",
    nargs=-1,
    shell_complete=complete_inputs,
)
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    callback=_output,
    help="The file for the results: JSON lines (.jsonl) or a table (.csv). The default is JSON "
    "lines on standard output.",
)
@click.option(
    "--files",
    "folder",
    metavar="FOLDER",
    type=click.Path(file_okay=False, path_type=Path),
    help="Save the files of results in this folder, as each item ends.",
)
@click.option(
    "--journal",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write each item that has ended to this file. If the command is stopped, the same command "
    "continues from there.",
)
@click.option(
    "--in-flight",
    type=click.IntRange(min=1),
    metavar="NUMBER",
    help="How many items run or wait at the app at the same time. By default, the command finds "
    "a number that keeps the app busy.",
)
@click.option(
    "--errors",
    type=click.Choice(("stop", "keep")),
    default="stop",
    help="Stop at the first item that fails (the default), or keep its error and continue.",
)
@click.option(
    "--retry-failed",
    is_flag=True,
    help="Call the failed items of the journal again. Without this option, --errors keep keeps "
    "their errors. --errors stop always calls them again.",
)
@click.option(
    "--limit",
    type=click.FloatRange(min=0, min_open=True),
    metavar="SECONDS",
    help="How long each item may take.",
)
@click.option("--quiet", is_flag=True, help="Show no progress.")
def map(
    target: Target,
    words: Sequence[str],
    *,
    output: Path | None,
    folder: Path | None,
    journal: Path | None,
    in_flight: int | None,
    errors: str,
    retry_failed: bool,
    limit: float | None,
    quiet: bool,
) -> None:
    """Call an endpoint for each row of a table or each file, several at a time.

    INPUTS are tables (.jsonl, .csv, .tsv, .parquet), - for JSON lines on standard input, and files
    and folders. Columns of a table have the names of parameters. Each other file, and each file in
    a folder, is one item: the value of the first parameter that takes a file. @table.csv is such a
    file, too. NAME=VALUE is the same for all items, and has the form of the command predict.

    The results are in the order of the items. In a terminal, a line on standard error shows how
    many have ended, the rate, the time that is left, and how many have failed. The exit code is 0
    only if no item has failed. Ctrl-C cancels all items that run or wait.
    """
    if retry_failed and journal is None:
        raise click.UsageError("--retry-failed needs the --journal in which items have failed.")
    screen = Screen(live=not quiet)
    options = {} if in_flight is None else {"max_workers": in_flight}
    with target.connect(**options) as app:
        named = Named(app, target.source, words)
        inputs = inputs_of(named.values, named.signature, named.slots)
        _check_places(inputs, output, journal)
        outputs = [label or f"output {n}" for n, (_, label) in enumerate(named.signature.returns)]
        results = MapResults(screen, output, inputs.names, outputs)
        line = MapLine(screen, inputs.total)
        try:
            _run(
                app,
                named.signature.endpoint,
                inputs,
                results,
                line,
                in_flight=in_flight,
                on_error="raise" if errors == "stop" else "return",
                timeout=limit,
                journal=journal,
                download=folder,
                retry_failed=retry_failed,
            )
        except GradioClientError as error:
            advice = "" if isinstance(error, JournalError) else _advice(journal)
            screen.end_with_error(f"{error_line(error)}{_about_item(error)}{advice}")
            raise click.exceptions.Exit(exit_code_of(error)) from None
        except KeyboardInterrupt:
            screen.end_with_error(f"{line.summary()}.{_advice(journal)}")
            raise
        finally:
            screen.end()
            results.close()
        if line.failed or screen.is_live:
            screen.end_with_error(f"{line.summary()}.")
        if line.failed:
            raise click.exceptions.Exit(FAILED)


def _run(
    app: Client,
    endpoint: str | int,
    inputs: Inputs,
    results: MapResults,
    line: MapLine,
    **options: Any,
) -> None:
    with app._map(endpoint, inputs.payloads, report=line.add, **options) as calls:
        results.begin()
        if inputs.piped is not None:
            TwoLoops(calls, inputs.piped, results.write).run()
            return
        for outcome in calls.outcomes():
            results.write(outcome)


def _about_item(error: GradioClientError) -> str:
    """Return a sentence that names the item that has failed, if one has."""
    if error.index is None:
        return ""
    payload = short(json_text(plain_value(error.payload), as_ascii=False), 80)
    return f" (This is item {error.index}, counted from 0: {plain(payload)})"


def _advice(journal: Path | None) -> str:
    if journal is None:
        return ""
    return f" The items that have ended are in {journal}. The same command continues there."


def _check_places(inputs: Inputs, output: Path | None, journal: Path | None) -> None:
    """Refuse an output that would overwrite an input or the journal."""
    if output is None:
        return
    others = [*inputs.places, *([journal] if journal is not None else [])]
    if any(one.resolve() == output.resolve() for one in others):
        raise click.UsageError(f"{str(output)!r} is an input or the journal, too.")
