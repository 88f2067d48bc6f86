"""`_cli.inputs` and `_cli.cells`: the items of the command ``map``."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import click
import pytest

from gradio_client_sync import handle_file
from gradio_client_sync._cli.inputs import Inputs, inputs_of
from gradio_client_sync._protocol.api.annotation import Hint, hint_of
from gradio_client_sync._protocol.api.signature import Parameter, Signature
from gradio_client_sync._protocol.values.slot import Slot
from gradio_client_sync.errors import FileError, PayloadError

TEXT, NUMBER, FILE = hint_of({"type": "string"}), hint_of({"type": "number"}), Hint("file")


def signature(**hints: Hint) -> Signature:
    """Return an endpoint; a parameter whose name begins with ``d`` has a default."""
    parameters = [
        Parameter(name, name, hint, not name.startswith("d"), None, False, name, "")
        for name, hint in hints.items()
    ]
    return Signature("/f", "f", tuple(parameters), (), "", False)


TRANSLATE = signature(text=TEXT, number=NUMBER, default=TEXT)
CAPTION = signature(style=TEXT, picture=FILE, defaults=NUMBER)


def read(*words: str, of: Signature = TRANSLATE) -> tuple[list[dict[str, Any]], Inputs]:
    inputs = inputs_of(words, of, {})
    return list(inputs.payloads), inputs


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_inputs_of_a_table_are_its_rows(here: Path) -> None:
    """A cell is data: text for text, a number for a number, nothing for the app's default."""
    for name, mark in (("a.csv", ","), ("a.TSV", "\t"), ("b.csv", ";")):
        rows = [["text", "number", "default"], ["42", "1.5", "x"], ["@me", "-3", ""]]
        rows += [[""] * 3, ['"two\nlines"', "1", "-"]]
        lines = [mark.join(row) for row in rows]
        (here / name).write_text("\ufeff" + "\n".join([*lines[:3], "", *lines[3:]]), "utf-8")
        payloads, inputs = read(name)
        assert payloads == [
            {"text": "42", "number": 1.5, "default": "x"},
            {"text": "@me", "number": -3},
            {"text": "", "number": ""},
            {"text": "two\nlines", "number": 1, "default": "-"},
        ]
        assert (inputs.total, inputs.names) == (4, ["text", "number", "default"])


def test_inputs_of_json_lines_are_by_name_or_by_position(here: Path) -> None:
    """Values by position are for the parameters that the command line does not set."""
    lines = ['{"text": "a", "number": 1}', '["@b", 2, "c"]', "", '"d"', '[5, "6"]']
    (here / "a.jsonl").write_text("\n".join(lines))
    payloads, inputs = read("a.jsonl")
    assert payloads == [
        {"text": "a", "number": 1},
        {"text": "@b", "number": 2, "default": "c"},
        {"text": "d"},
        {"text": "5", "number": "6"},
    ]
    assert inputs.total == 4
    (here / "b.ndjson").write_text('["b", "c"]\n7')
    assert read("b.ndjson", "number=3")[0] == [
        {"text": "b", "default": "c", "number": 3},
        {"text": "7", "number": 3},
    ]


def test_inputs_of_parquet_are_its_rows(here: Path) -> None:
    """Types are kept, and a file may be in the table with its name, as in datasets."""
    pandas = pytest.importorskip("pandas")
    pytest.importorskip("pyarrow")
    table = pandas.DataFrame({"text": ["a", "b"], "number": [1.5, None], "default": [None, "x"]})
    table.to_parquet(here / "a.parquet")
    payloads, inputs = read("a.parquet")
    assert payloads == [{"text": "a", "number": 1.5}, {"text": "b", "default": "x"}]
    assert inputs.total == 2
    pandas.DataFrame({"picture": [{"bytes": b"x", "path": "c.png"}]}).to_parquet(here / "b.parquet")
    [payload] = read("b.parquet", "style=s", of=CAPTION)[0]
    file = payload["picture"]
    assert (file.orig_name, file.size_bytes) == ("c.png", 1)


