"""`Communicator`: the event id of a job, where scripts of `gradio_client` read it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..job import Job


class Communicator:
    """The server's side of a job.

    Args:
        job: The job of the plain client; ``None`` for a call that was never sent.
    """

    def __init__(self, job: Job | None) -> None:
        self._job = job

    @property
    def event_id(self) -> str | None:
        """The server's id for the job; ``None`` until the server has accepted it."""
        return None if self._job is None else self._job.event_id
