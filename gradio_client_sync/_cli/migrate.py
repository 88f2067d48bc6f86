"""The command ``migrate``, for scripts of ``gradio_client``."""

from __future__ import annotations

from pathlib import Path

import click

from .root import examples


@click.command(
    short_help="change the imports of scripts of gradio_client",
    epilog=examples("migrate app.py", "migrate --write scripts/"),
)
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--diff/--write", "diff", default=True, help="Print the changes, or make them.")
def migrate(paths: tuple[Path, ...], diff: bool) -> None:
    """Change `from gradio_client import …` to `from gradio_client_sync.compat import …`.

    PATHS are Python files, and folders that are searched for them. Everything else in the files
    stays byte for byte. Lines that may not work as before are listed on standard error.
    """
    from ..compat.migrate import migrate as run

    click.get_current_context().exit(run(paths, write=not diff))
