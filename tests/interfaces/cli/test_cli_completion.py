"""Shell completion: pressing Tab in real shells in real terminals."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

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
    return str(tmp_path), (found, *shell.command[1:])


def test_tab_completes(shell: tuple[str, tuple[str, ...]]) -> None:
    """Commands, options, choices and files are completed, and the completed line runs."""
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
        for typed, shown in TYPED:
            terminal.press(f"{PROGRAM} {typed}\n")
            terminal.read_until(shown)
        terminal.press("exit\n")
