"""`Channel`: one job's connection, whatever the protocol; and the exceptions of connections."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from .._protocol.queue.wire import Message


class Aborted(Exception):
    """Another thread ended the request or the wait, for example by `Channel.abort`."""


class Lost(Exception):
    """The connection ended before the job did. The text says how."""


class Unreachable(Exception):
    """No connection could be opened. The cause has the details.

    Attributes:
        by_proxy: Whether the proxy is the reason: it could not be reached, or refused the request.
    """

    def __init__(self, *, by_proxy: bool) -> None:
        super().__init__()
        self.by_proxy = by_proxy


class Channel(Protocol):
    """One job's connection to the server. The job's worker calls all methods but `abort`."""

    def receive(self) -> Message:
        """Wait for the job's next message, and return it.

        Raises:
            Lost: The connection ended, so no more messages will arrive.
            Aborted: `abort` was called.
        """
        ...

    def reply(self, body: bytes) -> None:
        """Send the data that the server requested, as JSON.

        Raises:
            Lost: The data could not be sent.
            Aborted: `abort` was called.
        """
        ...

    def close(self) -> None:
        """Release the connection after the job's end. It may be called more than once."""
        ...

    def abort(self) -> None:
        """End the present call of `receive` from another thread, or else the next one."""
        ...
