"""The command group, the options for connecting that all commands share, and the run of click."""

from __future__ import annotations

import functools
import importlib
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Callable

import click
from click.shell_completion import shell_complete

from .._version import __version__
from ..errors import ConfigError, GradioClientError
from .exits import COMPLETION, OK, PROGRAM, WRONG_USE
from .mistakes import (
    is_host,
    misplaced_source,
    option_before_command,
    unknown_command,
    unknown_option,
)

if TYPE_CHECKING:
    from .._client import Client

COMMANDS = {  # the module of each command; only the module of the command that runs is imported
    "view-api": "inspect",
    "predict": "call",
    "submit": "call",
    "stream": "call",
    "map": "map_command",
    "types": "inspect",
    "status": "spaces",
    "duplicate": "spaces",
    "doctor": "doctor",
    "migrate": "migrate",
    "completion": "inspect",
    "demo": "inspect",
}


def examples(*lines: str) -> str:
    """Return the examples below a command's help, in a form that click does not wrap."""
    return "\n".join(("\b", "Examples:", *(f"  {PROGRAM} {line}" for line in lines)))


class Commands(click.Group):
    """The commands in the order of `COMMANDS`; each is imported when it is needed."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"{__package__}.{COMMANDS[cmd_name]}")
        command: click.Command = getattr(module, cmd_name.replace("-", "_"))
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command that a word names; if there is none, suggest a similar name."""
        is_known = args[0] in COMMANDS or args[0].startswith("-")
        if not is_known and not ctx.resilient_parsing:
            ctx.fail(unknown_command(args, COMMANDS))
        found: tuple[str | None, click.Command | None, list[str]]
        found = super().resolve_command(ctx, args)
        return found


@click.command(
    cls=Commands,
    context_settings={"help_option_names": ["--help", "-h"], "max_content_width": 100},
    no_args_is_help=False,
    epilog=examples(
        "view-api http://127.0.0.1:7860",
        "predict user/space /translate 'Good morning' language=French",
    ),
)
@click.version_option(__version__, prog_name=PROGRAM, message="%(prog)s %(version)s")
def commands() -> None:
    """Call any Gradio app from the command line.

    SOURCE is the URL of the app as a browser shows it, or the name of a Space, user/name. Results
    are printed on standard output, everything else on standard error. Exit codes: 2 wrong usage,
    3 unknown endpoint or wrong values, 4 login, 5 network, 6 not a Gradio app, 7 the app refused
    the values or failed, 8 busy, 9 timeout, 10 file, 11 Space, 12 missing package, 130 Ctrl-C,
    1 any other error.
    """


def run(arguments: Sequence[str]) -> int:
    """Run a command line.

    Returns:
        The exit code.

    Raises:
        GradioClientError: The command failed.
        KeyboardInterrupt: Ctrl-C.
    """
    completion = os.environ.get(COMPLETION)
    if completion:
        from .shells import add_shells

        add_shells()
        return int(shell_complete(commands, {}, PROGRAM, COMPLETION, completion))
    try:
        with commands.make_context(PROGRAM, list(arguments)) as context:
            commands.invoke(context)
    except click.exceptions.Exit as end:
        return int(end.exit_code)
    except click.Abort:  # Ctrl-C or the end of standard input at a prompt
        raise KeyboardInterrupt from None
    except click.ClickException as error:
        _explained(error, arguments).show(sys.stderr)
        return WRONG_USE
    return OK


def _explained(error: click.ClickException, arguments: Sequence[str]) -> click.ClickException:
    """Return an error with the line or the name to type."""
    context = getattr(error, "ctx", None)
    if isinstance(error, click.MissingParameter) and getattr(error.param, "name", "") == "source":
        what = "the URL of the app, such as http://127.0.0.1:7860, or a Space, such as user/space"
        return click.UsageError(f"Missing argument 'SOURCE': {what}.", context)
    if not isinstance(error, click.NoSuchOption) or context is None:
        return error
    if context.command is not commands:
        return unknown_option(error, arguments[1:])
    message = option_before_command(error.option_name, arguments, COMMANDS)
    return error if message is None else click.UsageError(message, context)


# -- options for connecting


