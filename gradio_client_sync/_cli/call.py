"""The commands that call an endpoint: ``predict``, ``submit`` and ``stream``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import dropwhile, islice
from typing import TYPE_CHECKING, Any, Callable

import click

from .._face.waiting import wait_for_result
from .._job.text import has_text
from ..errors import GradioClientError, PayloadError
from .advice import error_line
from .completing import complete_words
from .exits import exit_code_of
from .live import Live
from .naming import Named
from .output import Growing, Printer
from .place import Place, no_dash
from .root import Target, examples, targeted
from .screen import Screen
from .values import as_words

if TYPE_CHECKING:
    from ..events import Data
    from ..job import Job


_OPTION = re.compile(r"--?[A-Za-z][\w-]*(=.*)?", re.DOTALL)


class Calling(click.Command):
    """A command with values; a value may begin with a minus, like ``-1`` or ``- a line``."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Move the options to the front, so that all words after them are values."""
        own = [one for one in self.get_params(ctx) if isinstance(one, click.Option)]
        with_argument = {name for one in own if not one.is_flag for name in one.opts}
        options, values = list[str](), list[str]()
        words = iter(args)
        for word in words:
            if word == "--":
                values.extend(words)
            elif not _OPTION.fullmatch(word) and not (word.startswith("-o") and " " not in word):
                values.append(word)
            else:
                options.append(word)
                options.extend(islice(words, word in with_argument))
        rest: list[str] = super().parse_args(ctx, [*options, "--", *values])
        return rest


def calling(command: Callable[..., None]) -> Callable[..., None]:
    """Add the arguments and options that all commands of this module have."""
    for decorate in reversed(
        (
            targeted,
            click.argument(
                "words",
                metavar="[ENDPOINT] [VALUES]...",
                nargs=-1,
                shell_complete=complete_words,
            ),
            click.option("--json", "as_json", is_flag=True, help="Print JSON: a list of outputs."),
            click.option(
                "-o",
                "--output",
                metavar="PATH",
                type=click.Path(),
                callback=no_dash,
                help="Save files in this folder and print their paths. With a suffix, such as "
                "cat.png, PATH is the name of the file; a result without files is written to it.",
            ),
            click.option(
                "--limit",
                type=click.FloatRange(min=0, min_open=True),
                metavar="SECONDS",
                help="Cancel the job on the server if it takes longer than this.",
            ),
            click.option(
                "--quiet", is_flag=True, help="Do not show queue, progress and messages of the app."
            ),
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
        "predict user/space /render 'a red house' -o house.png",
    ),
)
@calling
def predict(target: Target, words: Sequence[str], **options: Any) -> None:
    """Call an endpoint, wait, and print its result: one output per line, or JSON.

    ENDPOINT is a name, with or without a slash, or a number. If the app has only one endpoint, you
    can leave it out; then a word is the name only if it begins with a slash. VALUES are passed by
    position, or by name as name=value. A value that is valid JSON is read as JSON (2, -1.5, true,
    '["a"]'); everything else is text. If the app takes text, numbers and lists stay text.
    @photo.png and @https://... are files, - is standard input, and @@ at the beginning means an @;
    this also holds for texts inside JSON. Repeat a name to give a list: files=@a.png files=@b.png.

    In a terminal, the position in the queue, the progress and the messages of the app are shown on
    standard error. Ctrl-C cancels the job on the server.
    """
    with _started(target, words, **options) as (job, live, printer):
        data = wait_for_result(job)
        live.end()
        printer.show(data)


@click.command(
    cls=Calling,
    short_help="call an endpoint and print each value when it arrives",
    epilog=examples("submit http://127.0.0.1:7860 /count 10 --json"),
)
@calling
def submit(target: Target, words: Sequence[str], **options: Any) -> None:
    """Call an endpoint and print each of its values when it arrives.

    With --json, each value is one line of JSON. Arguments and options are those of predict.
    """
    with _started(target, words, **options) as (job, _, printer):
        for data in job:
            printer.show(data)


@click.command(
    cls=Calling,
    short_help="call an endpoint and print its text while it grows",
    epilog=examples("stream http://127.0.0.1:7860 /chat 'Tell me a story'"),
)
@calling
def stream(target: Target, words: Sequence[str], **options: Any) -> None:
    """Call an endpoint and print only the new part of its growing text, such as a chat reply.

    For a chat, the text of the last message is printed. Values without text are printed complete.
    If a text does not continue the text before it, it begins on a new line. Arguments and options
    are those of predict.
    """
    with _started(target, words, **options) as (job, live, printer):
        growing = Growing(printer)
        others: Iterable[Data] = job if printer.as_json else ()
        try:
            for piece in () if printer.as_json else job.text():
                live.end()
                growing.show(piece)
        except PayloadError:  # an output without text, or the error of the job, which follows
            others = dropwhile(has_text, job)
        growing.end()
        for data in others:
            live.end()
            printer.show(data)


@contextmanager
def _started(
    target: Target,
    words: Sequence[str],
    *,
    as_json: bool,
    output: str | None,
    limit: float | None,
    quiet: bool,
) -> Iterator[tuple[Job, Live, Printer]]:
    """Connect and start the job; if the block ends early, cancel the job on the server."""
    screen = Screen(live=not quiet)
    place = Place(output) if output is not None else None
    printer = Printer(screen, as_json=as_json, place=place)
    live = Live(screen)
    with target.connect() as app:
        named = Named(app, target.source, words)
        payload = named.payload()
        with as_words():
            job = app.submit(named.signature.endpoint, payload, timeout=limit)
        live.watch(job)
        try:
            yield job, live, printer
        except GradioClientError as error:
            screen.end_with_error(error_line(error))
            raise click.exceptions.Exit(exit_code_of(error)) from None
        finally:
            live.end()
            if place is not None:
                place.close()
