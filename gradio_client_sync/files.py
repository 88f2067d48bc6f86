"""Files in payloads and in results: `handle_file` and `RemoteFile`.

A file to send is whatever Python object stands for one: a path object, bytes, an open binary
file, a picture, a file of an earlier result. A text never does, so nothing that an app says
can have a file of this machine read. What is passed is looked at when the call is made, so
that a mistake is raised there, and read when it is sent.
"""

from __future__ import annotations

import os
import weakref
from functools import partial
from operator import index
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Callable, Protocol, Union

from . import _options
from ._files.download import ProgressListener as ProgressListener
from ._files.download import too_late
from ._files.folder import copied
from ._files.kept import Kept
from ._files.media import picture_bytes, sound_bytes
from ._files.recordings import Recording, Recordings, Taken, Turn
from ._files.sources import BytesFile, FileState, Link, LocalFile, PathFile, link_form, open_file
from ._protocol.values.attachments import Attachment
from ._protocol.values.filedata import is_link, server_form
from ._protocol.values.filename import safe_name, type_of
from ._protocol.values.shapes import PICTURES, SOUNDS
from ._transport.body import CHUNK_BYTES
from ._transport.deadlines import Deadline
from .errors import DownloadError, GradioClientError, PayloadError, RateLimitError

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from weakref import ref

    from ._files.download import FileStore
    from ._files.sources import Opener
    from ._protocol.dialect import Dialect
    from ._protocol.values.filedata import FileFacts
    from ._protocol.values.slot import Slot
    from ._transport.body import Reader
    from ._transport.connections import RequestHandle

#: What `handle_file` takes, and what may stand in a payload by itself (but for texts).
FileLike = Union[str, "os.PathLike[str]", bytes, bytearray, memoryview, BinaryIO, "RemoteFile"]


def handle_file(
    file: FileLike, *, orig_name: str | None = None, mime_type: str | None = None
) -> Attachment:
    """Mark something as a file to send.

    Needed for texts, which are never taken for files by themselves; useful to give content
    in memory a name.

    Args:
        file: The path of a file, an ``http(s)`` address, or anything that may stand in a
            payload by itself: a path object, bytes, an open binary file, a `RemoteFile`.
        orig_name: What the app is told that it is called; its own name if not given.
        mime_type: What it is; guessed from name and content if not given.

    Returns:
        What to put into a payload, at any depth, in as many calls as you like.

    Raises:
        FileError: There is no such file, or it cannot be read.
        PayloadError: It is nothing that can be sent as a file.

    Behaviour: ``handle_file`` of @gradio/client. An address is fetched by the app's own
    server where that can reach it, else by this machine.

    Example:
        >>> app.predict("/caption", [handle_file("cat.png")])[0]
        '4 x 3'
    """
    if isinstance(file, str):
        attachment: LocalFile | None = Link(file) if is_link(file) else PathFile(file)
    else:
        attachment = _attachment_of(file)
    if attachment is None:
        raise PayloadError(
            f"A value of type {type(file).__name__} cannot be sent as a file. Pass a path, an "
            "address, bytes, or a file opened with mode 'rb'."
        )
    if orig_name is not None:
        attachment.orig_name = str(orig_name)
    if mime_type is not None:
        attachment.mime_type = str(mime_type)
    return attachment


def attach(value: Any, slot: Slot) -> Attachment | None:
    """Make an attachment of what a user passed for an input; ``None`` if it is no file.

    Raises:
        FileError, PayloadError: As `handle_file`.
    """
    if value is None or isinstance(value, (str, int, float, dict, list)):
        return None
    if isinstance(value, Attachment):
        return value
    if isinstance(value, tuple):
        return _sound(value) if slot.type in SOUNDS else None
    if slot.type == "fileexplorer" and isinstance(value, os.PathLike):
        return None  # names a file of the server
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
        return open_file(value)  # not of a table, which has its columns as attributes
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
    """The client that a result is of."""

    def _files(self) -> FileStore:
        """Connect, where that is still to be done, and say what fetches files."""

    def _download_dir(self) -> Path | None:
        """Where downloads go that name no folder; ``None`` for a private one."""

    def _for_pickles(self) -> Owner:
        """What goes along in a pickle: the same one for all files of a result."""


