"""Sound and video from a generator: every value can be read, and the last one is complete."""

from __future__ import annotations

import io
import pickle
import struct
import subprocess
import threading
import urllib.request
import uuid
import wave
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from shutil import which
from typing import Any

import pytest

from gradio_client_sync import Client, ClientClosedError, DownloadError, DownloadTimeoutError
from gradio_client_sync.files import RemoteFile
from tests.conftest import SERVERS
from tests.support.file_app import FileApp
from tests.support.processes import run_python
from tests.support.scripted import WAIT, IncomingRequest
from tests.support.servers.plugin import ServerPool
from tests.support.servers.server import Server

RATE = 8_000  # frames in a chunk, which lasts one second
HAS_FFMPEG = which("ffmpeg") is not None


def release_of(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


def gives_once(version: str) -> bool:
    """Return whether a server gives a sound once; later ones give a playlist, and need ffmpeg."""
    return release_of(version) < (5, 0)


MAKING = [v for v in SERVERS if release_of(v) >= (3, 50) and (HAS_FFMPEG or gives_once(v))]
ONCE = [version for version in MAKING if gives_once(version)]
PLAYLISTS = [version for version in MAKING if not gives_once(version)]


@pytest.fixture(params=MAKING)
def version(request: pytest.FixtureRequest) -> str:
    """Return each release whose functions can make sounds."""
    assert isinstance(request.param, str)
    return request.param


@pytest.fixture
def maker(version: str, server_pool: ServerPool) -> Server:
    """Return a server whose functions make sounds."""
    return server_pool.get(version)


@pytest.fixture
def sounds(maker: Server) -> Iterator[Client]:
    with Client(maker.url) as client:
        yield client


@pytest.fixture
def held(maker: Server) -> Iterator[str]:
    """Yield the key of a function that waits, and release it at the end."""
    name = uuid.uuid4().hex
    yield name
    maker.control.release(name)


def frames(content: bytes) -> int:
    """Return the number of frames in the header of a WAV sound, and check that all are there."""
    with wave.open(io.BytesIO(content)) as sound:
        assert sound.getframerate() == RATE and sound.getsampwidth() == 2
        count = sound.getnframes()
        assert len(sound.readframes(count)) == 2 * count
    return count


def assert_seconds(content: bytes, seconds: int, version: str) -> None:
    """Check the length of a sound; encoders of playlists add up to 0.2 s to each chunk."""
    if gives_once(version):
        assert frames(content) == seconds * RATE
    else:
        assert seconds * RATE <= frames(content) <= 1.2 * seconds * RATE + RATE


# -- every generation


@pytest.mark.gradio
def test_recording_is_complete_for_every_value(
    sounds: Client, version: str, tmp_path: Path
) -> None:
    """Each value of the job can be read, downloaded, opened and pickled, as often as needed."""
    values = list(sounds.submit("/sound_stream", [3]))
    files = [value[0] for value in values]
    assert len(files) >= 3 and all(type(file) is RemoteFile for file in files)
    assert all(file.is_stream for file in files)
    content = files[-1].read()
    assert_seconds(content, 3, version)
    assert files[-1].read() == files[0].read() == files[1].read() == content
    assert files[0].download(tmp_path).name == "audio.wav"
    assert files[-1].download(tmp_path).read_bytes() == content
    with files[1].open() as opened, open(files[1], "rb") as again:
        assert opened.read() == again.read() == content
    thawed = pickle.loads(pickle.dumps([values[-1], files[0]]))
    assert thawed[0][0].read() == thawed[1].read() == content
    assert sounds.predict("/sound_stream", [1])[0].read() != content


@pytest.mark.gradio
def test_recording_of_a_call_beside_text(sounds: Client, version: str) -> None:
    """One output among several may be a sound, and two jobs at the same time keep theirs apart."""
    jobs = [sounds.submit("/sound_and_text", [n]) for n in (2, 3)]
    results = [job.result() for job in jobs]
    assert [result[0] for result in results] == ["1", "2"]
    for result, seconds in zip(reversed(results), (3, 2)):
        assert_seconds(result[1].read(), seconds, version)


@pytest.mark.gradio
def test_recording_survives_its_client(sounds: Client, version: str) -> None:
    """After close(), a sound that was read is still there; any other raises an error at once."""
    read, unread = (sounds.predict("/sound_stream", [1])[0] for _ in range(2))
    content = read.read()
    sounds.close()
    assert read.read() == content and read.download().read_bytes() == content
    with pytest.raises(ClientClosedError, match="was downloaded"):
        unread.read()


@pytest.mark.gradio
def test_recording_as_an_input(sounds: Client, maker: Server, version: str) -> None:
    """A recording is uploaded when it is an input, because the app has no file of it."""
    made = sounds.predict("/sound_stream", [1])[0]
    copy = sounds.predict("/file", [made])[0]
    assert copy.read() == made.read()


# -- during the job


@pytest.mark.gradio
def test_recording_read_while_it_is_made(
    sounds: Client, maker: Server, version: str, held: str
) -> None:
    """Before the end, a playlist gives the sound so far; for a sound given once, read() waits."""
    job = sounds.submit("/sound_held", [held])
    values = iter(job)
    first = next(values)[0]
    if gives_once(version):
        with pytest.raises(DownloadTimeoutError, match="within"):
            first.read(timeout=0.1)
        got: list[bytes] = []
        reader = threading.Thread(target=lambda: got.append(first.read()))
        reader.start()
        maker.control.release(held)
        reader.join(WAIT)
        [content] = got
    else:
        early = first.read()
        # AAC, or empty if there is none yet
        assert early == first.read() and early[:1] in (b"\xff", b"")
        assert not early or first.download().suffix == ".aac"
        maker.control.release(held)
        content = job.result()[0].read()
        assert len(early) < len(content) and first.read() == (early or content)
    last = list(values)[-1][0]
    assert last.read() == job.result()[0].read() == content
    assert_seconds(content, 2, version)


@pytest.mark.gradio
def test_recording_of_a_listener(sounds: Client, version: str) -> None:
    """A listener can read each value when it gets it, without waiting for itself."""
    read: list[bytes] = []
    job = sounds.submit("/sound_stream", [2])
    job.on("data", lambda data: read.append(data[0].read()))
    content = job.result(timeout=WAIT)[0].read()
    assert read[-1] == content and len(read) >= 2
    assert_seconds(content, 2, version)


@pytest.mark.gradio
@pytest.mark.parametrize("version", [v for v in ("3.50.2", "4.44.1") if v in ONCE])
def test_recording_of_a_cancelled_job(
    sounds: Client, maker: Server, version: str, held: str
) -> None:
    """After a cancel, the sound made so far can be read."""
    job = sounds.submit("/sound_held", [held])
    first = next(iter(job))[0]
    assert job.cancel()
    assert frames(first.read()) == RATE


# -- sounds that are gone


@pytest.mark.gradio
@pytest.mark.parametrize("version", [v for v in ("3.50.2", "4.21.0", "4.44.1") if v in ONCE])
def test_recording_that_was_fetched_elsewhere(sounds: Client, version: str) -> None:
    """The error says why and what to do, without a second request, also from a pickle."""
    made = sounds.predict("/sound_stream", [1])[0]
    with urllib.request.urlopen(made.url, timeout=WAIT) as stolen:
        assert stolen.read()
    with pytest.raises(DownloadError, match=r"something else has downloaded it.*Call the") as first:
        made.read()
    for use in (made.read, made.download, made.open, pickle.loads(pickle.dumps(made)).read):
        with pytest.raises(DownloadError) as again:
            use()
        assert str(again.value) == str(first.value)


@pytest.mark.gradio
@pytest.mark.parametrize("version", PLAYLISTS)
def test_recording_whose_file_the_app_has_deleted(sounds: Client, version: str) -> None:
    """If the app has deleted the file, the segments of the playlist are joined."""
    made, job = "", sounds.submit("/sound_stream", [2])
    other = pickle.loads(pickle.dumps(job.result()[0]))
    whole = job.result()[0].read()
    folder = Path(sounds.predict("/make_file", [1])[0].path).parent.parent
    for path in folder.glob("*/audio.*"):
        path.unlink()
        made = str(path)
    assert made, "the server keeps its file elsewhere"
    content = other.read()
    assert content[:1] == b"\xff" and 0 < len(content) < len(whole)
    assert other.download().suffix == ".aac"


# -- video


@pytest.mark.gradio
@pytest.mark.parametrize("version", PLAYLISTS)
def test_recording_of_a_film(sounds: Client, version: str) -> None:
    """The parts of a video make one complete video in the end."""
    value = sounds.predict("/film_stream", [3], timeout=60)[0]
    film = value["video"] if isinstance(value, dict) else value
    path = film.download()
    assert path.name == "video-stream.mp4" and film.read() == path.read_bytes()
    command = ["ffprobe", "-v", "error", "-show_entries", "format=duration", "-of", "csv=p=0"]
    said = subprocess.run([*command, path], capture_output=True, text=True, check=True)
    assert 3 <= float(said.stdout) < 3.5


# -- one URL for several jobs (happens on 3.50 to 5.x)


def chunk_of(seconds: int, *, has_header: bool) -> bytes:
    """Return a chunk of a sound as servers from 3.50 to 4.44 send it."""
    head = b"RIFF\xff\xff\xff\xffWAVEfmt " + struct.pack(
        "<IHHIIHH", 16, 1, 1, RATE, 2 * RATE, 2, 16
    )
    head += b"data\xff\xff\xff\xff"
    return (head if has_header else b"") + bytes(2 * RATE * seconds)


@pytest.fixture
def scripted() -> Iterator[FileApp]:
    with FileApp("audio") as server:
        yield server


def stream(path: str, name: str | None = "audio.wav") -> list[Any]:
    return [{"path": path, "is_stream": True, **({"orig_name": name} if name else {})}]


def answer(content: bytes, x: IncomingRequest) -> None:
    x.answer(content, 200, "audio/aac")


class Once:
    """A script that sends each of several contents once."""

    def __init__(self, *contents: bytes) -> None:
        self.contents = list(contents)

    def __call__(self, x: IncomingRequest) -> None:
        x.answer(self.contents.pop(0), 200, "application/octet-stream")


@pytest.mark.parametrize("name", ["audio.wav", None])
@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (2,), (1, 2)])
def test_recordings_at_one_url(scripted: FileApp, name: str | None, order: tuple[int, ...]) -> None:
    """Results with the same URL each have their own sound, in any order of reading."""
    scripted.scripts["GET /stream/s/1/2"] = Once(
        *(chunk_of(seconds, has_header=seconds == 1) for seconds in (1, 2, 3))
    )
    scripted.output = stream("s/1/2", name)
    with Client(scripted.url) as app:
        files = [app.predict("/direct", ["x"])[0] for _ in range(3)]
        for number in order:
            assert frames(files[number].read()) == (number + 1) * RATE
        assert scripted.count("GET /stream/s/1/2") == max(order) + 1


