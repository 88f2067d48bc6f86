"""The commands about Spaces: ``status`` and ``duplicate``."""

from __future__ import annotations

import sys
import warnings
from typing import TYPE_CHECKING

import click

from .._terminal.plaintext import plain
from .exits import PROGRAM
from .live import painted
from .root import Target, examples, targeted

if TYPE_CHECKING:
    from ..events import SpaceStatus

COLORS = {"running": "green", "complete": "green", "error": "red"}


@click.command(
    short_help="show how a Space starts, or that an app runs",
    epilog=examples("status user/space"),
)
@targeted
def status(target: Target) -> None:
    """Show where a Space stands, until it runs or has failed.

    Asking wakes it if it sleeps, as every connection does. Of an app at an address, it shows that
    it runs. Fails with exit code 11 if the Space cannot start.
    """

    def show(status: SpaceStatus) -> None:
        word = painted(plain(status.status), COLORS.get(status.load_status, "yellow"), sys.stdout)
        print(f"{word}  {plain(status.message)}", flush=True)

    with target.connect(status_callback=show) as app:
        word = painted("running", "green", sys.stdout)
        version = plain(app.config.get("version", "?"))
        print(f"{word}  Gradio {version} at {plain(app.url)} ({app.protocol})")


@click.command(
    short_help="copy a Space to your own account",
    epilog=examples("duplicate user/space --private --hardware t4-small"),
)
@targeted
@click.option("--private", is_flag=True, help="Make the copy private.")
@click.option("--hardware", metavar="NAME", help="What it runs on; the original's if not given.")
@click.option(
    "--sleep-after",
    type=click.FloatRange(min=0, min_open=True),
    metavar="MINUTES",
    help="How long the copy runs unused before it sleeps.",
)
@click.option("--to", "to_id", metavar="USER/SPACE", help="The copy's name.")
def duplicate(
    target: Target,
    private: bool,
    hardware: str | None,
    sleep_after: float | None,
    to_id: str | None,
) -> None:
    """Copy a Space to your own account, wait until the copy runs, and print its address.

    A copy that exists is used again. Needs a token of an account with the right to write.
    """
    from gradio_client_sync import duplicate as copy

    options = target.options()
    options.pop("timeout", None)  # duplicate's own is another one: the minutes
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always", UserWarning)
        app = copy(
            target.source,
            private=private,
            hardware=hardware,
            timeout=sleep_after,
            to_id=to_id,
            **options,
        )
    with app:
        for warning in told:
            click.echo(f"{PROGRAM}: {plain(warning.message)}", err=True)
        print(plain(app.url))
