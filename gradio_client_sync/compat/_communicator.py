"""`Communicator`: the event id of a job, where scripts of `gradio_client` read it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from ..job import Job
    from ._updates import StatusUpdate


class ScriptJob(Protocol):
    """The job that the script has."""

    def status(self) -> StatusUpdate:
        """Return the latest status."""
        ...

    def outputs(self) -> list[Any]:
        """Return the values so far."""
        ...


class JobStatus:
    """The values and the latest status of a job, as attributes.

    Args:
        job: The job.
    """

    def __init__(self, job: ScriptJob) -> None:
        self._job = job

    @property
    def latest_status(self) -> StatusUpdate:
        """The latest status."""
        return self._job.status()

    @property
    def outputs(self) -> list[Any]:
        """The values so far."""
        return self._job.outputs()


class Communicator:
    """The server's side of a job.

    Args:
        job: The job.
        plain: The job of the plain client; ``None`` for a call that was never sent.

    Attributes:
        job: Its values and its latest status.
    """

    def __init__(self, job: ScriptJob, plain: Job | None) -> None:
        self.job = JobStatus(job)
        self._plain = plain

    @property
    def event_id(self) -> str | None:
        """The server's id for the job; ``None`` until the server has accepted it."""
        return None if self._plain is None else self._plain.event_id
