"""`_cli.place`: what ``-o`` writes, and where."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.interfaces.cli.test_cli import run_here
from tests.support.scripted import (
    ScriptedApp,
    completed,
    config_of,
    dependency,
    generating,
    scripted,
)
from tests.support.servers.server import Server


@pytest.mark.gradio
def test_file_is_saved_under_the_given_name(server: Server, tmp_path: Path) -> None:
    """A path with a suffix is the name of the file; other paths are folders."""
    sent = tmp_path / "note.txt"
    sent.write_bytes(b"a file of mine")
    for given, saved in (
        ("out/copy.txt", "out/copy.txt"),
        ("folder", "folder/note.txt"),
        ("folder.d/", "folder.d/note.txt"),
        ("out", "out/note.txt"),
    ):
        path = f"{tmp_path}/{given}"
        code, output, stderr = run_here("predict", server.url, "/file", f"@{sent}", "-o", path)
        assert (code, output, stderr) == (0, f"{tmp_path / saved}\n", "")
        assert (tmp_path / saved).read_bytes() == b"a file of mine"


@pytest.mark.gradio
@pytest.mark.client_only
def test_several_files_get_numbers(server: Server, tmp_path: Path) -> None:
    """From the second file on, the name has a number, and no file is lost."""
    for name in ("a", "b"):
        tmp_path.joinpath(name).write_text(name)
    path = tmp_path / "saved.txt"
    words = [f"@{tmp_path / name}" for name in ("a", "b")]
    code, output, _ = run_here("predict", server.url, "/files", *words, "-o", str(path), "--json")
    saved = [str(path), str(tmp_path / "saved-2.txt")]
    assert code == 0 and json.loads(output) == [saved]
    assert [Path(one).read_text() for one in saved] == ["a", "b"]


@pytest.mark.gradio
@pytest.mark.client_only
def test_text_is_written_to_the_file(server: Server, tmp_path: Path) -> None:
    """A result without files is written to the file, in each command, and nothing is printed."""
    path = tmp_path / "deep" / "out.txt"
    for words, text in (
        (("predict", server.url, "/echo", "hello"), "hello\n"),
        (("predict", server.url, "/echo", "hi", "--json"), '["hi"]\n'),
        (("submit", server.url, "/count", "2"), "0\n1\n"),
        (("stream", server.url, "/tokens", "3"), "tok0 tok1 tok2\n"),
    ):
        assert run_here(*words, "-o", str(path)) == (0, "", "")
        assert path.read_text().startswith(text)
        assert run_here(*words, "-o", "-") == run_here(*words)


@pytest.mark.gradio
@pytest.mark.client_only
def test_other_commands_write_to_a_file(server: Server, tmp_path: Path) -> None:
    """What `view-api`, `types` and `doctor` print can be written to a file instead."""
    path = tmp_path / "out.txt"
    for words in (
        ("view-api", server.url),
        ("view-api", server.url, "--json"),
        ("types", server.url),
        ("doctor", server.url),
    ):
        code, output, _ = run_here(*words)
        path.unlink(missing_ok=True)
        assert (code, run_here(*words, "-o", str(path))) == (0, (0, "", ""))
        if words[0] != "doctor":  # which measures a time
            assert path.read_text("utf-8") == output
            assert run_here(*words, "-o", "-")[:2] == (0, output)
        assert path.stat().st_size > 0
        code, output, stderr = run_here(*words, "-o", str(tmp_path / "no" / "such.txt"))
        assert (code, output) == (10, "") and "cannot be written" in stderr


def test_place_that_cannot_be_made_is_an_error(tmp_path: Path) -> None:
    """If there is no room for the result, nothing is called."""
    tmp_path.joinpath("taken").write_text("")
    with ScriptedApp(config_of(dependency(0, "f"))) as app:
        for given in ("taken/folder", "taken/out.txt"):
            code, output, stderr = run_here("predict", app.url, "x", "-o", f"{tmp_path}/{given}")
            assert (code, output) == (10, "") and "cannot be written" in stderr
        assert app.count("POST /queue/join") == 0


def test_later_files_replace_earlier_ones(tmp_path: Path) -> None:
    """Each value of a generator has one file, and the last one stays."""
    config = config_of(
        dependency(0, "f", types={"generator": True, "cancel": False}),
        components=[
            {"id": 1, "type": "textbox", "props": {"label": "text"}, "skip_api": False},
            {"id": 2, "type": "file", "props": {"label": "file"}, "skip_api": False},
        ],
        protocol="sse_v1",
    )

    def values(number: int, url: str) -> dict[str, object]:
        path = f"/tmp/{number}.txt"
        return {"path": path, "url": f"{url}/file={path}", "meta": {"_type": "gradio.FileData"}}

    with scripted(config, join=lambda x: x.answer({"event_id": "e1"})) as app:

        def data(x) -> None:  # type: ignore[no-untyped-def]  # a script
            x.start_stream()
            x.send(generating("e1", values(1, app.url)), completed("e1", values(2, app.url)))
            x.send({"msg": "close_stream", "event_id": None})
            x.end_stream()

        app.scripts["GET /queue/data"] = data
        for number in (1, 2):
            content = f"content {number}".encode()
            for route in ("file=", "file%3D"):
                app.scripts[f"GET /{route}/tmp/{number}.txt"] = lambda x, content=content: x.answer(
                    content, kind="text/plain"
                )
        path = tmp_path / "one.txt"
        code, output, stderr = run_here("submit", app.url, "x", "-o", str(path))
    assert (code, stderr) == (0, "") and set(output.splitlines()) == {str(path)}
    assert path.read_text() == "content 2" and [*tmp_path.iterdir()] == [path]
