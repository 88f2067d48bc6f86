"""Files in payloads and in results: `handle_file` and `RemoteFile`.

A file to upload is a path object, bytes, an open binary file, an image, or a file of an earlier
result. A string is never a file, so an app cannot make the client read a local file by returning
its path. Files are checked when the call is made, so that errors are raised there. They are read
when they are uploaded.
"""

from __future__ import annotations

import os
import weakref
from functools import partial
from operator import index
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Callable, Protocol, Union

from . import _options
from ._basics.misuse import no_file, not_a_file
from ._basics.printing import printable
from ._basics.words import counted
from ._files.as_json import DataclassAttribute, json_of, refuse_json
from ._files.download import ProgressListener as ProgressListener
from ._files.download import timeout_error
from ._files.folder import copied, destination, folder_of, state_of
from ._files.kept import Kept
from ._files.media import picture_bytes, sound_bytes
from ._files.recordings import Fetched, JobRecording
from ._files.sources import BytesFile, FileState, Link, LocalFile, PathFile, link_form, open_file
from ._files.turn import Turn
from ._protocol.values.attachments import Attachment
from ._protocol.values.filedata import is_link, server_form
from ._protocol.values.filename import safe_name, type_of
from ._protocol.values.shapes import PICTURES, SOUNDS
from ._tracebacks import explained_by, short_traceback, short_tracebacks
from ._transport.body import CHUNK_BYTES
from ._transport.deadlines import Deadline
from .errors import DownloadError, GradioClientError, PayloadError, RateLimitError

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from ._files.download import FileStore
    from ._files.sources import Opener
    from ._protocol.dialect import Dialect
    from ._protocol.values.filedata import FileFacts
    from ._protocol.values.slot import Slot
    from ._transport.body import Reader
    from ._transport.connections import RequestHandle

#: The types that `handle_file` accepts. All but strings are files in a payload, too.
FileLike = Union[str, "os.PathLike[str]", bytes, bytearray, memoryview, BinaryIO, "RemoteFile"]


@short_traceback
def handle_file(
    file: FileLike, *, orig_name: str | None = None, mime_type: str | None = None
) -> Attachment:
    """Mark a path, a URL or a content as a file to upload.

    A string is only read as a path or URL inside `handle_file`. For other values, `handle_file`
    is useful to set the file name or the MIME type.

    Args:
        file: A path, an ``http(s)`` URL, bytes, an open binary file, or a `RemoteFile`. The app's
            server downloads a URL if it can reach it; otherwise this machine does.
        orig_name: The file name for the app. The default is the name of the file.
        mime_type: The MIME type. The default is guessed from the name and the content.

    Returns:
        A value for payloads. It may be at any depth, and may be used in several calls.

    Raises:
        FileError: The file does not exist or cannot be read.
        PayloadError: A value of this type cannot be sent as a file.

    Example:
        >>> app.predict("/caption", [handle_file("cat.png")])[0]
        '4 x 3'

    Behaviour:
        ``handle_file`` of @gradio/client.
    """
    if isinstance(file, str):
        attachment: LocalFile | None = Link(file) if is_link(file) else PathFile(file)
    else:
        attachment = _attachment_of(file)
    if attachment is None:
        raise PayloadError(not_a_file(file))
    if orig_name is not None:
        attachment.orig_name = str(orig_name)
    if mime_type is not None:
        attachment.mime_type = str(mime_type)
    return attachment


def attach(value: Any, slot: Slot) -> Attachment | None:
    """Convert a payload value to an attachment if it is a file.

    Args:
        value: The value that the user passed.
        slot: The input for which it was passed.

    Returns:
        The attachment; ``None`` if the value is not a file.

    Raises:
        FileError: The file does not exist or cannot be read.
        PayloadError: The value cannot be sent as a file.
    """
    if value is None or isinstance(value, (str, int, float, dict, list)):
        return None
    if isinstance(value, Attachment):
        return value
    if isinstance(value, tuple):
        return _sound(value) if slot.type in SOUNDS else None
    if slot.type == "fileexplorer" and isinstance(value, os.PathLike):
        return None  # the path names a file on the server
    if slot.type in PICTURES and _is_array(value):
        return BytesFile(picture_bytes(value), "image.png")
    return _attachment_of(value)


