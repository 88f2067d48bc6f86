"""The sweep: it counts the outcomes of calls, and finds problems."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from gradio_client_sync import RemoteFile
from tests.sweep.__main__ import main
from tests.sweep.app_sweep import Swept
from tests.sweep.blame import culprit_of
from tests.sweep.calls import printed_calls
from tests.sweep.needed import imports_of, missing
from tests.sweep.printed_types import fits, shape_of, split
from tests.sweep.process import apps_in
from tests.sweep.report import as_json, as_table, as_text, counts
from tests.sweep.texts import findings_of
from tests.sweep.typed_modules import mypy_errors

EXAMPLES = Path(__file__).with_name("examples")


@pytest.mark.gradio
@pytest.mark.parametrize("version", ["3.50.2", "6.31.0"])
def test_sweep_counts_how_every_call_ends(
    version: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Values, checks and crashes of apps are counted apart, and an app that fails has a reason."""
    pytest.importorskip("mypy")
    output = tmp_path / "swept.json"
    assert main([str(EXAMPLES), "--server", version, "--output", str(output)]) == 1
    found = json.loads(output.read_text("utf-8"))
    assert (found["apps"], found["started"], found["endpoints"]) == (3, 2, 6)
    assert found["not_started"] == {"broken": "ValueError: not today"}
    assert found["calls"]["printed"] == {"value": 3, "check": 1, "app": 1, "output": 1}
    assert found["calls"]["submit"] == found["calls"]["printed"]
    assert found["calls"]["predict"] == {"value": 1}
    ended = {f"{form}: {kind}": 1 for form in ("printed", "submit") for kind in found_kinds}
    assert found["findings"] == ended
    assert f"Gradio {version}: 2 of 3 apps started, 6 endpoints" in capsys.readouterr().out


found_kinds = ("check", "app", "output")


def test_apps_are_found_in_folders_and_alone() -> None:
    """An app is a folder with a run.py, or a file."""
    assert [app.name for app in apps_in(EXAMPLES)] == ["alone", "broken", "checks"]


def test_packages_that_an_app_lacks_are_known_before_it_starts(tmp_path: Path) -> None:
    """An import of a package that is not installed is found; modules beside the app are its own."""
    script = tmp_path / "run.py"
    script.write_text("import os.path, torch\nimport beside\nfrom json import loads\nimport os\n")
    (tmp_path / "beside.py").touch()
    assert imports_of(script) == ["os", "torch", "json"]
    assert missing(Path(sys.executable), [], ["os", "no_such_package"]) == {"no_such_package"}
    (tmp_path / "no_such_package.py").touch()
    assert missing(Path(sys.executable), [tmp_path], ["no_such_package"]) == set()
    script.write_text("not python")
    assert imports_of(script) == []


def traceback(*frames: tuple[str, str, str], error: str) -> str:
    lines = [f'  File "{file}", line 1, in {name}\n    {code}\n' for file, name, code in frames]
    return f"Traceback (most recent call last):\n{''.join(lines)}{error}\n"


OWN, GRADIO = "/app/run.py", "/lib/gradio/blocks.py"


@pytest.mark.parametrize(
    ("frames", "error", "culprit"),
    [
        (
            [(GRADIO, "call_function", "f()"), (OWN, "f", "raise ValueError(1)")],
            "ValueError",
            "check",
        ),
        ([(OWN, "f", "[][0]")], "IndexError: list index", "app"),
        ([(OWN, "f", "np.x()"), ("/lib/numpy.py", "x", "raise E")], "TypeError: x", "app"),
        ([(GRADIO, "preprocess_data", "x"), (GRADIO, "preprocess", "y")], "ValueError", "input"),
        ([(GRADIO, "postprocess_data", "x")], "ValueError", "output"),
        ([(GRADIO, "process_api", "x")], "KeyError: 1", "gradio"),
        ([(GRADIO, "special_args", "x"), (GRADIO, "__init__", "y")], "TypeError: x", "event"),
        ([(OWN, "f", "e.x"), ("/lib/gradio/events.py", "__getattr__", "x")], "TypeError", "event"),
        ([(OWN, "f", "get()")], "requests.exceptions.ProxyError: no", "offline"),
    ],
)
def test_blame_reads_the_traceback(
    frames: list[tuple[str, str, str]], error: str, culprit: str
) -> None:
    """The frames of a traceback say whose code raised."""
    assert culprit_of(traceback(*frames, error=error), Path("/app"), None) == (culprit, error)


def test_blame_without_a_traceback_goes_by_the_text() -> None:
    """An error with a text and without a traceback is the app's own check."""
    assert culprit_of("", Path("/app"), "too long") == ("check", "too long")
    assert culprit_of("noise", Path("/app"), None) == ("unknown", "")


