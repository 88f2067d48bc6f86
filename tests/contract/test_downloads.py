"""How files of results are downloaded: when, where to, and in full or not at all."""

from __future__ import annotations

import base64
import errno
import gzip
import hashlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from shutil import which
from typing import Any

import pytest

from gradio_client_sync import Client, ClientClosedError, DownloadError
from gradio_client_sync.files import RemoteFile
from tests.conftest import SERVERS
from tests.support.file_app import FileApp, filedata
from tests.support.processes import run_python
from tests.support.scripted import WAIT, Gate, IncomingRequest, component
from tests.support.servers.plugin import ServerPool

CONTENT = bytes(range(256)) * 4_000  # one megabyte, sent in many pieces
PLACE = "/file=/out/r.bin"
TAG = {"ETag": '"one"', "Accept-Ranges": "bytes"}


@pytest.fixture
def files() -> Iterator[FileApp]:
    with FileApp() as server:
        yield server


@pytest.fixture
def app(files: FileApp) -> Iterator[Client]:
    with Client(files.url) as client:
        yield client


def remote_of(files: FileApp, app: Client, content: bytes = CONTENT, **entries: Any) -> RemoteFile:
    """Return a file of a result; its content is served unless the route has a script."""
    if f"GET {PLACE}" not in files.scripts:
        files.serve("/out/r.bin", content)
    files.output = [filedata("/out/r.bin", **entries)]
    remote = app.predict("/direct", ["x"])[0]
    assert isinstance(remote, RemoteFile)
    return remote


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


# -- time of the download


def test_download_is_lazy_and_kept(files: FileApp, app: Client, tmp_path: Path) -> None:
    """A file is downloaded at its first use and then kept; a deleted copy is downloaded again."""
    remote = remote_of(files, app)
    assert files.count(f"GET {PLACE}") == 0
    path = remote.download(tmp_path)
    assert remote.download(tmp_path) == path and path.read_bytes() == CONTENT
    with remote.open() as opened:
        assert opened.read() == remote.read() == CONTENT
    assert files.count(f"GET {PLACE}") == 1
    path.unlink()
    assert remote.download(tmp_path) == path and files.count(f"GET {PLACE}") == 2


def test_download_copies_a_file_that_is_already_local(
    files: FileApp, app: Client, tmp_path: Path
) -> None:
    """A download into a second folder sends no second request."""
    remote = remote_of(files, app)
    first, second = remote.download(tmp_path / "a"), remote.download(tmp_path / "b" / "c")
    assert first != second and first.read_bytes() == second.read_bytes()
    assert remote.download() == first
    assert files.count(f"GET {PLACE}") == 1


def test_download_by_two_threads_at_once(files: FileApp, app: Client, tmp_path: Path) -> None:
    """One of two threads downloads and the other waits; if the first fails, the second tries."""
    gate, counted = Gate(), iter((500, 200, 200))

    def script(x: IncomingRequest) -> None:
        gate.pass_through()
        x.answer(CONTENT, next(counted))

    files.scripts[f"GET {PLACE}"] = script
    remote = remote_of(files, app)
    got: list[object] = []

    def work() -> None:
        try:
            got.append(remote.download(tmp_path))
        except DownloadError as exc:
            got.append(type(exc))

    threads = [threading.Thread(target=work) for _ in range(5)]
    for thread in threads:
        thread.start()
    gate.wait_until_reached()
    gate.open()
    for thread in threads:
        thread.join(WAIT)
    assert got.count(DownloadError) == 1 and got.count(tmp_path / "r.bin") == 4
    assert files.count(f"GET {PLACE}") == 2 and names(tmp_path) == ["r.bin"]


# -- folder of the download


