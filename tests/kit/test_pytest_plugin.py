"""The pytest plugin, in runs of pytest of their own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from gradio_client_sync.testing import FakeApp
from gradio_client_sync.testing.pytest_plugin import _file_name

pytestmark = pytest.mark.once

TESTS = """
import os, unittest
import pytest
from gradio_client_sync import Client, GradioClientError
from gradio_client_sync.testing import replay

MORE = int(os.environ["MORE"])

@pytest.fixture
def gradio_scrub():
    return lambda text: text.replace("Ada", "NAME")

def add(n):
    with Client(os.environ["APP"]) as app:
        try:
            return app.predict("/add", [n, MORE])[0]
        except GradioClientError:
            return "the code has caught the error"

def test_fake(fake_gradio):
    @fake_gradio.endpoint("/echo")
    def echo(text: str) -> str:
        return text
    with Client(fake_gradio.url) as app:
        assert app.predict("/echo", ["hi"])[0] == "hi"

@pytest.mark.parametrize("name", ["a/b", "a-b"])
def test_tape(gradio_cassette, name):
    assert add(1) == 1 + MORE

class TestClass:
    def test_tape(self, gradio_cassette):
        assert add(2) == 2 + MORE

@pytest.mark.gradio_cassette("shared")
def test_marked():
    with Client(os.environ["APP"]) as app:
        app.predict("/say", ["Ada"])
        assert app.predict("/add", [5, 5])[0] == 10

class TestCase(unittest.TestCase):
    def test_replay(self):
        if os.environ.get("HAS_TAPE"):
            with replay(os.environ["HAS_TAPE"]), Client(os.environ["APP"]) as app:
                self.assertEqual(app.predict("/add", [5, 5])[0], 10)

if MORE == 7:
    def test_new(gradio_cassette):
        assert add(3) == 10
"""

REACHES = """
import socket
import pytest

@pytest.fixture(scope="module")
def page():
    with pytest.raises(OSError):
        socket.getaddrinfo("example.com", 80)

def test_uses_fixture(page):
    pass

def test_swallows():
    try:
        socket.create_connection(("192.0.2.1", 80), timeout=0.1)
    except OSError:
        pass

def test_stays():
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(server.getsockname()).close()
"""


def run(folder: Path, *options: str, **variables: str) -> str:
    """Run pytest in a folder with this plugin only, and return its output."""
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-rfE", *options]
    environment = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "HF_TOKEN": "", **variables}
    environment["PYTEST_ADDOPTS"] = "-p gradio_client_sync.testing.pytest_plugin"
    done = subprocess.run(
        command,
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return done.stdout + done.stderr


@pytest.fixture
def fake() -> Iterator[FakeApp]:
    with FakeApp() as app:

        @app.endpoint("/add")
        def add(a: float, b: float) -> float:
            return a + b

        @app.endpoint("/say")
        def say(text: str) -> str:
            return text

        yield app


def test_plugin_records_and_replays(fake: FakeApp, tmp_path: Path) -> None:
    """Each mode of ``--gradio-record`` records the calls that it names, also with xdist."""
    (tmp_path / "test_it.py").write_text(TESTS)
    tapes = tmp_path / "cassettes"
    output = run(tmp_path, "--gradio-record=once", APP=fake.url, MORE="1")
    assert "6 passed" in output, output
    made = sorted(path.relative_to(tapes).as_posix() for path in tapes.rglob("*.jsonl"))
    assert made == [
        "shared.jsonl",
        "test_it/TestClass/test_tape.jsonl",
        f"test_it/test_tape-a-b--{zlib.crc32(b'test_tape[a/b]'):08x}.jsonl",
        "test_it/test_tape-a-b-.jsonl",
    ]
    assert "Ada" not in (tapes / "shared.jsonl").read_text()
    calls = len(fake.calls)
    options = "-p", "xdist", "-n", "2", "--gradio-no-network"
    shared = str(tapes / "shared.jsonl")
    output = run(tmp_path, *options, APP=fake.url, MORE="1", HAS_TAPE=shared)
    assert "6 passed" in output, output
    output = run(tmp_path, APP=fake.url, MORE="7")
    assert "3 failed" in output and "1 error" in output, output
    assert "The nearest is call 1" in output and "There is no recording" in output
    assert len(fake.calls) == calls
    output = run(tmp_path, "--gradio-record=new", APP=fake.url, MORE="7")
    assert "7 passed" in output, output
    assert len(fake.calls) == calls + 4
    assert "7 passed" in run(tmp_path, "--gradio-record=all", APP=fake.url, MORE="7")
    assert len(fake.calls) == calls + 10


def test_plugin_keeps_no_recording_of_a_failed_test(fake: FakeApp, tmp_path: Path) -> None:
    """An earlier recording stays, also that of another test, and no failing one is written."""
    code = TESTS.partition("def test_fake")[0] + (
        "def test_old(gradio_cassette):\n    assert add(2) == 0\n\n"
        "def test_new(gradio_cassette):\n    assert add(2) == 0\n\n"
        "@pytest.mark.gradio_cassette(name='one')\n"
        "@pytest.mark.parametrize('n', [1, 2])\n"
        "def test_two(n):\n    assert add(n) == n + 1\n"
    )
    (tmp_path / "test_it.py").write_text(code)
    old = tmp_path / "cassettes" / "test_it" / "test_old.jsonl"
    old.parent.mkdir(parents=True)
    old.write_text("an earlier recording")
    output = run(tmp_path, "--gradio-record=all", APP=fake.url, MORE="1")
    assert "2 failed, 1 passed, 1 error" in output, output
    assert "test_new.jsonl' was not written" in output
    assert "one.jsonl' was recorded by test_it.py::test_two[1] in this run" in output
    assert old.read_text() == "an earlier recording"
    assert list(old.parent.iterdir()) == [old]


def test_plugin_names_the_file_of_each_test() -> None:
    """Names are valid and different on all file systems, also if these ignore case."""
    tests = "test_x", "test_x[a]", "test_x[A]", "test_x[a/b]", "test_x[é]", "test_x[a:b]"
    names = [_file_name(test) for test in (*tests, f"test_x[{'a' * 300}]")]
    assert names[:2] == ["test_x", "test_x-a-"]
    assert len({name.lower() for name in names}) == 7
    assert all(re.fullmatch(r"[A-Za-z0-9_.-]{1,110}", name) for name in names)


def test_plugin_fails_tests_that_reach_a_network(tmp_path: Path) -> None:
    """The switch fails a test even if its code hides the error; this machine may be reached."""
    (tmp_path / "test_it.py").write_text(REACHES)
    (tmp_path / "pytest.ini").write_text("[pytest]\ngradio_no_network = true\n")
    output = run(tmp_path)
    assert "3 passed, 2 errors" in output, output
    assert "a network: 192.0.2.1" in output and "a network: example.com" in output


def test_plugin_costs_little(tmp_path: Path) -> None:
    """Importing the plugin loads nothing of the client and no dependency."""
    code = (
        "import sys, pytest; before = set(sys.modules)\n"
        "import gradio_client_sync.testing.pytest_plugin\n"
        "print(*sorted(set(sys.modules) - before))"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    ).stdout.split()
    own = [name for name in loaded if name.startswith("gradio_client_sync")]
    assert own == [
        "gradio_client_sync",
        "gradio_client_sync._version",
        "gradio_client_sync.testing",
        "gradio_client_sync.testing.pytest_plugin",
    ]
    assert len(loaded) <= len(own) + 3
