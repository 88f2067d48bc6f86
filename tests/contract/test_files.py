"""Which objects can be sent as files, and what the files of results can do."""

from __future__ import annotations

import copy
import gzip
import hashlib
import io
import json
import math
import mmap
import os
import pickle
import shutil
import socket
import struct
import tempfile
import threading
import wave
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from gradio_client_sync import (
    Client,
    ClientClosedError,
    DownloadError,
    FileError,
    FileTooLargeError,
    PayloadError,
    UploadError,
    handle_file,
)
from tests.conftest import GENERATIONS, SERVERS
from tests.support.file_app import FileApp, filedata
from tests.support.processes import run_python
from tests.support.scripted import WAIT, Gate, IncomingRequest
from tests.support.servers.plugin import ServerPool

CONTENT = bytes(range(256)) * 40


@pytest.fixture
def files() -> Iterator[FileApp]:
    with FileApp() as server:
        yield server


def send(server: FileApp, *values: Any) -> bytes:
    """Return what the server receives for one file."""
    with Client(server.url) as app:
        app.predict("/direct", list(values))
    [part] = server.sent
    return part.content


# -- every kind, on real servers


def every_kind(folder: Path, opened: ExitStack) -> dict[str, Any]:
    """Return one object of each kind that can be sent as a file, with `CONTENT`."""
    path = folder / "träge Katze #1 50%.bin"
    path.write_bytes(CONTENT)
    long = folder / f"{'ü' * 124}.binary"
    long.write_bytes(CONTENT)
    zipped = folder / "content.gz"
    with gzip.open(zipped, "wb") as file:
        file.write(CONTENT)
    inside = path.open("r+b")
    inside.seek(256)
    named = tempfile.NamedTemporaryFile(suffix=".bin")  # noqa: SIM115 - closed by `opened`
    named.write(CONTENT)
    named.seek(0)
    unnamed = tempfile.TemporaryFile()  # noqa: SIM115
    unnamed.write(CONTENT)
    unnamed.seek(0)
    spooled = tempfile.SpooledTemporaryFile()  # noqa: SIM115
    spooled.write(CONTENT)
    spooled.seek(0)
    near, far = socket.socketpair()
    far.sendall(CONTENT)
    far.close()
    reading, writing = os.pipe()
    os.write(writing, CONTENT)
    os.close(writing)
    memory = io.BytesIO(b"passed by" + CONTENT)
    memory.seek(9)
    mapped = path.open("rb")
    kinds: dict[str, Any] = {
        "path as text": handle_file(str(path)),
        "Path": path,
        "255 bytes of name": long,
        "bytes": CONTENT,
        "bytearray": bytearray(CONTENT),
        "memoryview": memoryview(CONTENT),
        "every second byte": memoryview(b"".join(bytes((b, 0)) for b in CONTENT))[::2],
        "BytesIO": memory,
        "open file": path.open("rb"),
        "open file without buffer": path.open("rb", buffering=0),
        "open file with offset": inside,
        "NamedTemporaryFile": named,
        "TemporaryFile": unnamed,
        "SpooledTemporaryFile": spooled,
        "gzip file": gzip.open(zipped),  # noqa: SIM115
        "pipe": os.fdopen(reading, "rb"),
        "socket": near.makefile("rb"),
        "mmap": mmap.mmap(mapped.fileno(), 0, access=mmap.ACCESS_READ),
    }
    for value in (*kinds.values(), near, mapped):
        if hasattr(value, "close"):
            opened.callback(value.close)
    return kinds


