"""The command ``doctor``: one cause why an app cannot be used, or a report for an issue."""

from __future__ import annotations

import platform
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import click

from .._terminal.plaintext import plain
from .._version import __version__
from .diagnosis import Diagnosis, environment_proxies, examine
from .live import painted
from .place import output_file, write_file
from .root import Target, examples, targeted

DEPENDENCIES = ("requests", "urllib3", "websocket-client", "huggingface_hub", "click")


@click.command(
    short_help="find out why an app cannot be used from this machine",
    epilog=examples("doctor http://127.0.0.1:7860", "doctor user/space --report"),
)
@targeted
@click.option("--report", is_flag=True, help="Print a report for an issue; it has no secrets.")
@output_file
@click.pass_context
def doctor(context: click.Context, target: Target, report: bool, output: Path | None) -> None:
    """Find out why an app cannot be used from this machine, and name one cause.

    The causes are DNS, proxy, TLS, no connection, login, invalid URL, wrong path, not Gradio,
    unsupported version, server error, buffering proxy, protocol, and Space. The exit code is the
    one that another command would have; it is 0 if everything works. No endpoint is called.
    """
    found = examine(target)
    lines = _report(target, found) if report else _summary(found)
    text = "\n".join(_without_secrets(target, line) for line in lines)
    if output is None:
        print(text)
    else:
        write_file(output, f"{click.unstyle(text)}\n")
    context.exit(found.code)


def _summary(found: Diagnosis) -> Iterator[str]:
    for passed in found.passed:
        yield f"{painted('✓', 'green', sys.stdout)} {plain(passed)}"
    if found.cause is None:
        yield "Everything works."
        return
    yield f"{painted('✗', 'red', sys.stdout)} {plain(found.details)}"
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
        *(["http-auth"] if target.http_auth else []),
        *(["cert"] if target.cert else []),
        *(["ca"] if target.ca else []),
    ]
    yield f"- options: {', '.join(given) or 'none'}"
    proxies = ", ".join(
        f"{name} {plain(value)}" for name, value in environment_proxies().items() if value
    )
    yield f"- proxies of the environment: {proxies or 'none'}"
    for name, value in found.app.items():
        yield f"- {name}: {plain(value)}"
    for passed in found.passed:
        yield f"- works: {plain(passed)}"
    yield f"- cause: {found.cause or 'none, everything works'}"
    if found.details:
        yield f"- {plain(found.details)}"


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "(not installed)"


def _without_secrets(target: Target, line: str) -> str:
    """Remove the secrets of the command line from a line of the report."""
    logins = [login[1] for login in (target.auth, target.http_auth) if login is not None]
    secrets = [target.token, *logins, *target.headers.values()]
    for secret in secrets:
        for part in (secret, (secret or "").rpartition(" ")[2]):
            if part:
                line = line.replace(part, "***")
    return line
