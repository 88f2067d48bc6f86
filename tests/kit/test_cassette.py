"""The file format of recordings, and the errors for mistakes in edited lines."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from gradio_client_sync.testing import ReplayError
from gradio_client_sync.testing.cassette import Cassette

pytestmark = pytest.mark.once

APP = "http://127.0.0.1:7860"
FIRST = {"cassette": 1, "made_by": "me"}
CONFIG = {"app": APP, "config": {"version": "6.31.0"}}
CALL = {"call": 1, "app": APP, "endpoint": "/add", "fn_index": 0, "payload": [2, 3], "session": 1}
STEP = {"call": 1, "t": 0.1, "message": {"msg": "process_completed", "output": {"data": [5]}}}
FILE = {"file": "/tmp/a.txt", "app": APP, "content": "x.files/1-a.txt"}
SERVER = {"server": "f", "app": APP, "component": 1, "payload": 2, "status": 200, "body": 3}


def read(folder: Path, *lines: Any) -> Cassette:
    path = folder / "x.jsonl"
    path.write_text("".join(f"{json.dumps(line)}\n" for line in lines), encoding="utf-8")
    return Cassette(path)


def test_cassette_reads_all_kinds_of_lines(tmp_path: Path) -> None:
    """A recording has apps, calls, files, functions of components, and the Hub's responses."""
    refused = {"file": "/tmp/b.txt", "app": APP, "status": 404}
    hub = {"hub": "spaces/a/b", "status": 200, "body": {}}
    info = {"app": APP, "info": {}}
    cassette = read(tmp_path, FIRST, CONFIG, info, CALL, STEP, FILE, refused, SERVER, hub)
    assert cassette.configs == {APP: {"version": "6.31.0"}} and cassette.infos == {APP: {}}
    assert [call.steps for call in cassette.calls] == [[(0.1, STEP)]]
    assert cassette.files == {
        (APP, "/tmp/a.txt"): [tmp_path / "x.files" / "1-a.txt"],
        (APP, "/tmp/b.txt"): [404],
    }
    assert cassette.servers == [SERVER] and cassette.hub == [("spaces/a/b", 200, {})]


@pytest.mark.parametrize(
    ("step", "has_end"),
    [
        (STEP, True),
        ({**STEP, "message": {"msg": "queue_full"}}, True),
        ({"call": 1, "response": {"status": 200, "body": {}}}, True),
        *(({"call": 1, what: True}, True) for what in ("cancelled", "lost", "unfinished")),
        ({**STEP, "message": {"msg": "process_complete"}}, False),
        ({"call": 1, "sent": None}, False),
    ],
)
def test_cassette_knows_whether_a_call_ends(
    tmp_path: Path, step: dict[str, Any], has_end: bool
) -> None:
    """A call without an end, because a line is missing or has a typo, is found."""
    assert read(tmp_path, FIRST, CONFIG, CALL, step).calls[0].has_end is has_end


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ({"app": APP, "confg": {}}, "it has 'confg', which is not a key .*, and needs 'config'"),
        ({**CALL, "paylod": 1}, "it has 'paylod', which is not a key of such a line"),
        ({"call": 1, "app": APP, "endpoint": "/f", "payload": []}, "it needs 'fn_index'"),
        ({"call": 7, "lost": True}, "no line before it begins call 7"),
        ({**STEP, "message": "done"}, "'message' is not an object"),
        ({**STEP, "message": {"output": {}}}, "its message has no 'msg'"),
        ({**STEP, "t": "soon"}, "'t' is not a number"),
        ({"call": 1, "response": {"status": 200}}, "its response needs 'status' and 'body'"),
        ({"file": "/tmp/a.txt", "app": APP, "status": "404"}, "'status' is not a number"),
        ({"app": APP, "config": []}, "'config' is not an object"),
        ({"note": 1}, "it has 'note', which is not a key"),
        ([1], "it is not an object"),
    ],
)
def test_cassette_tells_the_line_of_a_mistake(tmp_path: Path, line: Any, why: str) -> None:
    """The error for a typo names the line and the mistake."""
    with pytest.raises(ReplayError, match=f"^Line 4 of the recording .*x.jsonl' .*: {why}"):
        read(tmp_path, FIRST, CONFIG, CALL, line)


def test_cassette_rejects_other_files(tmp_path: Path) -> None:
    """The error names another format, another kind of file and broken JSON."""
    path = tmp_path / "y.jsonl"
    for content, why in (
        (b'{"cassette": 2}\n{"new": 1}\n', "has the format 2, and this version reads 1"),
        (b'{"hub": "x", "status": 200, "body": 1}\n', "Line 1 .* first line has to be"),
        (b'{"cassette": 1}\n{"call": 1,}\n', "Line 2 .* at character 12"),
        (b"\n", "is empty"),
        (b"\xff\xfe", "is not UTF-8 text"),
    ):
        path.write_bytes(content)
        with pytest.raises(ReplayError, match=why):
            Cassette(path)