@pytest.mark.gradio
def test_files_of_every_kind_arrive(app: Client, tmp_path: Path) -> None:
    """Each kind of file arrives with the content that it had at the submit."""
    with ExitStack() as opened:
        kinds = every_kind(tmp_path, opened)
        jobs = {name: app.submit("/digest", [value]) for name, value in kinds.items()}
        kinds["bytearray"][:] = b"changed"
        kinds["memoryview"].release()
        kinds["BytesIO"].write(b"changed")
        kinds["BytesIO"].close()
        kinds["open file"].read()
        kinds["NamedTemporaryFile"].close()
        for name in ("open file", "open file without buffer", "open file with offset"):
            kinds[name].close()
        digests = {name: json.loads(job.result(60)[0]) for name, job in jobs.items()}
    whole = hashlib.sha256(CONTENT).hexdigest()
    wanted = dict.fromkeys(kinds, (len(CONTENT), whole))
    rest = CONTENT[256:]
    wanted["open file with offset"] = len(rest), hashlib.sha256(rest).hexdigest()
    assert {name: (d["size"], d["sha256"]) for name, d in digests.items()} == wanted
    assert "Katze" in digests["Path"]["name"] and digests["Path"]["name"].endswith(".bin")
    assert digests["255 bytes of name"]["name"].endswith(".binary")


@pytest.mark.gradio
@pytest.mark.parametrize(
    "content", [b"", b"\r\n--\r\n", CONTENT * 300], ids=["empty", "odd", "3 MB"]
)
@pytest.mark.parametrize("endpoint", ["/file", "/direct_file"])
def test_files_round_trip(app: Client, content: bytes, endpoint: str, tmp_path: Path) -> None:
    """A file comes back byte by byte, with and without the queue."""
    path = tmp_path / "sent.bin"
    path.write_bytes(content)
    got = app.predict(endpoint, [path])[0]
    assert got.read() == content
    assert Path(got).read_bytes() == content
    assert got.orig_name == "sent.bin" and got.mime_type == "application/octet-stream"


@pytest.mark.gradio
def test_files_at_any_depth_and_of_earlier_results(app: Client, tmp_path: Path) -> None:
    """Files may be in lists, and a file of a result is passed back without a download."""
    paths = [tmp_path / f"{n}.txt" for n in range(3)]
    for path in paths:
        path.write_text(path.name)
    got = app.predict("/files", [paths])[0]
    assert [file.read().decode() for file in got] == ["0.txt", "1.txt", "2.txt"]
    again = app.predict("/files", [[*got, b"new"]])[0]
    assert [file.read().decode() for file in again] == ["0.txt", "1.txt", "2.txt", "new"]


@pytest.mark.gradio
@pytest.mark.parametrize("server", GENERATIONS, indirect=True)
@pytest.mark.parametrize("there", [v for v in ("3.50.2", "4.44.1") if v in SERVERS])
def test_files_of_another_app(app: Client, server_pool: ServerPool, there: str) -> None:
    """A file from one app can be sent to an app of any other release."""
    with Client(server_pool.get(there).url) as other:
        remote = other.predict("/make_file", [300_000])[0]
        digest = json.loads(app.predict("/digest", [remote])[0])
        assert digest["sha256"] == hashlib.sha256(remote.read()).hexdigest()
        assert digest["size"] == 300_000


@pytest.mark.gradio
def test_files_links_to_this_machine_are_uploaded(app: Client) -> None:
    """A link to this machine works on every server, though newer servers refuse to follow it."""
    with FileApp() as files:
        files.serve("cat.txt", b"miau")
        digest = json.loads(app.predict("/digest", [handle_file(f"{files.url}/file=cat.txt")])[0])
    assert digest["sha256"] == hashlib.sha256(b"miau").hexdigest()


# -- refused values