@dataclass(frozen=True)
class Target:
    """An app, and the options for connecting to it."""

    source: str
    token: str | None
    auth: tuple[str, str] | None
    headers: dict[str, str]
    timeout: float | None
    insecure: bool
    http_auth: tuple[str, str] | None
    cert: str | None
    cert_key: str | None
    ca: str | None

    def options(self) -> dict[str, Any]:
        """Return the keyword arguments for `Client`."""
        options: dict[str, Any] = {
            "hf_token": self.token,
            "auth": self.auth,
            "headers": self.headers,
            "verify": not self.insecure if self.ca is None else self.ca,
            "http_auth": self.http_auth,
            "cert": self.cert if self.cert_key is None else (self.cert, self.cert_key),
        }
        return {**options, "timeout": self.timeout} if self.timeout is not None else options

    def connect(self, **more: Any) -> Client:
        """Return a client of the app.

        Args:
            more: Further keyword arguments for `Client`.

        Raises:
            GradioClientError: Connecting failed; see `Client`.
            click.UsageError: An option has an invalid value.
        """
        from .._client import Client

        if is_host(self.source):  # it has the form of a Space's name
            raise ConfigError(
                f"{self.source!r} is not the URL of an app. Give a full URL: "
                f"'http://{self.source}'.",
                url=self.source,
            )
        try:
            return Client(self.source, **self.options(), **more)
        except GradioClientError:
            raise
        except (TypeError, ValueError) as exc:
            raise click.UsageError(str(exc)) from exc


def targeted(command: Callable[..., None]) -> Callable[..., None]:
    """Add SOURCE and the options for connecting to a command, which gets a `Target` for them."""

    @functools.wraps(command)
    def with_target(
        *,
        source: str,
        token: str | None,
        auth: tuple[str, str] | None,
        header: dict[str, str],
        timeout: float | None,
        insecure: bool,
        http_auth: tuple[str, str] | None,
        cert: str | None,
        cert_key: str | None,
        ca: str | None,
        **others: Any,
    ) -> None:
        context = click.get_current_context()
        words = others.get("words", (others.get("endpoint") or "",))
        wrong = misplaced_source(source, words, str(context.info_name))
        if wrong is not None:
            context.fail(wrong)
        if cert_key is not None and cert is None:
            context.fail("--cert-key is the key of --cert, which is missing.")
        if ca is not None and insecure:
            context.fail(
                "--insecure accepts any certificate, so --ca has no use. Omit one of them."
            )
        gateway = http_auth, cert, cert_key, ca
        command(Target(source, token, auth, header, timeout, insecure, *gateway), **others)

    decorated: Callable[..., None] = with_target
    for option in reversed(_CONNECTING):
        decorated = option(decorated)
    return decorated


def _login(context: click.Context, option: click.Parameter, value: str | None) -> object:
    if value is None:
        return None
    user, colon, password = value.partition(":")
    if context.resilient_parsing and not colon:
        return None  # completion in a shell cannot ask for the password
    if not colon and not sys.stdin.isatty():
        raise click.BadParameter(
            f"without a terminal, the password of {user} cannot be typed in. Set the "
            f"environment variable {option.envvar} to USER:PASSWORD.",
            context,
            option,
        )
    if not colon:
        password = click.prompt(f"Password of {user}", hide_input=True, err=True)
    return user, password


def _headers(context: click.Context, option: click.Parameter, values: Sequence[str]) -> object:
    headers = {}
    for value in values:
        name, colon, text = value.partition(":")
        if not colon:
            raise click.BadParameter("write a header as 'Name: value'.", context, option)
        headers[name.strip()] = text.strip()
    return headers


_CONNECTING = (
    click.argument("source"),
    click.option(
        "--token",
        envvar="GRADIO_CLIENT_SYNC_TOKEN",
        help="Hugging Face token for private Spaces.  [env: GRADIO_CLIENT_SYNC_TOKEN]",
    ),
    click.option(
        "--auth",
        metavar="USER[:PASSWORD]",
        envvar="GRADIO_CLIENT_SYNC_AUTH",
        callback=_login,
        help="Login for an app that requires one. Without a password, you are prompted for it."
        "  [env: GRADIO_CLIENT_SYNC_AUTH]",
    ),
    click.option(
        "--header",
        metavar="'NAME: VALUE'",
        multiple=True,
        callback=_headers,
        help="A header for every request; may be repeated.",
    ),
    click.option(
        "--timeout",
        type=click.FloatRange(min=0, min_open=True),
        metavar="SECONDS",
        help="How long connecting may take, and how long the server may send nothing.",
    ),
    click.option("--insecure", is_flag=True, help="Do not verify TLS certificates."),
    click.option(
        "--ca",
        type=click.Path(),
        help="Trusted certificates, instead of those of this machine: a PEM file or a folder.",
    ),
    click.option(
        "--http-auth",
        metavar="USER[:PASSWORD]",
        envvar="GRADIO_CLIENT_SYNC_HTTP_AUTH",
        callback=_login,
        help="Basic login for a gateway in front of the app. Without a password, you are prompted"
        " for it.  [env: GRADIO_CLIENT_SYNC_HTTP_AUTH]",
    ),
    click.option(
        "--cert",
        type=click.Path(),
        help="Client certificate for a gateway: a PEM file, with its key unless --cert-key is"
        " given.",
    ),
    click.option("--cert-key", type=click.Path(), help="The key of --cert."),
)