def test_download_of_several_of_one_name(files: FileApp, app: Client, tmp_path: Path) -> None:
    """A different file of the same name is kept, and one of the same content is used."""
    (tmp_path / "r.bin").write_bytes(b"of somebody")
    (tmp_path / "r-1.bin").symlink_to(tmp_path / "nowhere")
    (tmp_path / "r-2.bin").mkdir()
    remotes = [remote_of(files, app) for _ in range(3)]
    files.serve("/out/r.bin", b"another")
    other = remote_of(files, app)
    files.serve("/out/r.bin", CONTENT)
    threads = [threading.Thread(target=remote.download, args=(tmp_path,)) for remote in remotes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(WAIT)
    files.serve("/out/r.bin", b"another")
    assert other.download(tmp_path).name == "r-4.bin"
    assert {remote.download(tmp_path).name for remote in remotes} == {"r-3.bin"}
    assert (tmp_path / "r.bin").read_bytes() == b"of somebody"
    assert names(tmp_path) == ["r-1.bin", "r-2.bin", "r-3.bin", "r-4.bin", "r.bin"]
    assert not (tmp_path / "nowhere").exists()


def test_download_dir(files: FileApp, tmp_path: Path) -> None:
    """``download_dir`` is created when needed, also again if it vanishes, and may be a link."""
    real = tmp_path / "real"
    folder = tmp_path / "link"
    folder.symlink_to(real)
    with Client(files.url, download_dir=folder) as app:
        remote = remote_of(files, app)
        remote.read()
        assert not real.exists()
        real.mkdir()
        assert remote.download() == folder / "r.bin"
        (real / "r.bin").unlink()
        real.rmdir()
        folder.unlink()
        assert remote.download().read_bytes() == CONTENT and folder.is_dir()


def test_download_to_an_unwritable_folder(files: FileApp, app: Client, tmp_path: Path) -> None:
    """If the folder cannot be written, the error says what to do, and no file is left."""
    taken = tmp_path / "taken"
    taken.write_bytes(b"a file")
    says = r"'r\.bin' cannot be written.*download\(directory\)"
    for folder in (taken, taken / "below", "/proc/none", tmp_path / ("x" * 300), "a\0b"):
        with pytest.raises(DownloadError, match=says):
            remote_of(files, app).download(folder)
    assert names(tmp_path) == ["taken"] and taken.read_bytes() == b"a file"


def test_download_that_is_refused_makes_no_folder(
    files: FileApp, app: Client, tmp_path: Path
) -> None:
    """No folder is created before the first byte arrives."""
    files.scripts[f"GET {PLACE}"] = lambda x: x.answer({"detail": "gone"}, 404)
    with pytest.raises(DownloadError, match=r"404\. The file does not exist.*gone"):
        remote_of(files, app).download(tmp_path / "new")
    assert names(tmp_path) == []


FULL = """
import resource, sys
from pathlib import Path
from gradio_client_sync import Client, DownloadError
resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))
folder = Path(sys.argv[2])
with Client(sys.argv[1]) as app:
    remote = app.predict("/direct", ["x"])[0]
    try:
        remote.download(folder)
    except DownloadError as exc:
        assert "'r.bin' cannot be written" in str(exc) and "File too large" in str(exc), exc
    else:
        raise AssertionError("it was written")
    assert list(folder.iterdir()) == [], list(folder.iterdir())
    assert len(remote.read()) == 1_024_000
"""


def test_download_to_a_full_disk(files: FileApp, tmp_path: Path) -> None:
    """If the disk is full, no partial file is left; the content can be read into memory."""
    files.serve("/out/r.bin", CONTENT)
    files.output = [filedata("/out/r.bin")]
    run_python(FULL, files.url, str(tmp_path))


READ_ONLY = """
import os, sys, tempfile
from gradio_client_sync import Client, DownloadError
os.chdir(sys.argv[2])
os.setuid(65_534)
tempfile.tempdir = sys.argv[2]
with Client(sys.argv[1], download_dir=sys.argv[2]) as app, Client(sys.argv[1]) as private:
    for client in (app, private):
        remote = client.predict("/direct", ["x"])[0]
        assert len(remote.read()) == 1_024_000
        try:
            remote.download()
        except DownloadError as exc:
            assert "cannot be written" in str(exc), exc
        else:
            raise AssertionError("it was written")
"""


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="root writes anywhere")
def test_download_on_a_read_only_file_system(files: FileApp, tmp_path: Path) -> None:
    """A client needs no writable file system until it downloads something."""
    files.serve("/out/r.bin", CONTENT)
    files.output = [filedata("/out/r.bin")]
    for folder in (tmp_path, tmp_path.parent, tmp_path.parent.parent):
        folder.chmod(0o555 if folder == tmp_path else 0o755)
    run_python(READ_ONLY, files.url, str(tmp_path))


ENDING = """
import os, signal, sys
from gradio_client_sync import Client
app = Client(sys.argv[1])
path = app.predict("/direct", ["x"])[0].download()
assert path.is_file() and path.name == "r.bin"
print(path, flush=True)
how = sys.argv[2]
if how == "exit":
    sys.exit(3)
elif how == "exception":
    raise KeyError("of the user")
elif how == "interrupt":
    signal.raise_signal(signal.SIGINT)
elif how == "handled SIGTERM":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    signal.raise_signal(signal.SIGTERM)
elif how == "fork":
    if not os.fork():
        sys.exit(0)
    os.wait()
    assert path.is_file()
"""


