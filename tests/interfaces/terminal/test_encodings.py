"""What is printed to outputs that cannot encode every character, as pipes and files on Windows."""

from __future__ import annotations

import ast
import io
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any, Callable

import pytest

from gradio_client_sync import AppError, Client, cli, handle_file
from gradio_client_sync._terminal.live_line import LiveLine
from gradio_client_sync._terminal.plaintext import fitted
from gradio_client_sync.events import SpaceStatus
from tests.support.file_app import FileApp, filedata
from tests.support.scripted import component, dependency

ENCODINGS = pytest.mark.parametrize("encoding", ["cp1252", "cp437", "latin-1", "ascii"])
NAME = "/größe日本"


class Output(io.TextIOWrapper):
    """A stream as Python opens one for a pipe or a file: it raises for what it cannot encode."""

    def __init__(self, encoding: str) -> None:
        super().__init__(io.BytesIO(), encoding, newline="\n")

    @property
    def raw_bytes(self) -> bytes:
        self.flush()
        return self.buffer.getvalue()  # type: ignore[attr-defined, no-any-return]

    @property
    def text(self) -> str:
        return self.raw_bytes.decode(self.encoding)


@pytest.fixture
def app() -> Iterator[FileApp]:
    """An app whose names, labels, defaults and values are in no code page of Europe."""
    components = [
        component(1, "textbox", label="ñandú 日", value="☃ – → " * 9),
        component(2, "textbox", label="Ausgabe → 日本"),
    ]
    with FileApp("textbox", components=components) as server:
        server.config["dependencies"] = [
            dependency(0, NAME.strip("/"), types={"generator": True, "cancel": False}),
            dependency(1, "direct", queue=False),
        ]
        server.config["components"] = components
        yield server


@contextmanager
def outputs(encoding: str) -> Iterator[tuple[Output, Output]]:
    """Print to a standard output and a standard error with the encoding."""
    with redirect_stdout(Output(encoding)) as out, redirect_stderr(Output(encoding)) as err:
        yield out, err


def outcome(action: Callable[[], Any]) -> object:
    """Return what an action returns or raises."""
    try:
        return action()
    except Exception as exc:  # noqa: BLE001 - it is printed
        return exc


@ENCODINGS
def test_objects_and_errors_can_be_printed(app: FileApp, encoding: str) -> None:
    """Everything of the package can be printed, alone and in a list, and so can its errors."""
    # Values of an app are Python's own, and so is their text. All else is from this package.
    with Client(app.url) as client, outputs(encoding) as (out, _):
        job = client.submit(NAME, ["日本 …"])
        data = job.result(timeout=10)
        app.output = [filedata("/srv/日本 …", orig_name="日本 ….txt")]
        file = client.predict("/direct", ["x"])[0]
        app.output = None
        wrong: list[Callable[[], Any]] = [
            lambda: client.predict("/grösse日", ["x"]),
            lambda: client.predict(NAME, {"日": 1, "本": 2}),
            lambda: client.predict(NAME, ["x"], タイム=3),  # type: ignore[call-arg]
            lambda: client.名前,  # type: ignore[attr-defined]
            lambda: Client(app.url, {"日": 1}),  # type: ignore[misc, arg-type]
            lambda: Client(app.url, 日=1),  # type: ignore[call-arg]
            lambda: data["日"],
            lambda: data + 1,
            lambda: data.日,
            lambda: data.append("日"),
            lambda: job.on("日", print),  # type: ignore[call-overload]
            lambda: job.result("日"),  # type: ignore[arg-type]
            lambda: handle_file("日本.txt"),
        ]
        function: Any = client.function(NAME)
        functions = [function, function.submit, function.with_options]
        shown = [
            *functions,
            client,
            client.view_api(),
            job,
            job.status,
            data,
            file,
            AppError("日 \ud800 …"),
        ]
        errors = [outcome(action) for action in wrong]
        assert all(isinstance(error, Exception) for error in errors), errors
        for one in [*shown, *functions, *errors]:
            print(one, [one])
    assert "\\u65e5\\u672c" in out.text and "\\ufffd" not in out.text


