"""The line that shows a wait for a Space, in terminals and notebooks only."""

from __future__ import annotations

import io
import re
import sys

import pytest

from gradio_client_sync import Client, SpaceNotReadyError
from gradio_client_sync._protocol.space import status_of
from gradio_client_sync._terminal.live_line import LiveLine, is_watched, shorten
from tests.interfaces.notebook.test_notebooks import Kernel, kernel
from tests.support.hub.hub import LocalHub
from tests.support.servers.server import Server
from tests.support.terminal import Terminal as RealTerminal

__all__ = ["kernel"]

pytestmark = pytest.mark.gradio

CONNECT = "from gradio_client_sync import Client; Client({name!r}, status_callback='auto').close()"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_live_line_auto_shows_one_line(
    hub: LocalHub, newest: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a terminal the wait is one line that changes, and ends when the Space runs."""
    hub.add("alice/open", "BUILDING", "RUNNING", app=newest.url)
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with Client("alice/open", status_callback="auto"):
        pass
    text = terminal.getvalue()
    assert text.startswith("\ralice/open: Space is building... (0 s)")
    assert "\ralice/open: Space is running." in text
    assert text.count("\n") == 1
    assert text.endswith("\n")


def test_live_line_auto_is_silent_without_a_wait(
    hub: LocalHub, newest: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A running Space shows no line, and a log file gets none."""
    hub.add("alice/open", app=newest.url)
    hub.add("alice/slow", "BUILDING", "RUNNING", app=newest.url)
    terminal, file = Terminal(), io.StringIO()
    monkeypatch.setattr(sys, "stderr", terminal)
    Client("alice/open", status_callback="auto").close()
    monkeypatch.setattr(sys, "stderr", file)
    Client("alice/slow", status_callback="auto").close()
    assert (terminal.getvalue(), file.getvalue()) == ("", "")


def test_live_line_auto_ends_its_line_with_the_wait(
    hub: LocalHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If the wait ends with an error, the line ends too."""
    hub.add("alice/stuck", "BUILDING")
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with pytest.raises(SpaceNotReadyError):
        Client("alice/stuck", status_callback="auto", wake_timeout=0.1)
    assert terminal.getvalue().endswith("s)\n")


def test_live_line_covers_a_longer_text() -> None:
    """A shorter text covers a longer one completely."""
    stream = io.StringIO()
    line = LiveLine("a/b", stream)
    line.show(status_of("SLEEPING"), 1)
    line.show(status_of("BUILDING"), 2)
    line.show(status_of("RUNTIME_ERROR"), 3)
    line.end()
    first, second, third = stream.getvalue().strip("\r").split("\r")
    assert len(second) == len(first)
    assert third == "a/b: This space is experiencing an issue. (3 s)\n"


def test_live_line_is_for_terminals_and_notebooks() -> None:
    """Nothing is written if the output is neither a terminal nor a notebook."""
    assert is_watched(Terminal())
    assert not is_watched(io.StringIO())
    assert not is_watched(None)
    notebook = type("OutStream", (io.StringIO,), {"__module__": "ipykernel.iostream"})
    assert is_watched(notebook())


@pytest.mark.parametrize("width", [3, 10, 20, 79])
def test_live_line_keeps_both_ends_of_a_long_text(width: int) -> None:
    """A text that is too long keeps the Space's name at its start and the seconds at its end."""
    text = "a-user/a-space-with-a-long-name: Space is asleep. (17 s)"
    short = shorten(text, width)
    assert len(short) == min(width, len(text))
    assert (short[0], short[-1]) == ("a", ")")
    assert short == text if width >= len(text) else "…" in short


def test_live_line_in_a_real_terminal(hub: LocalHub, newest: Server) -> None:
    """The wait stays in one line of the terminal, also with a long name."""
    name = f"alice/{'long-' * 15}name"
    hub.add(name, "BUILDING", "APP_STARTING", "RUNNING", app=newest.url)
    code = f"{CONNECT.format(name=name)}; print('connected')"
    with RealTerminal(sys.executable, "-c", code) as terminal:
        shown = terminal.read_to_end()
    *_, line, connected, _ = re.split(r"\r?\n", shown)
    assert connected == "connected"
    pending = [text for text in line.split("\r") if "RUNNING" not in text and "running" not in text]
    assert len([text for text in pending if "…" in text]) == 2
    assert all(len(text) < 80 for text in pending)
    assert line.split("\r")[-1].rstrip().endswith("s)")


def test_live_line_in_a_real_notebook(hub: LocalHub, newest: Server, kernel: Kernel) -> None:
    """In a kernel the line is one text with carriage returns on standard error."""
    hub.add("alice/slow", "BUILDING", "RUNNING", app=newest.url)
    messages = kernel.run(CONNECT.format(name="alice/slow"))
    streams = [message for message in messages if message["type"] == "stream"]
    assert {message["name"] for message in streams} == {"stderr"}
    text = "".join(message["text"] for message in streams)
    building, running = (rf"\ralice/slow: Space is {word}" for word in ("building", "running"))
    assert re.match(rf"({building}\.\.\. \(\d+ s\))+{running}\.", text), text
    assert text.count("\n") == 1
