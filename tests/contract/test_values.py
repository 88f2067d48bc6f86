"""The values of every component, sent to and returned by real servers, and the page about them."""

from __future__ import annotations

import importlib.util
import json
import re
from contextlib import ExitStack
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from gradio_client_sync import AppError, Client, Job, RemoteFile, handle_file
from gradio_client_sync._protocol.api.example import call_text
from tests.support.component_values import (
    FAILS,
    PAGE,
    ROWS,
    TABLE,
    Row,
    on,
    page,
    shown_back,
    shown_got,
)
from tests.support.listeners import BOUND
from tests.support.media import FILES, can_take, write_files
from tests.support.servers.plugin import ServerPool
from tests.support.servers.server import COMPONENTS, Server

PACKAGES = {"np": "numpy", "pd": "pandas", "PIL": "PIL"}


@pytest.fixture
def server(request: pytest.FixtureRequest, server_pool: ServerPool) -> Server:
    """Return each real server in turn, with an endpoint for every component."""
    return server_pool.get(request.param, app=(COMPONENTS,))


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Write the files that the table names to the working directory."""
    write_files(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def evaluated(source: str, stack: ExitStack) -> Any:
    """Return the value of a source text; raise `LookupError` if its package is not installed."""

    def opened(name: str, mode: str) -> Any:
        file = Path(name).open(mode)  # noqa: SIM115 - closed when it has been sent
        stack.callback(file.close)
        return file

    names: dict[str, Any] = {
        "Path": Path,
        "handle_file": handle_file,
        "date": date,
        "datetime": datetime,
        "open": opened,
    }
    for name, package in PACKAGES.items():
        if re.search(rf"\b{name}\.", source):
            if importlib.util.find_spec(package) is None:
                raise LookupError(package)
            names[name] = __import__(package)
            if name == "PIL":
                __import__("PIL.Image")
    return eval(source, names)


def answered(job: Job) -> Any:
    """Return a job's result, or `FAILS` if the app failed."""
    try:
        return job.result(BOUND)
    except AppError:
        return FAILS


@pytest.mark.gradio
@pytest.mark.parametrize("section", TABLE)
def test_values_are_those_of_the_table(section: str, server: Server, app: Client) -> None:
    """The function receives the value in the table, and its result is the one in the table."""
    for row in TABLE[section]:
        with ExitStack() as stack:
            compare(row, server, app, stack)


def compare(row: Row, server: Server, app: Client, stack: ExitStack) -> None:
    names = {dependency["api_name"] for dependency in app.config["dependencies"]}
    # One call after the other: 3.x names a picture by its content, so that of two jobs with the
    # same picture at the same time one may find an empty file.
    for take in row.takes:
        wanted = on(server.version, take.got)
        assert (wanted is not None) == (f"take_{take.endpoint}" in names)
        if wanted is not None and can_take(server.version, f"take_{take.endpoint}"):
            try:
                value = evaluated(take.passed, stack)
            except LookupError:
                continue
            answer = answered(app.submit(f"/take_{take.endpoint}", [value]))
            got = FAILS if answer == FAILS else shown_got(json.loads(answer[0])[0])
            assert got == wanted, f"{take.endpoint}, {take.passed}"
    for give in row.gives:
        wanted = on(server.version, give.back)
        assert (wanted is not None) == (give.endpoint in names)
        if wanted is not None:
            answer = answered(app.submit(f"/{give.endpoint}"))
            plain = answer if answer == FAILS else answer[0] if len(answer) == 1 else answer.data
            assert (plain if plain == FAILS else shown_back(plain)) == wanted, give.endpoint


@pytest.mark.gradio
def test_values_can_be_passed_back(server: Server, app: Client) -> None:
    """An output of a component can be passed as an input of the same component."""
    names = {dependency["api_name"] for dependency in app.config["dependencies"]}
    passed = 0
    for row in ROWS:
        for give in row.gives:
            endpoint = give.endpoint.replace("give_", "take_")
            if on(server.version, give.back) in (None, FAILS, "[]") or endpoint == give.endpoint:
                continue
            if endpoint in names and not broken(server.version, endpoint):
                value = app.predict(give.endpoint)[0]
                assert answered(app.submit(f"/{endpoint}", [value])) != FAILS, endpoint
                passed += 1
    assert passed >= 25


