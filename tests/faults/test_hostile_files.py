"""Hostile apps: which URLs they make the client request, and which files they make it write."""

from __future__ import annotations

import base64
import logging
import os
import pickle
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gradio_client_sync import Client, DownloadError, GradioClientError, UploadError, handle_file
from gradio_client_sync._files.download import FileStore, _redirected
from gradio_client_sync._protocol.api.endpoint import EndpointTable
from gradio_client_sync._protocol.dialect import dialect_of
from gradio_client_sync._protocol.routes import Routes
from gradio_client_sync._protocol.values.attachments import Attachment, collect, fill
from gradio_client_sync._protocol.values.filedata import find_files
from gradio_client_sync._transport.http import Http
from gradio_client_sync.files import RemoteFile, attach
from tests.support.file_app import FileApp, filedata
from tests.support.processes import run_python
from tests.support.scripted import WAIT, IncomingRequest, ScriptedApp, config_of

CANARY = "canary-3f1c9a77"
DIALECT = dialect_of(config_of())


@pytest.fixture
def own() -> Iterator[FileApp]:
    """Yield the hostile app that the user connects to."""
    with FileApp() as server:
        yield server


@pytest.fixture
def other() -> Iterator[ScriptedApp]:
    """Yield another server on the same host."""
    with ScriptedApp() as server:
        server.scripts["GET /x"] = lambda x: x.answer(b"other", 200, "text/plain")
        yield server


@pytest.fixture
def app(own: FileApp) -> Iterator[Client]:
    """Yield a client with secrets."""
    with client_of(own) as client:
        yield client
    assert any(CANARY in head for head in own.heads)  # the app did get the secret


def client_of(server: ScriptedApp) -> Client:
    headers, cookies = {"X-Secret-Token": CANARY}, {"session": CANARY}
    return Client(server.url, hf_token=CANARY, headers=headers, cookies=cookies)


def result(server: FileApp, app: Client, **entries: Any) -> RemoteFile:
    """Make the app return this as a file, and return the result."""
    server.output = [filedata(**entries)]
    remote = app.predict("/direct", ["x"])[0]
    assert isinstance(remote, RemoteFile)
    return remote


def redirect(location: str, status: int = 302) -> Any:
    return lambda x: x.answer(b"", status, headers={"Location": location})


# -- downloads


def test_hostile_urls_in_config_and_files_are_not_used(own: FileApp, other: ScriptedApp) -> None:
    """URLs in the config or in a file do not change where requests go."""
    own.config.update(root=other.url, url=other.url)
    own.serve("/out/x", b"own")
    with client_of(own) as app:
        remote = result(own, app, path="/out/x", url=f"{other.url}/x")
        assert remote.read() == b"own" and urlsplit(remote.url).netloc == urlsplit(own.url).netloc
        app.predict("/direct", [b"uploaded"])
    assert other.requests == []


def test_hostile_links_get_no_credentials(own: FileApp, other: ScriptedApp, app: Client) -> None:
    """A link to another server is downloaded without any credentials."""
    remote = result(own, app, path=f"{other.url}/x", url=None)
    assert remote.read() == b"other" and remote.url == f"{other.url}/x"
    app.predict("/direct", [{"again": handle_file(f"{other.url}/x")}])
    assert other.count("GET /x") == 2
    for head in other.heads:
        assert CANARY not in head and "cookie" not in head.lower()
        assert "authorization" not in head.lower()


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_hostile_redirects_get_no_credentials(
    own: FileApp, other: ScriptedApp, app: Client, status: int
) -> None:
    """Redirects to another port are followed without credentials, also back to the app."""
    own.scripts["GET /file=/out/x"] = redirect(f"{other.url}/x", status)
    other.scripts["GET /x"] = redirect(f"{own.url}/back", status)
    own.scripts["GET /back"] = redirect(f"{other.url}/y", status)
    other.scripts["GET /y"] = lambda x: x.answer(b"end", headers={"Set-Cookie": "a=b"})
    assert result(own, app, path="/out/x").read() == b"end"
    assert [head for head in other.heads if CANARY in head] == []
    [back] = [head for head in own.heads if head.startswith("GET /back ")]
    assert CANARY not in back and "uthorization" not in back and "ookie" not in back
    own.serve("/out/z", b"z")
    assert result(own, app, path="/out/z").read() == b"z"
    assert CANARY in own.heads[-1] and "a=b" not in own.heads[-1]


