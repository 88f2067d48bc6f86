"""The calls that ``view_api()`` prints run as they are, and its types of outputs are true."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gradio_client_sync import AppError, Client, PayloadError
from tests.conftest import GENERATIONS, SERVERS
from tests.support.servers.plugin import ServerPool
from tests.support.servers.server import COMPONENTS, PRINTED
from tests.sweep.calls import Recorder, printed_calls, run_printed
from tests.sweep.printed_types import fits, shape_of
from tests.sweep.samples import Samples

pytestmark = [pytest.mark.gradio, pytest.mark.once, pytest.mark.each_release]

#: What each function returns for the printed call; it raises if it gets anything else.
RETURNED = {
    "/several_file": ".pdf",
    "/several_uploadbutton": ".pdf",
    "/only_file_image": ".png",
    "/only_file_video": ".mp4",
    "/only_file_audio": ".wav",
    "/only_file_csv": ".csv",
    "/only_uploadbutton_image": ".png",
    "/only_uploadbutton_video": ".mp4",
    "/only_uploadbutton_audio": ".wav",
    "/only_uploadbutton_csv": ".csv",
    "/gallery": "a 1",
    "/editor": "True (48, 64, 4)",
    "/said": ".png",
    "/said_sound": ".wav",
    "/later_dropdown": "not refused",
    "/later_radio": "not refused",
    "/later_checkboxgroup": "not refused",
    "/own": "not refused",
    "/history": "True",
    "/picked": "one 1",
    "/cell": "abc 0",
    "/liked": "Hello!! True 0",
    "/pair": 2,
    "/mode": "0 low",
    "/total": 3,
    "/area": 1,
    "/greet": "HELLO 2",
    "/options": "1 2 HELLO False",
    "/maybe": "Hell",
}


@pytest.fixture(params=GENERATIONS)
def app(request: pytest.FixtureRequest, server_pool: ServerPool) -> Any:
    """Yield a client of a server of each generation, with functions that look at their values."""
    with Client(server_pool.get(request.param, app=(PRINTED,)).url) as client:
        yield client


def test_printed_calls_run_as_they_are(app: Client, tmp_path: Path) -> None:
    """Each printed call, copied, gives the value of a careful caller."""
    described = app.view_api()
    returned: dict[str, Any] = {}
    for call in printed_calls(str(described)):
        recorder = Recorder(app)
        run_printed(recorder, call, Samples(tmp_path))
        assert recorder.data is not None
        returned[recorder.endpoint] = recorder.data[0]
    unnamed = {key: "Hello" for key in returned if key == "/lambda" or isinstance(key, int)}
    assert len(returned) == len(printed_calls(str(described))) >= 12
    assert {**returned, **unnamed} == {key: {**RETURNED, **unnamed}[key] for key in returned}


@pytest.mark.parametrize("version", SERVERS)
def test_types_of_outputs_are_true(version: str, server_pool: ServerPool) -> None:
    """Each value of each component fits the type that `view_api` gives, and the annotation."""
    with Client(server_pool.get(version, app=(COMPONENTS,)).url) as app:
        described = app.view_api()["named_endpoints"]
        wrong = {}
        gives = [one for one in described if one.startswith("/give_")]
        for name in gives:
            try:
                data = app.predict(name)
            except AppError:  # the server's own faults, which docs/values.md lists
                continue
            if not described[name]["returns"]:
                continue  # a button
            [value] = data
            printed = described[name]["returns"][0]["python_type"]["type"]
            annotation = app._signature(name).returns[0][0].text()
            if not (fits(printed, value) and fits(annotation, value)):
                wrong[name] = (printed, annotation, shape_of(value))
    assert wrong == {}
    assert len(gives) > 30


def test_messages_about_an_endpoint_without_a_name_say_fn_index(app: Client) -> None:
    """A number alone would say nothing."""
    unnamed = app.view_api()["unnamed_endpoints"]
    if not unnamed:
        pytest.skip("since 4.0 every event has a name")
    number = int(next(iter(unnamed)))
    with pytest.raises(PayloadError, match=f"^fn_index {number} "):
        app.submit(number, {"wrong": 1})
    assert repr(app.submit(number, ["a"])).startswith(f"<Job fn_index {number} ")
