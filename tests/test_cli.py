"""The command line, run as a process of its own; what needs a server is elsewhere."""

from __future__ import annotations

import socket
import subprocess
import sys

import gradio_client_sync

ENDS = 60.0  # s; a bound for what hangs


def run(*arguments: str, python: tuple[str, ...] = ("-m", "gradio_client_sync")) -> tuple[str, ...]:
    """Run the command; its exit code as text, its output and its errors."""
    done = subprocess.run(
        [sys.executable, "-X", "utf8", *python, *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=ENDS,
    )
    return str(done.returncode), done.stdout, done.stderr


def test_version_is_the_package_version() -> None:
    """--version names the command and the version of the package."""
    version = f"gradio-client-sync {gradio_client_sync.__version__}\n"
    assert run("--version") == ("0", version, "")


def test_help_names_every_command() -> None:
    """--help goes to stdout and lists the commands."""
    code, output, errors = run("--help")
    assert (code, errors) == ("0", "")
    assert "demo" in output and "view-api" in output


def test_help_of_a_command_says_what_it_needs() -> None:
    """The demo's help names the extra that it needs."""
    code, output, _ = run("demo", "--help")
    assert code == "0"
    assert "gradio-client-sync[demo]" in output and "--no-color" in output


def test_unknown_command_is_a_usage_error() -> None:
    """A command that does not exist ends with 2 and names those that do."""
    code, output, errors = run("dance")
    assert (code, output) == ("2", "")
    assert "dance" in errors and "view-api" in errors and "Traceback" not in errors


def test_no_command_is_a_usage_error() -> None:
    """Without a command there is a usage line, not a traceback."""
    code, _, errors = run()
    assert code == "2"
    assert errors.startswith("usage: gradio-client-sync")


def test_error_is_one_line_on_stderr() -> None:
    """An error of the package ends with 1 and one line on stderr."""
    with socket.socket() as taken:  # bound, but nobody listens
        taken.bind(("127.0.0.1", 0))
        code, output, errors = run("view-api", f"http://127.0.0.1:{taken.getsockname()[1]}")
    assert (code, output) == ("1", "")
    assert errors.startswith("gradio-client-sync: http://127.0.0.1:")
    assert errors.count("\n") == 1


def test_demo_without_gradio_names_the_extra() -> None:
    """Where there is no Gradio, the demo says how to get it, and starts nothing."""
    code, output, errors = run(python=("-c", demo_where("sys.modules['gradio'] = None")))
    assert (code, output) == ("1", "")
    assert "pip install 'gradio-client-sync[demo]'" in errors and errors.count("\n") == 1


def test_demo_on_an_old_python_asks_for_a_newer_one() -> None:
    """On Python 3.9 the extra would install nothing, so the message says that first."""
    old = "sys.modules['gradio'] = None; sys.version_info = (3, 9, 18)"
    code, _, errors = run(python=("-c", demo_where(old)))
    assert code == "1"
    assert "needs Python 3.10 or later, and this is 3.9" in errors
    assert "pip install 'gradio-client-sync[demo]'" in errors


def test_demo_with_a_python_that_does_not_exist() -> None:
    """A Python that cannot be found is named in one line."""
    code, _, errors = run("demo", "--python", "no-such-python")
    assert code == "1"
    assert "There is no Python 'no-such-python'" in errors and errors.count("\n") == 1


def demo_where(condition: str) -> str:
    """Python that runs the demo after `condition`."""
    return (
        "import sys; from gradio_client_sync import cli, demo; "
        f"{condition}; sys.exit(cli.main(['demo']))"
    )
