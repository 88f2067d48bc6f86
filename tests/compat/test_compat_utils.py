"""`compat.utils`, `compat.exceptions` and the small pure parts of `compat`."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
import types
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import httpx
import pytest

from gradio_client_sync import compat, errors, events
from gradio_client_sync.compat import exceptions, utils
from gradio_client_sync.compat._api_text import api_text, description
from gradio_client_sync.compat._endpoints import chosen, endpoints_of
from gradio_client_sync.compat._handled import FileToUpload, paths_in, with_uploads
from gradio_client_sync.compat._httpx_options import plain_options
from gradio_client_sync.compat._translated import of_connecting, translated
from gradio_client_sync.compat._updates import Status, update_of

pytestmark = pytest.mark.once


# -- the package


def test_import_loads_no_more_than_the_package() -> None:
    """The import loads the package and one module; a submodule is an attribute at its first use."""
    code = "import {}; import sys; print(*(m for m in sys.modules if m.startswith('gradio')))"
    loaded = [
        subprocess.run(
            [sys.executable, "-c", code.format(name)], capture_output=True, text=True, check=True
        ).stdout.split()
        for name in ("gradio_client_sync", "gradio_client_sync.compat")
    ]
    assert loaded[1] == [*loaded[0], "gradio_client_sync.compat"]
    assert compat.utils.Status is utils.Status and set(compat.__all__) <= set(dir(compat))
    with pytest.raises(AttributeError, match="nothing"):
        compat.nothing  # noqa: B018 - the access itself is the test


# -- names of files, types, schemas: expected values are those of gradio_client 2.7.2


@pytest.mark.parametrize(
    ("name", "stripped"),
    [
        ("a b.txt", "a b.txt"),
        ('<a>:"b"/c\\d|e?f*g', "abcdefg"),
        ("#$!{}`.txt", "#.txt"),
        ("$.txt", "file.txt"),
        ("..", ".."),
        ("con.tar.gz", "_con.tar.gz"),
        ("end. . ", "end"),
        ("", "file"),
        ("é" * 150 + ".png", "é" * 98 + ".png"),
        ("a." + "b" * 300, "file." + "b" * 195),
    ],
)
def test_names_are_stripped(name: str, stripped: str) -> None:
    """Characters that no file system allows are removed, and the suffix is kept if it fits."""
    assert utils.strip_invalid_filename_characters(name) == stripped


def test_types_and_content(tmp_path: Path) -> None:
    """The type comes from the name, and a data URL has it."""
    names = ("a.vtt", "a.WEBP", "a.wav", "a.flac", "a.unknown")
    kinds = [utils.get_mimetype(name) for name in names]
    assert kinds[:3] == ["text/vtt", "image/webp", "audio/wav"] and kinds[4] is None
    path = tmp_path / "a.txt"
    path.write_bytes(b"hi")
    assert utils.encode_file_to_base64(path) == "data:text/plain;base64,aGk="
    assert utils.is_http_url_like("https://x") and not utils.is_http_url_like(Path("http://x"))


@pytest.mark.parametrize(
    ("schema", "text"),
    [
        ({}, "Any"),
        ({"type": "integer"}, "int"),
        ({"enum": ["a", 1]}, "Literal['a', '1']"),
        ({"const": "a"}, "Literal[a]"),
        ({"type": "array", "items": {"type": "string"}}, "list[str]"),
        ({"type": "array", "prefixItems": [{"type": "string"}, {}]}, "tuple[str, Any]"),
        ({"anyOf": [{"type": "number"}, {"type": "null"}]}, "float | None"),
        ({"allOf": [{"type": "number"}]}, "All[float]"),
        ({"type": "object", "additionalProperties": True}, "dict(str, Any)"),
        (
            {"type": "object", "properties": {"a": {"type": "string", "description": "why"}}},
            "dict(a: str (why))",
        ),
        ({"$ref": "#/$defs/A", "$defs": {"A": {"type": "boolean"}}}, "bool"),
        (
            {
                "type": "object",
                "properties": {
                    "path": {"type": "string"},
                    "meta": {"properties": {"_type": {"const": "gradio.FileData"}}},
                },
            },
            "filepath",
        ),
        ({"description": "any json"}, "str | float | bool | list | dict"),
        ({"type": {}, "description": "any value"}, "Any"),
    ],
)
def test_schemas_as_types(schema: dict[str, Any], text: str) -> None:
    """A schema has the notation of `gradio_client`."""
    assert utils.json_schema_to_python_type(schema) == text


# -- files in payloads


def test_handled_files_are_dicts(tmp_path: Path) -> None:
    """`handle_file` returns a dict of JSON types; a missing file is a `ValueError`."""
    path = tmp_path / "a b.txt"
    path.write_text("x", encoding="utf-8")
    made = utils.handle_file(path)
    assert made == {
        "path": str(path),
        "meta": {"_type": "gradio.FileData"},
        "orig_name": "a b.txt",
    }
    assert json.loads(json.dumps(made)) == made
    linked = utils.handle_file("http://x/a.png")
    assert linked["url"] == linked["path"] and linked["orig_name"] == "a.png"
    with pytest.raises(ValueError, match="not exist on local filesystem"):
        utils.handle_file(tmp_path / "missing")
    with pytest.warns(DeprecationWarning, match="handle_file"):
        assert utils.file(path) == made


def test_only_files_of_the_caller_are_uploaded(tmp_path: Path) -> None:
    """A dict whose path the server has named stays, at any depth; nothing else is copied."""
    path = tmp_path / "a.txt"
    path.write_text("x", encoding="utf-8")
    plain = {"path": str(path), "meta": {"_type": "gradio.FileData"}, "orig_name": "b.txt"}
    payload = {"deep": [plain, {"path": str(path)}, (1, FileToUpload(plain))], "same": [1, (2, 3)]}
    named = with_uploads(payload, lambda text: True)
    assert named["deep"][0] is plain and named["same"] is payload["same"]
    assert type(named["deep"][2]) is tuple and named["deep"][2][1].orig_name == "a.txt"
    sent = with_uploads(payload, lambda text: False)
    assert sent["deep"][0].orig_name == "a.txt" and sent["deep"][1] == {"path": str(path)}
    described = {"a": [{"path": "p", "url": "u"}, {"name": "n", "deep": ({"path": 1},)}]}
    assert paths_in(described) == {"p", "u", "n"}


# -- options


def test_options_of_httpx() -> None:
    """Options of httpx become those of the plain client, and an unknown one is refused."""
    limits = types.SimpleNamespace(connect=1, read=2)
    given = {"timeout": limits, "proxy": "http://p:1", "auth": ("ada", "x"), "headers": {"A": "b"}}
    assert plain_options(given) == {
        "timeout": (1, 2),
        "proxies": {"http": "http://p:1", "https": "http://p:1"},
        "headers": {"A": "b"},
        "http_auth": ("ada", "x"),
    }
    assert plain_options({"proxies": {"all://": "http://p:1", "https://": None}})["proxies"] == {
        "http": "http://p:1",
        "https": "http://p:1",
    }
    proxy = httpx.Proxy("http://p:1", auth=("ada", "p/w"))
    assert plain_options({"proxy": proxy})["proxies"]["http"] == "http://ada:p%2Fw@p:1"
    assert plain_options(None) == {} and plain_options({"timeout": None}) == {"timeout": None}
    with pytest.warns(UserWarning, match="http2, limits has no effect"):
        assert plain_options({"http2": True, "limits": 3}) == {}
    for wrong in ({"transport": 1}, {"timeout": "x"}, {"auth": "ada"}):
        with pytest.raises(TypeError, match="httpx_kwargs"):
            plain_options(wrong)


# -- endpoints


CONFIG = {
    "components": [{"id": 1, "type": "textbox"}, {"id": 2, "type": "state"}],
    "dependencies": [
        {"id": 3, "api_name": "echo", "inputs": [1, 2]},
        {"id": 5, "api_name": False, "inputs": [1]},
        {"id": 6, "api_name": "hidden", "inputs": [1], "show_api": False},
        {"id": 7, "api_name": "kept", "inputs": [], "api_visibility": "private"},
        {"id": 8, "api_name": "page", "inputs": [], "backend_fn": False},
    ],
}


def known(number: int = 3) -> Any:
    parameters = [
        {"parameter_name": "text"},
        {"parameter_name": "n", "parameter_has_default": True},
    ]
    return endpoints_of(
        {**CONFIG, "components": [{"id": 1, "type": "textbox"}]},
        described=lambda endpoint: None,
        parameters=lambda endpoint: (parameters, [{"parameter_name": "button"}]),
    )[number]


def test_endpoints_are_found_by_name_and_number() -> None:
    """A name needs its slash, private endpoints cannot be called, and one public one is enough."""
    endpoints = endpoints_of(CONFIG, described=lambda e: None, parameters=lambda e: ([], []))
    assert chosen(endpoints, None, None).fn_index == 3
    assert chosen(endpoints, "/hidden", None).api_visibility == "undocumented"
    assert chosen(endpoints, "/echo", 6).key == "/echo"
    assert [one.is_valid for one in endpoints.values()] == [True, False, True, False, True]
    for name, number, text in (
        ("echo", None, "leading slash"),
        ("/kept", None, "Cannot find a function"),
        (None, 5, "Invalid function index"),
        (None, 9, "Invalid function index"),
    ):
        with pytest.raises(ValueError, match=text) as caught:
            chosen(endpoints, name, number)
        assert isinstance(caught.value, errors.EndpointNotFoundError)
    del endpoints[3]
    with pytest.raises(ValueError, match=r"api_name.*fn_index"):
        chosen(endpoints, None, None)


def test_arguments_are_arranged() -> None:
    """Values by position come first, then those by name; each mistake is a `TypeError`."""
    endpoint = known()
    assert endpoint.arranged(("a", "b"), {}) == ["a", "b"]
    assert endpoint.arranged(("a",), {"button": "c"}) == {"text": "a", "button": "c"}
    assert endpoint.arranged((), {"n": 1, "text": "a"}) == {"n": 1, "text": "a"}
    for args, named, text in (
        (("a",), {"text": "b"}, "already set as a positional argument"),
        (("a",), {"m": "b"}, "is not a valid key-word argument"),
        ((), {"n": 1}, "No value provided for required argument: text"),
    ):
        with pytest.raises(TypeError, match=text):
            endpoint.arranged(args, named)
    with pytest.warns(UserWarning, match="takes 1 values and was given 3"):
        assert known(5).arranged(("a", None, None), {}) == ["a"]


# -- statuses


@pytest.mark.parametrize(
    ("fields", "code", "rank"),
    [
        ({}, "STARTING", None),
        ({"size": 3, "position": 1, "eta": 2.0}, "IN_QUEUE", 1),
        ({"position": 0}, "PROCESSING", None),
        ({"progress_data": [events.Progress(0.5, 1, 2, "steps", "x")]}, "PROGRESS", None),
        ({"stage": "generating"}, "ITERATING", None),
        ({"stage": "streaming"}, "ITERATING", None),
        ({"stage": "complete"}, "FINISHED", 0),
        ({"stage": "error"}, "FINISHED", 0),
    ],
)
def test_statuses(fields: dict[str, Any], code: str, rank: int | None) -> None:
    """Each status has its code, a local time without zone, and its bars."""
    now = datetime.now(timezone.utc)
    base: dict[str, Any] = {"queue": True, "endpoint": "/a", "fn_index": 0, "time": now}
    found = update_of(events.Status(**{"stage": "pending", **base, **fields}))
    assert (found.code.name, found.rank, found.type) == (code, rank, "status")
    assert found.time == now.astimezone().replace(tzinfo=None)
    if code == "PROGRESS":
        assert found.progress_data == [utils.ProgressUnit(1, 2, "steps", 0.5, "x")]
    if code in ("ITERATING", "FINISHED"):
        assert found.success is (fields["stage"] != "error")
    said = update_of(events.Log("hi", "info", "/a", 0, now))
    assert said.code is Status.LOG and said.log == ("hi", "info")
    assert sorted(Status)[0] is Status.STARTING and Status.IN_QUEUE.value == "IN_QUEUE"


# -- errors


def test_errors_are_of_both_families() -> None:
    """Each error is the class that a script catches, and that of the plain client."""
    app = translated(errors.AppError("x", message="boo", title="T", duration=3, endpoint="/a"))
    assert isinstance(app, exceptions.AppError) and isinstance(app, ValueError)
    assert (str(app), app.message, app.title, app.duration) == ("boo", "boo", "T", 3)
    hidden = translated(errors.AppError("x"))
    assert "show_error=True" in str(hidden) and isinstance(hidden, errors.AppError)
    refused = translated(errors.ValidationError("x", parameters={"text": "too short"}))
    assert str(refused) == "1 parameter(s) failed validation:\n- text: too short"
    large = translated(errors.FileTooLargeError("Big.", limit_bytes=5))
    assert isinstance(large, ValueError) and "exceeds the maximum file size of 5" in str(large)
    full = translated(errors.QueueFullError("The queue for '/a' is full."))
    assert str(full) == "Queue is full. The queue for '/a' is full."
    for plain, wanted in (
        (errors.QueueFullError("Queue is full"), exceptions.QueueError),
        (errors.RateLimitError("x", retry_after=3), exceptions.TooManyRequestsError),
        (errors.PayloadError("x", parameter="a"), ValueError),
    ):
        found = translated(plain)
        assert isinstance(found, wanted) and isinstance(found, type(plain))
        assert vars(found) == vars(plain)
    assert exceptions.AppError().message == "Error raised." and str(exceptions.QueueError()) == ""


def test_errors_of_connecting() -> None:
    """Connecting raises the built-in classes and texts that scripts know."""
    for plain, text in (
        (errors.SpaceNotFoundError("x"), "Could not find Space: me/a"),
        (errors.SpaceNotReadyError("x", stage="PAUSED"), "invalid state PAUSED"),
        (errors.ConfigError("x"), "Could not fetch config for me/a"),
        (errors.HTTPStatusError("x", status_code=500), "Could not fetch config"),
        (errors.AuthenticationError("x", status_code=401), "credentials"),
        (errors.AuthenticationError("Pass http_auth=", status_code=401), "of httpx_kwargs"),
    ):
        found = of_connecting(plain, "me/a")
        assert isinstance(found, ValueError) and isinstance(found, type(plain))
        assert text in str(found)
    assert isinstance(of_connecting(errors.ConnectFailedError("x"), "a"), ConnectionError)


def test_errors_are_of_httpx_if_it_is_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    """The connection's errors are also the classes of httpx, with request and response."""
    slow = errors.ConnectFailedError("x", url="http://a", sent=True)
    slow.__cause__ = TimeoutError()
    download = errors.DownloadError("x", path="/a")
    download.__cause__ = errors.HTTPStatusError("x", status_code=404, url="http://a")
    for plain, name in (
        (errors.ConnectFailedError("x", url="http://a"), "ConnectError"),
        (slow, "ReadTimeout"),
        (errors.BrokenStreamError("x"), "ReadError"),
        (errors.BrokenStreamError("x"), "RemoteProtocolError"),
        (errors.BrokenStreamError("x"), "ReadTimeout"),
        (errors.HTTPStatusError("x", status_code=404, url="http://a"), "HTTPStatusError"),
        (download, "HTTPStatusError"),
        (errors.AuthenticationError("x", status_code=404, url="http://a"), "HTTPStatusError"),
    ):
        found: Any = translated(plain)
        assert isinstance(found, getattr(httpx, name)) and isinstance(found, type(plain))
        assert str(found) == "x" and str(found.request.url).startswith("http://")
        if name == "HTTPStatusError":
            assert found.response.status_code == 404
        again = pickle.loads(pickle.dumps(found))
        assert isinstance(again, type(plain)) and vars(again) == vars(plain)
        assert not isinstance(again, httpx.HTTPError)
    monkeypatch.delitem(sys.modules, "httpx")
    assert translated(slow) is slow