@ENCODINGS
def test_table_of_endpoints_keeps_its_columns(app: FileApp, encoding: str) -> None:
    """Escapes and plain signs are counted, so the columns stand below each other."""
    app.config["components"].append(component(3, "textbox", label="b", value="x"))
    app.config["dependencies"][0]["inputs"] = [1, 3]
    with Client(app.url) as client, outputs(encoding) as (out, _):
        print(client.view_api(NAME))
    _, _, rule, parameter, second, *_ = out.text.splitlines()
    assert len(rule) == 80 and rule.endswith("streams ─" if encoding == "cp437" else "streams -")
    assert parameter.index(" = ") == second.index(" = "), out.text
    assert "☃ – → ".encode(encoding, "gradio_client_sync.plain").decode(encoding) in parameter
    assert parameter.endswith('…"' if encoding == "cp1252" else '..."')


@ENCODINGS
def test_commands_print_what_the_encoding_has(app: FileApp, encoding: str) -> None:
    """Results are escaped, JSON and source have only ASCII or are UTF-8, and errors are whole."""
    with outputs(encoding) as (out, err):
        assert cli.main(["predict", app.url, NAME, "é 日…"]) == 0
        escaped = "\\xe9" if encoding == "ascii" else "é"
        assert out.text == f"{escaped} \\u65e5{'…' if encoding == 'cp1252' else '...'}\n"
        assert cli.main(["predict", app.url, NAME, "é 日…", "--json"]) == 0
        assert json.loads(out.raw_bytes.splitlines()[-1]) == ["é 日…"]
        cli.main(["doctor", app.url])
        assert "\n+ connecting took" in out.text
        before = len(out.raw_bytes)
        assert cli.main(["types", app.url]) == 0
        assert "日本" in ast.unparse(ast.parse(out.raw_bytes[before:]))
        assert cli.main(["predict", app.url, "/日"]) == 3
        assert err.text.startswith("gradio-client-sync: The app has no endpoint '/\\u65e5'.")


@ENCODINGS
def test_table_in_a_file_is_whole(app: FileApp, encoding: str, tmp_path: Path) -> None:
    """A file that a command writes is UTF-8, whatever standard output can encode."""
    for options, wanted in ((["--json"], "☃ – → "), ([], "── /größe日本 ─")):
        with outputs(encoding):
            code = cli.main(["view-api", app.url, *options, "-o", str(tmp_path / "api")])
        assert code == 0 and wanted in (tmp_path / "api").read_text("utf-8")


@ENCODINGS
def test_progress_is_drawn_on_a_strict_output(app: FileApp, encoding: str) -> None:
    """Services replace standard error by a file that raises for what it cannot encode."""
    pytest.importorskip("tqdm")
    with Client(app.url) as client, outputs(encoding) as (_, err):
        client.predict(NAME, ["x"], progress=True)
    assert r"e\u65e5\u672c: done" in err.text
    line = LiveLine("alice/space", err)
    line.show(SpaceStatus("starting", "pending", "日 … " * 40, "BUILDING"), 1)
    line.end()
    assert "\\u65e5" in err.text.splitlines()[-1]


def test_text_fits_with_a_plain_ellipsis() -> None:
    """An ellipsis of three dots does not make a line longer than its width."""
    output = Output("ascii")
    for width in range(1, 30):
        assert (
            len(fitted("f(a, b) → [1, 2, 3, 4] – 日本日本 (long, longer)", width, output)) <= width
        )


@pytest.mark.parametrize(
    "content", ["日本\r\n".encode(), "\ufeff日本\n".encode(), "日本\n".encode("shift_jis")]
)
def test_piped_text_is_utf_8_or_of_the_system(app: FileApp, content: bytes) -> None:
    """Text on standard input may be UTF-8 where the system has another encoding."""
    done = subprocess.run(
        [sys.executable, "-m", "gradio_client_sync", "predict", app.url, NAME, "-"],
        input=content,
        capture_output=True,
        env={"PYTHONIOENCODING": "shift_jis", "NO_PROXY": "*"},
        timeout=60,
    )
    assert (done.stdout, done.stderr) == ("日本\n".encode("shift_jis"), b"")
