"""The status of a job in the form of `gradio_client`, and the updates of an ``async for`` loop."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Any, Literal, Union

from .. import events

if TYPE_CHECKING:
    from collections.abc import Sequence


class Status(Enum):
    """The codes of a status, in the order of a job's life."""

    STARTING = "STARTING"
    JOINING_QUEUE = "JOINING_QUEUE"
    QUEUE_FULL = "QUEUE_FULL"
    IN_QUEUE = "IN_QUEUE"
    SENDING_DATA = "SENDING_DATA"
    PROCESSING = "PROCESSING"
    ITERATING = "ITERATING"
    PROGRESS = "PROGRESS"
    FINISHED = "FINISHED"
    CANCELLED = "CANCELLED"
    LOG = "LOG"

    @staticmethod
    def ordering(status: Status) -> int:
        """Return the position of a code in the life of a job."""
        return _ORDER.index(status)

    def __lt__(self, other: object) -> bool:
        if not isinstance(other, Status):
            return NotImplemented
        return _ORDER.index(self) < _ORDER.index(other)


#: A log message comes while the function runs. `gradio_client` cannot compare it.
_ORDER = (
    Status.STARTING,
    Status.JOINING_QUEUE,
    Status.QUEUE_FULL,
    Status.IN_QUEUE,
    Status.SENDING_DATA,
    Status.PROCESSING,
    Status.LOG,
    Status.PROGRESS,
    Status.ITERATING,
    Status.FINISHED,
    Status.CANCELLED,
)


@dataclass
class ProgressUnit:
    """One bar of the app's ``gr.Progress``."""

    index: int | None
    length: int | None
    unit: str | None
    progress: float | None
    desc: str | None

    @classmethod
    def from_msg(cls, data: Sequence[dict[str, Any]]) -> list[ProgressUnit]:
        """Return the bars of a server's message."""
        keys = ("index", "length", "unit", "progress", "desc")
        return [cls(*(bar.get(key) for key in keys)) for bar in data]


@dataclass
class StatusUpdate:
    """The state of a job."""

    code: Status
    rank: int | None
    queue_size: int | None
    eta: float | None
    success: bool | None
    time: datetime | None
    progress_data: list[ProgressUnit] | None
    log: tuple[str, str] | None = None
    type: Literal["status"] = "status"


@dataclass
class OutputUpdate:
    """A value of a job. The last one is final, and its `outputs` is a dict."""

    outputs: Any
    success: bool
    type: Literal["output"] = "output"
    final: bool = False


Update = Union[StatusUpdate, OutputUpdate]


def update(code: Status, time: datetime | None = None, **fields: Any) -> StatusUpdate:
    """Return a status.

    Args:
        code: The code.
        time: The time, with a time zone; now by default.
        fields: The fields that are not ``None``.
    """
    local = datetime.now() if time is None else time.astimezone().replace(tzinfo=None)
    empty = dict.fromkeys(("rank", "queue_size", "eta", "success", "progress_data"))
    return StatusUpdate(code=code, time=local, **{**empty, **fields})


def update_of(event: events.Status | events.Log) -> StatusUpdate:
    """Return a status or a log message of the plain client as a status.

    Args:
        event: The status or the message.
    """
    if isinstance(event, events.Log):
        return update(Status.LOG, event.time, log=(event.log, event.level))
    bars = event.progress_data
    fields: dict[str, Any] = {"success": event.success, "eta": event.eta}
    if bars is not None:
        fields["progress_data"] = [
            ProgressUnit(bar.index, bar.length, bar.unit, bar.progress, bar.desc) for bar in bars
        ]
    if event.stage in ("generating", "streaming"):
        return update(Status.ITERATING, event.time, **{**fields, "success": True})
    if event.stage in ("complete", "error"):
        success = event.stage == "complete" and event.success is not False
        return update(Status.FINISHED, event.time, rank=0, success=success)
    if bars is not None:
        return update(Status.PROGRESS, event.time, **fields)
    if event.size is not None:
        fields.update(rank=event.position, queue_size=event.size)
        return update(Status.IN_QUEUE, event.time, **fields)
    if event.position == 0:
        return update(Status.PROCESSING, event.time, **fields)
    return update(Status.STARTING, event.time, **fields)