def test_recordings_at_one_url_that_were_deleted_unread(scripted: FileApp) -> None:
    """If a result is deleted unread, the next result still has its own sound."""
    scripted.scripts["GET /stream/s/1/2"] = Once(
        chunk_of(1, has_header=True), chunk_of(2, has_header=False)
    )
    scripted.output = stream("s/1/2")
    with Client(scripted.url) as app:
        app.predict("/direct", ["x"])
        assert frames(app.predict("/direct", ["x"])[0].read()) == 2 * RATE


def test_recording_after_values_without_sound(scripted: FileApp) -> None:
    """A generator that yields None first sends empty sounds, which are skipped."""
    sound = b"ID3\x04sound"
    scripted.scripts["GET /stream/s/1/2"] = Once(b"", b"", sound)
    scripted.output = stream("s/1/2", None)
    with Client(scripted.url) as app:
        made = app.predict("/direct", ["x"])[0]
        assert made.read() == sound and made.orig_name == "audio"
        assert made.download().name == "audio.mp3"


def test_recordings_that_are_in_one_playlist(scripted: FileApp) -> None:
    """Results in one playlist are separated by their segments, or raise an error if that fails."""
    place = "/stream/s/1/2"
    segments = ["a", "b"]

    def playlist(x: IncomingRequest) -> None:
        lines = "".join(f"#EXTINF:1,\n{name}.aac\n" for name in segments)
        x.answer(f"#EXTM3U\n{lines}#EXT-X-ENDLIST\n".encode(), 200, "text/plain")

    scripted.scripts[f"GET {place}/playlist.m3u8"] = playlist
    scripted.scripts[f"GET {place}/playlist-file"] = lambda x: x.answer(b"ab", 200, "audio/wav")
    for name in "abcd":
        scripted.scripts[f"GET {place}/{name}.aac"] = partial(answer, name.encode())
    scripted.output = stream("s/1/2/playlist.m3u8")
    with Client(scripted.url) as app:
        first = app.predict("/direct", ["x"])[0]
        assert first.read() == b"ab"
        second = app.predict("/direct", ["x"])[0]
        segments.append("c")
        assert second.read() == b"c" and second.download().name == "audio.aac"
        third, fourth = (app.predict("/direct", ["x"])[0] for _ in range(2))
        segments.append("d")
        for unclear in (third, fourth):
            with pytest.raises(DownloadError, match=r"another call.*isolated=True"):
                unclear.read()
        assert first.read() == b"ab" and second.read() == b"c"