def test_values_that_are_no_files_are_refused_before_sending(
    files: FileApp, tmp_path: Path
) -> None:
    """A wrong value raises in the call itself, and the error says what to do."""
    closed = io.BytesIO()
    closed.close()
    text = tmp_path / "a.txt"
    text.write_text("a")
    with Client(files.url) as app, text.open() as reading, text.open("wb") as writing:
        before = list(files.requests)
        for value, error, says in (
            (tmp_path, FileError, "is a folder"),
            (tmp_path / "none.txt", FileError, "does not exist"),
            (Path("none.txt"), FileError, "does not exist in the folder"),
            (Path("~nobody-of-this-name/x"), FileError, "does not exist"),
            (Path("a\0b"), FileError, "does not exist"),
            (closed, FileError, "is closed"),
            (writing, FileError, "only for writing"),
            (reading, PayloadError, "open in text mode"),
            (io.StringIO("a"), PayloadError, "open in text mode"),
            (tempfile.NamedTemporaryFile("w"), PayloadError, "open in text mode"),  # noqa: SIM115
            (object(), PayloadError, "object"),
        ):
            with pytest.raises(error, match=says):
                app.submit("/direct", [{"deep": [value]}])
            if hasattr(value, "close"):
                value.close()
        for wrong in (3, None, object(), [b"a"]):
            with pytest.raises(PayloadError, match="cannot be sent as a file"):
                handle_file(wrong)  # type: ignore[arg-type]
        assert set(files.requests) <= {*before, "GET /info"}  # the names of the parameters


def test_files_that_may_not_be_read_are_refused() -> None:
    """A file that the user may not read raises in the call."""
    if not hasattr(os, "seteuid") or os.geteuid() != 0:
        pytest.skip("only root can become another user, and root can read everything")
    with tempfile.TemporaryDirectory() as folder:  # other users cannot enter pytest's folder
        os.chmod(folder, 0o755)
        secret = Path(folder) / "secret.txt"
        secret.write_text("s")
        secret.chmod(0)
        os.seteuid(65_534)
        try:
            with pytest.raises(FileError, match="cannot be read: Permission denied"):
                handle_file(secret)
        finally:
            os.seteuid(0)


@pytest.mark.timeout(30)
def test_files_payload_that_contains_itself_is_refused_at_once(files: FileApp) -> None:
    """A payload that contains itself is refused, also if it does so several times."""
    loop: list[Any] = [b"a"]
    loop += [loop, {"again": loop}, loop]
    with Client(files.url) as app, pytest.raises(PayloadError, match="contains itself"):
        app.submit("/direct", [loop])


def test_files_too_large_are_refused_before_a_byte_is_sent(tmp_path: Path) -> None:
    """A file above the app's limit is refused before it is read or sent."""
    sparse = tmp_path / "sparse.bin"
    with sparse.open("wb") as file:
        file.truncate(2**40)
    with FileApp(max_file_size=1_000) as files, Client(files.url) as app:
        before = list(files.requests)
        for value, size in (
            (sparse, 2**40),
            (b"x" * 1_001, 1_001),
            (io.BytesIO(b"x" * 2_000), 2_000),
        ):
            with pytest.raises(FileTooLargeError) as caught:
                app.submit("/direct", [[value]])
            assert (caught.value.size_bytes, caught.value.limit_bytes) == (size, 1_000)
        assert set(files.requests) <= {*before, "GET /info"}  # the names of the parameters
        app.predict("/direct", [b"x" * 1_000])


# -- files that change before the upload


@pytest.fixture
def waiting() -> Iterator[tuple[FileApp, Client, Gate]]:
    """Yield a client whose next job waits until the gate opens."""
    gate = Gate()

    def hold(x: IncomingRequest) -> None:
        if x.json["data"] == ["hold"]:
            gate.pass_through()
        files.run(x)

    with FileApp(max_file_size=50_000) as files, Client(files.url, max_workers=1) as app:
        files.scripts["POST /run/direct"] = hold
        app.submit("/direct", ["hold"])
        gate.wait_until_reached()
        yield files, app, gate
        gate.open()


@pytest.mark.parametrize("after", [b"", b"short", CONTENT * 3], ids=["empty", "shorter", "longer"])
def test_files_are_sent_with_their_content_at_the_upload(
    waiting: tuple[FileApp, Client, Gate], tmp_path: Path, after: bytes
) -> None:
    """A file on disk is sent with the content that it has when its upload starts."""
    files, app, gate = waiting
    path = tmp_path / "a.bin"
    path.write_bytes(CONTENT)
    with path.open("rb") as opened:
        job = app.submit("/direct", [[path, opened]])
    path.write_bytes(after)
    gate.open()
    job.result(WAIT)
    # both have the same content, which is sent once
    assert [part.content for part in files.sent] == [after]