def test_inputs_may_be_files_and_folders(here: Path) -> None:
    """Each file is an item: the value of the first parameter that takes a file."""
    (here / "photos").mkdir()
    for name in ("b.png", "a.png", ".hidden.png", "notes.txt", "t.csv"):
        (here / "photos" / name).write_bytes(b"x")
    slots = {"picture": Slot(1, "image", False, {})}
    for words, names in (
        (["photos"], ["a.png", "b.png"]),
        (["photos/*.png"], ["a.png", "b.png"]),
        (["photos/notes.txt", "photos/a.png"], ["notes.txt", "a.png"]),
        (["@photos/t.csv"], ["t.csv"]),
        (["**/b.png"], ["b.png"]),
    ):
        inputs = inputs_of([*words, "style=short"], CAPTION, slots)
        assert list(inputs.payloads) == [
            {"style": "short", "picture": Path("photos") / name} for name in names
        ]
        assert (inputs.total, inputs.names) == (len(names), ["picture"])
    (here / "a.csv").write_text("picture\nphotos/a.png\n@photos/b.png\nhttps://a/c.png\n")
    (here / "a.jsonl").write_text(json.dumps({"picture": "photos/a.png"}))
    payloads, inputs = read("a.csv", "a.jsonl", "style=x", of=CAPTION)
    assert [one["picture"] for one in payloads[:2]] == [Path("photos/a.png"), Path("photos/b.png")]
    assert payloads[2]["picture"].url == handle_file("https://a/c.png").url  # type: ignore[attr-defined]
    assert payloads[3]["picture"] == Path("photos/a.png") and inputs.total == 4


def test_inputs_are_read_line_by_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """A line that is not text comes after the items before it, also in the same block."""
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b'\xef\xbb\xbf"a"\n"\xff"\n')))
    inputs = inputs_of(["-"], TRANSLATE, {})
    assert next(inputs.payloads) == {"text": "a"}
    with pytest.raises(FileError, match="Line 2 of standard input is not text in UTF-8"):
        next(inputs.payloads)


def test_closed_standard_input_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Python then has no object for it."""
    monkeypatch.setattr("sys.stdin", None)
    for words in (["-"], ["text=-", "a.csv"]):
        with pytest.raises(FileError, match="Standard input is closed"):
            inputs_of(words, TRANSLATE, {})


def test_inputs_that_are_wrong_are_named(here: Path) -> None:
    """The error names the file and the line, and what may be meant."""
    files = {
        "a.csv": "text,nmber\na,1\n",
        "b.csv": "text,number\na,1,2\n",
        "c.csv": "",
        "d.jsonl": '{"text": "a"}\nb\n',
        "e.jsonl": "[1, 2, 3, 4]",
        "f.txt": "x",
        "i.csv": "text,number,text\na,1,b\n",
        "j.jsonl": "[" * 100_000,
    }
    for name, text in files.items():
        (here / name).write_text(text)
    (here / "g.csv").write_bytes(b"text\n\xc3\xa9\n\xff\n")
    (here / "folder").mkdir()
    wrong: list[tuple[str, type[Exception], str]] = [
        ("a.csv", PayloadError, "has a column 'nmber', .* Did you mean 'number'"),
        ("b.csv", PayloadError, "Line 2 of b.csv has 3 cells"),
        ("c.csv", PayloadError, "no header"),
        ("d.jsonl", PayloadError, "Line 2 of d.jsonl is not JSON .Expecting value at column 1"),
        ("e.jsonl", PayloadError, "Line 1 of e.jsonl has 4 values"),
        ("f.txt", PayloadError, "'/f' takes no file"),
        ("g.csv", FileError, "Line 3 of g.csv is not text in UTF-8"),
        ("h.csv", FileError, "neither a file nor a folder"),
        ("i.csv", PayloadError, "two columns for 'text'"),
        ("j.jsonl", PayloadError, "Line 1 of j.jsonl is not JSON"),
        ("*.png", FileError, "matches no file"),
        ("text=a", click.UsageError, "Missing argument 'INPUTS'"),
    ]
    for word, kind, text in wrong:
        with pytest.raises(kind, match=text):
            read(word)
    with pytest.raises(FileError, match="'folder' has no files"):
        read("folder", of=CAPTION)
    with pytest.raises(click.UsageError, match="Only one value"):
        read("-", "text=-")
    with pytest.raises(PayloadError, match="takes a number for 'number'"):
        read("a.csv", "number=x")