def _attachment_of(value: Any) -> LocalFile | None:
    if isinstance(value, RemoteFile):
        return _ServerFile(value)
    if isinstance(value, (bytes, bytearray, memoryview)):
        return BytesFile(bytes(value))
    if isinstance(value, os.PathLike):
        return PathFile(value)
    if _is_picture(value):
        name = getattr(value, "filename", None)
        stem = Path(name).stem if isinstance(name, str) and name else "image"
        return BytesFile(picture_bytes(value), f"{stem}.png")
    if _package(value) not in ("numpy", "pandas") and hasattr(value, "read"):
        return open_file(value)  # a data frame with a column "read" has that attribute, too
    return None


def _sound(value: tuple[Any, ...]) -> LocalFile | None:
    if len(value) == 2 and hasattr(value[0], "__index__") and _is_array(value[1]):
        return BytesFile(sound_bytes(index(value[0]), value[1]), "audio.wav")
    return None


def _package(value: Any) -> str:
    return type(value).__module__.partition(".")[0]


def _is_array(value: Any) -> bool:
    return _package(value) == "numpy" and hasattr(value, "dtype")


def _is_picture(value: Any) -> bool:
    return any(kind.__module__ == "PIL.Image" for kind in type(value).__mro__)


class Owner(Protocol):
    """The client whose call gave a result."""

    def _files(self) -> FileStore:
        """Connect if necessary, and return the object that downloads files."""

    def _download_dir(self) -> Path | None:
        """Return the default folder for downloads; ``None`` for the private folder."""

    def _for_pickles(self) -> Owner:
        """Return the client that is pickled with a file; one for all files of a result."""