@pytest.mark.parametrize(
    "how", ["end", "exit", "exception", "interrupt", "handled SIGTERM", "fork"]
)
def test_download_private_folder_is_removed_at_exit(files: FileApp, how: str) -> None:
    """The private folder is removed whenever Python ends, but not when a forked child ends."""
    files.serve("/out/r.bin", CONTENT)
    files.output = [filedata("/out/r.bin")]
    ran = subprocess.run(
        [sys.executable, "-c", ENDING, files.url, how], capture_output=True, text=True, check=False
    )
    path = Path(ran.stdout.strip())
    assert path.name == "r.bin", ran.stderr
    assert not path.parent.parent.exists()
    assert path.parent.parent.name.startswith("gradio-client-sync-")


# -- complete or not at all


KILLED = """
import os, sys
from gradio_client_sync import Client
def die(done, total):
    if done > 500_000:
        os.kill(os.getpid(), 9)
Client(sys.argv[1]).predict("/direct", ["x"])[0].download(sys.argv[2], progress=die)
"""


def test_download_killed_in_the_middle(files: FileApp, tmp_path: Path) -> None:
    """A killed download leaves no file of the final name, only a hidden one."""
    files.serve("/out/r.bin", CONTENT)
    files.output = [filedata("/out/r.bin")]
    ran = subprocess.run([sys.executable, "-c", KILLED, files.url, str(tmp_path)], check=False)
    assert ran.returncode == -signal.SIGKILL
    [left] = names(tmp_path)
    assert left.startswith(".") and left.endswith(".part")


class BreakingScript:
    """A script that serves `CONTENT`, and cuts the connection at given positions.

    Args:
        cuts: The number of bytes after which each response is cut; further responses are complete.
    """

    def __init__(self, files: FileApp, *cuts: int, ranges: bool = True) -> None:
        self.cuts = list(cuts)
        self.ranges = ranges
        self.content, self.tag = CONTENT, '"one"'
        self.following = self.content, self.tag  # what is served after a cut
        self.requests_seen: list[tuple[str | None, str | None]] = []
        files.scripts[f"GET {PLACE}"] = self

    def __call__(self, x: IncomingRequest) -> None:
        wanted, valid = x.headers["range"], x.headers["if-range"]
        self.requests_seen.append((wanted, valid))
        start = 0
        head: dict[str, Any] = {"ETag": self.tag}
        if self.ranges and wanted is not None and valid == self.tag:
            start = int(wanted[len("bytes=") : -1])
            whole = len(self.content)
            head["Content-Range"] = f"bytes {start}-{whole - 1}/{whole}"
        body = self.content[start:]
        x.start(206 if start else 200, {**head, "Content-Length": len(body)})
        cut = self.cuts.pop(0) if self.cuts else None
        x.write(body[:cut])
        if cut is not None:
            self.content, self.tag = self.following
            x.break_off()


@pytest.mark.parametrize("cuts", [(1,), (1_023_999,), (300_000,), (1, 1, 1), (500_000,) * 2])
def test_download_continues_after_a_break(
    files: FileApp, app: Client, cuts: tuple[int, ...], tmp_path: Path
) -> None:
    """After a break only the rest is requested, and only if the content is the same."""
    broken = BreakingScript(files, *cuts)
    assert remote_of(files, app).read() == CONTENT
    done = [sum(cuts[:n]) for n in range(1, len(cuts) + 1)]
    assert broken.requests_seen == [(None, None), *((f"bytes={n}-", '"one"') for n in done)]
    broken.cuts = list(cuts)
    steps: list[tuple[int, int | None]] = []
    path = remote_of(files, app).download(tmp_path, progress=lambda *at: steps.append(at))
    assert path.read_bytes() == CONTENT
    assert {total for _, total in steps} == {len(CONTENT)} and steps[-1][0] == len(CONTENT)
    assert steps == sorted(steps)


def test_download_restarts_if_ranges_are_ignored(files: FileApp, app: Client) -> None:
    """Servers before 5.0 ignore ranges and send the whole file again, which is accepted."""
    BreakingScript(files, 100_000, 700_000, ranges=False)
    assert remote_of(files, app).read() == CONTENT


