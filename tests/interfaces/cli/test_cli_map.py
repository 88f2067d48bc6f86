"""The command ``map``: a table or files in, JSON lines or a table out."""

from __future__ import annotations

import csv
import json
import os
import re
import signal
import subprocess
from pathlib import Path

import click
import pytest

from gradio_client_sync._cli.completing import complete_inputs
from gradio_client_sync._cli.map_command import map as command
from gradio_client_sync._cli.map_line import MapLine, clock
from gradio_client_sync._cli.screen import Screen
from gradio_client_sync.many import Outcome
from tests.interfaces.cli.test_cli import ENDS, run
from tests.interfaces.cli.test_cli_terminal import GRADIO, drawn
from tests.support.servers.server import Server
from tests.support.terminal import Terminal

pytestmark = [pytest.mark.gradio, pytest.mark.client_only]


def lines(text: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in text.splitlines()]


def test_map_calls_each_row(newest: Server, tmp_path: Path) -> None:
    """The results are in the order of the rows, as JSON lines or in a table."""
    table, out = tmp_path / "in.csv", tmp_path / "new" / "out.csv"
    table.write_text("a\n1\n2\n3\n")
    code, output, errors = run("map", newest.url, "/add", str(table), "b=10")
    assert (code, errors) == (0, "")
    assert lines(output) == [
        {"index": n - 1, "payload": {"a": n, "b": 10}, "data": [n + 10]} for n in (1, 2, 3)
    ]
    assert run("map", newest.url, "add", "-", "-o", str(out), given=b"[1, 2]\n\n[3, 4]\n")[0] == 0
    rows = list(csv.reader(out.read_text().splitlines()))
    assert rows == [["a", "b", "size", "error"], ["1", "2", "3", ""], ["3", "4", "7", ""]]


def test_map_keeps_errors_and_goes_on(newest: Server, tmp_path: Path) -> None:
    """The exit code shows that items have failed. The options decide what a later run calls."""
    table, journal = tmp_path / "in.jsonl", tmp_path / "run.jsonl"
    table.write_text('"a"\n"b"\n')
    words = ("map", newest.url, "/fail", str(table), "--journal", str(journal))
    before = newest.control.executions().get("fail", 0)

    def executions() -> int:
        return newest.control.executions()["fail"] - before

    code, output, errors = run(*words, "--in-flight", "1")
    assert code == 7 and output == "" and executions() == 1
    assert '(This is item 0, counted from 0: {"text": "a"})' in errors
    assert "The same command continues there" in errors
    for more, count in (([], 2), ([], 2), (["--retry-failed"], 4)):
        code, output, errors = run(*words, "--errors", "keep", *more)
        assert code == 1 and executions() == count
        assert [one["error"]["type"] for one in lines(output)] == ["AppError"] * 2  # type: ignore[index]
        assert re.search(r"^2 items in \d:\d\d, 2 failed", errors)


def test_map_saves_files(newest: Server, tmp_path: Path) -> None:
    """Each file is an item. Files of results are saved, and named in the results."""
    for name in ("a.txt", "b.txt"):
        (tmp_path / name).write_text(name)
    pattern, saved = str(tmp_path / "*.txt"), tmp_path / "saved"
    code, output, _ = run("map", newest.url, "/file", pattern, "--files", str(saved))
    assert code == 0
    for line, name in zip(lines(output), ("a.txt", "b.txt")):
        assert line["payload"] == {"file": str(tmp_path / name)} or name in str(line["payload"])
        [path] = line["data"]  # type: ignore[misc]
        assert Path(path).parent == saved and Path(path).read_text() == name


def test_map_writes_over_no_input(newest: Server, tmp_path: Path) -> None:
    """An output that is an input or the journal, or has another format, is a usage error."""
    table = tmp_path / "in.csv"
    table.write_text("text\na\n")
    for more, text in (
        (["-o", str(table)], "is an input or the journal, too"),
        (["-o", str(tmp_path / "out.txt")], "must end in .jsonl"),
        ([str(tmp_path / "no.csv")], "neither a file nor a folder"),
        (["--retry-failed"], "needs the --journal"),
    ):
        code, output, errors = run("map", newest.url, "/echo", str(table), *more)
        assert code in (2, 10) and output == "" and text in errors
    assert table.read_text() == "text\na\n"


def test_map_shows_its_progress_in_a_terminal(newest: Server, tmp_path: Path) -> None:
    """A line has a bar, the count and the rate. A summary replaces it at the end."""
    table = tmp_path / "in.jsonl"
    table.write_text("\n".join(f'"{n}"' for n in range(50)))
    out = str(tmp_path / "out.jsonl")
    with Terminal(*GRADIO, "map", newest.url, "/echo", str(table), "-o", out) as terminal:
        text = terminal.read_to_end()
        assert terminal.process.returncode == 0
    shown = drawn(text)
    assert any(re.match(r"[█░]{20}  \d+/50  ", line) for line in shown)
    assert any(re.fullmatch(r"50 items in \d:\d\d\.", line) for line in shown)
    assert len(lines(Path(out).read_text())) == 50


def test_map_completes_files(
    newest: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Behind the endpoint, Tab completes files without an @, and names of parameters."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "photos").mkdir()
    (tmp_path / "texts.csv").write_text("")
    context = click.Context(command, info_name="map")

    def completed(incomplete: str, *words: str) -> list[str]:
        context.params = {"source": newest.url, "words": words}
        return [one.value for one in complete_inputs(context, command.params[0], incomplete)]

    assert completed("/ech") == ["/echo"]
    assert completed("te", "/echo") == ["text=", "texts.csv"]
    assert completed("ph", "/echo") == ["photos/"]
    assert completed("@te", "/echo") == ["@texts.csv"]


@pytest.mark.skipif(os.name == "nt", reason="sends SIGINT")
def test_map_is_stopped_by_one_signal(newest: Server, tmp_path: Path) -> None:
    """Ctrl-C cancels all items that run or wait, and says how to continue."""
    table, journal = tmp_path / "in.jsonl", tmp_path / "run.jsonl"
    key = f"map-{tmp_path.name}"
    table.write_text(json.dumps([key]))
    typed = (*GRADIO, "map", newest.url, "/endless", str(table), "--journal", str(journal))
    process = subprocess.Popen(typed, stderr=subprocess.PIPE)
    try:
        assert newest.control.await_started(key)
        process.send_signal(signal.SIGINT)
        errors = process.communicate(timeout=ENDS)[1].decode()
    finally:
        process.kill()
        process.communicate()
    assert process.returncode == 130 and newest.control.await_stopped(key)
    assert "0 items of 1" in errors and "The same command continues there" in errors


def test_map_line_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    """The rate counts calls only, and the time left follows from it."""
    line = MapLine(Screen(live=False), 40)
    for index in range(20):
        error = ValueError() if index == 0 else None
        line.add(Outcome(index, [], [], error, 0.0, 1, index < 10))
    text = f"{'█' * 10}{'░' * 10}  20/40  2.0/s  0:10 left  1 failed  10 from the journal"
    assert line.text(5.0) == text
    assert line.text(0.0) == f"{'█' * 10}{'░' * 10}  20/40  1 failed  10 from the journal"
    assert re.fullmatch(r"20 items of 40 in 0:00, 1 failed, 10 from the journal", line.summary())
    other = MapLine(Screen(live=False), None)
    other.add(Outcome(0, [], [], None, 0.0, 1, False))
    assert other.text(0.005) == "1 items  200/s"
    assert other.summary() == "1 item in 0:00"
    assert [clock(s) for s in (0, 61.4, 3_600)] == ["0:00", "1:01", "1:00:00"]
