"""`Scrubber`: a failure of its function on a thread of the client is not lost."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gradio_client_sync import Client
from gradio_client_sync.testing import FakeApp, ReplayError, record, replay
from gradio_client_sync.testing.scrubber import Scrubber

pytestmark = pytest.mark.once


@pytest.mark.parametrize("result", [None, KeyError("oops")])
def test_scrubber_remembers_its_failure(result: Any) -> None:
    """A text for which the function fails is not written, and the error is raised later."""

    def scrub(text: str) -> str:
        if isinstance(result, Exception):
            raise result
        return result  # type: ignore[no-any-return]  # what a wrong function returns

    scrubber = Scrubber(scrub)
    scrubber.check()
    assert scrubber("secret") == "***"
    with pytest.raises(ReplayError, match=r"scrubber of the recording failed: .*(oops|not a text)"):
        scrubber.check()


def test_scrubber_that_fails_fails_the_block(tmp_path: Path) -> None:
    """The error is raised at the end of the block, and the call continues without it."""

    def scrub(text: str) -> str:
        if text == "bad":
            raise LookupError("no such name")
        return "X"  # also for the names of messages, if it were called with them

    path = tmp_path / "scrubbed.jsonl"
    with FakeApp() as fake:

        @fake.endpoint
        def say(text: str) -> str:
            return text

        with record(path, scrub=scrub), Client(fake.url) as app:
            assert app.predict("/say", ["good"])[0] == "good"
        with pytest.raises(ReplayError, match="no such name"):
            with record(tmp_path / "other.jsonl", scrub=scrub), Client(fake.url) as app:
                assert app.predict("/say", ["bad"])[0] == "bad"
    with replay(path, scrub=scrub), Client(fake.url) as app:
        assert app.predict("/say", ["good"])[0] == "X"
    with pytest.raises(ReplayError, match="no such name"):
        with replay(path, scrub=scrub), Client(fake.url) as app:
            app.predict("/say", ["bad"])