def test_download_restarts_when_the_content_changed(files: FileApp, app: Client) -> None:
    """If the content has changed, the download starts again, so two contents are never mixed."""
    BreakingScript(files, 100_000).following = CONTENT[::-1], '"two"'
    assert remote_of(files, app).read() == CONTENT[::-1]


ODD_PARTS: tuple[tuple[int, dict[str, str]], ...] = (
    (206, {"Content-Range": "bytes 50000-1023999/1024000", "ETag": '"one"'}),
    (206, {"Content-Range": "bytes 200000-1023999/1024000", "ETag": '"one"'}),
    (206, {"Content-Range": "bytes 100000-1023999/1024000", "ETag": '"two"'}),
    (206, {"Content-Range": "nonsense"}),
    (206, {"Content-Type": "multipart/byteranges; boundary=x"}),
    (416, {"Content-Range": "bytes */10"}),
)


@pytest.mark.parametrize(("status", "head"), ODD_PARTS)
def test_download_restarts_when_the_rest_does_not_fit(
    files: FileApp, app: Client, status: int, head: dict[str, str]
) -> None:
    """If the rest is from another position, of another content or missing, it starts again."""
    broken = BreakingScript(files, 100_000)

    def odd(x: IncomingRequest) -> None:
        if x.headers["range"] is None:
            broken(x)
        else:
            x.answer(b"?" * 924_000, status, "text/plain", head)

    files.scripts[f"GET {PLACE}"] = odd
    assert remote_of(files, app).read() == CONTENT


def test_download_without_progress_ends(files: FileApp, app: Client, tmp_path: Path) -> None:
    """A download whose connection always breaks at the same byte ends with an error."""
    broken = BreakingScript(files, 5_000, 0, 0, 0, 0)
    with pytest.raises(DownloadError, match=r"'r\.bin' could not be downloaded.*broke off"):
        remote_of(files, app).download(tmp_path)
    assert len(broken.requests_seen) == 2 and names(tmp_path) == []
    broken = BreakingScript(files, 5_000, 5_000, 5_000, ranges=False)
    with pytest.raises(DownloadError, match="broke off"):
        remote_of(files, app).read()
    assert len(broken.requests_seen) == 2


def test_download_refuses_partial_content_without_a_range(files: FileApp, app: Client) -> None:
    """A 206 to a request without a range is an error."""
    head = {"Content-Range": "bytes 5-9/10"}
    files.scripts[f"GET {PLACE}"] = lambda x: x.answer(b"56789", 206, "text/plain", head)
    with pytest.raises(DownloadError, match="206 Partial Content"):
        remote_of(files, app).read()


def test_download_whose_length_differs_from_its_header(
    files: FileApp, app: Client, tmp_path: Path
) -> None:
    """A length that differs from the header or from the app's own size is an error."""

    def short(x: IncomingRequest) -> None:
        x.start(200, {"Content-Length": len(CONTENT)})
        x.write(CONTENT[:-1])
        x.break_off()

    files.scripts[f"GET {PLACE}"] = short
    with pytest.raises(DownloadError, match="could not be downloaded"):
        remote_of(files, app).download(tmp_path)
    files.serve("/out/r.bin", CONTENT)
    for size in (0, 5, len(CONTENT) + 1):
        remote = remote_of(files, app, size=size)
        with pytest.raises(DownloadError, match=f"has 1024000 bytes, but.*{size}") as caught:
            remote.download(tmp_path)
        assert caught.value.size_bytes == len(CONTENT)
    assert names(tmp_path) == []
    assert remote_of(files, app, size=len(CONTENT)).download(tmp_path).stat().st_size == 1_024_000


def test_download_without_a_length(files: FileApp, app: Client) -> None:
    """A response without a length ends with its last chunk or the connection; a cut raises."""

    def chunked(x: IncomingRequest) -> None:
        x.start(200, {"Transfer-Encoding": "chunked"})
        x.write(b"%x\r\n%s\r\n" % (len(CONTENT), CONTENT))
        if whole:
            x.write(b"0\r\n\r\n")
        else:
            x.break_off()

    def until_the_end(x: IncomingRequest) -> None:
        x.start(200, {"Connection": "close"})
        x.write(CONTENT)

    whole, steps = True, []
    files.scripts[f"GET {PLACE}"] = chunked
    remote = remote_of(files, app)
    assert remote_of(files, app).read() == CONTENT
    remote.download(progress=lambda *at: steps.append(at))
    assert steps[-1] == (len(CONTENT), None)
    whole = False
    with pytest.raises(DownloadError, match="could not be downloaded"):
        remote_of(files, app).read()
    files.scripts[f"GET {PLACE}"] = until_the_end
    assert remote_of(files, app).read() == CONTENT


