"""`RemoteFile.save`: a file at exactly the path that the user gives."""

from __future__ import annotations

import errno
import os
import pickle
import stat
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gradio_client_sync import Client, DownloadError
from gradio_client_sync.errors import ClientClosedError, DownloadTimeoutError
from gradio_client_sync.files import RemoteFile
from tests.contract.test_downloads import CONTENT, PLACE, TAG, names, remote_of
from tests.support.file_app import FileApp, filedata
from tests.support.scripted import IncomingRequest
from tests.support.servers.server import Server


@pytest.fixture
def files() -> Iterator[FileApp]:
    with FileApp() as server:
        yield server


@pytest.fixture
def app(files: FileApp) -> Iterator[Client]:
    with Client(files.url) as client:
        yield client


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make an empty folder the current one, and the user's home."""
    monkeypatch.chdir(tmp_path)
    for variable in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(variable, str(tmp_path / "home"))
    return tmp_path


# -- the path


@pytest.mark.parametrize(
    ("path", "written"),
    [
        ("report.csv", "report.csv"),
        ("no_suffix", "no_suffix"),
        ("new/deep/x.bin", "new/deep/x.bin"),
        ("r.bin/r.bin", "r.bin/r.bin"),
        ("~/x.bin", "home/x.bin"),
        ("~/new/x.bin", "home/new/x.bin"),
        ("a/../b.bin", "b.bin"),
        ("~x.bin", "~x.bin"),
        (" ü $HOME 😀.bin", " ü $HOME 😀.bin"),
        (".hidden", ".hidden"),
        ("new/", "new/r.bin"),
        ("new/r.bin/", "new/r.bin/r.bin"),
        ("there", "there/r.bin"),
        ("there/", "there/r.bin"),
        (".", "r.bin"),
        ("new/.", "new/r.bin"),
        ("~", "home/r.bin"),
    ],
)
@pytest.mark.parametrize("kind", [str, Path, os.fsencode])
def test_save_writes_to_the_path(
    files: FileApp, app: Client, here: Path, path: str, written: str, kind: Any
) -> None:
    """A file name is the file's; a folder, or a path that ends in a slash, gets the file in it."""
    for folder in ("there", "home"):
        (here / folder).mkdir()
    if kind is Path and path.endswith(("/", "/.")) and path.startswith("new"):
        pytest.skip("a Path has no slash at its end")
    saved = remote_of(files, app).save(kind(path))
    assert saved == here / written and saved.is_absolute()
    assert saved.read_bytes() == CONTENT
    assert [found for found in here.rglob("*") if found.is_file()] == [saved]


def test_save_replaces_a_file_when_it_is_complete(files: FileApp, app: Client, here: Path) -> None:
    """Another file at the path stays until the new content is there, and its mode stays."""
    path = here / "r.csv"
    path.write_bytes(b"before")
    path.chmod(0o640)
    held = path.open("rb")
    seen: list[bytes] = []
    remote_of(files, app).save(path, progress=lambda *_: seen.append(path.read_bytes()))
    assert set(seen) == {b"before"} and held.read() == b"before"
    held.close()
    assert path.read_bytes() == CONTENT
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert names(here) == ["r.csv"]


def test_save_in_a_folder_replaces_nothing(files: FileApp, app: Client, here: Path) -> None:
    """Where the app chooses the name, no file of the user is replaced, and no name is harmful."""
    (here / "r.bin").write_bytes(b"mine")
    assert remote_of(files, app).save(here).name == "r-1.bin"
    assert (here / "r.bin").read_bytes() == b"mine"
    for name in ("../../evil", "/etc/passwd", "C:\\evil", ".bashrc", "nul", "a\x1b[2Jb"):
        saved = remote_of(files, app, orig_name=name).save(f"{here}/safe/")
        assert saved.parent == here / "safe" and not saved.name.startswith(".")
    assert {path.name for path in here.iterdir()} == {"r.bin", "r-1.bin", "safe"}


def refuse(*args: Any, **options: Any) -> None:
    raise PermissionError(errno.EACCES, "The file is used by another process")