def broken(version: str, endpoint: str) -> bool:
    """Return whether the server always fails, or whether the input has another form."""
    if not can_take(version, endpoint):
        return True
    if version.startswith("3.") and endpoint == "take_image_mask":
        return True  # it gives a picture, and takes a picture and a mask
    if version in ("4.0.2", "4.12.0") and endpoint == "take_directory":
        return True  # it gives several files, and takes one
    takes = [take for row in ROWS for take in row.takes if f"take_{take.endpoint}" == endpoint]
    return all(on(version, take.got) == FAILS for take in takes)


@pytest.mark.gradio
def test_values_of_updates_are_files_there_too(app: Client) -> None:
    """The value in an update is the same file as the output, beside the other changes."""
    result = app.predict("/update_image")
    assert isinstance(result[0], RemoteFile)
    assert result.updates[0]["value"] is result[0]
    assert result.updates[0]["label"] == "Renamed"
    assert result[0].read().startswith(b"\x89PNG")
    hidden = app.predict("/update_only")
    assert hidden[0] is None and hidden.updates[0]["visible"] is False
    some = app.predict("/some")
    assert set(some.updates) == {0} and some[1] == 5


@pytest.mark.gradio
def test_values_kept_by_the_session_do_not_show(app: Client) -> None:
    """State is neither passed nor returned, and continues from call to call."""
    assert app.predict("/count", [2]).data == [2]
    assert app.predict("/count", [3]).data == [5]


@pytest.mark.gradio
def test_values_of_a_chat_show_their_components(server: Server, app: Client) -> None:
    """A component in a chat message has its value, as a file if it is one."""
    if server.version < "5":
        pytest.skip("components in messages came with 5.0")
    content = app.predict("/give_chat_component")[0][0]["content"]
    part = content[0] if isinstance(content, list) else content
    assert part["component"] == "image"
    assert part["value"].read().startswith(b"\x89PNG")


@pytest.mark.gradio
def test_values_of_every_frame_are_files(app: Client) -> None:
    """Each picture of a generator can be read, also after the job's end."""
    job = app.submit("/frames")
    frames = [update[0] for update in job]
    assert len(frames) >= 3
    assert len({frame.read() for frame in frames}) == 2


def test_values_page_is_the_table() -> None:
    """docs/values.md is what ``python -m tests.support.component_values`` writes."""
    assert page() == PAGE.read_text(encoding="utf-8")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run every test of this module that uses a server on all servers."""
    from tests.conftest import SERVERS

    if "server" in metafunc.fixturenames:
        metafunc.parametrize("server", SERVERS, indirect=True)


FILE_ENDPOINTS = (
    "file files directory upload_button download_button model3d image image_slider image_editor "
    "audio video gallery multimodal chat_tuples chat_messages"
).split()


@pytest.mark.gradio
def test_values_api_shows_calls_that_work(server: Server, app: Client, here: Path) -> None:
    """The call that view_api() shows for copying works if the files that it names exist."""
    described = app.view_api()["named_endpoints"]
    calls = {
        name: call_text(f"/take_{name}", described[f"/take_{name}"], 100)
        for name in FILE_ENDPOINTS
        if f"/take_{name}" in described and not broken(server.version, f"take_{name}")
    }
    assert len(calls) >= 8
    for name, call in calls.items():
        if not name.startswith(("chat", "multimodal", "gallery")):  # an example may have no file
            assert "handle_file(" in call
        for file, ending in re.findall(r'handle_file\("([^"]+\.(\w+))"\)', call):
            same = {"png": "cat.png", "wav": "say.wav", "mp4": "clip.mp4"}.get(ending, "note.txt")
            (here / file).write_bytes(FILES[same])
        assert eval(call, {"app": app, "handle_file": handle_file})[0], call
        kind = described[f"/take_{name}"]["parameters"][0]["python_type"]["type"]
        assert "filepath" in kind or name == "chat_tuples"
