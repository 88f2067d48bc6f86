"""`FakeApp.like`: a fake with the endpoints of a real app."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from gradio_client_sync import AppError, Client, EndpointNotFoundError, PayloadError
from gradio_client_sync.testing import FakeApp
from tests.support.servers.plugin import ServerPool
from tests.support.servers.server import APP, COMPONENTS, Server


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


def described(api: Mapping[str, Any]) -> dict[str, Any]:
    """Return what callers rely on: names, defaults, types, labels, and the numbers of the unnamed.

    Labels like ``parameter_7`` have the number of a component, which a copy does not keep.
    """

    def value(entry: Mapping[str, Any]) -> list[Any]:
        label = entry["label"]
        if label == entry.get("parameter_name") or re.fullmatch(r"parameter_\d+", label):
            label = None
        keys = "parameter_name", "parameter_has_default", "parameter_default", "component"
        return [label, entry["python_type"]["type"], *map(entry.get, keys)]

    def endpoint(entry: Mapping[str, Any]) -> list[Any]:
        values = [[value(v) for v in entry[part]] for part in ("parameters", "returns")]
        return [*values, entry["type"]["generator"]]

    both = {**api["named_endpoints"], **(api.get("unnamed_endpoints") or {})}
    return {name: endpoint(entry) for name, entry in both.items()}


@pytest.mark.parametrize("app", [APP, COMPONENTS], ids=["app", "components"])
def test_like_describes_what_the_real_app_describes(
    server: Server, server_pool: ServerPool, app: Path
) -> None:
    """On each release, a copy has the description of the app: by its URL, or as JSON."""
    version = server.version.strip()
    real = server if app == APP else server_pool.get(version, app=(app,))
    with Client(real.url) as client:
        api = json.loads(json.dumps(client.view_api()))
    copy = FakeApp.like(real.url) if app == APP else FakeApp.like(api, version=version)
    with copy as fake, Client(fake.url) as client:
        assert described(client.view_api()) == described(api)


def test_like_keeps_the_numbers_of_endpoints_without_names(server: Server) -> None:
    """Callers know them by number; values are checked against choices on each release."""
    with Client(server.url) as app:
        numbers = {int(number) for number in app.view_api()["unnamed_endpoints"]}
    with FakeApp.like(server.url) as fake, Client(fake.url) as app:
        assert {int(number) for number in app.view_api()["unnamed_endpoints"]} == numbers
        with pytest.raises(AppError, match="choices"):
            app.predict("/defaults", ["x", 1, True, "purple"])


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


@pytest.mark.parametrize("version", ["3.50.2", "4.44.1", "6.31.0"])
def test_like_returns_files_that_exist(version: str) -> None:
    """The examples of files can be downloaded, also inside of other values."""
    with FakeApp(version=version) as real:

        @real.endpoint("/image", components={"return": "image"})
        def image() -> bytes:
            return b""

        @real.endpoint("/files")
        def files() -> Iterator[tuple[list[Path], Path]]:
            yield [], Path()

        @real.endpoint("/gallery", components={"return": "gallery"})
        def gallery() -> Any:
            return []

        with FakeApp.like(real.url) as fake, Client(fake.url) as app:
            assert Path(app.predict("/image")[0]).read_bytes().startswith(b"\x89PNG")
            several, one = app.predict("/files")
            assert Path(several[0]).read_bytes() == Path(one).read_bytes() == b"An example."
            picture = app.predict("/gallery")[0][0][0]  # with its caption
            assert Path(picture).read_bytes().startswith(b"\x89PNG")
            with pytest.raises(ValueError, match="that this fake copies has no endpoint '/typo'"):
                fake.endpoint("/typo")(image)