def test_file_that_is_in_use_is_not_replaced(
    files: FileApp, app: Client, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on Windows: the error names the file, and neither an empty nor a partial file is left."""
    (here / "mine.txt").write_text("old")
    (here / "folder").mkdir()
    monkeypatch.setattr(os, "replace", refuse)
    monkeypatch.setattr(os, "link", refuse)  # a file system without hard links
    result = remote_of(files, app)
    with pytest.raises(DownloadError, match=r"mine.txt.*used by another process"):
        result.save("mine.txt")
    with pytest.raises(DownloadError, match=r"cannot be written to .*used by another process"):
        result.download("folder")
    assert (here / "mine.txt").read_text() == "old"
    assert names(here) == ["folder", "mine.txt"] and names(here / "folder") == []


def test_file_that_is_in_use_is_not_removed(
    files: FileApp, app: Client, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on Windows: a part that cannot be removed hides neither the result nor the error."""
    monkeypatch.setattr(Path, "unlink", refuse)
    remote_of(files, app).save("mine.txt")
    assert (here / "mine.txt").exists()
    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(DownloadError, match="used by another process"):
        remote_of(files, app).save("mine.txt")


def test_save_follows_a_link(files: FileApp, app: Client, here: Path) -> None:
    """As `open` does, it writes to the file behind a link, also if there is none yet."""
    (here / "old.bin").write_bytes(b"old")
    for target in ("old.bin", "new.bin"):
        link = here / f"to_{target}"
        link.symlink_to(here / target)
        assert remote_of(files, app).save(link) == here / target
        assert link.is_symlink() and (here / target).read_bytes() == CONTENT


@pytest.mark.parametrize("path", ["taken/x.bin", "x" * 300, "a\0b", "/proc/none/x.bin"])
def test_save_to_an_unwritable_path(files: FileApp, app: Client, here: Path, path: str) -> None:
    """If the path cannot be written, the error is typed and says what to do; nothing is left."""
    (here / "taken").write_bytes(b"a file")
    with pytest.raises(DownloadError, match=r"cannot be written.*save\(path\)"):
        remote_of(files, app).save(path)
    assert names(here) == ["taken"] and (here / "taken").read_bytes() == b"a file"


@pytest.mark.parametrize("path", ["/dev/null", "pipe", ""])
def test_save_replaces_files_only(files: FileApp, app: Client, here: Path, path: str) -> None:
    """A device or pipe is not replaced by a file, and an empty path is not the current folder."""
    os.mkfifo(here / "pipe")
    with pytest.raises(DownloadError, match=r"neither a file nor a folder|got an empty text"):
        remote_of(files, app).save(path)
    assert stat.S_ISFIFO((here / "pipe").stat().st_mode) and names(here) == ["pipe"]
    assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)
    with pytest.raises(TypeError):
        remote_of(files, app).save(None)  # type: ignore[arg-type]


# -- the content


def test_save_continues_a_broken_download(files: FileApp, app: Client, here: Path) -> None:
    """A connection that breaks continues where it broke."""
    half, ranges = len(CONTENT) // 2, []

    def script(x: IncomingRequest) -> None:
        ranges.append(x.headers.get("range"))
        if ranges[-1] is None:
            x.start(200, {**TAG, "Content-Length": len(CONTENT)})
            x.write(CONTENT[:half])
            x.break_off()
        else:
            headers = {**TAG, "Content-Range": f"bytes {half}-{len(CONTENT) - 1}/{len(CONTENT)}"}
            x.answer(CONTENT[half:], 206, "text/plain", headers)

    files.scripts[f"GET {PLACE}"] = script
    assert remote_of(files, app).save("x.bin").read_bytes() == CONTENT
    assert ranges == [None, f"bytes={half}-"]


def test_save_that_fails_changes_nothing(files: FileApp, app: Client, here: Path) -> None:
    """If the file cannot be downloaded, the file at the path stays, and no folder is made."""
    (here / "x.bin").write_bytes(b"before")
    files.scripts[f"GET {PLACE}"] = lambda x: x.answer({"detail": "gone"}, 404)
    for path in ("x.bin", "new/x.bin"):
        with pytest.raises(DownloadError, match="does not exist"):
            remote_of(files, app).save(path)
    files.scripts[f"GET {PLACE}"] = lambda x: x.wait_for_hangup()
    with pytest.raises(DownloadTimeoutError, match=r"timeout= of download\(\), save\(\)"):
        remote_of(files, app).save("x.bin", timeout=0.2)
    assert names(here) == ["x.bin"] and (here / "x.bin").read_bytes() == b"before"


def test_save_uses_what_is_here(files: FileApp, app: Client, here: Path) -> None:
    """What was read, downloaded or saved before is copied; a file that was changed is not."""
    for first in (RemoteFile.read, RemoteFile.download, lambda remote: remote.save("first")):
        remote = remote_of(files, app)
        count = files.count(f"GET {PLACE}")
        first(remote)  # type: ignore[operator]
        for path in ("second", "second", "third"):
            assert remote.save(path).read_bytes() == CONTENT
        assert remote.read() == CONTENT
        assert files.count(f"GET {PLACE}") == count + 1
    remote = remote_of(files, app)
    count = files.count(f"GET {PLACE}")
    remote.save("mine").write_bytes(b"changed by the user")
    again = pickle.loads(pickle.dumps(remote))
    assert remote.read() == CONTENT == again.save("other").read_bytes()
    assert files.count(f"GET {PLACE}") == count + 3


