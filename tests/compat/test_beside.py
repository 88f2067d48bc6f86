"""`compat` beside the official client: the same script with either package on real servers."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import GENERATIONS
from tests.support.component_values import ROWS, on
from tests.support.media import write_files
from tests.support.official.differences import DIFFERENCES, MODERN, OLD, intended
from tests.support.official.script import CASES, run
from tests.support.servers.environments import prepare
from tests.support.servers.plugin import ServerPool
from tests.support.servers.server import COMPONENTS

pytestmark = [pytest.mark.gradio, pytest.mark.once]

#: Which official client speaks with which server: 2.7.2 refuses Gradio 3, so there it is 0.6.1.
OFFICIAL = {"3.50.2": "3.50.2"}

#: What 0.6.1 can do: it has no keyword arguments, and other names.
OLD_CASES = (
    "echo positional several no_output no_input state direct fail crash unknown_name no_slash "
    "unknown_number loop result_of_a_generator outputs final_status file made_file "
    "one_callback callbacks status_codes many threads"
).split()

#: In these cases, the official client sometimes ends a loop before the only value, or raises
#: another error; `test_compat_client` tests them.
LEFT_OUT = {"loop_of_a_plain_function", "loop_of_an_empty_generator", "cancel"}

#: The official client now and then loses a job: it waits for it without an end, or says that it was
#: cancelled. Such a case has no verdict; more of them than this are another problem.
MOST_LOST = 8


def official(version: str, url: str, folder: Path, wanted: list[Any]) -> dict[str, Any]:
    """Return the outcomes of the official client, in the environment of its server."""
    python = prepare(OFFICIAL.get(version, "6.31.0"))
    script = Path(__file__).parents[1] / "support" / "official" / "script.py"
    ended = subprocess.run(
        [str(python), "-X", "utf8", str(script), url, str(folder), json.dumps(wanted)],
        env={**os.environ, "HF_HUB_OFFLINE": "1", "HF_HUB_DISABLE_TELEMETRY": "1"},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=600,
    )
    assert ended.returncode == 0, ended.stderr[-3000:]
    outcomes: dict[str, Any] = json.loads(ended.stdout.splitlines()[-1])
    return outcomes


def is_same(theirs: dict[str, Any], ours: dict[str, Any]) -> bool:
    """Return whether two outcomes are the same: equal values, or an error of all their classes."""
    if "error" in theirs and "error" in ours:
        of_app = theirs["error"][0] == "AppError"
        return set(theirs["error"]) <= set(ours["error"]) and (
            not of_app or theirs["text"] == ours["text"]
        )
    return theirs == ours


def is_lost(case: str, outcome: dict[str, Any]) -> bool:
    """Return whether the official client has lost a job, which it sometimes calls cancelled."""
    lost = ("no end", "TimeoutError", "CancelledError")
    return case != "timeout" and outcome.get("error", [""])[0] in lost


def compared(version: str, url: str, folder: Path, wanted: list[Any]) -> list[str]:
    """Return a line for each case with an unexpected difference, or without an expected one."""
    sides = {name: folder / name for name in ("theirs", "ours")}
    for side in sides.values():
        side.mkdir()
        write_files(side)
        (side / "a b.txt").write_text("hi there", encoding="utf-8")
        (side / "note.txt").write_text("a note", encoding="utf-8")
    theirs = official(version, url, sides["theirs"], wanted)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(sides["ours"])
        ours = run("gradio_client_sync.compat", url, sides["ours"], wanted)
    wrong: list[str] = []
    lost = [case for case in theirs if is_lost(case, theirs[case])]
    assert len(lost) <= MOST_LOST, lost
    for case, outcome in theirs.items():
        if case in lost:
            continue
        entry = intended(case, version)
        same = is_same(outcome, ours[case])
        if same == (entry is not None):
            says = "is the same, but should differ" if same else "differs"
            wrong.append(f"{case} {says}\n  theirs: {outcome}\n  ours:   {ours[case]}")
    return wrong


LONG = [pytest.mark.long, pytest.mark.timeout(900)]

#: Each run compares the behaviour on the oldest and the newest server. The others are `long`: on
#: 4.44.1, the official client waits for many jobs without an end.
BEHAVIOUR = [
    pytest.param(version, marks=[] if version in ("3.50.2", "6.31.0") else LONG)
    for version in GENERATIONS
]


@pytest.mark.parametrize("version", BEHAVIOUR)
def test_beside_the_official_client(version: str, server_pool: ServerPool, tmp_path: Path) -> None:
    """Each case ends as with the official client, except the listed differences."""
    wanted = list(
        OLD_CASES if version == "3.50.2" else (name for name in CASES if name not in LEFT_OUT)
    )
    wrong = compared(version, server_pool.get(version).url, tmp_path, wanted)
    assert not wrong, "\n".join(wrong)


def values_on(version: str) -> list[Any]:
    """Return each endpoint of the components with the source of its arguments."""
    found: list[Any] = []
    for row in ROWS:
        for take in row.takes:
            got = on(version, take.got)
            plain = not any(word in take.passed for word in ("np.", "pd.", "PIL.", "open(", "date"))
            # A path object for a file explorer names a file on the server.
            on_server = "file_explorer" in take.endpoint and "Path(" in take.passed
            if got is not None and plain and not on_server:
                source = take.passed.replace("Path(", "handle_file(")
                found.append([f"take_{take.endpoint}", f"{source},"])
        found.extend([give.endpoint, ""] for give in row.gives if on(version, give.back))
    return found


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.parametrize("version", GENERATIONS)
def test_beside_for_each_component(version: str, server_pool: ServerPool, tmp_path: Path) -> None:
    """Each component accepts and returns the same values as with the official client."""
    url = server_pool.get(version, app=(COMPONENTS,)).url
    wrong = compared(version, url, tmp_path, values_on(version))
    assert not wrong, "\n".join(wrong)


def test_differences_have_reasons() -> None:
    """Each intended difference has a reason, and is about a known case or endpoint."""
    for entry in DIFFERENCES:
        assert entry.reason and set(entry.servers) <= {*OLD, *MODERN}
        for version in entry.servers:
            known = {*CASES, *(f"{name}({source})" for name, source in values_on(version))}
            assert any(intended(case, version) is entry for case in known), (entry, version)