def test_download_that_is_compressed_against_the_request(files: FileApp, app: Client) -> None:
    """A compressed response is decompressed; after a break the download starts again from zero."""
    packed, cuts = gzip.compress(CONTENT, 0), [600_000]

    def script(x: IncomingRequest) -> None:
        assert x.headers["accept-encoding"] == "identity" and x.headers["range"] is None
        x.start(200, {"Content-Encoding": "gzip", "Content-Length": len(packed), **TAG})
        x.write(packed[: cuts[0]] if cuts else packed)
        if cuts:
            cuts.pop()
            x.break_off()

    files.scripts[f"GET {PLACE}"] = script
    assert remote_of(files, app, size=len(CONTENT)).read() == CONTENT
    assert remote_of(files, app).read() == CONTENT


def test_download_of_nothing(files: FileApp, app: Client, tmp_path: Path) -> None:
    """An empty file can be downloaded."""
    remote = remote_of(files, app, b"", size=0)
    assert remote.read() == b"" and remote.download(tmp_path).read_bytes() == b""


def test_download_of_a_silent_server(files: FileApp) -> None:
    """The read timeout ends a silent response, and the rest is requested again."""
    gate = Gate()

    def script(x: IncomingRequest) -> None:
        if x.headers["range"] is None:
            x.start(200, {"Content-Length": 10, **TAG})
            x.write(b"01234")
            gate.pass_through()
        else:
            x.answer(b"56789", 206, "text/plain", {**TAG, "Content-Range": "bytes 5-9/10"})

    files.scripts[f"GET {PLACE}"] = script
    with Client(files.url, timeout=(5, 0.3)) as app:
        assert remote_of(files, app).read() == b"0123456789"
    gate.open()


# -- progress and closing


@pytest.mark.parametrize("error", [KeyError("mine"), OSError(errno.ENOSPC, "mine")])
def test_download_progress_that_raises(
    files: FileApp, app: Client, error: Exception, tmp_path: Path
) -> None:
    """An exception of the progress callback ends the download unchanged, and no file is left."""

    def progress(done: int, total: int | None) -> None:
        assert 0 < done < len(CONTENT) == total
        raise error

    remote = remote_of(files, app)
    with pytest.raises(type(error), match="mine") as caught:
        remote.download(tmp_path, progress=progress)
    assert caught.value is error and names(tmp_path) == []
    assert remote.download(tmp_path).read_bytes() == CONTENT


def test_download_ends_when_the_client_is_closed(files: FileApp, tmp_path: Path) -> None:
    """close() from another thread ends downloads at once, also those from another server."""
    gate, hung_up = Gate(), threading.Semaphore(0)

    def script(x: IncomingRequest) -> None:
        x.start(200, {"Content-Length": 10})
        x.write(b"0")
        gate.reached.set()
        if x.wait_for_hangup():
            hung_up.release()

    with FileApp() as elsewhere:
        elsewhere.scripts["GET /far.bin"] = script
        files.scripts[f"GET {PLACE}"] = script
        for path in ("/out/r.bin", f"{elsewhere.url}/far.bin"):
            gate.reached.clear()
            app = Client(files.url)
            files.output = [filedata(path)]
            remote, caught = app.predict("/direct", ["x"])[0], []

            def work(remote: RemoteFile = remote, caught: list[Exception] = caught) -> None:
                try:
                    remote.download(tmp_path)
                except ClientClosedError as exc:
                    caught.append(exc)

            thread = threading.Thread(target=work)
            thread.start()
            gate.wait_until_reached()
            app.close()
            thread.join(WAIT)
            assert caught and hung_up.acquire(timeout=WAIT)
    assert names(tmp_path) == []


# -- inline content of Gradio 3


def inline_app(*data: Any) -> FileApp:
    """Return an app of Gradio 3, which sends images as text."""
    image = [component(1), component(2, "image")]
    server = FileApp(version="3.50.2", components=image, api_prefix="", protocol="ws")
    server.output = list(data)
    return server


