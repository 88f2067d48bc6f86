"""Files through real servers and back: every byte stays, for any name, also between apps."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from gradio_client_sync import Client, RemoteFile, handle_file
from gradio_client_sync._protocol.values.filename import safe_name
from tests.conftest import GENERATIONS, SERVERS
from tests.support.listeners import BOUND
from tests.support.media import FILES, can_take, write_files
from tests.support.servers.plugin import ServerPool
from tests.support.servers.server import COMPONENTS, Server

pytestmark = pytest.mark.gradio

NAMES = (
    "plain.txt",
    "with spaces and  more.txt",
    "ünïcödé – 文書 🎈.txt",
    "#?%&'\"`$;+=@!~^{}[]().txt",
    "100%25 %2e%2e%2f.txt",
    "…" * 83 + "ab.txt",  # 255 bytes
    "x" * 251 + ".txt",
    "many.dots.in.it.tar.gz",
    "no ending",
    ".hidden",
    "trailing dot.",
    "nul.txt",
    "COM1",
    "-rf",
    "semi;colon, comma.txt",
    "line\nbreak\ttab.txt",
    "..",
    "../../up.txt",
    "C:\\folder\\back.txt",
)


@pytest.fixture(params=SERVERS)
def server(request: pytest.FixtureRequest, server_pool: ServerPool) -> Server:
    return server_pool.get(request.param, app=(COMPONENTS,))


def test_roundtrip_keeps_every_byte(app: Client, tmp_path: Path) -> None:
    """Pictures, sounds, videos, texts, empty files and all byte values come back unchanged."""
    write_files(tmp_path)
    contents = {**FILES, "every.bin": bytes(range(256)) * 300}
    (tmp_path / "every.bin").write_bytes(contents["every.bin"])
    jobs = {name: app.submit("/file_copy", [tmp_path / name]) for name in contents}
    for name, job in jobs.items():
        file = job.result(BOUND)[0]
        assert file.read() == contents[name]
        assert file.download().read_bytes() == contents[name]
        assert file.orig_name == name


@pytest.mark.parametrize("name", NAMES)
def test_roundtrip_survives_any_name(app: Client, name: str, tmp_path: Path) -> None:
    """Any file name works, and comes back as similar as the server allows."""
    content = f"the file {name}".encode()
    sent = handle_file(content, orig_name=name)
    described, (copy,) = app.predict("/take_file", [sent]), app.predict("/file_copy", [sent])
    assert json.loads(described[0])[0]["sha256"] == hashlib.sha256(content).hexdigest()
    assert copy.read() == content
    saved = copy.download(tmp_path)
    assert saved.parent == tmp_path and saved.read_bytes() == content
    assert [path.name for path in tmp_path.iterdir()] == [saved.name]
    assert saved.name == safe_name(saved.name)


def test_roundtrip_of_every_medium_through_its_own_component(app: Client) -> None:
    """A file that an app made from a picture, a sound or a video comes back byte by byte."""
    picture = app.predict("/give_image")[0]
    assert picture.read().startswith(b"\x89PNG") and picture.mime_type == "image/png"
    sound = app.predict("/give_audio")[0]
    assert sound.read()[8:12] == b"WAVE"
    film = app.predict("/give_video")[0]
    film = film[0] if isinstance(film, list) else film["video"] if isinstance(film, dict) else film
    assert film.read() == FILES["clip.mp4"]
    assert app.predict("/give_file")[0].read() == b"a note"
    assert app.predict("/give_upload_button")[0].read() == b"a note"


#: The output of one app, the input of another, and a test of what its function then received.
HANDED_ON: tuple[tuple[str, str, Any], ...] = (
    ("/give_file", "/take_file", lambda got: got["size"] == 6),
    ("/give_files", "/take_files", lambda got: [file["size"] for file in got] == [6, 73]),
    ("/give_image", "/take_image_pil", lambda got: got["corner"] == [255, 0, 0]),
    ("/give_image_pil", "/take_image_pil", lambda got: got["corner"][0] > 200),
    ("/give_image", "/take_file", lambda got: got["size"] > 60),
    ("/give_audio", "/take_audio_numpy", lambda got: got[1]["array"] == [800]),
    ("/give_video", "/take_video", lambda got: got["size"] == len(FILES["clip.mp4"])),
    ("/give_gallery", "/take_gallery", lambda got: len(got) == 2),
    ("/give_label", "/take_label", lambda got: "cat" in str(got)),
    ("/give_highlighted", "/take_highlighted", lambda got: "Ada" in str(got)),
    ("/give_dataframe", "/take_dataframe", lambda got: got["rows"] == [[1, 3.5], [2, 4.5]]),
)


@pytest.mark.parametrize("server", GENERATIONS, indirect=True)
@pytest.mark.parametrize("giver", [v for v in GENERATIONS if v != "5.50.0"])
def test_values_of_one_app_go_to_another(giver: str, server: Server, server_pool: ServerPool,
                                         app: Client) -> None:  # fmt: skip
    """A result of an app is a value for an app of any release, without a file on this disk."""
    with Client(server_pool.get(giver, app=(COMPONENTS,)).url) as other:
        jobs = [
            (given, taken, is_right, app.submit(taken, [other.predict(given)[0]]))
            for given, taken, is_right in HANDED_ON
            if can_take(server.version, taken)
        ]
        for given, taken, is_right, job in jobs:
            got = json.loads(job.result(BOUND)[0])[0]
            assert is_right(got), f"{given} → {taken}: {got}"
        chats = {c for v in (giver, server.version) for c in (chat_of(v),)}
        assert chats <= {"tuples", "messages"}
        chat = other.predict(f"/give_chat_{chat_of(giver)}")[0]
        described = app.predict(f"/take_chat_{chat_of(server.version)}", [chat])[0]
        assert hashlib.sha256(b"a note").hexdigest() in described and "Hello" in described


def chat_of(version: str) -> str:
    return "messages" if version >= "6" else "tuples"


def test_file_of_the_same_app_is_not_sent_again(app: Client) -> None:
    """A file of the same app is passed by its path, and the function gets its content."""
    file = app.predict("/give_file")[0]
    assert isinstance(file, RemoteFile)
    uploads: list[Any] = []
    job = app.submit("/take_file", [file]).on("upload", uploads.append)
    assert json.loads(job.result(BOUND)[0])[0]["size"] == 6
    assert uploads == []
