"""The files that a client has uploaded, so that no content is uploaded twice.

If two calls need the same content at the same time, one uploads it and the other one waits. If
that upload fails, the other call uploads the content.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Callable

from .._basics.words import counted
from .._transport.signal_safe import SafeCondition, new_lock
from ..errors import FileTooLargeError

if TYPE_CHECKING:
    from .._protocol.dialect import Dialect
    from .._protocol.routes import Routes
    from .._protocol.values.attachments import Attached
    from .._transport.http import Http
    from .download import FileStore

_REMEMBERED = 10_000  # contents; they take about 5 MB of memory


class UploadCache:
    """The paths of the files that one client has uploaded.

    Args:
        http: The HTTP client of the app.
        routes: The URLs of the app.
        dialect: The rules of the server's generation.
        file_store: The downloads of the app.
        limit: The app's ``max_file_size`` in bytes, if it has one.
        start: A function that runs another function on a thread.
    """

    def __init__(
        self,
        http: Http,
        routes: Routes,
        dialect: Dialect,
        file_store: FileStore,
        *,
        limit: int | None,
        start: Callable[[Callable[[], None]], None],
    ) -> None:
        self.http = http
        self.routes = routes
        self.dialect = dialect
        self.file_store = file_store
        self.limit = limit
        self.start = start
        self._lock = new_lock()
        self._changed = SafeCondition(self._lock)
        self._paths: dict[object, str | None] = {}  # by content; None during the upload

    def check(self, files: Sequence[Attached]) -> None:
        """Check the sizes of files before anything is sent.

        Raises:
            FileTooLargeError: A file is larger than the app accepts.
        """
        for attached in files:
            self.check_size(attached.file.orig_name, attached.file.size_bytes)

    def check_size(self, name: str, size: int | None) -> None:
        """Raise a `FileTooLargeError` if a file is larger than the app accepts."""
        if self.limit is not None and size is not None and size > self.limit:
            raise file_too_large(name, size, self.limit)

    def claim(self, identity: object) -> tuple[bool, str | None]:
        """Claim the upload of a content.

        Returns:
            Whether the caller has to upload it, and its path on the server. The path is ``None``
            if the caller has to upload it, or while another call uploads it.
        """
        with self._lock:
            if identity in self._paths:
                return False, self._paths[identity]
            self._paths[identity] = None
            return True, None

    def settle(self, identity: object, path: str | None) -> None:
        """End the upload of a content.

        Args:
            identity: The content.
            path: Its path on the server. ``None`` if the upload failed: then the next call that
                needs the content uploads it.
        """
        with self._lock:
            self._paths.pop(identity, None)  # so that the latest content is the last key
            if path is not None:
                self._paths[identity] = path
                if len(self._paths) > _REMEMBERED:
                    del self._paths[next(key for key, at in self._paths.items() if at)]
            self._changed.notify_all()

    def forget(self, identity: object, path: str) -> None:
        """Remove a content that the server no longer has."""
        with self._lock:
            if self._paths.get(identity) == path:
                del self._paths[identity]

    def forget_all(self) -> None:
        """Remove all contents after a restart of the server, except those of running uploads."""
        with self._lock:
            self._paths = {key: None for key, path in self._paths.items() if path is None}

    def wait(self, identity: object, ended: Callable[[], bool]) -> str | None:
        """Wait until another call has uploaded a content.

        Args:
            identity: The content.
            ended: A function that returns whether the waiting call has ended.

        Returns:
            The path of the content; ``None`` if the upload failed or the waiting call has ended.
        """
        self._changed.wait_for(lambda: ended() or self._paths.get(identity, "") is not None)
        return self._paths.get(identity)

    def wake(self) -> None:
        """Wake the calls that wait, so that each checks whether it has ended."""
        with self._lock:
            self._changed.notify_all()


def file_too_large(name: str, size: int | None, limit: int | None) -> FileTooLargeError:
    """Make the error for a file that is larger than the app or its server accepts.

    Args:
        name: The name of the file.
        size: Its size in bytes, if it is known.
        limit: The app's limit in bytes, if it is known.
    """
    has = f"has {counted(size, 'byte')}" if size is not None else "is larger than the app accepts"
    accepts = (
        f"; the app accepts files of up to {counted(limit, 'byte')}" if limit is not None else ""
    )
    if limit is None and size is not None:
        accepts = ", more than the server accepts"
    return FileTooLargeError(
        f"{name!r} {has}{accepts}. The function did not run.",
        path=name,
        size_bytes=size,
        limit_bytes=limit,
    )