def test_files_that_vanish_or_grow_before_the_upload(
    waiting: tuple[FileApp, Client, Gate], tmp_path: Path
) -> None:
    """If a file has vanished or grown above the limit, the job fails, and nothing is sent."""
    files, app, gate = waiting
    gone, grown = tmp_path / "gone.bin", tmp_path / "grown.bin"
    gone.write_bytes(CONTENT)
    grown.write_bytes(CONTENT)
    jobs = [app.submit("/direct", [gone]), app.submit("/direct", [grown])]
    gone.unlink()
    grown.write_bytes(CONTENT * 5)
    gate.open()
    with pytest.raises(FileError, match="can no longer be read: No such file") as vanished:
        jobs[0].result(WAIT)
    assert vanished.value.endpoint == "/direct" and vanished.value.path == str(gone)
    with pytest.raises(FileTooLargeError):
        jobs[1].result(WAIT)
    assert files.uploads == [] and jobs[1].status.stage == "error"


def test_files_that_shrink_while_they_are_sent(files: FileApp, tmp_path: Path) -> None:
    """If a file shrinks during the upload, the upload fails, and no zeros are sent instead."""
    path = tmp_path / "a.bin"
    with path.open("wb") as file:
        file.truncate(2**28)
    aborted = threading.Event()

    def upload(x: IncomingRequest) -> None:
        x.read(1_000)
        os.truncate(path, 2_000)
        x.wait_for_abort()
        aborted.set()

    files.unread.add("POST /upload")
    files.scripts["POST /upload"] = upload
    with Client(files.url) as app:
        with pytest.raises(UploadError, match=r"'a.bin' changed while it was sent: it is \d+"):
            app.predict("/direct", [path], timeout=WAIT)
    assert aborted.wait(WAIT) and files.payloads == []


@pytest.mark.parametrize(
    ("stream", "says"),
    [
        (io.BufferedReader(io.BytesIO(b"a")), None),
        ("none", "non-blocking"),
        ("text", "returns str"),
        ("broken", "Input/output error"),
    ],
)
def test_files_streams_that_misbehave(files: FileApp, stream: Any, says: str | None) -> None:
    """An error of a stream raises `UploadError`, and does not count as its end."""

    class Stream:
        name = "odd.bin"

        def read(self, size: int) -> Any:
            if stream == "broken":
                raise OSError(5, "Input/output error")
            return None if stream == "none" else "text"

    if says is None:
        assert send(files, stream) == b"a"
        return
    with Client(files.url) as app, pytest.raises(UploadError, match=f"'odd.bin' .*{says}"):
        app.predict("/direct", [Stream()], timeout=WAIT)


def test_files_streams_are_read_once(files: FileApp) -> None:
    """A stream can be sent only once; content in memory can be sent again."""
    with Client(files.url) as app:
        stream = io.BufferedReader(io.BytesIO(b"a"))
        app.predict("/direct", [[stream, stream]])
        marked = handle_file(io.BufferedReader(io.BytesIO(b"b")))
        app.predict("/direct", [marked])
        with pytest.raises(FileError, match="cannot be read again"):
            app.predict("/direct", [marked])
    assert [part.content for part in files.sent] == [b"a", b"b"]