@pytest.mark.parametrize("answer", [b"<html>", b"#EXTM3U\nhttp://elsewhere.invalid/a.aac\n"])
def test_recording_with_a_strange_playlist(scripted: FileApp, answer: bytes) -> None:
    """Entries of a playlist that point elsewhere are an error."""
    scripted.scripts["GET /stream/s/1/2/playlist.m3u8"] = lambda x: x.answer(answer, 200, "a/b")
    scripted.output = stream("s/1/2/playlist.m3u8")
    with Client(scripted.url) as app:
        with pytest.raises(DownloadError, match="cannot be read as a playlist"):
            app.predict("/direct", ["x"])[0].read()


def test_recording_of_an_ended_session(scripted: FileApp) -> None:
    """If the session has ended, the error says when servers remove a sound and what to do."""
    scripted.scripts["GET /stream/s/1/2/playlist.m3u8"] = lambda x: x.answer(b"", 404, "a/b")
    scripted.output = stream("s/1/2/playlist.m3u8")
    with Client(scripted.url) as app:
        with pytest.raises(DownloadError, match=r"when the session ends.*without isolated=True"):
            app.predict("/direct", ["x"])[0].read()


def test_recording_that_is_broken_off(scripted: FileApp) -> None:
    """A sound whose response breaks off raises an error, and is not requested again."""

    def breaks(x: IncomingRequest) -> None:
        x.start(200, {"Content-Length": 100})
        x.write(b"ID3")
        x.break_off()

    scripted.scripts["GET /stream/s/1/2"] = breaks
    scripted.output = stream("s/1/2")
    with Client(scripted.url, retries=0) as app:
        made = app.predict("/direct", ["x"])[0]
        for _ in range(2):
            with pytest.raises(DownloadError, match=r"broke after 3 bytes.*Call the"):
                made.read()
    assert scripted.count("GET /stream/s/1/2") == 1


