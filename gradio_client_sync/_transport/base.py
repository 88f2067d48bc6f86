"""What every way of running a job offers to whoever runs it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from .._protocol.wire import Frame


class Aborted(Exception):
    """`Channel.abort` ended the wait."""


class Lost(Exception):
    """The connection ended before the job did; the text says how."""


class Channel(Protocol):
    """One job's line to the server. All but `abort` belong to the job's worker."""

    def receive(self) -> Frame:
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
