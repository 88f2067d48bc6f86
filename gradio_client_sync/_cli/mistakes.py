"""Common mistakes in the order and the names of words, and the correct command line."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from difflib import get_close_matches

import click

from .._basics.secret import shown_source
from .advice import quoted
from .exits import PROGRAM

#: Words that people type instead of a command.
_SYNONYMS = {
    "api": "view-api",
    "call": "predict",
    "chat": "stream",
    "check": "doctor",
    "copy": "duplicate",
    "describe": "view-api",
    "endpoints": "view-api",
    "follow": "stream",
    "generate": "types",
    "info": "view-api",
    "list": "view-api",
    "ping": "status",
    "run": "predict",
    "show": "view-api",
    "watch": "submit",
}

#: Names of options in Python and in other programs.
_OTHER_NAMES = {
    "--api-name": "ENDPOINT, a word after the source",
    "--download": "--output",
    "--dir": "--output",
    "--ca-bundle": "--ca",
    "--cacert": "--ca",
    "--client-cert": "--cert",
    "--header-file": "--header",
    "--headers": "--header",
    "--hf-token": "--token",
    "--key": "--token",
    "--login": "--auth",
    "--max-time": "--limit",
    "--no-verify": "--insecure",
    "--out": "--output",
    "--password": "--auth",
    "--user": "--auth",
    "--username": "--auth",
    "--verify": "--ca",
    "--verbose": "gradio-client-sync doctor SOURCE --report, for details",
    "--wait": "--limit",
    "-H": "--header",
    "-k": "--insecure",
    "-u": "--auth",
}
_SOURCE = re.compile(
    r"https?://|localhost\b|\d+(\.\d+){3}\b|[\w.-]*:\d+(/|$)|\w[\w.-]*/\w[\w.-]*$", re.ASCII
)
_HOST = re.compile(r"(localhost|\d+(\.\d+){3})/", re.ASCII)
_SECRET_OPTIONS = ("--token", "--auth", "--header", "--http-auth")


def is_source(word: str) -> bool:
    """Return whether a word looks like an app: a URL, a host with a port, or a Space."""
    return _SOURCE.match(word) is not None


def is_host(word: str) -> bool:
    """Return whether a word is a host of this network with a path, such as ``localhost/app``."""
    return _HOST.match(word) is not None


def unknown_command(args: Sequence[str], commands: Iterable[str]) -> str:
    """Return the message for a first word that is not a command.

    Args:
        args: All words of the command line.
        commands: The names of the commands.
    """
    names, first, rest = list(commands), args[0], list(args[1:])
    if is_source(first) or first.startswith("/"):
        other = next((word for word in rest if word in names), None)
        if other is not None:
            rest.remove(other)
        source = (
            [] if is_source(first) else [one for one in rest if is_source(one)][:1] or ["SOURCE"]
        )
        rest = [one for one in rest if one not in source]
        line = line_of(other or "predict", *source, first, *rest)
        return f"The command comes first: {line}"
    if first == "help":
        return f"Write: {line_of(*[one for one in rest if one in names][:1], '--help')}"
    if first == "version":
        return f"Write: {line_of('--version')}"
    word = first.lower().replace("_", "-")
    near = [_SYNONYMS[word]] if word in _SYNONYMS else get_close_matches(word, names, 1)
    meant = f"Did you mean {near[0]!r}?" if near else f"Commands: {', '.join(names)}."
    return f"No such command {first!r}. {meant}"


def option_before_command(name: str, args: Sequence[str], commands: Iterable[str]) -> str | None:
    """Return the message for an option of a command that stands before the command, if one does."""
    names = set(commands)
    at = next((index for index, word in enumerate(args) if word in names), None)
    if at is None:
        return None
    line = line_of(args[at], *args[at + 1 :], *args[:at])
    return f"The option {name} belongs to the command, so it comes after it: {line}"


def misplaced_source(source: str, words: Sequence[str], command: str) -> str | None:
    """Return the message if another word than the first one is the app."""
    if is_source(source):
        return None
    at = next((index for index, word in enumerate(words) if is_source(word)), None)
    if at is None:
        return None
    rest = [*words[:at], *words[at + 1 :]]
    return f"The app comes before the endpoint: {line_of(command, words[at], source, *rest)}"


def unknown_option(error: click.NoSuchOption, args: Sequence[str]) -> click.UsageError:
    """Return the error for an option that a command does not have.

    Args:
        error: The error of click.
        args: The words after the command.
    """
    name = error.option_name
    word = next((one for one in args if one.partition("=")[0] == name), None)
    if word is None:  # click names one letter of several
        letter = name.lstrip("-")[:1]
        shorts = (one for one in args if re.match(r"-[A-Za-z]", one) and letter in one)
        word = next(shorts, name)
    known = _OTHER_NAMES.get(name.replace("_", "-"))
    near = [known] if known else get_close_matches(name, error.possibilities or [], 1)
    parts = [f"No such option: {word.partition('=')[0]}."]
    if near:
        parts.append(f"Did you mean {near[0]}?")
    if error.ctx is not None and any(one.name == "words" for one in error.ctx.command.params):
        bare = name.lstrip("-")  # the dashes, which all have, would make short names similar
        is_sure = known or get_close_matches(bare, [one.lstrip("-") for one in near], 1, 0.75)
        if not is_sure and name.startswith("--"):
            parts.append(f"A parameter is written {name[2:].replace('-', '_')}=VALUE.")
        parts.append("If it is a value, write -- before it.")
    return click.UsageError(" ".join(parts), error.ctx)


def line_of(*words: str) -> str:
    """Return a command line of this program, without secrets.

    These are the values of some options, and those in the query of a URL.
    """
    shown: list[str] = []
    for word in words:
        name, equals, _ = word.partition("=")
        if shown and shown[-1] in _SECRET_OPTIONS:
            word = "..."
        elif equals and name in _SECRET_OPTIONS:
            word = f"{name}=..."
        elif is_source(word) and "://" in word:
            word = shown_source(word)
        shown.append(word)
    return " ".join([PROGRAM, *map(quoted, shown)])