@pytest.mark.parametrize(
    ("text", "good", "bad"),
    [
        ("str", ["a"], [1, None]),
        ("int", [1], [1.5, True]),
        ("float", [1, 1.5], ["1", True]),
        ("str | None", ["a", None], [1]),
        ("Any", [None, 1], []),
        ("list[str]", [[], ["a"]], ["a", [1]]),
        ("tuple[str, float | None]", [["a", None], ["a", 1]], [["a"], ["a", "b"]]),
        ("dict[str, float]", [{"a": 1}], [{"a": "b"}, []]),
        (
            "dict(a: str, b: list[dict(c: int)])",
            [{"a": "x", "b": [{"c": 1}]}, {}],
            [{"b": [{"c": 2.5}]}],
        ),
        ("Literal['a, b', \"it's\", None]", ["a, b", "it's", None], ["a"]),
        ("list[Literal['x']] | None", [["x"], None], [["y"]]),
    ],
)
def test_types_are_read_as_they_are_printed(text: str, good: list[Any], bad: list[Any]) -> None:
    """A value fits the text of a type, or does not."""
    assert [fits(text, value) for value in good] == [True] * len(good)
    assert [fits(text, value) for value in bad] == [False] * len(bad)


def test_types_know_files() -> None:
    """A file of a result is a ``filepath``, and a text is not."""
    file = RemoteFile.__new__(RemoteFile)
    assert fits("filepath", file) and not fits("filepath", "a.png")
    assert shape_of([file, None]) == "list[None | filepath]"
    assert shape_of({"a": 1}) == "dict(a: int)"
    with pytest.raises(ValueError, match="not a printed type"):
        fits("Textbox", "a")


def test_split_leaves_brackets_and_quotes_whole() -> None:
    """A separator inside of brackets or quotes separates nothing."""
    assert split("list[a | b] | Literal['x | y']", " | ") == ["list[a | b]", "Literal['x | y']"]


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("fine", []),
        ("a __i18n__{} b", ["i18n"]),
        ("<gr.Image object at 0x7f>", ["object"]),
        ("Traceback (most recent call last)", ["traceback"]),
        ("gradio_client_sync._files.sources.File", ["private module"]),
        ("gradio_client_sync.types.Payload", []),
        ("→ value_12  str", ["no label"]),
        ("x" * 50, ["long line", "long text"]),
        ("xx\n" * 15, ["long text"]),
        (f"f(x: Literal[{', '.join(map(repr, 'abcdefghijklm'))}]) -> str", []),
        ("x: One of 'a]', \"it's one\",\n  'and one more text' or 'e'.\ny", []),
        (f"f({'x' * 60}) -> str", ["long text"]),
    ],
)
def test_texts_are_read_for_marks_and_length(text: str, kinds: list[str]) -> None:
    """Marks that people should not see, and long texts, are findings."""
    assert [kind for kind, _ in findings_of(text, line=40, total=40)] == kinds


def test_printed_calls_are_read_as_people_copy_them() -> None:
    """The call of a section is what stands after its table, also over several lines."""
    text = (
        "http://x · Gradio\n\n── /a ──\n  x  str  required\n\napp.predict([\n    1,\n])\n\n"
        "── /b ── streams ─\nfor data in app.submit(1):\n    print(data[0])\n\nfilepath: pass"
    )
    assert printed_calls(text) == [
        "app.predict([\n    1,\n])",
        "for data in app.submit(1):\n    print(data[0])",
    ]
    with pytest.raises(ValueError, match="no call"):
        printed_calls("── /a ──\nnothing")


def test_modules_are_checked_together(tmp_path: Path) -> None:
    """One run of mypy checks all modules, and its errors are those of each."""
    pytest.importorskip("mypy")
    assert mypy_errors(tmp_path) == {}
    (tmp_path / "good.py").write_text("x: int = 1\n")
    (tmp_path / "bad.py").write_text("x: int = ''\n")
    assert list(mypy_errors(tmp_path)) == ["bad"]


def test_report_shows_what_was_found() -> None:
    """Findings of a kind stand together, and what did not start has its reason."""
    one, other = Swept("one", endpoints=2, calls={"printed": {"value": 2}}), Swept("other")
    one.find("long line", "/a", "300 characters")
    other.not_started = "ImportError: torch"
    text = as_text("6.31.0", [one, other])
    assert "1 of 2 apps started, 2 endpoints, 2 calls" in text
    assert "not started: 1 ImportError" in text
    assert "long line: 1\n  one /a: 300 characters" in text
    assert counts([one, other])["findings"] == {"long line": 1}


def test_table_has_a_column_for_each_server() -> None:
    """Reports of one server are one column, and an app that was swept again counts once."""

    def swept(app: str, **printed: int) -> Swept:
        return Swept(app, endpoints=sum(printed.values()), calls={"printed": printed})

    first = as_json("6.31.0", [swept("a", input=1), swept("b", value=2, deadline=1)])
    again = as_json("6.31.0", [swept("a", value=1)])
    other = as_json("3.50.2", [Swept("a", not_started="ImportError"), swept("c", hang=1)])
    table = as_table([first, again, other]).splitlines()
    assert table[0] == "| | 6.31.0 | 3.50.2 |"
    assert "| demos swept | 2 | 2 |" in table and "| of these, started | 2 | 1 |" in table
    assert "| printed calls that gave a value | 3 | 0 |" in table
    assert "| Gradio refused the values | 0 | 0 |" in table
    assert table[-1] == "| anything else | 0 | 1 |"
    assert "anything else" not in as_table([first])