def test_files_from_a_named_pipe(files: FileApp, tmp_path: Path) -> None:
    """The writer of a named pipe may open it after the call."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with Client(files.url) as app:
        job = app.submit("/direct", [pipe])
        with pipe.open("wb") as writing:
            writing.write(CONTENT)
        job.result(WAIT)
    assert files.sent[0].content == CONTENT


def test_files_names_and_types(files: FileApp, tmp_path: Path) -> None:
    """Name and type of a file are sent; the type of bytes is detected from their content."""
    odd = tmp_path / os.fsdecode(b"caf\xe9.txt")
    odd.write_bytes(b"c")
    image = b"\x89PNG\r\n\x1a\n" + bytes(8)
    with Client(files.url) as app:
        app.predict(
            "/direct",
            [
                [
                    odd,
                    image,
                    handle_file(b"a", orig_name='q"\r\n.md'),
                    handle_file(b"b", mime_type="x/y"),
                ]
            ],
        )
    assert [(part.name, part.mime_type) for part in files.sent] == [
        ("caf?.txt", "text/plain"),
        ("file.png", "image/png"),
        ("q%22__.md", "application/octet-stream"),
        ("file", "x/y"),
    ]
    assert [form["orig_name"] for form in files.payloads[0][0]][:2] == ["caf?.txt", "file.png"]


# -- pictures and sounds


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16", "F", "HSV"])
def test_files_pictures(mode: str) -> None:
    """Pillow pictures of every mode are sent as PNG."""
    image = pytest.importorskip("PIL.Image")
    picture = image.new(mode, (3, 2))
    with FileApp("image") as server:
        got = image.open(io.BytesIO(send(server, picture)))
    assert got.format == "PNG" and got.size == (3, 2)
    if mode in ("RGB", "RGBA", "L", "LA", "I;16"):
        assert got.tobytes() == picture.tobytes()


def test_files_arrays_as_pictures() -> None:
    """Arrays of the usual shapes and ranges are pictures for an image component."""
    np, image = pytest.importorskip("numpy"), pytest.importorskip("PIL.Image")
    grey = np.array([[0, 128], [255, 7]])
    for array, mode, first in (
        (grey.astype("uint8"), "L", 0),
        (grey, "L", 0),
        (grey > 100, "L", 0),
        (np.array([[1.0, 0.5]]), "L", 255),
        (np.array([[np.nan, 1.0]], "float32"), "L", 0),
        (np.zeros((2, 3, 1), "uint8"), "L", 0),
        (np.full((2, 3, 3), 9, "uint8"), "RGB", (9, 9, 9)),
        (np.full((2, 3, 4), 1.01), "RGBA", (255,) * 4),
    ):
        with FileApp("image") as server:
            got = image.open(io.BytesIO(send(server, array)))
        assert (got.mode, got.getpixel((0, 0))) == (mode, first)
    with FileApp("image") as server, Client(server.url) as app:
        for wrong in (
            np.zeros((2, 3, 2)),
            np.zeros(5),
            np.zeros((0, 3)),
            np.full((2, 2), 300),
            np.full((2, 2), 128.0),
            np.array([["a"]]),
            np.zeros((2, 2), complex),
        ):
            with pytest.raises(PayloadError, match="as a picture"):
                app.submit("/direct", [wrong])


def test_files_arrays_as_sounds() -> None:
    """A rate and samples are a sound for an audio component."""
    np = pytest.importorskip("numpy")
    for samples, channels, first in (
        (np.array([0.5, -1.0]), 1, 16_384),
        (np.array([[0.5, 1.0]], "float32"), 2, 16_384),
        (np.array([-3, 3], "int16"), 1, -3),
        (np.array([255], "uint8"), 1, 32_512),
        (np.array([2**31 - 1], "int32"), 1, 32_767),
        (np.array([math.nan]), 1, 0),
        (np.zeros(0), 1, None),
    ):
        with FileApp("audio", takes="audio") as server:
            with wave.open(io.BytesIO(send(server, (np.int64(8_000), samples)))) as sound:
                assert (sound.getframerate(), sound.getsampwidth()) == (8_000, 2)
                assert sound.getnchannels() == channels
                frames = sound.readframes(1)
                assert (struct.unpack_from("<h", frames)[0] if frames else None) == first
    with FileApp("audio", takes="audio") as server, Client(server.url) as app:
        for wrong in (
            (8_000, np.zeros((2, 2, 2))),
            (8_000, np.zeros((2, 44_100))),
            (8_000, np.array([300.0])),
            (8_000, np.array([1, 2, 3])),
            (0, np.zeros(3)),
        ):
            with pytest.raises(PayloadError, match="as a sound"):
                app.submit("/direct", [wrong])


# -- files of results


def remote_of(server: FileApp, app: Client, content: bytes = b"hello", **entries: Any) -> Any:
    """Return a file of a result."""
    server.serve("/out/r.txt", content)
    server.output = [filedata("/out/r.txt", orig_name="r.txt", **entries)]
    got = app.predict("/direct", ["x"])[0]
    server.output = None
    return got


def test_remote_file_of_this_app_is_sent_by_reference(files: FileApp) -> None:
    """A file of this app is passed by reference, also by another client and from a pickle."""
    with Client(files.url) as app:
        remote = remote_of(files, app, size=5)
        app.predict("/direct", [{"deep": [remote, remote]}])
    with Client(files.url) as other:
        other.predict("/direct", [remote])
        other.predict("/direct", [pickle.loads(pickle.dumps(remote))])
    form = filedata("/out/r.txt", orig_name="r.txt", size=5, mime_type="text/plain")
    assert files.payloads[1:] == [[{"deep": [form, form]}], [form], [form]]
    assert files.uploads == [] and files.count("GET /file=/out/r.txt") == 0


def test_remote_file_of_a_closed_client(files: FileApp) -> None:
    """After the client is closed, a file that was not fetched raises an error in every use."""
    with Client(files.url) as app:
        remote = remote_of(files, app)
        kept = remote_of(files, app)
        kept.download()
    assert kept.read() == b"hello"
    for use in (remote.read, remote.download, remote.open, remote.__fspath__):
        with pytest.raises(ClientClosedError, match=r"closed before 'r\.txt' was downloaded"):
            use()
    with FileApp() as elsewhere, Client(elsewhere.url) as other:
        with pytest.raises(ClientClosedError, match=r"'r\.txt'") as caught:
            other.predict("/direct", [remote], timeout=WAIT)
        assert caught.value.endpoint == "/direct" and elsewhere.payloads == []


def test_remote_file_keeps_its_client_alive(files: FileApp) -> None:
    """A file of a result keeps its client alive, so it can still be fetched."""
    remote = remote_of(files, Client(files.url))
    assert remote.read() == b"hello"
    remote._owner.close()


def test_remote_file_pickled_and_copied(files: FileApp, tmp_path: Path) -> None:
    """A pickle has the downloaded content and no secret, and a copy has everything."""
    with Client(files.url, headers={"X-Token": "canary-token"}) as app:
        remote = remote_of(files, app)
        frozen = pickle.dumps(remote)
        assert copy.copy(remote).read() == copy.deepcopy([remote])[0].read() == b"hello"
        assert b"canary" not in frozen
        thawed = pickle.loads(frozen)
        assert (thawed.orig_name, thawed.url) == (remote.orig_name, remote.url)
        for use in (thawed.read, thawed.download):
            with pytest.raises(DownloadError, match=r"was unpickled.*headers="):
                use()
        with FileApp() as elsewhere, Client(elsewhere.url) as other:
            with pytest.raises(DownloadError, match="was unpickled"):
                other.predict("/direct", [thawed], timeout=WAIT)
            remote = remote_of(files, app)
            path = remote.download()
            thawed = pickle.loads(pickle.dumps(remote))
            assert thawed.read() == b"hello" and thawed.download() == path
            assert thawed.download(tmp_path).read_bytes() == b"hello"
            other.predict("/direct", [thawed])
            assert elsewhere.sent[0].content == b"hello"


def test_remote_file_is_fetched_after_unpickling(files: FileApp, tmp_path: Path) -> None:
    """One client connects for all files of an unpickled result, at the first fetch."""
    statuses: list[object] = []
    with Client(files.url, download_dir=tmp_path, status_callback=statuses.append) as app:
        first, second = remote_of(files, app), remote_of(files, app)
        count = files.count("GET /config")
        pair = pickle.loads(pickle.dumps([first, second]))
        assert "file" in pair[0]._repr_html_().lower()  # repr() fetches nothing
        assert files.count("GET /config") == count
    assert [file.read() for file in pair] == [b"hello", b"hello"]
    assert files.count("GET /config") == count + 1
    assert pickle.loads(pickle.dumps(pair[0])).download().parent == tmp_path
    with FileApp() as other, Client(other.url, retries=0) as app:
        gone = pickle.dumps(remote_of(other, app))
    with pytest.raises(DownloadError, match=r"'r\.txt' was unpickled.*cannot be reached"):
        pickle.loads(gone).read()


def test_remote_file_is_a_path(files: FileApp, tmp_path: Path) -> None:
    """`open`, `shutil`, `os` and Pillow accept a file of a result as a path."""
    image = pytest.importorskip("PIL.Image")
    buffer = io.BytesIO()
    image.new("RGB", (2, 3), "red").save(buffer, "PNG")
    with Client(files.url) as app:
        remote = remote_of(files, app, buffer.getvalue())
        with image.open(remote) as picture:
            assert picture.size == (2, 3)
        with open(remote, "rb") as opened, remote.open() as again:
            assert opened.read() == again.read() == buffer.getvalue()
        copied = shutil.copy(remote, tmp_path)
        assert Path(copied).name == "r.txt" and os.path.getsize(remote) == len(buffer.getvalue())
        assert Path(os.fspath(remote)) == remote.download()
    assert files.count("GET /file=/out/r.txt") == 1
    assert repr(remote) == "<RemoteFile 'r.txt' text/plain>"


WITHOUT_DISK = """
import sys
from gradio_client_sync import Client
here, there = sys.argv[1:]
with Client(here) as near, Client(there) as far:
    remote = far.predict("/direct", ["x"])[0]
    near.predict("/direct", [b"warm"])
    written = []
    def watch(event, args):
        if event == "open" and (set(str(args[1] or "r")) & set("wax+") or args[2] & 3):
            written.append(args)
        elif event.startswith(("tempfile.", "os.mkdir", "os.rename", "os.link")):
            written.append((event, args))
    sys.addaudithook(watch)
    near.predict("/direct", [remote])
    assert remote.read()[:3] == b"abc"
    assert not written, written
    remote.download()
    assert written, "the watch sees nothing"
