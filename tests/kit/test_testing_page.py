"""The page about testing, and the example project: their tests run and pass."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from gradio_client_sync.testing import FakeApp
from tests.kit.test_pytest_plugin import run

pytestmark = pytest.mark.once

ROOT = Path(__file__).parents[2]


def test_testing_page_runs(tmp_path: Path) -> None:
    """The blocks of the page are one module of tests."""
    text = (ROOT / "docs" / "testing.md").read_text(encoding="utf-8")
    code = "\n".join(re.findall(r"^```python\n(.*?)^```$", text, re.DOTALL | re.MULTILINE))
    with FakeApp() as real:

        @real.endpoint("/add")
        def add(a: float, b: float) -> float:
            return a + b

        (tmp_path / "test_page.py").write_text(code.replace("http://127.0.0.1:7860", real.url))
        output = run(tmp_path)
    count = len(re.findall(r"^def test_", code, re.MULTILINE))
    assert count == 5 and f"{count} passed" in output, output


def test_example_project_runs(tmp_path: Path) -> None:
    """The tests of the captions service pass, without a network."""
    folder = shutil.copytree(ROOT / "examples" / "captions", tmp_path / "captions")
    output = run(folder, "--gradio-no-network")
    assert "5 passed" in output, output