def test_download_of_inline_content(tmp_path: Path) -> None:
    """Inline content is read from the value, without a request."""
    big = os.urandom(5_000_000)
    for content, kind, name in ((b"png", "image/png", "file.png"), (big, "image/jpeg", "file.jpg")):
        text = f"data:{kind};base64,{base64.b64encode(content).decode()}"
        with inline_app(text) as server, Client(server.url) as app:
            remote = app.predict("/direct", ["x"])[0]
            before = list(server.requests)
            assert remote.read() == content and remote.mime_type == kind
            assert remote.download(tmp_path).name == name and remote.url is None
            assert server.requests == before


@pytest.mark.parametrize("content", ["QUJ", "*", "Ä"])
def test_download_of_broken_inline_content(content: str, tmp_path: Path) -> None:
    """Broken inline content raises an error when it is read."""
    with inline_app(f"data:image/png;base64,{content}") as server, Client(server.url) as app:
        remote = app.predict("/direct", ["x"])[0]
        for use in (remote.read, lambda: remote.download(tmp_path)):
            with pytest.raises(DownloadError, match="cannot be decoded"):
                use()
    assert names(tmp_path) == []


# -- real servers


@pytest.mark.gradio
def test_download_with_each_method(app_of_server: Client, tmp_path: Path) -> None:
    """Size, type, name and content are right in memory, on disk and as a stream."""
    remote = app_of_server.predict("/make_file", [3_000_001])[0]
    steps: list[tuple[int, int | None]] = []
    path = remote.download(tmp_path, progress=lambda *at: steps.append(at))
    assert path.name == "made.bin" and path.stat().st_size == 3_000_001
    assert hashlib.sha256(path.read_bytes()).digest() == hashlib.sha256(remote.read()).digest()
    assert steps[-1] == (3_000_001, 3_000_001)
    missing = app_of_server.predict("/make_file", [1])[0]
    missing._facts = missing._facts._replace(path="/nowhere/none.bin")
    with pytest.raises(DownloadError, match=r"responded with (403|404|500)"):
        missing.read()


@pytest.fixture
def app_of_server(server: Any) -> Iterator[Client]:
    with Client(server.url) as client:
        yield client


@pytest.mark.gradio
@pytest.mark.skipif(which("ffmpeg") is None, reason="Gradio needs ffmpeg to stream sounds")
@pytest.mark.parametrize("version", [v for v in ("5.50.0", "6.31.0") if v in SERVERS])
def test_download_of_a_stream(server_pool: ServerPool, version: str, tmp_path: Path) -> None:
    """A streamed sound is one complete file with its usual name after the job."""
    with Client(server_pool.get(version).url) as app:
        remote = app.predict("/sound_stream", [2])[0]
        assert remote.is_stream and remote.url.endswith("/playlist.m3u8")
        path = remote.download(tmp_path)
        assert path.stat().st_size > 500
        assert remote.read() == path.read_bytes()


def test_download_of_a_stream_requests_the_complete_file(files: FileApp, app: Client) -> None:
    """A streamed file is requested as a whole, and not by its playlist."""
    files.scripts["GET /stream/s/r/1/playlist-file"] = lambda x: x.answer(
        b"sound", 200, "audio/aac"
    )
    files.output = [filedata("s/r/1/playlist.m3u8", is_stream=True, orig_name="a.mp3", size=3)]
    assert app.predict("/direct", ["x"])[0].read() == b"sound"


# -- memory


MEMORY = """
import re, sys
from pathlib import Path
from gradio_client_sync import Client

def kilobytes(name):
    return int(re.search(name + r":\\s+(\\d+)", Path("/proc/self/status").read_text())[1])

with Client(sys.argv[1]) as app:
    app.predict("/direct", ["warm"])[0].download()
    remote = app.predict("/direct", ["x"])[0]
    before = kilobytes("VmRSS")
    path = remote.download()
    grown = kilobytes("VmHWM") - before
    assert path.stat().st_size == 300 * 2**20
    print(grown)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_download_of_300_mb_takes_no_memory(files: FileApp) -> None:
    """A download of 300 MB adds less than 16 MB to the process."""
    sizes = [10, 300 * 2**20]

    def script(x: IncomingRequest) -> None:
        size = sizes.pop(0)
        x.start(200, {"Content-Length": size})
        for _ in range(size // 2**20):
            x.write(bytes(2**20))
        x.write(bytes(size % 2**20))

    files.scripts[f"GET {PLACE}"] = script
    files.output = [filedata("/out/r.bin")]
    assert int(run_python(MEMORY, files.url)) < 16_384
