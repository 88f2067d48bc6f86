"""Values that cannot be right, and what is said when the app's function fails."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gradio_client_sync import AppError, Client, PayloadError, handle_file
from tests.conftest import GENERATIONS
from tests.support.listeners import BOUND
from tests.support.media import write_files
from tests.support.servers.plugin import ServerPool
from tests.support.servers.server import COMPONENTS, MISTAKES, Server

pytestmark = pytest.mark.gradio


@pytest.fixture(params=GENERATIONS)
def server(request: pytest.FixtureRequest, server_pool: ServerPool) -> Server:
    return server_pool.get(request.param, app=(MISTAKES,))


@pytest.fixture
def components(server: Server, server_pool: ServerPool) -> Iterator[Client]:
    """Yield a client of an app with each component, on the same release."""
    with Client(server_pool.get(server.version, app=(COMPONENTS,)).url) as client:
        yield client


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    write_files(tmp_path)
    (tmp_path / "va.txt").write_text("no image")
    (tmp_path / "a.csv").write_text("a,b")
    monkeypatch.chdir(tmp_path)
    return tmp_path


# -- text where a file goes

#: Values with a text where a file goes, by endpoint of the components app.
TEXTS: tuple[tuple[str, Any], ...] = (
    ("/take_file", "note.txt"),
    ("/take_files", ["note.txt"]),
    ("/take_files", "note.txt"),
    ("/take_directory", ["note.txt"]),
    ("/take_upload_button", "note.txt"),
    ("/take_upload_several", [Path("note.txt"), "note.txt"]),
    ("/take_image", "note.txt"),
    ("/take_image_editor", "note.txt"),
    ("/take_image_editor", {"background": "note.txt", "layers": []}),
    ("/take_image_slider", ("note.txt", "note.txt")),
    ("/take_audio", "note.txt"),
    ("/take_video", "note.txt"),
    ("/take_gallery", ["note.txt"]),
    ("/take_gallery", [("note.txt", "a caption")]),
    ("/take_model3d", "note.txt"),
    ("/take_multimodal", {"text": "look", "files": ["note.txt"]}),
    ("/take_described", {"title": "mine", "document": "note.txt"}),
)


def test_value_that_cannot_be_sent_is_named_by_its_parameter(components: Client) -> None:
    """An error about one value has the name that a dict of values would have."""
    names = components.view_api()["named_endpoints"]
    single = {name: one["parameters"] for name, one in names.items() if len(one["parameters"]) == 1}
    labels = 0
    for endpoint, [parameter] in single.items():
        name = parameter["parameter_name"]
        labels += parameter["label"] != name
        with pytest.raises(PayloadError, match=f"The value for '{name}' of '{endpoint}'") as caught:
            components.submit(endpoint, [object()])
        assert caught.value.parameter == name
    assert labels


def test_text_for_a_file_is_refused(components: Client) -> None:
    """Text where a file goes raises before it is sent, and the error shows what to write."""
    names = components.view_api()["named_endpoints"]
    found = [(endpoint, value) for endpoint, value in TEXTS if endpoint in names]
    assert len(found) >= 9
    for endpoint, value in found:
        [parameter] = names[endpoint]["parameters"]
        name = parameter["parameter_name"]
        for payload in ([value], {name: value}):
            for call in (components.predict, components.submit):
                with pytest.raises(PayloadError) as caught:
                    call(endpoint, payload)
                assert str(caught.value) == (
                    f"'{endpoint}' takes a file for '{name}', not the text \"note.txt\". "
                    'Write pathlib.Path("note.txt") or handle_file("note.txt") instead.'
                )
                assert caught.value.parameter == name
        function = components.function(endpoint)
        with pytest.raises(PayloadError, match="handle_file"):
            function(value)
        with pytest.raises(PayloadError, match="handle_file"):
            function.submit(value)
    with pytest.raises(PayloadError, match=r'Write handle_file\("https://x.org/a.png"\) instead'):
        components.predict("/take_image", ["https://x.org/a.png"])


def test_the_line_that_is_shown_works(components: Client) -> None:
    """What the error says to write is accepted by the app."""
    for value in (Path("note.txt"), handle_file("note.txt")):
        [taken] = json.loads(components.predict("/take_file", [value])[0])
        assert taken["file"] == "note.txt"


def test_text_is_allowed_where_it_may_be_right(components: Client) -> None:
    """Texts for other components, captions, and data URLs on 3.x are sent."""
    image = handle_file("cat.png")
    allowed: list[tuple[str, Any]] = [
        ("/take_textbox", "note.txt"),
        ("/take_json", {"file": "note.txt"}),
        ("/take_gallery", [(image, "note.txt")]),
    ]
    if "/take_described" in components.view_api()["named_endpoints"]:
        allowed.append(("/take_described", {"title": "note.txt", "document": image}))
    if "/take_file_explorer" in components.view_api()["named_endpoints"]:
        allowed.append(("/take_file_explorer", "docs/a.txt"))
    if components.config["version"].startswith("3."):
        content = base64.b64encode(Path("cat.png").read_bytes()).decode()
        allowed.append(("/take_image", f"data:image/png;base64,{content}"))
    for endpoint, value in allowed:
        error = components.submit(endpoint, [value]).exception(BOUND)
        assert error is None or endpoint == "/take_file_explorer", endpoint  # it fails on 4.0


def test_command_line_names_the_word_for_a_file(components: Client) -> None:
    """On the command line, the error for such a text shows the word with ``@``."""
    for words in (["/take_files", "note.txt"], ["/take_files", '["note.txt"]']):
        ran = subprocess.run(
            [sys.executable, "-m", "gradio_client_sync", "predict", components.url, *words],
            capture_output=True,
            text=True,
            timeout=BOUND,
        )
        assert ran.returncode != 0
        assert "to send a file, write @note.txt." in ran.stderr


def test_content_of_a_data_url_is_advised(components: Client) -> None:
    """Servers since 4.0 take no data URLs."""
    if components.config["version"].startswith("3."):
        pytest.skip("3.x takes data URLs")
    with pytest.raises(PayloadError, match=r"Pass its content: urllib.request.urlopen"):
        components.predict("/take_image", ["data:image/png;base64,iVBORw0KGgo="])


def test_tilde_is_the_home_folder(
    components: Client, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``~`` in paths of files and folders is the home folder; a name that begins with it stays."""
    monkeypatch.setenv("HOME", str(here))
    for file in (Path("~/note.txt"), handle_file("~/note.txt")):
        [taken] = json.loads(components.predict("/take_file", [file])[0])
        assert taken["file"] == "note.txt"
    (here / "~$lock.txt").write_text("x")
    assert handle_file("~$lock.txt").orig_name == "~$lock.txt"
    result = components.predict("/give_file")[0]
    assert result.download("~/out").parent == here / "out"
    with Client(components.url, download_dir="~/all") as app:
        assert app.predict("/give_file")[0].download().parent == here / "all"
    (here / "taken").write_text("x")
    with pytest.raises(ValueError, match="which is a file and not a folder"):
        Client(components.url, download_dir="~/taken")
    with Client(components.url, verify="~/ca.pem") as app:
        assert app._lifecycle.options.verify == str(here / "ca.pem")


