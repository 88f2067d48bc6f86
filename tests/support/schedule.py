"""Which tests run, in which order, and which of them run together in one process.

Tests that have a release among their parameters form one group per release. The tests of a group
run one after the other, and in one process even with ``-n 4``, so each server starts only once.
The other tests of a module form a group, because they share fixtures. If there is only one server,
each module is a group. Long groups run first (`LONGEST`), so that the processes end at about the
same time.

A test marked ``client_only`` checks what the client does with the messages that it receives. How
they are sent depends on the queue's protocol and not on the release. So such a test runs only on
the newest release of each protocol. A test of something that depends on the release (values,
files, errors, cancelling, routes) runs on all releases. If its module is marked as a whole, mark
such a test ``each_release``.
"""

from __future__ import annotations

import os
from typing import Any

import pytest

from tests.support.servers.environments import VERSIONS

#: The servers that this run starts; the variable narrows it, as in "6.31.0,3.50.2".
SERVERS = tuple(
    version
    for version in VERSIONS
    if version in os.environ.get("GRADIO_CLIENT_SYNC_SERVERS", ",".join(VERSIONS)).split(",")
)

#: Of these, the last release of each generation. Tests of what people type and read use them: texts
#: and descriptions depend on the generation, and hardly on the release.
GENERATIONS = tuple(
    version for version in SERVERS if version in {"3.50.2", "4.44.1", "5.50.0", "6.31.0"}
)

#: The groups that take longest, the longest first. The releases of `GENERATIONS` have more tests
#: than the others; each of these modules takes more than 15 s. At the start each process gets two
#: groups: of four processes, the one that has the first group also has the fifth. So that is short.
LONGEST = (
    *("6.31.0", "3.50.2", "5.50.0", "4.44.1"),
    *("3.23.0", "4.19.2", "4.12.0", "4.0.2", "4.21.0"),
    "tests/interfaces/notebook/test_notebooks.py",
    "tests/faults/test_signals.py",
    "tests/interfaces/typed/test_codegen.py",
    "tests/interfaces/cli/test_cli.py",
    "tests/faults/test_process_end.py",
    "tests/interfaces/typed/test_typed.py",
    "tests/contract/test_values.py",
    "tests/support/canary/test_canary.py",
    "tests/faults/test_hostile_files.py",
    "tests/contract/test_uploads.py",
    "tests/docs/test_docs.py",
    "tests/core/test_fuzz.py",
)

#: The first release of each protocol of the queue; `test_connect` compares this with real servers.
QUEUE_PROTOCOLS = (
    ((3, 10), "ws"),
    ((4, 0), "sse"),
    ((4, 9), "sse_v1"),
    ((4, 17), "sse_v2"),
    ((4, 21), "sse_v2.1"),
    ((4, 22), "sse_v3"),
)


def protocol_of(version: str) -> str:
    """Return the queue protocol of a release."""
    release = tuple(map(int, version.split(".")))
    return [name for since, name in QUEUE_PROTOCOLS if since <= release][-1]


def version_in(nodeid: str) -> str | None:
    """Return the release among a test's parameters; ``None`` if there is none."""
    for part in nodeid.partition("[")[2].rstrip("]").split("-"):
        if part in VERSIONS:
            return part
    return None


def group_of(nodeid: str) -> str:
    """Return the name of the group that a test belongs to."""
    version = version_in(nodeid) if len(SERVERS) > 1 else None
    return version or nodeid.partition("::")[0]


def is_repetition(item: pytest.Item, chosen: dict[tuple[str, ...], str]) -> bool:
    """Return whether a `client_only` test also runs on a later release of the same protocol."""
    return chosen.get(_case(item)) not in (None, version_in(item.nodeid))


def newest_by_protocol(items: list[pytest.Item]) -> dict[tuple[str, ...], str]:
    """Return the newest release for each case of a `client_only` test and each protocol."""
    chosen: dict[tuple[str, ...], str] = {}
    for item in items:
        version = version_in(item.nodeid)
        if version is not None and _is_client_only(item):
            chosen[_case(item)] = max(version, chosen.get(_case(item), version), key=VERSIONS.index)
    return chosen


def _is_client_only(item: pytest.Item) -> bool:
    """Return whether one release per protocol is enough, also with ``each_release`` marks."""
    marked = item.get_closest_marker("client_only") is not None
    return marked and item.get_closest_marker("each_release") is None


def _case(item: pytest.Item) -> tuple[str, ...]:
    """Return the part of a test's name that is the same for other releases of the protocol."""
    version = version_in(item.nodeid)
    if version is None:
        return (item.nodeid,)
    return item.nodeid.replace(version, "*"), protocol_of(version)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Remove repetitions, and put the tests of one server together."""
    chosen = newest_by_protocol(items)
    left_out = [item for item in items if is_repetition(item, chosen)]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if not is_repetition(item, chosen)]
    items.sort(key=_sort_key)


def _sort_key(item: pytest.Item) -> int:
    """Return a number that sorts the longest groups first."""
    group = group_of(item.nodeid)
    if group in LONGEST:
        return LONGEST.index(group)
    return len(LONGEST) + (0 if item.get_closest_marker("gradio") else 1)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Give whole groups to the processes, in the order of the tests.

    ``--dist loadgroup`` should do this, but it has no effect with pytest 9.2 and pytest-xdist 3.8.
    """
    from xdist.scheduler import LoadScopeScheduling

    class Groups(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return group_of(nodeid)

    config.option.loadscopereorder = False
    return Groups(config, log)
