"""What every way of running a job offers to whoever runs it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from .._protocol.queue.wire import Message


class Aborted(Exception):
    """`Channel.abort` ended the wait."""


class Lost(Exception):
    """The connection ended before the job did; the text says how."""


class Unreachable(Exception):
    """No connection could be made, which its cause says more about.

    Attributes:
        by_proxy: It is the proxy that could not be reached, or did not let through.
    """

    def __init__(self, *, by_proxy: bool) -> None:
        super().__init__()
        self.by_proxy = by_proxy


class Channel(Protocol):
    """One job's line to the server. All but `abort` belong to the job's worker."""

    def receive(self) -> Message:
        """Wait for the job's next message.

        Raises:
            Lost: There will be none.
            Aborted: `abort` was called.
        """
        ...

    def reply(self, body: bytes) -> None:
        """Send what the server asked for, as JSON.

        Raises:
            Lost: It could not be sent.
            Aborted: `abort` was called.
        """
        ...

    def close(self) -> None:
        """Let go of the line after the job's end; harmless when repeated."""
        ...

    def abort(self) -> None:
        """End a wait in `receive` from another thread, now or whenever it begins."""
        ...
