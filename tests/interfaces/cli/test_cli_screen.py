"""`_cli.screen`: results and the live view on one screen, as a terminal shows it."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradio_client_sync._cli.screen import Screen
from tests.support.terminal import COLUMNS
from tests.support.terminal import Screen as Shown

pty = pytest.importorskip("pty", reason="there are no pseudo-terminals here")
if sys.platform != "win32":
    import fcntl
    import struct
    import termios

pytestmark = pytest.mark.once

LIVE = "Running, about 3 s"
MESSAGE = "warning  mind the gap"


class Stage:
    """A `Screen` whose standard error is a terminal, and what this terminal shows.

    Args:
        out: Where standard output goes: ``"terminal"``, ``"pipe"`` or a file.
    """

    def __init__(self, out: str | Path, columns: int = COLUMNS) -> None:
        self.shown = Shown(columns)
        self._ours, self._theirs = pty.openpty()
        self.resize(columns)
        self._err = os.fdopen(os.dup(self._theirs), "w")
        self._pipe = -1
        if out == "terminal":
            self._out = os.fdopen(os.dup(self._theirs), "w")
        elif out == "pipe":
            self._pipe, end = os.pipe()
            self._out = os.fdopen(end, "w")
        else:
            self._out = open(out, "w")  # noqa: SIM115 - closed in `close`
        own = sys.stdout, sys.stderr
        sys.stdout, sys.stderr = self._out, self._err
        try:
            self.screen = Screen(live=True)
        finally:
            sys.stdout, sys.stderr = own
        self._unread = ""

    def resize(self, columns: int) -> None:
        """Change the width of the terminal."""
        fcntl.ioctl(self._theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))

    def look(self) -> list[str]:
        """Return the rows that the terminal shows now."""
        os.write(self._theirs, b"\0")  # marks the end of what was written
        text = ""
        while not text.endswith("\0"):
            text += os.read(self._ours, 65_536).decode()
        self.shown.feed(text[:-1])
        return self.shown.rows

    def pass_on(self, size: int) -> None:
        """Let the program behind the pipe write characters to the same terminal, as ``cat``."""
        self.look()
        os.set_blocking(self._pipe, False)
        try:
            self._unread += os.read(self._pipe, 65_536).decode()
        except BlockingIOError:
            pass
        passed, self._unread = self._unread[:size], self._unread[size:]
        os.write(self._theirs, passed.encode())

    def close(self) -> None:
        """Close the terminal."""
        for file in (self._out, self._err):
            file.close()
        for number in (self._ours, self._theirs, self._pipe):
            if number >= 0:
                os.close(number)


@contextmanager
def stage(out: str | Path, columns: int = COLUMNS) -> Iterator[Stage]:
    made = Stage(out, columns)
    try:
        yield made
    finally:
        made.close()


def unmixed(shown: Shown) -> bool:
    """Return whether no row has ever shown two of: a result, the live view, a message."""
    kinds = (r"tok", r"Run|unning|about", r"warning|mind")
    return all(sum(re.search(kind, row) is not None for kind in kinds) < 2 for row in shown.seen)


ACTIONS = st.lists(
    st.one_of(
        st.tuples(st.just("write"), st.sampled_from(["tok1 ", "tok2\n", "tok3 tok4\ntok5 ", ""])),
        st.tuples(st.just("draw"), st.sampled_from([[LIVE], [LIVE] * 3, [LIVE * 9], []])),
        st.tuples(st.just("message"), st.just(MESSAGE)),
        st.tuples(st.just("pass_on"), st.integers(0, 12)),
    ),
    max_size=12,
)


@settings(max_examples=60, deadline=None)
@given(ACTIONS)
@pytest.mark.parametrize("out", ["terminal", "pipe"])
def test_lines_never_mix(out: str, actions: list[tuple[str, object]]) -> None:
    """Whatever comes in which order, a row shows a result, or the live view, or a message."""
    with stage(out) as on:
        written, messages = "", 0
        for action, what in actions:
            if action == "pass_on":
                if out == "pipe":
                    on.pass_on(what)  # type: ignore[arg-type]  # as in ACTIONS
                continue
            getattr(on.screen, action)(what)
            written += what if action == "write" else ""  # type: ignore[operator]  # as above
            messages += action == "message"
        on.screen.end_with_error(MESSAGE)
        messages += 1
        if out == "pipe":
            on.pass_on(10_000)
        rows = on.look()
        assert unmixed(on.shown)
        assert rows.count(MESSAGE) == messages
        results = "".join(row for row in rows if row != MESSAGE)  # the live view is gone
        assert results.replace(" ", "") == re.sub(r"\s", "", written)


def test_live_view_goes_on_between_finished_lines() -> None:
    """In one terminal, the live view stands below the values, and makes room for each of them."""
    with stage("terminal") as on:
        for number in range(3):
            on.screen.write(f"tok{number}\n")
            on.screen.draw([LIVE])
            assert on.look() == [*(f"tok{before}" for before in range(number + 1)), LIVE]
        on.screen.end()
        on.screen.draw([LIVE])
        assert on.look() == ["tok0", "tok1", "tok2"]


def test_nothing_is_drawn_while_a_line_is_open() -> None:
    """While the text of a line goes on, the live view is not drawn."""
    with stage("terminal") as on:
        on.screen.draw([LIVE])
        on.screen.write("tok1 ")
        on.screen.draw([LIVE])
        on.screen.write("tok2")
        assert on.look() == ["tok1 tok2"]


def test_nothing_is_drawn_after_the_first_result_in_a_pipe() -> None:
    """Nobody knows when the program behind the pipe writes, so nothing is drawn from then on."""
    with stage("pipe") as on:
        on.screen.draw([LIVE])
        assert on.look() == [LIVE]
        on.screen.write("tok1\n")
        on.screen.draw([LIVE])
        assert on.look() == []


def test_live_view_goes_on_if_results_go_to_a_file(tmp_path: Path) -> None:
    """Results in a file do not disturb the live view."""
    file = tmp_path / "results.txt"
    with stage(file) as on:
        on.screen.draw([LIVE])
        on.screen.write("tok1 ")
        on.screen.draw([LIVE])
        on.screen.message(MESSAGE)
        on.screen.draw([LIVE])
        assert on.look() == [MESSAGE, LIVE]
    assert file.read_text() == "tok1 "


@pytest.mark.parametrize("column", [0, 1, 40, COLUMNS - 1, COLUMNS])
def test_message_begins_on_its_own_line_behind_a_pipe(column: int) -> None:
    """A message needs no empty line, and covers nothing, wherever the cursor is."""
    with stage("pipe") as on:
        text = ("tok" * COLUMNS)[:column]
        on.screen.write(text or "\n")
        on.pass_on(column)
        on.screen.message(MESSAGE)
        assert on.look() == [*filter(None, [text]), MESSAGE]


def test_drawing_fits_the_terminal_although_output_is_a_pipe() -> None:
    """The width is that of standard error, and a drawing disappears after the window shrinks."""
    with stage("pipe", columns=30) as on:
        on.screen.draw([LIVE * 5, "second"])
        assert [len(row) <= 29 for row in on.look()] == [True, True]
        on.screen.end()
        assert on.look() == []
    with stage("terminal", columns=40) as on:
        on.screen.write("tok1\n")
        on.screen.draw(["x" * 39])
        on.look()
        on.resize(20)
        assert on.screen._eraser() == "\r\x1b[1A\x1b[J"