def test_recording_by_many_threads(scripted: FileApp) -> None:
    """If many threads read a sound, one of them fetches it for all."""
    scripted.scripts["GET /stream/s/1/2"] = Once(b"ID3sound")
    scripted.output = stream("s/1/2")
    with Client(scripted.url) as app:
        result = app.predict("/direct", ["x"])
        got: list[bytes] = []
        threads = [threading.Thread(target=lambda: got.append(result[0].read())) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(WAIT)
    assert got == [b"ID3sound"] * 8


FORKED = """
import os, sys
from gradio_client_sync import Client
app = Client(sys.argv[1])
made = app.predict("/direct", ["x"])[0]
content = made.read()
child = os.fork()
if not child:
    ok = made.read() == content and made.download().read_bytes() == content
    app.close()
    sys.exit(0 if ok else 1)  # with all that is done at exit
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
assert made.read() == content and len(content) > 5_000_000
"""


def test_recording_in_a_fork(scripted: FileApp) -> None:
    """A large sound is a file on disk, which a forked process can read and does not remove."""
    scripted.scripts["GET /stream/s/1/2"] = Once(b"ID3" * 2_000_000)
    scripted.output = stream("s/1/2")
    run_python(FORKED, scripted.url)


ELSEWHERE = """
import pickle, sys
from pathlib import Path
made = pickle.loads(Path(sys.argv[1]).read_bytes())
assert made.read() == b"ID3" * 2_000_000 == made.download().read_bytes()
"""


def test_recording_in_a_pickle_without_its_server(tmp_path: Path) -> None:
    """The pickle includes the content: the server, the client and its folder may be gone."""
    with FileApp("audio") as scripted, Client(scripted.url) as app:
        scripted.scripts["GET /stream/s/1/2"] = Once(b"ID3" * 2_000_000)
        scripted.output = stream("s/1/2")
        made = app.predict("/direct", ["x"])[0]
        made.read()
        (tmp_path / "made").write_bytes(pickle.dumps(made))
    del made
    run_python(ELSEWHERE, str(tmp_path / "made"))


# -- any file is fetched once


@pytest.mark.gradio
@pytest.mark.parametrize("size", [100, 5_000_000])
def test_file_that_the_app_deletes_after_it_was_read(
    app: Client, size: int, tmp_path: Path
) -> None:
    """A file that was read can be used in every way, even if the app has deleted it."""
    file = app.predict("/make_file", [size])[0]
    content = file.read()
    assert len(content) == size
    Path(file.path).unlink()
    assert file.read() == content and file.download(tmp_path).read_bytes() == content
    with file.open() as opened:
        assert opened.read() == content
    assert pickle.loads(pickle.dumps(file)).read() == content


def test_file_is_fetched_once_by_all_methods(scripted: FileApp, tmp_path: Path) -> None:
    """A file is fetched once, whichever method is used first, and also by many threads."""
    scripted.serve("/out/r.bin", b"content")
    scripted.output = [{"path": "/out/r.bin", "meta": {"_type": "gradio.FileData"}}]
    with Client(scripted.url) as app:
        file = app.predict("/direct", ["x"])[0]
        uses = [file.read, file.download, file.__fspath__, lambda: file.download(tmp_path)] * 3
        threads = [threading.Thread(target=use) for use in uses]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(WAIT)
        assert file.read() == b"content" == (tmp_path / "r.bin").read_bytes()
    assert scripted.count("GET /file=/out/r.bin") == 1
