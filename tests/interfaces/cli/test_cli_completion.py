"""Shell completion: pressing Tab in real shells in real terminals."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from gradio_client_sync._cli.exits import COMPLETION
from gradio_client_sync._cli.shells import words_of
from gradio_client_sync.testing import FakeApp
from tests.support.servers.server import Server
from tests.support.terminal import Terminal

PROGRAM = "gradio-client-sync"
PROMPT = "ready> "


class Shell(NamedTuple):
    """How to start a shell, and how to set up completion as the documentation says."""

    script: str  # the place of its script, as in docs/command-line.md
    settings: dict[str, str]
    command: tuple[str, ...]


ZSH = f"""\
autoload -Uz compinit; compinit -u
unsetopt zle_bracketed_paste
PS1='{PROMPT}'
"""
FISH = f"""\
set fish_greeting
function fish_prompt; echo -n '{PROMPT}'; end
"""
SHELLS = {
    "bash": Shell(".bashrc", {".bashrc": f"PS1='{PROMPT}'\n"}, ("bash", "--noprofile", "-i")),
    "zsh": Shell(".zshrc", {".zshrc": ZSH}, ("zsh", "-i")),
    "fish": Shell(
        f".config/fish/completions/{PROGRAM}.fish",
        {".config/fish/config.fish": FISH},
        ("fish", "-i"),
    ),
}

#: The keys to press, with Tab, and the text that shows that the right line ran.
TYPED = (
    ("vie\t --help", f"Usage: {PROGRAM} view-api"),
    ("predict --he\t", f"Usage: {PROGRAM} predict"),
    ("completion fi\t", "function _gradio_client_sync_completion"),
    ("types --check my_wri\t", "Missing argument 'SOURCE'"),
)


@pytest.fixture(params=SHELLS)
def shell(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, tuple[str, ...]]:
    """Return the folder of a user of this shell who has followed the documentation."""
    name = str(request.param)
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"there is no {name} here")
    shell = SHELLS[name]
    program = tmp_path / "bin" / PROGRAM
    program.parent.mkdir()
    program.write_text(
        f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m gradio_client_sync "$@"\n'
    )
    program.chmod(0o755)
    for path, text in shell.settings.items():
        tmp_path.joinpath(path).parent.mkdir(parents=True, exist_ok=True)
        tmp_path.joinpath(path).write_text(text)
    script = subprocess.run([program, "completion", name], capture_output=True, check=True).stdout
    where = tmp_path / shell.script
    where.parent.mkdir(parents=True, exist_ok=True)
    with where.open("ab") as file:
        file.write(script)
    (tmp_path / "my_written_app.py").touch()
    (tmp_path / "pictures").mkdir()
    (tmp_path / "pictures" / "my cat.txt").write_text("a cat")
    (tmp_path / "note, short.txt").write_text("a note")
    return str(tmp_path), (found, *shell.command[1:])


@pytest.fixture
def typing(shell: tuple[str, tuple[str, ...]]) -> Iterator[Terminal]:
    """Yield a terminal in which the shell is ready, in the folder of the user."""
    home, command = shell
    variables = {
        "HOME": home,
        "ZDOTDIR": home,
        "XDG_CONFIG_HOME": f"{home}/.config",
        "PATH": f"{home}/bin{os.pathsep}{os.environ['PATH']}",
    }
    with Terminal(*command, **variables) as terminal:
        terminal.read_until(PROMPT)
        terminal.press(f"cd {shlex.quote(home)}\n")
        yield terminal
        terminal.press("exit\n")


def test_tab_completes(typing: Terminal) -> None:
    """Commands, options, choices and files are completed, and the completed line runs."""
    for typed, shown in TYPED:
        typing.press(f"{PROGRAM} {typed}\n")
        typing.read_until(shown)


@pytest.mark.gradio
def test_tab_completes_the_names_of_an_app(typing: Terminal, newest: Server) -> None:
    """Endpoints, parameters, choices and files after an ``@`` are completed in one line each."""
    for typed, shown in (
        ("/pai\thello", "HELLO"),
        ('ech\t"some"\\ text', "some text"),
        ("/defaults tex\tx ch\tgr\t", "x 2 True green"),
        ("/file @pic\tmy\t-o one", "one/my cat.txt"),
        ("/file up\t@note\t-o two", "two/note, short.txt"),
        ("/file upload=@~/pic\tmy\t-o three", "three/my cat.txt"),
    ):
        typing.press(f"{PROGRAM} predict {newest.url} {typed}\n")
        typing.read_until(shown)


@pytest.mark.parametrize(
    ("line", "words", "is_quoted"),
    [
        ("p", ["p"], False),
        ("p ", ["p", ""], False),
        ("p a\\ b", ["p", "a b"], False),
        ("p 'a b", ["p", "a b"], True),
        ('p "a b', ["p", "a b"], True),
        ("p it's", ["p", "its"], True),
        ("p http://h:1 @x", ["p", "http://h:1", "@x"], False),
        ("p 'a' x=\"b\"", ["p", "a", "x=b"], False),
        ("", [""], False),
    ],
)
def test_words_of_a_line(line: str, words: list[str], is_quoted: bool) -> None:
    """A line is read as a shell reads it, even if a quote is open."""
    assert words_of(line) == (words, is_quoted)


def test_names_that_shells_could_misread_are_not_offered() -> None:
    """An app cannot write into the line of a person, or draw on the terminal."""
    hostile = ("a\nplain,b", "a\x1b[2J", "a\u202eb")
    with FakeApp() as app:
        for name in (*hostile, "good", "$(x)"):
            app.endpoint(name)(lambda: "")
        line = f"{PROGRAM} predict {app.url} /"
        for shell, offered in (("bash", ["/good", "/\\$\\(x\\)"]), ("zsh", ["/good", "/$(x)"])):
            done = subprocess.run(
                [sys.executable, "-m", "gradio_client_sync"],
                env={**os.environ, COMPLETION: f"{shell}_complete", "COMP_LINE": line},
                capture_output=True,
                encoding="utf-8",
            )
            assert (done.stdout.splitlines(), done.stderr) == ([f"plain,{n}" for n in offered], "")


def test_tab_shows_no_error_if_the_app_cannot_be_reached() -> None:
    """If there is no app, nothing is completed and nothing is printed, and no password asked."""
    for options in ("", "--auth ada "):
        done = subprocess.run(
            [sys.executable, "-m", "gradio_client_sync"],
            env={
                **os.environ,
                COMPLETION: "fish_complete",
                "COMP_LINE": f"{PROGRAM} predict {options}http://127.0.0.1:1 /a",
            },
            capture_output=True,
            encoding="utf-8",
        )
        assert (done.stdout.strip(), done.stderr) == ("", "")
