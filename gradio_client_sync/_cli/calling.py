"""The commands that call: ``predict``, ``submit`` and ``stream``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable

import click

from .live import Live
from .output import Growing, Printer
from .root import Target, examples, targeted
from .values import payload_of

if TYPE_CHECKING:
    from .._client import Client
    from ..job import Job


def calling(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command what all that call have."""
    for decorate in reversed(
        (
            targeted,
            click.argument("words", metavar="[ENDPOINT] [VALUES]...", nargs=-1),
            click.option("--json", "as_json", is_flag=True, help="Print JSON: a list of outputs."),
            click.option(
                "--output",
                "folder",
                metavar="DIR",
                type=click.Path(file_okay=False, path_type=Path),
                help="Save files there, and print where they are.",
            ),
            click.option(
                "--limit",
                type=click.FloatRange(min=0, min_open=True),
                metavar="SECONDS",
                help="Cancel the job on the server if it takes longer.",
            ),
            click.option("--quiet", is_flag=True, help="Show no queue, progress and messages."),
        )
    ):
        command = decorate(command)
    return command


@click.command(
    short_help="call an endpoint and print its result",
    epilog=examples(
        "predict http://127.0.0.1:7860 /add 2 3",
        "predict user/space /caption @photo.png style=short --json",
        "predict user/space /translate - language=French < letter.txt",
        "predict user/space /render 'a red house' --output pictures",
    ),
)
@calling
def predict(target: Target, words: Sequence[str], **options: Any) -> None:
    """Call an endpoint, wait, and print its result: each output on a line, or JSON.

    The first of VALUES is the endpoint's name if it begins with a slash or is one; it may be left
    out where the app has only one. VALUES go by position, or by name as name=value. A value is
    JSON where it parses (2, true, '["a"]'), else text; where the app takes text, it stays text.
    @photo.png and @https://... are files, - is standard input, and @@ at the beginning stands
    for an @.

    In a terminal, the place in the queue, the app's progress and its messages are shown on
    standard error. Ctrl-C cancels the job on the server.
    """
    with _started(target, words, **options) as (app, job, live, printer):
        data = app._result(job)
        live.end()
        printer.show(data)


@click.command(
    short_help="call an endpoint and print every value as it comes",
    epilog=examples("submit http://127.0.0.1:7860 /count 10 --json"),
)
@calling
def submit(target: Target, words: Sequence[str], **options: Any) -> None:
    """Call an endpoint and print each of its values as it comes.

    With --json there is one line of JSON for each. Otherwise as predict.
    """
    with _started(target, words, **options) as (_, job, live, printer):
        for data in job:
            live.clear()
            printer.show(data)


@click.command(
    short_help="call an endpoint and print its text as it grows",
    epilog=examples("stream http://127.0.0.1:7860 /chat 'Tell me a story'"),
)
@calling
def stream(target: Target, words: Sequence[str], **options: Any) -> None:
    """Call an endpoint and print what is new of its growing text, such as a chat's answer.

    Of a chat, the text of the last message is printed; other values are printed whole. A text that
    does not continue the one before begins on a new line. Otherwise as predict.
    """
    with _started(target, words, **options) as (_, job, live, printer):
        growing = Growing(printer)
        for data in job:
            live.end()
            growing.show(data) if not printer.as_json else printer.show(data)
        growing.end()


@contextmanager
def _started(
    target: Target,
    words: Sequence[str],
    *,
    as_json: bool,
    folder: Path | None,
    limit: float | None,
    quiet: bool,
) -> Iterator[tuple[Client, Job, Live, Printer]]:
    """Connect and start the job; whatever ends the block early cancels it on the server."""
    printer = Printer(as_json=as_json, folder=folder)
    live = Live(quiet=quiet)
    with target.connect() as app:
        endpoint, values = _endpoint_in(app, words)
        signature = app._signature(endpoint)
        job = app.submit(signature.endpoint, payload_of(values, signature), timeout=limit)
        live.watch(job)
        try:
            yield app, job, live, printer
        finally:
            live.end()


def _endpoint_in(app: Client, words: Sequence[str]) -> tuple[str | int | None, Sequence[str]]:
    """Tell the endpoint from the values."""
    first = words[0] if words else ""
    if first.startswith("/"):
        return first, words[1:]
    offered = [one.endpoint for one in app._signatures()]
    if len(offered) > 1 and f"/{first}" in offered:
        return f"/{first}", words[1:]
    if len(offered) > 1 and first.isascii() and first.isdecimal() and int(first) in offered:
        return int(first), words[1:]
    return None, words
