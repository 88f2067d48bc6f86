"""A change of the time of day has no effect on waits, which use the monotonic clock."""

from __future__ import annotations

import ast
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

import gradio_client_sync
from tests.conftest import SERVERS
from tests.support.processes import run_python
from tests.support.servers.plugin import ServerPool

PACKAGE = Path(gradio_client_sync.__file__).parent
VERSIONS = [v for v in ("3.50.2", "4.0.2", "4.44.1", "6.31.0") if v in SERVERS]

JUMPS = """
import sys, time
shift, real = 0.0, time.time
time.time = lambda: real() + shift
from gradio_client_sync import Client, JobTimeoutError
url, key = sys.argv[1:]

def jump(data):
    global shift
    shift = 86_400.0 if shift <= 0 else -86_400.0

with Client(url, deadline=60) as app:
    job = app.submit("/tokens", [30]).on("data", jump)
    assert job.result()[0].endswith("tok29") and len(list(job)) == 31
    assert 0 <= job.timings.started <= job.timings.done < 60
    made = app.predict("/make_file", [100_000])[0]
    for days in (1, -1, 0):
        began = time.monotonic()
        held = app.submit("/hold", [key], timeout=0.5)
        shift = days * 86_400.0
        try:
            held.result()
        except JobTimeoutError:
            assert 0.4 < time.monotonic() - began < 1.5
        else:
            raise AssertionError("there was no end of its time")
        assert app.predict("/echo", ["x"])[0] == "x" and len(made.read()) == 100_000
    app.reset_session()
    assert app.predict("/echo", ["x"])[0] == "x"
"""


@pytest.mark.gradio
@pytest.mark.parametrize("version", VERSIONS)
def test_clock_jumps_have_no_effect(server_pool: ServerPool, version: str) -> None:
    """Jobs continue, deadlines are kept and timings are right when the clock jumps by days."""
    server, key = server_pool.get(version), uuid.uuid4().hex
    run_python(JUMPS, server.url, key)
    server.control.release(key)


def of_the_day(tree: ast.AST) -> Iterator[ast.expr]:
    """Yield each use of the time of day in a sum, a comparison or a wait."""
    for function in ast.walk(tree):
        if not isinstance(function, (ast.FunctionDef, ast.Module)):
            continue
        named = {
            target.id
            for node in ast.walk(function)
            if isinstance(node, ast.Assign) and _is_of_the_day(node.value, set())
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        for node in ast.walk(function):
            operands: list[ast.expr] = []
            if isinstance(node, ast.BinOp):
                operands = [node.left, node.right]
            elif isinstance(node, ast.Compare):
                operands = [node.left, *node.comparators]
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                waits = node.func.attr in ("wait", "wait_for", "join", "settimeout", "after")
                operands = node.args if waits else []
            yield from (operand for operand in operands if _is_of_the_day(operand, named))


def _is_of_the_day(node: ast.expr, named: set[str]) -> bool:
    if isinstance(node, ast.Call):
        return ast.unparse(node.func) in ("time.time", "datetime.now", "datetime.utcnow")
    return isinstance(node, ast.Name) and node.id in named


def test_waits_do_not_use_the_time_of_day() -> None:
    """The time of day is used for the times of events only, and not in any calculation."""
    for path in sorted(PACKAGE.rglob("*.py")):
        found = list(of_the_day(ast.parse(path.read_text(encoding="utf-8"))))
        assert not found, f"{path.name}: {[ast.unparse(place) for place in found]}"


@pytest.mark.parametrize(
    "code",
    ["time.time() + 5", "def f():\n now = time.time()\n return now > 3", "x.wait(time.time())"],
)
def test_search_for_uses_of_the_time_of_day(code: str) -> None:
    """The check finds each kind of use."""
    assert len(list(of_the_day(ast.parse(code)))) >= 1
