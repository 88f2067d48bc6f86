"""Where a job stands after one message: `status_of`, by a table of the kinds of message.

A status needs no earlier messages, so any message can be asked at any time.

Behaviour: the fields of each status as ``handle_message`` of @gradio/client 2.7.0 (0.2.1 for
websockets).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Callable

from ...events import Progress, Status
from .fields import count, flag, ids, number, output, text

if TYPE_CHECKING:
    from ...events import Event
    from .event_factory import EventFactory
    from .wire import Message

QUEUE_FULL_MESSAGE = "The app's queue is full. Try again later."


def status_of(
    event_factory: EventFactory, frame: Message, message: Mapping[str, Any] | None = None
) -> Status:
    """Return where the job stands after one message of `STATUS_MESSAGES`.

    Args:
        message: The parsed frame, where the caller has it.

    Raises:
        ProtocolError: The message is not what its kind promises.
    """
    return _BUILDERS[frame.msg](event_factory, frame, frame.parse() if message is None else message)


def completion(
    event_factory: EventFactory, frame: Message, message: Mapping[str, Any]
) -> list[Event]:
    """Return the events of ``process_completed``; the last is always the final status.

    Args:
        message: The parsed frame.

    Raises:
        ProtocolError: It holds neither values, nor an error, nor a cancellation.
    """
    time, result = frame.time, output(message)
    success, code = flag(message.get("success")), text(message.get("code"))
    if "error" in result or success is False:
        return [event_factory.failure(time, result, code=code, success=False)]
    if "data" not in result:  # how servers since 4.31 report a cancelled job
        return [event_factory.cancelled(time)]
    fields: dict[str, Any] = {
        "code": code,
        "progress_data": _progress(message.get("progress_data")),
        "changed_state_ids": ids(result.get("changed_state_ids")),
        "used_cache": text(message.get("used_cache")),
        "cache_duration": number(message.get("cache_duration")),
        "avg_time": number(message.get("avg_time")),
    }
    if event_factory.dialect.join == "websocket":
        fields["eta"] = number(result.get("average_duration"))
    files = event_factory.may_hold_files(frame.raw)
    return event_factory.answer(time, result, files=files, queue=True, **fields)


def _waits(event_factory: EventFactory, frame: Message, message: Mapping[str, Any]) -> Status:
    return event_factory.status(
        frame.time,
        "pending",
        code=text(message.get("code")),
        success=flag(message.get("success")),
        size=count(message.get("queue_size")),
        position=count(message.get("rank")),
        eta=number(message.get("rank_eta")),
    )


def _starts(event_factory: EventFactory, frame: Message, message: Mapping[str, Any]) -> Status:
    return event_factory.status(
        frame.time,
        "pending",
        code=text(message.get("code")),
        success=flag(message.get("success")),
        size=count(message.get("rank")),
        position=0,
        eta=number(message.get("eta")),
    )


def _advances(event_factory: EventFactory, frame: Message, message: Mapping[str, Any]) -> Status:
    return event_factory.status(
        frame.time,
        "pending",
        code=text(message.get("code")),
        success=flag(message.get("success")),
        progress_data=_progress(message.get("progress_data")),
    )


def _has_value(event_factory: EventFactory, frame: Message, message: Mapping[str, Any]) -> Status:
    result, code = output(message), text(message.get("code"))
    if message.get("success") is False:
        error = event_factory.app_text(result.get("error"))
        return event_factory.status(frame.time, "error", code=code, message=error)
    return event_factory.status(
        frame.time,
        "generating" if frame.msg == "process_generating" else "streaming",
        code=code,
        progress_data=_progress(message.get("progress_data")),
        changed_state_ids=ids(result.get("changed_state_ids")),
        time_limit=number(message.get("time_limit")),
    )


def _completes(event_factory: EventFactory, frame: Message, message: Mapping[str, Any]) -> Status:
    last = completion(event_factory, frame, message)[-1]
    assert isinstance(last, Status)  # noqa: S101 - completion() ends with one
    return last


def _is_refused(event_factory: EventFactory, frame: Message, message: Mapping[str, Any]) -> Status:
    return event_factory.status(
        frame.time,
        "error",
        message=QUEUE_FULL_MESSAGE,
        code=text(message.get("code")),
        success=flag(message.get("success")),
    )


def _stops(event_factory: EventFactory, frame: Message, message: Mapping[str, Any]) -> Status:
    return event_factory.status(
        frame.time,
        "error",
        message=text(message.get("message")) or "The server stopped unexpectedly.",
        session_not_found=flag(message.get("session_not_found")),
        success=False,
    )


_BUILDERS: Mapping[str, Callable[[EventFactory, Message, Mapping[str, Any]], Status]] = {
    "estimation": _waits,
    "process_starts": _starts,
    "progress": _advances,
    "process_generating": _has_value,
    "process_streaming": _has_value,
    "process_completed": _completes,
    "queue_full": _is_refused,
    "unexpected_error": _stops,
    "server_stopped": _stops,
}

#: The kinds of message that tell where a job stands.
STATUS_MESSAGES = frozenset(_BUILDERS)


def _progress(bars: object) -> list[Progress] | None:
    if not isinstance(bars, Sequence) or isinstance(bars, str):
        return None
    return [
        Progress(
            progress=number(bar.get("progress")),
            index=count(bar.get("index")),
            length=count(bar.get("length")),
            unit=text(bar.get("unit")),
            desc=text(bar.get("desc")),
        )
        for bar in bars
        if isinstance(bar, Mapping)
    ]
