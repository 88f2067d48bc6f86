"""The command ``doctor``: what is wrong, in a line, or a report for an issue."""

from __future__ import annotations

import platform
import sys
from collections.abc import Iterator
from importlib import metadata

import click

from .._terminal.plaintext import plain
from .._version import __version__
from .diagnosis import Diagnosis, examine, proxies_told
from .live import painted
from .root import Target, examples, targeted

DEPENDENCIES = ("requests", "urllib3", "websocket-client", "huggingface_hub", "click")


@click.command(
    short_help="find out why an app cannot be used from here",
    epilog=examples("doctor http://127.0.0.1:7860", "doctor user/space --report"),
)
@targeted
@click.option("--report", is_flag=True, help="Print a report for an issue, without secrets.")
@click.pass_context
def doctor(context: click.Context, target: Target, report: bool) -> None:
    """Find out why an app cannot be used from here, and name one cause.

    DNS, proxy, TLS, no connection, login, wrong path, not Gradio, unsupported version, server
    error, buffering proxy, or Space. The exit code is the one that other commands would end with;
    0 if all is well. Nothing of the app is called.
    """
    found = examine(target)
    lines = _report(target, found) if report else _told(found)
    print("\n".join(_without_secrets(target, line) for line in lines))
    context.exit(found.code)


def _told(found: Diagnosis) -> Iterator[str]:
    for passed in found.passed:
        yield f"{painted('✓', 'green', sys.stdout)} {plain(passed)}"
    if found.cause is None:
        yield "All is well."
        return
    yield f"{painted('✗', 'red', sys.stdout)} {plain(found.told)}"
    yield f"Cause: {painted(found.cause, 'red', sys.stdout)}"


def _report(target: Target, found: Diagnosis) -> Iterator[str]:
    yield "### gradio-client-sync doctor"
    yield ""
    yield f"- gradio-client-sync {__version__}, Python {platform.python_version()}"
    yield f"- {platform.platform()}"
    yield f"- {', '.join(f'{name} {_version(name)}' for name in DEPENDENCIES)}"
    given = [
        *(["token"] if target.token else []),
        *(["auth"] if target.auth else []),
        *(f"header {plain(name)}" for name in target.headers),
        *(["insecure"] if target.insecure else []),
    ]
    yield f"- options: {', '.join(given) or 'none'}"
    proxies = ", ".join(f"{name} {plain(value)}" for name, value in proxies_told().items() if value)
    yield f"- proxies of the environment: {proxies or 'none'}"
    for name, value in found.app.items():
        yield f"- {name}: {plain(value)}"
    for passed in found.passed:
        yield f"- works: {plain(passed)}"
    yield f"- cause: {found.cause or 'none, all is well'}"
    if found.told:
        yield f"- {plain(found.told)}"


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "(absent)"


def _without_secrets(target: Target, line: str) -> str:
    """What was given on the command line and is nobody's business must not be in a report."""
    secrets = [target.token, target.auth[1] if target.auth else None, *target.headers.values()]
    for secret in secrets:
        for part in (secret, (secret or "").rpartition(" ")[2]):
            if part:
                line = line.replace(part, "***")
    return line
