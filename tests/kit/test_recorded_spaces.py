"""Recordings of Spaces: their states, and their apps."""

from __future__ import annotations

from pathlib import Path

from gradio_client_sync import Client, SpaceStatus
from gradio_client_sync.testing import FakeApp, record, replay
from tests.support.hub.hub import LocalHub


def test_replay_of_a_space_that_wakes(hub: LocalHub, tmp_path: Path) -> None:
    """The states of a Space and its app are recorded, and the replay waits for nothing."""
    path = tmp_path / "space.jsonl"

    def run() -> list[str | float]:
        seen: list[SpaceStatus] = []
        with Client("alice/open", hf_token="hf_owner", status_callback=seen.append) as app:
            value = app.predict("/add", [1, 2])[0]
        return [*(status.detail for status in seen), value]

    with FakeApp() as fake:

        @fake.endpoint("/add")
        def add(a: float, b: float) -> float:
            return a + b

        hub.add("alice/open", "BUILDING", "RUNNING", app=fake.url)
        with record(path):
            recorded = run()
    assert "hf_owner" not in path.read_text()
    asked = len(hub.requests_to())
    with replay(path):
        assert run() == recorded
    assert len(hub.requests_to()) == asked
    assert recorded[0] == "BUILDING" and recorded[-1] == 3