# -- what looked odd, after a failure


@pytest.fixture(params=["shown", "hidden"])
def failing(
    request: pytest.FixtureRequest, server: Server, server_pool: ServerPool
) -> Iterator[Client]:
    """Yield a client of an app that shows its errors, and of one that does not."""
    shown = request.param == "shown"
    options = {} if shown else {"show_error": False}
    with Client(server_pool.get(server.version, app=(MISTAKES,), **options).url) as client:
        yield client


#: Values that look odd, and what is said of them.
ODD: tuple[tuple[str, Any, str], ...] = (
    ("number", "2", "the text '2' was sent for 'value', which takes a number"),
    ("number", True, "True was sent for 'value', which takes a number"),
    ("number", None, "None was sent for 'value', which takes a number"),
    ("ranged", 7, "the number 7 was sent for 'value', which takes a number from 1 to 5"),
    ("slider", 11, "the number 11 was sent for 'value', which takes a number from 0 to 10"),
    ("textbox", 2, "the number 2 was sent for 'value', which takes a text"),
    ("checkbox", "no", "the text 'no' was sent for 'value', which takes True or False"),
    ("radio", "x", "the text 'x' was sent for 'value', which takes 'red', 'green' or 'blue'"),
    ("dropdown", "x", "the text 'x' was sent for 'value', which takes 'red', 'green' or 'blue'"),
    (
        "dropdown_several",
        "red",
        "the text 'red' was sent for 'value', which takes a list",
    ),
    (
        "dropdown_several",
        ["red", "x"],
        "the text 'x' was sent for 'value', which takes 'red', 'green' or 'blue'",
    ),
    (
        "checkbox_group",
        ["x"],
        "the text 'x' was sent for 'value', which takes 'red', 'green' or 'blue'",
    ),
    ("image", Path("va.txt"), "the file 'va.txt' was sent for 'value', which takes an image"),
    ("image", None, "None was sent for 'value', which takes an image"),
    ("audio", Path("va.txt"), "the file 'va.txt' was sent for 'value', which takes a sound"),
    ("video", Path("va.txt"), "the file 'va.txt' was sent for 'value', which takes a video"),
    (
        "file",
        Path("va.txt"),
        "the file 'va.txt' was sent for 'value', which takes files of the types .csv, image",
    ),
    (
        "files",
        [Path("a.csv"), Path("va.txt")],
        "the file 'va.txt' was sent for 'value', which takes files of the types .csv, image",
    ),
    (
        "gallery",
        [Path("va.txt")],
        "the file 'va.txt' was sent for 'value', which takes images and videos",
    ),
    ("dataframe", "a,b", "the text 'a,b' was sent for 'value', which takes a table"),
)


