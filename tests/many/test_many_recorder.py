"""`OutcomeRecorder`: the items that a later run of a map calls again."""

from __future__ import annotations

from pathlib import Path

import pytest

from gradio_client_sync import AppError, Client
from gradio_client_sync.many import Outcome, read_journal
from tests.support.servers.server import Server

pytestmark = pytest.mark.client_only


@pytest.mark.gradio
def test_recorder_gives_what_has_ended_and_calls_the_rest(newest: Server, tmp_path: Path) -> None:
    """Results are not called again, nor are failures, unless the map ends at the first failure."""
    path = tmp_path / "run.jsonl"

    def executions(name: str) -> int:
        return newest.control.executions().get(name, 0)

    with Client(newest.url) as app:
        before = executions("echo")
        first = list(app.map("/echo", [["a"], ["b"], ["a"]], journal=path))
        again = list(app.map("/echo", [["x"], ["a"], ["a"], ["b"]], journal=path))
        assert [data[0] for data in first] == ["a", "b", "a"]
        assert [data[0] for data in again] == ["x", "a", "a", "b"]
        assert again[1].endpoint == "/echo" and again[1].time == first[0].time
        assert executions("echo") - before == 4

        path = tmp_path / "failed.jsonl"
        before, payloads = executions("fail"), [["a"], ["b"]]
        for _ in range(2):
            for outcome in app.map("/fail", payloads, journal=path, on_error="return"):
                assert isinstance(outcome, AppError)
        assert executions("fail") - before == 2
        with pytest.raises(AppError):
            list(app.map("/fail", payloads, journal=path, in_flight=1))
        assert executions("fail") - before == 3

        ended: list[Outcome] = []
        retried = app._map(
            "/fail",
            payloads,
            on_error="return",
            journal=path,
            retry_failed=True,
            report=ended.append,
        )
        assert len(list(retried)) == len(ended) == 2
        assert executions("fail") - before == 5
        assert sorted(one.index for one in read_journal(path)) == [0, 1]
