"""`compat._migration` and `compat.migrate`: imports change, and nothing else."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from gradio_client_sync.compat._migration import migrated
from gradio_client_sync.compat.migrate import _has, main, scan

pytestmark = pytest.mark.once


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("from gradio_client import Client", "from gradio_client_sync.compat import Client"),
        (
            "from gradio_client.utils import Status, file as f",
            "from gradio_client_sync.compat.utils import Status, file as f",
        ),
        ("import gradio_client", "import gradio_client_sync.compat as gradio_client"),
        ("import gradio_client as grc", "import gradio_client_sync.compat as grc"),
        ("import gradio_client.utils", "import gradio_client_sync.compat as gradio_client"),
        ("import gradio_client.utils as u", "import gradio_client_sync.compat.utils as u"),
        (
            "import os, gradio_client, json as j",
            "import os, gradio_client_sync.compat as gradio_client, json as j",
        ),
        ("from gradio_client import *", "from gradio_client_sync.compat import *"),
        ("from gradio_client import client, utils as u", None),
        (
            "from gradio_client import (  # why\n    Client,\n    handle_file,\n)",
            "from gradio_client_sync.compat import (  # why\n    Client,\n    handle_file,\n)",
        ),
        (
            "from  gradio_client . client \\\n  import   Job",
            "from  gradio_client_sync.compat.client \\\n  import   Job",
        ),
        (
            "x = 'é'; import gradio_client; y = 1",
            "x = 'é'; import gradio_client_sync.compat as gradio_client; y = 1",
        ),
        (
            "def f():\n\tif 1: from gradio_client import Client",
            "def f():\n\tif 1: from gradio_client_sync.compat import Client",
        ),
        (
            "try:\n    import gradio_client\nexcept ImportError: 1",
            "try:\n    import gradio_client_sync.compat as gradio_client\nexcept ImportError: 1",
        ),
        ("from .gradio_client import Client", "from .gradio_client import Client"),
        ("import gradio_client_extra", "import gradio_client_extra"),
        ("import mine.gradio_client", "import mine.gradio_client"),
    ],
)
@pytest.mark.parametrize("end", ["\n", "\r\n", ""])
def test_migration_of_each_form(before: str, after: str | None, end: str) -> None:
    """Each form of import changes its module only, whatever the ends of lines are."""
    line_end = "\r\n" if end == "\r\n" else "\n"
    source = before.replace("\n", line_end) + end
    wanted = (
        before.replace("gradio_client", "gradio_client_sync.compat") if after is None else after
    )
    found = migrated(source, _has)
    assert found.text == wanted.replace("\n", line_end) + end
    assert not found.notes


@pytest.mark.parametrize(
    ("source", "noted"),
    [
        ("from gradio_client.serializing import X", "gradio_client.serializing"),
        ("from gradio_client.utils import Status, synchronize_async", "utils.synchronize_async"),
        ("import gradio_client.documentation", "gradio_client.documentation"),
        ("import gradio_client\ngradio_client.utils.get_pred_from_sse_v0", "get_pred_from_sse_v0"),
        ("import gradio_client as g\n\ng.nothing", "gradio_client.nothing"),
        ("from gradio_client import utils as u\nu.get_type = u.get_type", "utils.get_type"),
        ("from gradio_client import utils\nutils.get_mimetype = f", "changes gradio_client.utils"),
        ("import gradio_client\nimport gradio_client.serializing", "gradio_client.serializing"),
        ("from gradio_client import Client\nc = Client('')\nc._info", "'_info'"),
        ("from gradio_client import Client\nwith Client('') as c:\n    c._thing()", "'_thing'"),
        ("import gradio_client\nx.upload_url", "'upload_url'"),
        (
            "import httpx\nimport gradio_client\ntry: x\nexcept httpx.ReadError: y",
            "httpx.ReadError",
        ),
        (
            "from httpx import HTTPError as E\nimport gradio_client\ntry: x\nexcept (E, int): y",
            "catches E",
        ),
        (
            "import gradio_client\npatch('gradio_client.client.Client')",
            "'gradio_client.client.Client'",
        ),
        (
            "from gradio_client import Client\nClient('', _skip_components=False)",
            "_skip_components",
        ),
    ],
)
def test_migration_lists_what_is_not_sure(source: str, noted: str) -> None:
    """Code that may not work is listed by line, and an import of a missing name stays."""
    found = migrated(source, _has)
    assert [note for note in found.notes if noted in note.text], found.notes
    assert ("import is not changed" in found.notes[0].text) == (found.text == source)


def test_migration_of_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A folder gives a diff, and with --write the files change and keep their bytes."""
    script, folder = tmp_path / "a.py", tmp_path / "deep"
    folder.mkdir()
    (tmp_path / "venv").mkdir()
    content = "\ufefffrom gradio_client import Client\r\nx = 'ü'\t\r\n".encode()
    latin = "# coding: latin-1\nimport gradio_client\nx = 'ü'".encode("latin-1")
    script.write_bytes(content)
    (folder / "b.py").write_bytes(latin)
    (folder / "c.py").write_text("import json\n", encoding="utf-8")
    (tmp_path / "venv" / "d.py").write_bytes(content)
    assert main([str(tmp_path)]) == 0
    out = capsys.readouterr()
    assert "+from gradio_client_sync.compat import Client" in out.out.replace("\ufeff", "")
    assert "\\ No newline at end of file" not in out.out.split("b.py")[0]
    assert script.read_bytes() == content and not out.err
    assert main(["--write", str(tmp_path)]) == 0
    assert capsys.readouterr().out == f"changed {script}\nchanged {folder / 'b.py'}\n"
    assert script.read_bytes() == content.replace(b"gradio_client", b"gradio_client_sync.compat")
    assert (folder / "b.py").read_bytes() == latin.replace(
        b"import gradio_client", b"import gradio_client_sync.compat as gradio_client"
    )
    assert [result.diff for result in scan([tmp_path])] == ["", ""]


