"""Fetching files of results: from where, with what, and to where.

A file's address is made from the app's own. Only a link that the app gives as such leads to
another origin, and so may a redirect; both are followed bare, by a connection that has no
token, cookie or header to send. On disk a file appears under its name when it is complete,
and never in the place of another.
"""

from __future__ import annotations

import filecmp
import os
import secrets
import shutil
import stat
import tempfile
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable
from urllib.parse import urljoin

from ._protocol.filedata import decode_data_url, is_link
from ._protocol.filename import numbered
from ._protocol.routes import may_follow, origin_of
from ._transport.base import Aborted, Lost
from ._transport.body import CHUNK_BYTES
from ._transport.connections import Call
from ._transport.http import Http
from .errors import ClientClosedError, ConnectFailedError, DownloadError, GradioClientError

if TYPE_CHECKING:
    from ._protocol.filedata import FileFacts
    from ._protocol.routes import Routes
    from ._transport.body import Download, Reader
    from .files import ProgressListener

_REDIRECTS = 5
_RESUMES = 8  # breaks in a row without a byte in between end a download at once
_PLAYLIST = "playlist.m3u8"

#: Takes a file piece by piece: where the piece begins, and the piece.
_Sink = Callable[[int, bytes], None]


class Depot:
    """The files of one app.

    Args:
        http: The app's own door.
        bare: Makes a door to another origin, with nothing of the app's to send.
        directory: Where downloads go; ``None`` for a private folder.
    """

    def __init__(
        self,
        http: Http,
        routes: Routes,
        *,
        bare: Callable[[str], Http],
        directory: str | os.PathLike[str] | None,
    ) -> None:
        self._http = http
        self._routes = routes
        self._bare = bare
        self._directory = None if directory is None else Path(os.path.abspath(directory))

    def is_same_app(self, other: Depot) -> bool:
        """Whether a path on one's server is a path on the other's."""
        return self._routes == other._routes

    def url_of(self, facts: FileFacts) -> str | None:
        """Where a file is; ``None`` for one that came with its value."""
        if facts.inline is not None:
            return None
        if facts.path is None or is_link(facts.path):
            link = facts.path or facts.url or ""
            return link if is_link(link) else urljoin(f"{self._routes.root}/", link)
        if facts.is_stream:
            return self._routes.media_stream(facts.path)
        return self._routes.file(facts.path)

    # -- fetching -----------------------------------------------------------------

    def read(self, facts: FileFacts) -> bytes:
        """A file's content."""
        content = bytearray()

        def take(offset: int, piece: bytes) -> None:
            del content[offset:]
            content.extend(piece)

        self._copy(facts, take, None)
        return bytes(content)

    @contextmanager
    def open(self, facts: FileFacts) -> Iterator[Reader]:
        """Read a file as it comes, without keeping it."""
        if facts.inline is not None:
            yield _inline(facts)
            return
        with _told(facts), self._answer(self._whole_url(facts), 0, None) as download:
            yield download

    def save(
        self,
        facts: FileFacts,
        directory: str | None,
        here: Path | None,
        progress: ProgressListener | None,
    ) -> Path:
        """Put a file into a folder.

        Args:
            here: Where it is already, if it is.
        """
        try:
            target = self._target(directory)
            partial = target / f".{secrets.token_hex(8)}.part"
            try:
                descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _BINARY, 0o666)
                with open(descriptor, "wb", buffering=0) as file:
                    if here is not None:
                        with here.open("rb") as source:
                            shutil.copyfileobj(source, file, CHUNK_BYTES)
                    else:
                        self._copy(facts, _writer(file), progress)
                return _place(partial, target, facts.name)
            finally:
                partial.unlink(missing_ok=True)
        except OSError as exc:
            if isinstance(exc, GradioClientError):
                raise
            raise DownloadError(
                f"{facts.name!r} cannot be written: {exc}. Choose another folder by "
                "download(directory) or Client(download_dir=…), or take its read().",
                path=facts.path,
            ) from exc

    def _target(self, directory: str | None) -> Path:
        target = self._directory if directory is None else Path(directory)
        if target is None:
            return Path(tempfile.mkdtemp(dir=_scratch.folder()))
        target.mkdir(parents=True, exist_ok=True)
        return target

    def _copy(self, facts: FileFacts, take: _Sink, progress: ProgressListener | None) -> None:
        """Fetch a file, going on where a connection broke off."""
        if facts.inline is not None:
            content = _inline(facts).read(-1)
            take(0, content)
            if progress is not None:
                progress(len(content), len(content))
            return
        with _told(facts):
            done, validator, breaks = 0, None, 0
            while True:
                start = done
                with self._answer(self._whole_url(facts), done, validator) as download:
                    done, validator = download.offset, download.validator
                    total = None if download.length is None else done + download.length
                    try:
                        for piece in download:
                            take(done, piece)
                            done += len(piece)
                            if progress is not None:
                                progress(done, total)
                        if total is None or done == total:
                            break
                        raise Lost(f"the server stopped after {done} of {total} bytes")
                    except Lost:
                        breaks = 1 if done > start else breaks + 1
                        if validator is None or done <= start or breaks > _RESUMES:
                            raise
        if facts.size is not None and done != facts.size and not facts.is_stream:
            raise DownloadError(
                f"{facts.name!r} has {done} bytes and not {facts.size}, as the app said; it "
                "changed on the server, or something on the way did it.",
                path=facts.path,
                size_bytes=done,
            )

    def _whole_url(self, facts: FileFacts) -> str:
        """Of something that is streamed, the address of all of it in one file."""
        url = self.url_of(facts)
        if url is None or not url.startswith(("http://", "https://")):
            raise DownloadError(
                f"{facts.name!r} is at {url!r}, which is no web address.", path=facts.path
            )
        if facts.is_stream and url.endswith(f"/{_PLAYLIST}"):
            return f"{url[: -len(_PLAYLIST)]}playlist-file"
        return url

    @contextmanager
    def _answer(self, url: str, offset: int, validator: str | None) -> Iterator[Download]:
        """Ask for a file, from `offset` on, and follow redirects."""
        headers = {}
        if offset and validator is not None:
            headers = {"Range": f"bytes={offset}-", "If-Range": validator}
        for _ in range(_REDIRECTS):
            own = origin_of(url) == origin_of(self._routes.root)
            http = self._http if own else self._bare(url)
            try:
                with http.fetch(url, Call(), headers=headers) as download:
                    location = download.headers.get("location")
                    if download.status in (301, 302, 303, 307, 308) and location:
                        url = self._redirected(url, location)
                        continue
                    if download.status not in (200, 206):
                        raise _refused(url, download)
                    yield download
                    return
            finally:
                if not own:
                    http.close()
        raise DownloadError(f"{url} redirects in circles.")

    @staticmethod
    def _redirected(url: str, location: str) -> str:
        target = urljoin(url, location)
        scheme = origin_of(target)[0]
        if scheme not in ("http", "https") or (
            scheme == "http" and url.startswith("https:") and not may_follow(url, target)
        ):
            raise DownloadError(f"{url} redirects to {target!r}, which was not followed.")
        return target