class RemoteFile(os.PathLike[str]):
    """A file in a result. It stays on the server until you want it.

    It is a path: ``PIL.Image.open(result[0])`` and ``shutil.copy(result[0], ".")`` fetch it
    first. Passed in a payload of the same app it is not fetched at all; in that of another
    app it goes straight through.

    A pickled one is fetched where it comes out, by a connection of its own and, like a pickled
    client, without secrets: an app that wants some has to be asked before.

    Attributes:
        path: Its path on the server; an address, if the app gives a link. ``None`` for
            content that came with the result (images of Gradio 3).
        url: Its address; ``None`` for content that came with the result.
        orig_name: What the app calls it, made fit to be a file's name.
        size: In bytes, if the server says so.
        mime_type: What it is, as the server says or the name suggests.
        is_stream: Sound or video that a generator makes.

    Behaviour: ``FileData`` of @gradio/client. Its address is made from the app's own,
    whatever the server takes that to be; only a link that the app gives leads elsewhere,
    and is followed without token, cookies or headers.
    """

    def __init__(
        self,
        facts: FileFacts,
        file_store: FileStore,
        owner: Owner,
        recording: Recording | None = None,
    ) -> None:
        self._facts = facts
        self._file_store: FileStore | None = file_store
        self._timeout = file_store.timeout
        self._owner = owner  # a client that is collected would close the connection
        self._turn = Turn()
        self._saved: dict[str | None, Path] = {}  # by where it was wanted
        self._taken: Taken | None = None  # its content, once that was read
        self._recording = recording
        self.path: str | None = facts.path
        self.url: str | None = file_store.url_of(facts)
        self.orig_name: str = facts.name
        self.size: int | None = facts.size
        self.mime_type: str | None = facts.mime_type or type_of(self.orig_name)
        self.is_stream: bool = facts.is_stream

    def download(
        self,
        directory: str | os.PathLike[str] | None = None,
        *,
        timeout: float | None = None,
        progress: ProgressListener | bool | None = None,
    ) -> Path:
        """Fetch it, once, into a folder.

        The file appears under its name when it is complete. Another file of that name is
        left alone, and this one gets a number, unless both have the same content. A
        connection that breaks off is taken up where it broke, if the server can do that.

        Args:
            directory: Where to; made if it does not exist. By default the client's
                `download_dir`, else a private folder that is removed at exit.
            timeout: Seconds that it may take in all; ``None`` is the client's `deadline`,
                ``math.inf`` none.
            progress: Is told of bytes so far, and in all if known, while it is fetched; the
                number falls where a server cannot go on and begins anew. ``True`` draws a bar.

        Returns:
            Where it is. A second call returns the same file, if it is still there.

        Raises:
            DownloadError: It could not be fetched whole, or not be written.
            DownloadTimeoutError: `timeout` passed.
            RateLimitError: The server is asked too often, for longer than it is waited for.
            ClientClosedError: The client was closed before the file was fetched.
            MissingDependencyError: For a bar, tqdm is needed (extra ``progress``).
        """
        if progress is True:
            from ._terminal.progress import download_bar

            with download_bar(self.orig_name, self.size) as bar:
                return self.download(directory, timeout=timeout, progress=bar)
        deadline = self._deadline(timeout)
        wanted = None if directory is None else os.path.abspath(os.fsdecode(directory))
        with self._turn.take(deadline, partial(too_late, self._facts, deadline)):
            saved = self._saved.get(wanted)
            if saved is None or not saved.is_file():
                saved = self._saved[wanted] = self._save(wanted, progress or None, deadline)
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
            file_store = self._fetched_by()
            if self._recording is None:
                return file_store.save(
                    self._facts, folder or file_store.directory, progress, deadline
                )
            here = self._take(self._recording, deadline, progress)
        if folder is None and self._file_store is not None:
            folder = self._file_store.directory
        elif folder is None and isinstance(here, Kept):
            folder = self._owner._download_dir()
        if folder is None and isinstance(here, Path):
            return here
        return copied(lambda: here.open("rb"), folder, self._name_here())

    def read(self, *, timeout: float | None = None) -> bytes:
        """Its content. It is kept on this machine, so later reads ask the app for nothing.

        Up to 4 MB are kept in memory (64 MB for all files of the process), and more on disk, in
        the private folder. It is removed with the last `RemoteFile` that has it.

        Args:
            timeout: As for `download`.

        Raises:
            DownloadError, DownloadTimeoutError, RateLimitError, ClientClosedError: As `download`.
        """
        deadline = self._deadline(timeout)
        with self._turn.take(deadline, partial(too_late, self._facts, deadline)):
            here = self._here()
            if here is None and self._recording is not None:
                here = self._take(self._recording, deadline)
            if here is None:
                content = self._fetched_by().read(self._facts, deadline)
                if self._facts.inline is None:
                    self._taken = Taken(Kept.of(content), "")
                return content
        return here.read_bytes()

    def _take(
        self, recording: Recording, deadline: Deadline, progress: ProgressListener | None = None
    ) -> Kept:
        """Fetch what a generator made."""
        taken = recording.fetch(self._fetched_by(), deadline, progress)
        if taken.ending or taken is recording.whole:  # else there is nothing of it yet
            self._taken = taken
        return taken.kept

    def open(self, *, timeout: float | None = None) -> BinaryIO:
        """Download it, and open it for reading.

        Args:
            timeout: As for `download`.

        Raises:
            DownloadError, DownloadTimeoutError, RateLimitError, ClientClosedError: As `download`.
        """
        return self.download(timeout=timeout).open("rb")

    def __fspath__(self) -> str:
        return str(self.download())

    def _here(self) -> Kept | Path | None:
        """Its content on this machine, if it was read or downloaded."""
        kept = self._kept()
        if kept is not None:
            return kept
        return next((path for path in list(self._saved.values()) if path.is_file()), None)

    def _kept(self) -> Kept | None:
        """What was read of it, or by another value of the same job of its recording."""
        taken = self._taken
        if taken is None or not taken.kept.is_there():
            taken = self._recording.whole if self._recording is not None else None
            self._taken = taken
        return None if taken is None else taken.kept

    def _name_here(self) -> str:
        """Its name as a file: what a generator made may not be what its name says."""
        ending = self._taken.ending if self._taken is not None else ""
        if not ending or self.orig_name.lower().endswith(ending):
            return self.orig_name
        return safe_name(f"{self.orig_name.rpartition('.')[0] or self.orig_name}{ending}")

    def _not_at_hand(self) -> str | None:
        """Why it is not fetched just to be looked at: that would ask whom nobody has named."""
        if self.url is None or self._here() is not None:
            return None
        if self._file_store is None:
            return "pickled before it was downloaded"
        return (
            "on another server than the app" if self._file_store.is_elsewhere(self._facts) else None
        )

    def _content(self, limit_bytes: int) -> bytes | None:
        """Its content, if that has no more than `limit_bytes`; no more is fetched to find out."""
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
        """Read it from where it is, without keeping it; by `call` that can be ended."""
        if self._recording is not None:
            self.read()
        here = self._kept() or (self._here() if self._file_store is None else None)
        return self._fetched_by().open(self._facts, call) if here is None else here.open("rb")

    def _is_of(self, file_store: FileStore) -> bool:
        """Whether the app behind `file_store` has it by its path."""
        path, url = self.path, self.url
        if path is None or url is None or is_link(path) or self.is_stream:
            return False
        return url == file_store.url_of(self._facts)

    def _fetched_by(self) -> FileStore:
        if self._file_store is None:
            try:
                self._file_store = self._owner._files()
            except RateLimitError:
                raise  # it says when to come again
            except GradioClientError as exc:
                raise DownloadError(
                    f"{self.orig_name!r} came out of a pickle, and could not be fetched: {exc} "
                    "Or download it before it is pickled.",
                    path=self.path,
                ) from exc
        return self._file_store

    def __repr__(self) -> str:
        kind = f" {self.mime_type}" if self.mime_type else ""
        size = f", {self.size} bytes" if self.size is not None else ""
        return f"<RemoteFile {self.orig_name!r}{kind}{size}>"

    def __getstate__(self) -> dict[str, Any]:
        """With where it was downloaded to, and with what connects to fetch it if it was not."""
        taken = self._taken
        if self._recording is not None and taken is not None:
            # The app may not give it again. If it is complete, the recording brings it along.
            whole = self._recording.whole
            taken = None if taken is whole else Taken(taken.kept.in_memory(), taken.ending)
        others: dict[str, Any] = {
            "_file_store": None,
            "_owner": self._owner._for_pickles(),
            "_turn": None,
            "_taken": taken,
        }
        return {**self.__dict__, **others}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._turn = Turn()

    def __copy__(self) -> RemoteFile:
        return self  # unlike a pickle, in this process it can be fetched

    def __deepcopy__(self, memo: object) -> RemoteFile:
        return self