@pytest.mark.parametrize(
    "location",
    [
        "file:///etc/passwd",
        "data:text/plain,x",
        "ftp://127.0.0.1/x",
        "javascript:x",
        "http://[x",
        "http://",
    ],
)
def test_hostile_redirects_to_other_schemes(own: FileApp, app: Client, location: str) -> None:
    """Redirects to URLs other than http and https are not followed."""
    own.scripts["GET /file=/out/x"] = redirect(location)
    with pytest.raises(DownloadError):
        result(own, app, path="/out/x").read()


def test_hostile_redirects_in_circles_and_from_https_to_http(own: FileApp, app: Client) -> None:
    """Redirects in circles, and from https to http, end with an error."""
    own.scripts["GET /file=/out/x"] = redirect("/gradio_api/file=/out/x")
    with pytest.raises(DownloadError, match="circles"):
        result(own, app, path="/out/x").read()
    assert _redirected("http://a/x", "https://a/y") == "https://a/y"
    for target in ("http://a/y", "HTTP://b/y", "//b/y"):
        if target.startswith("//"):
            assert _redirected("https://a/x", target) == "https://b/y"
        else:
            with pytest.raises(DownloadError, match="was not followed"):
                _redirected("https://a/x", target)


def test_hostile_redirect_of_an_upload(own: FileApp, other: ScriptedApp, app: Client) -> None:
    """A redirect of an upload is not followed."""
    for status in (301, 302, 303, 307, 308):
        own.scripts["POST /upload"] = redirect(f"{other.url}/upload", status)
        with pytest.raises(UploadError, match=str(status)):
            app.predict("/direct", [b"secret"])
    assert other.requests == []


def test_hostile_urls_with_an_ambiguous_host(own: FileApp, other: ScriptedApp, app: Client) -> None:
    """If libraries disagree about a URL's host, no wrong server gets credentials."""
    here, there = urlsplit(own.url).netloc, urlsplit(other.url).netloc
    own.scripts["GET /x"] = lambda x: x.answer(b"own")
    for link in (
        f"http://{here}@{there}/x",
        f"http://{there}\\@{here}/x",
        f"http://{there}\\\\@{here}/x",
        f"http://{there}#@{here}/x",
        f"http://{there}?@{here}/x",
        f"http://{there}/\\@{here}/x",
        f"http:\\\\{there}/x",
        f"http://{here}\t@{there}/x",
        f"http://{here} @{there}/x",
        f"http://user:{here}@{there}/x",
        f"HTTP://{there}/x",
    ):
        for attempt in ({"path": link}, {"path": None, "url": link}):
            try:
                result(own, app, **attempt).read()
            except DownloadError:
                pass  # the best result for most of these
    assert other.requests, "the other server had no request, so this test checks nothing"
    assert [head for head in other.heads if CANARY in head] == []


def test_hostile_paths_that_look_like_urls_stay_with_the_app(
    own: FileApp, other: ScriptedApp, app: Client
) -> None:
    """Only an http link is requested elsewhere; other names are paths of the app."""
    there = urlsplit(other.url).netloc
    for name in (
        f"//{there}/x",
        "file:///etc/passwd",
        "/etc/passwd",
        f"ftp://{there}/x",
        "../../x",
        "a\0b",
    ):
        for attempt in ({"path": name}, {"path": None, "url": name}):
            with pytest.raises(DownloadError, match="404"):
                result(own, app, **attempt).read()
    assert other.requests == []
    got = result(own, app, path=None, url="data:text/plain,inline")
    assert got.read() == b"inline" and got.url is None


# -- secrets


