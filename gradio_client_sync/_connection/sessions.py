"""`Sessions`: create the sessions of one client, count the calls that use each, and close them."""

from __future__ import annotations

import threading
from collections import Counter
from typing import TYPE_CHECKING, Callable

from .._session.session import JOINS_AT_ONCE, Session, new_session_hash
from .._transport.signal_safe import new_lock
from ..errors import ClientClosedError

if TYPE_CHECKING:
    from .._session.app import App
    from .._transport.http import Http


def client_closed() -> ClientClosedError:
    """Return the error for a call on a closed client."""
    return ClientClosedError("The client is closed; make a new one.")


class Sessions:
    """The current session, sessions of isolated calls, and older ones that calls still use.

    A call that uses a session enters it, and later leaves it. A session is closed when the last
    call leaves it, unless it is the current one.

    Args:
        app: The app.
        http: The HTTP client of the connection.
        session_hash: The name of the first session; ``None`` for a random one.
        start: A function that runs another function on a thread.
        cause: A function that returns the cause if the messages of a job do not arrive, or ``""``
            if it finds none.
    """

    def __init__(
        self,
        app: App,
        http: Http,
        session_hash: str | None,
        *,
        start: Callable[[Callable[[], None]], None],
        cause: Callable[[], str],
    ) -> None:
        self._app = app
        self._http = http
        self._start = start
        self._cause = cause
        self._joins = threading.BoundedSemaphore(JOINS_AT_ONCE)
        self._lock = new_lock()
        self._closed = False
        self._uses: Counter[Session] = Counter()  # how many calls use each session
        #: The session of calls that are not isolated.
        self.current = self._create(session_hash)

    def reset(self, session_hash: str | None = None) -> None:
        """Replace the current session. The old one is closed when its last call leaves it.

        Args:
            session_hash: The name of the new session; ``None`` for a random one.

        Raises:
            ClientClosedError: `close` was called.
        """
        session = self._create(session_hash)
        with self._lock:
            if self._closed:
                raise client_closed()
            old, self.current = self.current, session
            is_unused = not self._uses[old]
        self._update(session)  # the app may have changed before the lock was acquired
        if is_unused:
            old.close()

    def enter(self, *, isolated: bool = False) -> Session:
        """Return a session for a call. The caller calls `leave` once when the call has ended.

        Args:
            isolated: Create a session for this call only.

        Raises:
            ClientClosedError: `close` was called.
        """
        own = self._create() if isolated else None
        with self._lock:
            if self._closed:
                raise client_closed()
            session = own or self.current
            self._uses[session] += 1
        if own is not None:
            self._update(own)  # the app may have changed before the lock was acquired
        return session

    def leave(self, session: Session) -> None:
        """Record that a call no longer uses a session, and close the session if nothing does."""
        with self._lock:
            self._uses[session] -= 1
            if self._uses[session]:
                return
            del self._uses[session]
            if session is self.current:
                return
        session.close()

    def update_all(self) -> None:
        """Give all sessions the functions of the app after it has changed."""
        with self._lock:
            sessions = {self.current, *self._uses}
        for session in sessions:
            self._update(session)

    def close(self) -> set[Session]:
        """Refuse further calls.

        Returns:
            The open sessions. The caller closes them, after it has stopped the jobs.
        """
        with self._lock:
            self._closed = True
            return {self.current, *self._uses}

    def _create(self, session_hash: str | None = None) -> Session:
        app = self._app
        return Session(
            session_hash or new_session_hash(),
            self._http,
            app.routes,
            app.dialect,
            app.table,
            wants_heartbeat=_wants_heartbeat(app),
            joins=self._joins,
            start=self._start,
            cause=self._cause,
        )

    def _update(self, session: Session) -> None:
        app = self._app
        session.renew(app.table, wants_heartbeat=_wants_heartbeat(app))


def _wants_heartbeat(app: App) -> bool:
    return app.config.get("connect_heartbeat") is True