_BINARY = getattr(os, "O_BINARY", 0)  # of Windows


def _writer(file: Any) -> _Sink:
    """Writes pieces where they belong; a piece before what is there begins anew."""

    def take(offset: int, piece: bytes) -> None:
        if offset != file.tell():
            file.seek(offset)
            file.truncate()
        view = memoryview(piece)
        while view:  # without a buffer, a write may take a part
            view = view[file.write(view) :]

    return take


def _place(partial: Path, target: Path, name: str) -> Path:
    """Give a complete file its name, or the next one that is free."""
    number = 0
    while True:
        final = target / numbered(name, number)
        try:
            _rename_to_new(partial, final)
        except FileExistsError:
            if _is_same(partial, final):
                return final
            number += 1
        else:
            return final


def _rename_to_new(partial: Path, final: Path) -> None:
    """Rename, but not onto another file.

    Raises:
        FileExistsError: There is one of that name, or a link.
    """
    try:
        os.link(partial, final, follow_symlinks=False)
    except FileExistsError:
        raise
    except (OSError, NotImplementedError):  # a file system without links
        os.close(os.open(final, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666))
        os.replace(partial, final)


def _is_same(partial: Path, final: Path) -> bool:
    return stat.S_ISREG(final.lstat().st_mode) and filecmp.cmp(partial, final, shallow=False)


def _inline(facts: FileFacts) -> Any:
    import io

    try:
        return io.BytesIO(decode_data_url(facts.inline or ""))
    except ValueError as exc:
        raise DownloadError(
            f"The content of {facts.name!r} came broken from the server: {exc}.", path=facts.path
        ) from exc


@contextmanager
def _told(facts: FileFacts) -> Iterator[None]:
    """Turn what goes wrong on the way into a `DownloadError` about the file."""
    try:
        yield
    except Aborted as exc:
        raise ClientClosedError(
            f"The client was closed before {facts.name!r} was fetched. Download what you need "
            "before close(), or before the end of the with block."
        ) from exc
    except (Lost, ConnectFailedError) as exc:
        raise DownloadError(f"{facts.name!r} could not be fetched: {exc}", path=facts.path) from exc


def _refused(url: str, download: Download) -> DownloadError:
    reason = {
        401: "it wants a login",
        403: "the app does not let it be read",
        404: "it is not there (any more)",
    }.get(download.status, "it cannot be had")
    text = download.read(2_000).decode("utf-8", "replace").strip()
    said = f": {text[:200]}" if text and "<" not in text[:20] else ""
    return DownloadError(f"{url} answered {download.status}, so {reason}{said}.")


class _Scratch:
    """The private folder of this process, made at first need and removed at exit."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._folder: str | None = None
        self._pid = 0

    def folder(self) -> str:
        with self._lock:
            if self._folder is None or self._pid != os.getpid() or not os.path.isdir(self._folder):
                self._pid = os.getpid()
                self._folder = tempfile.mkdtemp(prefix="gradio-client-sync-")
                weakref.finalize(self, _remove, self._folder, self._pid)
            return self._folder


def _remove(folder: str, pid: int) -> None:
    if os.getpid() == pid:  # a fork leaves its parent's alone
        shutil.rmtree(folder, ignore_errors=True)


_scratch = _Scratch()
