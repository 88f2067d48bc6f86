"""The commands for Spaces: ``status`` and ``duplicate``."""

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
    """Show the status of a Space until it runs or has failed.

    Like every connection, this command wakes a Space that sleeps. For an app at a URL, it shows
    that the app runs. If the Space cannot start, the exit code is 11.
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
@click.option("--hardware", metavar="NAME", help="Hardware of the copy; by default the original's.")
@click.option(
    "--sleep-after",
    type=click.FloatRange(min=0, min_open=True),
    metavar="MINUTES",
    help="Minutes without use after which the copy sleeps.",
)
@click.option("--to", "to_id", metavar="USER/SPACE", help="Name of the copy.")
def duplicate(
    target: Target,
    private: bool,
    hardware: str | None,
    sleep_after: float | None,
    to_id: str | None,
) -> None:
    """Copy a Space to your own account, wait until the copy runs, and print its URL.

    If the copy already exists, it is used. The command needs a token with write access.
    """
    from gradio_client_sync import duplicate as copy

    options = target.options()
    options.pop("timeout", None)  # the timeout of duplicate() is the minutes until the copy sleeps
    with warnings.catch_warnings(record=True) as caught:
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
        for warning in caught:
            click.echo(f"{PROGRAM}: {plain(warning.message)}", err=True)
        print(plain(app.url))