class ResultFiles:
    """Makes the files of one job's values.

    Attributes:
        job: The job's log, as soon as there is one; a call without a job is over when it has
            a value.
    """

    __slots__ = ("_file_store", "_made", "_owner", "_recordings", "job")

    def __init__(self, file_store: FileStore, owner: Owner, recordings: Recordings) -> None:
        self._file_store = file_store
        self._owner = owner
        self._recordings = recordings
        self._made: dict[str, Recording] = {}
        self.job: ref[Any] | None = None

    def make(self, facts: FileFacts) -> RemoteFile:
        """Make what users get for a file."""
        recording = self._recording(facts) if facts.is_stream else None
        return RemoteFile(facts, self._file_store, self._owner, recording)

    def _recording(self, facts: FileFacts) -> Recording | None:
        """What all values of the job share that name the same stream."""
        url = self._file_store.url_of(facts)
        if url is None or is_link(facts.path):
            return None
        with self._recordings.lock:
            recording = self._made.get(url)
            if recording is None:
                recording = self._made[url] = self._recordings.add(facts, url, self.job)
        return recording


class _ServerFile(LocalFile):
    """A file of an earlier result, of this server or another one."""

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

    def look(self) -> FileState:
        # By the object: what is at its address may be another content by the next result.
        return FileState(self.size_bytes, (weakref.ref(self.remote),))
