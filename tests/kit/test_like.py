"""`FakeApp.like`: a fake with the endpoints of a real app."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gradio_client_sync import AppError, Client, EndpointNotFoundError, PayloadError
from gradio_client_sync.testing import FakeApp
from tests.support.servers.server import Server


def test_like_copies_a_real_app(newest: Server, tmp_path: Path) -> None:
    """Names, parameters, defaults and types are those of the app, from each kind of source."""
    with Client(newest.url) as real:
        described = real.view_api()
        saved = tmp_path / "api.json"
        saved.write_text(json.dumps(described))
    for source in (newest.url, described, saved):
        with FakeApp.like(source) as fake, Client(fake.url) as app:
            copied = app.view_api()["named_endpoints"]
            assert copied.keys() == described["named_endpoints"].keys()
            for name, entry in described["named_endpoints"].items():
                assert [p["parameter_name"] for p in copied[name]["parameters"]] == [
                    p["parameter_name"] for p in entry["parameters"]
                ]
                assert [p.get("parameter_default") for p in copied[name]["parameters"]] == [
                    p.get("parameter_default") for p in entry["parameters"]
                ]
                types = [
                    [v["python_type"]["type"] for v in e["returns"]] for e in (copied[name], entry)
                ]
                assert types[0] == types[1]


def test_like_fails_for_wrong_calls(newest: Server) -> None:
    """A call that the real app would not understand fails; a function needs the same parameters."""
    with FakeApp.like(newest.url) as fake, Client(fake.url) as app:
        assert isinstance(app.predict("/echo", ["x"])[0], str)
        with pytest.raises(EndpointNotFoundError):
            app.predict("/ecko", ["x"])
        with pytest.raises(PayloadError):
            app.predict("/add", {"a": 1, "c": 2})
        with pytest.raises((AppError, PayloadError)):
            app.predict("/add", ["one", "two"])

        @fake.endpoint("/add")
        def add(a: float, b: float) -> float:
            return a + b

        assert app.predict("/add", [1, 2])[0] == 3
        with pytest.raises(TypeError, match="has the parameters"):

            @fake.endpoint("/add")
            def other(x: float) -> float:
                return x
