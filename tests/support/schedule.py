"""Which tests run, in which order, and which of them stay together in one process.

Tests of one server are one group: they run after each other, and of several processes (``-n 2``)
one runs them all, so that each server starts once. Every other module is a group of its own, and so
is one marked ``once``, for the sake of what its fixtures build; with a single server all are.
Groups that take long come first, so that the processes end at about the same time.

A test marked ``client_only`` is about what the client does with what it was sent. How it is sent
depends on the queue's protocol and not on the release, so such a test runs on the newest release
of each protocol. What depends on the release (values, files, errors, cancelling, routes) runs on
all; in a module that is marked as a whole it is marked ``each_release``.
"""

from __future__ import annotations

import os

import pytest

from tests.support.servers.environments import VERSIONS

#: The servers that this run starts; the variable narrows it, as in "6.31.0,3.50.2".
SERVERS = tuple(
    version
    for version in VERSIONS
    if version in os.environ.get("GRADIO_CLIENT_SYNC_SERVERS", ",".join(VERSIONS)).split(",")
)

#: The first release of each protocol of the queue; `test_connect` compares with what servers say.
QUEUE_PROTOCOLS = (
    ((3, 10), "ws"),
    ((4, 0), "sse"),
    ((4, 9), "sse_v1"),
    ((4, 17), "sse_v2"),
    ((4, 21), "sse_v2.1"),
    ((4, 22), "sse_v3"),
)


def protocol_of(version: str) -> str:
    """Return the protocol of the queue of a release."""
    release = tuple(map(int, version.split(".")))
    return [name for since, name in QUEUE_PROTOCOLS if since <= release][-1]


def version_of(item: pytest.Item) -> str | None:
    """Return the version of the server that a test calls; ``None`` if it calls none.

    A test that names none in a parameter calls the newest.
    """
    fixtures = getattr(item, "fixturenames", ())
    if "server_pool" not in fixtures and item.get_closest_marker("gradio") is None:
        return None
    return _named_version(item) or SERVERS[-1]


def _named_version(item: pytest.Item) -> str | None:
    """Return the version that a parameter of the test is or has, `server` before others."""
    parameters = dict(item.callspec.params) if hasattr(item, "callspec") else {}
    for value in (parameters.pop("server", None), *parameters.values()):
        for part in value if isinstance(value, tuple) else (value,):
            if isinstance(part, str) and part in VERSIONS:
                return part
    return None


def group_of(item: pytest.Item) -> str:
    """Return the name of the group that a test belongs to."""
    version = version_of(item)
    if item.get_closest_marker("once") and _named_version(item) is None:
        version = None
    if len(SERVERS) == 1:  # the tests of one server would keep one process only
        version = None
    return version or item.nodeid.partition("::")[0]


def is_repetition(item: pytest.Item, chosen: dict[tuple[str, ...], str]) -> bool:
    """Whether a `client_only` test runs on a later release of the same protocol, too."""
    return chosen.get(_case(item)) not in (None, _named_version(item))


def newest_by_protocol(items: list[pytest.Item]) -> dict[tuple[str, ...], str]:
    """Return, for each case of a `client_only` test and each protocol, its newest release."""
    chosen: dict[tuple[str, ...], str] = {}
    for item in items:
        version = _named_version(item)
        if version is not None and _is_client_only(item):
            chosen[_case(item)] = max(version, chosen.get(_case(item), version), key=VERSIONS.index)
    return chosen


def _is_client_only(item: pytest.Item) -> bool:
    """Whether one release per protocol is enough; in such a module some tests may need each."""
    marked = item.get_closest_marker("client_only") is not None
    return marked and item.get_closest_marker("each_release") is None


def _case(item: pytest.Item) -> tuple[str, ...]:
    """Return what a test has in common with those on other releases of the protocol."""
    version = _named_version(item)
    if version is None:
        return (item.nodeid,)
    return item.nodeid.replace(version, "*"), protocol_of(version)


@pytest.hookimpl(tryfirst=True)  # pytest-xdist reads the groups next
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out repetitions, and put the tests of one server together."""
    chosen = newest_by_protocol(items)
    left_out = [item for item in items if is_repetition(item, chosen)]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if not is_repetition(item, chosen)]
    for item in items:
        item.add_marker(pytest.mark.xdist_group(group_of(item)))
    items.sort(key=_place)


def _place(item: pytest.Item) -> int:
    """Return a number by which the groups that take longest are sorted first."""
    group = group_of(item)
    return -VERSIONS.index(group) if group in VERSIONS else 1 if version_of(item) else 2
