"""The commands that call: ``predict``, ``submit`` and ``stream``."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
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


_NEGATIVE = re.compile(r"-\.?\d.*", re.DOTALL)


class Calling(click.Command):
    """A command with values, which may be negative numbers and are told from options."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put the options first, so that whatever follows is a value."""
        own = [one for one in self.get_params(ctx) if isinstance(one, click.Option)]
        take_a_word = {name for one in own if not one.is_flag for name in one.opts}
        options, values = list[str](), list[str]()
        words = iter(args)
        for word in words:
            if word == "--":
                values.extend(words)
            elif word == "-" or word[:1] != "-" or _NEGATIVE.fullmatch(word):
                values.append(word)
            else:
                options.append(word)
                options.extend(islice(words, word in take_a_word))
        rest: list[str] = super().parse_args(ctx, [*options, "--", *values])
        return rest


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
    cls=Calling,
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

    ENDPOINT is a name, with a slash or without, or a number. Where the app has only one, it may be
    left out, and a word is its name only if it begins with a slash. VALUES go by position, or by
    name as name=value. A value is JSON where it parses (2, -1.5, true, '["a"]'), else text; where
    the app takes text, it stays text. @photo.png and @https://... are files, - is standard input,
    and @@ at the beginning stands for an @.

    In a terminal, the place in the queue, the app's progress and its messages are shown on
    standard error. Ctrl-C cancels the job on the server.
    """
    with _started(target, words, **options) as (app, job, live, printer):
        data = app._result(job)
        live.end()
        printer.show(data)


@click.command(
    cls=Calling,
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
    cls=Calling,
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
    """Tell the endpoint from the values: of several, the first word has to name one."""
    first = words[0] if words else ""
    if not first or (not first.startswith("/") and len(app._signatures()) == 1):
        return None, words
    is_number = first.isascii() and first.isdecimal()
    return (int(first) if is_number else first), words[1:]
