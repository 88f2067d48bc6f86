"""Tests of `schedule`: which tests are left out, and in which order the others run."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.schedule import LONGEST
from tests.support.servers.environments import VERSIONS

pytestmark = pytest.mark.once

ROOT = Path(__file__).parents[2]
MODULE = "tests/contract/test_jobs.py"


def collected(servers: str) -> list[str]:
    """Return the tests of one module in the order in which they run on these servers."""
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
    """If two servers have the same protocol, a `client_only` test runs on the newer one only."""
    tests = collected("3.50.2,4.44.1,6.31.0")
    assert "test_done_callback[3.50.2]" in tests and "test_done_callback[6.31.0]" in tests
    assert "test_done_callback[4.44.1]" not in tests
    assert "test_job_attributes[4.44.1]" in tests
    assert "test_a_timeout_is_a_number[6.31.0-5]" in tests
    assert "test_a_timeout_is_a_number[4.44.1-5]" not in tests


def test_client_only_tests_run_on_an_older_server_if_it_is_the_only_one() -> None:
    """A `client_only` test runs on an older release if that is the only one with its protocol."""
    assert "test_done_callback[4.44.1]" in collected("4.44.1")


def test_longest_groups_exist() -> None:
    """All releases run first, and each other group is a module that was not renamed or removed."""
    assert set(VERSIONS) == set(LONGEST[: len(VERSIONS)])
    for group in LONGEST:
        assert group in VERSIONS or ROOT.joinpath(group).is_file(), group


def test_tests_of_one_server_run_after_each_other() -> None:
    """All tests of one server run before the tests of the next one."""
    versions = [name.partition("[")[2].rstrip("]") for name in collected("3.50.2,6.31.0")]
    order = [version.partition("-")[0] for version in versions if version]
    assert order == sorted(order, reverse=True)
    assert set(order) == {"3.50.2", "6.31.0"}
