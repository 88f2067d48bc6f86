"""The tests of the service. They need no Gradio, no model and no network."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from app import create_app
from flask.testing import FlaskClient

from gradio_client_sync import QueueFullError
from gradio_client_sync.testing import FakeApp


@pytest.fixture
def captions(fake_gradio: FakeApp) -> FakeApp:
    """A Gradio app that captions pictures by their size."""

    @fake_gradio.endpoint("/caption", components={"picture": "image"})
    def caption(picture: Path) -> tuple[str, float]:
        content = picture.read_bytes()
        if not content.startswith(b"\x89PNG"):
            fake_gradio.error("This is not a picture.")
        return "a cat", 0.9 if len(content) > 10 else 0.1

    return fake_gradio


@pytest.fixture
def service(captions: FakeApp) -> Iterator[FlaskClient]:
    with create_app(captions.url).test_client() as client:
        yield client


def upload(service: FlaskClient, content: bytes) -> tuple[int, object]:
    response = service.post("/captions", data={"picture": (io.BytesIO(content), "cat.png")})
    return response.status_code, response.json


def test_caption(service: FlaskClient, captions: FakeApp) -> None:
    assert upload(service, b"\x89PNG and more") == (200, {"caption": "a cat", "certain": True})
    assert captions.calls[-1].payload["picture"].read_bytes() == b"\x89PNG and more"


def test_uncertain_caption(service: FlaskClient) -> None:
    assert upload(service, b"\x89PNG") == (200, {"caption": "a cat", "certain": False})


def test_no_picture(service: FlaskClient) -> None:
    assert upload(service, b"text") == (422, {"error": "This is not a picture."})


@pytest.mark.parametrize(("fault", "status"), [(QueueFullError, 503), ("disconnect", 502)])
def test_failures(service: FlaskClient, captions: FakeApp, fault: object, status: int) -> None:
    captions.fail("/caption", fault)
    assert upload(service, b"\x89PNG")[0] == status
    assert upload(service, b"\x89PNG")[0] == 200
