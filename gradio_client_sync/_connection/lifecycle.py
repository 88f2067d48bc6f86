"""The connection of a client from its opening to its close, across forks, copies and pickles.

`Lifecycle` does not hold the `Client`, and connections and threads do not hold the `Lifecycle`. So
both are garbage-collected with the last reference to the client, and then the connection closes.
"""

from __future__ import annotations

import os
import threading
import weakref
from typing import TYPE_CHECKING, Any

from .._basics.secret import hidden_source, revealed, shown_source
from .._transport.signal_safe import SafeEvent, new_lock
from .opening import connect
from .sessions import client_closed

if TYPE_CHECKING:
    from .._basics.secret import Secret
    from .._options import Options
    from .connection import Connection

_NO_PROCESS = 0  # no process has this id


class Lifecycle:
    """The arguments of a client, and its connection in the current process.

    Args:
        source: The URL or the Space; a secret if it has a query.
        options: The other arguments of the client, checked.
        left_out: The names of secrets that were left out of a pickle. The client cannot connect
            without them.
    """

    def __init__(
        self, source: str | Secret[str], options: Options, left_out: tuple[str, ...] = ()
    ) -> None:
        self.source: str | Secret[str] = hidden_source(source)
        self.options = options
        self._left_out = left_out
        self._closing = SafeEvent()
        # One lock for each process: a forked child may inherit a lock that is held.
        self._locks: dict[int, threading.RLock] = {}
        self._pid = _NO_PROCESS
        self._finalizer: weakref.finalize[..., Lifecycle] | None = None

    @property
    def name(self) -> str:
        """The URL without secrets, or the Space."""
        return shown_source(revealed(self.source))

    @property
    def was_opened(self) -> bool:
        """Whether a connection was opened, in this process or before a fork."""
        return self._pid != _NO_PROCESS

    @property
    def is_closed(self) -> bool:
        """Whether `close` was called."""
        return self._closing.is_set()

    def open(self) -> None:
        """Connect in this process: a new client, a forked one, or one that was unpickled.

        Raises:
            AuthenticationError: Secrets were left out of a pickle. The message names them.
            GradioClientError: The connection failed. `connect` lists the subclasses.
        """
        if self._left_out:
            from .pickling import secrets_missing

            raise secrets_missing(self.name, self._left_out)
        pid, inherited = os.getpid(), self._pid
        if inherited != _NO_PROCESS:
            self.options = self.options.replace(session_hash=None)  # the parent process uses it
        connection = connect(self.source, self.options, self._closing)
        with self._locks.setdefault(pid, new_lock()):
            is_first = self._pid == inherited  # otherwise another thread has connected meanwhile
            if is_first:
                self._connection, self._pid = connection, pid
                if self._finalizer is not None:
                    self._finalizer.detach()
                # Runs when the client is collected. No thread waits for its jobs then, because
                # such a thread would hold the client.
                self._finalizer = weakref.finalize(self, connection.close, 0.0, join=False)
                # At the exit of the interpreter, `at_exit` ends the connection. (In typeshed,
                # `atexit` is not a property.)
                self._finalizer.atexit = False  # type: ignore[misc]
        if not is_first:
            connection.close(0.0, join=False)
        elif self._closing.is_set() and self._finalizer is not None:
            self._finalizer()  # another thread called `close` meanwhile

    def current(self) -> Connection:
        """Return the open connection of this process.

        After a fork, the child process connects again: the old connection belongs to the parent.

        Raises:
            ClientClosedError: `close` was called.
            GradioClientError: The connection failed. `connect` lists the subclasses.
        """
        if self._closing.is_set():
            raise client_closed()
        if self._pid != os.getpid():
            self.open()
        return self._connection

    def last(self) -> Connection:
        """Return the last connection, also if it is closed. Open one if there was none."""
        return self.current() if self._pid == _NO_PROCESS else self._connection

    def close(self, grace: float) -> None:
        """Close the connection, and end the wait of a thread that is connecting.

        Args:
            grace: Seconds to wait until the server is informed that the jobs are cancelled.
        """
        self._closing.set()
        if self._finalizer is not None and self._finalizer.detach() is not None:
            self._connection.close(grace, join=True)

    def copy(self, **values: Any) -> Lifecycle:
        """Return the same arguments without a connection.

        The copy gets its own session: of two clients with one session, each receives messages that
        belong to the other.

        Args:
            values: Other values for some options, in their checked form.
        """
        options = self.options.replace(session_hash=None, **values)
        return Lifecycle(self.source, options, self._left_out)

    def without_secrets(self) -> tuple[str, dict[str, Any], tuple[str, ...]]:
        """Return the arguments for a pickle: the source, the options, the names of secrets."""
        from .pickling import without_secrets

        source, options, left_out = without_secrets(self.source, self.options)
        return source, options, (*self._left_out, *left_out)
