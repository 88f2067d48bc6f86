"""Completion of the words after the source: endpoints, parameters, choices and files.

Endpoints and parameters come from the app, so pressing Tab connects to it. If that fails or takes
too long, nothing is completed.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import click
from click.shell_completion import CompletionItem

from .._terminal.plaintext import plain
from ..errors import GradioClientError
from .root import Target

if TYPE_CHECKING:
    from .._protocol.api.signature import Parameter, Signature

PATIENCE = 3.0  # s; users do not wait longer for a completion
MOST = 500
_GATEWAY = ("http_auth", "cert", "cert_key", "ca")


def complete_words(
    context: click.Context, _: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Return the completions of a word after the source.

    Args:
        context: The options and words before it.
        incomplete: The word so far.
    """
    name, equals, text = incomplete.partition("=")
    head, text = (f"{name}=", text) if equals and name.isidentifier() else ("", incomplete)
    if text.startswith("@") and not text.startswith("@@"):
        return [*_files(f"{head}@", text[1:])][:MOST]
    words = context.params.get("words") or ()
    return [
        CompletionItem(text, type="part" if text.endswith("=") else "plain")
        for text in _texts(_signatures(context), words, head)
        if text.startswith(incomplete) and plain(text) == text
    ][:MOST]


def complete_inputs(
    context: click.Context, parameter: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Return the completions of a word of the command ``map``, where a file needs no ``@``."""
    found = complete_words(context, parameter, incomplete)
    is_first = not (context.params.get("words") or ())
    if "=" in incomplete or incomplete.startswith("@") or (is_first and found):
        return found
    return [*found, *_files("", incomplete)][:MOST]


def _signatures(context: click.Context) -> list[Signature]:
    given = {**context.params, "timeout": context.params.get("timeout") or PATIENCE}
    names = ("source", "token", "auth", "header", "timeout", "insecure", *_GATEWAY)
    target = Target(*(given.get(name) for name in names))  # type: ignore[arg-type]  # as `targeted`
    try:
        with target.connect(deadline=PATIENCE, wake_timeout=PATIENCE, retries=0) as app:
            return app._signatures()
    except (GradioClientError, click.UsageError):
        return []  # an error cannot be shown below a line that is being typed


def _texts(signatures: Sequence[Signature], words: Sequence[str], head: str) -> Iterator[str]:
    """Yield the possible words at this position."""
    if not words:
        yield from (str(one.endpoint) for one in signatures)
        if len(signatures) > 1:
            yield from (str(one.endpoint)[1:] for one in signatures)  # the slash is optional
            return
    wanted = words[0].lstrip("/") if words else ""
    for signature in signatures:
        if len(signatures) == 1 or str(signature.endpoint).lstrip("/") == wanted:
            given = {word.partition("=")[0] for word in words}
            for parameter in signature.parameters:
                if head == f"{parameter.sent_as}=":
                    yield from (f"{head}{choice}" for choice in _choices(parameter))
                elif parameter.sent_as not in given:
                    yield f"{parameter.sent_as}="
            return


def _choices(parameter: Parameter) -> list[str]:
    hints = [parameter.hint, *parameter.hint.parts]
    hints += [part for hint in hints for part in hint.parts]
    texts = [str(choice) for hint in hints for choice in hint.choices if isinstance(choice, str)]
    return [*texts, *(("true", "false") if any(one.kind == "bool" for one in hints) else ())]


def _files(head: str, path: str) -> Iterator[CompletionItem]:
    """Yield the files and folders whose paths begin with the word."""
    folder, start = os.path.split(path)
    prefix = path[: len(path) - len(start)]
    try:
        entries = sorted(os.scandir(os.path.expanduser(folder) or "."), key=lambda one: one.name)
    except OSError:
        return
    for entry in entries:
        is_hidden = entry.name.startswith(".") and not start.startswith(".")
        if entry.name.startswith(start) and not is_hidden and plain(entry.name) == entry.name:
            kind = "part" if entry.is_dir() else "plain"
            end = "/" if entry.is_dir() else ""
            yield CompletionItem(f"{head}{prefix}{entry.name}{end}", type=kind)