def test_diff_has_the_bytes_of_the_files(tmp_path: Path) -> None:
    """A diff has the lines of the files, ended by newlines only, so that programs can apply it."""
    lines = [
        "x = '€é'; import gradio_client as g # é".encode("cp1252"),
        "\x0cimport gradio_client as g # é\r\n".encode(),
        b"import gradio_client as g\rx = 1\rif x:\r\x0c import gradio_client as g\n",
    ]
    (tmp_path / "a b.py").write_bytes(b"# coding: cp1252\n" + lines[0])
    (tmp_path / "c.py").write_bytes(b"\xef\xbb\xbf" + lines[1])
    (tmp_path / "d.py").write_bytes(lines[2])
    command = [sys.executable, "-m", "gradio_client_sync.compat", "."]
    out = subprocess.run(command, cwd=tmp_path, stdout=subprocess.PIPE, check=True).stdout
    assert b"--- a b.py\t\n+++ a b.py\t\n" in out and b"--- c.py\n" in out
    assert out.count(b"\n\\ No newline at end of file\n") == 2
    for line in lines:
        new = line.replace(b"gradio_client", b"gradio_client_sync.compat")
        assert line in out and new in out


def test_migration_lists_imports_in_texts() -> None:
    """An import in a doctest or in a text stays, and is listed with its line."""
    source = 'def f():\n    """\n    >>> from gradio_client import x\n    """\n'
    found = migrated(f"{source}s = 'import gradio_client'\nt = 'gradio_client_sync'\n", _has)
    assert [note.line for note in found.notes] == [3, 5] and not found.changes


def test_migration_of_links_and_of_what_cannot_be_changed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file is changed once, a notebook not at all, and a file that is protected is listed."""
    real = tmp_path / "a.py"
    real.write_text("import gradio_client\n", encoding="utf-8")
    (tmp_path / "b.ipynb").write_text("['import gradio_client']", encoding="utf-8")
    (tmp_path / "c.py").symlink_to(real)
    assert [result.path.name for result in scan([tmp_path, real])] == ["a.py", "b.ipynb"]

    def refuse(*args: object) -> None:
        raise PermissionError(13, "no access")

    monkeypatch.setattr(Path, "write_bytes", refuse)
    assert main(["--write", str(tmp_path)]) == 1
    said = capsys.readouterr()
    assert "b.ipynb: it is a notebook" in said.err and not said.out
    assert "a.py: it cannot be written: no access" in said.err


def test_migration_of_what_is_not_python(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file that cannot be read is listed, the others are changed, and the exit code is 1."""
    (tmp_path / "old.py").write_text("import gradio_client\nprint 1\n", encoding="utf-8")
    (tmp_path / "new.py").write_text("import gradio_client\n", encoding="utf-8")
    assert main(["--write", str(tmp_path), str(tmp_path / "missing.py")]) == 1
    said = capsys.readouterr().err
    assert "cannot read it: Missing parentheses" in said and "missing.py: it cannot be read" in said
    assert "compat" in (tmp_path / "new.py").read_text(encoding="utf-8")
