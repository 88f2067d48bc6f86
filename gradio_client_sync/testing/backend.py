"""`Backend`: what an `AppServer` asks the app that it serves."""

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
        full: Whether the reason is a full queue, which old servers say in a message.
    """

    status: int
    body: Any
    headers: Mapping[str, str] | None = None
    full: bool = False


class ServedFile(NamedTuple):
    """A file to send.

    Attributes:
        path: Where it is.
        broken: Send only the first half, and then cut the connection.
    """

    path: Path
    broken: bool = False


class Backend(Protocol):
    """What an `AppServer` asks."""

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
            Gone: The app has stopped meanwhile.
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