@pytest.mark.parametrize("directly", [False, True])
def test_odd_values_are_named_after_a_failure(failing: Client, directly: bool) -> None:
    """If the function fails, the error says which value looked odd, also if the app hides it."""
    props = [one["props"] for one in failing.config["components"]]
    ranged = any(one.get("elem_id") == "ranged" and "minimum" in one for one in props)
    for name, value, said in ODD:
        if name == "ranged" and not ranged:
            continue  # Number has a range since 3.24
        endpoint = f"/fail_{name}_directly" if directly else f"/fail_{name}"
        with pytest.raises(AppError) as caught:
            failing.predict(endpoint, [value], timeout=BOUND if directly else None)
        assert str(caught.value).endswith(f"This may be the reason: {said}."), (name, value)
        assert "This may be" not in str(caught.value.message)


def test_good_values_are_not_named(failing: Client) -> None:
    """If the function fails with values that fit, nothing is said of them."""
    custom = any("allow_custom_value" in one["props"] for one in failing.config["components"])
    for name, value in (
        ("number", 2),
        ("slider", 5),
        ("textbox", "2"),
        ("checkbox", True),
        ("radio", "red"),
        ("custom", "another" if custom else "red"),  # 3.23 has no other values
        ("dropdown_several", ["red"]),
        ("checkbox_group", []),
        ("image", Path("cat.png")),
        ("file", Path("a.csv")),
        ("files", Path("cat.png")),
        ("gallery", [(Path("cat.png"), "a caption")]),
        ("dataframe", [[1, 2]]),
    ):
        with pytest.raises(AppError) as caught:
            failing.predict(f"/fail_{name}", [value])
        assert "This may be" not in str(caught.value), name


def test_several_odd_values_are_named(failing: Client) -> None:
    """Each odd value is named, by position and by name; good ones are not."""
    for payload in ([5, "x"], {"a": "x", "text": 5}):
        error = failing.submit("/fail_two", payload).exception(BOUND)
        assert str(error).endswith(
            "This may be the reason: the number 5 was sent for 'text', which takes a text; the "
            "text 'x' was sent for 'a', which takes a number."
        )


def test_odd_values_are_sent(server: Server) -> None:
    """A value that only looks odd reaches the function."""
    with Client(server.url) as app:
        job = app.submit("/add", ["2", "3"])
        error = job.exception(BOUND)
        if error is None:
            assert str(job.result()[0]) in ("5", "5.0", "23")
        else:
            assert "the text '2' was sent for 'a', which takes a number" in str(error)


# -- events of the app


def test_select_data_reaches_the_function(app: Client) -> None:
    """`event_data` is what a function finds in its ``gr.SelectData``."""
    data = {"index": 1, "value": "green", "selected": True}
    for call in (
        lambda: app.predict("/selected", [], event_data=data),
        lambda: app.submit("/selected", event_data=data).result(BOUND),
    ):
        assert json.loads(call()[0]) == {"index": 1, "value": "green", "all": data}


def test_missing_event_data_is_named_after_a_failure(app: Client) -> None:
    """If a function of an event fails without the event's data, the error says how to pass it."""
    error = app.submit("/selected", []).exception(BOUND)
    assert "This may be the reason: an event" in str(error)
    assert 'for example event_data={"index": 0, "value": ' in str(error)


def component_id(app: Client, **props: Any) -> int:
    return next(
        one["id"]
        for one in app.config["components"]
        if all(one["props"].get(key) == value for key, value in props.items())
    )


TRIGGERS = (4, 12)  # the first of our servers that reads `trigger_id`


def test_trigger_id_names_the_target(app: Client) -> None:
    """`trigger_id` is the component that a function finds as the target of its event."""
    number = component_id(app, label="other")
    for endpoint in ("/event", "/event_directly"):
        result = app.predict(endpoint, ["x"], event_data={"a": [1]}, trigger_id=number)
        text, data, label = json.loads(result[0])
        assert (text, data) == ("x", {"a": [1]})
        release = tuple(int(part) for part in app.config["version"].strip().split(".")[:2])
        if release >= TRIGGERS:  # before, a function knows only its own target
            assert label == "other"


def test_calls_without_an_event_have_none(app: Client) -> None:
    """Without `event_data`, the function finds nothing, as before."""
    assert json.loads(app.predict("/event", ["x"])[0])[:2] == ["x", None]


def test_event_arguments_are_checked(app: Client) -> None:
    """What cannot be sent is refused, and later changes have no effect."""
    with pytest.raises(PayloadError, match="event_data"):
        app.predict("/selected", [], event_data=object())
    for wrong in ("7", 1.5, True):
        with pytest.raises(TypeError, match="trigger_id must be the id of a component"):
            app.predict("/selected", [], event_data={}, trigger_id=wrong)  # type: ignore[arg-type]
    data = {"index": 0, "value": "red"}
    job = app.submit("/selected", [], event_data=data)
    data.clear()
    assert json.loads(job.result(BOUND)[0])["value"] == "red"
