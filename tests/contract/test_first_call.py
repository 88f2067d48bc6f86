"""Modules loaded by the first call of a fresh process, which delay scripts and commands."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.support.servers.server import Server

pytestmark = pytest.mark.gradio

#: A script that makes one call, then prints the loaded modules and those imported by workers.
CALL = """
import sys, threading
from gradio_client_sync import AppError, Client

by_workers = []

class Watch:
    def find_spec(self, name, path=None, target=None):
        if threading.current_thread() is not threading.main_thread():
            by_workers.append(name)

sys.meta_path.insert(0, Watch())
with Client(sys.argv[1]) as app:
    job = app.submit(sys.argv[2], [int(sys.argv[3])])
    job.on("data", print)  # with a listener, the worker decodes the values
    try:
        job.result(60)
    except AppError as error:
        print(error)
print("---", *sorted(sys.modules), "---", *by_workers)
"""

#: Parts of the package that a call without files does not need.
OTHERS = {"_notebook", "_spaces", "_files", "files", "_typed", "_terminal", "_cli", "_demo", "demo"}


def call(server: Server, endpoint: str, number: int) -> tuple[str, set[str], str]:
    """Make a call in a fresh process; return its values, its modules, and its workers' imports."""
    command = [sys.executable, "-c", CALL, server.url, endpoint, str(number)]
    ran = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    values, modules, by_workers = ran.stdout.split("---")
    return values, set(modules.split()), by_workers.strip()


def test_first_call_without_files_loads_no_other_parts(server: Server) -> None:
    """A call without files does not load the modules for notebooks, Spaces or files."""
    values, modules, by_workers = call(server, "/count", 2)
    assert "Data(" in values
    own = {name.split(".")[1] for name in modules if name.startswith("gradio_client_sync.")}
    assert "_client" in own
    assert not own & OTHERS
    assert "huggingface_hub" not in modules
    assert by_workers == ""


@pytest.mark.parametrize(
    ("endpoint", "printed"), [("/make_file", "RemoteFile"), ("/fail_midway", "")]
)
def test_first_call_imports_nothing_on_a_worker(
    server: Server, endpoint: str, printed: str
) -> None:
    """The calling thread imports the modules for files in results and for errors of the app."""
    values, _, by_workers = call(server, endpoint, 3)
    assert printed in values
    assert by_workers == ""