"""


def test_remote_file_of_another_app_is_sent_without_the_disk(files: FileApp) -> None:
    """A file of another app is sent in pieces through memory; read() of 3 MB writes no file."""
    content = b"abc" * 1_000_000
    with FileApp() as there:
        there.serve("/out/r.txt", content)
        there.output = [filedata("/out/r.txt")]
        run_python(WITHOUT_DISK, files.url, there.url)
    assert files.sent[1].content == content


FORKED = """
import os, sys
from gradio_client_sync import Client
app = Client(sys.argv[1])
remote = app.predict("/direct", ["x"])[0]
path = remote.download()
child = os.fork()
if not child:
    ok = remote.read() == b"hello" and app.predict("/direct", [b"of the child"])[0] is not None
    os.unlink(path)
    ok = ok and remote.read() == b"hello"
    open(path, "wb").write(b"hello")
    app.close()
    sys.exit(0 if ok else 1)  # with all that is done at exit
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
assert remote.open().read() == b"hello" and path.is_file()
copy = remote.download(path.parent / "more")
assert app.predict("/direct", [b"of the parent"])[0]
print(path)
"""


def test_files_in_a_fork(files: FileApp) -> None:
    """A forked process uses its own connections, and does not remove its parent's files."""
    ports: list[int] = []

    def fetched(x: IncomingRequest) -> None:
        ports.append(x.port)
        x.answer(b"hello")

    files.scripts["GET /file=/out/r.txt"] = fetched
    files.output = [filedata("/out/r.txt")]
    path = Path(run_python(FORKED, files.url).strip())
    assert not path.exists()
    assert [part.content for part in files.sent] == [b"of the child", b"of the parent"]
    parent, child = ports
    assert parent != child
