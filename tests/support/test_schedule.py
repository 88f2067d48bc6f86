"""Which tests are left out, and that the tests of one server stay together."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.once

ROOT = Path(__file__).parents[2]
MODULE = "tests/contract/test_jobs.py"


def collected(servers: str) -> list[str]:
    """The tests of one module in the order in which they run on these servers."""
    command = (sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider")
    done = subprocess.run(
        [*command, MODULE],
        cwd=ROOT,
        env={**os.environ, "GRADIO_CLIENT_SYNC_SERVERS": servers, "PYTEST_ADDOPTS": ""},
        capture_output=True,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return [line.partition("::")[2] for line in done.stdout.splitlines() if "::" in line]


def test_client_only_tests_run_once_per_protocol() -> None:
    """Of two releases with the same protocol they run on the newer, and other tests run on both."""
    tests = collected("3.50.2,4.44.1,6.31.0")
    assert "test_done_callback[3.50.2]" in tests and "test_done_callback[6.31.0]" in tests
    assert "test_done_callback[4.44.1]" not in tests
    assert "test_job_tells_what_it_is[4.44.1]" in tests
    assert "test_a_timeout_is_a_number[6.31.0-5]" in tests
    assert "test_a_timeout_is_a_number[4.44.1-5]" not in tests


def test_client_only_tests_run_on_whatever_server_there_is() -> None:
    """An older release of a protocol is enough where it is the only one."""
    assert "test_done_callback[4.44.1]" in collected("4.44.1")


def test_tests_of_one_server_run_after_each_other() -> None:
    """A server is not left for another one before all of its tests have run."""
    versions = [name.partition("[")[2].rstrip("]") for name in collected("3.50.2,6.31.0")]
    order = [version.partition("-")[0] for version in versions if version]
    assert order == sorted(order, reverse=True)
    assert set(order) == {"3.50.2", "6.31.0"}