def test_save_of_several_to_one_path(files: FileApp, app: Client, here: Path) -> None:
    """Each file keeps its own content if the next one is saved over it."""
    first = remote_of(files, app, b"first")
    first.save("latest")
    files.serve("/out/r.bin", b"second")
    second = remote_of(files, app, b"second")
    assert second.save("latest").read_bytes() == b"second"
    files.serve("/out/r.bin", b"first")
    assert (first.read(), second.read()) == (b"first", b"second")


def test_save_by_two_threads_at_once(files: FileApp, app: Client, here: Path) -> None:
    """Threads that save one file to one path or several download it once."""
    remote = remote_of(files, app)
    paths = ["one", "one", "two"]
    threads = [threading.Thread(target=remote.save, args=(path,)) for path in paths]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert names(here) == ["one", "two"] and (here / "one").read_bytes() == CONTENT
    assert files.count(f"GET {PLACE}") == 1


def test_save_of_content_in_the_result(files: FileApp, here: Path) -> None:
    """Content that came with the result is saved without a request, also after `close`."""
    with Client(files.url) as app:
        files.output = [filedata(None, url="data:text/plain;base64,aGk=", orig_name="a.txt")]
        inline = app.predict("/direct", ["x"])[0]
        remote = remote_of(files, app)
    assert inline.save("hi.txt").read_bytes() == b"hi"
    assert inline.save("folder/").name == "a.txt"
    with pytest.raises(ClientClosedError, match=r"r\.bin"):
        remote.save("x.bin")


def test_save_calls_progress(files: FileApp, app: Client, here: Path) -> None:
    """The function gets the bytes so far, and the total."""
    calls: list[Any] = []
    remote_of(files, app).save("x.bin", progress=lambda *numbers: calls.append(numbers))
    assert calls[-1] == (len(CONTENT), len(CONTENT))


# -- a file name for `download`


@pytest.mark.parametrize(
    ("path", "name", "is_file"),
    [
        ("out/report.csv", "table.csv", True),
        ("REPORT.CSV", "table.csv", True),
        ("cat.png", "image.webp", True),
        ("cat.jpeg", "image.jpg", True),
        ("song.mp3", "audio.wav", True),
        ("film.mov", "film.mp4", True),
        ("data.json", "table.csv", False),
        ("v1.2", "table.csv", False),
        ("site.com", "image.webp", False),
        ("cat.png/", "image.webp", False),
        (".csv", "table.csv", False),
        ("folder", "file", False),
        ("report.csv", "file", False),
    ],
)
def test_download_says_that_it_takes_a_folder(
    files: FileApp, app: Client, here: Path, path: str, name: str, is_file: bool
) -> None:
    """A folder that is called like a file of this kind is an error with the calls to type."""
    remote = remote_of(files, app, orig_name=name)
    if not is_file:
        assert remote.download(path) == here / path / name
        return
    says = rf"download\(\) takes a folder.*save\('{path}'\).*slash: download\('{path}/'\)"
    with pytest.raises(DownloadError, match=says):
        remote.download(path)
    assert names(here) == [] and files.count(f"GET {PLACE}") == 0
    (here / path).mkdir(parents=True)
    assert remote.download(path) == here / path / name


def test_place_that_is_no_path(files: FileApp, app: Client, here: Path) -> None:
    """The error names what was given, and nothing is written."""
    file = remote_of(files, app)
    for use in (file.save, file.download):
        with pytest.raises(TypeError, match="must be a path, not 5"):
            use(5)  # type: ignore[arg-type]
    assert not list(here.iterdir())


def test_download_expands_the_home(files: FileApp, app: Client, here: Path) -> None:
    """``~`` is the home in the folder of `download`."""
    assert remote_of(files, app).download("~/pictures") == here / "home" / "pictures" / "r.bin"


# -- real servers


@pytest.mark.gradio
def test_save_on_real_servers(server: Server, here: Path) -> None:
    """A file and a recording of every release are saved to their paths."""
    with Client(server.url) as app:
        made = app.predict("/make_file", [3_000_000])[0]
        saved = made.save("made/of.bin")
        assert saved.stat().st_size == 3_000_000 and saved.read_bytes() == made.read()
        if "/sound_stream" in app.view_api()["named_endpoints"]:
            sound = app.predict("/sound_stream", [2])[0]
            assert sound.save("sound.any").read_bytes() == sound.read() != b""
            assert sound.save("sounds/").parent == here / "sounds"
