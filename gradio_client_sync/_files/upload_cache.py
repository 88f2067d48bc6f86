"""What one client has on its app's server, so that no content is sent twice.

A content may be on its way for one call when another one wants it, too; that one waits. If
it does not arrive, it is the next one's to send.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, Callable

from .._transport.signal_safe import SafeCondition
from ..errors import FileTooLargeError

if TYPE_CHECKING:
    from .._protocol.dialect import Dialect
    from .._protocol.routes import Routes
    from .._protocol.values.attachments import Attached
    from .._transport.http import Http
    from .download import FileStore

_REMEMBERED = 10_000  # contents; some 5 MB of memory


class UploadCache:
    """What one client has on the server.

    Args:
        limit: The app's ``max_file_size`` in bytes, if it has one.
        start: Runs a function on a thread.
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
        self._lock = threading.RLock()
        self._changed = SafeCondition(self._lock)
        self._paths: dict[object, str | None] = {}  # by content; None: on its way

    def check(self, files: Sequence[Attached]) -> None:
        """Refuse what the app would refuse, before anything is sent.

        Raises:
            FileTooLargeError: A file is larger than the app takes.
        """
        for attached in files:
            self.check_size(attached.file.orig_name, attached.file.size_bytes)

    def check_size(self, name: str, size: int | None) -> None:
        if self.limit is not None and size is not None and size > self.limit:
            raise file_too_large(name, size, self.limit)

    def claim(self, identity: object) -> tuple[bool, str | None]:
        """Whether a content is the caller's to send; else its path, or ``None``: on its way."""
        with self._lock:
            if identity in self._paths:
                return False, self._paths[identity]
            self._paths[identity] = None
            return True, None

    def settle(self, identity: object, path: str | None) -> None:
        """A content was sent, or it was not and is the next one's to send."""
        with self._lock:
            self._paths.pop(identity, None)  # the latest stand last
            if path is not None:
                self._paths[identity] = path
                if len(self._paths) > _REMEMBERED:
                    del self._paths[next(key for key, at in self._paths.items() if at)]
            self._changed.notify_all()

    def forget(self, identity: object, path: str) -> None:
        """The server has it no more."""
        with self._lock:
            if self._paths.get(identity) == path:
                del self._paths[identity]

    def forget_all(self) -> None:
        """The server has started anew: what it had may be gone, but for what is on its way."""
        with self._lock:
            self._paths = {key: None for key, path in self._paths.items() if path is None}

    def wait(self, identity: object, ended: Callable[[], bool]) -> str | None:
        """Wait for another call to send a content; ``None`` if it did not."""
        self._changed.wait_for(lambda: ended() or self._paths.get(identity, "") is not None)
        return self._paths.get(identity)

    def wake(self) -> None:
        """Have those who wait look whether they ended."""
        with self._lock:
            self._changed.notify_all()


def file_too_large(name: str, size: int | None, limit: int | None) -> FileTooLargeError:
    has = f"has {size} bytes" if size is not None else "is larger than the app takes"
    takes = f"; the app takes files of up to {limit} bytes" if limit is not None else ""
    if limit is None and size is not None:
        takes = ", more than the server takes"
    return FileTooLargeError(
        f"{name!r} {has}{takes}. Nothing was run.", path=name, size_bytes=size, limit_bytes=limit
    )
