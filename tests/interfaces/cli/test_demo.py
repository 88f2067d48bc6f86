"""The demo: it shows the code that it runs, and all of it works with a real Gradio."""

from __future__ import annotations

import ast
import inspect
import os
import re
import subprocess
import sys
import textwrap
from importlib import resources
from pathlib import Path
from typing import Any, Callable

import pytest

from gradio_client_sync import demo
from gradio_client_sync._demo import stage as demo_stage
from gradio_client_sync.errors import ConnectFailedError
from tests.support.servers.environments import prepare
from tests.support.terminal import Terminal

pytestmark = pytest.mark.once

ENDS = 120.0  # s; a bound for a process that hangs
STEPS = [demo.connect, *demo.STEPS, demo.finish]


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.__name__)
def test_step_shows_the_code_that_it_runs(step: Callable[..., Any]) -> None:
    """The printed code is the body that runs, without the docstring and a last return."""
    function = ast.parse(textwrap.dedent(inspect.getsource(step))).body[0]
    assert isinstance(function, ast.FunctionDef)
    body = [part for part in function.body[1:] if not isinstance(part, ast.Return)]
    shown = ast.parse("\n".join(demo.code_of(step)))
    assert [ast.dump(part) for part in shown.body] == [ast.dump(part) for part in body]


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.__name__)
def test_step_is_short(step: Callable[..., Any]) -> None:
    """A step has few lines, and none is wrapped by a terminal."""
    code = demo.code_of(step)
    assert len(code) <= 20
    assert max(map(len, code)) <= 96


def test_app_is_python_that_ships_with_the_package() -> None:
    """The app is in the package's data, and compiles."""
    source = resources.files("gradio_client_sync").joinpath("_demo/app.txt")
    compile(source.read_text(encoding="utf-8"), "app.txt", "exec")


def test_screen_without_a_terminal_prints_each_new_line_once(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """On a pipe there are no control characters, and unchanged text is not repeated."""
    screen = demo_stage.DemoScreen()
    for text in ("a", "a", "b"):
        screen.redraw(text)
    screen.say(screen.style("c", demo_stage.BOLD))
    screen.end_line()
    assert capsys.readouterr().out == "a\nb\nc\n"


def test_screen_in_a_terminal_draws_over_the_line(capsys: pytest.CaptureFixture[str]) -> None:
    """In a terminal a line is cleared before the next one, and cut to fit."""
    screen = demo_stage.DemoScreen()
    screen.live, screen.width = True, 5
    screen.redraw("abcdef")
    screen.redraw(lambda: "gh")
    screen.say("i")
    screen.end_line()
    assert capsys.readouterr().out == "abcd\r    \rgh\r  \ri\n"


def test_app_that_does_not_start_is_shown_with_its_log(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """If the app ends too early, its log is on standard error, and its folder is removed."""
    (tmp_path / "gradio.py").write_text("raise SystemExit('no oven')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with pytest.raises(ConnectFailedError, match="did not start"):
        demo_stage.AppProcess(sys.executable)
    assert "no oven" in capfd.readouterr().err
    assert [path.name for path in tmp_path.iterdir() if "demo" in path.name] == []


def test_direct_connections_leave_the_environment_as_it_was(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """No proxy is used for this machine, and afterwards the variables are restored."""
    monkeypatch.setenv("NO_PROXY", "intranet")
    monkeypatch.delenv("no_proxy", raising=False)
    with demo_stage.direct_connections():
        assert os.environ["no_proxy"] == os.environ["NO_PROXY"] == "intranet,127.0.0.1,localhost"
    assert (os.environ["NO_PROXY"], os.environ.get("no_proxy")) == ("intranet", None)


# -- on a real Gradio

HEADINGS = "Connect Look Predict Stream Listen Queue Fail Remember Cancel Finish".split()


def command(version: str) -> list[str]:
    """Return the command for the demo with the app on a Python that has this Gradio."""
    python = str(prepare(version))
    return [sys.executable, "-X", "utf8", "-m", "gradio_client_sync", "demo", "--python", python]


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.gradio
@pytest.mark.parametrize("version", ["5.50.0", "6.31.0"])
def test_demo_runs_from_start_to_end(version: str) -> None:
    """Every step does what its heading says, in plain text on a pipe, and no process is left."""
    done = subprocess.run(command(version), capture_output=True, encoding="utf-8", timeout=ENDS)
    assert (done.returncode, done.stderr) == (0, "")
    output = done.stdout
    assert "\x1b" not in output and "\r" not in output

    parts = re.split(r"^ ?\d+  (\w+)[\w ]* ─+$", output, flags=re.MULTILINE)
    start, steps = parts[0], dict(zip(parts[1::2], parts[2::2]))
    assert list(steps) == HEADINGS
    said = {name: re.sub(r"^    │.*\n", "", text, flags=re.M) for name, text in steps.items()}
    assert f"Gradio {version} is up" in start
    assert f"(Gradio {version}, sse_v3)" in said["Connect"]
    assert 'app.predict("/greet", ["Ada", "English"])' in said["Look"]
    assert "\n5\nHello, Ada!\nBonjour, Ada!\n" in said["Predict"]
    assert "A hedgehog once opened a shop by the quay\nand sold" in said["Stream"]
    assert "█ 5/5 steps: ready\n3 bowls of porridge\n" in said["Listen"]
    assert "Kitchen, info: Porridge for 3.\n" in said["Listen"]
    assert "Kitchen, warning: The cinnamon is nearly gone.\n" in said["Listen"]
    assert "1 ahead" in said["Queue"] and "next" in said["Queue"]
    assert {f"{cake} cake" for cake in "apple cherry lemon plum".split()} < set(
        said["Queue"].splitlines()
    )
    assert "No friends: Nobody is here to eat 12 cookies.\n" in said["Fail"]
    assert "Did you mean '/guess'?" in said["Fail"] and "Did you mean 'cookies'?" in said["Fail"]
    assert re.search(r"^\d+ it is!$", said["Remember"], re.MULTILINE)
    assert "\n<Job '/count' cancelled>\nIs it counting? No. It stopped at " in said["Cancel"]
    assert "Threads: ['MainThread']" in said["Finish"]
    pid = re.search(r"Process (\d+) has ended with exit code 0\.", said["Finish"])
    assert pid is not None and not is_running(int(pid[1]))


@pytest.mark.gradio
@pytest.mark.parametrize("no_color", [False, True])
def test_ctrl_c_ends_the_demo_and_its_app(no_color: bool) -> None:
    """Ctrl-C in a terminal ends the demo and its app with 130, and NO_COLOR works there."""
    with Terminal(*command("6.31.0"), NO_COLOR="1" if no_color else "") as terminal:
        terminal.read_until("hedgehog once opened")
        terminal.press("\x03")
        output = terminal.read_to_end()
        assert terminal.process.returncode == 130
    pid = re.search(r"is up: process (\d+) at", output)
    assert pid is not None and not is_running(int(pid[1]))
    assert output.rstrip().endswith("Interrupted.") and "Traceback" not in output
    assert ("\x1b[" in output) is not no_color
