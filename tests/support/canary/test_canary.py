"""Tests of the search for leaked secrets: it finds each kind of leak, and none in a clean run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

pytestmark = pytest.mark.once

pytest_plugins = "pytester"

ROOT = Path(__file__).parents[3]

#: A run of tests: some leak, each named after the kind of its leak, and one does not.
LEAKS = """
import logging
import os
import pickle
import socket
import sys
import threading
import warnings
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.request import urlopen, Request

import pytest

from gradio_client_sync import AppError, Client
from tests.support.canary.plugin import canary

TOKEN = os.environ["HF_TOKEN"]


class Answers(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(204)
        self.end_headers()

    def log_message(self, *args):
        pass


@pytest.fixture
def server():
    server = HTTPServer(("127.0.0.1", 0), Answers)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield server.server_port
    server.shutdown()
    server.server_close()
    thread.join()


def ask(port, value):
    request = Request(f"http://127.0.0.1:{port}/", headers={"X-Value": value})
    urlopen(request, timeout=5).close()


def test_log():
    logging.getLogger("gradio_client_sync._calls.runner").debug("has %s", TOKEN)


def test_log_of_a_library():
    logging.getLogger("urllib3.connectionpool").debug("GET /?token=%s", TOKEN)


def test_error():
    AppError(f"no {TOKEN}")


def test_error_attribute():
    AppError("no", title=TOKEN)


def test_error_cause():
    try:
        raise OSError(f"cannot {TOKEN}")
    except OSError as exc:
        AppError("no")


def test_output():
    print(TOKEN)


def test_warning():
    warnings.warn(f"mind {TOKEN}", UserWarning)


def test_pickle():
    pickle.dumps({"token": TOKEN})


def test_request(server):
    ask(server, TOKEN)


def test_home_of_the_header(server, canary):
    secrets = canary.options(f"http://127.0.0.1:{server}")
    ask(server, secrets["headers"]["X-Canary"])  # no leak: it was given for this server


def test_abroad(server, canary):
    secrets = canary.options("http://127.0.0.1:9")
    ask(server, secrets["cookies"]["canary"])


class Shown:
    def __repr__(self):
        return f"<Shown {TOKEN}>"


class Packed:
    def __init__(self):
        self.token = TOKEN


Shown.__module__ = Packed.__module__ = "gradio_client_sync.made_up"
kept = []


def test_repr():
    kept.append([Shown(), Packed()])
    sys.modules["gradio_client_sync.made_up"] = sys.modules[__name__]
"""

CLEAN = """
import os
import pickle

from gradio_client_sync import AppError


def test_clean():
    assert os.environ["HF_TOKEN"].startswith("hf_canary")
    pickle.dumps(AppError("no"))
"""


@pytest.fixture
def run(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """Run pytest in a folder where it finds the plugin."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    return pytester


#: The options for a run in one process and in two.
ONE, TWO = (), ("-n", "2")


def outcome(run: pytest.Pytester, tests: str, processes: Sequence[str] = ONE) -> pytest.RunResult:
    run.makepyfile(test_run=tests)
    options = ("-p", "tests.support.canary.plugin", "-q", *processes)
    return run.runpytest_subprocess(*options, timeout=60)


@pytest.mark.parametrize("processes", [ONE, TWO], ids=["one process", "two"])
def test_canary_finds_each_kind_of_leak(run: pytest.Pytester, processes: Sequence[str]) -> None:
    """Each kind of leak is reported with its test, and fails the run though its tests pass."""
    result = outcome(run, LEAKS, processes)
    result.assert_outcomes(passed=12, warnings=1)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    _, found = result.stdout.str().split("secrets that got out")
    places = {
        ("log", "a log of gradio_client_sync._calls.runner"),
        ("log_of_a_library", "a log of urllib3.connectionpool"),
        ("error", "a AppError"),
        ("error_attribute", "a AppError"),
        ("error_cause", "the cause of a AppError"),
        ("output", "the Captured stdout call"),
        ("warning", "a warning"),
        ("pickle", "the pickle of a dict"),
        ("request", "what was sent to 127.0.0.1:"),
        ("request", "a request to 127.0.0.1:"),
        ("abroad", "what was sent to 127.0.0.1:"),
        ("abroad", "a request to 127.0.0.1:"),
        ("repr", "the repr of a gradio_client_sync.made_up.Shown"),
        ("repr", "the pickle of a gradio_client_sync.made_up.Packed"),
    }
    lines = [line for line in found.splitlines() if ", in " in line]
    assert {
        (test, what)
        for test, what in places
        for line in lines
        if line.startswith(what) and line.endswith(f"::test_{test}")
    } == places
    assert not [line for line in lines if "home" in line]
    assert "hf_canary" not in found


@pytest.mark.parametrize("processes", [ONE, TWO], ids=["one process", "two"])
def test_canary_passes_a_clean_run(run: pytest.Pytester, processes: Sequence[str]) -> None:
    """The report does not appear if there is no leak."""
    result = outcome(run, CLEAN, processes)
    result.assert_outcomes(passed=1)
    assert result.ret == pytest.ExitCode.OK
    assert "secrets that got out" not in result.stdout.str()


def test_canary_is_active_in_this_run(pytestconfig: pytest.Config) -> None:
    """The plugin is active in the run that this test is part of."""
    assert pytestconfig.pluginmanager.has_plugin("canary")
