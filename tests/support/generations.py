"""The features of each generation of servers, as data, and how tests select servers by them.

A test that needs a feature names it with `servers_with`, and runs on the servers that have it. The
reason why other servers lack it is here, in one place.
"""

from __future__ import annotations

import ast
from typing import Any, NamedTuple

import pytest

from tests.conftest import SERVERS
from tests.support.servers.server import APP


class Feature(NamedTuple):
    """A feature that only some servers have.

    Attributes:
        since: The first release that has it.
        why: What came with that release, or what fails without the feature.
        until: The first release that no longer has it.
        broken: Ranges of releases in between that lack it: from the first of each pair up to, but
            not including, the second.
    """

    since: tuple[int, ...]
    why: str
    until: tuple[int, ...] = (999,)
    broken: tuple[tuple[int, ...], tuple[int, ...]] = ((999,), (999,))


FEATURES = {
    "websocket": Feature((3, 10), "4.0 replaced the websocket by event streams", (4, 0)),
    "polled for data": Feature(
        (3, 10), "these servers ask for a job's data and drop the job if none comes", (4, 9)
    ),
    "shared stream": Feature((4, 9), "before, each job has a connection of its own"),
    "event ids": Feature((4, 0), "on a websocket the connection is the job"),
    "whole numbers": Feature((4, 0), "3.x sums 2 and 3 up to 5.0, and our pages print 5"),
    "hidden buttons": Feature((4, 0), "3.x lists buttons among the parameters"),
    "hidden rows": Feature((3, 10), "4.12 lists datasets among the parameters", (4, 12)),
    "function names": Feature((4, 0), "before, an event without api_name has no name"),
    "max_file_size": Feature((4, 28), "servers before 4.28 have no limit of file sizes"),
    "private": Feature((6, 0), "api_visibility came with 6.0"),
    "separate iterators": Feature((4, 0), "3.x keeps one iterator per session and function"),
    "batch": Feature(
        (3, 10), "a batch function stops the queue of 4.0 to 4.10", broken=((4, 0), (4, 11))
    ),
    "answers per sample": Feature(
        (3, 10),
        "4.9 to 4.20 give each job of a batch the last one's answer",
        broken=((4, 9), (4, 21)),
    ),
    "generator types": Feature(
        (3, 20), "before, the config does not say so, and a function's first job runs alone"
    ),
    "translated texts": Feature((5, 27), "gr.I18n came with 5.27"),
    "root in the config": Feature((3, 32), "3.16 and 3.23 keep the root_path to themselves"),
    "logs": Feature((3, 36), "gr.Info and gr.Warning came with 3.36"),
    "edit lists": Feature((4, 17), "before, every value comes whole"),
    "whole paths": Feature(
        (3, 10),
        "edits of 5.29.1 to 5.35 do not say which list they shorten",
        broken=((5, 29, 1), (5, 36)),
    ),
    "async cancel": Feature((4, 0), "3.x lets an async function run to its end"),
    "endless stream": Feature((4, 25), "/heartbeat came with 4.25"),
    "cancel": Feature((4, 31), "before, there is no /cancel"),
    "heartbeat": Feature((4, 29), "servers ask for one since 4.29"),
    "render": Feature((4, 32), "gr.render came with 4.31, but its functions with 4.32"),
    "numbered endpoints": Feature((4, 32), "before, an endpoint's number is its position"),
    "shown": Feature((4, 37), "duration and visible of errors and logs came with 4.37"),
    "input streams": Feature((5, 0), "connection='stream' came with 5.0"),
    "titles": Feature((5, 2), "title of errors and logs came with 5.2"),
    "validators": Feature((5, 45), "validator= came with 5.45"),
    "server functions": Feature((3, 47), "functions of components came with 3.47"),
    "forms": Feature((4, 22), "servers up to 4.21 take JSON only"),
    "tokens": Feature((6, 21), "servers up to 6.20 take a token from a login only"),
}


def has(version: str, feature: str) -> bool:
    """Return whether the server of ``version`` has a feature of `FEATURES`."""
    wanted = FEATURES[feature]
    release = tuple(int(part) for part in version.split("."))
    first, fixed = wanted.broken
    return wanted.since <= release < wanted.until and not first <= release < fixed


def servers_with(*features: str) -> pytest.MarkDecorator:
    """Run a test on the servers that have all these features."""
    versions = [v for v in SERVERS if all(has(v, feature) for feature in features)]
    return pytest.mark.parametrize("server", versions, indirect=True)


def servers_without(feature: str) -> pytest.MarkDecorator:
    """Run a test on the servers that lack a feature."""
    versions = [v for v in SERVERS if not has(v, feature)]
    return pytest.mark.parametrize("server", versions, indirect=True)


def app_constant(name: str) -> Any:
    """Return a constant of the servers' app, which cannot be imported without Gradio."""
    for statement in ast.parse(APP.read_text(encoding="utf-8")).body:
        targets = (
            statement.targets
            if isinstance(statement, ast.Assign)
            else [statement.target]
            if isinstance(statement, ast.AnnAssign)
            else []
        )
        if any(isinstance(target, ast.Name) and target.id == name for target in targets):
            return ast.literal_eval(statement.value)  # type: ignore[union-attr,arg-type]
    raise LookupError(name)