# -- the description


def test_description_is_that_of_the_server() -> None:
    """Private and undocumented endpoints and additions for other readers are left out."""
    endpoints = endpoints_of(CONFIG, described=lambda e: None, parameters=lambda e: ([], []))
    entry = {"parameters": [], "returns": [], "description": ""}
    sent = {
        "named_endpoints": {
            "/echo": {**entry, "code_snippets": {}, "show_api": True, "api_visibility": "public"},
            "/hidden": entry,
            "/kept": entry,
        },
        "unnamed_endpoints": {},
    }
    assert description(sent, {}, endpoints) == {
        "named_endpoints": {"/echo": entry},
        "unnamed_endpoints": {},
    }
    assert description(None, sent, endpoints)["named_endpoints"] == {"/echo": entry}


def test_description_as_text() -> None:
    """The text has the call, and each parameter with its type and default."""
    text = {"type": "str", "description": "a note"}
    entry = {
        "parameters": [
            {"label": "Max Size", "component": "Number", "python_type": {"type": "float"}},
            {
                "label": "File",
                "parameter_name": "file",
                "component": "File",
                "python_type": text,
                "parameter_has_default": True,
                "parameter_default": {"path": "/a", "meta": {"_type": "gradio.FileData"}},
            },
        ],
        "returns": [{"label": "Out", "component": "Textbox", "python_type": text}] * 2,
        "oauth_token": "required",
    }
    shown = api_text({"named_endpoints": {"/f": entry}, "unnamed_endpoints": {"3": {}}}, None)
    for line in (
        "Named API endpoints: 1",
        ' - predict(max_size, file, api_name="/f") -> (out, out)',
        "     - [Number] max_size: float (required)  ",
        '     - [File] file: str (not required, defaults to:   handle_file("/a"))  (a note) ',
        "     - [Textbox] out: str (a note) ",
        "Unnamed API endpoints: 1, to view, run Client.view_api(all_endpoints=True)",
    ):
        assert line in shown.splitlines()
    assert "oauth_token" in shown
    alone = api_text({"named_endpoints": {}, "unnamed_endpoints": {"3": entry}}, None)
    assert "predict(max_size, file, fn_index=3)" in alone