@short_tracebacks("__fspath__", "__init__")
class RemoteFile(os.PathLike[str]):
    """A file in a result. It stays on the server until it is used.

    `save` writes it to a path. A `RemoteFile` is a path object, too: ``PIL.Image.open(result[0])``
    and ``shutil.copy(result[0], ".")`` download it first. In a payload for the same app, it is sent
    as a reference, without a download. In a payload for another app, its content is uploaded
    while it is downloaded.

    An unpickled `RemoteFile` is downloaded over a connection of its own. Pickles have no secrets,
    so if the app requires a login or token, download the file before you pickle it.

    Attributes:
        path: The path on the server, or a URL if the app gives a link. ``None`` for content that
            is part of the result itself (images of Gradio 3).
        url: The URL of the file; ``None`` for content that is part of the result itself.
        orig_name: The name that the app gives, made safe as a file name.
        server_name: The name in its path, made safe; `orig_name` if the path has none.
        size: The size in bytes, if the server gives it.
        mime_type: The MIME type that the server gives, or else a guess from the name.
        is_stream: Whether it is sound or video that a generator function makes.
        sent: The file as the server sent it: a dict, and on Gradio 3 for some components a text.

    Behaviour:
        ``FileData`` of @gradio/client. The URL is made from the URL of the app that the client
        uses, whatever URL the server assumes. Only a link that the app gives can lead to another
        host. Such a link is requested without token, cookies and headers.
    """

    __dataclass_fields__ = DataclassAttribute("__dataclass_fields__")
    __dataclass_params__ = DataclassAttribute("__dataclass_params__")

    @property  # type: ignore[misc]  # nobody sets it
    def __class__(self) -> type[RemoteFile]:
        refuse_json(self)
        return type(self)

    @explained_by(no_file)
    def __init__(
        self,
        facts: FileFacts,
        file_store: FileStore,
        owner: Owner,
        recording: JobRecording | None = None,
    ) -> None:
        self._facts = facts
        self._file_store: FileStore | None = file_store
        self._timeout = file_store.timeout
        self._owner = owner  # a garbage-collected client would close the connection
        self._turn = Turn()
        self._saved: dict[str | None, Path] = {}  # downloaded files by their requested folder
        self._written: dict[Path, object] = {}  # files of `save`, by which one sees a change
        self._fetched: Fetched | None = None  # the content, after it was read
        self._recording = recording
        self.path: str | None = facts.path
        self.url: str | None = file_store.url_of(facts)
        self.orig_name: str = facts.name
        self.server_name: str = facts.server_name
        self.size: int | None = facts.size
        self.mime_type: str | None = facts.mime_type or type_of(self.orig_name)
        self.is_stream: bool = facts.is_stream
        self.sent: Any = facts.sent

    def download(
        self,
        directory: str | os.PathLike[str] | None = None,
        *,
        timeout: float | None = None,
        progress: ProgressListener | bool | None = None,
    ) -> Path:
        """Download the file to a folder, once.

        The file gets its final name when it is complete. If another file has that name, it stays
        unchanged, and the new file gets a number in its name. If that file has the same content,
        it is used instead. If the connection breaks, the download continues at that point, if the
        server supports this.

        Args:
            directory: The folder, which is created if it does not exist; ``~`` is your home. The
                default is the client's `download_dir`, or a private folder that is removed when
                the process exits. `save` takes the path of a file.
            timeout: Seconds that the download may take in total. ``None`` means the client's
                `deadline`, ``math.inf`` no limit.
            progress: A function that is called with the number of bytes so far and the total
                number (``None`` if not known). The first number falls if the server cannot
                continue a broken download and sends the file again. ``True`` shows a bar.

        Returns:
            The path of the downloaded file. A second call returns the same file if it still
            exists.

        Raises:
            DownloadError: The file could not be downloaded completely, or not be written. Or
                `directory` looks like the name of the file itself.
            DownloadTimeoutError: `timeout` passed.
            RateLimitError: The server limited the rate of requests (429), and the wait that it
                asked for is too long.
            ClientClosedError: The client was closed before the file was downloaded.
            MissingDependencyError: A bar needs tqdm (extra ``progress``).
        """
        wanted = None
        if directory is not None:
            wanted = folder_of(directory, self.orig_name, self.mime_type)
        if progress is True:
            from ._terminal.progress import download_bar

            with download_bar(self.orig_name, self.size) as bar:
                return self.download(directory, timeout=timeout, progress=bar)
        deadline = self._deadline(timeout)
        with self._turn.take(deadline, partial(timeout_error, self._facts, deadline)):
            saved = self._saved.get(wanted)
            if saved is None or not saved.is_file():
                saved = self._saved[wanted] = self._save(wanted, progress or None, deadline)
            return saved

    def save(
        self,
        path: str | os.PathLike[str],
        *,
        timeout: float | None = None,
        progress: ProgressListener | bool | None = None,
    ) -> Path:
        """Write the file to a path.

        A file at this path is replaced when the new content is complete, so the path never has
        half of a file. Folders of the path that do not exist are created. If the connection
        breaks, the download continues at that point, if the server supports this.

        Args:
            path: The path of the file; ``~`` is your home. If it is a folder, or ends in a slash,
                the file is written into this folder under its own name, as by `download`; there
                it replaces no other file.
            timeout: Seconds that the download may take in total. ``None`` means the client's
                `deadline`, ``math.inf`` no limit.
            progress: As for `download`.

        Returns:
            The path of the file.

        Raises:
            DownloadError: The file could not be downloaded completely, or not be written.
            DownloadTimeoutError: `timeout` passed.
            RateLimitError: The server limited the rate of requests (429), and the wait that it
                asked for is too long.
            ClientClosedError: The client was closed before the file was downloaded.
            MissingDependencyError: A bar needs tqdm (extra ``progress``).

        Example:
            >>> app.predict("/mirror", [Path("cat.png")])[0].save("out/dog.png").name
            'dog.png'
        """
        folder, name = destination(path)
        if name is None:
            return self.download(os.path.join(folder, ""), timeout=timeout, progress=progress)
        if progress is True:
            from ._terminal.progress import download_bar

            with download_bar(self.orig_name, self.size) as bar:
                return self.save(path, timeout=timeout, progress=bar)
        deadline = self._deadline(timeout)
        with self._turn.take(deadline, partial(timeout_error, self._facts, deadline)):
            here = self._here()
            if here is None and self._recording is not None:
                here = self._fetch_recording(self._recording, deadline, progress or None)
            if here is None:
                saved = self._downloader().save(
                    self._facts, folder, progress or None, deadline, exact_name=name
                )
            else:
                saved = copied(lambda: here.open("rb"), folder, name, replaces=True)
            self._written[saved] = state_of(saved)
            return saved

    def _deadline(self, timeout: float | None) -> Deadline:
        if timeout is not None:
            return Deadline.after(_options.seconds("timeout", timeout))
        return Deadline.after(self._timeout)

    def _save(
        self, wanted: str | None, progress: ProgressListener | None, deadline: Deadline
    ) -> Path:
        folder, here = None if wanted is None else Path(wanted), self._here()
        if here is None:
            file_store = self._downloader()
            if self._recording is None:
                return file_store.save(
                    self._facts, folder or file_store.directory, progress, deadline
                )
            here = self._fetch_recording(self._recording, deadline, progress)
        if folder is None and self._file_store is not None:
            folder = self._file_store.directory
        elif folder is None and isinstance(here, Kept):
            folder = self._owner._download_dir()
        if folder is None and isinstance(here, Path):
            return here
        return copied(lambda: here.open("rb"), folder, self._name_here())

    def read(self, *, timeout: float | None = None) -> bytes:
        """Return the content of the file.

        The content is kept on this machine, so later reads send no request. A content of up to
        4 MB is kept in memory (64 MB for all files of the process), and a larger one in a file of
        the private folder. It is removed with the last `RemoteFile` that uses it.

        Args:
            timeout: Seconds that the download may take in total. ``None`` means the client's
                `deadline`, ``math.inf`` no limit.

        Raises:
            DownloadError: The file could not be downloaded completely.
            DownloadTimeoutError: `timeout` passed.
            RateLimitError: The server limited the rate of requests (429), and the wait that it
                asked for is too long.
            ClientClosedError: The client was closed before the file was downloaded.
        """
        deadline = self._deadline(timeout)
        with self._turn.take(deadline, partial(timeout_error, self._facts, deadline)):
            here = self._here()
            if here is None and self._recording is not None:
                here = self._fetch_recording(self._recording, deadline)
            if here is None:
                content = self._downloader().read(self._facts, deadline)
                if self._facts.inline is None:
                    self._fetched = Fetched(Kept.of(content), "")
                return content
        return here.read_bytes()

    def _fetch_recording(
        self, recording: JobRecording, deadline: Deadline, progress: ProgressListener | None = None
    ) -> Kept:
        """Download the sound or video that a generator function makes."""
        fetched = recording.fetch(self._downloader(), deadline, progress)
        if fetched.ending or fetched is recording.whole:  # otherwise it has no content yet
            self._fetched = fetched
        return fetched.kept

    def open(self, *, timeout: float | None = None) -> BinaryIO:
        """Download the file, and open it for reading in binary mode.

        Args:
            timeout: Seconds that the download may take in total. ``None`` means the client's
                `deadline`, ``math.inf`` no limit.

        Raises:
            DownloadError: The file could not be downloaded completely, or not be written.
            DownloadTimeoutError: `timeout` passed.
            RateLimitError: The server limited the rate of requests (429), and the wait that it
                asked for is too long.
            ClientClosedError: The client was closed before the file was downloaded.
        """
        return self.download(timeout=timeout).open("rb")

    def __fspath__(self) -> str:
        return str(self.download())

    def _here(self) -> Kept | Path | None:
        """Return the local copy of the content, if it was read or downloaded."""
        kept = self._kept()
        if kept is not None:
            return kept
        saved = next((path for path in list(self._saved.values()) if path.is_file()), None)
        if saved is None and self._written:  # another file may have replaced one of these
            written = list(self._written.items())
            saved = next((path for path, state in written if state_of(path) == state), None)
        return saved

    def _kept(self) -> Kept | None:
        """Return the content that this file, or another value with the same recording, has read."""
        fetched = self._fetched
        if fetched is None or not fetched.kept.is_there():
            fetched = self._recording.whole if self._recording is not None else None
            self._fetched = fetched
        return None if fetched is None else fetched.kept

    def _name_here(self) -> str:
        """Return the name for a local file; a recording may have another format than its name."""
        ending = self._fetched.ending if self._fetched is not None else ""
        if not ending or self.orig_name.lower().endswith(ending):
            return self.orig_name
        return safe_name(f"{self.orig_name.rpartition('.')[0] or self.orig_name}{ending}")

    def _not_at_hand(self) -> str | None:
        """Return the reason not to download the file for display; ``None`` if it may be.

        A display must not send requests to a host that the user has not named.
        """
        if self.url is None or self._here() is not None:
            return None
        if self._file_store is None:
            return "pickled before it was downloaded"
        return (
            "on another server than the app" if self._file_store.is_elsewhere(self._facts) else None
        )

    def _content(self, limit_bytes: int) -> bytes | None:
        """Return the content, or ``None`` if it is longer than `limit_bytes`.

        The download stops as soon as the limit is exceeded.
        """
        if self.size is not None and self.size > limit_bytes:
            return None
        from ._transport.connections import RequestHandle

        here = self._here()
        content = bytearray()
        with here.open("rb") if here is not None else self._reader(RequestHandle()) as reader:
            while len(content) <= limit_bytes:
                piece = reader.read(CHUNK_BYTES)
                if not piece:
                    return bytes(content)
                content += piece
        return None

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, Any]:
        from ._notebook.cards import file_bundle

        return file_bundle(self)

    def _repr_html_(self) -> str | None:
        return self._repr_mimebundle_().get("text/html")

    def _reader(self, call: RequestHandle) -> AbstractContextManager[Reader]:
        """Open the content, local or remote, without a local copy. `call` can abort a download."""
        if self._recording is not None:
            self.read()
        here = self._kept() or (self._here() if self._file_store is None else None)
        return self._downloader().open(self._facts, call) if here is None else here.open("rb")

    def _is_of(self, file_store: FileStore) -> bool:
        """Return whether `file_store` belongs to the app that has the file at this path."""
        path, url = self.path, self.url
        if path is None or url is None or is_link(path) or self.is_stream:
            return False
        return url == file_store.url_of(self._facts)

    def _downloader(self) -> FileStore:
        """Return the object that downloads the file; after unpickling, connect first."""
        if self._file_store is None:
            try:
                self._file_store = self._owner._files()
            except RateLimitError:
                raise  # it has `retry_after`, which a DownloadError does not have
            except GradioClientError as exc:
                raise DownloadError(
                    f"{self.orig_name!r} was unpickled, and its client could not connect to "
                    f"download it: {exc} Or download the file before you pickle it.",
                    path=self.path,
                ) from exc
        return self._file_store

    def __repr__(self) -> str:
        kind = f" {self.mime_type}" if self.mime_type else ""
        size = f", {counted(self.size, 'byte')}" if self.size is not None else ""
        return printable(f"<RemoteFile {self.orig_name!r}{kind}{size}>")

    def __json__(self) -> dict[str, Any]:
        """Return the file as a dict for JSON, for `Data.plain` and for Celery."""
        return json_of(self, self._facts.inline)

    def __getstate__(self) -> dict[str, Any]:
        """Return the state with the paths of downloads, and with a client for a later download."""
        fetched = self._fetched
        if self._recording is not None and fetched is not None:
            # The server may send it only once. The pickle of the recording has the content if it
            # is complete, so it is not stored twice.
            whole = self._recording.whole
            fetched = (
                None if fetched is whole else Fetched(fetched.kept.in_memory(), fetched.ending)
            )
        others: dict[str, Any] = {
            "_file_store": None,
            "_owner": self._owner._for_pickles(),
            "_turn": None,
            "_fetched": fetched,
        }
        return {**self.__dict__, **others}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._turn = Turn()

    def __copy__(self) -> RemoteFile:
        return self  # in this process, unlike after a pickle, the connection still works

    def __deepcopy__(self, memo: object) -> RemoteFile:
        return self


class _ServerFile(LocalFile):
    """A file of an earlier result as input, from this server or another one."""

    def __init__(self, remote: RemoteFile) -> None:
        self.remote = remote
        super().__init__(remote.orig_name, remote.size)
        self.mime_type = remote.mime_type or self.mime_type

    def reference(self, dialect: Dialect, file_store: FileStore) -> dict[str, Any] | None:
        remote = self.remote
        if remote._is_of(file_store):
            name, kind = self.orig_name, self.mime_type
            path = str(remote.path)
            return server_form(dialect, path, name=name, size=remote.size, mime_type=kind)
        link = remote.path
        return link_form(self, link, dialect) if link and is_link(link) else None

    def opener(self, file_store: FileStore, new_call: Callable[[], RequestHandle]) -> Opener:
        return partial(self.remote._reader, new_call())

    def state(self) -> FileState:
        # The object is the identity: for the next result, its URL may have a different content.
        return FileState(self.size_bytes, (weakref.ref(self.remote),))
