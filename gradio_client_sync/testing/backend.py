"""`Backend`: the app behind an `AppServer`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from .channels import ServedJob
from .generation import Generation


class JobRefusal(NamedTuple):
    """A response that refuses a job.

    Attributes:
        status: The HTTP status.
        body: The body.
        headers: Further headers.
        full: Whether the reason is a full queue. Old servers send this reason in a message.
    """

    status: int
    body: Any
    headers: Mapping[str, str] | None = None
    full: bool = False


class ServedFile(NamedTuple):
    """A file to send.

    Attributes:
        path: The path on this machine.
        broken: Whether the connection is cut after the first half.
    """

    path: Path
    broken: bool = False


class Backend(Protocol):
    """The app behind an `AppServer`: a `FakeApp`, or a recording."""

    generation: Generation
    auth: tuple[str, str] | None

    @property
    def app_id(self) -> str:
        """A number that changes when the app restarts."""
        ...

    def config(self) -> dict[str, Any]:
        """Return the app's config."""
        ...

    def info(self, *, all_endpoints: bool) -> dict[str, Any] | None:
        """Return the description of the API; ``None`` if the release has none."""
        ...

    def number_of(self, name: str) -> int | None:
        """Return the number of the function with a name."""
        ...

    def greet(self) -> JobRefusal | None:
        """Decide whether a websocket is accepted. Its handshake does not name an endpoint."""
        ...

    def admit(self, job: ServedJob) -> JobRefusal | None:
        """Decide whether a job may join.

        Raises:
            Disconnect: The connection is to be cut.
            Gone: The app has stopped.
        """
        ...

    def run(self, job: ServedJob) -> None:
        """Run a job, and send its messages."""
        ...

    def direct(self, job: ServedJob, body: Any) -> JobRefusal:
        """Run a job that skips the queue, and return the response."""
        ...

    def keep(self, name: str, content: bytes) -> str:
        """Keep an uploaded file, and return its path on the server."""
        ...

    def file(self, path: str) -> ServedFile | JobRefusal:
        """Return a file.

        Raises:
            Disconnect: The connection is to be cut.
        """
        ...
