"""Which streams get escape sequences."""

from __future__ import annotations

import io
import sys
from types import SimpleNamespace

import pytest

from gradio_client_sync._cli.live import has_colors
from gradio_client_sync._cli.screen import Screen
from gradio_client_sync._demo.stage import DemoScreen
from gradio_client_sync._terminal import escapes


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_escapes_only_in_terminals_that_understand_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """A console of Windows without escape sequences gets no colours and no drawing."""
    monkeypatch.delenv("TERM", raising=False)
    monkeypatch.delenv("NO_COLOR", raising=False)
    seen = []
    for stream, system, is_on in (
        (Terminal(), "posix", False),
        (Terminal(), "nt", True),
        (Terminal(), "nt", False),
        (io.StringIO(), "nt", True),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(sys, "stdout", stream)
            patch.setattr(sys, "stderr", stream)
            patch.setattr(escapes, "os", SimpleNamespace(name=system, environ={}))
            patch.setattr(escapes, "_switched_on", lambda _, is_on=is_on: is_on)
            seen.append((has_colors(stream), Screen(live=True).is_live, DemoScreen().color))
    assert seen == [(True,) * 3, (True,) * 3, (False,) * 3, (False,) * 3]
    monkeypatch.setenv("TERM", "dumb")
    assert not has_colors(Terminal())
