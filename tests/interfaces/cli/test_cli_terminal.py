"""The command line in real terminals: what people see, and the keys that they press."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from gradio_client_sync import Client
from gradio_client_sync._cli.live import bar, status_lines
from gradio_client_sync.events import Progress, Status
from gradio_client_sync.testing import FakeApp
from tests.conftest import SERVERS
from tests.support.generations import has
from tests.support.servers.server import Server
from tests.support.terminal import Screen, Terminal

GRADIO = (sys.executable, "-X", "utf8", "-m", "gradio_client_sync")
COLORS = re.compile(r"\x1b\[\d+m")


def drawn(text: str) -> list[str]:
    """Return all texts that were drawn, without colours and cursor movements."""
    return [part.strip() for part in re.split(r"\x1b\[\d*[A-HJ]|\r|\n", COLORS.sub("", text))]


@pytest.mark.gradio
def test_predict_shows_progress_bars(server: Server) -> None:
    """A bar is drawn over the last one, and is removed before the result."""
    with Terminal(*GRADIO, "predict", server.url, "/progress", "6") as terminal:
        text = terminal.read_to_end()
        assert terminal.process.returncode == 0
    bars = [line for line in drawn(text) if "█" in line]
    assert bars and re.search(r"^█+░+  \d/6 steps  step \d$", bars[-1])
    assert text.endswith("\x1b[Jdone\r\n")


@pytest.fixture(scope="module", params=[v for v in ("3.50.2", "6.31.0") if v in SERVERS])
def busy(request: pytest.FixtureRequest) -> Iterator[Server]:
    """Yield a server that runs one function at a time."""
    with Server(request.param, queue_size=20) as server:
        yield server


@pytest.mark.gradio
def test_predict_shows_the_position_in_the_queue(busy: Server) -> None:
    """While the job waits, the line says how many jobs are ahead; then the result follows."""
    with Client(busy.url) as app:
        first = app.submit("/hold", ["q1"], isolated=True)
        assert busy.control.await_started("q1")
        second = app.submit("/hold", ["q2"], isolated=True)
        with Terminal(*GRADIO, "predict", busy.url, "/echo", "served") as terminal:
            terminal.read_until("In the queue: ")
            busy.control.release("q1")
            busy.control.release("q2")
            assert terminal.read_to_end().endswith("served\r\n")
        first.result(30)
        second.result(30)


@pytest.mark.gradio
@pytest.mark.parametrize("command", ["predict", "stream", "submit"])
def test_ctrl_c_cancels_on_the_server(server: Server, key: str, command: str) -> None:
    """Ctrl-C ends the command with 130 and a clean line, and stops the function."""
    with Terminal(*GRADIO, command, server.url, "/endless", key) as terminal:
        assert server.control.await_started(key)
        terminal.press("\x03")
        text = terminal.read_to_end()
        assert terminal.process.returncode == 130, text
    assert text.rstrip().endswith("Interrupted.") and "Traceback" not in text
    assert server.control.await_stopped(key)


@pytest.fixture
def logger() -> Iterator[FakeApp]:
    """Yield an app whose message and result contain control characters."""
    with FakeApp() as app:

        @app.endpoint
        def f(text: str) -> str:
            app.log("mind the \x1b]0;gap", "warning")
            return "done\x1b[2J\u202e"

        yield app


@pytest.mark.parametrize("no_color", ["", "1"])
def test_messages_are_shown_with_colours_if_wanted(logger: FakeApp, no_color: str) -> None:
    """Messages of the app are printed above the line, without colours if NO_COLOR is set."""
    with Terminal(*GRADIO, "predict", logger.url, "x", NO_COLOR=no_color) as terminal:
        text = terminal.read_to_end()
    assert "warning" in text and r"mind the \x1b]0;gap" in text
    assert bool(COLORS.search(text)) is not bool(no_color)


def test_hostile_text_does_not_reach_the_terminal(logger: FakeApp) -> None:
    """Control characters of the app are shown as escapes, in text and in JSON."""
    for option in ("--quiet", "--json"):
        with Terminal(*GRADIO, "predict", logger.url, "x", option, "--quiet") as terminal:
            text = terminal.read_to_end()
        assert "\x1b" not in text and "\u202e" not in text
        assert ("done\\x1b[2J\\u202e" if option == "--quiet" else "done\\u001b[2J\\u202e") in text


def test_nothing_is_shown_without_a_terminal(logger: FakeApp) -> None:
    """On a pipe and on a dumb terminal only the result is printed."""
    done = subprocess.run(
        [*GRADIO, "predict", logger.url, "x"], capture_output=True, encoding="utf-8"
    )
    assert (done.stdout, done.stderr) == ("done\x1b[2J\u202e\n", "")
    with Terminal(*GRADIO, "predict", logger.url, "x", TERM="dumb") as terminal:
        assert terminal.read_to_end() == "done\\x1b[2J\\u202e\r\n"


def test_result_goes_to_a_pipe_while_progress_goes_to_the_terminal(logger: FakeApp) -> None:
    """If standard output is a pipe, progress is still shown on the terminal."""
    command = (*GRADIO, "predict", logger.url, "x")
    with Terminal(*command, output=subprocess.PIPE) as terminal:
        shown = terminal.read_to_end()
        assert terminal.process.stdout is not None
        assert terminal.process.stdout.read() == "done\x1b[2J\u202e\n".encode()
    assert "mind the" in shown and "done" not in shown


def test_stream_in_a_terminal_writes_each_value_at_once() -> None:
    """New text is on the screen before the next value arrives."""
    may_end = threading.Event()
    with FakeApp() as app:

        @app.endpoint
        def f(text: str) -> Iterator[str]:
            yield "Once"
            yield "Once upon"
            assert may_end.wait(10)
            yield "Once upon a time."

        with Terminal(*GRADIO, "stream", app.url, "x") as terminal:
            terminal.read_until("upon")
            may_end.set()
            assert terminal.read_to_end().endswith("Once upon a time.\r\n")


def test_password_prompt_hides_the_password() -> None:
    """``--auth`` with a user only asks for the password, and does not show it."""
    with FakeApp(auth=("ada", "another")) as app:
        with Terminal(*GRADIO, "view-api", app.url, "--auth", "ada") as terminal:
            terminal.read_until("Password of ada: ")
            terminal.press("hunter2\n")
            text = terminal.read_to_end()
            assert terminal.process.returncode == 4
    assert "hunter2" not in text and "does not accept the login of user 'ada'" in text


# -- results and the live view on one screen

LIVE = r"█|░|Running|Joining|In the queue"
RESULT = r"tok\d"
MESSAGE = r"mind the gap|halfway there|end is missing|Out of ink"

#: Where standard output goes: to the terminal, or through a program that writes to it.
THROUGH = ("", " | cat", " | tee copy.txt", " | grep --line-buffered tok")


def screen_of(line: str, folder: Path) -> Screen:
    """Run a line of a shell in a terminal, and return what the terminal has shown."""
    screen = Screen()
    with Terminal("/bin/sh", "-c", f"cd {shlex.quote(str(folder))}; {line}") as terminal:
        screen.feed(terminal.read_to_end())
    for row in screen.seen:
        kinds = [kind for kind in (LIVE, RESULT, MESSAGE) if re.search(kind, row)]
        assert len(kinds) < 2, f"the row mixes them: {row!r}"
    return screen


def words_shown(rows: list[str]) -> list[str]:
    return [word for row in rows for word in re.findall(RESULT, row)]


@pytest.mark.gradio
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such terminals")
@pytest.mark.parametrize("through", THROUGH)
def test_values_and_the_live_view_never_mix(spoken: Server, tmp_path: Path, through: str) -> None:
    """A row of the screen is a value, a message or the live view, whatever reads the output."""
    words = [f"tok{number}" for number in range(8)]
    for command in ("stream", "submit"):
        line = f"{shlex.join(GRADIO)} {command} {spoken.url} /story 8{through}"
        screen = screen_of(line, tmp_path)
        assert any(re.search(LIVE, row) for row in screen.seen)  # it was drawn, at least first
        shown = words_shown(screen.rows)
        if command == "stream" and "grep" not in through:
            assert shown == words
        elif "grep" not in through:
            values = [" ".join(words[:count]) for count in range(1, 9)]
            lines = [row for row in screen.rows if "tok" in row]
            # some versions send the last value again as the result
            assert lines in (values, [*values, values[-1]])
        assert not any(re.search(LIVE, row) for row in screen.rows)
        if spoken.version >= "4":
            assert sum("warning  mind the gap" in row for row in screen.rows) == 1


@pytest.mark.gradio
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such terminals")
@pytest.mark.parametrize("through", THROUGH[:2])
def test_error_begins_on_its_own_line(spoken: Server, tmp_path: Path, through: str) -> None:
    """If the function fails in the middle of a line, the error does not continue this line."""
    line = f"{shlex.join(GRADIO)} stream {spoken.url} /broken_story 4{through}"
    screen = screen_of(line, tmp_path)
    assert words_shown(screen.rows) == ["tok0", "tok1", "tok2", "tok3"]
    assert any(row.startswith("gradio-client-sync: ") for row in screen.rows)


@pytest.mark.gradio
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such terminals")
def test_levels_and_titles_of_messages(spoken: Server, tmp_path: Path) -> None:
    """A message has its level once, and its title if the app gives it one."""
    screen = screen_of(f"{shlex.join(GRADIO)} predict {spoken.url} /warned x", tmp_path)
    title = "Storyteller: " if has(spoken.version, "titles") else ""
    assert screen.rows == ["warning  mind the gap", f"info  {title}halfway there", "x"]


@pytest.mark.gradio
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such terminals")
def test_live_view_goes_on_if_the_output_is_a_file(spoken: Server, tmp_path: Path) -> None:
    """Results in a file do not end the live view."""
    line = f"{shlex.join(GRADIO)} submit {spoken.url} /story 8 > out.txt"
    screen = screen_of(line, tmp_path)
    late = r"[78]/8 words" if spoken.version >= "4" else r"1/8 words"  # see `story`
    assert any(re.search(late, row) for row in screen.seen), screen.seen
    assert words_shown([*tmp_path.joinpath("out.txt").read_text().splitlines()])[:3] == [
        "tok0", "tok0", "tok1",
    ]  # fmt: skip


def test_live_view_of_a_narrow_terminal_behind_a_pipe(logger: FakeApp) -> None:
    """The live view is as narrow as the terminal of standard error, and leaves no row behind."""
    narrow = f"stty columns 8; {shlex.join(GRADIO)} predict {logger.url} x | cat -v"
    screen = Screen(columns=8)
    with Terminal("/bin/sh", "-c", narrow) as terminal:
        screen.feed(terminal.read_to_end())
    assert not any(row.startswith(("Joi", "Run", "In the")) for row in screen.rows)


# -- words and bars


def status(**fields: object) -> Status:
    known = {"stage": "pending", "queue": True, "endpoint": "/f", "fn_index": 0, "time": None}
    return Status(**{**known, **fields})  # type: ignore[arg-type]  # only the shown fields


@pytest.mark.parametrize(
    ("fields", "lines"),
    [
        ({}, ["Joining"]),
        ({"position": 2, "size": 5, "eta": 12.4}, ["In the queue: 2 ahead, about 12 s"]),
        ({"position": 0, "size": 5}, ["In the queue: next"]),
        ({"position": 0, "size": 5, "eta": 0.2}, ["In the queue: next"]),
        ({"position": 0}, ["Running"]),
        ({"stage": "generating", "eta": 3.0}, ["Running, about 3 s"]),
    ],
)
def test_status_text(fields: dict[str, object], lines: list[str]) -> None:
    """A status is described in a few words."""
    assert status_lines(status(**fields)) == lines


@pytest.mark.parametrize(
    ("progress", "shown"),
    [
        (
            Progress(None, 5, 10, "steps", "half\x1b"),
            f"{'█' * 10}{'░' * 10}  5/10 steps  half\\x1b",
        ),
        (Progress(0.25, None, None, None, None), f"{'█' * 5}{'░' * 15}  25%"),
        (Progress(None, 7, None, "it", "unknown"), f"{'░' * 20}  7 it  unknown"),
        (Progress(None, None, None, None, None), "░" * 20),
        (Progress(7.0, 3, 2, "", ""), f"{'█' * 20}  3/2"),
    ],
)
def test_bar(progress: Progress, shown: str) -> None:
    """A bar shows the app's progress, for any numbers."""
    assert bar(progress) == shown
    assert status_lines(status(progress_data=[progress] * 9)) == [shown] * 5