def test_hostile_echoes_of_secrets_are_not_shown(
    own: FileApp, other: ScriptedApp, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    """A token that a server repeats is in no error, log, repr or pickle."""
    caplog.set_level(logging.DEBUG)
    shown: list[str] = []

    def echo(status: int) -> Any:
        text, later = "text/plain", {"Retry-After": "600"}  # longer than any wait
        return lambda x: x.answer(f"you sent {x.headers}".encode(), status, text, later)

    def fail(call: Any) -> None:
        with pytest.raises(GradioClientError) as caught:
            call()
        exc = caught.value
        shown.extend((str(exc), repr(exc), str(vars(exc)), str(pickle.dumps(exc))))
        shown.extend(traceback.format_exception(type(exc), exc, exc.__traceback__))

    with client_of(own) as app:
        kept = result(own, app, path="/out/x")
        for status in (400, 401, 403, 404, 429, 500):
            own.scripts["POST /upload"] = own.scripts["GET /file=/out/x"] = echo(status)
            fail(lambda: app.predict("/direct", [b"a"]))
            fail(kept.read)
            fail(lambda: kept.download(tmp_path))
        own.scripts["GET /file=/out/x"] = redirect(f"{other.url}/x")
        own.scripts["POST /upload"] = lambda x: x.break_off()
        fail(lambda: app.predict("/direct", [b"b"]))
        kept.download(tmp_path)
        job = app.submit("/direct", ["x"])
        job.result(WAIT)
        shown += [repr(app), repr(kept), repr(job), str(vars(kept)), str(pickle.dumps(kept))]
        shown += [str(handle_file(b"a")), str(kept.__getstate__())]
    assert len(shown) > 60
    assert [text for text in shown if CANARY in text] == []
    assert CANARY not in caplog.text and CANARY not in str([vars(r) for r in caplog.records])
    assert [head for head in other.heads if CANARY in head] == []


# -- names of written files


NAMES = (
    *("../../evil", "/etc/evil", "..\\..\\evil", "C:\\evil.txt", "C:evil", "\\\\host\\share\\evil"),
    *("a\0b", "x" * 400, "ü" * 300 + ".png", "CON", "nul.txt", "com1.", "LPT9 .txt"),
    *("..", ".", "...", "/", "\\", " ", "", ".bashrc", ".ssh/authorized_keys", "a/", "~", "~root"),
    *(
        "a\nb",
        "a\x1b[31mb",
        "gpj.\u202eexe",
        "\u2066x",
        "a\r\nSet-Cookie: x",
        "-rf",
        "$(id)",
        "%2e%2e%2fx",
    ),
    *("\ud800", "e\u0301" * 200, "🐈" * 100),
)


def inline(name: str | None, path: str | None = None) -> dict[str, Any]:
    url = f"data:text/plain;base64,{base64.b64encode(b'evil').decode()}"
    return {"path": path, "url": url, "orig_name": name}


def check_placed(path: Path, folder: Path) -> None:
    """Check that the file is in the folder, is a plain file, and is the only one; remove it."""
    assert path.parent == folder and path.name in os.listdir(folder)
    assert path.is_file() and not path.is_symlink() and path.read_bytes() == b"evil"
    assert 0 < len(os.fsencode(path.name)) <= 255 and not path.name.startswith(".")
    assert path.resolve().parent == folder.resolve()
    path.unlink()
    assert os.listdir(folder) == []


def test_hostile_names_stay_in_their_folder(own: FileApp, app: Client, tmp_path: Path) -> None:
    """A file with any name is saved in the folder under a safe name."""
    folder = tmp_path / "deep" / "folder"
    folder.mkdir(parents=True)
    for name in NAMES:
        for entries in (inline(name), inline(None, path=name)):
            remote = result(own, app, **entries)
            check_placed(remote.download(folder), folder)
    assert [path.name for path in tmp_path.rglob("*")] == ["deep", "folder"]


def test_hostile_links_in_the_folder_are_not_written_through(
    own: FileApp, app: Client, tmp_path: Path
) -> None:
    """A download does not write through a link that exists under its name."""
    target = tmp_path / "precious"
    target.write_bytes(b"precious")
    folder = tmp_path / "downloads"
    folder.mkdir()
    (folder / "evil.txt").symlink_to(target)
    (folder / "evil-1.txt").symlink_to(tmp_path / "to be made")
    os.link(target, folder / "evil-2.txt")
    assert result(own, app, **inline("evil.txt")).download(folder).name == "evil-3.txt"
    assert target.read_bytes() == b"precious" and not (tmp_path / "to be made").exists()


def test_hostile_headers_do_not_name_files(own: FileApp, app: Client, tmp_path: Path) -> None:
    """The file's name is not taken from a header of the response."""
    headers = {"Content-Disposition": 'attachment; filename="../../evil"', "Content-Type": "x/y"}
    own.scripts["GET /file=/out/x.txt"] = lambda x: x.answer(b"evil", 200, "text/plain", headers)
    check_placed(result(own, app, path="/out/x.txt").download(tmp_path), tmp_path)


@given(name=st.text(st.characters(), max_size=300) | st.sampled_from(NAMES), seed=st.booleans())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200)
def test_hostile_names_of_any_kind(tmp_path: Path, name: str, seed: bool) -> None:
    """For any text, the file's name stays in the folder, is not empty and not too long."""
    folder = tmp_path / "names"
    folder.mkdir(exist_ok=True)
    remote = any_remote(inline(name) if seed else inline(None, path=name))
    check_placed(remote.download(folder), folder)


def any_remote(value: dict[str, Any]) -> RemoteFile:
    """Return a file with inline content, as decoding makes it."""
    http = Http("http://127.0.0.1:9")
    file_store = FileStore(
        http, Routes("http://127.0.0.1:9"), bare=http.without_credentials, directory=None
    )
    found = find_files(
        filedata(**value), None, DIALECT, lambda facts: RemoteFile(facts, file_store, None)
    )
    assert isinstance(found, RemoteFile)
    return found


# -- files that are read

ENDPOINT = EndpointTable(config_of(), DIALECT).resolve("/echo")
LEAVES = st.none() | st.booleans() | st.integers() | st.text() | st.binary(max_size=8)
NESTED = st.recursive(
    LEAVES, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=30
)


@given(NESTED)
def test_files_in_nested_payloads_keep_their_positions(value: Any) -> None:
    """Files that are taken out of a payload and put back leave its other parts unchanged."""
    data, files = collect(ENDPOINT.name, ENDPOINT.inputs, [value], attach)
    forms: dict[int, Any] = {}
    for attached in files:
        with attached.file.open() as reader:  # type: ignore[attr-defined]
            forms[id(attached.file)] = reader.read(100)
    assert fill(data, forms) == [value]
    assert not any(isinstance(part, Attachment) for part in forms.values())


OPENS_NOTHING = """
import os, sys
from hypothesis import given, settings, strategies as st
from gradio_client_sync import Client, PayloadError

url, canary = sys.argv[1:]
opened = []

def watch(event, args):
    if event in ("open", "os.listdir", "os.scandir") and canary in os.fsdecode(args[0] or ""):
        opened.append((event, args))

forms = (canary, "file://" + canary, "file:" + canary, canary + "/../x", "@" + canary)
texts = st.sampled_from(forms)
keys = st.sampled_from("path name url data is_file meta orig_name video file".split())
files = st.fixed_dictionaries(
    {"path": texts, "meta": st.just({"_type": "gradio.FileData"})},
    optional={"url": texts, "orig_name": texts, "size": st.integers(0, 9)},
) | st.fixed_dictionaries({"name": texts, "data": st.none() | texts, "is_file": st.booleans()})
leaves = texts | files | st.none() | st.booleans() | st.floats(-9, 9) | st.integers(-9, 9)
values = st.recursive(
    leaves, lambda inner: st.lists(inner) | st.dictionaries(keys, inner) | st.tuples(inner, inner)
)
sys.addaudithook(watch)
with Client(url) as app:
    @settings(max_examples=60, deadline=None, database=None)
    @given(values)
    def send(value):
        try:
            app.predict("/direct", [value], timeout=20)
        except PayloadError as error:  # a text where the app takes a file: nothing was sent
            assert "takes a file for" in str(error), error

    send()
    for payload in ({}, None):
        app.predict("/direct", payload, timeout=20)
    assert not opened, opened
    assert app.predict("/direct", [__import__("pathlib").Path(canary)])
    assert opened, "the watch sees nothing"
"""


@pytest.mark.parametrize("kind", ["file", "image", "gallery", "multimodaltextbox"])
def test_hostile_defaults_and_texts_open_no_file(kind: str, tmp_path: Path) -> None:
    """Texts, dicts and lists in a payload open no file of this machine, and neither do defaults."""
    canary = tmp_path / "canary.txt"
    canary.write_text(CANARY)
    default = filedata(str(canary))
    with FileApp(kind) as server:
        parameter = {
            "label": "x",
            "parameter_name": "x",
            "parameter_has_default": True,
            "parameter_default": default,
            "component": kind,
            "type": {},
            "python_type": {"type": "filepath", "description": ""},
        }
        described = {"parameters": [parameter], "returns": [], "type": {}}
        info = {"named_endpoints": {"/direct": described}, "unnamed_endpoints": {}}
        server.scripts["GET /info"] = lambda x: x.answer(info)
        server.config["components"][0]["props"]["value"] = default
        received: list[Any] = []

        def run(x: IncomingRequest) -> None:
            received.extend(x.json["data"])
            x.answer({"data": [None]})

        server.scripts["POST /run/direct"] = run
        run_python(OPENS_NOTHING, server.url, str(canary))
        assert received[-3:-1] == [default] * 2
        assert [part.content for part in server.sent] == [CANARY.encode()]
